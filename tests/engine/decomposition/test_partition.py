"""A partition has every cohort once, whatever the size of its blocks."""

from __future__ import annotations

import numpy as np

from allocator.engine.decomposition.partition import partition
from allocator.engine.parameters import DECOMPOSITION, changed
from tests.engine.small import grouped, small


def test_small_problem_is_one_block() -> None:
    parts = partition(grouped(small()))
    assert [block.tolist() for block in parts.blocks] == [[0, 1, 2]]
    assert not parts.wide_seats.any()


def test_small_blocks_share_the_class_as_a_wide_row() -> None:
    with changed(DECOMPOSITION, block_cohorts=1):
        parts = partition(grouped(small()))
    assert sorted(np.concatenate(parts.blocks).tolist()) == [0, 1, 2]
    assert len(parts.blocks) > 1
    assert parts.wide_seats.tolist() == [True]
