"""A record inside the plan years, as a plan has that is made in the middle of a year: solver, bounds, check and auditor agree."""

from collections import Counter
from dataclasses import replace

import pytest

from allocator.answers import runs
from allocator.answers.ledger import ledger
from allocator.checks import count
from tests.kinds.builders import STAY, rule, small

YEARS = (2020, 2021)
HELD = ("p 2020-09-07", "p 2021-03-01", "q 2020-11-02", "q 2021-09-06")
ORDER = ("violation", "overdue", "owed", "fairness", "quota-shortfall", "quota-excess", "priority", "change")
"""Staying at home comes after what anybody owes."""

SENT = ("a p 2020-02-03",)
"""Person a has attended p (theory, 5 days, 40 hours) in February of the first plan year."""


def made(*rules, held=HELD, history=SENT, **more):
    given = small(*rules, cadres="a", held=held, history=history, years=YEARS, **more)
    given = replace(given, scenario=given.scenario.model_copy(update={"goals": ORDER}))
    return given, runs.solve(given)


def agree(given, run):
    """The auditor counts what the solver says, no bound lies above it, and nothing is said to be impossible."""
    counted = run.audit.goals
    for goal in run.result.goals:
        assert goal.value == counted[goal.goal], goal.goal
        assert goal.bound <= goal.value or goal.sense == "max"
    assert run.audit.is_clean and count(given).ok


def attended(run):
    return sorted(run.plan.placements["session_id"])


@pytest.mark.parametrize(
    ("limits", "years"),
    [
        # 40 hours are done in 2020, so that 2021 alone has something to do; 41 would need one more class.
        ({"hours": 40, "per_year": True}, {2021}),
        ({"hours": 41, "per_year": True}, {2020, 2021}),
        ({"days": 5, "per_year": True, "to_year": 2020}, set()),
        ({"days": 5, "per_year": True, "from_year": 2021}, {2021}),
        ({"days": 5, "per_year": True, "from_year": 2022}, set()),
    ],
)
def test_hours_done_in_a_plan_year_are_not_asked_for_again(limits, years):
    given, run = made(rule("cumulative", **limits), STAY)
    agree(given, run)
    assert run.audit.goals["owed"] == 0 and {int(session[2:6]) for session in attended(run)} == years


@pytest.mark.parametrize(
    "asked",
    [
        rule("interval", contents=["theory"], every_years=1, years=[2020]),
        rule("interval", contents=["theory"], every_years=2),
        rule("make-up", contents=["theory"], after_years=1, years=[2020], strength="soft"),
        rule("waiting", years=[2020]),
    ],
    ids=lambda one: f"{one.kind}-{getattr(one, 'every_years', '')}",
)
@pytest.mark.parametrize("held", [HELD, ("q 2021-09-06",)], ids=["with a class", "without"])
def test_class_on_record_in_a_plan_year_counts(asked, held):
    given, run = made(asked, STAY, held=held)
    agree(given, run)
    assert attended(run) == []
    assert run.audit.goals == dict.fromkeys(run.audit.goals, 0.0)
    assert ledger(given).people.empty


def test_window_after_the_record_still_asks():
    # Every year theory: 2020 is done, 2021 is not.
    given, run = made(rule("interval", contents=["theory"], every_years=1), STAY, held=HELD[:2])
    agree(given, run)
    assert attended(run) == ["p 2021-03-01"]
    given, _ = made(rule("interval", contents=["theory"], every_years=1), held=HELD[:1])
    assert not count(given).ok


@pytest.mark.parametrize(
    ("limits", "history", "by_year"),
    [
        # Classes of 2020 and 2021 that a point each sends a to; p and q are held in both.
        ({"classes_per_year": 1}, SENT, {2021: 1}),
        ({"classes_per_year": 2}, SENT, {2020: 1, 2021: 2}),
        ({"classes_per_year": 3}, SENT, {2020: 2, 2021: 2}),
        ({"classes_per_year": 1, "years": [2021]}, SENT, {2020: 2, 2021: 1}),
        ({"same_programme_years": 1}, SENT, {2020: 1, 2021: 2}),
        # p is closed in both years, q is held twice and goes once.
        ({"same_programme_years": 2}, ("a p 2021-02-01",), {"q": 1}),
        ({"long_days": 5, "long_years": 1}, SENT, {2021: 1}),
        ({"long_days": 5, "long_years": 2}, ("a p 2021-02-01",), {}),
        ({"same_programme_years": 2, "years": [2021]}, ("a p 2022-02-01",), {"p": 1, "q": 1}),
        ({"same_programme_years": 1}, ("a p 2022-02-01",), {2020: 2, 2021: 2}),
    ],
)
def test_spacing_sees_the_record_of_plan_years(limits, history, by_year):
    given, run = made(rule("spacing", **limits), rule("priority", weight=1), history=history)
    agree(given, run)
    placed = attended(run)
    of = (lambda s: s[0]) if set(by_year) & {"p", "q"} else lambda s: int(s[2:6])
    assert Counter(map(of, placed)) == by_year


def test_spacing_holds_in_the_years_of_the_rule():
    # Of two years in a row the later one counts: a rule of 2020 leaves 2021 alone.
    for years, expected in (([2020], 2), ([2021], 1), ([], 1)):
        limits = rule("spacing", same_programme_years=2, years=years)
        given, run = made(limits, rule("priority", weight=1), held=HELD[:2], history=())
        agree(given, run)
        assert len(attended(run)) == expected
