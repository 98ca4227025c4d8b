"""The exact path proves the best plan of all."""

from __future__ import annotations

from allocator.engine.integer.lexicographic import bounds_beside, lexicographic
from tests.engine.small import goals_of, grouped, small


def test_best_plan_sends_the_two_with_most_points() -> None:
    cohorts = grouped(small())
    plan = lexicographic(cohorts, goals_of(cohorts))
    assert plan is not None
    assert plan.values["priority"] == -5
    sent = plan.cohort[plan.trajectory > 0]
    assert {str(cohorts.instance.cadre_ids[cohorts.members[c][0]]) for c in sent.tolist()} == {"a", "b"}


def test_bounds_beside_a_worse_plan_are_still_those_of_the_best() -> None:
    cohorts = grouped(small())
    goals = goals_of(cohorts)
    assert bounds_beside(cohorts, goals, dict.fromkeys(goals, 0.0), {})["priority"] == -5
