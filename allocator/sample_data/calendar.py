"""Days on which a class may be held: weeks between the first and the last day of the training year, holidays left out."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import chinese_calendar


@cache
def starts(first: date, last: date, days: int) -> tuple[date, ...]:
    """Mondays on which a class of ``days`` calendar days may begin, the Tuesday where the Monday is a holiday.

    The class begins on ``first`` or later, ends on ``last`` or earlier and meets no public holiday.
    """
    found = []
    day = first - timedelta(days=first.weekday())
    while day <= last:
        chosen = day if is_free(day, 1) else day + timedelta(days=1)
        if chosen >= first and chosen + timedelta(days=days - 1) <= last and is_free(chosen, days):
            found.append(chosen)
        day += timedelta(days=7)
    return tuple(found)


@cache
def is_free(day: date, days: int) -> bool:
    """Whether no public holiday falls on the ``days`` days from ``day`` on; ordinary weekends are no holidays."""
    return not any(_is_public_holiday(day + timedelta(days=offset)) for offset in range(days))


@cache
def _is_public_holiday(day: date) -> bool:
    is_holiday, name = chinese_calendar.get_holiday_detail(day)
    return bool(is_holiday and name)
