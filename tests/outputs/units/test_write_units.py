"""What every unit gets: only its own people, in files that are safe and the same whoever writes them."""

import csv
import io
import time
from dataclasses import replace
from pathlib import PurePosixPath

import openpyxl
import pandas as pd
import pytest

from allocator.audit import audit
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units import AllUnits, file_stems, narrowed, unit_contents, unit_data, unit_files, write_units
from tests.outputs.builders import run

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://example.org")',
    "http://example.org",
    "<b>x</b>",
    "{{单位}}",
    "𠮷·王",
]


def material(lang="zh", **replaced):
    """Material of a small run."""
    return Material(*run(**replaced).parts, Texts(lang))


def workbooks(made):
    """The workbook of every unit by its id."""
    texts = made.texts
    return {
        u.unit_id: openpyxl.load_workbook(io.BytesIO(write_units.workbook(u, texts("font"), texts("dispatch.footer"))))
        for u in unit_contents(made)
    }


def values(book):
    """All cell values of a workbook that are not empty."""
    return [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def placed(made, like, **changed):
    """The run with one more placement: the first one of a cadre, changed."""
    table = made.plan.placements
    more = table[table["cadre_id"] == like].iloc[[0]].assign(**changed)
    return replace(made, plan=replace(made.plan, placements=pd.concat([table, more], ignore_index=True)))


def rows(sheet):
    """The rows of a sheet as tuples."""
    return list(sheet.iter_rows(values_only=True))


def written(folder, made):
    """A new folder with the files of all units."""
    folder.mkdir()
    every = AllUnits(made, unit_files(folder, made, None))
    every.list([line for share in every.shares for line in every.write(share)])
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# ---------------------------------------------------------------------- the workbook


def test_workbook_has_only_its_own_people():
    made = material(counties=3)
    own = {c for c, u in made.inputs.cadres[["cadre_id", "unit_id"]].itertuples(index=False) if u == "0410101"}
    others = set(made.inputs.cadres["cadre_id"]) - own
    seen = set(map(str, values(workbooks(made)["0410101"])))
    assert own <= seen and not others & seen


def test_person_is_shown_to_the_unit_of_the_roster_whatever_the_plan_says():
    made = material()
    made.plan.placements.loc[made.plan.placements["cadre_id"] == "0000000", "unit_id"] = "0410101"
    contents = {unit.unit_id: unit for unit in unit_contents(made)}
    assert "0000000" in repr(contents["0410100"]) and "0000000" not in repr(contents["0410101"])


@pytest.mark.parametrize("name", HOSTILE)
def test_name_from_data_stays_text(name):
    book = workbooks(material(name=name))["0410100"]
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert {c.data_type for c in cells if c.value == name} == {"s"}
    assert not [c for c in cells if c.data_type == "f" or c.hyperlink]


def test_every_sheet_prints_on_a4_landscape_with_titles_and_filter():
    for sheet in workbooks(material())["0410100"]:
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert sheet.page_setup.fitToHeight in (0, "0") and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.freeze_panes and sheet.print_title_rows and sheet.auto_filter.ref


def test_schedule_says_who_goes_when_and_where():
    schedule = rows(workbooks(material())["0410100"]["安排"])
    assert schedule[3][:10] == (
        2019, "0000000", "张0", "成员", "党校主体班", "school-2019", "2019-03-04 至 04-02", "省委党校", 30, 1,
    )  # fmt: skip
    assert schedule[4][1:3] == ("G1", "村书记") and schedule[4][9] == 3


def test_weeks_name_everybody_away():
    weeks = rows(workbooks(material())["0410100"]["离岗周历"])
    # The school class of 4 March to 2 April 2019 touches five weeks; 35 people are on the roster, five in the team.
    assert "35" in weeks[0][0] and "5" in weeks[0][0]
    assert [row[0] for row in weeks[2:7]] == ["2019-03-04", "2019-03-11", "2019-03-18", "2019-03-25", "2019-04-01"]
    assert weeks[2][1:] == ("2019-03-10", 1, 1 / 35, 1, 1 / 5, "张0")
    group = next(row for row in weeks if row[0] == "2019-09-02")
    assert group[2:] == (3, 3 / 35, 0, 0, "村书记（3 人）")


def test_person_in_two_classes_of_a_week_is_away_once():
    made = placed(material(), "0000000", session_id="other")
    weeks = rows(workbooks(made)["0410100"]["离岗周历"])
    assert [(row[2], row[6]) for row in weeks if row[0] == "2019-03-04"] == [(1, "张0")]


def test_many_names_continue_in_the_row_below(monkeypatch):
    monkeypatch.setattr(unit_data, "NAMES_IN_A_ROW", 1)
    made = placed(material(), "0000000", cadre_id="0000001")
    weeks = [row for row in rows(workbooks(made)["0410100"]["离岗周历"]) if row[0] == "2019-03-04"]
    assert [(row[2], row[4], row[6]) for row in weeks] == [(2, 2, "张0"), (None, None, "张1")]


def test_two_of_one_name_are_told_apart():
    made = material(name="张1")
    weeks = rows(workbooks(made)["0410100"]["离岗周历"])
    assert next(row[6] for row in weeks if row[0] == "2019-03-04") == "张1（0000000）"
    assert {row[2] for row in rows(workbooks(made)["0410100"]["安排"])[3:] if row[1] == "0000000"} == {"张1"}


def test_members_have_what_they_did_what_is_planned_and_what_they_owe():
    made = material()
    past = {"cadre_id": "0000000", "programme_id": "base", "start_date": "2016-05-09", "end_date": "2016-05-13",
            "days": 5.0, "hours": 37.5, "content": "", "host_group": "bases", "online": False}  # fmt: skip
    history = pd.DataFrame([past]).astype({"start_date": "datetime64[ns]", "end_date": "datetime64[ns]"})
    history = history.assign(year=2016).astype(
        {"cadre_id": "str", "programme_id": "str", "content": "str", "host_group": "str"}
    )
    made = replace(made, inputs=replace(made.inputs, history=history))
    book = workbooks(made)["0410100"]
    first = next(row for row in rows(book["人员"]) if row[0] == "0000000")
    assert first[4:8] == (1, "2016-05-13", 37.5, "2019 年 党校主体班")
    # 225 hours in the plan leave 325 of 550.
    assert first[8:] == (30, None, "累计学时：2022 年底 325 学时")
    second = next(row for row in rows(book["人员"]) if row[0] == "0000001")
    assert second[5] is None and second[9] == "2019"  # Goes in 2020, and was never before.
    record = rows(book["以往培训"])
    assert record[2] == ("0000000", "张0", "基地班", "bases", "2016-05-09", "2016-05-13", 5, 37.5, None)


def test_who_owes_nothing_is_told_from_whom_no_rule_concerns():
    made = material()
    table = made.plan.placements.assign(hours=600.0)
    inputs = replace(made.inputs, programmes=made.inputs.programmes.assign(hours=600.0))
    again = run()
    plan = replace(again.plan, placements=table)
    made = Material(inputs, plan, audit(plan, inputs), again.result, Texts("zh"))
    owed = {row[0]: row[-1] for row in rows(workbooks(made)["0410100"]["人员"])}
    assert owed["0000000"] == "无" and owed["G1"] is None


def test_group_in_several_sessions_of_a_programme_is_one_line():
    made = placed(material(), "G1", headcount=1_200)
    group = next(row for row in rows(workbooks(made)["0410100"]["人员"]) if row[0] == "G1")
    assert group[7].split("；")[0] == "2019 年 基地班（1,203 人）" and group[7].count("2019") == 1


def test_debts_of_one_rule_stand_together():
    made = run()
    yearly = [
        rule.model_copy(update={"per_year": True}) if rule.id == "hours" else rule for rule in made.inputs.policy.rules
    ]
    inputs = replace(made.inputs, policy=made.inputs.policy.model_copy(update={"rules": tuple(yearly)}))
    made = Material(inputs, made.plan, audit(made.plan, inputs), made.result, Texts("zh"))
    owed = {row[0]: row[-1] for row in rows(workbooks(made)["0410100"]["人员"])}
    assert owed["0000000"] == "累计学时：2019 年底 325 学时、2020 年底 550 学时、2021 年底 550 学时、2022 年底 550 学时"


def test_people_of_a_unit_stand_in_the_order_of_the_office():
    made = material()
    cadres = made.inputs.cadres
    senior = cadres["rank"].where(cadres["cadre_id"] != "0000003", "正县处级")
    made = replace(made, inputs=replace(made.inputs, cadres=cadres.assign(rank=senior)))
    book = workbooks(made)["0410100"]
    assert [row[0] for row in rows(book["人员"])[2:5]] == ["0000003", "0000000", "0000001"]
    (notice,) = (
        one
        for one in unit_contents(placed(made, "0000000", cadre_id="0000003"))[0].notices
        if one.session_id == "school-2019"
    )
    assert [person["cadre_id"] for person in notice.people] == ["0000003", "0000000"]


def test_pages_of_a_unit_are_numbered_as_those_of_the_office():
    assert {sheet.oddFooter.right.text for sheet in workbooks(material())["0410100"]} == {"第 &P 页，共 &N 页"}


def test_team_has_its_count_of_every_year():
    sheet = rows(workbooks(material())["0410100"]["班子比例"])
    assert [row[2:] for row in sheet[2:]] == [(y, 5, 1, 1, 0.2, "符合") for y in (2019, 2020, 2021, 2022)]


def test_team_that_misses_says_so():
    sheet = rows(workbooks(material(without=[("school-2019", 1)]))["0410101"]["班子比例"])
    assert sheet[2][2:] == (2019, 5, 1, 0, 0, "不符合")


# ---------------------------------------------------------------------- the files


def test_unit_with_nobody_is_listed_and_gets_no_file(tmp_path):
    files = written(tmp_path / "units", material())
    assert not [name for name in files if name.startswith("9")]
    index = list(csv.DictReader(io.StringIO(files["index.csv"].decode("utf-8-sig"))))
    assert [row for row in index if row["unit_id"] == "9"] == [
        {"unit_id": "9", "name": "空单位", "file": "", "people": "0", "seats": "0", "calendar": "", "notices": ""}
    ]


def test_unit_that_sends_nobody_gets_a_workbook_that_says_so(tmp_path):
    made = material()
    table = made.plan.placements
    gone = table[table["unit_id"] != "0410101"].reset_index(drop=True)
    made = replace(made, plan=replace(made.plan, placements=gone))
    files = written(tmp_path / "units", made)
    assert {"0410101.xlsx"} == {name for name in files if name.startswith("0410101")}
    assert "计划期内本单位没有安排培训" in values(openpyxl.load_workbook(io.BytesIO(files["0410101.xlsx"])))


def test_index_lists_the_files_and_defuses_names(tmp_path):
    made = material()
    made.inputs.units.loc[made.inputs.units["unit_id"] == "0410100", "name"] = "=cmd()"
    index = written(tmp_path / "units", made)["index.csv"].decode("utf-8-sig").splitlines()
    # Five members and a group of 30; the members use 4 seats, the group 3 in each of four years.
    assert index[1] == "0410100,'=cmd(),0410100.xlsx,35,16,0410100.ics,0410100.docx"


@pytest.mark.parametrize(
    "unit_id",
    ["../../etc/passwd", "a/b", "a\\b", "CON", "con.x", "index", "..", "x" * 300, "市" * 90, "a:b", "市", "-a", "a."],
)
def test_file_name_is_safe_whatever_the_id(unit_id):
    name = file_stems([unit_id])[unit_id] + ".xlsx"
    assert PurePosixPath(name).name == name and "\\" not in name and ":" not in name and not name.startswith(".")
    assert len(name.encode()) < 255 and name.split(".")[0].upper() not in {"CON", "INDEX"}


def test_file_names_differ_where_ids_differ_only_in_case_or_at_the_end():
    names = file_stems(["a/b", "a_b", "A_B", "x" * 300 + "1", "x" * 300 + "2"])
    assert len({name.casefold() for name in names.values()}) == 5


def test_very_long_unit_name_is_kept_in_full(tmp_path):
    made = material()
    name = "关于推进全省干部教育培训工作高质量发展" * 20
    made.inputs.units.loc[made.inputs.units["unit_id"] == "0410100", "name"] = name
    files = written(tmp_path / "units", made)
    book = openpyxl.load_workbook(io.BytesIO(files["0410100.xlsx"]))
    assert name in book["安排"]["A1"].value and len(book["安排"].oddHeader.center.text) < 255


def test_same_run_gives_the_same_bytes(tmp_path):
    first = written(tmp_path / "a", material())
    time.sleep(1.1)  # A clock in a file would show.
    assert written(tmp_path / "b", material()) == first


def test_narrowed_unit_keeps_the_events_and_notices_asked_for():
    unit = unit_contents(material())[0]
    assert {event.year for event in narrowed(unit, years=[2020]).events} == {2020}
    assert {notice.session_id for notice in narrowed(unit, sessions=["base-2021"]).notices} == {"base-2021"}
    assert narrowed(unit) == unit and narrowed(unit, [2019], ["base-2021"]).notices == ()


def test_shares_cover_all_units_once(tmp_path, monkeypatch):
    monkeypatch.setattr(write_units, "SHARE", 3)
    made = material(counties=7)
    shares = AllUnits(made, unit_files(tmp_path, made, None))
    assert shares.shares == [(0, 3), (3, 6), (6, 7)]
    lines = [line.unit_id for share in shares.shares for line in shares.write(share)]
    assert lines == [unit.unit_id for unit in unit_contents(made)] and len(list(tmp_path.glob("*.xlsx"))) == 7
