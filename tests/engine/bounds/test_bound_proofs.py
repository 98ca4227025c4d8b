"""Proofs: the aggregate relaxation alone proves the best plan of a problem without local limits."""

from __future__ import annotations

from allocator.engine.bounds.bound_proofs import Proofs
from allocator.engine.columns.aggregate_relaxation import AggregateRelaxation
from allocator.engine.time_limit import Clock
from tests.engine.small import goals_of, grouped, small


def test_bounds_prove_the_best_plan_and_hold_for_a_worse_one() -> None:
    cohorts = grouped(small())
    proofs = Proofs(AggregateRelaxation(cohorts, goals_of(cohorts), 1e-3, Clock(None)), 1e-3, Clock(None))
    assert proofs.prices is None  # No relaxation of all cohorts was handed in.
    assert proofs.bounds({goal: 5 if goal == "priority" else 0 for goal in goals_of(cohorts)})["priority"] == 5
