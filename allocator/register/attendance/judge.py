"""What a report makes of a seat, by the limit that the policy sets on leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from allocator.register.attendance.read import Reported
from allocator.register.attendance.roll import Roll, Seat
from allocator.register.records import Attendance, SeatState

LIMIT = "parameters.leave_share"
"""Where the policy sets the limit; the clause of an entry in the journal that applies it."""


@dataclass(frozen=True)
class Judged:
    """What reports make of their seats.

    Parameters
    ----------
    rows
        What counts of each report, for the register.
    outcome
        The state of each seat.
    limited
        Seats of people who were away beyond the limit although the host says no more than that they came.
    changed
        What was recorded of a seat before, where it differs.
    """

    rows: tuple[Attendance, ...]
    outcome: Mapping[Seat, SeatState]
    limited: tuple[Seat, ...]
    changed: Mapping[Seat, Attendance]


def judged(reported: Reported, roll: Roll) -> Judged:
    """Judge every report; of one that says again what was recorded nothing is left."""
    rows: list[Attendance] = []
    outcome: dict[Seat, SeatState] = {}
    limited: list[Seat] = []
    changed: dict[Seat, Attendance] = {}
    for one, is_completed in zip(reported.rows, reported.is_completed, strict=True):
        seat = one.session_id, one.cadre_id
        counted, state, is_limited = _judged(one, is_completed, roll)
        if roll.recorded.get(seat) == counted:
            continue
        if seat in roll.recorded:
            changed[seat] = roll.recorded[seat]
        rows.append(counted)
        outcome[seat] = state
        if is_limited:
            limited.append(seat)
    return Judged(tuple(rows), outcome, tuple(limited), changed)


def _judged(one: Attendance, is_completed: bool | None, roll: Roll) -> tuple[Attendance, SeatState, bool]:
    """What counts of a report, the state of its seat, and whether the limit of leave made the difference."""
    if not one.present:
        return replace(one, hours=0.0, completed=False), SeatState.ABSENT, False
    known = roll.classes[one.session_id]
    is_limited = is_beyond(one.leave_days, known.days, roll.leave_share)
    if is_limited or is_completed is False:
        return replace(one, hours=0.0, completed=False), SeatState.LEFT_EARLY, is_limited and is_completed is not False
    hours = (known.hours or 0.0) if one.hours is None else one.hours
    return replace(one, hours=hours, completed=True), SeatState.ATTENDED, False


def is_beyond(leave_days: float, days: float | None, share: Fraction) -> bool:
    """Whether somebody was away for more of a session than the share, worked out without rounding.

    Examples
    --------
    >>> [is_beyond(leave, 14, Fraction(1, 7)) for leave in (0, 2, 2.5)]
    [False, False, True]
    """
    return days is not None and Fraction(str(leave_days)) > share * Fraction(str(days))
