"""Rows of a master: convexity first, then seats; prices and duals are the same thing."""

from __future__ import annotations

import numpy as np

from tests.engine.small import grouped, master_of, small


def test_rows_are_convexity_then_seats() -> None:
    rows = master_of(grouped(small())).rows
    assert rows.least[:3].tolist() == rows.most[:3].tolist() == [1, 1, 1]
    assert rows.most[rows.seats[rows.seats >= 0]].tolist() == [2]


def test_duals_of_prices_give_the_prices_back() -> None:
    rows = master_of(grouped(small())).rows
    duals = np.zeros(len(rows.least))
    duals[rows.seats[rows.seats >= 0]] = -1.5
    assert rows.prices(duals).seats.max() == 1.5
    np.testing.assert_array_equal(rows.duals(rows.prices(duals)), duals)


def test_caps_limit_the_row_of_their_goal_only() -> None:
    rows = master_of(grouped(small()), has_caps=True).rows
    capped = rows.capped(np.full(len(rows.goals), 7.0))
    assert (capped.most[capped.goals] == 7.0).all()
    others = np.setdiff1d(np.arange(len(rows.most)), rows.goals)
    np.testing.assert_array_equal(capped.most[others], rows.most[others])
