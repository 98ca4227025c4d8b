"""What a version of the plan, or a report of a host, does to sessions, seats and events; each inside the transaction of its entry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from datetime import date

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from allocator.domain.errors import RegisterError
from allocator.domain.plan import Plan
from allocator.domain.tables import Inputs
from allocator.language.message import Message
from allocator.register import journal, states
from allocator.register.database import shown
from allocator.register.records import (
    ATTENDANCE_COLUMNS,
    EVENT_COLUMNS,
    HELD,
    Attendance,
    Event,
    SeatState,
    SessionState,
)
from allocator.register.tables import ATTENDANCE, EVENTS, SEATS, SESSIONS

Seat = tuple[str, str]
"""Session and person."""


def note_events(connection: Connection, events: Sequence[Event], applied_in: int | None = None) -> None:
    """Write events down.

    Raises
    ------
    RegisterError
        If one of them is there already.
    """
    known = set(connection.execute(select(EVENTS.c.event_id)).scalars())
    twice = sorted(known & {one.event_id for one in events})
    if twice:
        raise RegisterError(Message("register.event-known", events=tuple(twice)))
    rows = [dict(zip(EVENT_COLUMNS, astuple(one), strict=True)) | {"date": one.date.isoformat()} for one in events]
    if rows:
        connection.execute(insert(EVENTS), [{**row, "applied_in": applied_in} for row in rows])


def answer_events(connection: Connection, events: Sequence[str], version: int) -> None:
    """Mark events as answered by a version."""
    if events:
        connection.execute(update(EVENTS).where(EVENTS.c.event_id.in_(events)).values(applied_in=version))


def put_sessions(connection: Connection, plan: Plan, inputs: Inputs, cancelled: Collection[str], on: date) -> None:
    """Add the sessions of a plan as drafts, move the dates of those that are there, and call off what is cancelled."""
    there = {row["session_id"]: row for row in connection.execute(select(SESSIONS)).mappings()}
    table = inputs.sessions[inputs.sessions["session_id"].isin({*plan.placements["session_id"], *there})]
    days = (table[name].dt.strftime("%Y-%m-%d").tolist() for name in ("start_date", "end_date"))
    new = []
    for session_id, year, start, end in zip(table["session_id"].tolist(), table["year"].tolist(), *days, strict=True):
        dates = {"start_date": start, "end_date": end}
        if session_id not in there:
            new.append({"session_id": session_id, "year": year, "state": SessionState.DRAFT.value, **dates})
        elif any(there[session_id][name] != value for name, value in dates.items()):
            known = there[session_id]
            states.session_moves(session_id, states.as_of(SessionState(known["state"]), known["start_date"], on))
            connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session_id).values(**dates))
    past = sorted({int(row["year"]) for row in new} & journal.closings(connection).keys())
    if past:
        raise RegisterError(Message("register.year-closed", year=past[0]))
    if new:
        connection.execute(insert(SESSIONS), new)
    step_sessions(connection, dict.fromkeys(sorted(there.keys() & set(cancelled)), SessionState.CANCELLED), on)


def put_seats(
    connection: Connection,
    plan: Plan,
    version: int,
    left: Mapping[Seat, SeatState],
    on: date,
    *,
    closing: int | None = None,
) -> dict[str, int]:
    """Bring the seats to those of a plan; how many came and went. Those of closed years, and of the one ``closing``, stand."""
    there = {(row["session_id"], row["cadre_id"]): row for row in connection.execute(select(SEATS)).mappings()}
    held = {seat for seat, row in there.items() if row["state"] in HELD}
    names = ("session_id", "cadre_id", "unit_id", "headcount")
    placed = zip(*(plan.placements[name].tolist() for name in names), strict=True)
    wanted = {row[:2]: dict(zip(names, row, strict=True)) for row in placed}
    past = _of_closed_years(connection, closing)
    refuse_closed(connection, {session for session, _ in wanted.keys() - held} & past)
    held = {seat for seat in held if seat[0] not in past}
    wanted = {seat: row for seat, row in wanted.items() if seat[0] not in past}
    came, gone = sorted(wanted.keys() - held), sorted(held - wanted.keys())
    resized = sorted(s for s in held & wanted.keys() if there[s]["headcount"] != wanted[s]["headcount"])
    now = _sessions_as_of(connection, on)
    for session_id in sorted({session for session, _ in [*came, *gone, *resized]}):
        states.seats_change(session_id, now[session_id], comes=any(session == session_id for session, _ in came))
    for seat in resized:
        _update_seat(connection, seat, headcount=wanted[seat]["headcount"], version=version)
    for seat in gone:
        state = left.get(seat, SeatState.WITHDRAWN)
        states.seat_step(*seat, SeatState(there[seat]["state"]), state)
        _update_seat(connection, seat, state=state.value, version=version)
    for seat in came:
        if seat in there:
            _update_seat(connection, seat, **wanted[seat], state=SeatState.PLANNED.value, version=version)
    new = [{**wanted[s], "state": SeatState.PLANNED.value, "version": version} for s in came if s not in there]
    if new:
        connection.execute(insert(SEATS), new)
    return {"came": len(came), "gone": len(gone)}


def begin_drafts(connection: Connection, sessions: Collection[str], on: date) -> list[str]:
    """Take drafts that have begun as issued, though no paper says so, and their seats as confirmed; which ones they were."""
    own = select(SESSIONS.c.session_id).where(SESSIONS.c.session_id.in_(sessions), SESSIONS.c.state == "draft")
    begun = sorted(connection.execute(own.where(SESSIONS.c.start_date <= on.isoformat())).scalars())
    step_sessions(connection, dict.fromkeys(begun, SessionState.ISSUED), on)
    planned = SEATS.c.session_id.in_(begun) & (SEATS.c.state == SeatState.PLANNED)
    connection.execute(update(SEATS).where(planned).values(state=SeatState.CONFIRMED.value))
    return begun


def note_attendance(
    connection: Connection,
    rows: Sequence[Attendance],
    outcome: Mapping[Seat, SeatState],
    on: date,
    *,
    correct: bool,
    where: str,
) -> list[str]:
    """Write reports of hosts down and close sessions of which no seat is open; which ones they were.

    Raises
    ------
    RegisterError
        If a state forbids it, or a seat was recorded before and this is no correction.
    """
    columns = (ATTENDANCE.c.session_id, ATTENDANCE.c.cadre_id)
    touched = sorted({session for session, _ in outcome})
    known = {(s, c) for s, c in connection.execute(select(*columns).where(ATTENDANCE.c.session_id.in_(touched)))}
    again = known & {(one.session_id, one.cadre_id) for one in rows}
    if again and not correct:
        raise RegisterError(Message("register.moved-on", register=shown(where)))
    for session_id, cadre_id in sorted(again):
        place = (ATTENDANCE.c.session_id == session_id) & (ATTENDANCE.c.cadre_id == cadre_id)
        connection.execute(delete(ATTENDANCE).where(place))
    if rows:
        values = [dict(zip(ATTENDANCE_COLUMNS, astuple(one), strict=True)) for one in rows]
        connection.execute(insert(ATTENDANCE), values)
    step_seats(connection, outcome)
    open_ = select(SEATS.c.session_id).where(SEATS.c.state.in_([SeatState.PLANNED, SeatState.CONFIRMED]))
    still = set(connection.execute(open_.where(SEATS.c.session_id.in_(touched))).scalars())
    over = [session for session in touched if session not in still]
    now = _sessions_as_of(connection, on)
    step_sessions(connection, dict.fromkeys(over, SessionState.CLOSED), on)
    return [session for session in over if now[session] is not SessionState.CLOSED]


def refuse_closed(connection: Connection, sessions: Collection[str]) -> None:
    """Refuse to change sessions of a year that was closed.

    Raises
    ------
    RegisterError
    """
    past = sorted(_of_closed_years(connection) & set(sessions))
    if past:
        year = connection.execute(select(SESSIONS.c.year).where(SESSIONS.c.session_id == past[0])).scalar()
        raise RegisterError(Message("register.year-closed", year=year))


def _of_closed_years(connection: Connection, closing: int | None = None) -> set[str]:
    """Sessions of years that were closed, and of the one that is about to be."""
    years = sorted(journal.closings(connection).keys() | ({closing} if closing else set()))
    if not years:
        return set()
    return set(connection.execute(select(SESSIONS.c.session_id).where(SESSIONS.c.year.in_(years))).scalars())


def step_seats(connection: Connection, outcome: Mapping[Seat, SeatState]) -> None:
    """Bring seats to other states.

    Raises
    ------
    RegisterError
        If there is no such seat, or its state forbids the step.
    """
    query = select(SEATS.c.session_id, SEATS.c.cadre_id, SEATS.c.state)
    now = {(session, cadre): SeatState(state) for session, cadre, state in connection.execute(query)}
    for seat, state in outcome.items():
        session_id, cadre_id = seat
        if seat not in now:
            raise RegisterError(Message("register.no-seat", cadre=cadre_id, session=session_id))
        states.seat_step(session_id, cadre_id, now[seat], state)
    if outcome:
        place = (SEATS.c.session_id == bindparam("of_session")) & (SEATS.c.cadre_id == bindparam("of_cadre"))
        rows = [{"of_session": s, "of_cadre": c, "to": state.value} for (s, c), state in outcome.items()]
        connection.execute(update(SEATS).where(place).values(state=bindparam("to")), rows)


def step_sessions(connection: Connection, steps: Mapping[str, SessionState], on: date) -> None:
    """Bring sessions to other states.

    Raises
    ------
    RegisterError
        If the state that a session has on the day forbids the step.
    """
    now = _sessions_as_of(connection, on)
    for session_id, state in steps.items():
        states.session_step(session_id, now[session_id], state)
        connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session_id).values(state=state.value))


def _sessions_as_of(connection: Connection, on: date) -> dict[str, SessionState]:
    query = select(SESSIONS.c.session_id, SESSIONS.c.state, SESSIONS.c.start_date)
    return {one: states.as_of(SessionState(state), start, on) for one, state, start in connection.execute(query)}


def _update_seat(connection: Connection, seat: Seat, **values: object) -> None:
    place = (SEATS.c.session_id == seat[0]) & (SEATS.c.cadre_id == seat[1])
    connection.execute(update(SEATS).where(place).values(**values))
