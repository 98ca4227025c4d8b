"""The rows of a restricted master: their numbers and limits.

Their order is: one convexity row per subproblem (everybody follows exactly one trajectory), seats, the rows of each family of shared rules,
one row per goal if goals can be capped, and least sizes of classes that open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Subproblems
from allocator.engine.columns.pricing import Entries, Prices


@dataclass(frozen=True, eq=False)
class Asked:
    """What a family of shared rules asks for: limits, and the goals that a missed limit counts to. ``is_idle``: the rule fell away and costs nothing."""

    floor: np.ndarray
    ceiling: np.ndarray
    short_goals: tuple[tuple[Goal, int], ...]
    over_goals: tuple[tuple[Goal, int], ...]
    is_idle: bool = False

    @classmethod
    def of(cls, subproblems: Subproblems, f: int, like: Rows | None) -> Asked:
        """What family ``f`` asks for. A rule that fell away since ``like`` keeps its limits and rows, and costs nothing."""
        family, floor, ceiling = subproblems.cohorts.families[f], subproblems.floor[f], subproblems.ceiling[f]
        if like is not None and not (np.isfinite(floor).any() or np.isfinite(ceiling).any()):
            return replace(like.asked[f], is_idle=True)
        return cls(floor, ceiling, family.short_goals, family.over_goals)


@dataclass(frozen=True, eq=False)
class Rows:
    """The number of each row, -1 for none, and the limits of all M rows.

    Parameters
    ----------
    seats, sizes
        Rows of seats, and of least sizes of classes that open, shape (K, Y) each.
    families
        Rows of each family, shape (rows, Y) each.
    goals
        Row of each goal; empty where goals cannot be capped.
    asked
        What each family asks for.
    least, most
        Limits, shape (M,) each.
    """

    seats: np.ndarray
    sizes: np.ndarray
    families: tuple[np.ndarray, ...]
    goals: np.ndarray
    asked: tuple[Asked, ...]
    least: np.ndarray
    most: np.ndarray

    @classmethod
    def of(cls, subproblems: Subproblems, least: np.ndarray, capped: int, like: Rows | None) -> Rows:
        """The rows over some subproblems.

        Parameters
        ----------
        least
            Least seats of a programme that is held at all, shape (K, Y).
        capped
            How many goals can be capped.
        like
            Rows that are all kept, even those that limit nothing any more.
        """
        people = subproblems.people.astype(float)
        asked = tuple(Asked.of(subproblems, f, like) for f in range(len(subproblems.cohorts.families)))
        low, high = [people], [people]

        def limited(floor: np.ndarray, ceiling: np.ndarray) -> int:
            """Append rows with these limits; returns how many rows there are then."""
            low.append(floor)
            high.append(ceiling)
            return sum(map(len, low))

        seats = _numbered(_has_seats(subproblems), len(people))
        at = limited(*_at_most(subproblems.capacity[seats >= 0]))
        families = []
        for f, own in enumerate(asked):
            is_limited = _is_limited(subproblems, f, own)
            if like is not None:
                is_limited |= like.families[f] >= 0
            families.append(_numbered(is_limited, at))
            at = limited(own.floor[is_limited], own.ceiling[is_limited])
        goals = at + np.arange(capped)
        at = limited(*_at_most(np.full(capped, np.inf)))
        # A class opens or not: least · open ≤ use ≤ seats · open. The first is a row of its own, the second takes the place of the row of seats.
        opens = (least > 1) & (subproblems.capacity > 0)
        if like is not None:
            opens |= like.sizes >= 0
        sizes = _numbered(opens & (seats >= 0), at)
        count = int((sizes >= 0).sum())
        limited(np.zeros(count), np.full(count, np.inf))
        most = np.concatenate(high)
        most[seats[sizes >= 0]] = 0.0
        return cls(seats, sizes, tuple(families), goals, asked, np.concatenate(low), most)

    def is_like(self, other: Rows) -> bool:
        """Whether the rows stand for the same limits as those of another master, so that its duals fit."""

        def numbers(rows: Rows) -> list[np.ndarray]:
            return [rows.seats, rows.sizes, *rows.families, rows.goals]

        return all(np.array_equal(own, its) for own, its in zip(numbers(self), numbers(other), strict=True))

    def capped(self, caps: np.ndarray) -> Rows:
        """A copy with other caps, shape (goals that can be capped,)."""
        most = self.most.copy()
        most[self.goals] = caps
        return replace(self, most=most)

    def entries(self, used: Entries) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column and amount of what columns use of seats and families."""
        rows, columns, amounts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
        for f in np.unique(used.family).tolist():
            own = used.family == f
            for numbers in (self.seats, self.sizes) if f < 0 else (self.families[f],):
                row = numbers[used.row[own], used.year[own]]
                rows.append(row[row >= 0])
                columns.append(used.column[own][row >= 0])
                amounts.append(used.amount[own][row >= 0])
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(amounts)

    def prices(self, duals: np.ndarray) -> Prices:
        """Prices of seats and families at some duals, shape (M,). A seat also pays for the least size of its class."""
        padded = np.append(duals, 0.0)
        return Prices(-padded[self.seats] - padded[self.sizes], tuple(padded[row] for row in self.families))

    def duals(self, prices: Prices) -> np.ndarray:
        """Duals at some prices of seats and families, 0 for all other rows, shape (M,)."""
        duals = np.zeros(len(self.least))
        duals[self.seats[self.seats >= 0]] = -prices.seats[self.seats >= 0]
        for row, price in zip(self.families, prices.rows, strict=True):
            duals[row[row >= 0]] = price[row >= 0]
        return duals


def _numbered(is_row: np.ndarray, first: int) -> np.ndarray:
    """Numbers from ``first`` on where there is a row, else -1."""
    number = np.full(is_row.shape, -1)
    number[is_row] = first + np.arange(int(is_row.sum()))
    return number


def _at_most(most: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits of rows that have an upper limit only."""
    return np.full(len(most), -np.inf), most


def _has_seats(subproblems: Subproblems) -> np.ndarray:
    """Seats that are open to some subproblem, boolean (K, Y)."""
    found = np.zeros(subproblems.capacity.shape, dtype=bool)
    used = np.unique(subproblems.seats)
    found[used[used >= 0]] = True
    return found


def _is_limited(subproblems: Subproblems, f: int, asked: Asked) -> np.ndarray:
    """Rows of a family that have people and a limit, boolean (rows, Y)."""
    found = np.zeros(asked.floor.shape, dtype=bool)
    rows = np.unique(subproblems.group[:, f])
    rows = rows[rows >= 0]
    if not subproblems.cohorts.is_touched[f]:
        rows = np.array([0])  # A rule that touches nobody is judged all the same.
    found[rows] = np.isfinite(asked.floor[rows]) | np.isfinite(asked.ceiling[rows])
    return found
