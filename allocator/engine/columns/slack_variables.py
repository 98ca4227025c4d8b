"""Extras: the variables of a master behind its columns.

A row missed (a *deviation*), a seat that does not exist, a class that opens, a goal above its cap.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Strata, segments
from allocator.engine.columns.master_rows import Rows

DEVIATION, OVERFILLED, OPENING, BEYOND = range(4)
"""Kinds of extras: a row missed, a seat that does not exist, a class that opens, a goal above its cap."""


@dataclass(frozen=True, eq=False)
class Extras:
    """The extras of a master, shape (E,) each.

    Parameters
    ----------
    row, value
        Their entry.
    goals
        What they count to, boolean (E, goals).
    most, whole, kind
        Upper limit, whether it is a whole number, and kind.
    opening
        Row of the least size, extra and entry there (less the least size), of each class that opens.
    """

    row: np.ndarray
    value: np.ndarray
    goals: np.ndarray
    most: np.ndarray
    whole: np.ndarray
    kind: np.ndarray
    opening: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(cls, strata: Strata, rows: Rows, goals: tuple[Goal, ...], least: np.ndarray) -> Extras:
        """Those of the rows of some strata; ``least`` as of ``Rows.of``."""
        parts: list[tuple[np.ndarray, ...]] = []

        def put(kind: int, row: np.ndarray, value: np.ndarray | float, most: np.ndarray | float, *,
                counted: tuple[Goal, ...] = (), is_whole: bool = False) -> None:  # fmt: skip
            n = len(row)
            counts = np.tile(np.array([goal in counted for goal in goals], dtype=bool), (n, 1))
            limits, values = np.broadcast_to(most, n), np.broadcast_to(value, n)
            parts.append((row, values, counts, limits, np.full(n, is_whole), np.full(n, kind)))

        for f, (family, row, asked) in enumerate(zip(strata.cohorts.families, rows.families, rows.asked, strict=True)):
            for missed, sign, limit in (
                (asked.short_goals, 1.0, asked.floor),
                (asked.over_goals, -1.0, asked.ceiling),
            ):
                present = (row >= 0) & np.isfinite(limit)
                pooled = strata.width[f][np.nonzero(present)[0]]
                for width, goals_there in segments(missed) if missed else []:
                    counted = () if asked.is_idle else goals_there
                    room = np.maximum(0.0, width * pooled - strata.missed[f][present])
                    is_whole = family.among is not None  # A share of people is rounded up to whole people.
                    put(DEVIATION, row[present], sign, room, counted=counted, is_whole=is_whole)
        put(OVERFILLED, rows.seats[rows.seats >= 0], -1.0, np.inf)  # Fixed seats may be more than there are.
        opens = rows.sizes >= 0
        first, count = sum(len(part[0]) for part in parts), int(opens.sum())
        put(OPENING, rows.seats[opens], -strata.capacity[opens].astype(float), 1.0, is_whole=True)
        put(BEYOND, rows.goals, -1.0, np.inf)  # Keeps a capped master feasible on the way.
        row, value, counts, most, whole, kind = (np.concatenate(part) for part in zip(*parts, strict=True))
        opening = rows.sizes[opens], first + np.arange(count), -least[opens].astype(float)
        return cls(row, value, counts, most, whole, kind, opening)

    def is_like(self, others: Extras) -> bool:
        """Whether the extras have the same entries in the same rows."""
        own, its = ((extras.row, extras.value, extras.kind, extras.opening[2]) for extras in (self, others))
        return all(np.array_equal(a, b) for a, b in zip(own, its, strict=True))

    def places_in(self, others: Extras) -> np.ndarray:
        """Where each extra stands among others over the same rows, -1 for nowhere."""
        place = {key: k for k, key in enumerate(others._keys())}
        return np.array([place.get(key, -1) for key in self._keys()], dtype=np.int64)

    def _keys(self) -> list[tuple[int, int, bool, int]]:
        """Row, kind and sign of each extra, and how many others of these come before it."""
        seen: Counter[tuple[int, int, bool]] = Counter()
        keys = []
        for key in zip(self.row.tolist(), self.kind.tolist(), (self.value > 0).tolist(), strict=True):
            keys.append((*key, seen[key]))
            seen[key] += 1
        return keys

    def limited(self, kind: int, most: np.ndarray) -> Extras:
        """The same with other upper limits of those of one kind."""
        limits = self.most.copy()
        limits[self.kind == kind] = most
        return replace(self, most=limits)
