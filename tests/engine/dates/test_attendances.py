"""Attendances: a named cadre needs one seat, an unnamed group several together."""

from __future__ import annotations

import pytest

from allocator.domain.errors import ModelError
from allocator.engine.dates.problem import build
from tests.engine.builders import attendances, make_inputs


def test_named_cadre_needs_one_seat_and_a_group_stays_together() -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}, {"cadre_id": "g", "headcount": 5}],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06"}],
    )
    problem = build(inputs, attendances([("a", "p", 2020), ("g", "p", 2020, 3)]), seed="seed")
    assert [(one.person, one.seats, one.options) for one in problem.attendances] == [(0, 1, (0,)), (1, 3, (0,))]


def test_attendance_of_nobody_on_the_roster_is_refused() -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}], sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06"}]
    )
    with pytest.raises(ModelError):
        build(inputs, attendances([("z", "p", 2020)]), seed="seed")
    assert len(build(inputs, attendances([("a", "p", 2020)]), seed="seed").attendances) == 1
