"""Plan files of any make: ours, and tables made by hand."""

import openpyxl
import pandas as pd
import pytest

from allocator.audit import audit, read_plan
from allocator.domain.errors import InputError
from allocator.domain.plan import COLUMNS
from tests.audit.builders import inputs, plan

GIVEN = inputs()
HAND = "cadre_id,session_id\na,t19\ng,t20\n"


def written(tmp_path, text, name="hand.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_text(text, encoding=encoding, newline="")
    return path


def workbook(tmp_path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
    path = tmp_path / "hand.xlsx"
    book.save(path)
    return path


def refused(path):
    with pytest.raises(InputError) as caught:
        read_plan(path, GIVEN)
    return caught.value.defects


def test_our_own_plan_comes_back_as_it_was_written(tmp_path):
    made = plan(GIVEN, "a@t19 b@t19 g@t20*3 d@p20")
    made.write(tmp_path / "plan.csv")
    back = read_plan(tmp_path / "plan.csv", GIVEN)
    assert back.to_csv() == made.to_csv() and back.sha256 == made.sha256
    pd.testing.assert_frame_equal(back.placements, made.placements)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_two_columns_are_enough_and_the_rest_comes_from_the_inputs(tmp_path, encoding):
    read = read_plan(written(tmp_path, HAND, encoding=encoding), GIVEN)
    assert tuple(read.placements.columns) == COLUMNS
    pd.testing.assert_frame_equal(read.placements, plan(GIVEN, "a@t19 g@t20*5").placements)


def test_chinese_headers_other_columns_and_blank_rows_are_read(tmp_path):
    text = "姓名,班次编号,人员编号,人数\n\n甲,t19,a,\n,,,\n村,t20,g,2\n"
    read = read_plan(written(tmp_path, text), GIVEN)
    pd.testing.assert_frame_equal(read.placements, plan(GIVEN, "a@t19 g@t20*2").placements)


def test_workbook_takes_the_sheet_with_the_columns_and_reads_numbers_as_ids(tmp_path):
    read = read_plan(
        workbook(tmp_path, [["说明"]], [["人员编号", "班次编号"], ["a", "t19"], [1001, "t19"], [None, None]]), GIVEN
    )
    assert list(read.placements["cadre_id"]) == ["1001", "a"]
    assert audit(read, GIVEN)["sessions-known"].shortfall == 1


def test_parquet_is_read(tmp_path):
    made = plan(GIVEN, "a@t19 g@t20*3")
    made.placements.to_parquet(tmp_path / "plan.parquet")
    pd.testing.assert_frame_equal(read_plan(tmp_path / "plan.parquet", GIVEN).placements, made.placements)


def test_unknown_ids_are_rows_of_the_audit_and_no_crash(tmp_path):
    read = read_plan(written(tmp_path, "cadre_id,session_id\nghost,t19\na,nowhere\nb,t19\n"), GIVEN)
    report = audit(read, GIVEN)
    assert report["sessions-known"].shortfall == 2
    assert {"ghost@t19: unknown cadre", "a@nowhere: unknown session"} <= set(report.breaches["scope"])


def test_what_the_file_states_is_kept_so_that_the_audit_can_object(tmp_path):
    text = "cadre_id,session_id,start_date,end_date\na,t19,2019-03-05,\nb,t19,2019-03-04,2019-03-13\n"
    assert audit(read_plan(written(tmp_path, text), GIVEN), GIVEN)["sessions-known"].shortfall == 1


@pytest.mark.parametrize(
    ("text", "row", "column", "words"),
    [
        ("cadre_id,when\na,t19\n", 1, "session_id", "missing"),
        ("cadre_id,人员编号,session_id\na,a,t19\n", 1, "人员编号", "twice"),
        ("cadre_id,session_id\na,\n", 2, "session_id", "empty"),
        ("cadre_id,session_id\n\n,t19\n", 3, "cadre_id", "empty"),
        ("cadre_id,session_id,headcount\na,t19,two\n", 2, "headcount", "'two'"),
        ("cadre_id,session_id,headcount\na,t19,0\n", 2, "headcount", "'0'"),
        ("cadre_id,session_id,headcount\na,t19,1.5\n", 2, "headcount", "'1.5'"),
        ("cadre_id,session_id,days\na,t19,-1\n", 2, "days", "'-1'"),
        ("cadre_id,session_id,days\na,t19,nan\n", 2, "days", "'nan'"),
        ("cadre_id,session_id,days\na,t19,inf\n", 2, "days", "'inf'"),
        ("cadre_id,session_id,start_date\na,t19,2019-02-30\n", 2, "start_date", "2019-02-30"),
        ("cadre_id,session_id,start_date\na,t19,3/4/2019\n", 2, "start_date", "3/4/2019"),
        ("cadre_id,session_id,fixed\na,t19,maybe\n", 2, "fixed", "maybe"),
        ("cadre_id,session_id\na,t19,more\n", 2, "", "more cells"),
        ("cadre_id,session_id\n", 0, "", "no placement"),
        ('cadre_id,session_id\n"a,t19\n', 0, "", "CSV"),
        ("", 0, "", "empty"),
    ],
)
def test_defects_name_file_row_and_column(tmp_path, text, row, column, words):
    path = written(tmp_path, text)
    (defect,) = refused(path)
    assert (defect.file, defect.row, defect.column) == (str(path), row, column)
    assert words in defect.message and defect.hint


def test_all_defects_are_told_at_once(tmp_path):
    text = "cadre_id,session_id,headcount,fixed\na,,x,true\n,t19,1,perhaps\n"
    assert [(d.row, d.column) for d in refused(written(tmp_path, text))] == [
        (2, "headcount"), (2, "session_id"), (3, "cadre_id"), (3, "fixed"),
    ]  # fmt: skip


def test_files_that_are_no_tables_are_refused(tmp_path):
    gbk = tmp_path / "gbk.csv"
    gbk.write_bytes("人员编号,班次编号\n甲,t19\n".encode("gb18030"))
    (defect,) = refused(gbk)
    assert "UTF-8" in defect.message and "UTF-8" in defect.hint
    assert "no such file" in refused(tmp_path / "gone.csv")[0].message
    assert "workbook" in refused(written(tmp_path, "not a zip", "broken.xlsx"))[0].message
    assert "Parquet" in refused(written(tmp_path, "not a table", "broken.parquet"))[0].message
    assert ".txt" in refused(written(tmp_path, HAND, "plan.txt"))[0].message
    assert (
        "no sheet"
        in refused(workbook(tmp_path, [["合并的标题", None], ["人员编号", "班次编号"], ["a", "t19"]]))[0].message
    )
