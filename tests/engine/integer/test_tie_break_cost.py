"""Tie-break costs are whole numbers that depend on the published seed alone."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.column_generation import first_columns
from allocator.engine.integer.tie_break_cost import tie_break_cost
from allocator.engine.parameters import LEXICOGRAPHIC
from tests.engine.small import grouped, master_of, small


def test_draws_are_whole_small_enough_and_follow_the_seed() -> None:
    master = master_of(grouped(small()))
    first_columns(master)
    one, again, other = (tie_break_cost(master, seed) for seed in ("one", "one", "two"))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert (one == np.floor(one)).all()
    assert one.max() < 2**LEXICOGRAPHIC.draw_bits
