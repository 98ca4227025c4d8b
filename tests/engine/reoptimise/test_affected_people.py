"""Nobody is affected when nothing changed; whoever loses a class is."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.pricing import CostsByType
from allocator.engine.reoptimise.affected_people import affected_by_changes, alike
from allocator.model.cohorts import Cohorts
from tests.engine.builders import attendances
from tests.engine.small import grouped, master_of, small


def affected(before: Cohorts, after: Cohorts) -> list[bool]:
    master = master_of(after)
    prices, _ = master.prices(np.zeros(len(master.rows.least)))
    cost = CostsByType(after, master.weights)
    plan = attendances([("a", "p", 2020), ("b", "p", 2020)])
    found: list[bool] = affected_by_changes(before, after, prices, cost, plan, None).tolist()
    return found


def test_nobody_is_affected_when_nothing_changed() -> None:
    cohorts = grouped(small())
    assert affected(cohorts, cohorts) == [False, False, False]


def test_holders_of_a_class_that_closed_are_affected() -> None:
    found = affected(grouped(small()), grouped(small(min_seats=3)))
    assert found[:2] == [True, True]


def test_cohorts_are_alike_when_type_and_programmes_are() -> None:
    assert len(set(alike(grouped(small())).tolist())) == 3  # Three different numbers of points.
