"""Near-optimal columns: no reduced cost is negative, and the best of each subproblem are there."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.columns.column_generation import optimise
from allocator.engine.integer.near_optimal_columns import NearOptimalColumns, Touches
from allocator.engine.parameters import TOLERANCES
from tests.engine.small import grouped, master_of, small


def test_every_subproblem_has_near_optimal_columns_and_none_is_cheaper_than_the_best() -> None:
    master = master_of(grouped(small()))
    relaxed = optimise(master)
    assert relaxed is not None
    found = NearOptimalColumns.of(master, relaxed.duals)
    columns = found.reduced[: len(found.master.subproblem)]
    assert (found.count >= 1).all()
    assert columns.min() >= -TOLERANCES.loss
    best = np.full(3, np.inf)
    np.minimum.at(best, found.master.subproblem, columns)
    assert best.tolist() == pytest.approx([0, 0, 0])


def test_mates_meet_in_a_narrow_row_and_not_in_a_wide_one() -> None:
    touches = Touches(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2]), np.array([2, 3]))
    one = np.array([True, False, False])
    nothing = np.zeros(2, dtype=bool)
    assert touches.mates(nothing, one, 2).tolist() == [True, True, False]
    assert touches.mates(nothing, one, 3).tolist() == [True, True, True]
    assert touches.nearness(one).tolist() == pytest.approx([1 / 2 + 1 / 3, 1 / 2 + 1 / 3, 1 / 3])
