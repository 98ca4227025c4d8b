"""Placing people quickly: shortcuts give what looking at everything gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.domain.tie_break import draw
from allocator.engine.dates import construct_and_chains
from allocator.engine.dates.constraints import crowded_days
from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from tests.engine.builders import make_inputs

INTERVALS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(1, 3)), min_size=1, max_size=8)


@settings(deadline=None)
@given(INTERVALS, st.integers(0, 6))
def test_crowded_days_are_those_on_which_too_many_could_be_away(parts: list[tuple[int, int, int]], most: int) -> None:
    found = crowded_days(
        np.array([(first, first + more) for first, more, _ in parts]), np.array([n for _, _, n in parts]), most
    )
    depth = {day: sum(n for first, more, n in parts if first <= day <= first + more) for day in range(-1, 20)}
    inside = {day for day in depth if any(first <= day <= last for first, last in found.tolist())}
    assert inside == {day for day, people in depth.items() if people > most}
    assert (found[1:, 0] > found[:-1, 1] + 1).all()  # Intervals neither meet nor touch.


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=5), st.integers(0, 40))
def test_pouring_into_sessions_open_to_all_is_seen_without_pouring(sizes: list[tuple[int, int]], total: int) -> None:
    sessions = list(range(len(sizes)))
    problem: Any = SimpleNamespace(seats=[max(size) for size in sizes], least=[min(size) for size in sizes])
    wanted = {tuple(sessions): total}
    quick = construct_and_chains._pours(problem, wanted, sessions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(construct_and_chains, "_fills", lambda *_: False)
        assert quick == construct_and_chains._pours(problem, wanted, sessions)


def test_next_session_is_the_one_filled_least_then_of_the_host_with_least_to_do_then_of_the_smallest_draw() -> None:
    dates = ["01-06", "01-06", "01-13", "02-03", "02-03", "03-02"]
    inputs = make_inputs(
        cadres=[{"cadre_id": f"c{k:02}", "team_id": f"t{k % 3}"} for k in range(30)],
        sessions=[
            {"session_id": f"s{k}", "start_date": f"2020-{day}", "end_date": f"2020-{day}", "seats": 4 + 2 * (k % 2)}
            for k, day in enumerate(dates)
        ],
    )
    ids = inputs.cadres["cadre_id"].tolist()
    wanted = pd.DataFrame({"cadre_id": ids, "programme_id": "p", "year": 2020, "headcount": 1})
    problem = build(inputs, wanted, seed="seed")
    state = State(problem)
    filling = construct_and_chains._Filling(state, "seed")
    taken = []
    for a, one in enumerate(problem.attendances):
        open_ = [s for s in one.options if state.free(s) > 0]
        cadre = problem.cadre_ids[one.person]
        levels = {s: (state.ratio(s), state.host_load(s), draw("seed", cadre, problem.timetable.ids[s])) for s in open_}
        before = list(state.load)
        filling.place(a)
        taken += [s for s, load in enumerate(state.load) if load > before[s]]
        assert taken[-1:] == [min(open_, key=levels.__getitem__)]
        if len(taken) == sum(problem.seats):
            break
    assert sorted(set(taken)) == list(range(len(dates)))
    assert len(taken) == 30  # Of 4 + 6 + 4 + 6 + 4 + 6 seats.
    assert filling._best(0, problem.attendances[0].options, {}) is None
