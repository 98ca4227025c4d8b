"""What the column ``value`` of an event says, by its kind: dates, seats, or columns of a new record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from allocator.domain.tables import EVERY_TABLE
from allocator.inputs.defects import did_you_mean
from allocator.inputs.tables.cells import READERS, BadCellError, read_date
from allocator.inputs.tables.headings import column_names
from allocator.language.message import Message
from allocator.register.records import EventKind

NO_FIELDS: Mapping[str, str] = MappingProxyType({})
OWN_COLUMNS = {"cadres": ("cadre_id", "unit_id"), "sessions": ("session_id", "year")}
"""Columns of a new record that the event says elsewhere, or that follow."""


@dataclass(frozen=True)
class Value:
    """A value read: of each kind only what it needs is filled in.

    Parameters
    ----------
    first, last
        A span of days, or the new days of a session (``last`` missing: as long as before).
    seats, is_more
        A number of seats, and whether it is to be added (below 0: taken away).
    fields
        Columns of a record by their English names, as texts that a CSV would hold.
    """

    first: date | None = None
    last: date | None = None
    seats: int = 0
    is_more: bool = False
    fields: Mapping[str, str] = field(default_factory=lambda: NO_FIELDS)


def read_value(kind: EventKind, text: str) -> Value:
    """The value of an event.

    Raises
    ------
    BadCellError
        If the text is none of its kind; says what is expected.
    """
    match kind:
        case EventKind.UNAVAILABLE:
            first, last = _days(text)
            return Value(first, last or first)
        case EventKind.MOVE_SESSION:
            first, last = _days(text)
            return Value(first, last)
        case EventKind.SEATS | EventKind.REQUEST:
            return _seats(text)
        case EventKind.JOIN | EventKind.TRANSFER | EventKind.PROMOTE:
            return Value(fields=_fields("cadres", text))
        case EventKind.NEW_SESSION:
            return Value(fields=_fields("sessions", text))
        case _:
            return Value()


def _days(text: str) -> tuple[date, date | None]:
    parts = [part.strip() for part in re.split(r"[/至~～]|\bto\b", text)]
    if len(parts) > 2:
        raise BadCellError(Message("event.bad-span", text=text), Message("event.hint-span"), "bad-span")
    first = read_date(parts[0])
    last = read_date(parts[1]) if len(parts) == 2 else None
    if last is not None and last < first:
        raise BadCellError(
            Message("defect.period-order", start=first, end=last), Message("event.hint-span"), "period-order"
        )
    return first, last


def _seats(text: str) -> Value:
    found = re.fullmatch(r"(增加|减少|\+|-|＋|－)?\s*(\d{1,6})\s*(?:名|个|人)?", text, re.ASCII)
    if found is None:
        raise BadCellError(Message("event.bad-seats", text=text), Message("event.hint-seats"), "bad-seats")
    number = int(found[2])
    return Value(seats=-number if found[1] in ("减少", "-", "－") else number, is_more=found[1] is not None)


def _fields(table: str, text: str) -> dict[str, str]:
    """``姓名=张三；职级=正处级`` as columns of a table."""
    columns = {column.name: column for column in EVERY_TABLE[table] if column.name not in OWN_COLUMNS[table]}
    offered = [name for column in columns.values() for name in (column.name, column.name_zh)]
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, re.split("[；\n]|;(?=[^;=＝]*[=＝])", text))):
        heading, mark, told = (piece.strip() for piece in re.split("([=＝])", part + "=", maxsplit=1))
        told = told.removesuffix("=").strip()
        (name,) = column_names(table, [heading])
        if not mark or "=" not in part.replace("＝", "=") or name not in columns:
            hint = did_you_mean(heading, offered, Message("event.hint-fields"))
            raise BadCellError(Message("event.bad-field", text=part), hint, "bad-field")
        if told:
            READERS[columns[name].type](told)
        found[name] = told
    return found
