"""Dispatch workbooks and unit schedules, read back the way Excel reads them."""

import io
import time
from pathlib import PurePosixPath

import openpyxl
import pytest

from allocator.reports.dispatch import busy_weeks, dispatch, weeks_of
from allocator.reports.material import Material
from allocator.reports.texts import Texts
from allocator.reports.units import file_names, unit_workbooks

from .builders import run

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://example.org")',
    "http://example.org",
    "<b>x</b>",
    "𠮷·王",
]


def material(lang="zh", **replaced):
    """Material of a small run."""
    return Material(*run(**replaced).parts, Texts(lang))


def opened(content):
    """The workbook as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(content))


def values(sheet):
    """All cell values of a sheet that are not empty."""
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize("name", FORMULAS)
def test_name_from_data_stays_text_everywhere(name):
    made = material(name=name)
    books = [dispatch(made, 2019), dict(unit_workbooks(made))["0410100.xlsx"]]
    for content in books:
        book = opened(content)
        cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
        assert [c.data_type for c in cells if c.value == name] and {c.data_type for c in cells if c.value == name} == {
            "s"
        }
        assert not [c for c in cells if c.data_type == "f"]
        assert not [c for c in cells if c.hyperlink]


def test_ids_keep_their_leading_zeros():
    book = opened(dispatch(material(), 2019))
    names = values(book["名单"])
    assert "0000000" in names and "张0" in names
    assert "0410100" in values(book["名额"])
    assert not {0, 410100} & {v for v in values(book["名额"]) if not isinstance(v, str)}


def test_dispatch_has_the_clauses_with_status_and_colour():
    book = opened(dispatch(material(without=[("school-2019", 1)]), 2019))
    sheet = book["条款"]
    rows = {row[1].value: row for row in sheet.iter_rows() if row[1].value}
    assert [cell.value for cell in rows["党校名额"]][4:8] == [
        4,
        1,
        "人",
        "不符合",
    ]  # Two counties less one, four asked for.
    assert [cell.value for cell in rows["不少于两人"]][4:8] == [2, 3, "人", "符合"]
    assert rows["党校名额"][7].fill.start_color.rgb != rows["不少于两人"][7].fill.start_color.rgb
    # Two teams are judged, and without the second one's traveller one of them keeps it.
    assert [cell.value for cell in rows["班子五分之一"]][4:9] == [2, 1, "个班子或单位", "不符合", 1]
    assert rows["班子五分之一"][9].value.endswith("; 第2县 (0410101-team) 0/1")


def test_names_stand_in_blocks_with_the_reason_of_every_seat():
    sheet = opened(dispatch(material("en"), 2020))["Names"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    block = next(n for n, row in enumerate(rows) if row[0] == "school-2020")
    assert rows[block][1] == "Main class  dates 2020-03-04/2020-04-02  place 省委党校  2 people"
    assert rows[block + 1] == [
        "school-2020",
        1,
        "0000001",
        "张1",
        "County 1",
        "member",
        "副县处级",
        1,
        "School places; One fifth of each team",
    ]


def test_reason_names_the_most_particular_rules_first():
    made = material("en")
    assert made.reason("hours;fifth;school") == "School places; One fifth of each team; 550 hours"
    assert made.reason("hours;fifth;late;young;school") == "School places; Make-up; Young list; 2 more"
    assert made.reason("") == ""


def test_every_sheet_prints_on_a4_landscape_one_page_wide():
    made = material()
    for content in (dispatch(made, 2019), dict(unit_workbooks(made))["0410100.xlsx"]):
        for sheet in opened(content):
            assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
            assert sheet.page_setup.fitToHeight in (0, "0") and sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.freeze_panes and sheet.print_title_rows


def test_tables_can_be_filtered_and_columns_fit_chinese():
    book = opened(dispatch(material(), 2019))
    assert all(book[name].auto_filter.ref for name in ("条款", "班次", "名额", "单位合计", "名单"))
    # The dates are 21 characters, the place 4 Chinese ones of two each.
    widths = [book["班次"].column_dimensions[c].width for c in "DE"]
    assert widths[0] >= 8 and widths[1] >= 21


def test_same_run_gives_the_same_bytes():
    first = dispatch(material(), 2019)
    time.sleep(1.1)  # A clock in the file would show.
    assert dispatch(material(), 2019) == first


def test_unit_workbook_has_only_its_own_people():
    made = material(counties=3)
    books = dict(unit_workbooks(made))
    own = {c for c, u in made.inputs.cadres[["cadre_id", "unit_id"]].itertuples(index=False) if u == "0410101"}
    others = set(made.inputs.cadres["cadre_id"]) - own
    seen = {str(v) for sheet in opened(books["0410101.xlsx"]) for v in values(sheet)}
    assert own <= seen and not others & seen
    assert "9.xlsx" not in books  # Nobody works there.


def test_unit_workbook_says_what_is_owed_overdue_and_the_count_of_the_team():
    book = opened(dict(unit_workbooks(material()))["0410100.xlsx"])
    first = next(row for row in book["人员"].iter_rows(values_only=True) if row[0] == "0000000")
    assert first[5] == "党校主体班" and first[9:] == (None, "325 学时(累计学时,至 2022 年)")
    second = next(row for row in book["人员"].iter_rows(values_only=True) if row[0] == "0000001")
    assert second[9] == "2019"  # Goes in 2020, and was never before.
    assert [row[2:] for row in book["班子比例"].iter_rows(min_row=2, values_only=True)] == [
        (y, 5, 1, 1, "符合") for y in (2019, 2020, 2021, 2022)
    ]


def test_index_lists_the_files_and_defuses_names():
    made = material()
    made.inputs.units.loc[made.inputs.units["unit_id"] == "0410100", "name"] = "=cmd()"
    index = dict(unit_workbooks(made))["index.csv"].decode("utf-8-sig").splitlines()
    # Five members and a group of 30; the members use 4 seats, the group 3 in each of four years.
    assert index[1] == "0410100,'=cmd(),0410100.xlsx,35,16"


@pytest.mark.parametrize("unit_id", ["../../etc/passwd", "a/b", "a\\b", "CON", "index", "..", "x" * 300, "a:b", "市"])
def test_file_name_is_safe_whatever_the_id(unit_id):
    name = file_names([unit_id])[unit_id]
    assert PurePosixPath(name).name == name and "\\" not in name and ":" not in name and not name.startswith(".")
    assert len(name.encode()) < 255 and name.split(".")[0].upper() not in {"CON", "INDEX"}


def test_file_names_differ_where_ids_differ_only_in_case():
    names = file_names(["a/b", "a_b", "A_B"])
    assert len({name.casefold() for name in names.values()}) == 3


def test_weeks_cover_the_year_from_monday_to_sunday():
    weeks = weeks_of(2019)  # 1 January 2019 was a Tuesday, 31 December too.
    assert (weeks[0].isoformat(), weeks[-1].isoformat(), len(weeks)) == ("2018-12-31", "2019-12-30", 53)


def test_session_is_busy_in_every_week_it_touches():
    inputs = run().inputs
    weeks = weeks_of(2019)
    busy = busy_weeks(inputs.segments, inputs.sessions["session_id"], weeks)
    school = list(inputs.sessions["session_id"]).index("school-2019")  # Monday 4 March to Tuesday 2 April: five weeks.
    assert [weeks[n].isoformat() for n in busy[school].nonzero()[0]] == [
        "2019-03-04",
        "2019-03-11",
        "2019-03-18",
        "2019-03-25",
        "2019-04-01",
    ]
