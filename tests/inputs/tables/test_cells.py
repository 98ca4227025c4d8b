"""Cells to typed columns: every bad cell with its row and column, and the nearest good cell."""

from __future__ import annotations

from datetime import date

import pytest

from allocator.inputs.tables.cells import (
    BadCellError,
    read_date,
    read_flag,
    read_id,
    read_integer,
    read_list,
    read_number,
)
from tests.inputs.builders import Files

# Table, position of the record, column, bad cell, code, what the message says, a good cell near by.
BAD_CELLS = [
    ("sessions", 0, "seats", "0", "too-small", "'seats' must be at least 1, not 0", "1"),
    ("sessions", 1, "seats", "-3", "too-small", "'seats' must be at least 1, not -3", "3"),
    ("sessions", 0, "seats", "many", "bad-number", "'many' is not a number", "20"),
    ("sessions", 0, "seats", "2.5", "bad-number", "'2.5' is not a whole number", "2.0"),
    ("sessions", 0, "seats", "1,000", "bad-number", "'1,000' is not a number", "1000"),
    ("sessions", 0, "seats", "99999999999", "bad-number", "'99999999999' is too large", "1000000"),
    ("sessions", 0, "seats", "", "empty-cell", "the cell is empty, but 'seats' is required", "3"),
    ("sessions", 0, "min_seats", "-1", "too-small", "'min_seats' must be at least 0, not -1", "0"),
    ("sessions", 0, "end_date", "2019-3-8", "bad-date", "'2019-3-8' is not a date", "2019-03-08"),
    ("sessions", 0, "end_date", "2019-04-31", "no-such-date", "the date '2019-04-31' does not exist", "2019-04-30"),
    ("cadres", 0, "principal", "maybe", "bad-flag", "'maybe' is neither true nor false", "YES"),
    ("cadres", 3, "headcount", "0", "too-small", "'headcount' must be at least 1, not 0", "1"),
    ("cadres", 0, "birth_year", "70", "too-small", "'birth_year' must be at least 1900, not 70", "1970"),
    ("cadres", 0, "category", "", "empty-cell", "the cell is empty, but 'category' is required", "head"),
    ("cadres", 0, "tags", "a；b", "bad-list", "'a；b' contains '；'; a list is separated by ';'", "a;b"),
    ("history", 0, "days", "five", "bad-number", "'five' is not a number", "4.5"),
    ("programmes", 0, "content", "", "empty-cell", "the cell is empty, but 'content' is required", "theory"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "position", "column", "bad", "code", "message", "good"), BAD_CELLS)
def test_cell_is_refused_with_its_place_and_the_nearest_good_one_passes(
    files: Files, table: str, position: int, column: str, bad: str, code: str, message: str, good: str
) -> None:
    files.tables[table][position][column] = bad
    defect = files.defect(code)
    assert (defect.file, defect.row, defect.column) == (f"{table}.csv", position + 2, column)
    assert defect.message == message
    files.tables[table][position][column] = good
    files.load()


def test_every_bad_cell_of_a_column_is_reported(files: Files) -> None:
    for row in files.tables["sessions"]:
        row["seats"] = "none"
    assert [defect.row for defect in files.defects()] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("FALSE", False), ("Yes", True), ("no", False), ("1", True), ("0", False),
     ("是", True), ("否", False)],
)  # fmt: skip
def test_flag_reads_the_agreed_texts(text: str, value: bool) -> None:
    assert read_flag(text) is value


@pytest.mark.parametrize("text", ["t", "Y", "on", "2", "真", "-", "1.0"])
def test_flag_refuses_any_other_text(text: str) -> None:
    with pytest.raises(BadCellError, match="neither true nor false"):
        read_flag(text)


def test_text_false_is_false_in_the_table(files: Files) -> None:
    files.tables["cadres"][0]["principal"] = "False"
    assert not files.load().cadres["principal"].any()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2019/3/4", "write 2019-03-04"),
        ("2019年3月4日", "write 2019-03-04"),
        ("2019.03.04", "write 2019-03-04"),
        ("43528", "format the cell as a date"),
        ("next week", "such as 2019-03-04"),
        ("2019-02-29", "2019-02 has 28 days"),
        ("2019-13-01", "months run from 01 to 12"),
        ("0201-01-01", "correct the year"),
        ("２０１９-01-01", "year-month-day"),
        ("2019-03-04 08:30:00", "year-month-day"),
    ],
)
def test_date_is_refused_with_advice(text: str, hint: str) -> None:
    with pytest.raises(BadCellError) as caught:
        read_date(text)
    assert hint in caught.value.hint


def test_date_reads_iso_and_leap_days() -> None:
    assert read_date("2020-02-29") == date(2020, 2, 29)
    assert read_date("2019-03-04 00:00:00") == date(2019, 3, 4)


def test_numbers_read_plain_decimals_only() -> None:
    assert read_number("7.5") == 7.5
    assert read_integer("3.0") == 3
    for text in ("nan", "inf", "1_000", "0x10", "５", "7,5", ""):
        with pytest.raises(BadCellError):
            read_number(text)


def test_id_shortened_by_a_spreadsheet_is_refused() -> None:
    assert read_id("0041") == "0041"
    with pytest.raises(BadCellError, match="shortened"):
        read_id("4.10122E+11")


def test_list_drops_blanks_and_empty_parts() -> None:
    assert read_list("young; expert ;") == "young;expert"


def test_white_space_is_trimmed_and_counted(files: Files) -> None:
    files.tables["cadres"][0]["category"] = " head　"  # With the wide blank of Chinese keyboards.
    files.tables["cadres"][1]["name"] = "乙 "
    inputs = files.load()
    assert inputs.cadres["category"].tolist()[0] == "head"
    assert any("white space around 2 cells" in note and "cadres" in note for note in inputs.notes)


def test_empty_cells_take_the_default_of_their_column(files: Files) -> None:
    cadres = files.load().cadres
    assert cadres["headcount"].tolist() == [1, 1, 1, 40]
    assert cadres["party_member"].all()  # The column is missing altogether; its default is true.
    assert cadres["birth_year"].isna().tolist() == [False, True, False, True]
    assert cadres["gender"].tolist() == ["", "", "", ""]


def test_columns_have_the_types_of_the_contract(files: Files) -> None:
    inputs = files.load()
    types = {name: str(dtype) for name, dtype in inputs.cadres.dtypes.items()}
    assert types["cadre_id"] == types["tags"] == "str"
    assert types["principal"] == "bool"
    assert types["headcount"] == "int64"
    assert types["birth_year"] == "Int64"
    assert types["appointed_on"].startswith("datetime64")
    assert str(inputs.history["hours"].dtype) == "float64"


def test_extra_columns_are_kept_as_text_and_may_be_filtered(files: Files) -> None:
    for row, grade in zip(files.tables["cadres"], ["01", "02", "03", ""], strict=True):
        row["grade"] = grade
    files.rule("heads")["audience"] = {"grade": ["01"]}
    inputs = files.load()
    assert inputs.cadres.columns[-1] == "grade"
    assert inputs.cadres["grade"].tolist() == ["01", "02", "03", ""]


def test_column_that_is_worked_out_is_not_taken_from_the_file(files: Files) -> None:
    for row in files.tables["history"]:
        row["year"] = "1999"
    inputs = files.load()
    assert inputs.history["year"].tolist() == [2015, 2017]
    assert any("'year' is worked out" in note for note in inputs.notes)
