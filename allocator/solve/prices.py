"""Prices of seats and quotas: the linear relaxation over all trajectories, solved by column generation.

The master counts, for every *stratum* of people, how many follow each trajectory. ``coarse`` strata pool local limits over
places, ``fine`` strata keep every limit but the floors of single teams, which are pooled; both are relaxations of the
problem, so their dual values give a bound for it. Columns are added by pricing *all* trajectories of every stratum: one
look-up table per year and price group, added up over the years.

The duals are smoothed (Wentges 1997) between the best and the newest ones; every set of duals gives a valid bound
(Lagrange), so the bound never depends on when the generation stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from ortools.math_opt.python import mathopt

from allocator.errors import ModelError
from allocator.kinds import Goal
from allocator.solve.linear import is_solved
from allocator.solve.strata import Strata, segments

OVERFILL = 20.0
"""Price of a seat that does not exist, in units of the heaviest goal weight and on top of what a person can save with it."""

CAP_PRICE = 1e5
"""Most that a unit of a capped goal may cost, in units of the heaviest goal weight."""

SMOOTHING = 0.6
"""Part of the best duals in the ones tried next; once there are columns, ``SMOOTHING_NEAR``."""

SMOOTHING_NEAR = 0.2


def overfill_price(weights: Mapping[Goal, float], costs: list[np.ndarray]) -> float:
    """Price of a seat that does not exist, which keeps a program feasible; dear enough that no rule is worth one.

    Parameters
    ----------
    costs
        Weighted cost of each sort's open trajectories. Owed hours make them differ by much more than a goal's weight.
    """
    spread = max((float(cost.max() - cost.min()) for cost in costs), default=0.0)
    return OVERFILL * max(weights.values()) + 2 * spread


@dataclass(frozen=True, eq=False)
class Duals:
    """Prices.

    ``seats`` per row and year (≥ 0, cost of using one), ``rows`` per family, row and year (worth of one), ``goals`` per goal
    with a cap (≥ 0, what a unit of the goal costs on top of its weight).
    """

    seats: np.ndarray
    rows: tuple[np.ndarray, ...]
    goals: np.ndarray

    def towards(self, other: Duals, weight: float) -> Duals:
        """``weight`` of these and the rest of the other."""
        return Duals(
            weight * self.seats + (1 - weight) * other.seats,
            tuple(weight * a + (1 - weight) * b for a, b in zip(self.rows, other.rows, strict=True)),
            weight * self.goals + (1 - weight) * other.goals,
        )

    def scaled(self, factor: float) -> Duals:
        """The same prices in another unit."""
        return Duals(factor * self.seats, tuple(factor * rows for rows in self.rows), factor * self.goals)


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The relaxation at some goal weights: value, bound, prices, and the columns in use.

    One entry per column: stratum, trajectory (position among those open to the stratum's sort), people.
    """

    weights: Mapping[Goal, float]
    value: float
    bound: float
    duals: Duals
    stratum: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    rounds: int


@dataclass(frozen=True, eq=False)
class _Deviation:
    variable: mathopt.Variable
    goals: tuple[Goal, ...]
    width: float
    family: int
    row: int
    year: int
    sign: int


class PriceMaster:
    """Keeps its columns from one set of goal weights to the next."""

    def __init__(self, strata: Strata, goals: tuple[Goal, ...]) -> None:
        """Set up the rows of the strata and of the goals; the first columns come with the first prices."""
        self.strata, self.cohorts, self.goals = strata, strata.cohorts, goals
        self.goal_costs = [
            [self.cohorts.costs(sort, goal).astype(np.float32) for goal in goals]
            for sort in range(len(self.cohorts.sort_type))
        ]
        self.known: set[tuple[int, int]] = set()
        self.columns: list[mathopt.Variable] = []
        self.column_stratum: list[int] = []
        self.column_trajectory: list[int] = []
        self.groups = self._price_groups()
        self.model = mathopt.Model()
        self._set_rows()
        self._set_deviations()
        self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.GLOP)

    def _price_groups(self) -> list[np.ndarray]:
        """Strata that see the same prices: one type, the same rows."""
        strata = self.strata
        among = self.cohorts.sort_among[strata.sort]
        part = self.cohorts.sort_audience[strata.sort]
        kind = self.cohorts.sort_type[strata.sort]
        key = pd.DataFrame(np.column_stack([kind, strata.seats, strata.group, part, among]))
        of = key.groupby(list(key.columns), sort=False).ngroup().to_numpy()
        order = np.argsort(of, kind="stable")
        return np.split(order, np.cumsum(np.bincount(of))[:-1])

    def _set_rows(self) -> None:
        model, strata = self.model, self.strata
        self.goal_rows = [model.add_linear_constraint() for _ in self.goals]
        self.beyond = [model.add_variable(lb=0.0) for _ in self.goals]  # Keeps a capped master feasible on the way.
        for row, variable in zip(self.goal_rows, self.beyond, strict=True):
            row.set_coefficient(variable, -1.0)
        self.convexity = [model.add_linear_constraint(lb=float(n), ub=float(n)) for n in strata.people]
        self.capacity = [[model.add_linear_constraint(ub=float(seats)) for seats in row] for row in strata.capacity]
        self.rows = [
            [
                [model.add_linear_constraint(lb=float(a), ub=float(b)) for a, b in zip(low, high, strict=True)]
                for low, high in zip(floor, ceiling, strict=True)
            ]
            for floor, ceiling in zip(strata.floor, strata.ceiling, strict=True)
        ]

    def _set_deviations(self) -> None:
        self.deviations: list[_Deviation] = []
        strata = self.strata
        for f, family in enumerate(self.cohorts.families):
            sides = ((family.short_goals, 1, strata.floor[f]), (family.over_goals, -1, strata.ceiling[f]))
            for goals, sign, limit in sides:
                if not goals:
                    continue
                for row, y in np.argwhere(np.isfinite(limit)).tolist():
                    for width, counted in segments(goals, int(strata.width[f][row])):
                        variable = self.model.add_variable(lb=0.0, ub=width)
                        self.rows[f][row][y].set_coefficient(variable, sign)
                        for goal in counted:
                            self.goal_rows[self.goals.index(goal)].set_coefficient(variable, 1.0)
                        self.deviations.append(_Deviation(variable, counted, width, f, row, y, sign))
        self.overfill = []
        for constraint in (seats for year_seats in self.capacity for seats in year_seats):
            variable = self.model.add_variable(lb=0.0)
            constraint.set_coefficient(variable, -1.0)
            self.overfill.append(variable)

    def close(self) -> None:
        """Free the solver."""
        self.solver.close()

    def start_from(self, other: PriceMaster, relaxed: Relaxation) -> Duals:
        """Take over the columns in use and the prices of a master whose strata hold several of these.

        Returns
        -------
        Duals
            The other's prices, spread over the rows of this one.
        """
        mine, theirs = self.strata, other.strata
        inside: dict[int, list[int]] = {}
        at = np.zeros(len(mine.sort), dtype=np.int64)
        at[mine.of] = theirs.of
        for r, above in enumerate(at.tolist()):
            inside.setdefault(above, []).append(r)
        self._set_weights(relaxed.weights)
        found = [
            (r, k, 0.0)
            for above, k in zip(relaxed.stratum.tolist(), relaxed.trajectory.tolist(), strict=True)
            for r in inside[above]
        ]
        self._add(found)
        seats = np.zeros_like(mine.capacity)
        has = mine.seats >= 0
        seats[mine.seats[has]] = relaxed.duals.seats[theirs.seats[at][has]]
        rows = []
        for f in range(len(self.cohorts.families)):
            price = np.zeros_like(mine.floor[f])
            touched = mine.group[:, f] >= 0
            price[mine.group[touched, f]] = relaxed.duals.rows[f][theirs.group[at][touched, f]]
            rows.append(price)
        return Duals(seats, tuple(rows), relaxed.duals.goals)

    def carried_over(self, other: PriceMaster, relaxed: Relaxation) -> Relaxation:
        """The prices of a master over the same rows and other strata; families that came behind cost nothing yet."""
        self._set_weights(relaxed.weights)
        fresh = self.strata.floor[len(other.strata.floor) :]
        rows = (*relaxed.duals.rows, *(np.zeros_like(floor) for floor in fresh))
        none = np.zeros(0, dtype=np.int64)
        return replace(
            relaxed, duals=replace(relaxed.duals, rows=rows), stratum=none, trajectory=none, people=np.zeros(0)
        )

    def optimise(
        self,
        weights: Mapping[Goal, float],
        tolerance: float,
        *,
        relative: float = 0.0,
        caps: Mapping[Goal, float] | None = None,
        centre: Duals | None = None,
        target: float = np.inf,
        most_rounds: int = 200,
        on_round: Callable[[int, float, float], None] = lambda *_: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Relaxation:
        """Minimise the weighted goals over all trajectories to an absolute ``tolerance``.

        Parameters
        ----------
        relative
            Tolerance relative to the value, where that is more.
        caps
            Most that some goals may be, in the minimised sense.
        centre
            Prices to start from.
        target
            A value known to be reachable: a bound so close to it is good enough too.

        Raises
        ------
        ModelError
            If the solver fails.
        """
        self._set_weights(weights, caps)
        best_bound, best_duals = -np.inf, centre
        smoothing = SMOOTHING_NEAR if self.columns else SMOOTHING
        if centre is not None:
            best_duals = self._clipped(centre)
            best_bound, found = self.price(best_duals)
            self._add(found)
        elif not self.columns:
            for price in (0.0, self.overfill_cost):
                seats = np.full_like(self.strata.capacity, price)
                rows = tuple(np.zeros_like(floor) for floor in self.strata.floor)
                self._add(self.price(Duals(seats, rows, np.zeros(len(self.goals))))[1])
        rounds, result = 0, self._solve()
        for rounds in range(1, most_rounds + 1):
            value = float(result.objective_value())
            newest = self._duals(result)
            trial = newest if best_duals is None else best_duals.towards(newest, smoothing)
            worth = self._worth(result)
            bound, found = self.price(trial)
            if bound > best_bound or best_duals is None:
                best_bound, best_duals = bound, trial
            added = self._add(found, worth, newest)
            if not added and trial is not newest:
                bound, found = self.price(newest)
                if bound > best_bound:
                    best_bound, best_duals = bound, newest
                added = self._add(found, worth, newest)
            on_round(rounds, value, best_bound)
            near = max(tolerance, relative * max(1.0, abs(value)))
            if not added or min(value, target) - best_bound <= near or should_stop():
                break
            result = self._solve()
        assert best_duals is not None
        people = np.array(result.variable_values(self.columns[: self.solved]))
        used = np.flatnonzero(people > 1e-9)
        return Relaxation(
            weights=dict(weights),
            value=float(result.objective_value()),
            bound=best_bound,
            duals=best_duals,
            stratum=np.array(self.column_stratum)[used],
            trajectory=np.array(self.column_trajectory)[used],
            people=people[used],
            rounds=rounds,
        )

    def _solve(self) -> mathopt.SolveResult:
        result = self.solver.solve()
        if not is_solved(result):  # Simplex may end imprecise; another one then starts afresh.
            self.solver.close()
            self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.HIGHS)
            result = self.solver.solve()
        if not is_solved(result):
            raise ModelError(f"the price master failed: {result.termination.reason.name}")
        self.solved = len(self.columns)
        return result

    def cost_at(self, weights: Mapping[Goal, float]) -> list[np.ndarray]:
        """Weighted cost of each sort's open trajectories."""
        self._set_weights(weights)
        return self.cost

    def bound_at(self, weights: Mapping[Goal, float], duals: Duals) -> float:
        """The bound that prices give for other goal weights."""
        self._set_weights(weights)
        return self.price(self._clipped(duals))[0]

    def price_table(self, stratum: int, duals: Duals) -> np.ndarray:
        """What each menu of the stratum's type pays for seats less its worth in shared rows, shape (Y, M)."""
        cohorts, strata = self.cohorts, self.strata
        table = cohorts.tables[cohorts.sort_type[strata.sort[stratum]]]
        pay = (table.menus @ duals.seats[strata.seats[stratum, : len(table.slots)]]).T
        for f, family in enumerate(cohorts.families):
            part = self._part(stratum, f)
            if part:
                worth = duals.rows[f][strata.group[stratum, f]]
                if worth.any():
                    pay = pay - worth[:, None] * (family.counts(table.menus, table.slots) * part)[None, :]
        return np.asarray(pay)

    def _part(self, stratum: int, f: int) -> float:
        """Sign and weight with which a stratum's attendances enter a family's row."""
        sort, family = self.strata.sort[stratum], self.cohorts.families[f]
        share = family.among[1] if family.among is not None and self.cohorts.sort_among[sort, f] else 0.0
        return float(self.cohorts.sort_audience[sort, f]) - share

    def price(self, duals: Duals) -> tuple[float, list[tuple[int, int, float]]]:
        """Bound at these prices, and the best trajectory of every stratum with its price for one person."""
        total, found = self._constant(duals), []
        people = self.strata.people
        for stratum, reduced in self.reduced_costs(duals):
            best = int(reduced.argmin())
            total += float(people[stratum]) * float(reduced[best])
            found.append((stratum, best, float(reduced[best])))
        return total, found

    def reduced_costs(self, duals: Duals) -> Iterator[tuple[int, np.ndarray]]:
        """Each stratum with the price of every trajectory open to it, before what a person is worth, shape (≤ T,)."""
        cohorts, strata = self.cohorts, self.strata
        costs = self._costs(duals.goals) if duals.goals.any() else self.cost
        for group in self.groups:
            table = cohorts.tables[cohorts.sort_type[strata.sort[group[0]]]]
            pay = self.price_table(int(group[0]), duals)
            paid = pay[0][table.index[:, 0]]
            for y in range(1, table.index.shape[1]):
                paid += pay[y][table.index[:, y]]
            for stratum in group.tolist():
                sort = int(strata.sort[stratum])
                yield stratum, cohorts.take(sort, paid) + costs[sort]

    def _constant(self, duals: Duals) -> float:
        """Part of the Lagrange bound that does not depend on people."""
        total = -float((duals.seats * self.strata.capacity).sum())
        total -= sum(
            float(price) * self.caps[goal] for goal, price in zip(self.goals, duals.goals, strict=True) if price
        )
        for price, floor, ceiling in zip(duals.rows, self.strata.floor, self.strata.ceiling, strict=True):
            total += float((price[price > 0] * floor[price > 0]).sum() + (price[price < 0] * ceiling[price < 0]).sum())
        for deviation in self.deviations:
            worth = float(duals.rows[deviation.family][deviation.row, deviation.year])
            slack = self._weight(deviation.goals, duals) - deviation.sign * worth
            if slack < 0:
                total += slack * deviation.width if np.isfinite(deviation.width) else -np.inf
        return total

    def _weight(self, goals: tuple[Goal, ...], duals: Duals | None = None) -> float:
        extra = 0.0 if duals is None else sum(float(duals.goals[self.goals.index(goal)]) for goal in goals)
        return extra + sum(self.weights.get(goal, 0.0) for goal in goals)

    def _set_weights(self, weights: Mapping[Goal, float], caps: Mapping[Goal, float] | None = None) -> None:
        self.weights, self.caps = dict(weights), dict(caps or {})
        self.cost = self._costs(np.zeros(len(self.goals)))
        self.overfill_cost = overfill_price(self.weights, self.cost)
        self.most_on_top = CAP_PRICE * max(self.weights.values())
        for variable in self.beyond:
            self.model.objective.set_linear_coefficient(variable, self.most_on_top)
        for goal, row in zip(self.goals, self.goal_rows, strict=True):
            row.upper_bound = self.caps.get(goal, np.inf)
        objective = self.model.objective
        for deviation in self.deviations:
            objective.set_linear_coefficient(deviation.variable, self._weight(deviation.goals))
        for variable in self.overfill:
            objective.set_linear_coefficient(variable, self.overfill_cost)
        sort = self.strata.sort
        for variable, stratum, k in zip(self.columns, self.column_stratum, self.column_trajectory, strict=True):
            objective.set_linear_coefficient(variable, float(self.cost[sort[stratum]][k]))

    def _duals(self, result: mathopt.SolveResult) -> Duals:
        shape = self.strata.capacity.shape
        seats = -np.array(result.dual_values([c for row in self.capacity for c in row])).reshape(shape)
        rows = []
        for f, floor in enumerate(self.strata.floor):
            flat = [c for row in self.rows[f] for c in row]
            rows.append(np.array(result.dual_values(flat)).reshape(floor.shape))
        goals = -np.array(result.dual_values(self.goal_rows))
        return self._clipped(Duals(seats, tuple(rows), goals))

    def _clipped(self, duals: Duals) -> Duals:
        """The prices inside the range where the bound is finite; rounding, or other weights, may put them outside."""
        seats = np.clip(duals.seats, 0.0, None)
        has_cap = np.array([goal in self.caps for goal in self.goals], dtype=bool)
        goals = np.where(has_cap, np.clip(duals.goals, 0.0, self.most_on_top), 0.0)
        clipped = Duals(seats, duals.rows, goals)
        rows = [
            np.where(np.isfinite(floor), np.where(np.isfinite(ceiling), price, np.maximum(price, 0.0)),
                     np.where(np.isfinite(ceiling), np.minimum(price, 0.0), 0.0))
            for price, floor, ceiling in zip(duals.rows, self.strata.floor, self.strata.ceiling, strict=True)
        ]  # fmt: skip
        for deviation in self.deviations:
            if not np.isfinite(deviation.width):
                limit, at = self._weight(deviation.goals, clipped), (deviation.row, deviation.year)
                price = rows[deviation.family]
                price[at] = min(price[at], limit) if deviation.sign > 0 else max(price[at], -limit)
        return Duals(seats, tuple(rows), goals)

    def _costs(self, extra: np.ndarray) -> list[np.ndarray]:
        """Weighted cost of each sort's open trajectories, with what capped goals cost on top."""
        weights = [self.weights.get(goal, 0.0) + float(more) for goal, more in zip(self.goals, extra, strict=True)]
        used = [position for position, weight in enumerate(weights) if weight]
        total = []
        for sort, costs in enumerate(self.goal_costs):
            cost = np.zeros(self.cohorts.rows_of(sort))
            for g in used:  # In double precision: cap prices are large, and a bound must not be above the truth.
                cost += np.multiply(costs[g], weights[g], dtype=np.float64)
            total.append(cost)
        return total

    def _worth(self, result: mathopt.SolveResult) -> np.ndarray:
        return np.array(result.dual_values(self.convexity))

    def _add(
        self, found: list[tuple[int, int, float]], worth: np.ndarray | None = None, duals: Duals | None = None
    ) -> int:
        """Add the trajectories found that the master does not have yet and that may improve it."""
        added = 0
        cohorts, strata = self.cohorts, self.strata
        for stratum, trajectory, _ in found:
            if (stratum, trajectory) in self.known:
                continue
            sort = int(strata.sort[stratum])
            uses = self._uses(stratum, cohorts.menus(sort, trajectory))
            cost = float(self.cost[sort][trajectory])
            own = np.array([costs[trajectory] for costs in self.goal_costs[sort]], dtype=float)
            if worth is not None and duals is not None:
                price = (
                    cost
                    + float(duals.goals @ own)
                    + sum(
                        amount * (duals.seats[row, y] if f < 0 else -duals.rows[f][row, y])
                        for f, row, y, amount in uses
                    )
                )
                if price >= worth[stratum] - 1e-7 * max(1.0, abs(worth[stratum])):
                    continue
            self.known.add((stratum, trajectory))
            variable = self.model.add_variable(lb=0.0)
            self.model.objective.set_linear_coefficient(variable, cost)
            self.convexity[stratum].set_coefficient(variable, 1.0)
            for f, row, y, amount in uses:
                (self.capacity[row][y] if f < 0 else self.rows[f][row][y]).set_coefficient(variable, amount)
            for row_of_goal, amount in zip(self.goal_rows, own.tolist(), strict=True):
                if amount:
                    row_of_goal.set_coefficient(variable, amount)
            self.columns.append(variable)
            self.column_stratum.append(stratum)
            self.column_trajectory.append(trajectory)
            added += 1
        return added

    def uses(self, stratum: int, trajectory: int) -> list[tuple[int, int, int, float]]:
        """Entries of a trajectory of a stratum: family (-1 for seats), row, year, amount for one person."""
        return self._uses(stratum, self.cohorts.menus(int(self.strata.sort[stratum]), trajectory))

    def slacks(self) -> list[tuple[int, int, int, int, float, float]]:
        """Pieces by which rows may be missed: family (-1 for seats), row, year, sign, width, price at the weights set."""
        found = [(d.family, d.row, d.year, d.sign, d.width, self._weight(d.goals)) for d in self.deviations]
        rows, years = self.strata.capacity.shape
        found += [(-1, row, y, -1, np.inf, self.overfill_cost) for row in range(rows) for y in range(years)]
        return found

    def _uses(self, stratum: int, chosen: np.ndarray) -> list[tuple[int, int, int, float]]:
        """Entries of a column: family (-1 for seats), row, year, amount."""
        strata = self.strata
        table = self.cohorts.tables[self.cohorts.sort_type[strata.sort[stratum]]]
        seats: dict[tuple[int, int], float] = {}
        entries = []
        for y, menu in enumerate(chosen.tolist()):
            if not menu:
                continue
            for slot in np.flatnonzero(table.menus[menu]).tolist():
                key = int(strata.seats[stratum, slot]), y
                seats[key] = seats.get(key, 0.0) + 1.0
            for f, counts in self._counts(stratum):
                if counts[menu]:
                    entries.append((f, int(strata.group[stratum, f]), y, float(counts[menu])))
        return [(-1, row, y, amount) for (row, y), amount in seats.items()] + entries

    def _counts(self, stratum: int) -> list[tuple[int, np.ndarray]]:
        """What each menu adds to the families that see a stratum."""
        sort = int(self.strata.sort[stratum])
        found = self._count_cache.get(sort)
        if found is None:
            table = self.cohorts.tables[self.cohorts.sort_type[sort]]
            found = self._count_cache[sort] = [
                (f, family.counts(table.menus, table.slots) * self._part(stratum, f))
                for f, family in enumerate(self.cohorts.families)
                if self._part(stratum, f)
            ]
        return found

    @cached_property
    def _count_cache(self) -> dict[int, list[tuple[int, np.ndarray]]]:
        return {}
