"""Candidates: the trajectories that a plan good enough can follow.

Any duals give a bound of a master's objective, and say how much dearer than the best of its stratum each trajectory is. A plan in which
anybody follows a trajectory dearer by more than what is wanted lies above the bound misses what is wanted; so
these are left out (reduced-cost fixing), no plan wanted is lost, and few are left for an integer program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.aggregation import Strata
from allocator.engine.columns.pricing import Best
from allocator.engine.columns.restricted_master import Master


@dataclass(frozen=True, eq=False)
class Priced:
    """Candidates at some duals: what no plan of them is better than, and the least each of them adds to that, shape (columns,)."""

    bound: float
    added: np.ndarray

    def within(self, wanted: float) -> np.ndarray:
        """Whether a plan that reaches a value can follow each of them, boolean (columns,)."""
        return np.asarray(self.added <= wanted - self.bound)


class Candidates:
    """Trajectories of every stratum, all of them to begin with.

    Attributes
    ----------
    is_open
        Whether each trajectory is a candidate still, stratum after stratum, boolean (columns,).
    """

    def __init__(self, strata: Strata) -> None:
        self._count = np.array([strata.cohorts.rows_of(int(sort)) for sort in strata.sort], dtype=np.int64)
        self._first = np.cumsum(self._count) - self._count
        self.is_open = np.ones(int(self._count.sum()), dtype=bool)

    def columns(self, within: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Stratum and trajectory of the candidates, or of some of them (boolean (columns,))."""
        column = np.flatnonzero(self.is_open if within is None else self.is_open & within)
        stratum = np.repeat(np.arange(len(self._count)), self._count)[column]
        return stratum, column - self._first[stratum]

    def keep(self, within: np.ndarray) -> None:
        """Leave the others out, boolean (columns,)."""
        self.is_open &= within

    def priced(self, master: Master, duals: np.ndarray) -> Priced:
        """The candidates at some duals of a master over the same strata, inside the range where the bound is finite."""
        cheapest, added = np.zeros(len(master.strata.people)), np.zeros(len(self.is_open))
        for alike, reduced in master.reduced_costs(duals):
            for s in alike.tolist():
                own = slice(self._first[s], self._first[s] + self._count[s])
                cheapest[s] = reduced.min(where=self.is_open[own], initial=np.inf)
                added[own] = reduced - cheapest[s]
        none = np.zeros(0, dtype=np.int64)
        return Priced(master.bound(duals, Best(none, none, cheapest)), added)
