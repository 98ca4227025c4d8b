"""Pages that must not fall behind the code: the commands of the README, the model page, the decisions, the handbook."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from datetime import date
from functools import cache
from html.parser import HTMLParser
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import openpyxl
import pytest
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.domain.rules import KINDS
from tests.conftest import part_of
from tests.outputs.page import browser as chromium

pytestmark = pytest.mark.usefixtures("no_figures")  # No page here looks at them.

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")


def commands_of(page: str) -> list[str]:
    """Lines of the page's shell blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown in the pages was printed without a terminal; one could be announced in the environment."""
    monkeypatch.delenv("COLUMNS", raising=False)


def test_every_make_command_shown_is_a_target_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    shown = {line.split()[1] for page in PAGES for line in commands_of(page) if line.startswith("make ")}
    assert {"plan", "test", "venv"} <= shown <= targets


def test_parts_of_the_long_tests_are_all_of_them_and_about_equally_many() -> None:
    groups = [f"tests/test_{name}.py::test[{n}]" for name in "abc" for n in range(10)]
    for parts in (1, 2, 7, 30, 31):
        found = [part_of(groups, which, parts) for which in range(1, parts + 1)]
        assert sorted(group for part in found for group in part) == sorted(groups)
        assert max(map(len, found)) - min(map(len, found)) <= 1
        assert found == [part_of(groups[::-1], which, parts) for which in range(1, parts + 1)]


@pytest.mark.parametrize(  # Both READMEs show the same commands, which is a test of its own.
    "page", ["README.md", pytest.param("README.zh-CN.md", marks=pytest.mark.long), "CONTRIBUTING.md"]
)
def test_commands_shown_work(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_sample(tmp_path)
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
    page: str, lang: str, word: str, planned: Callable[[str], tuple[Path, str]]
) -> None:
    sample = (ROOT / page).read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]
    printed = {line.rstrip() for line in planned(lang)[1].splitlines()}
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


def test_pictures_are_small_and_each_shown_in_its_language() -> None:
    pictures = set((ROOT / "docs" / "pictures").glob("*.png"))
    for page, english in (("README.md", True), ("README.zh-CN.md", False)):
        text = (ROOT / page).read_text(encoding="utf-8")
        shown = {ROOT / name for name in re.findall(r"\]\((docs/pictures/[^)]+)\)", text)}
        assert shown == {picture for picture in pictures if picture.stem.endswith("-en") == english}
        assert len(shown) >= 3
        assert "](docs/pictures/" in text[:1500]  # What comes out is seen on the first screen.
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size < 150_000


def test_set_up_shown_for_windows_is_that_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    install, package = (
        re.search(pattern, makefile) for pattern in (r"install --quiet (.+) -r\n", r"install --quiet (.+) -e \.\n")
    )
    assert install is not None and package is not None
    for page in ("README.md", "README.zh-CN.md"):
        lines = (ROOT / page).read_text(encoding="utf-8").partition("```bat\n")[2].partition("```")[0].splitlines()
        assert lines[0] == "py -m venv .venv"
        assert lines[1].endswith(f"python -m pip install {install[1]} -r requirements.lock")
        assert lines[2].endswith(f"python -m pip install {package[1]} .")
        assert lines[3].partition("allocator ")[2] in {line[10:] for line in commands_of(page)}


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


# The handbook. A page is a story: its commands, the rows it has typed and the files it has saved are done in order in a
# fresh folder with the smallest sample; what it shows as printed must be printed, and the files it names must exist.

GUIDES = sorted(path.stem for path in (ROOT / "docs" / "en").glob("*.md"))
STORIES = [f"docs/{lang}/{guide}.md" for guide in GUIDES for lang in ("en", "zh")] + [
    "docs/formats.md",
    "docs/outputs.md",
]
SHORT = ("docs/en/tutorial.md", "docs/zh/read-the-proof.md", "docs/formats.md", "docs/outputs.md")
"""Pages followed in ``make test``: the first that is read, one in Chinese, and the references. All are in ``make check-long``."""
SAMPLE_RUN = "allocator plan scenarios/tiny.toml --out out/tiny --force"
PRECEDING_RUN = {"docs/outputs.md": SAMPLE_RUN}  # A reference page may speak of the sample run without making it.
CODE = re.compile(r"#\s*(?:exit code|退出码) (\d+)$")
TYPED = re.compile(r"(?:Sheet|工作表) \*\*(.+?)\*\*[^`]*`(\S+?\.xlsx)`")
SAVED = re.compile(r"# (save as|add to|存为|加到) (\S+)\n")
Block = tuple[str, str]


def blocks_of(page: str) -> list[Block]:
    """What a page holds, in order: fenced blocks by their language, tables by the line above them."""
    blocks: list[Block] = []
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        if lines[at].startswith("```"):
            body = list(takewhile(lambda line: not line.startswith("```"), lines[at + 1 :]))
            blocks.append((lines[at][3:], "\n".join(body) + "\n"))
            at += len(body) + 1
        elif found := TYPED.match(lines[at]):
            body = list(takewhile(lambda line: line.startswith("|"), lines[at + 2 :]))
            assert len(body) > 2, lines[at]
            blocks.append((f"{found[1]}@{found[2]}", "\n".join(body)))
            at += len(body) + 1
        at += 1
    return blocks


def copy_sample(folder: Path) -> Path:
    for name in ("data/tiny", "scenarios"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def rows_of(table: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [rows[0], *rows[2:]]


def cell(text: str) -> object:
    """What Excel makes of something typed: a date, a number, or text; ids with leading zeros are typed as text."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    return int(text) if re.fullmatch(r"[1-9]\d*", text) else text


def type_in(file: Path, sheet: str, table: str) -> None:
    """Type the rows of a page's table; a known id in the first column means: change these cells of its row."""
    heads, *rows = rows_of(table)
    book = openpyxl.load_workbook(file)
    cells = book[sheet]
    columns = {one.value: one.column for one in cells[1]}
    ids = [one.value for one in cells["A"] if one.value is not None]
    assert heads[0] == cells["A1"].value
    for row in rows:
        if row[0] not in ids:
            ids.append(row[0])
        for head, text in zip(heads, row, strict=True):
            cells.cell(ids.index(row[0]) + 1, columns[head]).value = cell(text)
    book.save(file)


def save(page: str, text: str) -> None:
    found = SAVED.match(text)
    if found is None:  # An excerpt to read.
        return
    file = Path(found[2])
    adds = found[1] in ("add to", "加到")
    assert file.exists() == adds, page
    before = file.read_text(encoding="utf-8") if adds else ""
    file.write_text(before + text[found.end() :], encoding="utf-8")


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, str]]:
    """The sample run in a language and what was printed: it opens many pages and is made once."""

    @cache
    def run(lang: str) -> tuple[Path, str]:
        folder = copy_sample(tmp_path_factory.mktemp(f"sample-{lang}"))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            result = CliRunner().invoke(app, [*shlex.split(SAMPLE_RUN)[1:], "--lang", lang])
        assert result.exit_code == 0, result.output
        return folder / "out" / "tiny", result.output

    return run


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[] if page in SHORT else [pytest.mark.long]) for page in STORIES]
)
def test_story_of_a_page_can_be_followed(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planned: Callable[[str], tuple[Path, str]]
) -> None:
    copy_sample(tmp_path)
    lang = "zh" if "/zh/" in page else "en"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALLOCATOR_LANG", lang)

    def command(line: str) -> str:
        if line == SAMPLE_RUN:
            shutil.copytree(planned(lang)[0], "out/tiny", dirs_exist_ok=True)
            return planned(lang)[1]
        code = CODE.search(line)
        program, *arguments = shlex.split(line, comments=True)
        assert program == "allocator", line
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == int(code[1] if code else 0), f"{line}\n{result.output}"
        return result.output

    if page in PRECEDING_RUN:
        command(PRECEDING_RUN[page])
    printed = ""
    for language, text in blocks_of(page):
        if language == "sh":
            for line in text.splitlines():
                printed = command(line.strip())
        elif language == "text":
            lines = {line.rstrip() for line in printed.splitlines()}
            assert [line for line in text.splitlines() if line.rstrip() not in lines] == [], printed
        elif "@" in language:
            sheet, _, file = language.partition("@")
            type_in(Path(file), sheet, text)
        elif language in ("toml", "csv"):
            save(page, text)
        elif language == "python":
            exec(text, {})
    whole = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:out|my-data)/[\w./-]+\.[a-z]+)`", whole))
    assert sorted(name for name in named if not Path(name).exists()) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_do_the_same_in_both_languages(guide: str) -> None:
    def skeleton(lang: str) -> list[tuple[str, str]]:
        kept = []
        for language, text in blocks_of(f"docs/{lang}/{guide}.md"):
            if language == "sh":
                kept.append((language, CODE.sub(r"\1", text.strip())))
            elif "@" in language:
                kept.append((language.partition("@")[2], " ".join(row[0] for row in rows_of(text)[1:])))
            elif language in ("toml", "csv"):
                kept.append((language, SAVED.sub(r"\2\n", text)))
            else:
                kept.append((language, str(len(text.splitlines()))))
        return kept

    def headings(lang: str) -> list[str]:
        text = (ROOT / "docs" / lang / f"{guide}.md").read_text(encoding="utf-8")
        return re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)

    assert skeleton("en") == skeleton("zh")
    assert headings("en") == headings("zh")


def test_guides_are_enough() -> None:
    assert len(GUIDES) >= 8
    assert all((ROOT / "docs" / "zh" / f"{guide}.md").exists() for guide in GUIDES)


class _Addresses(HTMLParser):
    """Addresses that a page loads or leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.linked.append(value or "")
            elif name == "src" or (name == "href" and tag == "link"):
                self.loaded.append(value or "")


def build_site(folder: Path) -> Path:
    """Build the site as ``make docs`` does."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndocs:")[2].splitlines()[1]
    program, *options, source, target = recipe.split()
    assert (program, source, target) == ("$(BIN)/python", "docs", "out/docs") and "--fail-on-warning" in options
    done = subprocess.run(
        [sys.executable, *options, str(ROOT / "docs"), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.long
def test_site_builds_without_warning_and_works_without_a_network(tmp_path: Path) -> None:
    site = build_site(tmp_path / "site")
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 40
    for page in pages:
        found = _Addresses()
        found.feed((site / page).read_text(encoding="utf-8"))
        assert found.loaded
        assert [one for one in found.loaded if urlsplit(one).scheme or urlsplit(one).netloc] == []
        for address in found.linked:
            parts = urlsplit(address)
            if not parts.scheme and not parts.netloc and parts.path:
                assert (site / page).parent.joinpath(unquote(parts.path)).exists(), f"{page}: {address}"

    # The theme speaks the language of the page.
    english = (site / "en" / "tutorial.html").read_text(encoding="utf-8")
    chinese = (site / "zh" / "tutorial.html").read_text(encoding="utf-8")
    assert '<html class="no-js" lang="en"' in english and 'placeholder="Search"' in english
    assert '<html class="no-js" lang="zh-CN"' in chinese and 'placeholder="搜索"' in chinese

    # Formulas are in the page itself, not left to a script.
    model = (site / "model.html").read_text(encoding="utf-8")
    assert model.count("<math ") > 20 and "$$" not in model and "mathjax.js" not in model.lower()

    # Chinese is searched by characters and pairs, cut by the same rule in the index and in the browser.
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    words = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    assert {"通知", "知格", "额", "quota"} <= set(words)
    assert "Script=Han" in (site / "_static" / "language_data.js").read_text(encoding="utf-8")

    if chromium.PROGRAM is not None:
        search_in_browser(site, tmp_path / "profile")


def search_in_browser(site: Path, profile: Path) -> None:
    with chromium.Browser(profile) as browser:
        try:
            browser.open(site / "search.html")
        except TimeoutError:  # Some packages lock the browser away from files like ours.
            return
        assert browser.run("splitQuery('调训通知 Quota-2020')") == ["调训", "训通", "通知", "quota", "2020"]
        browser.run("Search.performSearch('调训通知')")
        found = "Array.from(document.querySelectorAll('#search-results li a')).map(a => a.getAttribute('href'))"
        deadline = time.monotonic() + 20
        while "zh/send-out.html" not in (hits := browser.run(found)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "zh/send-out.html" in hits and not any(hit.startswith("en/") for hit in hits)
