"""The offline bundle and the container file: what they take, and what their set-up refuses; `make bundle` tries the whole."""

from __future__ import annotations

import json
import os
import platform
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_locks import ENVIRONMENTS, locked

ROOT = Path(__file__).parent.parent
BUILD = runpy.run_path(str(ROOT / "bundle" / "build.py"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda one: f"{one['platform_system']}-{one['python_version']}"
)
def test_bundle_holds_what_its_own_system_needs_wherever_it_is_made(
    environment: dict[str, str],
) -> None:
    system = {"Windows": "windows", "Linux": "linux", "Darwin": "macos"}[environment["platform_system"]]
    entries = BUILD["needed"](LOCK, system, environment["python_version"])
    names = re.findall(r"^(\S+)==(\S+) \\$", entries, flags=re.MULTILINE)
    assert dict(names) == {name: str(version) for name, version in locked("requirements.lock", environment).items()}
    assert entries.count("--hash=sha256:") > len(names) > 20 and " ; " not in entries


def test_bundle_for_windows_holds_a_package_that_only_windows_needs() -> None:
    assert "colorama==" in BUILD["needed"](LOCK, "windows", "3.12")
    assert "colorama==" not in BUILD["needed"](LOCK, "linux", "3.12")


def test_bundle_names_our_wheel_with_its_hash(tmp_path: Path) -> None:
    wheel = tmp_path / "quota_allocator-1.2-py3-none-any.whl"
    wheel.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no bytes.
    assert BUILD["line_of"](wheel) == f"quota-allocator==1.2 \\\n    --hash=sha256:{empty}\n"


def test_set_up_of_a_bundle_for_another_python_says_so_and_installs_nothing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bundle" / "install.py", tmp_path)
    (tmp_path / "bundle.json").write_text(json.dumps({"system": "windows", "python": "3.99"}), encoding="utf-8")
    command = [sys.executable, str(tmp_path / "install.py")]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, env={**os.environ, "PYTHONUTF8": "1"}
    )
    assert done.returncode == 1
    assert "适用于 windows、Python 3.99" in done.stdout and "is for windows and Python 3.99" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_set_up_that_cannot_write_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "bundle" / "install.py", tmp_path)
    set_up = runpy.run_path(str(tmp_path / "install.py"))
    system = set_up["SYSTEMS"][platform.system()]
    here = {"system": system, "python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    (tmp_path / "bundle.json").write_text(json.dumps(here), encoding="utf-8")

    def refused(*_: object, **__: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr("venv.create", refused)
    assert set_up["main"]() == 1
    assert "could be made" in (said := capsys.readouterr().out) and "read-only" in said


def test_set_up_asks_no_index_and_compares_hashes() -> None:
    install = (ROOT / "bundle" / "install.py").read_text(encoding="utf-8")
    for option in ("--isolated", "--no-index", "--no-deps", "--require-hashes", "--find-links"):
        assert option in install
    for script in ("install.sh", "install.bat"):
        assert "install.py" in (ROOT / "bundle" / script).read_text(encoding="utf-8")


def test_container_copies_what_is_there_and_installs_the_lock_as_it_stands() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "allocator/"} == set(copied)
    assert all((ROOT / name).exists() for name in copied)
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 2 and all("--no-deps" in line for line in installs)
    assert "--require-hashes -r requirements.lock" in installs[0] and "--no-index" in installs[1]
    assert not re.search(r"://|index-url|find-links|trusted-host", text)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1] != "root" and lines[-1] == 'ENTRYPOINT ["allocator"]'
    assert "fonts-noto-cjk" in text
