"""The wheel: its name, and everything the program reads at run time, in every room."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from allocator.outputs.run_record import LIBRARIES, versions

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built from a copy, since building leaves files beside its sources."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("made")
    shutil.copytree(ROOT / "allocator", source / "allocator", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "--quiet",
        "--no-index",
        "--no-deps",
    ]
    subprocess.run([*command, "--no-build-isolation", "--wheel-dir", str(made), str(source)], check=True)
    (found,) = made.iterdir()
    return found


def test_wheel_has_the_name_of_the_distribution_and_holds_every_file_of_the_package(wheel: Path) -> None:
    assert wheel.name == f"quota_allocator-{PROJECT['version']}-py3-none-any.whl"
    tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "allocator").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(wheel) as archive:
        members = set(archive.namelist())
        commands = archive.read(next(name for name in members if name.endswith("entry_points.txt"))).decode()
    assert {name for name in members if ".dist-info/" not in name} == tree
    assert {"allocator/__init__.pyi", "allocator/sample_data/policies/tiny.toml"} <= tree
    assert {Path(name).suffix for name in tree} >= {".py", ".pyi", ".toml", ".csv", ".jinja", ".css", ".js"}
    assert "allocator = allocator.__main__:main" in commands


@pytest.mark.long
def test_wheel_generates_and_plans_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """Whatever lies beside the package in the project is out of sight: the package is read from the unpacked wheel."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r})\n"
        "import allocator; from allocator.cli.app import app\n"
        f"assert allocator.__file__.startswith({str(tmp_path / 'installed')!r})\n"
        "def run(*arguments):\n"
        "    try:\n        app([*arguments, '--lang', 'en'])\n"
        "    except SystemExit as end:\n        assert not end.code, (arguments, end.code)\n"
        "run('generate', 'tiny', '--out', 'first')\n"
        "run('plan', 'first/scenario.toml', '--out', 'plan', '--no-progress')\n"
        "run('template', 'form/input.xlsx')\n"
    )
    folder = tmp_path / "empty"
    folder.mkdir()
    subprocess.run([sys.executable, "-I", "-c", code], cwd=folder, check=True, capture_output=True, text=True)
    assert (folder / "plan" / "plan.csv").exists()
    assert {path.name for path in (folder / "form").iterdir()} == {"input.xlsx", "scenario.toml", "policy.toml"}


def test_record_keeps_the_import_name_and_asks_for_the_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.outputs.run_record.metadata.version", lambda name: f"version of {name}")
    assert versions()["allocator"] == f"version of {PROJECT['name']}"
    assert versions()["pandas"] == "version of pandas"
    assert set(LIBRARIES) <= set(versions())


def test_no_text_installs_the_other_program_of_that_name() -> None:
    """``allocator`` on the public index is not ours."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "allocator").rglob("*.toml")]
    said = re.compile(r"pip install [^`\n]*(?<![\w/-])allocator\b")
    assert [page.name for page in pages if said.search(page.read_text(encoding="utf-8"))] == []
