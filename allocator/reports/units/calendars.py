"""The calendar file of one unit (iCalendar, RFC 5545): an all-day event for every part of a session it sends people to."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

import icalendar

from allocator.reports.units.content import Event, UnitContent

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def calendar(unit: UnitContent, first_year: int) -> bytes:
    """The file, ready to be written; equal content gives equal bytes.

    Parameters
    ----------
    first_year
        First plan year. Every event must carry the time it was made; a clock would make two equal runs differ, so it
        is the first moment of the plan.

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
    made.add("x-wr-calname", _clean(unit.title))
    stamp = datetime(first_year, 1, 1, tzinfo=UTC)
    for event in unit.events:
        made.add_component(_event(event, stamp))
    content: bytes = made.to_ical()
    return content


def uid(*parts: str) -> str:
    """An id that tells nothing, and stays the same when the plan is made anew, so that the event is replaced.

    Examples
    --------
    >>> uid("tiny", "S", "s-2019", "1")
    'b469f6092a9bc930391e5fbba8cfac77@allocator'
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32] + "@allocator"


def _event(event: Event, stamp: datetime) -> icalendar.Event:
    made = icalendar.Event()
    made.add("uid", event.uid)
    made.add("dtstamp", stamp)
    made.add("dtstart", event.first)
    made.add("dtend", event.last + timedelta(days=1))  # The end is the first day that is free again.
    made.add("summary", _clean(event.summary))
    if event.place:
        made.add("location", _clean(event.place))
    made.add("description", _clean(event.description))
    made.add("transp", "TRANSPARENT")  # The owner of the calendar is not away.
    return made


def _clean(text: str) -> str:
    """The text without control characters, which the standard forbids; line breaks stay, and are escaped."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
