"""Which state may follow which; every command asks here before it changes one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from allocator.domain.errors import RegisterError
from allocator.language.message import Message
from allocator.register.records import SeatState, SessionState

S, T = SessionState, SeatState

SESSION_STEPS: Mapping[SessionState, frozenset[SessionState]] = {
    S.DRAFT: frozenset({S.DRAFT, S.ISSUED, S.CANCELLED}),
    S.ISSUED: frozenset({S.ISSUED, S.RUNNING, S.CLOSED, S.CANCELLED}),
    S.RUNNING: frozenset({S.RUNNING, S.CLOSED}),
    S.CLOSED: frozenset({S.CLOSED}),
    S.CANCELLED: frozenset({S.CANCELLED}),
}

SEAT_STEPS: Mapping[SeatState, frozenset[SeatState]] = {
    T.PLANNED: frozenset({T.PLANNED, T.CONFIRMED, T.WITHDRAWN, T.REPLACED}),
    T.CONFIRMED: frozenset({T.CONFIRMED, T.ATTENDED, T.ABSENT, T.LEFT_EARLY, T.WITHDRAWN, T.REPLACED}),
    T.ATTENDED: frozenset({T.ATTENDED, T.ABSENT, T.LEFT_EARLY}),
    T.ABSENT: frozenset({T.ABSENT, T.ATTENDED, T.LEFT_EARLY}),
    T.LEFT_EARLY: frozenset({T.LEFT_EARLY, T.ATTENDED, T.ABSENT}),
    T.WITHDRAWN: frozenset({T.WITHDRAWN, T.PLANNED}),
    T.REPLACED: frozenset({T.REPLACED, T.PLANNED}),
}
"""A report of a host may be corrected; who withdrew may be called up again."""


def session_step(session_id: str, now: SessionState, then: SessionState) -> None:
    """Refuse a step of a session that its state forbids.

    Raises
    ------
    RegisterError
    """
    if then not in SESSION_STEPS[now]:
        raise RegisterError(Message("register.session-state", session=session_id, now=named(now), then=named(then)))


def seat_step(session_id: str, cadre_id: str, now: SeatState, then: SeatState) -> None:
    """Refuse a step of a seat that its state forbids.

    Raises
    ------
    RegisterError
    """
    if then not in SEAT_STEPS[now]:
        raise RegisterError(
            Message("register.seat-state", cadre=cadre_id, session=session_id, now=named(now), then=named(then))
        )


def as_of(state: SessionState, start_date: str, on: date) -> SessionState:
    """The state of a session on a day: an issued one that has begun is running; dates are ISO texts in the register."""
    return S.RUNNING if state is S.ISSUED and start_date <= on.isoformat() else state


def seats_change(session_id: str, now: SessionState, *, comes: bool) -> None:
    """Refuse that seats of a session come or go once it has begun, and that anybody ``comes`` to one that was called off.

    Raises
    ------
    RegisterError
    """
    if now in (S.RUNNING, S.CLOSED):
        raise RegisterError(Message("register.seats-closed", session=session_id, now=named(now)))
    if comes and now is S.CANCELLED:
        raise RegisterError(Message("register.seats-cancelled", session=session_id))


def session_moves(session_id: str, now: SessionState) -> None:
    """Refuse new dates of a session that is over.

    Raises
    ------
    RegisterError
    """
    if now in (SessionState.CLOSED, SessionState.RUNNING):
        raise RegisterError(Message("register.dates-closed", session=session_id, now=named(now)))


def named(state: SessionState | SeatState) -> Message:
    """A state in the reader's language."""
    match state:
        case S.DRAFT:
            return Message("register.state-draft")
        case S.ISSUED:
            return Message("register.state-issued")
        case S.RUNNING:
            return Message("register.state-running")
        case S.CLOSED:
            return Message("register.state-closed")
        case S.CANCELLED:
            return Message("register.state-cancelled")
        case T.PLANNED:
            return Message("register.state-planned")
        case T.CONFIRMED:
            return Message("register.state-confirmed")
        case T.ATTENDED:
            return Message("register.state-attended")
        case T.ABSENT:
            return Message("register.state-absent")
        case T.LEFT_EARLY:
            return Message("register.state-left-early")
        case T.WITHDRAWN:
            return Message("register.state-withdrawn")
        case _:
            return Message("register.state-replaced")
