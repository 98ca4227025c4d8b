"""Reduced-cost fixing (Nemhauser and Wolsey 1988): leave out the trajectories that no plan good enough can follow.

Any duals give a bound, and the reduced cost of each trajectory. A plan in which one person follows a trajectory whose reduced cost is above
the distance between a wanted value and the bound cannot reach that value. Without these trajectories no wanted plan is
lost, and the integer program is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.aggregation import Subproblems
from allocator.engine.columns.pricing import Best
from allocator.engine.columns.restricted_master import Master


@dataclass(frozen=True, eq=False)
class Priced:
    """The open trajectories at some duals: a bound of all plans on them, and the least that each adds to it, shape (columns,)."""

    bound: float
    added: np.ndarray

    def within(self, wanted: float) -> np.ndarray:
        """Whether a plan that reaches a value can follow each trajectory, boolean (columns,)."""
        return np.asarray(self.added <= wanted - self.bound)


class ReducedCostFixing:
    """Which trajectories of every subproblem are still open; all at first.

    Attributes
    ----------
    is_open
        For each trajectory, subproblem after subproblem, boolean (columns,).
    """

    def __init__(self, subproblems: Subproblems) -> None:
        self._count = np.array(
            [subproblems.cohorts.rows_of(int(person_type)) for person_type in subproblems.type], dtype=np.int64
        )
        self._first = np.cumsum(self._count) - self._count
        self.is_open = np.ones(int(self._count.sum()), dtype=bool)

    def columns(self, within: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Subproblem and trajectory of the open columns, or of those of them that are ``within`` (boolean (columns,))."""
        column = np.flatnonzero(self.is_open if within is None else self.is_open & within)
        subproblem = np.repeat(np.arange(len(self._count)), self._count)[column]
        return subproblem, column - self._first[subproblem]

    def keep(self, within: np.ndarray) -> None:
        """Close all columns that are not ``within``, boolean (columns,)."""
        self.is_open &= within

    def priced(self, master: Master, duals: np.ndarray) -> Priced:
        """The open columns at some duals of a master over the same subproblems, inside the range where its bound is finite."""
        cheapest, added = np.zeros(len(master.subproblems.people)), np.zeros(len(self.is_open))
        for alike, reduced in master.reduced_costs(duals):
            for s in alike.tolist():
                own = slice(self._first[s], self._first[s] + self._count[s])
                cheapest[s] = reduced.min(where=self.is_open[own], initial=np.inf)
                added[own] = reduced - cheapest[s]
        none = np.zeros(0, dtype=np.int64)
        return Priced(master.bound(duals, Best(none, none, cheapest)), added)
