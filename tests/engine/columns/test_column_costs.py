"""Costs of trajectories: priority counts minus its points."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from tests.engine.small import goals_of, grouped, small


def test_weighted_costs_are_the_weighted_sum_over_goals() -> None:
    cohorts = grouped(small())
    goals = goals_of(cohorts)
    costs = GoalCosts(disaggregated(cohorts), goals)
    weights = np.array([2.0 if goal == "priority" else 0.0 for goal in goals])
    assert sorted(float(cost.min()) for cost in costs.weighted(weights)) == [-6.0, -4.0, -2.0]
    assert costs.spread(weights)[1] == 6.0  # The best cadre: attending or not.
