"""Pages that must not fall behind the code: the commands of the README, the model page, the decisions."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli import app
from allocator.kinds import KINDS

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")


def commands_of(page: str) -> list[str]:
    """Lines of the page's shell blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_make_command_shown_is_a_target_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    shown = {line.split()[1] for page in PAGES for line in commands_of(page) if line.startswith("make ")}
    assert {"plan", "test", "venv"} <= shown <= targets


@pytest.mark.parametrize("page", PAGES)
def test_commands_shown_work(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("data/tiny", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    for line in commands_of(page):
        program, *arguments = shlex.split(line)
        if program == "allocator":
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, f"{line}\n{result.output}"
        else:
            assert program == "make", line


@pytest.mark.parametrize(
    ("page", "lang", "word"), [("README.md", "en", "proven"), ("README.zh-CN.md", "zh", "已证最优")]
)
def test_summary_shown_in_the_readme_is_what_the_command_prints(
    page: str, lang: str, word: str, tmp_path: Path
) -> None:
    scenario = ROOT / "scenarios" / "tiny.toml"
    result = CliRunner().invoke(app, ["plan", str(scenario), "--out", str(tmp_path / "run"), "--lang", lang, "--quiet"])
    sample = (ROOT / page).read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]
    printed = {line.rstrip() for line in result.stdout.splitlines()}
    assert word in sample
    assert [line for line in sample.splitlines() if line not in printed] == []


def shape_of(page: str) -> list[str]:
    """The skeleton of a page: level of each heading, first word of each row of a table, language of each block."""
    shape = []
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if found := re.match(r"(#+) |```(\w+)", line):
            shape.append(found[0].strip())
        elif found := re.match(r"\| *`?([\w.-]+)(?: [a-z]+)?", line, flags=re.ASCII):
            shape.append(re.match(r"\|[^|]*?([a-z]+ [a-z]+|[\w.-]+)", line, flags=re.ASCII)[1])  # type: ignore[index]
    return shape


def test_both_readmes_say_the_same_in_the_same_order() -> None:
    english, chinese = shape_of("README.md"), shape_of("README.zh-CN.md")
    assert len(english) > 30  # The search itself works.
    headings = {"file", "command", "exit"}  # The heads of the tables are words of the language.
    assert [part for part in english if part.split()[0] not in headings] == chinese


def test_both_readmes_show_the_same_commands_each_in_its_language() -> None:
    english, chinese = commands_of("README.md"), commands_of("README.zh-CN.md")
    assert [line.replace("--lang en", "--lang zh") for line in english] == chinese


def test_pictures_are_small_and_shown() -> None:
    pictures = set((ROOT / "docs" / "pictures").glob("*.png"))
    text = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    assert {picture for picture in pictures if f"](docs/pictures/{picture.name})" in text} == pictures
    assert len(pictures) >= 3
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size < 200_000


@pytest.mark.parametrize("page", PAGES)
def test_files_linked_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^):#]+)\)", text) + re.findall(r"`((?:docs|scenarios|data|tests)/[\w./-]+)`", text)
    assert named
    for name in named:
        assert (ROOT / name).exists(), f"{page} names {name}"


def test_model_page_is_what_the_docstrings_say() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "build_model_page.py"))
    written = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    assert written == script["page"](), "stale: run python docs/build_model_page.py"


def test_model_page_has_every_kind() -> None:
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    assert re.findall(r"^## ([a-z-]+)$", text, flags=re.MULTILINE) == list(KINDS)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[<>=!~\[ ]", entry)[0] for entry in project["dependencies"]}
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "decisions").glob("*.md"))
    pages = pages.lower().replace("-", "")  # OR-Tools is written with a dash and installed without.
    assert {name for name in names if name.replace("-", "") not in pages} == set()


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_decision_states_context_choice_price_and_what_would_reopen_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.stem != "README":
        for word in ("**Context.**", "**Choice.**", "**Price.**", "reopen"):
            assert word.lower() in text.lower()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_a_hash_for_every_version_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==\S+( ; .+?)? \\\n", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", text)


def test_lock_for_developing_holds_the_versions_for_running() -> None:
    versions = [
        set(re.findall(r"^([\w.-]+==\S+)", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    ]
    assert versions[0] < versions[1]
