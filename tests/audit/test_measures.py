"""Measures that do not judge the plan: curriculum and report."""

import pytest

from allocator.audit import audit
from allocator.domain.errors import ModelError
from tests.audit.builders import HISTORY, inputs, plan, rule


def judged(given, text=""):
    return audit(plan(given, text), given)["judged"]


# ---------------------------------------------------------------------- curriculum


@pytest.mark.parametrize(
    ("fields", "missed"),
    [
        # theory 60 of 75 hours and 10 days, spirit 20 of 37.5 and 5 days, both 90 of 225 and 30 days, short 0 of 15.
        ({"columns": ["theory_hours"], "share": "0.4"}, {"short"}),
        ({"columns": ["theory_hours"], "share": "0.41"}, {"short", "both"}),
        ({"columns": ["theory_hours"], "share": "0.8", "least_days": 10}, {"both"}),
        ({"columns": ["theory_hours"], "share": "0.81", "least_days": 10}, {"both", "theory"}),
        ({"requires": "party_analysis"}, {"spirit", "short"}),
        ({"requires": "theory_hours"}, {"short"}),
        ({"days_min": 5}, {"short"}),
        ({"days_min": 6}, {"short", "spirit"}),
        ({"days_max": 10}, {"both"}),
        ({"days_max": 9, "programmes": {"programme_id": ["theory"]}}, {"theory"}),
    ],
)
def test_curriculum_lists_the_programmes_that_miss(fields, missed):
    verdict = judged(inputs(rule("curriculum", **fields)))
    assert {row.scope for row in verdict.finding.rows} - {"all"} == missed
    assert verdict.shortfall == len(missed) and verdict.status == "reported"


def test_curriculum_that_is_hard_breaches_but_no_goal_counts_it():
    given = inputs(rule("curriculum", strength="hard", days_min=5))
    report = audit(plan(given, ""), given)
    assert not report.is_clean and report.goals["violation"] == 0


def test_curriculum_refuses_a_column_the_programmes_lack():
    given = inputs(rule("curriculum", requires="exam"))
    with pytest.raises(ModelError, match="exam"):
        audit(plan(given, ""), given)


# ---------------------------------------------------------------------- report


def achieved(given, text=""):
    return [row.achieved for row in judged(given, text).finding.rows]


def test_report_people_and_rate():
    heads = {"category": ["head"]}
    years = (2019, 2020)
    assert achieved(inputs(rule("report", measure="people", audience=heads), years=years), "a@t19 a@p19 c@t20") == [
        1,
        0,
    ]
    text = "a@t19 b@t20 d@t20 c@t20"
    assert achieved(inputs(rule("report", measure="rate", audience=heads), years=years), text) == [0.3333, 0.6667]
    percent = inputs(rule("report", measure="rate", unit="percent", audience=heads), years=years)
    assert achieved(percent, text) == [33.3333, 66.6667]


def test_report_shows_the_distance_from_the_figure_and_breaches_nothing():
    given = inputs(rule("report", measure="people", amount=3), years=(2019,))
    verdict = judged(given, "a@t19")
    assert (verdict.status, verdict.shortfall) == ("reported", 2)
    assert audit(plan(given, ""), given).is_clean
    assert judged(given, "a@t19 b@t19 c@t19").shortfall == 0


def test_report_hours_per_head_leaves_online_classes_out():
    # n-team has 3 people: 75 + 15 hours, 30 a head.
    audience = {"team_id": ["n-team"]}
    given = inputs(rule("report", measure="hours-per-head", audience=audience), years=(2019,))
    assert achieved(given, "a@t19 b@s19 d@t19") == [30]


def test_report_online_hours_are_those_on_record_and_those_credited():
    history = f"{HISTORY}\na | | 2019-05-01 | 2019-05-05 | 5 | 30 | theory | online | true"
    given = inputs(
        rule("report", measure="online-hours-per-head", audience={"team_id": ["n-team"]}),
        rule("cumulative", id="c", hours=90, credit_hours=6, audience={"category": ["head"]}),
        history=history,
        years=(2019, 2020),
    )
    # 30 on record and 6 credited to each of the two heads, over 3 people; a year later only the credit.
    assert achieved(given) == [14, 4]


@pytest.mark.parametrize(
    ("measure", "value"),
    [("people", 1), ("rate", 1), ("hours-per-head", 75), ("online-hours-per-head", 30), ("away-peak", 1)],
)
def test_report_of_one_person_and_one_year_divides_by_one(measure, value):
    history = f"{HISTORY}\na | | 2019-05-01 | 2019-05-05 | 5 | 30 | theory | online | true"
    given = inputs(rule("report", measure=measure, audience={"cadre_id": ["a"]}), history=history, years=(2019,))
    verdict = judged(given, "a@t19 b@t19")
    assert verdict.achieved == value == verdict.finding.rows[0].achieved


def test_report_sessions_held():
    given = inputs(rule("report", measure="sessions", programmes={"programme_id": ["theory"]}))
    assert achieved(given, "a@t19 b@t19 a@t19b a@p19 a@t20") == [2, 1, 0, 0]


def test_report_away_peak_counts_people_of_one_week():
    # t19 runs from Monday 4 to 13 March, s19 on 13 and 14 March: in the second week a, b and d of 10 people are away.
    given = inputs(rule("report", measure="away-peak"), years=(2019,))
    assert achieved(given, "a@t19 b@t19 a@s19 d@s19 c@b19 e@p19") == [0.3]
    assert achieved(given, "g@t19*4") == [0.4]


def test_report_deadline_and_document_are_listed_without_a_measure():
    report_of = judged(inputs(rule("report", measure="deadline", amount=2021)))
    assert report_of.finding.rows[0].year == 2020 and report_of.finding.achieved is None
    assert "31 December 2020" in report_of.finding.note and "2020年12月31日" in report_of.finding.note_zh
    given = inputs(rule("report", measure="document", audience={"category": ["nobody"]}))
    report = audit(plan(given, ""), given)
    assert report["judged"].status == "reported" and report["judged"].finding.note and not report.warnings
