"""Yearly capacity: seats of sessions that can be held, and pairs that fit into a year."""

from __future__ import annotations

import pytest

from allocator.engine.calendar.yearly_capacity import capacity, pair_is_possible
from tests.engine.builders import make_inputs


def sessions(first: str, second: str, **fields: object) -> list[dict[str, object]]:
    return [
        {"session_id": "s", "programme_id": "p", "start_date": first, "end_date": first, "seats": 2},
        {"session_id": "t", "programme_id": "q", "start_date": second, "end_date": second, "seats": 3, **fields},
    ]


@pytest.mark.parametrize(("least", "seats"), [(3, 3), (4, 0)])
def test_session_counts_when_its_seats_reach_its_least_size(least: int, seats: int) -> None:
    inputs = make_inputs(cadres=[{"cadre_id": "a"}], sessions=sessions("2020-03-02", "2020-04-02", min_seats=least))
    assert capacity(inputs)[0].tolist() == [[2], [seats]]


@pytest.mark.parametrize(("day", "possible"), [("2020-03-02", False), ("2020-03-03", True)])
def test_pair_is_possible_when_two_sessions_share_no_day(day: str, possible: bool) -> None:
    inputs = make_inputs(cadres=[{"cadre_id": "a"}], sessions=sessions("2020-03-02", day))
    assert pair_is_possible(inputs)[0, 1, 0] == possible
