"""Lookups find every trajectory by its years, and nothing where there is none."""

from __future__ import annotations

import numpy as np

from allocator.engine.replan.lookup import Lookup, is_among
from allocator.engine.replan.situation import Situation
from tests.engine.replan.builders import office, published


def test_every_trajectory_is_found_by_its_years() -> None:
    situation = Situation(inputs := office(), published(inputs, [("a", "spring")]))
    for table in situation.cohorts.tables:
        bits = table.menus @ (np.int64(1) << np.arange(len(table.slots)))
        held = bits[table.index].reshape(len(table), -1)
        assert (Lookup.of(table).rows(held) == np.arange(len(table))).all()
        assert (Lookup.of(table).rows(held + 1000) == -1).all()


def test_values_are_found_among_sorted_ones() -> None:
    assert is_among(np.array([2, 5, 9]), np.array([1, 2, 9, 10])).tolist() == [False, True, True, False]
    assert is_among(np.array([], dtype=np.int64), np.array([1])).tolist() == [False]
