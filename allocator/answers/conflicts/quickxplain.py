"""A smallest set of demands that fails, by questions: quick where few of many demands take part (QuickXplain, Junker 2004)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

Fails = Callable[[Sequence[T]], bool]
"""Whether demands are known to fail together; what is not known does not fail."""


def smallest(fails: Fails[T], candidates: Sequence[T]) -> list[T]:
    """Of candidates that fail together, some that still do and that do not once any one of them is left out.

    Candidates that stand first are preferred. Where more demands never fail less, and every question has an answer, the result
    is minimal; its members are in the order of the candidates.

    Examples
    --------
    >>> smallest(lambda some: {2, 5} <= set(some) or {3, 4} <= set(some), [1, 2, 3, 4, 5])
    [3, 4]
    """
    if fails(()):
        return []
    found = _among(fails, [], is_grown=False, candidates=list(candidates))
    return [one for one in candidates if one in found]


def _among(fails: Fails[T], given: list[T], *, is_grown: bool, candidates: list[T]) -> list[T]:
    """What of the candidates is needed beside those given."""
    if is_grown and fails(given):
        return []
    if len(candidates) == 1:
        return candidates
    half = (len(candidates) + 1) // 2
    first, second = candidates[:half], candidates[half:]
    later = _among(fails, [*given, *first], is_grown=True, candidates=second)
    sooner = _among(fails, [*given, *later], is_grown=bool(later), candidates=first)
    return [*sooner, *later]


def failing_start(fails: Fails[T], seed: Sequence[T], candidates: Sequence[T]) -> list[T] | None:
    """The seed with ever more of the candidates, twice as many each time, until they fail; ``None`` when all do not."""
    size = 0
    while True:
        tried = [*seed, *candidates[:size]]
        if fails(tried):
            return tried
        if size >= len(candidates):
            return None
        size = max(1, 2 * size)
