"""The exact model of a few attendances finds a seat that is there, and proves that there is none."""

from __future__ import annotations

import pytest

from allocator.engine.dates.cp_sat_model import none_more, place
from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from tests.engine.builders import attendances
from tests.engine.small import small


def state_of(seats: int = 2) -> State:
    """Three cadres who want one class."""
    wanted = attendances([(cadre, "p", 2020) for cadre in "abc"])
    return State(build(small(seats=seats), wanted, seed="seed"))


@pytest.mark.parametrize(("seats", "found"), [(2, False), (3, True)])
def test_third_cadre_gets_a_seat_when_there_are_three(seats: int, found: bool) -> None:
    state = state_of(seats)
    state.is_open[0] = True
    state.put(0, 0)
    state.put(1, 0)
    assert place(state, [2], work=1.0)[0] is found
    assert state.missing(2) == (0 if found else 1)


def test_none_more_is_proven_for_all_three_and_not_for_the_one_left_out() -> None:
    state = state_of()
    state.is_open[0] = True
    state.put(0, 0)
    state.put(1, 0)
    assert none_more(state, [0, 1, 2], work=1.0)[0]
    assert not none_more(state, [2], work=1.0)[0]  # Alone it would find a seat.
