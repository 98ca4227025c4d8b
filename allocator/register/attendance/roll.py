"""Who is expected where: sessions, seats and what was recorded, as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from allocator.domain.errors import RegisterError
from allocator.domain.tables import Inputs
from allocator.language.message import Message
from allocator.register.records import HELD, Attendance, SeatState, SessionState
from allocator.register.register import Register

Seat = tuple[str, str]
"""Session and person."""


@dataclass(frozen=True)
class Class:
    """One session as a name list needs it; ``days`` and ``hours`` are missing where its programme is not known any more."""

    programme_id: str
    state: SessionState
    year: int
    start: date
    end: date
    days: float | None
    hours: float | None


@dataclass(frozen=True)
class Roll:
    """What a name list is checked against.

    Parameters
    ----------
    on
        The day as of which it is recorded.
    classes
        Every session of the register.
    seats
        The state of every seat that there ever was.
    recorded
        What was recorded before.
    people
        Everybody on the roster.
    closed
        Years that were closed.
    leave_share
        Who is away for more of the days of a session has not completed it.
    """

    on: date
    classes: Mapping[str, Class]
    seats: Mapping[Seat, SeatState]
    recorded: Mapping[Seat, Attendance]
    people: frozenset[str]
    closed: frozenset[int]
    leave_share: Fraction

    def sessions_of(self, cadre_id: str) -> tuple[str, ...]:
        """Sessions in which somebody has a seat."""
        return tuple(sorted(s for (s, cadre), state in self.seats.items() if cadre == cadre_id and state in HELD))


def roll(register: Register, inputs: Inputs, on: date) -> Roll:
    """The roll of a register; ``inputs`` are those of its newest version."""
    seats = register.seats()
    states = map(SeatState, seats["state"])
    reports = [Attendance(**row) for row in _rows(register.attendance())]
    return Roll(
        on,
        classes=_classes(register.sessions(on=on), inputs),
        seats=dict(zip(zip(seats["session_id"], seats["cadre_id"], strict=True), states, strict=True)),
        recorded={(one.session_id, one.cadre_id): one for one in reports},
        people=frozenset(inputs.cadres["cadre_id"]) | frozenset(seats["cadre_id"]),
        closed=register.closed_years(),
        leave_share=inputs.policy.parameters.leave_share,
    )


def to_fill(register: Register, on: date, wanted: Sequence[str] = ()) -> pd.DataFrame:
    """Seats whose attendance is not recorded yet: of the sessions that have begun, or of those wanted even before they begin.

    Raises
    ------
    RegisterError
        If there are none, or none in one of those wanted.
    """
    sessions = register.sessions(on=on)
    is_open = sessions["state"].isin([SessionState.DRAFT, SessionState.ISSUED, SessionState.RUNNING])
    is_open &= ~sessions["year"].isin(register.closed_years())
    is_open &= sessions["session_id"].isin(wanted) if wanted else sessions["start_date"] <= on.isoformat()
    seats = register.seats(held=True)
    still = seats["state"].isin([SeatState.PLANNED, SeatState.CONFIRMED])
    found = seats[still & seats["session_id"].isin(sessions["session_id"][is_open])]
    unfit = tuple(sorted(set(wanted) - set(found["session_id"])))
    if unfit:
        raise RegisterError(Message("attendance.session-unfit", sessions=unfit))
    if found.empty:
        raise RegisterError(Message("attendance.none-to-fill"))
    starts = found["session_id"].map(sessions.set_index("session_id")["start_date"])
    return found.assign(start=starts).sort_values(["start", "session_id", "unit_id", "cadre_id"])


def _classes(table: pd.DataFrame, inputs: Inputs) -> dict[str, Class]:
    programme_of = dict(zip(inputs.sessions["session_id"], inputs.sessions["programme_id"], strict=True))
    programmes = inputs.programmes.set_index("programme_id")
    lengths = {str(name): (float(row["days"]), float(row["hours"])) for name, row in programmes.iterrows()}
    found = {}
    for row in _rows(table):
        programme = programme_of.get(row["session_id"], "")
        days, hours = lengths.get(programme, (None, None))
        start, end = (date.fromisoformat(row[name]) for name in ("start_date", "end_date"))
        state = SessionState(row["state"])
        found[row["session_id"]] = Class(programme, state, int(row["year"]), start, end, days, hours)
    return found


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]
