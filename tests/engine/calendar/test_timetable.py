"""Sessions as days: overlap at the bound, one day inside, one outside."""

from __future__ import annotations

from allocator.engine.calendar.timetable import Timetable
from tests.engine.builders import make_inputs


def test_sessions_overlap_when_they_share_a_day() -> None:
    dates = {"s": ("2020-03-02", "2020-03-06"), "t": ("2020-03-06", "2020-03-10"), "u": ("2020-03-07", "2020-03-10")}
    sessions = [{"session_id": s, "start_date": first, "end_date": last} for s, (first, last) in dates.items()]
    table = Timetable(make_inputs(cadres=[{"cadre_id": "a"}], sessions=sessions))
    at = {s: int(table.kind[k]) for k, s in enumerate(table.ids)}
    assert table.overlap[at["s"], at["t"]]  # Both take 6 March.
    assert not table.overlap[at["s"], at["u"]]
    assert table.touching(int(table.start[0]) - 3, int(table.start[0]) - 1).tolist() == [False, False, False]
    assert table.touching(int(table.start[0]) - 3, int(table.start[0])).tolist() == [True, False, False]
