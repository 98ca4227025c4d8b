"""First columns: staying away and the cheapest are always among them."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.initial_columns import start
from tests.engine.small import grouped, master_of, small


def test_start_has_trajectory_zero_and_the_cheapest_of_every_subproblem() -> None:
    master = master_of(grouped(small()))
    prices, cost = master.prices(np.zeros(len(master.rows.least)))
    subproblem, trajectory = start(master.pricing, prices, cost, near=0.0, near_pattern=0.0)
    best = master.best(np.zeros(len(master.rows.least)))
    found = set(zip(subproblem.tolist(), trajectory.tolist(), strict=True))
    assert {(s, 0) for s in range(3)} <= found
    assert set(zip(best.subproblem.tolist(), best.trajectory.tolist(), strict=True)) <= found
