"""The rows of a master: where each stands, and between which limits its sum stays.

In this order: one per stratum (everybody follows one trajectory), seats, the rows of every family, one per goal where goals are
to be capped, and least sizes of classes that open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Strata
from allocator.engine.columns.pricing import Entries, Prices


@dataclass(frozen=True, eq=False)
class Asked:
    """What a family asks for: limits, goals that deviations count to, and whether nobody asks any more and they cost nothing."""

    floor: np.ndarray
    ceiling: np.ndarray
    short_goals: tuple[tuple[Goal, int], ...]
    over_goals: tuple[tuple[Goal, int], ...]
    is_idle: bool = False

    @classmethod
    def of(cls, strata: Strata, f: int, like: Rows | None) -> Asked:
        """That of some strata; a rule that fell away since ``like`` keeps its limits, so that the rows stay, and asks for nothing."""
        family, floor, ceiling = strata.cohorts.families[f], strata.floor[f], strata.ceiling[f]
        if like is not None and not (np.isfinite(floor).any() or np.isfinite(ceiling).any()):
            return replace(like.asked[f], is_idle=True)
        return cls(floor, ceiling, family.short_goals, family.over_goals)


@dataclass(frozen=True, eq=False)
class Rows:
    """Number of each row of a master, -1 for none, and the limits of every row.

    Parameters
    ----------
    seats, sizes
        Rows of seats, and of least sizes of classes that open, (K, Y) each.
    families
        Rows of each family, (rows, Y) each.
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
    def of(cls, strata: Strata, least: np.ndarray, capped: int, like: Rows | None) -> Rows:
        """Those of some strata.

        Parameters
        ----------
        least
            Least seats of a programme that is held at all, (K, Y).
        capped
            How many goals can be capped.
        like
            Rows that are kept, also where they limit nothing any more.
        """
        people = strata.people.astype(float)
        asked = tuple(Asked.of(strata, f, like) for f in range(len(strata.cohorts.families)))
        low, high = [people], [people]

        def limited(floor: np.ndarray, ceiling: np.ndarray) -> int:
            low.append(floor)
            high.append(ceiling)
            return sum(map(len, low))

        seats = _numbered(_has_seats(strata), len(people))
        at = limited(*_at_most(strata.capacity[seats >= 0]))
        families = []
        for f, own in enumerate(asked):
            is_limited = _is_limited(strata, f, own)
            if like is not None:
                is_limited |= like.families[f] >= 0
            families.append(_numbered(is_limited, at))
            at = limited(own.floor[is_limited], own.ceiling[is_limited])
        goals = at + np.arange(capped)
        at = limited(*_at_most(np.full(capped, np.inf)))
        # least · open ≤ use ≤ seats · open, the first as a new row, the second in place of the row of seats.
        opens = (least > 1) & (strata.capacity > 0)
        if like is not None:
            opens |= like.sizes >= 0
        sizes = _numbered(opens & (seats >= 0), at)
        count = int((sizes >= 0).sum())
        limited(np.zeros(count), np.full(count, np.inf))
        most = np.concatenate(high)
        most[seats[sizes >= 0]] = 0.0
        return cls(seats, sizes, tuple(families), goals, asked, np.concatenate(low), most)

    def is_like(self, other: Rows) -> bool:
        """Whether rows mean the same as those of another master, so that its duals are duals of this one."""

        def numbers(rows: Rows) -> list[np.ndarray]:
            return [rows.seats, rows.sizes, *rows.families, rows.goals]

        return all(np.array_equal(own, its) for own, its in zip(numbers(self), numbers(other), strict=True))

    def capped(self, caps: np.ndarray) -> Rows:
        """The same with other caps of the goals that can be capped."""
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
        """Prices of seats and families at some duals, shape (M,)."""
        padded = np.append(duals, 0.0)
        return Prices(-padded[self.seats] - padded[self.sizes], tuple(padded[row] for row in self.families))

    def duals(self, prices: Prices) -> np.ndarray:
        """Duals at some prices of seats and families; 0 for everything else."""
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
    return np.full(len(most), -np.inf), most


def _has_seats(strata: Strata) -> np.ndarray:
    """Seats that are open to some stratum, boolean (K, Y)."""
    found = np.zeros(strata.capacity.shape, dtype=bool)
    used = np.unique(strata.seats)
    found[used[used >= 0]] = True
    return found


def _is_limited(strata: Strata, f: int, asked: Asked) -> np.ndarray:
    """Rows of a family with somebody in them and a limit, boolean (rows, Y)."""
    found = np.zeros(asked.floor.shape, dtype=bool)
    rows = np.unique(strata.group[:, f])
    rows = rows[rows >= 0]
    if not strata.cohorts.is_touched[f]:
        rows = np.array([0])  # A rule that touches nobody is judged all the same.
    found[rows] = np.isfinite(asked.floor[rows]) | np.isfinite(asked.ceiling[rows])
    return found
