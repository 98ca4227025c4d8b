"""A relaxation taken over to other limits has the optimum of the same relaxation made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.restricted_master import Master
from allocator.inputs import load
from allocator.model.cohorts import group
from allocator.model.goals import in_use, weights
from allocator.model.instance import Instance, build
from allocator.model.reuse_cohorts import adapted
from allocator.model.shared import collect

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"
SESSION = load(TINY).sessions["session_id"].iloc[0]
QUOTA = next(rule.id for rule in load(TINY).policy.rules if rule.kind == "quota")
FLOOR = next(rule.id for rule in load(TINY).policy.rules if rule.kind == "share-floor")
CHANGES: list[dict[str, object]] = [
    {},
    {f"overrides.{QUOTA}.amount": 2},
    {f"overrides.{QUOTA}.amount": 9},
    {f"overrides.{QUOTA}.strength": "soft"},
    {f"overrides.{QUOTA}.strength": "report"},
    {"disable": [FLOOR]},
    {"session_changes": [{"sessions": [SESSION], "cancel": True}]},
    {"session_changes": [{"sessions": [SESSION], "seats_more": -1}]},
]


def problem(changes: dict[str, object]) -> Instance:
    inputs = load(TINY, changes=changes)
    return build(inputs, calendar(inputs))


def optimum(master: Master) -> float:
    found = optimise(master, smoothing=0.0)
    assert found is not None
    assert found.bound == pytest.approx(found.value)
    return found.bound


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("has_caps", [False, True])
def test_optimum_under_other_limits_is_that_from_nothing(changes: dict[str, object], has_caps: bool) -> None:
    base = problem({})
    cohorts = group(base, collect(base))
    goals = in_use(base.inputs.scenario.goals, cohorts, cohorts.families)
    subproblems = disaggregated(cohorts)
    costs = GoalCosts(subproblems, goals)
    first = Master(subproblems, goals, costs, least=base.calendar.least, has_caps=has_caps)
    first.set_weights(weights(goals))
    before = optimum(first)
    now = adapted(cohorts, problem(changes), at_most=True)
    assert now is not None
    second = first.under(disaggregated(now), GoalCosts(disaggregated(now), goals), now.instance.calendar.least)
    fresh = Master(
        disaggregated(now),
        goals,
        GoalCosts(disaggregated(now), goals),
        least=now.instance.calendar.least,
        has_caps=has_caps,
    )
    fresh.set_weights(weights(goals))
    after = optimum(second)
    assert after == pytest.approx(optimum(fresh))
    back = second.under(subproblems, costs, base.calendar.least)
    assert optimum(back) == pytest.approx(before)
