"""The restricted master: how many people of every stratum follow each of the trajectories at hand.

Rows: one per stratum (everybody follows one trajectory), seats, the rows of every family, and, where goals are to be capped, one
per goal. Deviations, seats that do not exist and classes that open stand behind the columns as *extras*. The same program
is solved as a linear one while columns are added (``generation``) and with whole people in the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from allocator.kinds import Goal
from allocator.solve.goal_costs import GoalCosts
from allocator.solve.linear import Program
from allocator.solve.pricing import Best, Prices, Pricing
from allocator.solve.simplex import Basis, LinearSolution, Simplex
from allocator.solve.strata import Strata, segments

OVERFILL = 20.0
"""Price of a seat that does not exist, in units of the heaviest goal weight and on top of what a person can save with it."""

CAP_PRICE = 1e5
"""Most that a unit of a capped goal may cost, in units of the heaviest goal weight."""


DEVIATION, OVERFILLED, OPENING, BEYOND = range(4)
"""Kinds of extras: a row missed, a seat that does not exist, a class that opens, a goal above its cap."""


@dataclass(frozen=True, eq=False)
class _Extras:
    """Variables behind the columns.

    ``row`` and ``value`` of their entry, ``goals`` they count to (boolean (E, goals)), ``most``, ``whole``, and ``kind``.
    """

    row: np.ndarray
    value: np.ndarray
    goals: np.ndarray
    most: np.ndarray
    whole: np.ndarray
    kind: np.ndarray

    def is_like(self, others: _Extras) -> bool:
        """Whether the extras have the same entries in the same rows."""
        own, its = (self.row, self.value, self.kind), (others.row, others.value, others.kind)
        return all(np.array_equal(a, b) for a, b in zip(own, its, strict=True))

    def places_in(self, others: _Extras) -> np.ndarray:
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


@dataclass(frozen=True, eq=False)
class _Asked:
    """What a family asks for: limits, goals that deviations count to, and whether nobody asks any more and they cost nothing."""

    floor: np.ndarray
    ceiling: np.ndarray
    short_goals: tuple[tuple[Goal, int], ...]
    over_goals: tuple[tuple[Goal, int], ...]
    is_idle: bool = False

    @classmethod
    def of(cls, strata: Strata, f: int, like: Master | None) -> _Asked:
        """That of some strata; a rule that fell away since ``like`` keeps its limits, so that the rows stay, and asks for nothing."""
        family, floor, ceiling = strata.cohorts.families[f], strata.floor[f], strata.ceiling[f]
        if like is not None and not (np.isfinite(floor).any() or np.isfinite(ceiling).any()):
            return replace(like.asked[f], is_idle=True)
        return cls(floor, ceiling, family.short_goals, family.over_goals)


class Master:
    """Columns, rows and extras of one set of strata, at some goal weights.

    Parameters
    ----------
    costs
        What trajectories cost in each goal, shared between masters.
    least
        Least seats of a programme that is held at all, (P, Y); 0 where any number may attend.
    has_caps
        Whether there is a row per goal, so that goals can be capped.
    like
        A master whose rows are kept, also where they limit nothing any more.
    """

    def __init__(
        self,
        strata: Strata,
        goals: tuple[Goal, ...],
        costs: GoalCosts,
        *,
        least: np.ndarray | None = None,
        has_caps: bool = False,
        like: Master | None = None,
    ) -> None:
        self.strata, self.goals, self.goal_costs = strata, goals, costs
        self.pricing = Pricing(strata)
        self.stratum = np.zeros(0, dtype=np.int64)
        self.trajectory = np.zeros(0, dtype=np.int64)
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.known = np.zeros(0, dtype=np.int64)
        self.asked = [_Asked.of(strata, f, like) for f in range(len(strata.cohorts.families))]
        self._number_rows(has_caps, like)
        self._set_extras(np.zeros_like(strata.capacity) if least is None else least, like)
        self.weights: dict[Goal, float] = {}
        self.caps: dict[Goal, float] = {}
        self.simplex: Simplex | None = None
        self.set_weights(dict.fromkeys(goals, 1.0))

    def _number_rows(self, has_caps: bool, like: Master | None) -> None:
        strata = self.strata
        years = strata.capacity.shape[1]
        at = len(strata.people)
        least, most = [strata.people.astype(float)], [strata.people.astype(float)]
        used = np.unique(strata.seats)
        used = used[used >= 0]
        self.seat_row = np.full(strata.capacity.shape, -1)
        self.seat_row[used] = at + np.arange(len(used) * years).reshape(-1, years)
        at += len(used) * years
        least.append(np.full(len(used) * years, -np.inf))
        most.append(strata.capacity[used].reshape(-1))
        self.family_row: list[np.ndarray] = []
        for f, (low, high) in enumerate((asked.floor, asked.ceiling) for asked in self.asked):
            groups = np.unique(strata.group[:, f])
            groups = groups[groups >= 0]
            if not strata.cohorts.is_touched[f]:
                groups = np.array([0])  # A rule that touches nobody is judged all the same.
            row = np.full(low.shape, -1)
            bounded = np.zeros_like(row, dtype=bool)
            bounded[groups] = np.isfinite(low[groups]) | np.isfinite(high[groups])
            if like is not None:
                bounded |= like.family_row[f] >= 0
            row[bounded] = at + np.arange(int(bounded.sum()))
            at += int(bounded.sum())
            least.append(low[bounded])
            most.append(high[bounded])
            self.family_row.append(row)
        self.goal_row = at + np.arange(len(self.goals) if has_caps else 0)
        least.append(np.full(len(self.goal_row), -np.inf))
        most.append(np.full(len(self.goal_row), np.inf))
        self.row_least, self.row_most = np.concatenate(least), np.concatenate(most)

    def _set_extras(self, least: np.ndarray, like: Master | None) -> None:
        parts: list[tuple[np.ndarray, ...]] = []

        def put(kind: int, row: np.ndarray, value: np.ndarray | float, most: np.ndarray | float, *,
                counted: tuple[Goal, ...] = (), is_whole: bool = False) -> None:  # fmt: skip
            n = len(row)
            goals = np.tile(np.array([goal in counted for goal in self.goals], dtype=bool), (n, 1))
            whole, kinds = np.full(n, is_whole), np.full(n, kind)
            parts.append((row, np.broadcast_to(value, n), goals, np.broadcast_to(most, n), whole, kinds))

        strata = self.strata
        for f, family in enumerate(strata.cohorts.families):
            row = self.family_row[f]
            asked = self.asked[f]
            for goals, sign, limit in (
                (asked.short_goals, 1.0, asked.floor),
                (asked.over_goals, -1.0, asked.ceiling),
            ):
                present = (row >= 0) & np.isfinite(limit)
                pooled = strata.width[f][np.nonzero(present)[0]]
                for width, goals_there in segments(goals) if goals else []:
                    counted = () if asked.is_idle else goals_there
                    room = np.maximum(0.0, width * pooled - strata.missed[f][present])
                    is_whole = family.among is not None  # A share of people is rounded up to whole people.
                    put(DEVIATION, row[present], sign, room, counted=counted, is_whole=is_whole)
        put(OVERFILLED, self.seat_row[self.seat_row >= 0], -1.0, np.inf)  # Fixed seats may be more than there are.
        # least · open ≤ use ≤ seats · open, the first as a new row, the second in place of the row of seats.
        opens = (least > 1) & (strata.capacity > 0)
        if like is not None:
            opens |= like.least_row >= 0
        p, y = np.nonzero((self.seat_row >= 0) & opens)
        seat_row, new_row = self.seat_row[p, y], len(self.row_least) + np.arange(len(p))
        self.least_row: np.ndarray = np.full_like(self.seat_row, -1)
        self.least_row[p, y] = new_row
        self.opening = new_row, sum(len(part[0]) for part in parts) + np.arange(len(p)), -least[p, y].astype(float)
        put(OPENING, seat_row, -self.row_most[seat_row], 1.0, is_whole=True)
        self.row_most[seat_row] = 0.0
        self.row_least = np.concatenate([self.row_least, np.zeros(len(p))])
        self.row_most = np.concatenate([self.row_most, np.full(len(p), np.inf)])
        put(BEYOND, self.goal_row, -1.0, np.inf)  # Keeps a capped master feasible on the way.
        self.extras = _Extras(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def twin(self) -> Master:
        """A master with the same rows and columns, to be solved at other weights."""
        other = self._copied()
        other.entries = list(self.entries)
        other.simplex = None if self.simplex is None else self.simplex.twin()
        return other

    def bare(self) -> Master:
        """A master with the same rows and no columns, which bounds at any duals and cannot be solved."""
        other = self._copied()
        nothing = np.zeros(0, dtype=np.int64)
        other.stratum, other.trajectory, other.known, other.entries = nothing, nothing, nothing, []
        other.simplex = None
        return other

    def _copied(self) -> Master:
        """The same master with limits of its own."""
        other = copy(self)
        other.extras = replace(self.extras, most=self.extras.most.copy())
        other.row_most = self.row_most.copy()
        return other

    def bare_under(self, strata: Strata, costs: GoalCosts, least: np.ndarray | None = None) -> Master:
        """``bare`` at the same weights under the limits of other strata; parameters as of ``under``."""
        other = Master(strata, self.goals, costs, least=least, has_caps=len(self.goal_row) > 0, like=self)
        other.set_weights(self.weights, self.caps)
        return other

    def under(self, strata: Strata, costs: GoalCosts, least: np.ndarray | None = None) -> Master:
        """The same columns at the same weights under the limits of other strata, at the basis of the last optimum.

        Rows that limit nothing any more stay, so that the basis fits.

        Parameters
        ----------
        strata
            Of the same people, parted alike (``model.adapted``).
        costs, least
            As of ``Master``.
        """
        other = self.bare_under(strata, costs, least)
        if not other.has_rows_of(self) or (len(self.goal_row) and costs is not self.goal_costs):
            other.add(self.stratum, self.trajectory)
            return other
        other.stratum, other.trajectory, other.known = self.stratum, self.trajectory, self.known
        other.entries = list(self.entries)
        other.column_cost = other.pricing.costs(other.stratum, other.trajectory, other.cost)
        if self.simplex is not None:
            other._start_from(self, self.simplex)
        return other

    def _start_from(self, other: Master, optimum: Simplex) -> None:
        """Take over the basis of a master with the same columns and rows."""
        if self.extras.is_like(other.extras) and np.array_equal(self.opening[2], other.opening[2]):
            optimum.solve()  # Columns may have come since.
            self.simplex = optimum.twin()
            self.simplex.limit_rows(np.arange(len(self.row_least)), self.row_least, self.row_most)
            self.simplex.limit(len(self.stratum) + np.arange(len(self.extras.most)), self.extras.most)
            cost = np.concatenate([self.column_cost, self.extra_cost])
            if not np.array_equal(cost, np.concatenate([other.column_cost, other.extra_cost])):
                self.simplex.price(cost)
            return
        basis = optimum.basis.moved(self.extras.places_in(other.extras))
        wider = (
            (self.row_least <= other.row_least).all(),
            (self.row_most >= other.row_most).all(),
            (self.strata.capacity >= other.strata.capacity).all(),
        )
        self.simplex = Simplex(self.program(), len(self.extras.row), basis, is_allowed=all(wider))

    def has_rows_of(self, other: Master) -> bool:
        """Whether rows mean the same as those of another, so that its duals are duals of this one."""

        def maps(master: Master) -> list[np.ndarray]:
            return [master.seat_row, master.least_row, *master.family_row, master.goal_row]

        return all(np.array_equal(own, its) for own, its in zip(maps(self), maps(other), strict=True))

    def close(self) -> None:
        """Free the solver."""
        self.simplex = None

    def set_weights(self, weights: Mapping[Goal, float], caps: Mapping[Goal, float] | None = None) -> None:
        """Choose what is minimised and, with rows for goals, which goals are capped."""
        self.weights, self.caps = dict(weights), dict(caps or {})
        self.cost, spread = self.goal_costs.spread(self._weights())
        heaviest = max(self.weights.values(), default=1.0)
        self.most_on_top = CAP_PRICE * heaviest
        # Dear enough that no rule is worth a seat that does not exist: owed hours differ by much more than a goal's weight.
        price = np.array([0.0, OVERFILL * heaviest + 2 * spread, 0.0, self.most_on_top])
        self.extra_cost = self.extras.goals @ self._weights() + price[self.extras.kind]
        self.column_cost = self.pricing.costs(self.stratum, self.trajectory, self.cost)
        self.row_most[self.goal_row] = [self.caps.get(goal, np.inf) for goal in self.goals][: len(self.goal_row)]
        if self.simplex is not None:
            self.simplex.price(np.concatenate([self.column_cost, self.extra_cost]))
            self.simplex.limit_rows(self.goal_row, self.row_least[self.goal_row], self.row_most[self.goal_row])

    def _weights(self) -> np.ndarray:
        return np.array([self.weights.get(goal, 0.0) for goal in self.goals])

    def forbid_overfill(self, x: np.ndarray) -> None:
        """Allow no more seats that do not exist than a solution needs; a cap must not be worth one."""
        self.limit_overfill(np.round(x[len(self.stratum) :][self.extras.kind == OVERFILLED], 6))

    def overfill_as(self, other: Master) -> None:
        """Allow as many seats that do not exist as another master with the same rows of seats does."""
        self.limit_overfill(other.extras.most[other.extras.kind == OVERFILLED])

    def limit_overfill(self, most: np.ndarray) -> None:
        """Allow so many seats that do not exist, a number for each of them."""
        own = self.extras.kind == OVERFILLED
        self.extras.most[own] = most
        if self.simplex is not None:
            self.simplex.limit(len(self.stratum) + np.flatnonzero(own), self.extras.most[own])

    def add(self, stratum: np.ndarray, trajectory: np.ndarray) -> int:
        """Add columns (stratum, trajectory open to its sort) that are not there yet; how many there were."""
        key, first = np.unique(_key(stratum, trajectory), return_index=True)
        is_new = ~np.isin(key, self.known, assume_unique=True)
        first = np.sort(first[is_new])
        if not len(first):
            return 0
        self.known = np.concatenate([self.known, key[is_new]])
        stratum, trajectory = stratum[first], trajectory[first]
        cost = self.pricing.costs(stratum, trajectory, self.cost)
        entries = self._entries(stratum, trajectory)
        if self.simplex is not None:
            most = self.strata.people[stratum].astype(float)
            self.simplex.add(cost, most, *entries)
        rows, columns, values = entries
        self.entries.append((rows, columns + len(self.stratum), values))
        self.stratum = np.concatenate([self.stratum, stratum])
        self.trajectory = np.concatenate([self.trajectory, trajectory])
        self.column_cost = np.concatenate([self.column_cost, cost])
        return len(stratum)

    def prefer(self, stratum: np.ndarray, trajectory: np.ndarray, bonus: np.ndarray) -> None:
        """Make some columns at hand cheaper, until weights are set again."""
        self.column_cost = self.column_cost.copy()
        self.column_cost[self.places(stratum, trajectory)] -= bonus
        if self.simplex is not None:
            self.simplex.price(np.concatenate([self.column_cost, self.extra_cost]))

    def places(self, stratum: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
        """Which columns at hand some are."""
        own = _key(self.stratum, self.trajectory)
        order = np.argsort(own)
        return order[np.searchsorted(own[order], _key(stratum, trajectory))]

    def drop(self, duals: np.ndarray, far: float) -> None:
        """Forget the columns whose reduced cost at some duals is beyond ``far``; pricing may bring one back."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        paid = np.bincount(columns, values * duals[rows], minlength=len(self.stratum))
        # The first trajectory attends least: with it one can always do without a class too small to be held.
        keep = (self.column_cost - paid <= far) | (self.trajectory == 0)
        place = np.cumsum(keep) - 1
        entry = keep[columns]
        self.entries = [(rows[entry], place[columns[entry]], values[entry])]
        self.stratum, self.trajectory = self.stratum[keep], self.trajectory[keep]
        self.column_cost = self.column_cost[keep]
        self.known = np.sort(_key(self.stratum, self.trajectory))
        if self.simplex is not None:
            self.simplex.keep(keep)

    def _entries(self, stratum: np.ndarray, trajectory: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column (from 0) and value of what columns use."""
        used = self.pricing.entries(stratum, trajectory)
        count = np.arange(len(stratum))
        rows, columns, values = [stratum], [count], [np.ones(len(stratum))]
        for f in np.unique(used.family).tolist():
            own = used.family == f
            row_of = self.seat_row if f < 0 else self.family_row[f]
            maps = (row_of, self.least_row) if f < 0 else (row_of,)
            for place in maps:
                row = place[used.row[own], used.year[own]]
                rows.append(row[row >= 0])
                columns.append(used.column[own][row >= 0])
                values.append(used.amount[own][row >= 0])
        if len(self.goal_row):
            for g, row in enumerate(self.goal_row.tolist()):
                amount = self.pricing.costs(stratum, trajectory, self.goal_costs.of(g))
                counts = np.flatnonzero(amount)
                rows.append(np.full(len(counts), row))
                columns.append(counts)
                values.append(amount[counts])
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)

    def program(self) -> Program:
        """The integer program over the columns at hand; extras stand behind the columns."""
        n, extras = len(self.stratum), self.extras
        count = len(extras.row)
        own = [(extras.row, np.arange(count), extras.value), self.opening]
        if len(self.goal_row):
            extra, goal = np.nonzero(extras.goals)
            own.append((self.goal_row[goal], extra, np.ones(len(extra))))
        parts = [*self.entries, *((row, extra + n, value) for row, extra, value in own)]
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Program(
            cost=np.concatenate([self.column_cost, self.extra_cost]),
            least=np.zeros(n + count),
            most=np.concatenate([self.strata.people[self.stratum].astype(float), extras.most]),
            whole=np.concatenate([np.ones(n, dtype=bool), extras.whole]),
            row_least=self.row_least,
            row_most=self.row_most.copy(),
            rows=rows,
            columns=columns,
            values=values,
        )

    def solve(self) -> LinearSolution | None:
        """The linear optimum over the columns at hand; ``None`` when the rows cannot be held.

        Raises
        ------
        ModelError
            If the solver fails.
        """
        if self.simplex is None:
            count, behind = len(self.stratum), len(self.extras.row)
            start = Basis.of(count, behind, len(self.row_least), self._cheapest())
            self.simplex = Simplex(self.program(), behind, start)
        return self.simplex.solve()

    def _cheapest(self) -> np.ndarray:
        """The cheapest column of every stratum: where everybody would be if nothing were shared."""
        order = np.lexsort([self.column_cost, self.stratum])
        return order[np.searchsorted(self.stratum[order], np.arange(len(self.strata.people)))]

    def values(self, x: np.ndarray) -> dict[Goal, float]:
        """Each goal of a solution, in the sense that is minimised."""
        n, found = len(self.stratum), {}
        for g, goal in enumerate(self.goals):
            own = self.pricing.costs(self.stratum, self.trajectory, self.goal_costs.of(g))
            found[goal] = float(own @ x[:n] + self.extras.goals[:, g] @ x[n:])
        return found

    def clipped(self, duals: np.ndarray) -> np.ndarray:
        """Duals inside the range where the bound is finite; rounding, or other weights, may put them outside."""
        duals = np.where(np.isfinite(self.row_least), duals, np.minimum(duals, 0.0))
        duals = np.where(np.isfinite(self.row_most), duals, np.maximum(duals, 0.0))
        duals[self.goal_row] = np.maximum(duals[self.goal_row], -self.most_on_top)
        extras = self.extras
        endless = ~np.isfinite(extras.most) & (extras.kind != BEYOND)
        limit = (self.extra_cost - self._on_top(duals))[endless]
        row, value = extras.row[endless], extras.value[endless]
        np.minimum.at(duals, row[value > 0], limit[value > 0])
        np.maximum.at(duals, row[value < 0], -limit[value < 0])
        return duals

    def _on_top(self, duals: np.ndarray) -> np.ndarray:
        """What the duals of capped goals add to the price of each extra (a negative cost), shape (E,)."""
        return self.extras.goals @ duals[self.goal_row] if len(self.goal_row) else np.zeros(len(self.extras.row))

    def prices(self, duals: np.ndarray) -> tuple[Prices, list[np.ndarray]]:
        """Prices of rows at some duals, and the cost of each sort's open trajectories with what caps add."""
        padded = np.append(duals, 0.0)
        seats = -padded[self.seat_row] - padded[self.least_row]
        rows = tuple(padded[row] for row in self.family_row)
        cost = self.cost
        if len(self.goal_row) and duals[self.goal_row].any():
            cost = self.goal_costs.weighted(self._weights() - duals[self.goal_row])
        return Prices(seats, rows), cost

    def duals(self, prices: Prices) -> np.ndarray:
        """Duals at some prices of rows; 0 for everything else."""
        duals = np.zeros(len(self.row_least))
        duals[self.seat_row[self.seat_row >= 0]] = -prices.seats[self.seat_row >= 0]
        for row, price in zip(self.family_row, prices.rows, strict=True):
            duals[row[row >= 0]] = price[row >= 0]
        return duals

    def best(self, duals: np.ndarray, near: float = 0.0) -> Best:
        """The best of all trajectories of every stratum at some duals; see ``Pricing.best``."""
        return self.pricing.best(*self.prices(duals), near)

    def reduced(self, stratum: np.ndarray, trajectory: np.ndarray, duals: np.ndarray) -> np.ndarray:
        """Price of some columns for one person at some duals, before what their strata pay."""
        prices, cost = self.prices(duals)
        used = self.pricing.entries(stratum, trajectory)
        paid = np.zeros(len(used.row))
        for f in np.unique(used.family).tolist():
            own = used.family == f
            price = prices.seats if f < 0 else -prices.rows[f]
            paid[own] = price[used.row[own], used.year[own]] * used.amount[own]
        return self.pricing.costs(stratum, trajectory, cost) + np.bincount(used.column, paid, minlength=len(stratum))

    def bound(self, duals: np.ndarray, best: Best) -> float:
        """Lagrange bound at some duals (``clipped``) and the best trajectories there.

        It holds for every plan that has no more seats that do not exist than ``forbid_overfill`` left.
        """
        bound = float(self.strata.people @ best.lowest)
        shared = np.arange(len(duals)) >= len(self.strata.people)
        up, down = shared & (duals > 0), shared & (duals < 0)
        bound += float(duals[up] @ self.row_least[up] + duals[down] @ self.row_most[down])
        extras = self.extras
        price = self.extra_cost - self._on_top(duals) - extras.value * duals[extras.row]
        np.subtract.at(price, self.opening[1], self.opening[2] * duals[self.opening[0]])
        gain = np.isfinite(extras.most) & (price < 0)
        return bound + float(price[gain] @ extras.most[gain])

    def reduced_costs(self, duals: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Strata alike, with the price of every trajectory open to them; see ``Pricing.reduced_costs``."""
        return self.pricing.reduced_costs(*self.prices(duals))


def _key(stratum: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
    """One number per column."""
    return np.asarray(stratum * (1 << 32) + trajectory)
