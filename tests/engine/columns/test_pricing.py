"""Pricing finds the cheapest of all trajectories at any prices."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.small import grouped, master_of, small


@pytest.mark.parametrize(("price", "lowest"), [(0.0, [-3, -2, -1]), (1.5, [-1.5, -0.5, 0]), (4.0, [0, 0, 0])])
def test_best_trajectory_attends_when_its_points_pay_for_the_seat(price: float, lowest: list[float]) -> None:
    master = master_of(grouped(small()))
    duals = np.zeros(len(master.rows.least))
    duals[master.rows.seats[master.rows.seats >= 0]] = -price
    assert sorted(master.best(duals).lowest.tolist()) == pytest.approx(lowest)


def test_reduced_costs_of_columns_are_those_of_pricing() -> None:
    master = master_of(grouped(small()))
    duals = np.zeros(len(master.rows.least))
    duals[master.rows.seats[master.rows.seats >= 0]] = -1.5
    for alike, reduced in master.reduced_costs(duals):
        for s in alike.tolist():
            every = np.arange(len(reduced))
            np.testing.assert_allclose(master.reduced(np.full(len(every), s), every, duals), reduced)


def test_entries_of_a_column_are_the_seats_that_it_uses() -> None:
    master = master_of(grouped(small()))
    best = master.best(np.zeros(len(master.rows.least)))
    used = master.pricing.entries(best.subproblem, best.trajectory)
    assert used.amount.tolist() == [1, 1, 1]
    assert used.family.tolist() == [-1, -1, -1]
