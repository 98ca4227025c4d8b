"""By how much: a range such as ``-10:+50:10`` or a list such as ``-1,1,5``."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from allocator.domain.errors import UsageError
from allocator.language.message import Message

MOST_POINTS = 200
"""Points of a range at most: each is planned anew."""


class StepsError(UsageError):
    """A range that cannot be read, is empty, or has more points than anybody waits for."""


def read_steps(text: str) -> tuple[Fraction, ...]:
    """The steps of a range ``first:last:by`` or a list ``a,b,c``, ascending, each once; 0 is the present and left out.

    Raises
    ------
    StepsError
        If it is neither, is empty, or has too many points.

    Examples
    --------
    >>> [int(step) for step in read_steps("-10:+20:10")], [int(step) for step in read_steps("5,-1")]
    ([-10, 10, 20], [-1, 5])
    """
    try:
        steps = _ranged(text) if ":" in text else [_number(part, text) for part in text.split(",") if part.strip()]
    except (ValueError, ZeroDivisionError):
        raise StepsError(Message("shadow.bad-range", text=text)) from None
    return checked_steps(steps, text)


def checked_steps(steps: Iterable[Fraction | int], text: str) -> tuple[Fraction, ...]:
    """Steps in order, each once and without 0.

    Raises
    ------
    StepsError
        If none is left.
    """
    found = tuple(sorted({Fraction(step) for step in steps} - {Fraction(0)}))
    if not found:
        raise StepsError(Message("shadow.empty-range", text=text))
    if len(found) > MOST_POINTS:
        raise StepsError(Message("shadow.long-range", text=text, count=len(found), most=MOST_POINTS))
    return found


def _ranged(text: str) -> list[Fraction]:
    parts = [_number(part, text) for part in text.split(":")]
    if not 2 <= len(parts) <= 3:
        raise StepsError(Message("shadow.bad-range", text=text))
    first, last, by = (*parts, Fraction(1))[:3]
    if by <= 0:
        raise StepsError(Message("shadow.bad-range", text=text))
    count = (last - first) // by + 1
    if count > MOST_POINTS + 1:  # One of them may be 0.
        raise StepsError(Message("shadow.long-range", text=text, count=count, most=MOST_POINTS))
    return [first + by * number for number in range(max(0, count))]


def _number(part: str, text: str) -> Fraction:
    found = Fraction(part.strip().replace("−", "-"))
    if abs(found) > 10**6:
        raise StepsError(Message("shadow.bad-range", text=text))
    return found
