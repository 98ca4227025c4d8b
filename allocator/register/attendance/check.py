"""What is wrong with a row of a name list that came back."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.inputs.defects import did_you_mean
from allocator.language.message import Message
from allocator.register import states
from allocator.register.attendance.roll import Class, Roll
from allocator.register.records import HELD, Attendance, SessionState
from allocator.register.sheets import Fault

Row = Attendance
"""A row as it was written: ``hours`` missing where the cell is empty."""


def session_fault(session_id: str, roll: Roll) -> Fault | None:
    """Why nothing can be recorded of a session yet, or any more."""
    if session_id not in roll.classes:
        message = Message("event.unknown", thing=Message("event.a-session"), value=session_id)
        return Fault(
            "session_id", message, did_you_mean(session_id, sorted(roll.classes), Message("event.hint-id"), 75), "unknown-session"
        )  # fmt: skip
    one = roll.classes[session_id]
    if one.year in roll.closed:
        message, hint = Message("register.year-closed", year=one.year), Message("attendance.hint-closed")
        return Fault("session_id", message, hint, "year-closed")
    if one.state is SessionState.CANCELLED:
        message = Message("attendance.cancelled", session=session_id)
        return Fault("session_id", message, Message("attendance.hint-cancelled"), "session-cancelled")
    if one.start > roll.on:
        message = Message("attendance.not-begun", session=session_id, start=one.start, on=roll.on)
        return Fault("session_id", message, Message("attendance.hint-not-begun"), "session-not-begun")
    return None


def row_faults(row: Row, is_completed: bool | None, roll: Roll, *, correct: bool) -> list[Fault]:
    """Every mistake of a row whose session is sound; ``is_completed`` as the cell says, missing where it is empty."""
    seat = row.session_id, row.cadre_id
    if roll.seats.get(seat) not in HELD:
        return [_no_seat(row, roll)]
    if seat in roll.recorded and not correct:
        message = Message("attendance.again", cadre=row.cadre_id, session=row.session_id)
        return [Fault("", message, Message("attendance.hint-again"), "recorded-before")]
    one = roll.classes[row.session_id]
    return [
        *_figures(row, one),
        *(_present(row, is_completed, one, roll) if row.present else _absent(row, is_completed)),
    ]


def _no_seat(row: Row, roll: Roll) -> Fault:
    if row.cadre_id not in roll.people:
        message = Message("event.unknown", thing=Message("event.a-person"), value=row.cadre_id)
        return Fault(
            "cadre_id",
            message,
            did_you_mean(row.cadre_id, sorted(roll.people), Message("event.hint-id"), 75),
            "unknown-person",
        )
    state = roll.seats.get((row.session_id, row.cadre_id))
    if state is not None:
        message = Message("attendance.given-up", cadre=row.cadre_id, session=row.session_id, state=states.named(state))
        return Fault("cadre_id", message, Message("attendance.hint-given-up"), "no-seat")
    hint = Message("event.hint-no-seat", sessions=roll.sessions_of(row.cadre_id) or Message("event.none"))
    return Fault("cadre_id", Message("event.no-seat", cadre=row.cadre_id, session=row.session_id), hint, "no-seat")


def _figures(row: Row, one: Class) -> Iterator[Fault]:
    """More than the session has."""
    if one.days is not None and row.leave_days > one.days:
        message = Message("attendance.long-leave", leave=row.leave_days, days=one.days, session=row.session_id)
        yield Fault("leave_days", message, Message("attendance.hint-leave"), "long-leave")
    if one.hours is not None and row.hours is not None and row.hours > one.hours:
        message = Message("attendance.many-hours", hours=row.hours, most=one.hours, session=row.session_id)
        yield Fault("hours", message, Message("attendance.hint-hours"), "many-hours")


def _present(row: Row, is_completed: bool | None, one: Class, roll: Roll) -> Iterator[Fault]:
    """What cannot be of somebody who was there."""
    if one.end > roll.on:
        message = Message("attendance.not-over", session=row.session_id, end=one.end, on=roll.on)
        yield Fault("present", message, Message("attendance.hint-not-over"), "session-not-over")
    if one.days and row.leave_days == one.days:
        message = Message("attendance.all-away", days=one.days)
        yield Fault("leave_days", message, Message("attendance.hint-all-away"), "all-away")
    if is_completed and row.hours == 0 and one.hours:
        yield Fault(
            "hours", Message("attendance.no-hours"), Message("attendance.hint-completed"), "completed-without-hours"
        )


def _absent(row: Row, is_completed: bool | None) -> Iterator[Fault]:
    """What cannot be of somebody who was not there."""
    if is_completed:
        yield Fault(
            "completed", Message("attendance.absent-completed"), Message("attendance.hint-absent"), "absent-completed"
        )
    if row.hours:
        message = Message("attendance.absent-hours", hours=row.hours)
        yield Fault("hours", message, Message("attendance.hint-absent"), "absent-hours")
