"""What the dates cannot hold goes back to the years as what it is: all that meets, or one programme."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.engine.calendar.timetable import Timetable
from allocator.engine.feasibility_cuts import _meeting
from allocator.inputs import load

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "one-prefecture.toml"


@pytest.fixture(scope="module")
def timetable() -> Timetable:
    return Timetable(load(SCENARIO))


def test_programmes_meet_when_sessions_share_a_day(timetable: Timetable) -> None:
    sessions = timetable.inputs.sessions
    placed = sessions[["session_id", "programme_id", "year"]].assign(headcount=1)
    days = dict(zip(timetable.ids, timetable.segments, strict=True))
    found = 0
    for programme, year in sessions[["programme_id", "year"]].drop_duplicates()[:30].itertuples(index=False):
        own = sessions[(sessions["programme_id"] == programme) & (sessions["year"] == year)]["session_id"]
        expected = {
            other
            for session, other in zip(sessions["session_id"], sessions["programme_id"], strict=True)
            if any(a <= d and c <= b for one in own for a, b in days[one] for c, d in days[session])
        }
        assert _meeting(placed, programme, int(year), timetable) == expected
        found += len(expected - {programme})
    assert found


def test_nobody_placed_meets_nothing(timetable: Timetable) -> None:
    first = timetable.table.iloc[0]
    nobody = pd.DataFrame({"session_id": pd.Series([], dtype="str"), "programme_id": pd.Series([], dtype="str")})
    assert _meeting(nobody, first["programme_id"], int(first["year"]), timetable) == set()
