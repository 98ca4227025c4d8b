"""Strength and goal: hard rules alone count as violated, soft ones to a goal of their own."""

import pytest

from allocator.answers import runs
from allocator.audit import audit
from tests.kinds.builders import only, rule, small

SOFT = {
    "share-floor": ({"share": "1", "group_by": "team_id"}, "quota-shortfall"),
    "coverage": ({}, "overdue"),
    "interval": ({"every_years": 1}, "overdue"),
    "make-up": ({"contents": ["theory"], "after_years": 1}, "overdue"),
    "cumulative": ({"hours": 40}, "owed"),
    "waiting": ({}, "fairness"),
    "representation": ({"share": "1/2", "audience": only("b"), "among": only("b")}, "fairness"),
    "apportion": ({"amount": 2, "group_by": "cadre_id"}, "fairness"),
}  # fmt: skip
"""Kinds that may be soft, what they ask of two people, and the goal that counts what is missing."""


@pytest.mark.parametrize("kind", SOFT)
def test_soft_rule_without_a_goal_never_breaks_a_hard_one(kind):
    # One may go at most; the wish is that both do.
    fields, goal = SOFT[kind]
    most = rule("quota", id="most", amount=1, modality="at-most", admits=False)
    given = small(most, rule(kind, strength="soft", **fields), seats=2)
    run = runs.solve(given)
    assert len(run.plan.placements) <= 1
    assert (run.audit.goals["violation"], run.audit.is_clean, runs.exit_code(run)) == (0, True, 0)
    assert {one.goal: one.value for one in run.result.goals} == {
        one.goal: run.audit.goals[one.goal] for one in run.result.goals
    }
    assert goal in {one.goal for one in run.result.goals}
    assert run.audit.goals[goal] > 0 or kind == "representation"
    assert not audit(run.plan, given)[kind].is_breached


@pytest.mark.parametrize("kind", [*SOFT])
def test_hard_rule_counts_as_violated_whatever_its_goal(kind):
    fields, _ = SOFT[kind]
    given = small(rule(kind, strength="hard", goal="fairness", **fields), held=("p 2020-03-02",), seats=1)
    run = runs.solve(given)
    assert run.audit.goals["fairness"] == 0
    violated = next(one.value for one in run.result.goals if one.goal == "violation")
    assert violated == run.audit.goals["violation"] >= (0 if kind == "representation" else 1)


def test_goal_named_by_a_soft_rule_stands():
    assert rule("coverage", strength="soft", goal="owed").goal == "owed"
    assert rule("coverage", strength="soft").goal == "overdue"
    assert rule("coverage").goal == "violation"
    assert rule("cumulative", hours=9).goal == "owed"
