"""The truncated relaxation has few columns, is no better than the full one, and proves nothing."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.aggregate_relaxation import AggregateRelaxation
from allocator.engine.columns.truncated_relaxation import truncated_relaxation
from allocator.engine.time_limit import Clock
from allocator.model.goals import weights
from tests.engine.small import goals_of, grouped, small


def test_truncated_relaxation_bounds_nothing_and_is_never_below_the_optimum() -> None:
    cohorts = grouped(small())
    goals = goals_of(cohorts)
    aggregate = AggregateRelaxation(cohorts, goals, 1e-3, Clock(None))
    found = truncated_relaxation(aggregate, weights(goals), Clock(None))
    assert not found.is_last  # There is all the time in the world for the full relaxation.
    assert found.relaxed.bound == -np.inf
    assert found.master.values(found.relaxed.x)["priority"] >= -5 - 1e-6


def test_truncated_relaxation_is_the_last_when_the_time_is_over() -> None:
    cohorts = grouped(small())
    goals = goals_of(cohorts)
    aggregate = AggregateRelaxation(cohorts, goals, 1e-3, Clock(None))
    assert truncated_relaxation(aggregate, weights(goals), Clock(0.0)).is_last
