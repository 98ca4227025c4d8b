"""The dated problem: equal rows add up, and a session opens when its seats reach its least size."""

from __future__ import annotations

import pytest

from allocator.engine.dates.problem import build
from tests.engine.builders import attendances, make_inputs
from tests.engine.small import small


def test_equal_rows_of_a_group_add_up() -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": "g", "headcount": 5}],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06"}],
    )
    problem = build(inputs, attendances([("g", "p", 2020, 1), ("g", "p", 2020, 3)]), seed="seed")
    assert [one.seats for one in problem.attendances] == [4]


@pytest.mark.parametrize(("least", "opens"), [(2, True), (3, False)])
def test_session_can_open_when_its_seats_reach_its_least_size(least: int, opens: bool) -> None:
    problem = build(small(min_seats=least), attendances([("a", "p", 2020)]), seed="seed")
    assert problem.can_open(0) == opens
