"""The calendar file of one unit (iCalendar, RFC 5545): an all-day event for every part of a session it sends people to."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import icalendar
from icalendar.parser import Contentline, Parameters

from allocator.outputs.units.unit_record import Event, UnitContent

_LINES = 2**14  # kept; a province has some thousand classes and days on which they begin and end
_FOLDED = 75  # octets from which a line is folded
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def calendar(unit: UnitContent, first_year: int, issued: date | None = None, about: str = "") -> bytes:
    """The file, ready to be written; equal content gives equal bytes.

    Parameters
    ----------
    first_year
        First plan year. Every event must carry the time it was made; a clock would make two equal runs differ, so it
        is the first moment of the plan.
    issued
        The day on which it goes out, where it does: that is the time then, so that of two files the later one counts.
    about
        A line about the whole file, such as version and date.

    Raises
    ------
    ValueError
        If there are no events: the standard has no empty calendar.
    """
    if not unit.events:
        raise ValueError(f"unit {unit.unit_id!r} has no events")
    made = icalendar.Calendar()
    made.add("prodid", "-//allocator//units//ZH")
    made.add("version", "2.0")
    made.add("x-wr-calname", _clean(unit.title).replace("\n", " "))  # Not of the standard, so nothing in it is escaped.
    if about:
        made.add("x-wr-caldesc", _clean(about).replace("\n", " "))
    before, end, after = made.to_ical().rpartition(b"END:VCALENDAR")
    stamp = (
        datetime(issued.year, issued.month, issued.day, tzinfo=UTC)
        if issued
        else datetime(first_year, 1, 1, tzinfo=UTC)
    )
    return b"".join((before, *(_event(event, stamp) for event in unit.events), end, after))


def uid(*parts: str) -> str:
    """An id that tells nothing, and stays the same when the plan is made anew, so that the event is replaced.

    Examples
    --------
    >>> uid("tiny", "S", "s-2019", "1")
    'b469f6092a9bc930391e5fbba8cfac77@allocator'
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32] + "@allocator"


def _event(event: Event, stamp: datetime) -> bytes:
    """The event line by line, in the order of the library, which would look up everything it knows of each line anew."""
    lines = (
        b"BEGIN:VEVENT",
        _often("SUMMARY", _clean(event.summary)),
        _often("DTSTART", event.first),
        _often("DTEND", event.last + timedelta(days=1)),  # The end is the first day that is free again.
        _often("DTSTAMP", stamp),
        _once("UID", event.uid),
        *((f"SEQUENCE:{event.sequence}".encode(),) if event.sequence is not None else ()),
        *((b"STATUS:CANCELLED",) if event.is_cancelled else ()),
        _once("DESCRIPTION", _clean(event.description)),
        *((_often("LOCATION", _clean(event.place)),) if event.place else ()),
        _often("TRANSP", "TRANSPARENT"),  # The owner of the calendar is not away.
        b"END:VEVENT",
        b"",
    )
    return b"\r\n".join(lines)


@lru_cache(_LINES)
def _often(name: str, value: str | date | datetime) -> bytes:
    """The line of a property that many events have alike."""
    made = icalendar.Event()
    made.add(name, value)
    content: bytes = made.content_line(name, made[name]).to_ical()
    return content


def _once(name: str, text: str) -> bytes:
    """The line of a text that only one event has."""
    line = Contentline.from_parts(name, Parameters(), icalendar.vText(text))
    content: bytes = line.encode()
    if len(content) >= _FOLDED:
        content = line.to_ical()
    return content


def _clean(text: str) -> str:
    """The text without control characters, which the standard forbids; line breaks stay, and are escaped."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
