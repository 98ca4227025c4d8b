"""Moves are booked, and taken back to the last seat."""

from __future__ import annotations

from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from tests.engine.builders import attendances
from tests.engine.small import small


def state_of(seats: int = 2) -> State:
    """Three cadres who want one class."""
    wanted = attendances([(cadre, "p", 2020) for cadre in "abc"])
    return State(build(small(seats=seats), wanted, seed="seed"))


def test_moves_are_taken_back() -> None:
    state = state_of()
    state.is_open[0] = True
    mark = len(state.journal)
    state.put(0, 0)
    assert (state.missing(0), state.free(0), state.placed(0)) == (0, 1, 1)
    state.undo(mark)
    assert (state.missing(0), state.free(0), state.placed(0)) == (1, 2, 0)


def test_session_that_is_not_held_has_no_free_seat() -> None:
    state = state_of()
    state.is_open[0] = False
    assert state.free(0) == 0
