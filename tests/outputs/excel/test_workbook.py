"""Every workbook the program writes, as Excel reads it, from a roster with everything that gives trouble at once."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from allocator import plan, shadow, sweep
from allocator.answers.sensitivity.workbook import workbook as answers_book
from allocator.cli.app import app
from allocator.language.texts import LANGUAGES, Texts
from allocator.outputs import figures
from tests.outputs.excel.test_print import cut_texts, hidden_numbers
from tests.outputs.excel.workbook_faults import faults

ROOT = Path(__file__).parents[3]
LONG = "省直机关某某厅（局）下属[第一]综合:服务/中心*" * 12
NAMES = {
    "N1": "𠮷·買買提",
    "N2": "=1+1",
    "N3": "<b>王&五</b>",
    "N4": "'@SUM(A1)",
    "N5": "欧阳·" * 60,
    "N7": "张三",
    "N8": "张三",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny scenario with names of all sorts, a unit with nobody, and 300 more sessions, planned."""
    home = named(tmp_path_factory.mktemp("hard"))
    tables = home / "data" / "tiny"
    rows = read(tables / "sessions.csv")
    more = [{**rows[0], "session_id": f"more-{n}", "seats": "2", "min_seats": "2"} for n in range(300)]
    write(tables / "sessions.csv", [*rows, *more])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw", lambda _: [("figure.png", b"drawn")])
        made = CliRunner().invoke(
            app, ["plan", str(home / "scenarios" / "tiny.toml"), "--out", str(home / "run"), "--lang", "zh"]
        )
    assert made.exit_code == 0, made.output
    return home


def named(home: Path) -> Path:
    """The tiny scenario with names of all sorts, in a folder of its own."""
    shutil.copytree(ROOT / "data" / "tiny", home / "data" / "tiny")
    (home / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "tiny.toml", home / "scenarios")
    tables = home / "data" / "tiny"
    rewritten(tables / "cadres.csv", lambda row: {**row, "name": NAMES.get(row["cadre_id"], row["name"])})
    rewritten(tables / "units.csv", lambda row: {**row, "name": LONG if row["unit_id"] == "N" else '=HYPERLINK("x")'})
    with (tables / "units.csv").open("a", encoding="utf-8") as file:
        file.write("E,空单位,,provincial-unit,,provincial,\n")
    return home


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def rewritten(path: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    write(path, [change(row) for row in read(path)])


def sound(path: Path) -> openpyxl.Workbook:
    """A workbook without a fault and without a formula."""
    content = path.read_bytes()
    assert faults(content) == []
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [c.coordinate for sheet in book for row in sheet for c in row if c.data_type == "f"] == []
    return book


def test_dispatch_and_unit_workbooks_are_sound(folder: Path) -> None:
    books = sorted([*(folder / "run").glob("*.xlsx"), *(folder / "run" / "units").glob("*.xlsx")])
    assert {book.name for book in books} >= {"dispatch-2019.xlsx", "dispatch-2022.xlsx", "N.xlsx", "S.xlsx"}
    said = {
        str(c.value) for book in books for sheet in sound(book) for row in sheet for c in row if c.value is not None
    }
    plan = {row["cadre_id"] for row in read(folder / "run" / "plan.csv")}
    assert {NAMES[one] for one in plan & NAMES.keys()} <= said  # Every name as it was written.
    assert LONG in said
    assert not (folder / "run" / "units" / "E.xlsx").exists()  # Nobody is there who could be sent.


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ledger_and_comparison_are_sound(folder: Path, tmp_path: Path, lang: str) -> None:
    run, scenario = str(folder / "run"), str(folder / "scenarios" / "tiny.toml")
    for line in (["ledger", scenario], ["compare", run, run]):
        made = CliRunner().invoke(app, [*line, "--out", str(tmp_path / f"{line[0]}.xlsx"), "--lang", lang])
        assert made.exit_code == 0, made.output
        book = sound(tmp_path / f"{line[0]}.xlsx")
        assert hidden_numbers(book) == [] and cut_texts(book) == []


@pytest.mark.usefixtures("no_processes")
def test_shadow_and_sweep_are_sound(tmp_path: Path) -> None:
    scenario = named(tmp_path) / "scenarios" / "tiny.toml"
    answers = shadow(plan(scenario), ["theory-quota", "skills-2019a"])
    points = sweep(scenario, "quota.theory-quota=3,6", out=tmp_path / "points", workers=1)
    for lang in LANGUAGES:
        for name, content in (("shadow", answers_book(answers, Texts(lang))), ("sweep", points.workbook(lang))):
            file = tmp_path / f"{name}-{lang}.xlsx"
            file.write_bytes(content)
            book = sound(file)
            assert hidden_numbers(book) == [] and cut_texts(book) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_template_and_its_marked_copy_are_sound(tmp_path: Path, lang: str) -> None:
    book = tmp_path / "input.xlsx"
    policy = ["--policy", str(ROOT / "data" / "henan" / "policy.toml")]  # Drop-downs with many values.
    made = CliRunner().invoke(app, ["template", str(book), "--lang", lang, *policy])
    assert made.exit_code == 0, made.output
    assert faults(book.read_bytes()) == []
    filled = openpyxl.load_workbook(book)
    for place, value in {"A2": "001", "B2": "=坏", "H2": "也许", "I2": "2019-02-30"}.items():
        filled.worksheets[2][place] = value
        filled.worksheets[2][place].data_type = "s"
    filled.save(book)
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "scenario.toml"), "--annotate", "--lang", lang])
    assert checked.exit_code == 3, checked.output
    (copy,) = (path for path in tmp_path.glob("*.xlsx") if path != book)
    assert faults(copy.read_bytes()) == []


# ------------------------------------------------------------------ the check itself


def spoilt(content: bytes, part: str, old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            if name == part:
                assert old in text.decode("utf-8"), f"{old} is not in {part}"
                text = text.decode("utf-8").replace(old, new, 1).encode("utf-8")
            after.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("part", "old", "new", "fault"),
    [
        ("xl/workbook.xml", 'name="条款"', 'name="条款/一"', "cannot be the name of a sheet"),
        ("xl/workbook.xml", 'name="条款"', f'name="{"条" * 32}"', "cannot be the name of a sheet"),
        ("xl/workbook.xml", 'name="条款"', 'name="封面"', "two sheets have one name"),
        ("xl/workbook.xml", "_xlnm.Print_Titles", "A1", "cannot be a name"),
        ("xl/worksheets/sheet2.xml", "<sheetData>", '<pageMargins/><sheetData>', "not in the order"),
        ("xl/worksheets/sheet2.xml", '<c r="A2"', '<c r="A9"', "out of order"),
        ("xl/worksheets/sheet2.xml", ' s="', ' s="9', "a format that is not there"),
        ("xl/worksheets/sheet2.xml", "<v>0</v>", "<v>nan</v>", "as a number"),
        ("xl/worksheets/sheet2.xml", "<v>", "<v>99", "a text that is not there"),
        ("xl/worksheets/sheet2.xml", "&amp;P", "&amp;P" + "x" * 255, "header or footer"),
        ("xl/worksheets/sheet2.xml", '<mergeCell ref="A1:', '<mergeCell ref="A1:B1"/><mergeCell ref="A1:', "merged cells overlap"),
        ("xl/worksheets/sheet2.xml", '<autoFilter ref="A2:', '<autoFilter ref="A1:', "the filter runs over merged cells"),
        ("[Content_Types].xml", "/xl/worksheets/sheet2.xml", "/xl/worksheets/sheet99.xml", "is not there"),
    ],
)  # fmt: skip
def test_fault_is_found_when_it_is_put_in(folder: Path, part: str, old: str, new: str, fault: str) -> None:
    content = (folder / "run" / "dispatch-2019.xlsx").read_bytes()
    assert any(fault in one for one in faults(spoilt(content, part, old, new)))
