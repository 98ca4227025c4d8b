"""Pricing: the best of *all* trajectories of every stratum at some prices, by look-ups in tables.

What a trajectory pays is a sum over its years, and each year's part depends on the menu only; so one small table per
set of equal prices, added up over the years, prices everything. Strata that see equal prices share the sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Places, Strata
from allocator.model.cohorts import Cohorts


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of rows: ``seats`` per row and year (cost of using one), ``rows`` per family, row and year (worth of one)."""

    seats: np.ndarray
    rows: tuple[np.ndarray, ...]

    def at(self, places: Places) -> Prices:
        """The prices of some rows."""
        rows = zip(self.rows, places.groups, strict=True)
        return Prices(self.seats[places.programmes], tuple(price[own] for price, own in rows))


@dataclass(frozen=True, eq=False)
class Entries:
    """What columns use: family (-1 for seats), row, year and amount of one person, and the column (counted from 0)."""

    family: np.ndarray
    row: np.ndarray
    year: np.ndarray
    amount: np.ndarray
    column: np.ndarray


@dataclass(frozen=True, eq=False)
class Best:
    """Trajectories found (stratum, trajectory), and the price of the cheapest of every stratum for one person, shape (R,)."""

    stratum: np.ndarray
    trajectory: np.ndarray
    lowest: np.ndarray


BESIDE = 3
"""Trajectories of a stratum found at once, at most."""


class CostsBySort:
    """Weighted cost of each sort's open trajectories, worked out for the sorts that are asked for."""

    def __init__(self, cohorts: Cohorts, weights: Mapping[Goal, float]) -> None:
        self.cohorts, self.weights = cohorts, dict(weights)
        self.known: dict[int, np.ndarray] = {}

    def __getitem__(self, sort: int) -> np.ndarray:
        if sort not in self.known:
            parts = [self.cohorts.costs(sort, goal) * weight for goal, weight in self.weights.items()]
            self.known[sort] = np.sum(parts, axis=0)
        return self.known[sort]


class Pricing:
    """Prices trajectories of strata and tells what they use.

    Attributes
    ----------
    part
        Sign and weight with which a stratum's attendances enter a family's row, shape (R, F).
    """

    def __init__(self, strata: Strata) -> None:
        self.strata, self.cohorts = strata, strata.cohorts
        families = self.cohorts.families
        among, counted = self.cohorts.sort_among[strata.sort], self.cohorts.sort_audience[strata.sort]
        share = np.array([f.among[1] if f.among is not None else 0.0 for f in families])
        self.part = counted.astype(float) - share * among
        self.type = self.cohorts.sort_type[strata.sort]

    @cached_property
    def _counts(self) -> list[list[np.ndarray]]:
        """What each menu of each type adds to each family's rows, one array (M,) per type and family."""
        return [
            [family.counts(table.menus, table.slots) for family in self.cohorts.families]
            for table in self.cohorts.tables
        ]

    def _price_groups(self, prices: Prices) -> list[np.ndarray]:
        """Strata that see the same prices: one type, the same seats, and the same rows that cost anything."""
        strata = self.strata
        used = [f for f, rows in enumerate(prices.rows) if rows.any()]
        parts = [self.type[:, None], strata.seats]
        for f in used:
            is_priced = np.asarray(prices.rows[f].any(axis=1))
            group = strata.group[:, f]
            sees = (self.part[:, f] != 0) & (group >= 0) & is_priced[np.maximum(group, 0)]
            parts += [np.where(sees, group, -1)[:, None], np.where(sees, self.part[:, f], 0.0)[:, None]]
        key = pd.DataFrame(np.column_stack(parts))
        of = key.groupby(list(key.columns), sort=False).ngroup().to_numpy()
        order = np.argsort(of, kind="stable")
        return np.split(order, np.cumsum(np.bincount(of, minlength=1))[:-1])

    def _pay(self, stratum: int, prices: Prices) -> np.ndarray:
        """What each menu of the stratum's type pays for seats less its worth in shared rows, shape (Y, M)."""
        kind = int(self.type[stratum])
        table = self.cohorts.tables[kind]
        pay = (table.menus @ prices.seats[self.strata.seats[stratum, : len(table.slots)]]).T
        for f in np.flatnonzero(self.part[stratum]).tolist():
            worth = prices.rows[f][self.strata.group[stratum, f]]
            if worth.any():
                pay = pay - worth[:, None] * (self._counts[kind][f] * self.part[stratum, f])[None, :]
        return np.asarray(pay)

    def reduced_costs(
        self, prices: Prices, cost: list[np.ndarray] | CostsBySort
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Strata alike in sort and prices, with the price of every trajectory open to them, shape (≤ T,).

        Parameters
        ----------
        cost
            Weighted cost of each sort's open trajectories.
        """
        if not len(self.strata.sort):
            return
        for group in self._price_groups(prices):
            pay = self._pay(int(group[0]), prices)
            index = self.cohorts.tables[self.type[group[0]]].index
            paid = pay[0][index[:, 0]]
            for y in range(1, index.shape[1]):
                paid += pay[y][index[:, y]]
            sorts = self.strata.sort[group]
            for sort in pd.unique(sorts).tolist():
                yield group[sorts == sort], self.cohorts.take(sort, paid) + cost[sort]

    def best(self, prices: Prices, cost: list[np.ndarray], near: float = 0.0) -> Best:
        """Cheapest trajectory of every stratum and its price for one person; with ``near`` also those little dearer."""
        lowest = np.zeros(len(self.strata.sort))
        strata, trajectories = [], []
        for alike, reduced in self.reduced_costs(prices, cost):
            k = int(reduced.argmin())
            lowest[alike] = reduced[k]
            chosen = np.array([k])
            if near:
                close = np.flatnonzero(reduced <= reduced[k] + near)
                chosen = close[np.argsort(reduced[close], kind="stable")[:BESIDE]]
            strata.append(np.repeat(alike, len(chosen)))
            trajectories.append(np.tile(chosen, len(alike)))
        none = [np.zeros(0, dtype=np.int64)]
        return Best(np.concatenate(strata or none), np.concatenate(trajectories or none), lowest)

    def costs(self, stratum: np.ndarray, trajectory: np.ndarray, cost: list[np.ndarray]) -> np.ndarray:
        """Cost of some columns, from the cost of each sort's open trajectories."""
        found = np.zeros(len(stratum))
        for sort, inside in self._by_sort(stratum):
            found[inside] = cost[sort][trajectory[inside]]
        return found

    def menus(self, stratum: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
        """Menu of each year of some columns, shape (columns, Y)."""
        menus = np.zeros((len(stratum), self.strata.capacity.shape[1]), dtype=np.int64)
        for sort, inside in self._by_sort(stratum):
            allowed = self.cohorts.sort_allowed[sort]
            row = trajectory[inside] if allowed is None else allowed[trajectory[inside]]
            menus[inside] = self.cohorts.tables[self.cohorts.sort_type[sort]].index[row]
        return menus

    def _by_sort(self, stratum: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Each sort of some columns, and which of them are of it."""
        sort = self.strata.sort[stratum]
        order = np.argsort(sort, kind="stable")
        ends = np.flatnonzero(np.diff(sort[order], append=-1)) + 1
        start = 0
        for end in ends.tolist():
            inside = order[start:end]
            yield int(sort[inside[0]]), inside
            start = end

    def entries(self, stratum: np.ndarray, trajectory: np.ndarray) -> Entries:
        """What some columns use, each place of a column at most once."""
        found: list[tuple[np.ndarray, ...]] = []
        menus = self.menus(stratum, trajectory)
        kinds = self.type[stratum]
        for kind in np.unique(kinds).tolist():
            of = np.flatnonzero(kinds == kind)
            table = self.cohorts.tables[kind]
            c, y, slot = np.nonzero(table.menus[menus[of]])
            found.append((np.full(len(c), -1), self.strata.seats[stratum[of[c]], slot], y, np.ones(len(c)), of[c]))
            for f in range(len(self.cohorts.families)):
                part = self.part[stratum[of], f]
                if not part.any():
                    continue
                amount = self._counts[kind][f][menus[of]] * part[:, None]
                c, y = np.nonzero(amount)
                found.append((np.full(len(c), f), self.strata.group[stratum[of[c]], f], y, amount[c, y], of[c]))
        family, row, year, amount, column = (
            (np.concatenate(part) for part in zip(*found, strict=True)) if found else (np.zeros(0, np.int64),) * 5
        )
        return _summed(Entries(family, row, year, amount, column))


def _summed(entries: Entries) -> Entries:
    """Entries of one place added up: two programmes of a column may share a row."""
    if not len(entries.row):
        return entries
    key = ((entries.column * (entries.family.max() + 2) + entries.family + 1) * (entries.row.max() + 1)) + entries.row
    key = key * (entries.year.max() + 1) + entries.year
    places, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    amount = np.bincount(inverse, weights=entries.amount, minlength=len(places))
    return Entries(entries.family[first], entries.row[first], entries.year[first], amount, entries.column[first])
