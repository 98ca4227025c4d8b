"""What is wrong with an event: by itself, and given all that happened before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from allocator.domain.names import heading
from allocator.inputs.defects import did_you_mean
from allocator.language.message import Message
from allocator.register import states
from allocator.register.events.standing import Standing
from allocator.register.events.values import Value
from allocator.register.records import Event, EventKind, SessionState
from allocator.register.sheets import Fault

K = EventKind
OVER = (SessionState.RUNNING, SessionState.CLOSED, SessionState.CANCELLED)
RECORDS = {
    K.JOIN: ("cadres", ("name", "category", "rank")),
    K.NEW_SESSION: ("sessions", ("programme_id", "start_date", "end_date", "seats")),
}
"""What the value of an event that adds a record must say."""


def faults(event: Event, value: Value, now: Standing) -> list[Fault]:
    """Every mistake of one event; unknown ids end the search, since all else would follow from them."""
    found = [*_dates(event, now), *_ids(event, now)]
    return found or [fault for check in CHECKS for fault in check(event, value, now)]


def _dates(event: Event, now: Standing) -> Iterator[Fault]:
    if event.date > now.on:
        yield Fault(
            "date", Message("event.in-future", day=event.date, on=now.on), Message("event.hint-future"), "event-in-future"
        )  # fmt: skip
    if event.date.year in now.closed and event.date <= now.closed[event.date.year]:
        message = Message("register.year-closed", year=event.date.year)
        yield Fault("date", message, Message("event.hint-year-closed"), "event-year-closed")
    if event.session_id in now.past:
        message = Message("register.year-closed", year=now.past[event.session_id])
        yield Fault("session_id", message, Message("event.hint-over"), "event-year-closed")


def _ids(event: Event, now: Standing) -> Iterator[Fault]:
    """Ids that nobody knows, and new ones that are taken."""
    person, session = Message("event.a-person"), Message("event.a-session")
    if event.kind is K.JOIN:
        if event.cadre_id in now.unit_of:
            yield _taken("cadre_id", Message("event.known-person", cadre=event.cadre_id))
    elif event.cadre_id and event.cadre_id not in now.unit_of:
        yield _unknown("cadre_id", person, event.cadre_id, now.unit_of)
    if event.kind is K.NEW_SESSION:
        if event.session_id in now.starts:
            yield _taken("session_id", Message("event.known-session", session=event.session_id))
    elif event.session_id and event.session_id not in now.starts and event.session_id not in now.past:
        yield _unknown("session_id", session, event.session_id, now.starts)
    if event.unit_id and event.unit_id not in now.units:
        yield _unknown("unit_id", Message("event.a-unit"), event.unit_id, now.units)
    if event.kind is K.CLOSE_HOST and event.value not in now.hosts:
        yield _unknown("value", Message("event.a-host"), event.value, now.hosts)
    if event.kind is K.SUBSTITUTE and event.value not in now.unit_of:
        yield _unknown("value", person, event.value, now.unit_of)


def _unknown(column: str, thing: Message, value: str, known: Iterable[str]) -> Fault:
    hint = did_you_mean(value, sorted(known), Message("event.hint-id"), 75)
    return Fault(column, Message("event.unknown", thing=thing, value=value), hint, "event-unknown-id")


def _taken(column: str, message: Message) -> Fault:
    return Fault(column, message, Message("event.hint-new-id"), "event-known-id")


def _person(event: Event, _: Value, now: Standing) -> Iterator[Fault]:
    """Somebody who left, or of another unit than the one written."""
    for column, cadre in (("cadre_id", event.cadre_id), ("value", event.value if event.kind is K.SUBSTITUTE else "")):
        if cadre in now.gone:
            message = Message("event.gone", cadre=cadre, event=now.gone[cadre])
            yield Fault(column, message, Message("event.hint-gone"), "event-contradiction")
    unit = now.unit_of.get(event.cadre_id, "")
    if event.kind is K.TRANSFER and event.unit_id == unit:
        message = Message("event.same-unit", cadre=event.cadre_id, unit=unit)
        yield Fault("unit_id", message, Message("event.hint-same-unit"), "event-same-unit")
    is_own = event.kind not in (K.TRANSFER, K.JOIN)
    if is_own and event.cadre_id and event.unit_id and event.unit_id != unit:
        message = Message("event.other-unit", cadre=event.cadre_id, unit=unit, given=event.unit_id)
        yield Fault("unit_id", message, Message("event.hint-other-unit"), "event-other-unit")


def _session(event: Event, _: Value, now: Standing) -> Iterator[Fault]:
    """A session that is over, called off or has begun."""
    if not event.session_id or event.kind is K.NEW_SESSION:
        return
    state, start = now.states.get(event.session_id, SessionState.DRAFT), now.starts[event.session_id]
    if state in OVER:
        message = Message("event.session-over", session=event.session_id, state=states.named(state))
    elif start <= now.on:
        message = Message("event.session-begun", session=event.session_id, start=start)
    else:
        return
    yield Fault("session_id", message, Message("event.hint-over"), "event-session-over")


def _seats(event: Event, value: Value, now: Standing) -> Iterator[Fault]:
    """Seats that nobody holds, or that are taken already."""
    held = now.held.get(event.cadre_id, set())
    if event.kind in (K.WITHDRAW, K.SUBSTITUTE) and event.session_id not in held:
        if now.states.get(event.session_id) is SessionState.CANCELLED:
            return  # Told by the session.
        hint = Message("event.hint-no-seat", sessions=tuple(sorted(held)) or Message("event.none"))
        message = Message("event.no-seat", cadre=event.cadre_id, session=event.session_id)
        yield Fault("session_id", message, hint, "event-no-seat")
    column, comes = ("value", event.value) if event.kind is K.SUBSTITUTE else ("cadre_id", event.cadre_id)
    if event.kind is K.SUBSTITUTE and event.value == event.cadre_id:
        yield Fault(column, Message("event.self"), Message("event.hint-has-seat"), "event-self")
    elif event.kind in (K.SUBSTITUTE, K.CALL_UP) and event.session_id in now.held.get(comes, set()):
        message = Message("event.has-seat", cadre=comes, session=event.session_id)
        yield Fault(column, message, Message("event.hint-has-seat"), "event-has-seat")
    if event.kind is K.SEATS:
        before = now.seats[event.session_id]
        if (before + value.seats if value.is_more else value.seats) < 1:
            message = Message("event.few-seats", session=event.session_id, seats=before)
            yield Fault("value", message, Message("event.hint-few-seats"), "event-few-seats")


def _days(event: Event, value: Value, now: Standing) -> Iterator[Fault]:
    """Days that are over."""
    if event.kind is K.UNAVAILABLE and value.last is not None and value.last < now.on:
        message = Message("event.past-span", last=value.last, on=now.on)
        yield Fault("value", message, Message("event.hint-later"), "event-past")
    start = value.first if event.kind is K.MOVE_SESSION else None
    if event.kind is K.NEW_SESSION and value.fields.get("start_date"):
        start = date.fromisoformat(value.fields["start_date"])
    if start is not None and start <= now.on:
        message = Message("event.past-start", start=start, on=now.on)
        yield Fault("value", message, Message("event.hint-later"), "event-past")


def _records(event: Event, value: Value, now: Standing) -> Iterator[Fault]:
    """What a new record must say, and names that nobody knows."""
    table, needed = RECORDS.get(event.kind, ("", ()))
    lacking = tuple(heading(name, table) for name in needed if not value.fields.get(name))
    if lacking:
        message = Message("event.lacks-field", columns=lacking)
        yield Fault("value", message, Message("event.hint-fields"), "event-lacks-field")
    category = value.fields.get("category", "")
    if category and category not in now.categories:
        hint = did_you_mean(category, sorted(now.categories), Message("event.hint-category"))
        yield Fault("value", Message("event.no-such-category", value=category), hint, "event-no-such-category")
    programme = value.fields.get("programme_id", "")
    if programme and programme not in now.programmes:
        yield _unknown("value", Message("event.a-programme"), programme, now.programmes)
    first, last = (value.fields.get(name, "") for name in ("start_date", "end_date"))
    if first and last and last < first:
        message = Message("defect.period-order", start=first, end=last)
        yield Fault("value", message, Message("event.hint-later"), "period-order")


Check = Callable[[Event, Value, Standing], Iterator[Fault]]
CHECKS: tuple[Check, ...] = (_person, _session, _seats, _days, _records)
