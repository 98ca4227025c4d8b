"""Rules against the tables: columns of filters, audiences and programmes, everyone, named call-ups."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.inputs.builders import Files, line_of

BAD_FILTERS: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("audience", {"categroy": ["head"]}, "unknown-column", "no column 'categroy' in the roster", "'category'"),
    ("audience", {"host_id": ["H1"]}, "unknown-column", "no column 'host_id' in the roster", "its columns are"),
    ("programmes", {"host_gruop": ["school"]}, "unknown-column", "'host_gruop' in the programmes", "'host_group'"),
    ("audience", {"not": {"any": [{"x1": 1}]}}, "unknown-column", "no column 'x1'", "its columns are"),
    ("audience", {"rank": {"min": 1}}, "filter-type", "column 'rank' holds text, a range needs numbers", "list"),
    ("audience", {"birth_year": {"min": date(1979, 1, 1)}}, "filter-type", "column 'birth_year' holds numbers", "numbers"),
    ("audience", {"appointed_on": {"max": 2018}}, "filter-type", "column 'appointed_on' holds dates", "2019-03-04"),
    ("audience", {"principal": ["true"]}, "filter-type", "column 'principal' holds true or false", "true or false"),
    ("audience", {"unit_id": [11]}, "filter-type", "column 'unit_id' holds text, 11 is none", "quotation marks"),
    ("audience", {"birth_year": ["1970"]}, "filter-type", "column 'birth_year' holds numbers", "without quotation"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "wanted", "code", "message", "hint"), BAD_FILTERS)
def test_filter_that_cannot_be_applied_is_refused(
    files: Files, field: str, wanted: dict[str, Any], code: str, message: str, hint: str
) -> None:
    files.rule("heads")[field] = wanted
    defect = files.defect(code)
    assert message in defect.message
    assert hint in defect.hint
    column = next(iter(wanted)) if "not" not in wanted else "x1"
    assert defect.file == "policy.toml"
    assert column in (files.folder / "policy.toml").read_text(encoding="utf-8").splitlines()[defect.row - 1]


@pytest.mark.parametrize(
    "wanted",
    [
        {"birth_year": {"min": 1970}},
        {"appointed_on": {"max": date(2016, 5, 1)}},
        {"tags": ["young"], "not": {"category": ["deputy"]}},
        {"unit_kind": ["county"]},
        {"any": [{"prefecture_id": ["12"]}, {"principal": True}]},
    ],
)
def test_filter_on_cadres_and_their_units_passes(files: Files, wanted: dict[str, Any]) -> None:
    files.rule("heads")["audience"] = wanted
    files.load()


def test_group_by_a_missing_column_is_refused(files: Files) -> None:
    files.rule("fifth")["group_by"] = "team"
    defect = files.defect("unknown-column")
    assert (defect.row, defect.hint) == (
        line_of(files.folder / "policy.toml", 'group_by = "team"'),
        "did you mean 'team_id'?",
    )


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("columns", ["theory"], "unknown-column"),
        ("requires", "analysis", "unknown-column"),
        ("columns", ["name"], "filter-type"),
    ],
)
def test_curriculum_names_columns_of_the_programmes(files: Files, key: str, value: Any, code: str) -> None:
    rule = {"id": "hours", "kind": "curriculum", "title": "Hours", "title_zh": "学时", "share": 0.2}
    files.policy["rules"].append({**rule, key: value})
    assert files.defect(code).column == f"rules.hours.{key}"
    files.policy["rules"][-1] = {**rule, "columns": ["theory_hours"], "requires": "party_analysis"}
    files.load()


def test_empty_audience_is_refused_with_the_slip_and_the_way_to_disable(files: Files) -> None:
    files.rule("heads")["audience"] = {"category": ["deputys"]}
    defect = files.defect("empty-audience")
    assert defect.row == line_of(files.folder / "policy.toml", "deputys") or "audience" in defect.column
    assert defect.message == "the filter of audience holds for nobody on the roster"
    assert "category 'deputys' never occurs, did you mean 'deputy'?" in defect.hint
    assert 'disable = ["heads"]' in defect.hint


def test_value_that_never_occurs_is_a_note_when_others_do(files: Files) -> None:
    files.rule("heads")["audience"] = {"category": ["head", "deputys"]}
    notes = files.load().notes
    assert "rule heads: audience names category 'deputys', which never occurs; 'deputy' does" in notes


def test_filter_that_matches_no_programme_is_refused(files: Files) -> None:
    files.rule("heads")["programmes"] = {"host_group": ["schol"]}
    defect = files.defect("empty-programmes")
    assert defect.message == "the filter of programmes holds for no programme"
    assert "did you mean 'school'?" in defect.hint


@pytest.mark.parametrize(("measure", "passes"), [("document", True), ("deadline", True), ("people", False)])
def test_measure_without_people_needs_no_audience(files: Files, measure: str, passes: bool) -> None:
    files.policy["rules"].append(
        {"id": "paper", "kind": "report", "title": "Paper", "title_zh": "文件", "measure": measure,
         "audience": {"category": ["nobody"]}}
    )  # fmt: skip
    if passes:
        files.load()
    else:
        assert files.defect("empty-audience").column == "rules.paper.audience"


def test_representation_among_nobody_is_refused(files: Files) -> None:
    files.policy["rules"].append(
        {"id": "women", "kind": "representation", "title": "Women", "title_zh": "女干部", "audience": {"tags": ["young"]},
         "among": {"rank": ["z"]}}
    )  # fmt: skip
    assert files.defect("empty-audience").column == "rules.women.among"


def test_rule_that_touches_no_group_or_no_year_is_noted(files: Files) -> None:
    files.rule("fifth")["audience"] = {"category": ["secretary"]}
    files.rule("heads")["years"] = [2031]
    notes = files.load().notes
    assert "rule fifth: nobody of its audience has a team_id, so it touches no group" in notes
    assert "rule heads: none of its years is in the horizon" in notes


def everyone(files: Files, **more: Any) -> dict[str, Any]:
    """A rule by which all of an audience must attend P1."""
    rule = files.rule("named")
    rule.update({"everyone": True, "audience": {"team_id": ["T1"]}, "programmes": {"programme_id": ["P1"]}, **more})
    return rule


def test_everyone_needs_seats_in_every_year(files: Files) -> None:
    everyone(files)
    for row in files.tables["sessions"][:2]:
        row["seats"] = "2"
    files.load()  # T1 has two members.
    files.tables["sessions"][1]["seats"] = "1"
    defect = files.defect("everyone-above-seats")
    assert defect.message == "2 people must all attend 'P1' in 2020, which has 1 seat that year"
    assert defect.row == line_of(files.folder / "policy.toml", "everyone = true")
    files.rule("named")["years"] = [2019]
    files.load()


def test_everyone_counts_headcounts(files: Files) -> None:
    everyone(files, audience={"category": ["secretary"]}, years=[2019])
    assert "40 people must all attend" in files.defect("everyone-above-seats").message


def test_everyone_counts_only_those_the_programme_serves(files: Files) -> None:
    # P2 serves unit 11 and what lies below: three cadres, not the group of 40 in unit 12.
    everyone(files, audience={}, programmes={"programme_id": ["P2"]}, years=[2019])
    files.load()


def test_everyone_needs_programmes(files: Files) -> None:
    del everyone(files)["programmes"]
    assert files.defect("missing-key").message == "everyone must attend, but the rule names no programmes"


def call(cadre: str, session: str) -> dict[str, str]:
    """A named call-up."""
    return {"cadre_id": cadre, "session_id": session}


def test_call_up_of_what_there_is_passes(files: Files) -> None:
    files.rule("named")["call_ups"] = [call("C1", "S1"), call("C1", "S2"), call("C2", "S1")]
    files.load()


NAMED: list[tuple[dict[str, Any], str, str]] = [
    ({"call_ups": [call("C11", "S1")]}, "unknown-cadre", "there is no cadre 'C11'"),
    ({"call_ups": [call("C1", "S11")]}, "unknown-session", "there is no session 'S11'"),
    ({"forbidden": [{"cadre_id": "C1", "programme_id": "P11"}]}, "unknown-programme", "there is no programme 'P11'"),
    ({"unavailable": [{"cadre_id": "C11", "from_date": date(2019, 1, 1), "to_date": date(2019, 1, 2)}]},
     "unknown-cadre", "there is no cadre 'C11'"),
    ({"unavailable": [{"cadre_id": "C1", "from_date": date(2019, 1, 2), "to_date": date(2019, 1, 1)}]},
     "bad-value", "the period ends on 2019-01-01, before it starts on 2019-01-02"),
    # S1 ends on 2019-03-08, the day S3 begins.
    ({"call_ups": [call("C1", "S1"), call("C1", "S3")]}, "overlapping-call-ups", "'S1' and 'S3', whose dates overlap"),
    ({"call_ups": [call("C1", "S1"), call("C1", "S1")]}, "doubled-call-up", "called up twice to session 'S1'"),
    ({"call_ups": [call("C1", "S1")], "forbidden": [{"cadre_id": "C1", "programme_id": "P1", "year": 2019}]},
     "forbidden-call-up", "is called up to 'S1', which is forbidden"),
    ({"call_ups": [call("C1", "S1")],
      "unavailable": [{"cadre_id": "C1", "from_date": date(2019, 3, 8), "to_date": date(2019, 3, 9)}]},
     "unavailable-call-up", "is unavailable from 2019-03-08 to 2019-03-09"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "message"), NAMED)
def test_named_entry_that_cannot_be_is_refused(files: Files, fields: dict[str, Any], code: str, message: str) -> None:
    files.rule("named").update(fields)
    defect = files.defect(code)
    assert message in defect.message
    assert (defect.file, defect.column.split(".")[:2]) == ("policy.toml", ["rules", "named"])


def test_entries_next_to_a_call_up_pass(files: Files) -> None:
    files.tables["sessions"][2]["segments"] = "2019-03-09/2019-03-20;2019-05-06/2019-05-10"  # A day after S1 ends.
    files.rule("named").update(
        call_ups=[call("C1", "S1"), call("C1", "S3")],
        forbidden=[{"cadre_id": "C1", "programme_id": "P1", "year": 2020}, {"cadre_id": "C2"}],
        unavailable=[
            {"cadre_id": "C1", "from_date": date(2019, 3, 1), "to_date": date(2019, 3, 3)},
            {"cadre_id": "C1", "from_date": date(2019, 4, 1), "to_date": date(2019, 4, 30)},  # Between the segments.
        ],
    )
    files.load()


def test_call_ups_of_two_rules_are_seen_together(files: Files) -> None:
    files.rule("named")["call_ups"] = [call("C1", "S1")]
    files.policy["rules"].append({**files.rule("named"), "id": "more", "call_ups": [call("C1", "S3")]})
    assert files.defect("overlapping-call-ups").column == "rules.more.call_ups.0"


def test_more_call_ups_than_usable_seats_are_refused(files: Files) -> None:
    files.tables["sessions"][2]["seats"] = "3"  # One of them is the observer's.
    files.rule("named")["call_ups"] = [call(cadre, "S3") for cadre in ("C1", "C2", "C3")]
    defect = files.defect("call-ups-above-seats")
    assert defect.message == "session 'S3' has 2 usable seats, this call-up is one more"
    assert defect.column == "rules.named.call_ups.2"
    files.rule("named")["call_ups"].pop()
    files.load()


def test_call_up_outside_the_plan_years_is_refused(files: Files) -> None:
    files.scenario["horizon"] = [2019]
    files.rule("named")["call_ups"] = [call("C1", "S2")]
    assert "session 'S2' is in 2020, outside the plan years" in files.defect("outside-horizon").message


def test_broken_table_silences_the_checks_that_rest_on_it(files: Files) -> None:
    # The category cell is empty, so the audience of 'heads' would be empty too; only the cell is reported.
    files.tables["cadres"][0]["category"] = ""
    assert files.defect("empty-cell").row == 2


def test_soft_rule_that_counts_as_violated_is_refused(files: Files) -> None:
    files.rule("fifth").update(strength="soft", goal="violation")
    defect = files.defect("soft-violation")
    assert defect.row == line_of(files.folder / "policy.toml", 'goal = "violation"')
    files.rule("fifth").update(goal="fairness")
    files.load()


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"strength": "hard", "goal": "fairness"}, "is hard, so what it misses counts to violation, not to fairness"),
        ({"strength": "hard", "goal": "violation"}, None),
        ({"strength": "soft"}, None),
    ],
)
def test_goal_that_does_not_count_is_a_note(files: Files, fields: dict[str, Any], note: str | None) -> None:
    files.rule("fifth").update(fields)
    found = [text for text in files.load().notes if "rule fifth" in text and "counts to" in text]
    assert (not found) if note is None else (note in found[0])


@pytest.mark.parametrize(
    ("kind", "fields", "note"),
    [
        ("coverage", {"window_years": 2}, None),
        ("coverage", {"window_years": 99}, "no span of 99 years lies in"),
        ("cumulative", {"hours": 9, "to_year": 2090}, "its window ends in 2090"),
        ("cumulative", {"hours": 9, "to_year": 2000, "from_year": 2000}, "lie outside the plan"),
        ("cumulative", {"hours": 9, "to_year": 2090, "per_year": True}, None),
        ("cumulative", {"hours": 9, "from_year": 2000}, None),
    ],
)
def test_years_that_do_not_meet_the_plan_are_a_note(
    files: Files, kind: str, fields: dict[str, Any], note: str | None
) -> None:
    head = {"id": "window", "kind": kind, "clause": "9", "title": "t", "title_zh": "t"}
    files.policy["rules"].append(head | fields)
    found = [text for text in files.load().notes if "rule window" in text]
    assert (not found) if note is None else (note in found[0])


def test_value_that_only_the_record_has_is_no_slip(files: Files) -> None:
    files.rule("heads")["programmes"] = {"host_group": ["school", "closed-school"]}
    assert any("closed-school" in note for note in files.load().notes)
    files.tables["history"][0]["host_group"] = "closed-school"
    assert not any("closed-school" in note for note in files.load().notes)
