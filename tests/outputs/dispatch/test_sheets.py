"""Every sheet of the dispatch workbook against the plan and the audit it is made from."""

import io
import zipfile
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest

from allocator.audit import audit
from allocator.domain.tables import Policy
from allocator.language.texts import Texts
from allocator.outputs.dispatch import dispatch
from allocator.outputs.dispatch.names import ranges
from allocator.outputs.output_data import Material
from tests.outputs.builders import run

SHEETS = ["Cover", "Clauses", "Programmes", "Sessions", "Seats", "Units", "Names", "Reserves", "Weeks", "Calendar", "Overdue",
          "Still owed"]  # fmt: skip


def material(lang="en", **replaced):
    """Material of a small run."""
    return Material(*run(**replaced).parts, Texts(lang))


def opened(made, year=2019):
    """The workbook of a year as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(dispatch(made, year)))


def table(sheet, first):
    """The rows below the heading whose first cell is ``first``, as dictionaries."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    top = next(n for n, row in enumerate(rows) if row[0] == first)
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]]


def test_sheets_stand_in_their_order_in_the_language_chosen():
    assert opened(material()).sheetnames == SHEETS
    chinese = ["封面", "条款", "项目", "班次", "名额", "单位合计", "名单", "候补", "每周汇总", "周历", "逾期", "尚欠"]
    assert opened(material("zh")).sheetnames == chinese


def test_cover_has_the_totals_and_the_proof():
    made = material()
    rows = {row[0]: row[1:] for row in opened(made)["Cover"].iter_rows(values_only=True) if row[0]}
    placements = made.plan.placements[made.plan.placements["year"] == 2019]
    assert rows["Seats used"][0] == placements["headcount"].sum() == 5
    assert rows["Sessions held"][0] == 2 and rows["Hosts"][0] == 2 and rows["Units with seats"][0] == 2
    assert rows["Fingerprint of the plan (SHA-256)"][0] == made.plan.sha256
    assert rows["Seed of the draw that breaks ties"][0] == "seed"
    assert rows["Quota shortfall"][:5] == ("seats", 100, 99.5, "0.50 %", "not proven")
    assert rows["Priorities of the policy"][:5] == ("points", None, None, "—", "no value")
    assert [rows[name][0] for name in SHEETS[1:]] == [made.texts(f"contents.{code}") for code in (
        "clauses", "programmes", "sessions", "seats", "units", "names", "reserves", "by-week", "calendar", "overdue", "owed",
    )]  # fmt: skip


def test_cover_counts_the_breaches_of_the_audit():
    made = material(without=[("school-2019", 1)])
    rows = {row[0]: row[1:] for row in opened(made)["Cover"].iter_rows(values_only=True) if row[0]}
    breached = sum(verdict.is_breached for verdict in made.audit.verdicts)
    assert breached and rows["Independent audit (whole plan)"][0] == f"{breached} hard rules breached"
    table_rows = table(opened(made)["Clauses"], "Clause")
    counts = Counter(row["Status"] for row in table_rows)
    assert rows["Rules in 2019"][0] == ", ".join(f"{counts[s]} {s}" for s in ("kept", "breached", "reported"))


def test_cover_says_when_a_plan_was_not_solved_here():
    made = replace(material(), result=None)
    values = [row[0] for row in opened(made)["Cover"].iter_rows(values_only=True)]
    assert made.texts("cover.no-goals") in values


def test_seats_are_those_of_the_plan_below_the_total_of_their_unit():
    made = material(counties=3)
    sheet = opened(made)["Seats"]
    rows = table(sheet, "Unit id")
    totals = {row["Unit id"]: row["Unit total"] for row in rows if row["Unit total"] is not None}
    single = {(row["Unit id"], row["Session"]): row["People"] for row in rows if row["Unit total"] is None}
    seats = made.plan.seats
    seats = seats[seats["year"] == 2019]
    assert single == {(u, s): n for u, s, n in zip(seats["unit_id"], seats["session_id"], seats["seats"], strict=True)}
    assert totals == seats.groupby("unit_id")["seats"].sum().to_dict()
    levels = {sheet.cell(n, 9).value is None: sheet.row_dimensions[n].outlineLevel for n in range(3, sheet.max_row + 1)}
    assert levels == {True: 1, False: 0}  # Rows of sessions fold away, totals stay.
    assert not sheet.sheet_properties.outlinePr.summaryBelow


def test_programmes_and_sessions_add_up():
    book = opened(material())
    programmes = {row["Programme id"]: row for row in table(book["Programmes"], "Programme id")}
    assert [programmes["school"][c] for c in ("On offer", "Held", "Seats", "Filled", "Full")] == [1, 1, 40, 2, 0.05]
    sessions = {row["Session"]: row for row in table(book["Sessions"], "Session")}
    assert [sessions["base-2019"][c] for c in ("Dates", "Host", "Filled", "State")] == [
        "2019-09-02 to 09-06", "基地", 3, "held"
    ]  # fmt: skip


def test_session_without_people_is_shown_as_not_held():
    made = material(without=[("base-2019", 0)])
    sessions = {row["Session"]: row for row in table(opened(made)["Sessions"], "Session")}
    assert sessions["base-2019"]["State"] == "not held" and sessions["base-2019"]["Filled"] == 0


def test_unit_totals_have_units_without_seats_but_none_without_people():
    rows = {row["Unit id"]: row for row in table(opened(material(without=[("school-2019", 1)]))["Units"], "Unit id")}
    assert rows["0410101"]["Headcount"] == 5 and rows["0410101"]["Total"] == 0
    assert "9" not in rows and rows["0410100"]["Total"] == 4


def test_nothing_is_short_where_nothing_is_asked_for():
    made = material()
    rate = {"id": "rate", "kind": "report", "title": "Rate", "title_zh": "率", "measure": "rate"}
    policy = Policy.model_validate({"id": "p", "title": "P", "title_zh": "政策", "rules": (rate,)})
    inputs = replace(made.inputs, policy=policy)
    made = replace(made, inputs=inputs, audit=audit(made.plan, inputs))
    row = next(row for row in table(opened(made)["Clauses"], "Clause") if row["Title"] == "Rate")
    assert row["Achieved"] > 0 and row["Required"] is None and row["Shortfall"] is None


def test_numbers_in_notes_have_their_thousands():
    made = material("zh")
    cadres = made.inputs.cadres
    many = pd.concat([cadres, *(cadres.iloc[[0]].assign(cadre_id=f"m{n}", unit_id=f"u{n}") for n in range(1200))])
    made = replace(made, inputs=replace(made.inputs, cadres=many.reset_index(drop=True)))
    assert opened(made)["单位合计"]["A1"].value.startswith("共 1,202 个单位，其中 1,200 个")


def test_names_stand_by_unit_rank_and_post():
    made = material(counties=1)
    ranks = ["副处级", "正处级", "正处级", "副厅级", "不明"]
    posts = ["member", "deputy-director", "director", "", "director"]
    inputs, placements = made.inputs, made.plan.placements
    cadres = inputs.cadres.assign(rank=[*ranks, ""], post=[*posts, ""], principal=False)
    seats = placements[placements["session_id"] == "school-2019"]
    five = pd.concat([seats.assign(cadre_id=f"000000{n}") for n in range(5)], ignore_index=True)
    made = replace(made, inputs=replace(inputs, cadres=cadres), plan=replace(made.plan, placements=five))
    rows = [row for row in table(opened(made)["Names"], "Session") if row["No."] in range(1, 6)]
    assert [row["Cadre id"] for row in rows] == ["0000003", "0000002", "0000001", "0000000", "0000004"]


def test_names_and_reserves_point_at_each_other():
    made = material(counties=3)
    book = opened(made)
    names = {(row["Session"], row["No."]): row for row in table(book["Names"], "Session") if row["Cadre id"]}
    reserves = [row for row in table(book["Reserves"], "Session") if row["Cadre id"]]
    expected = made.reserves.of_year(2019)
    assert [(row["Session"], row["Reserve"], row["Cadre id"]) for row in reserves] == [r[:3] for r in expected]
    assert [row["Draw"] for row in reserves] == [f"{r.draw:016x}" for r in expected]
    for reserve, row in zip(expected, reserves, strict=True):
        numbers = sorted(n for (_, n), seat in names.items() if seat["Cadre id"] in reserve.stands_in)
        assert row["May stand in for no."] == ", ".join(ranges(numbers))
        assert all(str(reserve.number) in names["school-2019", n]["Reserves"] for n in numbers)
    assert names["base-2019", 1]["Reserves"] == "unit"  # A group sends somebody else.


def test_weeks_count_sessions_hosts_and_people():
    rows = {row["Monday"]: row for row in table(opened(material(counties=3))["Weeks"], "Week")}
    columns = ("Sessions", "Hosts", "People", "New", "Programmes that begin")
    assert [rows["2019-03-04"][c] for c in columns] == [1, 1, 3, 1, "Main class"]
    assert [rows["2019-04-01"][c] for c in columns] == [1, 1, 3, None, None]
    assert [rows["2019-04-08"][c] for c in columns] == [None] * 5


def test_lists_are_those_of_the_audit():
    made = material()
    overdue = made.audit.overdue[made.audit.overdue["year"] == 2019]
    rows = table(opened(made)["Overdue"], "Cadre id")
    assert sorted(row["Cadre id"] for row in rows) == sorted(overdue["cadre_id"])
    assert {row["Rule"] for row in rows} == {"五 Make-up"} and {row["Last attended"] for row in rows} == {"never"}
    assert table(opened(made)["Still owed"], "Cadre id") == []
    owed = made.audit.owed
    rows = table(opened(made, 2022)["Still owed"], "Cadre id")
    assert {row["Cadre id"]: row["Hours owed"] for row in rows} == dict(
        zip(owed["cadre_id"], owed["owed"], strict=True)
    )


def test_page_setup_filters_and_panes():
    book = opened(material("zh"))
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes, sheet.title
        assert sheet.print_title_rows, sheet.title
        assert sheet.oddFooter.right.text == "第 &P 页，共 &N 页", sheet.title
        assert sheet.title in ("周历", "逾期") or sheet.auto_filter.ref or sheet.max_row < 5, sheet.title
    assert book["周历"].print_title_cols == "$A:$C" and book["周历"].page_setup.fitToWidth == 2
    # Notes are wrapped over the table; their text is longer than one column.
    assert "A1:J1" in {str(merged) for merged in book["名单"].merged_cells.ranges}


HOSTILE = [
    "<r><t>x</t></r>",
    "<r>&lt;</r>",
    "a&b<c>",
    "]]>",
    "_x0041_",
    "王\x07五",
    "二\n行",
    "司马" * 200,
    "𠮷·買買提",
    " 前后 ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_workbook_is_sound_whatever_a_name_holds(name):
    made = material(name=name)
    content = dispatch(made, 2019)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for part in parts.namelist():
            if part.endswith((".xml", ".rels")):
                ElementTree.fromstring(parts.read(part))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Names"]
    assert name.replace("\x07", " ") in [cell.value for cell in sheet["D"]]


def test_many_sessions_and_long_names_stay_readable():
    made = material("zh")
    inputs = made.inputs
    more = pd.concat([inputs.sessions, *(inputs.sessions.iloc[:1].assign(session_id=f"s{n}") for n in range(300))])
    units = inputs.units.assign(name=[f"{name}{'很长的单位名称' * 30}" for name in inputs.units["name"]])
    inputs = replace(inputs, sessions=more.reset_index(drop=True), units=units)
    book = opened(replace(made, inputs=inputs))
    assert len(table(book["班次"], "班次编号")) == 302
    widths = [column.width for sheet in book for column in sheet.column_dimensions.values()]
    assert max(widths) < 46
    row = next(row[0].row for row in book["名额"].iter_rows() if row[3].value == "school-2019")
    assert 100 < book["名额"].row_dimensions[row].height <= 409


def test_two_of_one_name_in_one_unit_stay_two():
    made = material(name="张0")
    made = replace(made, inputs=replace(made.inputs, cadres=made.inputs.cadres.assign(name="张三")))
    rows = [row for row in table(opened(made)["Names"], "Session") if row["Name"] == "张三"]
    assert len({row["Cadre id"] for row in rows}) == len(rows) == 3
