"""The workbook of a unit, filled into a frame: every part is the same as xlsxwriter makes it in full."""

import io
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units import unit_contents
from allocator.outputs.units.unit_record import TableSheet
from allocator.outputs.units.workbook import in_full, workbook
from allocator.outputs.units.workbook_skeleton import fits
from tests.outputs.builders import run

HOSTILE = [
    "=1+1", "<b>x</b>", "<r>x</r>", "a & b", '"quoted"', " leading", "trailing\n", "two\nlines", "_x0041_", "bell\x07", "_x0041_x0042_",
    "𠮷·王", "张" * 40, "$A$9</definedName>", "</sheetData>", "\ufffe",
]  # fmt: skip
NUMBERS = [0, 1, 1.0, -0.0, 0.0, 12_345_678, 1.5, 1 / 3, -2, True, None, float("nan"), float("inf"), "text", ""]
FONT, FOOTER = "宋体", "第 &P 页，共 &N 页"


def parts(content):
    """Every part of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def assert_same(unit):
    """Both ways of making a workbook give the same parts."""
    assert parts(workbook(unit, FONT, FOOTER)) == parts(in_full(unit, FONT, FOOTER))


def contents(lang="zh", **replaced):
    """What every unit of a small run gets."""
    return unit_contents(Material(*run(**replaced).parts, Texts(lang)))


def with_rows(rows, styles):
    """A unit whose workbook has one sheet with these rows."""
    columns = tuple(f"column {n}" for n in range(len(styles)))
    sheet = TableSheet("表", columns, tuple(rows), tuple(styles), ("title", "note"), freeze=1)
    return replace(contents()[0], sheets=(sheet,))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_workbooks_of_all_units_are_as_made_in_full(lang):
    for unit in contents(lang, counties=3):
        assert fits(unit.title)
        assert_same(unit)


def test_unit_that_sends_nobody_has_tables_without_rows():
    unit = contents()[0]
    empty = replace(unit, sheets=tuple(replace(sheet, rows=()) for sheet in unit.sheets))
    assert_same(empty)
    assert openpyxl.load_workbook(io.BytesIO(workbook(empty, FONT, FOOTER))).active.auto_filter.ref is None


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_is_as_made_in_full(text):
    assert_same(with_rows([(text, "1"), ("2", text), ("bell ", "bell\x07")], ("text", "long")))


def test_figures_are_as_made_in_full():
    styles = ("number", "count", "share", "plain", "text")
    assert_same(with_rows([(n, n, n, n, str(n)) for n in NUMBERS], styles))
    assert_same(with_rows([(n, n, n, n, str(n)) for n in reversed(NUMBERS)], styles))


def test_neighbouring_columns_of_one_width_are_as_made_in_full():
    assert_same(with_rows([("a" * n, "b" * n, "c") for n in range(60)], ("long", "long", "brief")))


@pytest.mark.parametrize("title", [*HOSTILE, "党" * 101, "𠮷" * 120, "&[Page]", "a_x0041_b"])
def test_title_from_data_is_as_made_in_full(title):
    assert_same(replace(contents()[0], title=title))


def test_list_of_contents_comes_first_and_dates_are_fixed():
    for unit in contents():
        with zipfile.ZipFile(io.BytesIO(workbook(unit, FONT, FOOTER))) as archive:
            assert archive.namelist()[0] == "[Content_Types].xml"
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
