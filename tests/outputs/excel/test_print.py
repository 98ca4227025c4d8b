"""The workbooks as they look on a screen and on paper: nothing cut, no number as ###, no column for the sake of one name."""

import io
import math
from dataclasses import replace

import openpyxl
import pytest
from rich.cells import cell_len

from allocator.domain.plan import Plan
from allocator.language.texts import Texts
from allocator.outputs.dispatch import dispatch
from allocator.outputs.excel.workbook import NARROWEST, WIDEST, Book
from allocator.outputs.output_data import Material
from tests.outputs.builders import run

DEFAULT_HEIGHT = 15.0  # points of a row that says nothing
LINE = 14.5  # points that a line needs in the tallest of the usual Chinese fonts, at 10 points


def crowded(lang="zh", headcount=4321):
    """A run in which a group of many people goes to the base in one week of every year."""
    made = run(3)
    placements, cadres = made.plan.placements, made.inputs.cadres
    many = placements["headcount"].where(placements["cadre_id"] != "G1", headcount)
    staff = cadres["headcount"].where(cadres["cadre_id"] != "G1", 12_345_678)
    inputs = replace(made.inputs, cadres=cadres.assign(headcount=staff))
    return Material(inputs, Plan(placements.assign(headcount=many)), made.audit, made.result, Texts(lang))


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def shown(cell):
    """A number as its format writes it."""
    style = cell.number_format
    if "%" in style:
        return f"{cell.value:.1%}"
    digits = (
        f"{cell.value:,.2f}".rstrip("0") if ".0" in style and cell.value != int(cell.value) else f"{cell.value:,.0f}"
    )
    return digits if "," in style else digits.replace(",", "")


def width_of(sheet, column):
    return next((d.width for d in sheet.column_dimensions.values() if d.min <= column <= d.max), 8.43)


def hidden_numbers(book):
    """Numbers that a spreadsheet would show as ###, in the size of their type."""
    return [
        f"{sheet.title}!{cell.coordinate} {shown(cell)}"
        for sheet in book for row in sheet.iter_rows() for cell in row
        if isinstance(cell.value, int | float) and len(shown(cell)) * cell.font.size / 10 > width_of(sheet, cell.column)
    ]  # fmt: skip


def cut_texts(book):
    """Wrapped texts that are higher than their row."""
    found = []
    for sheet in book:
        merged = {str(area).partition(":")[0] for area in sheet.merged_cells.ranges}
        for row in sheet.iter_rows():
            height = sheet.row_dimensions[row[0].row].height or DEFAULT_HEIGHT
            for cell in row:
                if cell.alignment.wrap_text and isinstance(cell.value, str) and cell.coordinate not in merged:
                    lines = math.ceil(cell_len(cell.value) / width_of(sheet, cell.column))
                    if lines > 1 and height < min(LINE * lines, 400):
                        found.append(f"{sheet.title}!{cell.coordinate}")
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_number_is_wider_than_its_column_and_no_text_higher_than_its_row(lang):
    book = opened(dispatch(crowded(lang), 2019))
    said = [cell.value for row in book.worksheets[9].iter_rows() for cell in row]
    assert 4321 in said  # In class in the week of 2 September, in the narrow column of a week.
    assert hidden_numbers(book) == [] and cut_texts(book) == []


def test_check_finds_hidden_numbers_and_cut_texts():
    book = opened(dispatch(crowded(), 2019))
    book["周历"].column_dimensions["D"].width = 3.4  # 4,321 in type of 8 points takes 4 characters.
    assert any("4,321" in one for one in hidden_numbers(book))
    for row in book["名单"].row_dimensions.values():
        row.height = 13
    book["名单"]["I4"] = "很长的依据" * 30
    assert cut_texts(book) == ["名单!I4"]


def test_calendar_wraps_what_does_not_fit_instead_of_shrinking_it():
    made = crowded()
    renamed = made.inputs.programmes.assign(name="省辖市直属单位正职专业化能力班（会同省直单位）")
    sheet = opened(dispatch(replace(made, inputs=replace(made.inputs, programmes=renamed)), 2019))["周历"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "base-2019")
    assert row[1].alignment.wrap_text and not row[1].alignment.shrink_to_fit
    assert sheet.row_dimensions[row[1].row].height >= 2 * LINE  # 46 characters in a column of 30.


def written(rows, style="text"):
    book = Book("Test")
    sheet = book.sheet("One", "Test")
    sheet.table(("Id", "Name"), rows, ("text", style))
    return opened(book.content())["One"]


def test_one_long_name_does_not_widen_a_list_of_short_ones():
    rows = [(str(n), "张三") for n in range(99)]
    assert width_of(written(rows), 2) < 10  # The heading and the arrow of its filter.
    # One of 24 characters stands in three lines of 8, one of 240 in a column as wide as there is.
    sheet = written([*rows, ("99", "党" * 12)])
    assert 9 <= width_of(sheet, 2) < 11 and sheet.row_dimensions[101].height >= 3 * LINE
    assert WIDEST <= width_of(written([*rows, ("99", "党" * 120)]), 2) < WIDEST + 1


def test_one_large_number_is_given_room():
    book = Book("Test")
    book.sheet("One", "Test").table(("Id", "Sum"), [("a", 1)] * 99 + [("b", 12_345_678)], ("text", "number"))
    read = opened(book.content())
    assert hidden_numbers(read) == [] and width_of(read["One"], 2) >= 11  # With its commas.


def test_cells_are_the_same_whichever_table_met_them_first():
    rows = [("1", 1), ("2", 1.0), ("3", 0.0), ("4", -0.0), ("5", True), ("6", None), ("7", float("inf")), ("8", "text")]
    once = [[(c.value, c.number_format) for c in row] for row in written(rows, "number")]
    again = [[(c.value, c.number_format) for c in row] for row in written(rows[::-1], "number")]
    assert once[1:] == again[:0:-1]
    assert [row[1] for row in once[1:]] == [
        (1, "#,##0"), (1, "#,##0"), (0, "#,##0"), (0, "#,##0"), (1, "#,##0"), (None, "#,##0.0#"), (None, "#,##0.0#"), ("text", "@"),
    ]  # fmt: skip


def test_few_names_are_all_given_room():
    assert width_of(written([("1", "张三"), ("2", "党" * 12)]), 2) >= 25
    assert width_of(written([]), 1) >= NARROWEST
