"""The repair gives out the seats there are and proves the others missing."""

from __future__ import annotations

from allocator.engine.dates.cp_sat_repair import complete
from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from tests.engine.builders import attendances
from tests.engine.small import small


def state_of(seats: int = 2) -> State:
    """Three cadres who want one class."""
    wanted = attendances([(cadre, "p", 2020) for cadre in "abc"])
    return State(build(small(seats=seats), wanted, seed="seed"))


def test_third_cadre_is_proven_to_lack_a_seat_of_two() -> None:
    state = state_of()
    state.is_open[0] = True
    state.put(0, 0)
    assert 2 in complete(state, {0: 3}, work=5.0)
    assert state.placed(0) == 2


def test_nothing_is_missing_when_there_are_three_seats() -> None:
    state = state_of(3)
    state.is_open[0] = True
    assert complete(state, {0: 3}, work=5.0) == set()
    assert state.placed(0) == 3
