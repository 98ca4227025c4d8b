"""Subproblems: everybody is in one, and sums of limits are relaxations."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.aggregation import aggregated, compact, disaggregated, members_of, segments
from tests.engine.small import grouped, small


def test_segments_count_a_unit_to_every_goal_whose_tolerance_it_exceeds() -> None:
    # Two people may be missing before the violation counts; the shortfall counts them all.
    assert segments((("quota-shortfall", 0), ("violation", 2))) == [
        (2, ("quota-shortfall",)),
        (np.inf, ("quota-shortfall", "violation")),
    ]
    assert segments((("violation", 2),), groups=3) == [(6.0, ()), (np.inf, ("violation",))]


def test_aggregated_subproblems_hold_everybody_once() -> None:
    cohorts = grouped(small())
    found = aggregated(cohorts, cohorts.instance.calendar.seats.astype(float))
    assert found.people.sum() == 3
    assert found.capacity.sum() == 2
    assert len(found.people) == len(cohorts.type_table)


def test_compact_subproblems_keep_only_rows_that_they_touch() -> None:
    cohorts = grouped(small())
    few, places = compact(disaggregated(cohorts, np.array([0])))
    assert few.people.tolist() == [1]
    assert places.programmes.tolist() == [0]


def test_members_come_group_by_group() -> None:
    place, member = members_of(np.array([1, 0]), np.array([0, 1, 1]), 2)
    assert list(zip(place.tolist(), member.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 0)]
