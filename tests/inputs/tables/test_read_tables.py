"""CSV, Excel and Parquet: the same table whatever the format, and what each format can have wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from allocator.domain.tables import TABLES as COLUMNS
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message
from tests.inputs.builders import SCENARIO, TABLES, Files, defects_of, write_toml

FRAMES = ("units", "cadres", "history", "programmes", "sessions", "segments")


def assert_same(one: Inputs, other: Inputs) -> None:
    """All tables, the policy and the scenario are equal."""
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert (one.policy, one.scenario) == (other.policy, other.scenario)


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_formats_give_equal_inputs(tmp_path: Path, suffix: str) -> None:
    folders = [tmp_path / "csv", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    assert_same(Files(folders[0]).load(), Files(folders[1], suffix).load())


def natural(column: str, text: str) -> Any:
    """A cell as a spreadsheet or database would hold it: numbers, dates and flags instead of text."""
    kind = next((c.type for table in COLUMNS.values() for c in table if c.name == column), "text")
    if not text:
        return None
    if kind == "date":
        return datetime.fromisoformat(text)
    if kind in ("integer", "number") or (kind == "id" and text.isdigit()):
        return float(text)
    if kind == "flag":
        return text in ("true", "yes", "是")
    return text


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_typed_cells_give_the_same_inputs_as_text(files: Files, tmp_path: Path, suffix: str) -> None:
    plain = files.load()
    (tmp_path / "typed").mkdir()
    typed = Files(tmp_path / "typed", suffix)
    for rows in typed.tables.values():
        rows[:] = [{column: natural(column, text) for column, text in row.items()} for row in rows]
    assert_same(plain, typed.load())


def test_one_workbook_may_hold_all_tables(files: Files) -> None:
    plain = files.load()
    with pd.ExcelWriter(files.folder / "all.xlsx") as book:
        for name, rows in files.tables.items():
            pd.DataFrame(rows).to_excel(book, sheet_name=name, index=False)
    write_toml(files.path, {**SCENARIO, "tables": "all.xlsx"})
    inputs = load(files.path)
    assert_same(plain, inputs)
    assert {path.name for role, path in inputs.files.items() if role in TABLES} == {"all.xlsx"}


def test_order_of_rows_and_columns_does_not_matter(files: Files) -> None:
    plain = files.load()
    shuffle = random.Random(3)
    for rows in files.tables.values():
        shuffle.shuffle(rows)
        columns = list(rows[0])
        shuffle.shuffle(columns)
        rows[:] = [{column: row[column] for column in columns} for row in rows]
    mixed = files.load()
    assert_same(plain, mixed)
    assert plain.notes == mixed.notes


def test_chinese_headers_and_a_byte_order_mark_are_read(files: Files) -> None:
    plain = files.load()
    for name in files.tables:
        path = files.folder / "tables" / f"{name}.csv"
        chinese = {column.name: column.name_zh for column in COLUMNS[name]}
        header, _, rest = path.read_text(encoding="utf-8").partition("\n")
        header = ",".join(chinese[column] for column in header.split(","))
        path.write_text(f"{header}\n{rest}", encoding="utf-8-sig")
    assert_same(plain, load(files.path))


def rewrite(files: Files, change: Callable[[str], str], name: str = "cadres") -> Path:
    """Write the files with the text of one table changed; the path of that table."""
    files.write()
    path = files.folder / "tables" / f"{name}.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    return path


def only(files: Files, code: str) -> tuple[int, str, str, str]:
    """Row, column, message and hint of the one defect."""
    (defect,) = defects_of(files.path)
    assert defect.code == code
    return defect.row, defect.column, defect.message, defect.hint


def test_blank_lines_are_skipped_but_counted(files: Files) -> None:
    rewrite(
        files, lambda text: text.replace("\nC2,", "\n\n,,,,,,,,,,\nC2,").replace(",deputy,b,no", ",deputy,b,perhaps")
    )
    assert only(files, "bad-flag")[:2] == (5, "principal")
    rewrite(files, lambda text: text.replace("\nC2,", "\n\n,,,,,,,,,,\nC2,"))
    assert len(load(files.path).cadres) == 4


def test_cell_with_line_break_counts_as_one_row(files: Files) -> None:
    rewrite(files, lambda text: text.replace("甲", '"甲\n二"').replace(",deputy,b,no", ",deputy,b,perhaps"))
    assert only(files, "bad-flag")[:2] == (3, "principal")


@pytest.mark.parametrize(
    ("encoding", "title"), [("gbk", "GBK / GB 18030"), ("utf-16", "UTF-16")], ids=["gbk", "utf-16"]
)
def test_other_encoding_is_named(files: Files, encoding: str, title: str) -> None:
    path = rewrite(files, str)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    _, _, message, hint = only(files, "encoding")
    assert message == f"the file is not UTF-8; it looks like {title}"
    assert "CSV UTF-8" in hint


@pytest.mark.parametrize("content", ["", " \n", "\n\n"])
def test_empty_file_is_refused(files: Files, content: str) -> None:
    rewrite(files, lambda _: content)
    row, _, _, hint = only(files, "empty-file")
    assert row == (0 if not content else 1)
    assert "cadre_id" in hint


def test_header_without_rows_is_refused_except_for_the_history(files: Files) -> None:
    rewrite(files, lambda text: text.partition("\n")[0], "sessions")
    assert only(files, "no-rows")[0] == 2
    rewrite(files, lambda text: text.partition("\n")[0], "history")
    assert len(load(files.path).history) == 0


def test_missing_required_column_is_named(files: Files) -> None:
    rewrite(files, lambda text: text.replace("category", "categroy", 1))
    row, column, message, hint = only(files, "missing-column")
    assert (row, column, message) == (1, "category", "required column 'category' is missing")
    assert "'categroy'" in hint
    assert "人员类别" in hint


def test_other_separator_is_recognised(files: Files) -> None:
    rewrite(files, lambda text: text.replace(",", "\t"))
    defects = [d for d in defects_of(files.path) if d.code == "missing-column"]
    assert {d.column for d in defects} == {c.name for c in COLUMNS["cadres"] if c.required}
    assert all("save the file with commas" in d.hint for d in defects)


def test_doubled_header_is_refused_also_in_two_languages(files: Files) -> None:
    rewrite(files, lambda text: text.replace("birth_year", "类别", 1).replace("tags", "人员类别", 1))
    row, column, message, _ = only(files, "doubled-column")
    assert (row, column) == (1, "category")
    assert "'category', '人员类别'" in message


def test_value_under_a_blank_header_is_refused(files: Files) -> None:
    rewrite(files, lambda text: text.replace("birth_year", "", 1))
    assert only(files, "blank-header")[0] == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("C9,某,11\n", "the row has 3 cells, the header 11"),
        ("C9,某,11,,head,a,no,,,x,1,2\n", "the row has 12 cells, the header 11"),
    ],
)
def test_row_of_another_length_is_refused(files: Files, row: str, message: str) -> None:
    rewrite(files, lambda text: text + row)
    found = [d for d in defects_of(files.path) if d.code == "ragged-row"]
    assert [(d.row, d.message) for d in found] == [(6, message)]


def test_open_quotation_mark_is_refused(files: Files) -> None:
    rewrite(files, lambda text: text.replace("丙", '"丙'))
    assert only(files, "broken-csv")[0] == 4


def book(files: Files) -> tuple[openpyxl.Workbook, Path]:
    """The workbook of the cadres, to be changed and saved."""
    files.suffix = ".xlsx"
    files.write()
    path = files.folder / "tables" / "cadres.xlsx"
    return openpyxl.load_workbook(path), path


def test_merged_header_cells_are_refused(files: Files) -> None:
    workbook, path = book(files)
    workbook.active.merge_cells("B1:C1")
    workbook.save(path)
    row, column, message, _ = only(files, "merged-header")
    assert (row, column, message) == (1, "B", "the header has merged cells B1:C1")


def test_merged_cells_below_the_header_are_refused(files: Files) -> None:
    workbook, path = book(files)
    workbook.active.merge_cells("D2:D3")
    workbook.save(path)
    row, column, message, _ = only(files, "merged-cells")
    assert (row, column, message) == (2, "D", "there are merged cells D2:D3")


def test_missing_sheet_is_refused_with_the_sheets_there_are(files: Files) -> None:
    workbook, path = book(files)
    workbook.active.title = "cadre"
    workbook.create_sheet("notes")
    workbook.save(path)
    _, _, message, hint = only(files, "missing-sheet")
    assert "'cadre', 'notes'" in message
    assert hint == "did you mean 'cadre'?"
    del workbook["notes"]  # A single sheet is the table, whatever its name.
    workbook.save(path)
    load(files.path)


def test_excel_errors_and_formulas_without_value_are_refused(files: Files) -> None:
    workbook, path = book(files)
    workbook.active["J2"] = "=1/0"
    workbook.active["B3"] = "#N/A"
    workbook.save(path)
    found = {(d.row, d.column): d.message for d in defects_of(files.path) if d.code == "excel-error"}
    assert found == {
        (2, "J"): "the cell holds a formula without a value",
        (3, "B"): "the cell holds the Excel error #N/A",
    }


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_damaged_file_is_refused(files: Files, suffix: str) -> None:
    files.suffix = suffix
    files.write()
    (files.folder / "tables" / f"cadres{suffix}").write_bytes(b"not what the ending says")
    only(files, "unreadable-file")


def test_sheet_is_named_in_the_place(files: Files) -> None:
    files.tables["cadres"][1]["headcount"] = "two"
    files.suffix = ".xlsx"
    (defect,) = files.defects()
    assert defect.file.endswith("cadres.xlsx[cadres]")
    assert (defect.row, defect.column) == (3, "headcount")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_without_anything_keep_their_number_and_blanks_are_told(files: Files, suffix: str) -> None:
    files.suffix = suffix
    rows = files.tables["cadres"]
    blank = dict.fromkeys(rows[0], " ")
    wrong = {**rows[1], "headcount": "two"}
    rows[:] = [{**rows[0], "post": " head "}, blank, wrong, *rows[2:]]
    (defect,) = files.defects()
    assert (defect.row, defect.column) == (4, "headcount")  # The heading is row 1, nothing stands in row 3.
    wrong["headcount"] = ""
    rows[2] = wrong
    inputs = files.load()
    assert (len(inputs.cadres), inputs.cadres["post"].iat[0]) == (len(rows) - 1, "head")
    (trimmed,) = (note for note in inputs.notes if isinstance(note, Message) and note.code == "note.trimmed")
    assert trimmed.parameters["count"] == 1


def test_parquet_dates_and_lists_are_read(files: Files) -> None:
    files.suffix = ".parquet"
    files.write()
    path = files.folder / "tables" / "cadres.parquet"
    frame = pd.read_parquet(path)
    frame["appointed_on"] = [date(2016, 5, 1), None, None, None]
    frame["tags"] = [["young", "expert"], [], ["young"], None]
    frame.to_parquet(path, index=False)
    inputs = load(files.path)
    assert inputs.cadres["tags"].tolist() == ["young;expert", "", "young", ""]
    assert inputs.cadres["appointed_on"].iat[0] == pd.Timestamp(2016, 5, 1)


@pytest.mark.parametrize(
    ("file", "advice"),
    [("units.doc", ".csv, .xlsx, .parquet"), ("units.xls", "save it as"), ("units.xlsm", "save it as")],
)
def test_unknown_file_type_is_refused(files: Files, file: str, advice: str) -> None:
    files.write()
    (files.folder / file).write_bytes(b"x")
    write_toml(files.path, {**SCENARIO, "tables": {name: f"tables/{name}.csv" for name in TABLES} | {"units": file}})
    assert advice in only(files, "file-type")[3]


def test_inputs_hold_every_field_of_the_record(files: Files) -> None:
    inputs = files.load()
    assert all(getattr(inputs, one.name) for one in fields(Inputs) if one.name not in (*FRAMES, "merged"))
