"""A planner's own workbook: Chinese names of sheets and columns, titles above the header, findings of an earlier check."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from allocator.domain.tables import TABLES as COLUMNS
from allocator.inputs import load
from allocator.inputs.tables.headings import RESULT_COLUMN, TITLES, column_names, header_position, plain, sheets_of
from tests.inputs.builders import SCENARIO, Files, defects_of, write_toml
from tests.inputs.tables.test_read_tables import assert_same


def chinese(files: Files, titles: dict[str, str] | None = None) -> tuple[openpyxl.Workbook, Path]:
    """All tables in one workbook with Chinese headers and sheet names, named once in the scenario."""
    files.write()
    workbook = openpyxl.Workbook()
    workbook.active.title = "说明"
    for name, rows in files.tables.items():
        sheet = workbook.create_sheet((titles or {}).get(name, TITLES[name][0]))
        zh = {column.name: column.name_zh for column in COLUMNS[name]}
        sheet.append([zh[column] for column in rows[0]])
        for row in rows:
            sheet.append(list(row.values()))
    path = files.folder / "全部.xlsx"
    workbook.save(path)
    write_toml(files.path, {**SCENARIO, "tables": path.name})
    return workbook, path


@pytest.mark.parametrize("position", [0, 1, -1])
def test_chinese_workbook_is_read_like_the_english_files(files: Files, position: int) -> None:
    plain_inputs = files.load()
    chinese(files, {name: titles[position] for name, titles in TITLES.items()})
    assert_same(plain_inputs, load(files.path))


def test_headings_with_blanks_full_width_forms_and_marks_are_read(files: Files) -> None:
    plain_inputs = files.load()
    workbook, path = chinese(files)
    sheet = workbook["干部"]
    sheet["A1"], sheet["B1"], sheet["C1"], sheet["D1"] = "　人员 编号", "姓名＊", "单位编号（必填）", "Team ID"
    sheet.title = "干 部"
    workbook.save(path)
    assert_same(plain_inputs, load(files.path))


def test_titles_above_the_header_are_skipped_and_rows_keep_their_numbers(files: Files) -> None:
    plain_inputs = files.load()
    workbook, path = chinese(files)
    sheet = workbook["干部"]
    sheet.insert_rows(1, 2)
    sheet["A1"] = "2019年干部名册"
    sheet.merge_cells("A1:K1")
    workbook.save(path)
    assert_same(plain_inputs, load(files.path))
    sheet["G5"] = "也许"  # The second of the cadres: below the header in row 3.
    workbook.save(path)
    (defect,) = defects_of(files.path)
    assert (defect.code, defect.row, defect.column) == ("bad-flag", 5, "principal")
    sheet["G5"] = "否"
    sheet.merge_cells("C3:D3")
    workbook.save(path)
    assert {(d.code, d.row, d.column) for d in defects_of(files.path) if d.file.endswith("[干部]")} == {
        ("merged-header", 3, "C")
    }


def test_column_of_an_earlier_check_is_no_data(files: Files) -> None:
    plain_inputs = files.load()
    workbook, path = chinese(files)
    for title, heading in (("干部", RESULT_COLUMN["zh"]), ("单位", f"{RESULT_COLUMN['en']}: a column is missing")):
        sheet = workbook[title]
        column = sheet.max_column + 1
        for row, text in enumerate(
            [heading, "x", "#N/A", "=1+1", *[""] * 20, "a finding of a row since deleted"], start=1
        ):
            sheet.cell(row, column, text)
    workbook.save(path)
    assert_same(plain_inputs, load(files.path))


def test_two_sheets_of_one_table_are_refused(files: Files) -> None:
    workbook, path = chinese(files)
    workbook.create_sheet("花名册")
    workbook.save(path)
    (defect,) = (d for d in defects_of(files.path) if d.code == "ambiguous-sheet")
    assert "'干部'" in defect.message and "'花名册'" in defect.message
    workbook["花名册"].title = "旧名单"
    workbook.save(path)
    load(files.path)


def test_empty_sheet_and_a_locked_workbook_are_refused_clearly(files: Files) -> None:
    workbook, path = chinese(files)
    del workbook["班次"]
    workbook.create_sheet("班次")
    workbook.save(path)
    assert [(d.code, d.row) for d in defects_of(files.path) if d.file.endswith("[班次]")] == [("empty-file", 1)]
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512)
    assert all("password" in d.message for d in defects_of(files.path) if d.file.endswith(path.name))


def test_missing_chinese_column_suggests_the_nearest(files: Files) -> None:
    workbook, path = chinese(files)
    workbook["干部"]["E1"] = "人员类型"
    workbook.save(path)
    (defect,) = (d for d in defects_of(files.path) if d.code == "missing-column")
    assert defect.column == "category"
    assert "'人员类型'" in defect.hint


def test_names_are_told_apart() -> None:
    for columns in COLUMNS.values():
        headings = [plain(heading) for column in columns for heading in (column.name, column.name_zh)]
        assert len(set(headings)) == 2 * len(columns)
    titles = [plain(title) for names in TITLES.values() for title in names]
    assert len(set(titles)) == len(titles)
    assert sheets_of("cadres", ["Cadres", "units", "人 员", "人员说明"]) == ["Cadres", "人 员"]


def test_first_row_is_the_header_when_no_row_is_known() -> None:
    assert header_position("units", [["a"], ["b"]]) == 0
    assert header_position("units", [["单位编号"], ["单位编号", "单位名称"]]) == 1  # One known name may be a title.
    assert column_names("units", ["", "备注 1", RESULT_COLUMN["zh"]]) == [None, "备注 1", None]
