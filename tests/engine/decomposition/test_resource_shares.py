"""Shares are whole, add up, and follow what is used."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.decomposition.resource_shares import Followed, joined, split


@pytest.mark.parametrize(
    ("total", "used", "parts"),
    [(3, [1, 1], [2, 1]), (4, [3, 1], [3, 1]), (5, [0, 0], [3, 2]), (0, [1, 2], [0, 0]), (2, [0, 9], [0, 2])],
)
def test_split_is_by_largest_remainder_and_the_first_at_a_tie(total: int, used: list[int], parts: list[int]) -> None:
    assert split(float(total), np.array(used, dtype=float)).tolist() == parts


def test_joined_plans_keep_every_row() -> None:
    one = Followed(np.array([0]), np.array([1]), np.array([2]))
    both = joined([one, one.only(np.array([False])), one])
    assert both.people.sum() == 4
