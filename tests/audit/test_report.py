"""The report: seeded breaches of every kind are found, tables have the columns of the contract, idle rules are warned of."""

import pytest

from allocator.audit import BUILT_IN, MEASURES, audit
from allocator.audit.verdicts import COLUMNS, RULE_COLUMNS
from allocator.domain.rules import KINDS
from allocator.language.message import family
from tests.audit.builders import inputs, plan, rule

HEADS = {"category": ["head"]}
THEORY = {"programme_id": ["theory"]}
FULL = "a@t19 b@t19b c@p19 d@t19 e@p19 a@t22"

# A rule of each kind, a plan that keeps it, and a change of the plan that the auditor must notice: kind or built-in
# rule -> (fields, plan that keeps it, plan that does not, expected change of the shortfall).
SEEDED = {
    "eligibility": ({"audience": HEADS, "programmes": {"programme_id": ["spirit"]}}, "a@p19", "a@p19 c@p19", 1),
    "quota": ({"amount": 2, "modality": "at-most", "programmes": THEORY}, "a@t19 b@t19", "a@t19 b@t19 c@t19b", 1),
    "share-floor": ({"share": "1/3", "years": [2019]}, "a@t19 d@t19", "a@t19", 1),
    "coverage": ({"audience": HEADS, "years": [2019]}, "a@t19 b@t19b d@t19", "a@t19 b@t19b d@t20", 1),
    "interval": ({"audience": HEADS, "contents": ["theory"], "every_years": 1, "years": [2019]}, "a@t19 b@t19b d@t19", "a@t19 b@t19b d@p19", 1),
    "make-up": ({"audience": HEADS, "contents": ["theory"], "after_years": 1, "years": [2019]}, "a@t19 b@t19b d@t19", "a@t19 b@t19b", 1),
    "cumulative": ({"strength": "hard", "audience": HEADS, "hours": 75}, "a@t19 b@t19b d@t19", "a@t19 b@t19b d@p19", 38),
    "spacing": ({"rest_days": 60}, "a@t19 a@t19b", "a@t19 a@p19", 1),
    "away-limit": ({"share": "1/3"}, "a@t19 b@t19b", "a@t19 b@t19", 1),
    "fixed": ({"call_ups": [{"cadre_id": "a", "session_id": "t19"}]}, "a@t19", "a@t19b", 1),
    "representation": ({"strength": "hard", "share": "1/2", "audience": {"gender": ["female"]}}, "a@t19 b@t19b", "a@t20 b@t19b", 1),
    "waiting": ({"audience": HEADS, "years": [2019]}, "a@t19 b@t19b d@t19", "a@t19 b@t19b", 0),
    "priority": ({"weight": 1}, "a@t19", "", 0),
    "apportion": ({"strength": "hard", "group_by": "team_id", "amount": 2, "years": [2019]}, "a@t19 d@t19", "a@t19", 0),
    "curriculum": ({"strength": "hard", "days_min": 2}, "", "", 0),
    "report": ({"measure": "people", "amount": 1, "years": [2019]}, "a@t19", "", 1),
}  # fmt: skip
COUNTED_ELSEWHERE = {"waiting": "fairness", "priority": "priority"}


def test_every_kind_has_one_measure_and_a_seeded_breach():
    assert set(MEASURES) == set(KINDS.values())
    assert set(SEEDED) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(set(SEEDED) - {"waiting", "priority", "apportion", "curriculum"}))
def test_seeded_breach_is_found(kind):
    fields, right, wrong, shortfall = SEEDED[kind]
    given = inputs(rule(kind, **fields))
    if kind == "eligibility":
        given = inputs(rule(kind, **fields), admit_all=False)
    kept, missed = audit(plan(given, right), given), audit(plan(given, wrong), given)
    assert kept["judged"].shortfall == 0 and kept.is_clean
    assert missed["judged"].shortfall == shortfall
    if kind != "report":
        assert set(missed.breaches["rule_id"]) == {"judged"} and not missed.is_clean
        assert missed.goals["violation"] == shortfall


@pytest.mark.parametrize(("kind", "goal"), sorted(COUNTED_ELSEWHERE.items()))
def test_seeded_change_moves_the_goal(kind, goal):
    fields, right, wrong, _ = SEEDED[kind]
    given = inputs(rule(kind, **fields))
    better = {"fairness": -5, "priority": 1}[goal]  # d waits 0 instead of the cap of 5; one seat more
    assert audit(plan(given, right), given).goals[goal] - audit(plan(given, wrong), given).goals[goal] == better


def test_seeded_breach_of_apportion_and_curriculum_is_found():
    fields, right, _, _ = SEEDED["apportion"]
    given = inputs(rule("apportion", **fields))
    assert audit(plan(given, right), given).is_clean
    assert audit(plan(given, "d@t19 e@t19"), given)["judged"].is_breached
    assert audit(plan(given, ""), inputs(rule("curriculum", strength="hard", days_min=2))).is_clean
    assert not audit(plan(given, ""), inputs(rule("curriculum", strength="hard", days_min=3))).is_clean


def test_tables_have_the_columns_of_the_contract():
    given = inputs(rule("quota", amount=2, programmes=THEORY, clause="四(一)(1)"), rule("waiting", id="w"))
    report = audit(plan(given, FULL), given)
    assert tuple(report.table.columns) == tuple(report.scopes.columns) == COLUMNS
    assert tuple(report.rules.columns) == RULE_COLUMNS
    assert list(report.rules["rule_id"]) == [*(rule.id for rule in BUILT_IN), "admit", "judged", "w"]
    assert {f"unit.{one}" for one in {*report.table["unit"], *report.rules["unit"]} - {""}} <= set(family("unit"))
    assert report.rules.set_index("rule_id").at["judged", "clause"] == "四(一)(1)"
    assert report.touched["judged"] == 10 and report.touched["w"] == 5
    assert list(report.overdue.columns)[:5] == ["rule_id", "cadre_id", "year", "last", "reason"]
    assert list(report.owed.columns) == ["rule_id", "cadre_id", "year", "required", "achieved", "owed"]


def test_csv_writes_whole_numbers_as_such():
    given = inputs(rule("quota", amount=2, clause="四(一)(1)", modality="exactly", programmes=THEORY), years=(2019,))
    lines = audit(plan(given, "a@t19"), given).to_csv().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[-1] == "judged,四(一)(1),quota,2019,all,2,1,people,breached,1"


def test_empty_plan_is_judged():
    given = inputs(rule("share-floor", share="1/3"), rule("spacing", id="s", rest_days=60, long_days=10, long_years=2))
    report = audit(plan(given, ""), given)
    assert report["judged"].shortfall == 8 and report["s"].status == "kept"


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"kind": "quota", "amount": 1, "audience": {"category": ["ghost"]}}, "rule 'judged' touches nobody"),
        ({"kind": "quota", "amount": 1, "programmes": {"programme_id": ["ghost"]}}, "rule 'judged' touches no programme"),
        ({"kind": "quota", "amount": 1, "years": [2030]}, "rule 'judged' holds in no plan year"),
        ({"kind": "fixed", "call_ups": [{"cadre_id": "ghost", "session_id": "t19"}]}, "rule 'judged' touches nobody"),
        ({"kind": "make-up", "contents": ["magic"], "after_years": 5},
         "rule 'judged': no programme and no record carries the content 'magic'"),
    ],
)  # fmt: skip
def test_rules_that_judge_nothing_are_warned_of(fields, warning):
    given = inputs(rule(**fields))
    report = audit(plan(given, ""), given)
    assert warning in report.warnings
    assert len(report.warnings_zh) == len(report.warnings)


def test_rules_that_judge_something_are_not_warned_of():
    given = inputs(rule("quota", amount=1), rule("make-up", id="m", contents=["theory"], after_years=5))
    assert audit(plan(given, ""), given).warnings == ()


def test_a_kind_has_one_measure_only():
    with pytest.raises(ValueError, match="already has a measure"):
        MEASURES.add(KINDS["quota"])(MEASURES[KINDS["quota"]])


def test_totals_of_a_rule_differ_by_its_shortfall_in_one_unit():
    given = inputs(
        rule("share-floor", id="f", share="1/3"),
        rule("apportion", id="p", group_by="team_id", amount=2),
        rule("cumulative", id="c", hours=1000),
        rule("interval", id="i", contents=["theory", "party-spirit"], every_years=2),
        rule("away-limit", id="w", share="1/3"),
    )
    made = plan(given, "a@t19 b@t19 c@t19 a@s19 d@b19 g@t20*7 g@b21*5 e@b21 d@b21 a@b21 b@b21 c@b21")
    rules = audit(made, given).rules.set_index("rule_id")
    missed = rules[rules["shortfall"] > 0]
    assert {"f", "p", "c", "i", "w", "sessions-least", "sessions-seats", "headcount", "no-overlap"} <= set(missed.index)
    assert (missed["required"] - missed["achieved"] == missed["shortfall"]).all()
