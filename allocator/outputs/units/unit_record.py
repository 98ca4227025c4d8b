"""What a unit's files hold, as plain values: made once from the run, then written here or in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple


@dataclass(frozen=True)
class TableSheet:
    """One sheet of a workbook: lines of free text, then a table; styles as ``Sheet.table`` takes them."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    styles: tuple[str, ...]
    lines: tuple[str, ...] = ()  # the first one is a title when there are two or more
    freeze: int = 0


@dataclass(frozen=True)
class Event:
    """One part of a session with the unit's people in it; ``last`` is the last day of class."""

    uid: str
    year: int  # plan year
    session_id: str
    first: date
    last: date
    summary: str
    place: str
    description: str
    sequence: int | None = None  # how often it was told before; None where nobody counts
    is_cancelled: bool = False


@dataclass(frozen=True)
class Notice:
    """One session with all people the unit sends there: placeholder -> text, once and for each person."""

    year: int
    session_id: str
    fields: Mapping[str, str]
    people: tuple[Mapping[str, str], ...]


class IndexLine(NamedTuple):
    """One unit in the list of files; ``stem`` is the name of its files without the ending."""

    unit_id: str
    name: str
    stem: str
    people: int
    seats: int
    has_calendar: bool
    has_notices: bool


@dataclass(frozen=True)
class UnitContent:
    """Everything one unit gets.

    Parameters
    ----------
    stem
        Name of its files without the ending.
    people, seats
        People on the roster and seats of the plan, groups with their headcount.
    """

    unit_id: str
    name: str
    stem: str
    title: str
    people: int
    seats: int
    sheets: tuple[TableSheet, ...]
    events: tuple[Event, ...]
    notices: tuple[Notice, ...]

    @property
    def line(self) -> IndexLine:
        """The unit in the list of files."""
        return IndexLine(
            self.unit_id, self.name, self.stem, self.people, self.seats, bool(self.events), bool(self.notices)
        )
