"""Bounds of single goals: whole numbers in the goal's own sense."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.domain.rules import Goal
from allocator.engine.bounds.goal_bounds import GoalLimits, whole_bound
from allocator.engine.time_limit import Clock
from tests.engine.small import grouped, master_of, small


@pytest.mark.parametrize(
    ("goal", "limit", "bound"),
    [("owed", 2.3, 3), ("owed", 2.0000000001, 2), ("owed", -1.0, 0), ("priority", -5.4, 5), ("priority", -5.0, 5)],
)
def test_bound_is_the_nearest_whole_number_that_is_safe(goal: Goal, limit: float, bound: float) -> None:
    assert whole_bound(goal, limit) == bound


def test_solved_bound_is_the_optimum_and_its_duals_serve_again() -> None:
    master = master_of(grouped(small()), has_caps=True)
    limits = GoalLimits(master.bare(), lambda: master, Clock(None), {})
    assert limits.known("priority", {}) == -np.inf
    assert limits.solved("priority", {}, -5.0) == pytest.approx(-5)
    assert limits.known("priority", {}) == pytest.approx(-5)
