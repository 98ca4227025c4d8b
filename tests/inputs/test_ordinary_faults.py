"""Files that ordinary programs write, and ordinary damage to them: each is read or refused, soon, and never crashes."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from allocator.inputs import load
from tests.inputs.builders import TABLES, Files, defects_of
from tests.inputs.workbooks import excel_workbook, rewritten


@pytest.fixture
def book(files: Files) -> Path:
    """A scenario whose tables are one workbook, written part by part as Excel writes it."""
    files.scenario["tables"] = "book.xlsx"
    files.write()
    (files.folder / "book.xlsx").write_bytes(excel_workbook(files.tables))
    return files.path


def change(scenario: Path, part: str, edit: Callable[[bytes], bytes]) -> None:
    """Change one part of the workbook."""
    path = scenario.parent / "book.xlsx"
    path.write_bytes(rewritten(path.read_bytes(), {part: edit}))


def test_workbook_with_shared_texts_is_read_as_its_csv(files: Files, book: Path) -> None:
    inputs = load(book)
    again = load(files.path, changes={"tables": str(files.folder / "tables")})
    for name in TABLES:
        assert getattr(inputs, name).equals(getattr(again, name)), name


def test_chart_sheet_stands_in_nobodys_way(book: Path) -> None:
    # A chart sheet without a drawing of its own, which has no relations either.
    path = book.parent / "book.xlsx"
    chart = b'<chartsheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    content = rewritten(
        path.read_bytes(),
        {
            "xl/workbook.xml": lambda c: c.replace(
                b"<sheets>", '<sheets><sheet name="图" sheetId="99" r:id="rId99"/>'.encode()
            ),
            "xl/_rels/workbook.xml.rels": lambda c: c.replace(
                b"</Relationships>",
                b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/chartsheet"'
                b' Target="chartsheets/sheet1.xml"/></Relationships>',
            ),
        },
        {"xl/chartsheets/sheet1.xml": chart},
    )
    path.write_bytes(content)
    assert len(load(book).cadres) == 4


def test_style_that_does_not_exist_is_no_matter(book: Path) -> None:
    change(book, "xl/worksheets/sheet2.xml", lambda c: c.replace(b'<c r="A2"', b'<c r="A2" s="999"'))
    assert len(load(book).cadres) == 4


@pytest.mark.parametrize("place", [(1_048_576, 3), (3, 16_384), (1_048_576, 16_384)])
def test_formatted_cell_at_the_end_of_the_sheet_costs_nothing(files: Files, place: tuple[int, int]) -> None:
    files.suffix = ".xlsx"
    files.write()
    path = files.folder / "tables" / "cadres.xlsx"
    made = openpyxl.load_workbook(path)
    made["cadres"].cell(*place).font = Font(bold=True)
    made.save(path)
    start = time.monotonic()
    assert len(load(files.path).cadres) == 4
    assert time.monotonic() - start < 10


def test_merged_range_over_the_whole_sheet_is_refused_at_once(book: Path) -> None:
    merged = b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    change(book, "xl/worksheets/sheet2.xml", lambda c: c.replace(b"</worksheet>", merged))
    start = time.monotonic()
    assert {d.code for d in defects_of(book)} == {"merged-header"}
    assert time.monotonic() - start < 10


def test_workbook_that_would_unpack_to_gigabytes_is_refused(book: Path) -> None:
    change(book, "xl/worksheets/sheet2.xml", lambda c: c + b" " * 150_000_000)
    start = time.monotonic()
    (defect,) = {d.message: d for d in defects_of(book)}.values()
    assert (defect.code, "would unpack to 150," in defect.message) == ("unreadable-file", True)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("seed", range(12))
def test_three_damaged_bytes_are_refused_or_do_not_matter(book: Path, seed: int) -> None:
    path = book.parent / "book.xlsx"
    rng, content = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(3):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)
    try:
        assert len(load(book).cadres) == 4
    except Exception as error:
        assert type(error).__name__ == "InputError", error


@pytest.mark.parametrize("file", ["scenario.toml", "policy.toml"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = " + "[" * 1000 + "]" * 1000, "lists and tables lie more than 40 deep inside each other"),
        ("x = " + "{ a = " * 1000 + "1" + " }" * 1000, "lists and tables lie more than 40 deep inside each other"),
        (".".join("x" * 1000) + " = 1", "lists and tables lie more than 40 deep inside each other"),
        ("x = " + "9" * 5000, "there is a number of 5000 digits"),
        ("x = [" + "9" * 5000 + "]9", "there is a number of 5000 digits"),
    ],
    ids=["lists", "tables", "dotted", "digits", "digits-in-list"],
)
def test_toml_out_of_all_proportion_is_refused_with_its_line(files: Files, file: str, text: str, message: str) -> None:
    path = files.write().parent / file
    path.write_text(f"\n{text}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    (defect,) = (d for d in defects_of(files.path) if d.message == message)
    assert (Path(defect.file).name, defect.row) == (file, 2)


def test_brackets_in_texts_and_long_lists_are_not_deep(files: Files) -> None:
    files.scenario["title"] = "[" * 100
    files.rule("named")["note"] = "{" * 100 + "1" * 5000
    files.rule("heads")["audience"] = {"birth_year": [1970, *[1900.5] * 60]}
    files.load()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("limits.workers", 10**30), ("limits.workers", 100_000), ("limits.gap", float("inf")), ("limits.seconds", float("inf")),
        ("horizon", [2019.0, 2020.0]), ("horizon", list(range(1900, 2201))), ("overrides.heads.amount", 10**30),
        ("overrides.heads.amount", float("nan")), ("policy_parameters.hours_per_day", 10**12),
        ("policy_parameters.hours_per_day", 25),
    ],
)  # fmt: skip
def test_values_out_of_all_proportion_are_refused(files: Files, key: str, value: object) -> None:
    path = files.write()
    defect, *others = defects_of(path, {key: value})
    assert not others or key == "horizon"  # Each of its years.
    assert defect.column.startswith(key)
    assert defect.file == "command line"


def test_weight_out_of_all_proportion_is_refused(files: Files) -> None:
    files.policy["rules"].append({"id": "p", "kind": "priority", "title": "P", "title_zh": "先", "weight": 10**30})
    defects = files.defects()
    assert {(d.code, d.column) for d in defects} == {("bad-number", "rules.3.weight")}


def test_chain_of_thousands_of_units_is_refused_at_once(files: Files) -> None:
    chain = [f"X{i}" for i in range(3000)]
    files.tables["units"] += [
        {"unit_id": one, "name": "n", "kind": "k", "parent_unit_id": above, "authority": ""}
        for one, above in zip(chain, ["1", *chain], strict=False)
    ]
    start = time.monotonic()
    defect = files.defect("unit-cycle")
    assert (defect.row, defect.column) == (2 + 4 + 29, "parent_unit_id")
    assert "the units lie 3001 levels deep" in defect.message
    assert time.monotonic() - start < 10


def test_thirty_levels_of_units_are_read(files: Files) -> None:
    chain = [f"X{i}" for i in range(29)]
    files.tables["units"] += [
        {"unit_id": one, "name": "n", "kind": "k", "parent_unit_id": above, "authority": ""}
        for one, above in zip(chain, ["1", *chain], strict=False)
    ]
    assert len(files.load().lines["X28"]) == 30


def _parts(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def test_workbook_of_the_tests_has_the_parts_that_excel_writes(files: Files) -> None:
    assert {"xl/sharedStrings.xml", "xl/styles.xml", "xl/theme/theme1.xml"} <= {*_parts(excel_workbook(files.tables))}
