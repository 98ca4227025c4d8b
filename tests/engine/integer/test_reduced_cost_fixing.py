"""Reduced-cost fixing never closes a trajectory that a wanted plan follows."""

from __future__ import annotations

import pytest

from allocator.engine.columns.column_generation import optimise
from allocator.engine.integer.reduced_cost_fixing import ReducedCostFixing
from tests.engine.small import grouped, master_of, small


def test_best_plan_stays_open_and_worse_trajectories_close() -> None:
    master = master_of(grouped(small()))
    relaxed = optimise(master)
    assert relaxed is not None
    fixing = ReducedCostFixing(master.subproblems)
    priced = fixing.priced(master, relaxed.duals)
    assert priced.bound == pytest.approx(-5)
    fixing.keep(priced.within(-5 + 1e-6))
    subproblem, trajectory = fixing.columns()
    left = set(zip(subproblem.tolist(), trajectory.tolist(), strict=True))
    used = relaxed.x[: len(master.subproblem)] > 0.5
    best = set(zip(master.subproblem[used].tolist(), master.trajectory[used].tolist(), strict=True))
    assert best <= left
    assert len(left) < 6  # Three cadres, who attend or do not.
