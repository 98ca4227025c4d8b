r"""The restricted master problem of the Dantzig-Wolfe decomposition (1960).

Its variables are columns: how many people of a subproblem follow a trajectory. Column generation solves it as a linear program over the
columns found so far; in the end the same program is solved in whole people. The rows come from ``master_rows``, and the slack variables
that keep it feasible from ``slack_variables``.

.. math:: \min \sum_{r,k} cost_{rk} n_{rk} + \sum_e price_e s_e
    \quad \text{with} \quad \sum_k n_{rk} = people_r, \quad low \le \sum_{r,k} a_{rk} n_{rk} + \sum_e b_e s_e \le high
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Subproblems
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.master_rows import Rows
from allocator.engine.columns.pricing import Best, Prices, Pricing
from allocator.engine.columns.slack_variables import CAP_SLACK, SEAT_SLACK, SlackVariables
from allocator.engine.parameters import MASTER
from allocator.engine.solvers.integer_program import Program
from allocator.engine.solvers.simplex import Basis, LinearSolution, Simplex


class Master:
    """Columns, rows and slack variables over some subproblems, at some goal weights.

    Parameters
    ----------
    costs
        Cost of each trajectory in each goal, shared between masters.
    least
        Least seats of a programme that is held at all, shape (K, Y); 0 where any number may attend.
    has_caps
        Whether each goal has a row, so that it can be capped.
    like
        A master whose rows are all kept, even those that limit nothing any more, so that its basis fits.
    """

    def __init__(
        self,
        subproblems: Subproblems,
        goals: tuple[Goal, ...],
        costs: GoalCosts,
        *,
        least: np.ndarray | None = None,
        has_caps: bool = False,
        like: Master | None = None,
    ) -> None:
        self.subproblems, self.goals, self.goal_costs = subproblems, goals, costs
        self.pricing = Pricing(subproblems)
        self.subproblem = np.zeros(0, dtype=np.int64)
        self.trajectory = np.zeros(0, dtype=np.int64)
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.known = np.zeros(0, dtype=np.int64)
        least = np.zeros_like(subproblems.capacity) if least is None else least
        self.rows: Rows = Rows.of(
            subproblems, least, len(goals) if has_caps else 0, None if like is None else like.rows
        )
        self.slacks = SlackVariables.of(subproblems, self.rows, goals, least)
        self.weights: dict[Goal, float] = {}
        self.caps: dict[Goal, float] = {}
        self.simplex: Simplex | None = None
        self.set_weights(dict.fromkeys(goals, 1.0))

    def twin(self) -> Master:
        """A copy with the same rows and columns, to be solved at other weights."""
        other = copy(self)
        other.entries = list(self.entries)
        other.simplex = None if self.simplex is None else self.simplex.twin()
        return other

    def bare(self) -> Master:
        """A copy with the same rows and without columns. It gives bounds at any duals, and cannot be solved."""
        other = copy(self)
        nothing = np.zeros(0, dtype=np.int64)
        other.subproblem, other.trajectory, other.known, other.entries = nothing, nothing, nothing, []
        other.simplex = None
        return other

    def bare_under(self, subproblems: Subproblems, costs: GoalCosts, least: np.ndarray | None = None) -> Master:
        """``bare`` at the same weights, under the limits of other subproblems; parameters as of ``under``."""
        other = Master(subproblems, self.goals, costs, least=least, has_caps=len(self.rows.goals) > 0, like=self)
        other.set_weights(self.weights, self.caps)
        return other

    def under(self, subproblems: Subproblems, costs: GoalCosts, least: np.ndarray | None = None) -> Master:
        """The same columns at the same weights under other limits, starting from the basis of the last optimum.

        Rows that limit nothing any more stay, so that the basis fits.

        Parameters
        ----------
        subproblems
            Of the same people, divided in the same way (``model.reuse_cohorts``).
        costs, least
            As of ``Master``.
        """
        other = self.bare_under(subproblems, costs, least)
        if not other.rows.is_like(self.rows) or (len(self.rows.goals) and costs is not self.goal_costs):
            other.add(self.subproblem, self.trajectory)
            return other
        other.subproblem, other.trajectory, other.known = self.subproblem, self.trajectory, self.known
        other.entries = list(self.entries)
        other.column_cost = other.pricing.costs(other.subproblem, other.trajectory, other.cost)
        if self.simplex is not None:
            other._start_from(self, self.simplex)
        return other

    def _start_from(self, other: Master, optimum: Simplex) -> None:
        """Take over the basis of a master with the same columns and rows.

        A changed limit leaves the old optimum dual feasible, so the simplex method goes on from there. Where slack variables differ, the basis is
        moved to their new positions first.
        """
        if self.slacks.is_like(other.slacks):
            self.simplex = optimum.at_optimum()  # Columns may have come since.
            self.simplex.limit_rows(np.arange(len(self.rows.least)), self.rows.least, self.rows.most)
            self.simplex.limit(len(self.subproblem) + np.arange(len(self.slacks.most)), self.slacks.most)
            cost = np.concatenate([self.column_cost, self.slack_cost])
            if not np.array_equal(cost, np.concatenate([other.column_cost, other.slack_cost])):
                self.simplex.price(cost)
            return
        basis = optimum.basis.moved(self.slacks.places_in(other.slacks))
        wider = (
            (self.rows.least <= other.rows.least).all(),
            (self.rows.most >= other.rows.most).all(),
            (self.subproblems.capacity >= other.subproblems.capacity).all(),
        )
        self.simplex = Simplex(self.program(), len(self.slacks.row), basis, is_allowed=all(wider))

    def close(self) -> None:
        """Free the solver's memory."""
        self.simplex = None

    def set_weights(self, weights: Mapping[Goal, float], caps: Mapping[Goal, float] | None = None) -> None:
        """Choose the weight of each goal and, where goals have rows, the cap of some."""
        self.weights, self.caps = dict(weights), dict(caps or {})
        self.cost, spread = self.goal_costs.spread(self._weights())
        heaviest = max(self.weights.values(), default=1.0)
        self.most_on_top = MASTER.cap_price * heaviest
        # A seat that does not exist must cost more than any rule is worth. Owed hours alone can save far more than one goal weight, so the
        # largest difference between two trajectories comes on top.
        price = np.array([0.0, MASTER.overfill_price * heaviest + 2 * spread, 0.0, self.most_on_top])
        self.slack_cost = self.slacks.goals @ self._weights() + price[self.slacks.kind]
        self.column_cost = self.pricing.costs(self.subproblem, self.trajectory, self.cost)
        capped = self.rows.goals
        self.rows = self.rows.capped(np.array([self.caps.get(goal, np.inf) for goal in self.goals[: len(capped)]]))
        if self.simplex is not None:
            self.simplex.price(np.concatenate([self.column_cost, self.slack_cost]))
            self.simplex.limit_rows(capped, self.rows.least[capped], self.rows.most[capped])

    def _weights(self) -> np.ndarray:
        return np.array([self.weights.get(goal, 0.0) for goal in self.goals])

    def forbid_seat_slack(self, x: np.ndarray) -> None:
        """Allow no more seats that do not exist than a solution uses, so that a cap on a goal can never be bought with one."""
        self.limit_seat_slack(np.round(x[len(self.subproblem) :][self.slacks.kind == SEAT_SLACK], 6))

    def seat_slack_as(self, other: Master) -> None:
        """Allow as many seats that do not exist as another master with the same rows of seats."""
        self.limit_seat_slack(other.slacks.most[other.slacks.kind == SEAT_SLACK])

    def limit_seat_slack(self, most: np.ndarray) -> None:
        """Allow so many seats that do not exist, a number for each slack variable of that kind."""
        self.slacks = self.slacks.limited(SEAT_SLACK, most)
        if self.simplex is not None:
            own = np.flatnonzero(self.slacks.kind == SEAT_SLACK)
            self.simplex.limit(len(self.subproblem) + own, self.slacks.most[own])

    def add(self, subproblem: np.ndarray, trajectory: np.ndarray) -> int:
        """Add the columns that are not there yet; returns how many were new.

        Parameters
        ----------
        subproblem, trajectory
            Of each column; the trajectory counts from 0 among those open to the person type.
        """
        key, first = np.unique(_key(subproblem, trajectory), return_index=True)
        is_new = ~np.isin(key, self.known, assume_unique=True)
        first = np.sort(first[is_new])
        if not len(first):
            return 0
        self.known = np.concatenate([self.known, key[is_new]])
        subproblem, trajectory = subproblem[first], trajectory[first]
        cost = self.pricing.costs(subproblem, trajectory, self.cost)
        entries = self._entries(subproblem, trajectory)
        if self.simplex is not None:
            most = self.subproblems.people[subproblem].astype(float)
            self.simplex.add(cost, most, *entries)
        rows, columns, values = entries
        self.entries.append((rows, columns + len(self.subproblem), values))
        self.subproblem = np.concatenate([self.subproblem, subproblem])
        self.trajectory = np.concatenate([self.trajectory, trajectory])
        self.column_cost = np.concatenate([self.column_cost, cost])
        return len(subproblem)

    def prefer(self, subproblem: np.ndarray, trajectory: np.ndarray, bonus: np.ndarray) -> None:
        """Make some columns cheaper by a bonus each, until weights are set again."""
        self.column_cost = self.column_cost.copy()
        self.column_cost[self.places(subproblem, trajectory)] -= bonus
        if self.simplex is not None:
            self.simplex.price(np.concatenate([self.column_cost, self.slack_cost]))

    def places(self, subproblem: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
        """Position of some columns among those at hand."""
        own = _key(self.subproblem, self.trajectory)
        order = np.argsort(own)
        return order[np.searchsorted(own[order], _key(subproblem, trajectory))]

    def drop(self, duals: np.ndarray, far: float) -> np.ndarray:
        """Drop columns whose reduced cost at some duals is above ``far``; returns which stay, boolean. Pricing may bring one back."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        paid = np.bincount(columns, values * duals[rows], minlength=len(self.subproblem))
        # Trajectory 0 attends least. It stays, so that a class below its least size can always be left.
        keep = (self.column_cost - paid <= far) | (self.trajectory == 0)
        place = np.cumsum(keep) - 1
        entry = keep[columns]
        self.entries = [(rows[entry], place[columns[entry]], values[entry])]
        self.subproblem, self.trajectory = self.subproblem[keep], self.trajectory[keep]
        self.column_cost = self.column_cost[keep]
        self.known = np.sort(_key(self.subproblem, self.trajectory))
        if self.simplex is not None:
            self.simplex.keep(keep)
        return np.asarray(keep)

    def _entries(self, subproblem: np.ndarray, trajectory: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column (from 0) and coefficient of each nonzero of some columns."""
        own = subproblem, np.arange(len(subproblem)), np.ones(len(subproblem))
        parts = [own, self.rows.entries(self.pricing.entries(subproblem, trajectory))]
        for g, row in enumerate(self.rows.goals.tolist()):
            amount = self.pricing.costs(subproblem, trajectory, self.goal_costs.of(g))
            counts = np.flatnonzero(amount)
            parts.append((np.full(len(counts), row), counts, amount[counts]))
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return rows, columns, values

    def program(self) -> Program:
        """The integer program over the columns at hand, with the slack variables behind them."""
        n, slacks = len(self.subproblem), self.slacks
        count = len(slacks.row)
        own = [(slacks.row, np.arange(count), slacks.value), slacks.opening]
        if len(self.rows.goals):
            extra, goal = np.nonzero(slacks.goals)
            own.append((self.rows.goals[goal], extra, np.ones(len(extra))))
        parts = [*self.entries, *((row, extra + n, value) for row, extra, value in own)]
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Program(
            cost=np.concatenate([self.column_cost, self.slack_cost]),
            least=np.zeros(n + count),
            most=np.concatenate([self.subproblems.people[self.subproblem].astype(float), slacks.most]),
            whole=np.concatenate([np.ones(n, dtype=bool), slacks.whole]),
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
            If the solver needs more than ``seconds``.
        """
        if self.simplex is None:
            count, behind = len(self.subproblem), len(self.slacks.row)
            start = Basis.of(count, behind, len(self.rows.least), self._cheapest())
            self.simplex = Simplex(self.program(), behind, start)
        return self.simplex.solve(seconds)

    def _cheapest(self) -> np.ndarray:
        """The cheapest column of each subproblem: the optimum if no row were shared, and a basis to start from."""
        order = np.lexsort([self.column_cost, self.subproblem])
        return order[np.searchsorted(self.subproblem[order], np.arange(len(self.subproblems.people)))]

    def values(self, x: np.ndarray) -> dict[Goal, float]:
        """Value of each goal in a solution, in the sense that is minimised."""
        n, found = len(self.subproblem), {}
        for g, goal in enumerate(self.goals):
            own = self.pricing.costs(self.subproblem, self.trajectory, self.goal_costs.of(g))
            found[goal] = float(own @ x[:n] + self.slacks.goals[:, g] @ x[n:])
        return found

    def clipped(self, duals: np.ndarray) -> np.ndarray:
        """Duals moved to the nearest values at which the Lagrangian bound is finite, shape (M,).

        A dual must have the sign that its row's limits allow, and must not pay an unlimited slack variable to grow. Rounding or other weights
        break that by a little; any duals inside the range give a valid bound.
        """
        duals = np.where(np.isfinite(self.rows.least), duals, np.minimum(duals, 0.0))
        duals = np.where(np.isfinite(self.rows.most), duals, np.maximum(duals, 0.0))
        duals[self.rows.goals] = np.maximum(duals[self.rows.goals], -self.most_on_top)
        slacks = self.slacks
        endless = ~np.isfinite(slacks.most) & (slacks.kind != CAP_SLACK)
        limit = (self.slack_cost - self._on_top(duals))[endless]
        row, value = slacks.row[endless], slacks.value[endless]
        np.minimum.at(duals, row[value > 0], limit[value > 0])
        np.maximum.at(duals, row[value < 0], -limit[value < 0])
        return duals

    def _on_top(self, duals: np.ndarray) -> np.ndarray:
        """What the duals of capped goals add to the price of each slack variable; a negative cost, shape (E,)."""
        return self.slacks.goals @ duals[self.rows.goals] if len(self.rows.goals) else np.zeros(len(self.slacks.row))

    def prices(self, duals: np.ndarray) -> tuple[Prices, list[np.ndarray]]:
        """Prices of rows at some duals, and the weighted cost of the open trajectories of each type with what caps add."""
        cost = self.cost
        if len(self.rows.goals) and duals[self.rows.goals].any():
            cost = self.goal_costs.weighted(self._weights() - duals[self.rows.goals])
        return self.rows.prices(duals), cost

    def best(self, duals: np.ndarray, near: float = 0.0) -> Best:
        """The cheapest of all trajectories of every subproblem at some duals; see ``Pricing.best``."""
        return self.pricing.best(*self.prices(duals), near)

    def reduced(self, subproblem: np.ndarray, trajectory: np.ndarray, duals: np.ndarray) -> np.ndarray:
        """Cost of some columns for one person at some duals, before the dual of the subproblem's own row is taken off."""
        prices, cost = self.prices(duals)
        used = self.pricing.entries(subproblem, trajectory)
        paid = np.zeros(len(used.row))
        for f in np.unique(used.family).tolist():
            own = used.family == f
            price = prices.seats if f < 0 else -prices.rows[f]
            paid[own] = price[used.row[own], used.year[own]] * used.amount[own]
        return self.pricing.costs(subproblem, trajectory, cost) + np.bincount(
            used.column, paid, minlength=len(subproblem)
        )

    def bound(self, duals: np.ndarray, best: Best) -> float:
        """The Lagrangian bound at some duals and the best trajectories there.

        Every person pays at least the cheapest trajectory of the subproblem; the duals add the limits of the shared rows; and each slack variable
        with a negative price is used to its limit (Lasdon 1970; Farley 1990). The bound holds for every plan that uses no more seats that do not
        exist than ``forbid_seat_slack`` left.

        Parameters
        ----------
        duals
            Inside the range of ``clipped``.
        """
        bound = float(self.subproblems.people @ best.lowest)
        shared = np.arange(len(duals)) >= len(self.subproblems.people)
        up, down = shared & (duals > 0), shared & (duals < 0)
        bound += float(duals[up] @ self.rows.least[up] + duals[down] @ self.rows.most[down])
        slacks = self.slacks
        price = self.slack_cost - self._on_top(duals) - slacks.value * duals[slacks.row]
        np.subtract.at(price, slacks.opening[1], slacks.opening[2] * duals[slacks.opening[0]])
        gain = np.isfinite(slacks.most) & (price < 0)
        return bound + float(price[gain] @ slacks.most[gain])

    def reduced_costs(self, duals: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Groups of equal subproblems, each with the price of every open trajectory; see ``Pricing.reduced_costs``."""
        return self.pricing.reduced_costs(*self.prices(duals))


def _key(subproblem: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
    """One number for each column: subproblem and trajectory in one integer."""
    return np.asarray(subproblem * (1 << 32) + trajectory)
