"""Sessions closed in advance, with the rule that closes each."""

from __future__ import annotations

import pandas as pd

from allocator.engine.calendar.closed_sessions import NO_OVERLAP, SESSIONS_LEAST, SESSIONS_SEATS, Exclusions
from allocator.engine.calendar.timetable import Timetable
from tests.engine.builders import make_inputs


def test_sessions_without_seats_or_below_their_least_size_are_closed_to_all() -> None:
    rows = [("r", 0, 0), ("s", 2, 3), ("t", 3, 3)]
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}],
        sessions=[
            {"session_id": s, "start_date": "2020-03-02", "end_date": "2020-03-02", "seats": seats, "min_seats": least}
            for s, seats, least in rows
        ],
    )
    assert Exclusions(inputs, Timetable(inputs)).everyone() == {0: SESSIONS_SEATS, 1: SESSIONS_LEAST}


def test_session_that_overlaps_the_record_is_closed_to_its_cadre() -> None:
    past = {
        "cadre_id": "a",
        "programme_id": "p",
        "start_date": pd.Timestamp("2020-03-01"),
        "end_date": pd.Timestamp("2020-03-02"),
    }
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}, {"cadre_id": "b"}],
        sessions=[
            {"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06"},
            {"session_id": "t", "start_date": "2020-03-03", "end_date": "2020-03-06"},
        ],
        history=[past],
    )
    assert Exclusions(inputs, Timetable(inputs)).own == {0: {0: NO_OVERLAP}}
