"""Dispatch workbooks, read back the way Excel reads them."""

import io
import time

import openpyxl
import pytest

from allocator.language.texts import Texts
from allocator.outputs.dispatch import busy_weeks, dispatch, weeks_of
from allocator.outputs.output_data import Material
from tests.outputs.builders import run

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
    book = opened(dispatch(made, 2019))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert {c.data_type for c in cells if c.value == name} == {"s"}
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
    assert rows["班子五分之一"][9].value.endswith("；第2县（0410101-team） 0/1")


def test_names_stand_in_blocks_with_the_reason_of_every_seat():
    sheet = opened(dispatch(material("en"), 2020))["Names"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    block = next(n for n, row in enumerate(rows) if row[0] == "school-2020")
    assert rows[block][1] == "Main class  dates 2020-03-04 to 04-02  host 省委党校  2 people"
    assert rows[block + 1][:9] == [
        "school-2020", 1, "0000001", "张1", "County 1", "member", "county-division level, deputy", 1, "四(一)(1) School places; 三 One fifth of each team"
    ]  # fmt: skip


def test_reason_names_the_most_particular_rules_first():
    made = material("en")
    assert made.reason("hours;fifth;school") == (
        "四(一)(1) School places; 三 One fifth of each team; 一(四)1 550 hours"
    )
    assert made.reason("hours;fifth;late;young;school") == (
        "四(一)(1) School places; 五 Make-up; 四(六) Young list; 2 more"
    )
    assert made.reason("") == ""


def test_every_sheet_prints_on_a4_landscape_one_page_wide():
    made = material()
    for sheet in opened(dispatch(made, 2019)):
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert (
            sheet.title == "封面" or sheet.page_setup.fitToHeight in (0, "0")
        ) and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.title == "封面" or (sheet.freeze_panes and sheet.print_title_rows)


def test_tables_can_be_filtered_and_columns_fit_chinese():
    book = opened(dispatch(material(), 2019))
    assert all(book[name].auto_filter.ref for name in ("条款", "班次", "名额", "单位合计", "名单"))
    # The dates are 19 characters, the host 4 Chinese ones of two each.
    widths = [book["班次"].column_dimensions[c].width for c in "DE"]
    assert widths[0] >= 8 and widths[1] >= 20


def test_same_run_gives_the_same_bytes():
    first = dispatch(material(), 2019)
    time.sleep(1.1)  # A clock in the file would show.
    assert dispatch(material(), 2019) == first


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
