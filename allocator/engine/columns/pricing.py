"""Pricing: the cheapest of *all* trajectories of every subproblem, by looking prices up in tables (Gilmore and Gomory 1961 priced by
knapsack; here the trajectories are few enough to be listed).

The price of a trajectory is a sum over its years, and the part of a year depends only on the menu attended. So one table of shape
(years, menus) per set of equal prices, summed along the trajectories, prices all of them. Subproblems that see equal prices share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Places, Subproblems
from allocator.engine.parameters import COLUMN_GENERATION
from allocator.model.cohorts import Cohorts


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of rows: ``seats`` per row and year (cost of using one), ``rows`` per family, row and year (value of one more person there)."""

    seats: np.ndarray
    rows: tuple[np.ndarray, ...]

    def at(self, places: Places) -> Prices:
        """The prices of some of the rows."""
        rows = zip(self.rows, places.groups, strict=True)
        return Prices(self.seats[places.programmes], tuple(price[own] for price, own in rows))


@dataclass(frozen=True, eq=False)
class Entries:
    """Nonzeros of columns, shape (entries,) each: family (-1 for seats), row, year, amount of one person, and column (from 0)."""

    family: np.ndarray
    row: np.ndarray
    year: np.ndarray
    amount: np.ndarray
    column: np.ndarray


@dataclass(frozen=True, eq=False)
class Best:
    """Trajectories found (subproblem, trajectory), and the lowest price of each subproblem for one person, shape (R,)."""

    subproblem: np.ndarray
    trajectory: np.ndarray
    lowest: np.ndarray


class CostsByType:
    """Weighted cost of the open trajectories of each person type, worked out when first asked for."""

    def __init__(self, cohorts: Cohorts, weights: Mapping[Goal, float]) -> None:
        self.cohorts, self.weights = cohorts, dict(weights)
        self.known: dict[int, np.ndarray] = {}

    def __getitem__(self, person_type: int) -> np.ndarray:
        if person_type not in self.known:
            parts = [self.cohorts.costs(person_type, goal) * weight for goal, weight in self.weights.items()]
            self.known[person_type] = np.sum(parts, axis=0)
        return self.known[person_type]


class Pricing:
    """Prices trajectories of subproblems, and says which rows they use.

    Attributes
    ----------
    part
        Factor with which the attendances of a subproblem enter a family's row, shape (R, F). For a share of the people sent it is
        1 - share inside the audience, and -share outside.
    """

    def __init__(self, subproblems: Subproblems) -> None:
        self.subproblems, self.cohorts = subproblems, subproblems.cohorts
        families = self.cohorts.families
        among, counted = self.cohorts.type_among[subproblems.type], self.cohorts.type_audience[subproblems.type]
        share = np.array([f.among[1] if f.among is not None else 0.0 for f in families])
        self.part = counted.astype(float) - share * among
        self.table_index = self.cohorts.type_table[subproblems.type]

    @cached_property
    def _counts(self) -> list[list[np.ndarray]]:
        """What each menu of each trajectory table adds to each family's rows, one array (M,) per table and family."""
        return [
            [family.counts(table.menus, table.slots) for family in self.cohorts.families]
            for table in self.cohorts.tables
        ]

    def _price_groups(self, prices: Prices) -> list[np.ndarray]:
        """Subproblems that see the same prices: one table, the same seats, and the same priced rows."""
        subproblems = self.subproblems
        used = [f for f, rows in enumerate(prices.rows) if rows.any()]
        parts = [self.table_index[:, None], subproblems.seats]
        for f in used:
            is_priced = np.asarray(prices.rows[f].any(axis=1))
            group = subproblems.group[:, f]
            sees = (self.part[:, f] != 0) & (group >= 0) & is_priced[np.maximum(group, 0)]
            parts += [np.where(sees, group, -1)[:, None], np.where(sees, self.part[:, f], 0.0)[:, None]]
        key = pd.DataFrame(np.column_stack(parts))
        of = key.groupby(list(key.columns), sort=False).ngroup().to_numpy()
        order = np.argsort(of, kind="stable")
        return np.split(order, np.cumsum(np.bincount(of, minlength=1))[:-1])

    def _pay(self, subproblem: int, prices: Prices) -> np.ndarray:
        """What each menu costs a subproblem: seats minus the value of shared rows, shape (Y, M)."""
        table_index = int(self.table_index[subproblem])
        table = self.cohorts.tables[table_index]
        pay = (table.menus @ prices.seats[self.subproblems.seats[subproblem, : len(table.slots)]]).T
        for f in np.flatnonzero(self.part[subproblem]).tolist():
            worth = prices.rows[f][self.subproblems.group[subproblem, f]]
            if worth.any():
                pay = pay - worth[:, None] * (self._counts[table_index][f] * self.part[subproblem, f])[None, :]
        return np.asarray(pay)

    def reduced_costs(
        self, prices: Prices, cost: list[np.ndarray] | CostsByType
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Sets of equal subproblems, each with the price of every trajectory open to them, shape (≤ T,).

        Parameters
        ----------
        cost
            Weighted cost of the open trajectories of each person type.
        """
        if not len(self.subproblems.type):
            return
        for group in self._price_groups(prices):
            pay = self._pay(int(group[0]), prices)
            index = self.cohorts.tables[self.table_index[group[0]]].index
            paid = pay[0][index[:, 0]]
            for y in range(1, index.shape[1]):
                paid += pay[y][index[:, y]]
            person_types = self.subproblems.type[group]
            for person_type in pd.unique(person_types).tolist():
                yield group[person_types == person_type], self.cohorts.take(person_type, paid) + cost[person_type]

    def best(self, prices: Prices, cost: list[np.ndarray], near: float = 0.0) -> Best:
        """The cheapest trajectory of every subproblem and its price for one person; with ``near`` also those dearer by no more than that."""
        lowest = np.zeros(len(self.subproblems.type))
        subproblems, trajectories = [], []
        for alike, reduced in self.reduced_costs(prices, cost):
            k = int(reduced.argmin())
            lowest[alike] = reduced[k]
            chosen = np.array([k])
            if near:
                close = np.flatnonzero(reduced <= reduced[k] + near)
                chosen = close[np.argsort(reduced[close], kind="stable")[: COLUMN_GENERATION.columns_per_subproblem]]
            subproblems.append(np.repeat(alike, len(chosen)))
            trajectories.append(np.tile(chosen, len(alike)))
        none = [np.zeros(0, dtype=np.int64)]
        return Best(np.concatenate(subproblems or none), np.concatenate(trajectories or none), lowest)

    def costs(self, subproblem: np.ndarray, trajectory: np.ndarray, cost: list[np.ndarray]) -> np.ndarray:
        """Cost of some columns, from the cost of the open trajectories of each person type, shape (columns,)."""
        found = np.zeros(len(subproblem))
        for person_type, inside in self._by_type(subproblem):
            found[inside] = cost[person_type][trajectory[inside]]
        return found

    def menus(self, subproblem: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
        """Menu of each year of some columns, shape (columns, Y)."""
        menus = np.zeros((len(subproblem), self.subproblems.capacity.shape[1]), dtype=np.int64)
        for person_type, inside in self._by_type(subproblem):
            allowed = self.cohorts.type_allowed[person_type]
            row = trajectory[inside] if allowed is None else allowed[trajectory[inside]]
            menus[inside] = self.cohorts.tables[self.cohorts.type_table[person_type]].index[row]
        return menus

    def _by_type(self, subproblem: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Each person type among some columns, and the positions of its columns."""
        person_type = self.subproblems.type[subproblem]
        order = np.argsort(person_type, kind="stable")
        ends = np.flatnonzero(np.diff(person_type[order], append=-1)) + 1
        start = 0
        for end in ends.tolist():
            inside = order[start:end]
            yield int(person_type[inside[0]]), inside
            start = end

    def entries(self, subproblem: np.ndarray, trajectory: np.ndarray) -> Entries:
        """Nonzeros of some columns. Each row of a column comes once at most."""
        found: list[tuple[np.ndarray, ...]] = []
        menus = self.menus(subproblem, trajectory)
        table_indices = self.table_index[subproblem]
        for table_index in np.unique(table_indices).tolist():
            of = np.flatnonzero(table_indices == table_index)
            table = self.cohorts.tables[table_index]
            c, y, slot = np.nonzero(table.menus[menus[of]])
            found.append(
                (np.full(len(c), -1), self.subproblems.seats[subproblem[of[c]], slot], y, np.ones(len(c)), of[c])
            )
            for f in range(len(self.cohorts.families)):
                part = self.part[subproblem[of], f]
                if not part.any():
                    continue
                amount = self._counts[table_index][f][menus[of]] * part[:, None]
                c, y = np.nonzero(amount)
                found.append((np.full(len(c), f), self.subproblems.group[subproblem[of[c]], f], y, amount[c, y], of[c]))
        family, row, year, amount, column = (
            (np.concatenate(part) for part in zip(*found, strict=True)) if found else (np.zeros(0, np.int64),) * 5
        )
        return _summed(Entries(family, row, year, amount, column))


def _summed(entries: Entries) -> Entries:
    """Entries with equal places added up: two programmes of a column may use the same row."""
    if not len(entries.row):
        return entries
    key = ((entries.column * (entries.family.max() + 2) + entries.family + 1) * (entries.row.max() + 1)) + entries.row
    key = key * (entries.year.max() + 1) + entries.year
    places, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    amount = np.bincount(inverse, weights=entries.amount, minlength=len(places))
    return Entries(entries.family[first], entries.row[first], entries.year[first], amount, entries.column[first])
