"""A sheet of events, or one event of the command line: read, checked, all mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace
from datetime import date
from pathlib import Path

from allocator.domain.errors import InputError
from allocator.domain.names import heading
from allocator.inputs.defects import Findings, did_you_mean
from allocator.inputs.tables.cells import BadCellError, Table, read_date, typed
from allocator.language.message import Message
from allocator.register.events.check import faults
from allocator.register.events.kinds import CHINESE, NEEDS, kind_name, kind_names, kind_of
from allocator.register.events.standing import Standing
from allocator.register.events.values import Value, read_value
from allocator.register.records import EVENT_COLUMNS, Event, EventKind
from allocator.register.sheets import filled_in

Row = tuple[int, Event]
"""An event and the row that it stands in."""

COMMAND = "allocator event"
"""Where a mistake of an event of the command line is said to be."""

TEXTS = tuple(name for name in EVENT_COLUMNS if name not in ("date", "kind"))


def read_events(path: Path | str, now: Standing, *, by: str = "") -> list[Event]:
    """The events of a sheet (CSV or Excel, headings in either language), in the order of their dates.

    Parameters
    ----------
    now
        How things stand; it is moved on by the events that are read.
    by
        Who says so where the column is empty.

    Raises
    ------
    InputError
        With every mistake of the sheet: bad cells, unknown ids, and what contradicts the register or an earlier row.
    """
    findings = Findings()
    sheet = filled_in("events", path, findings)
    table = typed(sheet, findings)
    bad = {defect.row for defect in findings.defects}
    rows = _rows(table, findings, bad, by)
    return _checked(table.file, rows, now, findings)


def one_event(cells: Mapping[str, str], now: Standing) -> Event:
    """An event told on the command line; ``cells`` as the columns of a sheet, without an id it gets the next free one.

    Raises
    ------
    InputError
        With every mistake.
    """
    findings, file = Findings(), COMMAND
    kind = _kind(file, 0, cells["kind"], findings)
    day = now.on
    try:
        day = read_date(cells["date"]) if cells.get("date") else day
    except BadCellError as fault:
        findings.defect(file, 0, "date", fault.message, hint=fault.hint, code=fault.code)
    if kind is not None and not cells.get("reason", "").strip():
        _needs(file, 0, kind, "reason", findings)
    if kind is None or findings.defects:
        raise InputError(findings.defects)
    texts = {name: cells.get(name, "").strip() for name in TEXTS}
    event = Event(**texts, date=day, kind=kind)
    return _checked(file, [(0, replace(event, event_id=event.event_id or _free(now)))], now, findings)[0]


def _free(now: Standing) -> str:
    numbers = [int(one[1:]) for one in now.entered if one[:1] == "E" and one[1:].isascii() and one[1:].isdigit()]
    return f"E{max(numbers, default=0) + 1:04}"


def _rows(table: Table, findings: Findings, bad: set[int], by: str) -> list[Row]:
    """The rows whose cells can be read at all."""
    rows: list[Row] = []
    for position, record in enumerate(table.frame.to_dict("records")):
        row = table.row(position)
        if not record["kind"]:
            continue  # Told as an empty cell.
        kind = _kind(table.file, row, record["kind"], findings)
        if kind is None or row in bad:
            continue
        texts = {name: str(record[name]) for name in TEXTS}
        texts["by"] = texts["by"] or by
        rows.append((row, Event(**texts, date=record["date"].date(), kind=kind)))
    return rows


def _kind(file: str, row: int, text: str, findings: Findings) -> EventKind | None:
    kind = kind_of(text)
    if kind is None:
        kinds = Message("event.hint-kind", kinds=tuple(map(kind_name, CHINESE)))
        hint = did_you_mean(text, kind_names(), kinds)
        findings.defect(file, row, "kind", Message("event.unknown-kind", text=text), hint=hint, code="event-kind")
    return kind


def _checked(file: str, rows: Iterable[Row], now: Standing, findings: Findings) -> list[Event]:
    """The events of the rows when nothing is wrong with any, each checked against those before it."""
    first: dict[str, int] = {}
    said: dict[tuple[object, ...], Row] = {}
    events = []
    for row, event in sorted(rows, key=lambda one: (one[1].date, one[0])):
        before = len(findings.defects)
        is_again = _told_before(file, row, event, now, first, said, findings)
        value = _value(file, row, event, findings)
        if value is not None and not is_again:
            for fault in faults(event, value, now):
                findings.defect(file, row, fault.column, fault.message, hint=fault.hint, code=fault.code)
        if len(findings.defects) == before:
            now.move_on(event)
            events.append(event)
    if findings.defects:
        raise InputError(findings.defects)
    now.entered |= {event.event_id for event in events}
    return events


def _told_before(
    file: str,
    row: int,
    event: Event,
    now: Standing,
    first: dict[str, int],
    said: dict[tuple[object, ...], Row],
    findings: Findings,
) -> bool:
    """Tell the same id or the same content twice, or in the register already; whether it is the content."""
    content = astuple(replace(event, event_id="", date=date.min, reason="", clause="", by=""))
    hint = Message("event.hint-event-id")
    if event.event_id in first:
        message = Message("event.twice", event=event.event_id, row=first[event.event_id])
        findings.defect(file, row, "event_id", message, hint=hint, code="event-twice")
    elif event.event_id in now.entered:
        message = Message("event.entered", event=event.event_id)
        findings.defect(file, row, "event_id", message, hint=hint, code="event-entered")
    elif content in said:
        earlier, other = said[content]
        message = Message("event.same", row=earlier, event=other.event_id)
        findings.defect(file, row, "", message, hint=Message("event.hint-same"), code="event-same")
    is_again = content in said
    first.setdefault(event.event_id, row)
    said.setdefault(content, (row, event))
    return is_again


def _value(file: str, row: int, event: Event, findings: Findings) -> Value | None:
    """The value of an event; ``None`` where something that its kind needs is lacking or cannot be read."""
    lacking = [name for name in NEEDS[event.kind] if not getattr(event, name)]
    for name in lacking:
        _needs(file, row, event.kind, name, findings)
    if lacking:
        return None
    try:
        return read_value(event.kind, event.value)
    except BadCellError as fault:
        findings.defect(file, row, "value", fault.message, hint=fault.hint, code=fault.code)
        return None


def _needs(file: str, row: int, kind: EventKind, name: str, findings: Findings) -> None:
    column = heading(name, "events")
    message = Message("event.needs", kind=kind_name(kind), column=column)
    findings.defect(file, row, name, message, hint=Message("event.hint-needs", column=column), code="event-needs")
