"""What the register keeps, as records: states, events, attendance, published plans."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum


class SessionState(StrEnum):
    """Where a session stands; a running session is an issued one that has begun."""

    DRAFT = "draft"
    ISSUED = "issued"
    RUNNING = "running"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SeatState(StrEnum):
    """Where a seat stands: planned, confirmed when its notice was issued, and what became of it."""

    PLANNED = "planned"
    CONFIRMED = "confirmed"
    ATTENDED = "attended"
    ABSENT = "absent"
    LEFT_EARLY = "left-early"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


class EventKind(StrEnum):
    """What can happen to a published plan."""

    WITHDRAW = "withdraw"
    UNAVAILABLE = "unavailable"
    JOIN = "join"
    LEAVE = "leave"
    TRANSFER = "transfer"
    PROMOTE = "promote"
    MOVE_SESSION = "move-session"
    CANCEL_SESSION = "cancel-session"
    SEATS = "seats"
    CLOSE_HOST = "close-host"
    NEW_SESSION = "new-session"
    CALL_UP = "call-up"
    SUBSTITUTE = "substitute"
    REQUEST = "request"


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Parameters
    ----------
    event_id
        Its name in the register; no two events share one.
    date
        The day on which it is known.
    cadre_id, session_id, unit_id
        Whom, which session and which unit it is about; empty where it is about none.
    value
        What its kind needs besides: a date, a span of dates, a number of seats, the id of the substitute.
    reason, clause, by
        Why, by which clause of the policy, and who says so.
    """

    event_id: str
    date: date
    kind: EventKind
    cadre_id: str = ""
    session_id: str = ""
    unit_id: str = ""
    value: str = ""
    reason: str = ""
    clause: str = ""
    by: str = ""


@dataclass(frozen=True)
class Attendance:
    """What the host reports of one seat.

    ``leave_days`` are days away with leave, ``hours`` those attended (missing: those of the class), ``completed`` whether
    the host says so. In the register they are what counts: who was absent, or away beyond the limit of the policy, has not
    completed and has no hours; what the host said stands in the journal.
    """

    session_id: str
    cadre_id: str
    present: bool
    leave_days: float = 0.0
    hours: float | None = None
    completed: bool = True
    remark: str = ""


@dataclass(frozen=True)
class PublishedPlan:
    """One version of the plan: when, by whom and why it was published, and the bytes of its ``plan.csv``."""

    version: int
    on: date
    by: str
    why: str
    scenario: str
    plan_sha256: str
    inputs_sha256: str
    content: bytes


EVENT_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Event))
"""Columns of a table of events."""

ATTENDANCE_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Attendance))
"""Columns of a list that comes back from a host."""

HELD = (SeatState.PLANNED, SeatState.CONFIRMED, SeatState.ATTENDED, SeatState.ABSENT, SeatState.LEFT_EARLY)
"""States of a seat that the plan still holds."""
