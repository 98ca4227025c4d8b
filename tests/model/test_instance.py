"""Grouping equal rows, and what instances of the same people share."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.model import instance
from allocator.model.instance import distinct_rows
from tests.engine.builders import make_inputs
from tests.kinds.builders import CADRES, DAYS, PROGRAMMES

FAR = 2**40
"""Two such numbers have no room in one of 64 bits."""


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-2, 2), st.sampled_from([-FAR, 0, FAR]), st.booleans(), st.booleans()), max_size=30)
)
def test_distinct_rows_are_numbered_by_their_first_position(rows: list[tuple[int, int, bool, bool]]) -> None:
    numbers = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
    claims = np.array([row[2:] for row in rows], dtype=bool).reshape(-1, 2)
    first, of = distinct_rows(numbers, claims, numbers[:, 1] * 2, claims[:, 0])
    seen = list(dict.fromkeys(rows))
    assert [rows[k] for k in first.tolist()] == seen
    assert of.tolist() == [seen.index(row) for row in rows]


def test_another_calendar_keeps_what_the_tables_say() -> None:
    inputs = make_inputs(
        cadres=CADRES,
        programmes=PROGRAMMES,
        sessions=[
            {"session_id": p, "programme_id": p, "start_date": "2020-03-02", "end_date": "2020-03-06"} for p in DAYS
        ],
        history=[
            {"cadre_id": "c", "programme_id": "p", "start_date": "2018-01-01", "end_date": "2018-01-05", "days": 5.0}
        ],
    )
    problem = instance.build(inputs, calendar(inputs))
    assert problem.history.person.tolist() == [2]  # Cadres are sorted by id: a, b, c, d.
    closed = dataclasses.replace(problem.calendar, seats=problem.calendar.seats * 0)
    other = problem.with_calendar(closed)
    assert other.history is problem.history
    assert other.calendar.seats.sum() == 0 < problem.calendar.seats.sum()
    assert problem.people(pd.Series(["d", "a"], dtype="str")).tolist() == [3, 0]


def test_texts_of_the_roster_have_their_place_in_the_alphabet() -> None:
    rows = [{**row, "team_id": team} for row, team in zip(CADRES, ("z", "", "x", "z"), strict=True)]
    inputs = make_inputs(cadres=rows, sessions=())
    code, names = inputs.coded("team_id")
    assert names == ("x", "z")
    assert code.tolist() == [1, -1, 0, 1]
    assert inputs.coded("headcount")[1] == ("1",)
