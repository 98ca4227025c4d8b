"""A year as it was planned and as it was: seat by seat, and added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from allocator.domain.tables import Inputs
from allocator.register.attendance.make_up import Missed, missed
from allocator.register.attendance.roll import roll
from allocator.register.records import SeatState
from allocator.register.register import Register

NUMBERS = ("called", "given_up", "expected", "completed", "absent", "not_completed", "open", "hours_planned", "hours")
"""What is added up: seats that anybody ever had, given up, expected in class, what became of these, and hours."""

OF_STATE = {
    "given_up": (SeatState.WITHDRAWN, SeatState.REPLACED),
    "expected": (SeatState.PLANNED, SeatState.CONFIRMED, SeatState.ATTENDED, SeatState.ABSENT, SeatState.LEFT_EARLY),
    "completed": (SeatState.ATTENDED,),
    "absent": (SeatState.ABSENT,),
    "not_completed": (SeatState.LEFT_EARLY,),
    "open": (SeatState.PLANNED, SeatState.CONFIRMED),
}


@dataclass(frozen=True)
class YearOutcome:
    """What became of the seats of a year.

    Parameters
    ----------
    seats
        Every seat that there ever was: session_id, cadre_id, unit_id, programme_id, state, leave_days, remark, rules (ids of
        the rules that it was to serve) and the columns of ``NUMBERS``.
    due
        Who missed what, and where it can be made up.
    """

    year: int
    inputs: Inputs
    seats: pd.DataFrame
    due: tuple[Missed, ...]

    def by(self, *columns: str) -> pd.DataFrame:
        """The numbers added up by columns of ``seats``, in the order of these."""
        return self.seats.groupby(list(columns), as_index=False)[list(NUMBERS)].sum()

    @cached_property
    def total(self) -> dict[str, float]:
        """The numbers of the whole year."""
        return {name: float(self.seats[name].sum()) for name in NUMBERS}


def outcome_of(register: Register, inputs: Inputs, version: int, year: int) -> YearOutcome:
    """The outcome of a year; ``inputs`` are those of the version that was in force in it."""
    seats = register.seats()
    seats = seats[seats["year"] == year].reset_index(drop=True)
    programme = inputs.sessions.set_index("session_id")["programme_id"]
    seats["programme_id"] = seats["session_id"].map(programme).fillna("")
    hours = inputs.programmes.set_index("programme_id")["hours"]
    key = ["session_id", "cadre_id"]
    plan = register.plan(version).placements
    seats = seats.merge(plan[[*key, "rules"]], on=key, how="left")
    reports = register.attendance()
    seats = seats.merge(reports[[*key, "leave_days", "hours", "remark"]], on=key, how="left")
    seats["called"] = seats["headcount"].astype("int64")  # A year without any seat has columns of no type.
    for name, states in OF_STATE.items():
        seats[name] = seats["called"].where(seats["state"].isin(states), 0)
    seats["hours_planned"] = seats["programme_id"].map(hours).astype("float64").fillna(0.0) * seats["expected"]
    seats["hours"] = seats["hours"].astype("float64").fillna(0.0) * seats["completed"]
    seats["leave_days"] = seats["leave_days"].astype("float64").fillna(0.0)
    seats[["rules", "remark"]] = seats[["rules", "remark"]].fillna("")
    return YearOutcome(year, inputs, seats, tuple(_due(register, inputs, seats)))


def _due(register: Register, inputs: Inputs, seats: pd.DataFrame) -> Sequence[Missed]:
    lost = seats[seats["state"].isin([SeatState.ABSENT, SeatState.LEFT_EARLY])]
    if lost.empty:
        return []
    states = zip(lost["session_id"], lost["cadre_id"], map(SeatState, lost["state"]), strict=True)
    on = inputs.sessions["end_date"][inputs.sessions["session_id"].isin(seats["session_id"])].max()
    return missed(register, inputs, roll(register, inputs, on.date()), {(s, c): state for s, c, state in states})
