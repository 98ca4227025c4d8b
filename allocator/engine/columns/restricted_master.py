"""The restricted master: how many people of every stratum follow each of the trajectories at hand.

Its rows are those of ``rows``; behind the columns stand deviations, seats that do not exist and classes that open (``extras``). The
same program is solved as a linear one while columns are added (``generation``) and with whole people in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Strata
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.master_rows import Rows
from allocator.engine.columns.pricing import Best, Prices, Pricing
from allocator.engine.columns.slack_variables import BEYOND, OVERFILLED, Extras
from allocator.engine.solvers.integer_program import Program
from allocator.engine.solvers.simplex import Basis, LinearSolution, Simplex

OVERFILL = 20.0
"""Price of a seat that does not exist, in units of the heaviest goal weight and on top of what a person can save with it."""

CAP_PRICE = 1e5
"""Most that a unit of a capped goal may cost, in units of the heaviest goal weight."""


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
        least = np.zeros_like(strata.capacity) if least is None else least
        self.rows: Rows = Rows.of(strata, least, len(goals) if has_caps else 0, None if like is None else like.rows)
        self.extras = Extras.of(strata, self.rows, goals, least)
        self.weights: dict[Goal, float] = {}
        self.caps: dict[Goal, float] = {}
        self.simplex: Simplex | None = None
        self.set_weights(dict.fromkeys(goals, 1.0))

    def twin(self) -> Master:
        """A master with the same rows and columns, to be solved at other weights."""
        other = copy(self)
        other.entries = list(self.entries)
        other.simplex = None if self.simplex is None else self.simplex.twin()
        return other

    def bare(self) -> Master:
        """A master with the same rows and no columns, which bounds at any duals and cannot be solved."""
        other = copy(self)
        nothing = np.zeros(0, dtype=np.int64)
        other.stratum, other.trajectory, other.known, other.entries = nothing, nothing, nothing, []
        other.simplex = None
        return other

    def bare_under(self, strata: Strata, costs: GoalCosts, least: np.ndarray | None = None) -> Master:
        """``bare`` at the same weights under the limits of other strata; parameters as of ``under``."""
        other = Master(strata, self.goals, costs, least=least, has_caps=len(self.rows.goals) > 0, like=self)
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
        if not other.rows.is_like(self.rows) or (len(self.rows.goals) and costs is not self.goal_costs):
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
        if self.extras.is_like(other.extras):
            self.simplex = optimum.at_optimum()  # Columns may have come since.
            self.simplex.limit_rows(np.arange(len(self.rows.least)), self.rows.least, self.rows.most)
            self.simplex.limit(len(self.stratum) + np.arange(len(self.extras.most)), self.extras.most)
            cost = np.concatenate([self.column_cost, self.extra_cost])
            if not np.array_equal(cost, np.concatenate([other.column_cost, other.extra_cost])):
                self.simplex.price(cost)
            return
        basis = optimum.basis.moved(self.extras.places_in(other.extras))
        wider = (
            (self.rows.least <= other.rows.least).all(),
            (self.rows.most >= other.rows.most).all(),
            (self.strata.capacity >= other.strata.capacity).all(),
        )
        self.simplex = Simplex(self.program(), len(self.extras.row), basis, is_allowed=all(wider))

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
        capped = self.rows.goals
        self.rows = self.rows.capped(np.array([self.caps.get(goal, np.inf) for goal in self.goals[: len(capped)]]))
        if self.simplex is not None:
            self.simplex.price(np.concatenate([self.column_cost, self.extra_cost]))
            self.simplex.limit_rows(capped, self.rows.least[capped], self.rows.most[capped])

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
        self.extras = self.extras.limited(OVERFILLED, most)
        if self.simplex is not None:
            own = np.flatnonzero(self.extras.kind == OVERFILLED)
            self.simplex.limit(len(self.stratum) + own, self.extras.most[own])

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

    def drop(self, duals: np.ndarray, far: float) -> np.ndarray:
        """Forget the columns whose reduced cost at some duals is beyond ``far``; which stay, boolean. Pricing may bring one back."""
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
        return np.asarray(keep)

    def _entries(self, stratum: np.ndarray, trajectory: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column (from 0) and value of what columns use."""
        own = stratum, np.arange(len(stratum)), np.ones(len(stratum))
        parts = [own, self.rows.entries(self.pricing.entries(stratum, trajectory))]
        for g, row in enumerate(self.rows.goals.tolist()):
            amount = self.pricing.costs(stratum, trajectory, self.goal_costs.of(g))
            counts = np.flatnonzero(amount)
            parts.append((np.full(len(counts), row), counts, amount[counts]))
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return rows, columns, values

    def program(self) -> Program:
        """The integer program over the columns at hand; extras stand behind the columns."""
        n, extras = len(self.stratum), self.extras
        count = len(extras.row)
        own = [(extras.row, np.arange(count), extras.value), extras.opening]
        if len(self.rows.goals):
            extra, goal = np.nonzero(extras.goals)
            own.append((self.rows.goals[goal], extra, np.ones(len(extra))))
        parts = [*self.entries, *((row, extra + n, value) for row, extra, value in own)]
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Program(
            cost=np.concatenate([self.column_cost, self.extra_cost]),
            least=np.zeros(n + count),
            most=np.concatenate([self.strata.people[self.stratum].astype(float), extras.most]),
            whole=np.concatenate([np.ones(n, dtype=bool), extras.whole]),
            row_least=self.rows.least,
            row_most=self.rows.most,
            rows=rows,
            columns=columns,
            values=values,
        )

    def solve(self, seconds: float = np.inf) -> LinearSolution | None:
        """The linear optimum over the columns at hand; ``None`` when the rows cannot be held.

        Raises
        ------
        ModelError
            If the solver fails.
        OutOfTime
            If so many seconds were not enough.
        """
        if self.simplex is None:
            count, behind = len(self.stratum), len(self.extras.row)
            start = Basis.of(count, behind, len(self.rows.least), self._cheapest())
            self.simplex = Simplex(self.program(), behind, start)
        return self.simplex.solve(seconds)

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
        duals = np.where(np.isfinite(self.rows.least), duals, np.minimum(duals, 0.0))
        duals = np.where(np.isfinite(self.rows.most), duals, np.maximum(duals, 0.0))
        duals[self.rows.goals] = np.maximum(duals[self.rows.goals], -self.most_on_top)
        extras = self.extras
        endless = ~np.isfinite(extras.most) & (extras.kind != BEYOND)
        limit = (self.extra_cost - self._on_top(duals))[endless]
        row, value = extras.row[endless], extras.value[endless]
        np.minimum.at(duals, row[value > 0], limit[value > 0])
        np.maximum.at(duals, row[value < 0], -limit[value < 0])
        return duals

    def _on_top(self, duals: np.ndarray) -> np.ndarray:
        """What the duals of capped goals add to the price of each extra (a negative cost), shape (E,)."""
        return self.extras.goals @ duals[self.rows.goals] if len(self.rows.goals) else np.zeros(len(self.extras.row))

    def prices(self, duals: np.ndarray) -> tuple[Prices, list[np.ndarray]]:
        """Prices of rows at some duals, and the cost of each sort's open trajectories with what caps add."""
        cost = self.cost
        if len(self.rows.goals) and duals[self.rows.goals].any():
            cost = self.goal_costs.weighted(self._weights() - duals[self.rows.goals])
        return self.rows.prices(duals), cost

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
        bound += float(duals[up] @ self.rows.least[up] + duals[down] @ self.rows.most[down])
        extras = self.extras
        price = self.extra_cost - self._on_top(duals) - extras.value * duals[extras.row]
        np.subtract.at(price, extras.opening[1], extras.opening[2] * duals[extras.opening[0]])
        gain = np.isfinite(extras.most) & (price < 0)
        return bound + float(price[gain] @ extras.most[gain])

    def reduced_costs(self, duals: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Strata alike, with the price of every trajectory open to them; see ``Pricing.reduced_costs``."""
        return self.pricing.reduced_costs(*self.prices(duals))


def _key(stratum: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
    """One number per column."""
    return np.asarray(stratum * (1 << 32) + trajectory)
