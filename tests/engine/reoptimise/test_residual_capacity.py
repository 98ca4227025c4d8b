"""What fixed people leave, and whether their plan is still open to them."""

from __future__ import annotations

import numpy as np

from allocator.engine.reoptimise.residual_capacity import names_kept, residual_capacity, still_open
from tests.engine.builders import attendances, make_inputs, rule
from tests.engine.small import grouped, small


def test_seats_left_are_those_that_nobody_holds() -> None:
    cohorts = grouped(small())
    left = residual_capacity(cohorts, attendances([("a", "p", 2020)]))
    assert left.seats.tolist() == [[1]]


def test_attendance_is_open_as_long_as_its_class_is_held() -> None:
    wanted = attendances([("a", "p", 2020)])
    assert still_open(grouped(small()), wanted).tolist() == [True, True, True]
    closed = grouped(small(min_seats=3))  # Two seats never reach the least size.
    assert still_open(closed, wanted).tolist() == [False, True, True]


def test_names_are_kept_where_people_are_alike() -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}, {"cadre_id": "b"}],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06"}],
        rules=[rule("eligibility", audience={})],
    )
    cohorts = grouped(inputs)
    before, after = attendances([("b", "p", 2020)]), attendances([("a", "p", 2020)])
    kept = names_kept(cohorts, np.arange(len(cohorts.members)), before, after)
    assert kept["cadre_id"].tolist() == ["b"]
