"""The reason of a missing seat is the rule that closes most sessions."""

from __future__ import annotations

from allocator.engine.calendar.closed_sessions import SESSIONS_LEAST, SESSIONS_SEATS
from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from allocator.engine.dates.unplaced_reasons import reason
from tests.engine.builders import attendances
from tests.engine.small import small


def state_of(seats: int = 2) -> State:
    """Three cadres who want one class."""
    wanted = attendances([(cadre, "p", 2020) for cadre in "abc"])
    return State(build(small(seats=seats), wanted, seed="seed"))


def test_full_session_is_the_reason_when_all_seats_are_taken() -> None:
    state = state_of()
    state.is_open[0] = True
    state.put(0, 0)
    state.put(1, 0)
    rule_id, told = reason(state, 2, True)
    assert rule_id == SESSIONS_SEATS
    assert "no schedule" in told.said("en")


def test_least_size_is_the_reason_when_too_few_come() -> None:
    state = State(build(small(min_seats=2), attendances([("a", "p", 2020)]), seed="seed"))
    assert reason(state, 0, False)[0] == SESSIONS_LEAST
