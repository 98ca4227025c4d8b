"""Slack variables: the variables of a restricted master behind its columns.

They let a row be missed at a price, a seat be used that does not exist, a class open, and a capped goal pass its cap. Only with them is
every restricted master feasible.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Subproblems, segments
from allocator.engine.columns.master_rows import Rows

ROW_SLACK, SEAT_SLACK, OPENING, CAP_SLACK = range(4)
"""Kinds: distance from a row's limit, a seat that does not exist, a class that opens, a goal above its cap."""


@dataclass(frozen=True, eq=False)
class SlackVariables:
    """The slack variables of a master, E of them; every array has one entry for each.

    Parameters
    ----------
    row, value
        The row where the variable stands, and its coefficient there.
    goals
        Goals that its value counts to, boolean (E, goals).
    most, whole, kind
        Upper limit, whether it must be a whole number, and one of ``ROW_SLACK``, ``SEAT_SLACK``, ``OPENING``, ``CAP_SLACK``.
    opening
        For each class that may open: the row of its least size, its variable, and the coefficient there (minus the least size).
    """

    row: np.ndarray
    value: np.ndarray
    goals: np.ndarray
    most: np.ndarray
    whole: np.ndarray
    kind: np.ndarray
    opening: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(cls, subproblems: Subproblems, rows: Rows, goals: tuple[Goal, ...], least: np.ndarray) -> SlackVariables:
        """The slack variables of some rows; ``least`` as for ``Rows.of``.

        A goal may tolerate some people before it counts them, so one row has a slack variable for each piece of ``segments``.
        """
        parts: list[tuple[np.ndarray, ...]] = []

        def put(kind: int, row: np.ndarray, value: np.ndarray | float, most: np.ndarray | float, *,
                counted: tuple[Goal, ...] = (), is_whole: bool = False) -> None:  # fmt: skip
            n = len(row)
            counts = np.tile(np.array([goal in counted for goal in goals], dtype=bool), (n, 1))
            limits, values = np.broadcast_to(most, n), np.broadcast_to(value, n)
            parts.append((row, values, counts, limits, np.full(n, is_whole), np.full(n, kind)))

        for f, (family, row, asked) in enumerate(
            zip(subproblems.cohorts.families, rows.families, rows.asked, strict=True)
        ):
            for missed, sign, limit in (
                (asked.short_goals, 1.0, asked.floor),
                (asked.over_goals, -1.0, asked.ceiling),
            ):
                present = (row >= 0) & np.isfinite(limit)
                aggregate = subproblems.width[f][np.nonzero(present)[0]]
                for width, goals_there in segments(missed) if missed else []:
                    counted = () if asked.is_idle else goals_there
                    room = np.maximum(0.0, width * aggregate - subproblems.missed[f][present])
                    is_whole = family.among is not None  # A share of people is rounded up to whole people.
                    put(ROW_SLACK, row[present], sign, room, counted=counted, is_whole=is_whole)
        put(SEAT_SLACK, rows.seats[rows.seats >= 0], -1.0, np.inf)  # Fixed seats may be more than there are.
        opens = rows.sizes >= 0
        first, count = sum(len(part[0]) for part in parts), int(opens.sum())
        put(OPENING, rows.seats[opens], -subproblems.capacity[opens].astype(float), 1.0, is_whole=True)
        put(CAP_SLACK, rows.goals, -1.0, np.inf)  # Keeps a capped master feasible on the way.
        row, value, counts, most, whole, kind = (np.concatenate(part) for part in zip(*parts, strict=True))
        opening = rows.sizes[opens], first + np.arange(count), -least[opens].astype(float)
        return cls(row, value, counts, most, whole, kind, opening)

    def is_like(self, others: SlackVariables) -> bool:
        """Whether both have the same coefficients in the same rows, so that a basis of one fits the other."""
        own, its = ((slacks.row, slacks.value, slacks.kind, slacks.opening[2]) for slacks in (self, others))
        return all(np.array_equal(a, b) for a, b in zip(own, its, strict=True))

    def places_in(self, others: SlackVariables) -> np.ndarray:
        """Position of each variable among others over the same rows, -1 for none, shape (E,)."""
        place = {key: k for k, key in enumerate(others._keys())}
        return np.array([place.get(key, -1) for key in self._keys()], dtype=np.int64)

    def _keys(self) -> list[tuple[int, int, bool, int]]:
        """Row, kind and sign of each variable, and how many variables before it have the same three."""
        seen: Counter[tuple[int, int, bool]] = Counter()
        keys = []
        for key in zip(self.row.tolist(), self.kind.tolist(), (self.value > 0).tolist(), strict=True):
            keys.append((*key, seen[key]))
            seen[key] += 1
        return keys

    def limited(self, kind: int, most: np.ndarray) -> SlackVariables:
        """A copy in which the variables of one kind have other upper limits, in the order of the variables."""
        limits = self.most.copy()
        limits[self.kind == kind] = most
        return replace(self, most=limits)
