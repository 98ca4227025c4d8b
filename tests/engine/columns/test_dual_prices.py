"""What prices say about another scenario is the difference of the bounds that they prove."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.dual_prices import foreseen
from allocator.engine.columns.restricted_master import Master
from allocator.inputs import load
from allocator.model import instance
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import in_use, weights
from allocator.model.reuse_cohorts import adapted
from allocator.model.shared import collect

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"


def cohorts_of(changes: dict[str, object]) -> Cohorts:
    inputs = load(TINY, changes=changes)
    problem = instance.build(inputs, calendar(inputs))
    return group(problem, collect(problem))


def master_of(cohorts: Cohorts) -> Master:
    subproblems, goals = (
        disaggregated(cohorts),
        in_use(cohorts.instance.inputs.scenario.goals, cohorts, cohorts.families),
    )
    made = Master(subproblems, goals, GoalCosts(subproblems, goals))
    made.set_weights(weights(goals))
    return made


@pytest.fixture(scope="module")
def base() -> Cohorts:
    return cohorts_of({})


@pytest.mark.parametrize("rule", ["theory-quota", "skills-quota"])
@pytest.mark.parametrize("more", [-2, 1])
def test_changed_amount_costs_what_the_bounds_differ_by(base: Cohorts, rule: str, more: int) -> None:
    amount = base.instance.inputs.policy.rule(rule).amount
    other = adapted(base, cohorts_of({f"overrides.{rule}.amount": amount + more}).instance)
    assert other is not None
    first, second = master_of(base), master_of(other)
    found = optimise(first)
    assert found is not None
    before, after = (one.bound(found.duals, one.best(found.duals)) for one in (first, second))
    assert foreseen(base, other, first.prices(found.duals)[0]) == pytest.approx(after - before, abs=1e-6)


def test_seats_that_are_gone_cost_their_price(base: Cohorts) -> None:
    first = master_of(base)
    found = optimise(first)
    assert found is not None
    prices = replace(first.prices(found.duals)[0], seats=np.full_like(base.instance.calendar.seats, 3.0, dtype=float))
    seats = base.instance.calendar.seats.copy()
    seats[seats.argmax() // seats.shape[1], seats.argmax() % seats.shape[1]] -= 2
    fewer = replace(base.instance, calendar=replace(base.instance.calendar, seats=seats))
    other = adapted(base, fewer)
    assert other is not None
    assert foreseen(base, other, prices) == 6.0


def test_other_rules_for_single_people_are_not_foreseen(base: Cohorts) -> None:
    rule = base.measured[0].rule.id
    other = adapted(base, cohorts_of({"disable": [rule]}).instance)
    assert other is not None
    assert np.isnan(foreseen(base, other, master_of(base).prices(np.zeros(10_000))[0]))
