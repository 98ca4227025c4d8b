"""The yearly stage: which trajectory for whom, with a bound for every goal.

Small problems are solved exactly. For larger ones a pooled relaxation gives prices and rates of exchange; then the
relaxation over all cohorts, with every floor of every team in it, is solved to its optimum and made whole. Problems too large for
that are divided into blocks first. When the dates cannot hold a seat that a year promised, ``without`` plans again the people
it concerns, and nobody else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.errors import ModelError
from allocator.instance import Instance, Limit
from allocator.kinds import Goal
from allocator.model.adapted import adapted
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import in_use, signed, weights
from allocator.model.shared import collect
from allocator.naming import name
from allocator.solve.blocks import partition
from allocator.solve.bounds import COUNTED, Rates, exchange_rates, pooled_bounds, whole_bound
from allocator.solve.clock import Clock
from allocator.solve.concerned import alike, by_dates, by_rules
from allocator.solve.division import divide
from allocator.solve.exact import all_columns, lexicographic
from allocator.solve.generation import Relaxation, optimise
from allocator.solve.master import Master, goal_costs
from allocator.solve.one_plan import draws_of
from allocator.solve.pricing import CostsBySort, Prices
from allocator.solve.rest import columns_of, left_by, names_kept
from allocator.solve.starts import in_use as columns_in_use
from allocator.solve.starts import spread, start
from allocator.solve.strata import Allotment, Strata, coarse, exact
from allocator.solve.trades import Exchange
from allocator.solve.whole import WholePlan, decide
from allocator.wording import Message

EXACT_COLUMNS = 30_000
"""Cohorts times trajectories up to which a problem is solved exactly."""

JOINT_COHORTS = 30_000
"""Cohorts up to which they are planned all together, and in blocks beyond."""

BESIDE = 4.0
"""How much dearer than the best of its stratum a trajectory may be to come along with it, in units of the last goal."""

NEAR, NEAR_PATTERN = 5.0, 200.0
"""How much dearer than the cheapest the first columns may be, in units of the last goal (``starts``)."""

NODES = 100
"""Nodes of branch and bound at most."""

SMOOTHING = 0.5
"""Part of the best duals in the ones tried next, for all cohorts together."""

LATE_ROUNDS = 12
"""Rounds of the pooled relaxation even when the time is over: they cost little, and all that follows stands on its prices."""

BLOCK_ROUNDS = 12
"""Rounds of column generation of one block at most."""

EXACT_ENOUGH = 1e-9
"""Relative gap of master and bound at which the relaxation of all cohorts is solved."""

ROOM = 0.1
"""Part of the gap asked for that is left in large goals as room for whole people."""

FAR = 25.0
"""Reduced cost beyond which a column is dropped once all cohorts have been priced, in units of the last goal."""

NEAR_AGAIN = 0.5, 20.0
"""The same when prices are known and few people are planned again."""

KEEP = 1e-4
"""What it is worth that a cadre keeps what he or she attends, in units of the last goal: ten thousand of them make one unit."""

UNHELD = Message("error.unheld")


@dataclass(frozen=True, eq=False)
class YearPlan:
    """The yearly plan by name: ``cadre_id``, ``programme_id``, ``year``, ``headcount``; and the goals in use, in order."""

    attendances: pd.DataFrame
    goals: tuple[Goal, ...]


@dataclass(frozen=True, eq=False)
class Proof:
    """Bound of the relaxation of all cohorts at the weights that prove a goal, and the prices that give it."""

    bound: float
    prices: Prices


class YearlyStage:
    """Plans the years of one instance; keeps columns and prices for planning again.

    Parameters
    ----------
    seed
        Published seed of the tie-break.
    workers
        Blocks solved at a time; the plan does not depend on it.
    gap
        Relative gap of every goal that is good enough.
    """

    def __init__(
        self, instance: Instance, *, seed: str, workers: int = 1, gap: float = 1e-3, clock: Clock | None = None
    ) -> None:
        self.instance, self.seed, self.workers, self.gap = instance, seed, workers, gap
        self.clock = clock or Clock(None)
        self.work: dict[str, float] = {}
        self.cohorts = self._grouped(instance)
        self.goals = in_use(instance.inputs.scenario.goals, self.cohorts, self.cohorts.families)
        self.ranked = self.goals or ("violation",)  # Without any goal in use everybody still follows one trajectory.
        count = [self.cohorts.rows_of(int(s)) for s in self.cohorts.cohort_sort]
        self.is_small = sum(count) <= EXACT_COLUMNS
        self.is_joint = len(count) <= JOINT_COHORTS
        self.work |= {
            "people": float(instance.headcount.sum()),
            "sorts": float(len(self.cohorts.sort_type)),
            "cohorts": float(len(count)),
            "trajectories": float(sum(count)),
        }
        self.exact_bounds: dict[Goal, float] | None = None
        self.proofs: dict[Goal, Future[Proof]] = {}
        self.prices: Prices | None = None
        self.row_prices: dict[str, np.ndarray] = {}
        self.rates: Rates | None = None
        self.background = ThreadPoolExecutor(max_workers=1)
        self.before = self.cohorts

    def _grouped(self, instance: Instance) -> Cohorts:
        since = time.monotonic()
        self.clock.say("group")
        cohorts = group(instance, collect(instance))
        self.clock.add("group", since)
        return cohorts

    def plan(self) -> YearPlan:
        """Find trajectories for everyone.

        Raises
        ------
        ModelError
            If a rule cannot be expressed, or fixed seats cannot be held.
        """
        if self.is_small:
            attendances, self.exact_bounds = self._exactly(self.cohorts)
            return YearPlan(attendances, self.goals)
        self._find_rates()
        return YearPlan(self._jointly() if self.is_joint else self._by_blocks(), self.goals)

    def without(self, years: YearPlan, closed: Iterable[tuple[str, str, int]], limits: Iterable[Limit]) -> YearPlan:
        """Plan again with seats closed that the dates could not give.

        Parameters
        ----------
        years
            The plan as it is; who is not concerned keeps it.
        closed
            ``(cadre_id, programme_id, year)`` that no session can take.
        limits
            Groups of which only so many can attend a programme in a year.
        """
        calendar = self.instance.calendar
        closed, limits = frozenset(closed), tuple(limits)
        self.instance = replace(
            self.instance,
            calendar=replace(calendar, unreachable=calendar.unreachable | closed, limits=(*calendar.limits, *limits)),
        )
        cohorts = self._grouped(self.instance)
        if self.is_small:
            return YearPlan(self._exactly(cohorts)[0], self.goals)
        people = self.instance.person_index
        touched = {people[cadre] for cadre, _, _ in closed}
        touched |= {people[cadre] for limit in limits for cadre in limit.cadre_ids}
        programmes = {programme for _, programme, _ in closed} | {limit.programme_id for limit in limits}
        is_free = by_dates(cohorts, sorted(touched), sorted(programmes))
        return YearPlan(self._again(cohorts, years.attendances, is_free), self.goals)

    def resumed(self, instance: Instance, clock: Clock) -> YearlyStage | None:
        """A stage for another instance of the same people, with what this one knows; ``None`` when it knows too little.

        It plans with ``plan_from``. What the dates taught stays: seats closed and limits on groups.
        """
        if self.is_small or not self.is_joint or self.rates is None or self.prices is None:
            return None
        base = adapted(self.pooled.strata.cohorts, instance)
        known = self.instance.calendar
        learned = replace(instance.calendar, unreachable=known.unreachable, limits=known.limits)
        cohorts = adapted(self.cohorts, replace(instance, calendar=learned))
        if base is None or cohorts is None or in_use(instance.inputs.scenario.goals, base, base.families) != self.goals:
            return None
        other = copy(self)
        other.instance, other.cohorts, other.clock = cohorts.instance, cohorts, clock
        other.work, other.background = dict(self.work), ThreadPoolExecutor(max_workers=1)
        other._resume(self.pooled, base, self.proofs)
        other.before = self.cohorts
        return other

    def _resume(self, pooled: Master, base: Cohorts, proofs: Mapping[Goal, Future[Proof]]) -> None:
        """Take over pooled columns, and prove again at the prices known."""
        since = time.monotonic()
        strata = coarse(base, base.instance.calendar.seats.astype(float))
        self.costs = goal_costs(strata, self.ranked)
        self.pooled = Master(strata, self.ranked, self.costs, has_caps=True)
        self.pooled.add(pooled.stratum, pooled.trajectory)
        self.rough = self._relaxed(self.pooled, self.weights, "prices")
        self.pooled.forbid_overfill(self.rough.x)
        self.values = self.pooled.values(self.rough.x)
        empty = Master(exact(base), self.ranked, self.costs)
        self.proofs = {}
        for goal, proof in proofs.items():
            prices = proof.result().prices
            empty.set_weights(self._proof_weights(goal))
            duals = empty.clipped(_duals(empty, prices))
            self.proofs[goal] = Future()
            self.proofs[goal].set_result(Proof(empty.bound(duals, empty.best(duals)), prices))
        self.clock.add("prices", since)

    def plan_from(self, years: YearPlan) -> YearPlan:
        """Plan from the plan of the instance before: whom the change concerns plans again, the others keep what they attend."""
        prices = self._prices(exact(self.cohorts))
        is_free = by_rules(self.before, self.cohorts, prices, CostsBySort(self.cohorts, self.weights))
        return YearPlan(self._again(self.cohorts, years.attendances, is_free), self.goals)

    def exchange(self, years: YearPlan) -> Exchange | None:
        """Who could trade with whom in a yearly plan; ``None`` for small problems, which are planned again at once."""
        if self.is_small:
            return None
        cost = CostsBySort(self.cohorts, self.weights)
        return Exchange(self.cohorts, alike(self.cohorts), cost, years.attendances, self.seed)

    @property
    def weights(self) -> dict[Goal, float]:
        """Weights of the goals under which the plan was made; those of ``model.goals`` before."""
        return self.rates.plan if self.rates is not None else weights(self.ranked)

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense."""
        if self.exact_bounds is not None:
            return dict(self.exact_bounds)
        if not self.goals:
            return {}
        found = pooled_bounds(self.pooled, values, self.clock)
        self.pooled.close()
        for goal, proof in self.proofs.items():
            self.clock.say("bounds", goal=goal)
            rates = self._proof_weights(goal)
            limit = proof.result().bound - sum(rate * signed(h, values[h]) for h, rate in rates.items() if h != goal)
            better = max(signed(goal, found[goal]), signed(goal, whole_bound(goal, limit)))
            found[goal] = signed(goal, better)
        self.background.shutdown()
        return found

    def _exactly(self, cohorts: Cohorts) -> tuple[pd.DataFrame, dict[Goal, float]]:
        since = time.monotonic()
        strata = exact(cohorts)
        master = Master(strata, self.ranked, goal_costs(strata, self.ranked), least=cohorts.instance.calendar.least)
        all_columns(master)
        answer = lexicographic(
            master,
            draws=draws_of(master, self.seed),
            on_goal=lambda goal, value, bound: self.clock.say(
                "solve", goal=goal, incumbent=signed(goal, value), bound=signed(goal, bound)
            ),
            should_stop=self.clock.is_over,
        )
        if answer is None:
            raise ModelError(UNHELD)
        people, found = answer
        used = people > 0
        attendances = name(cohorts, master.stratum[used], master.trajectory[used], people[used], self.seed)
        self.clock.add("solve", since)
        return attendances, {goal: signed(goal, bound) for goal, (_, bound) in found.items() if goal in self.goals}

    def _find_rates(self) -> None:
        """Solve the pooled relaxation, goal after goal, and at the weights found."""
        since = time.monotonic()
        clock = self.clock
        strata = coarse(self.cohorts, self.instance.calendar.seats.astype(float))
        self.costs = goal_costs(strata, self.ranked)
        self.pooled = pooled = Master(strata, self.ranked, self.costs, has_caps=True)
        first = self._relaxed(pooled, weights(self.ranked), "prices")
        pooled.forbid_overfill(first.x)
        clock.add("prices", since)
        since = time.monotonic()
        self.rough = first
        if not clock.is_over():
            self.rates = exchange_rates(pooled, ROOM * self.gap, clock)
            self.rough = self._relaxed(pooled, self.weights, "rates")
        self.values = pooled.values(self.rough.x)
        clock.add("rates", since)
        rounds = first.rounds + (self.rough.rounds if self.rough is not first else 0)
        self.work |= {"rounds": float(rounds), "columns": float(len(pooled.stratum))}

    def _relaxed(self, master: Master, goal_weights: Mapping[Goal, float], phase: str) -> Relaxation:
        clock = self.clock
        master.set_weights(goal_weights)
        found = optimise(
            master,
            relative=EXACT_ENOUGH,
            near=BESIDE,
            on_round=lambda _, value, bound: clock.say(phase, incumbent=value, bound=bound),
            should_stop=clock.is_over,
            least_rounds=LATE_ROUNDS,
        )
        if found is None:
            raise ModelError(UNHELD)
        return found

    def _master(
        self,
        cohorts: Cohorts,
        which: np.ndarray,
        allotment: Allotment | None,
        least: np.ndarray,
        reach: tuple[float, float] = (NEAR, NEAR_PATTERN),
    ) -> Master:
        """A master over some cohorts, with columns to start with (``reach``: see ``starts.start``)."""
        strata = exact(cohorts, which, allotment)
        costs = self.costs if cohorts is self.pooled.strata.cohorts else goal_costs(strata, self.ranked)
        master = Master(strata, self.ranked, costs, least=least)
        master.set_weights(self.weights)
        near, pattern = (0.0, 0.0) if self.clock.is_over() else reach
        master.add(*start(master.pricing, self._prices(strata), master.cost, near, pattern))
        return master

    def _prices(self, strata: Strata) -> Prices:
        """The prices known so far, for the rows of some strata; rows of other rules, and limits of the dates, cost nothing yet."""
        if self.prices is None:
            self._remember(strata, spread(self.pooled, self.rough.duals, strata))
        assert self.prices is not None
        rows = []
        for family, floor in zip(strata.cohorts.families, strata.floor, strict=True):
            price = self.row_prices.get(family.rule.id) if family.rule is not None else None
            rows.append(price if price is not None and price.shape == floor.shape else np.zeros_like(floor))
        return Prices(self.prices.seats, tuple(rows))

    def _remember(self, strata: Strata, prices: Prices) -> None:
        """Keep prices by rule, for rows that may stand elsewhere next time."""
        pairs = zip(strata.cohorts.families, prices.rows, strict=True)
        self.prices = prices
        self.row_prices = {family.rule.id: price for family, price in pairs if family.rule is not None}

    def _jointly(self) -> pd.DataFrame:
        """Plan all cohorts together."""
        since = time.monotonic()
        clock, cohorts = self.clock, self.cohorts
        master = self._master(cohorts, np.arange(len(cohorts.cohort_sort)), None, self.instance.calendar.least)
        master.add(*columns_in_use(self.pooled, self.rough.x, master.strata))
        relaxed = optimise(
            master,
            tolerance=self._enough(),
            smoothing=SMOOTHING,
            centre=_duals(master, self._prices(master.strata)),
            near=NEAR,
            far=FAR,
            on_round=lambda _, value, bound: clock.say("cohorts", incumbent=value, bound=bound),
            should_stop=clock.is_over,
        )
        if relaxed is None:
            raise ModelError(UNHELD)
        clock.add("cohorts", since)
        self._prove(master, relaxed)
        since = time.monotonic()
        clock.say("whole")
        self._remember(master.strata, master.prices(relaxed.duals)[0])
        plan = decide(master, relaxed, nodes=0 if clock.is_over() else NODES, near=self._enough(0.6))
        if plan is None:
            raise ModelError(UNHELD)
        self.work |= {"relaxed": relaxed.bound, "whole": plan.value, "joint-columns": float(len(master.stratum))}
        master.close()
        attendances = name(cohorts, plan.stratum, plan.trajectory, plan.people, self.seed)
        clock.add("whole", since)
        return attendances

    def _enough(self, part: float = 0.2) -> float:
        """Weighted distance that is a part of the gap asked for in whichever large goal shows it first."""
        worth = [self.weights[goal] * abs(v) for goal, v in self.values.items() if abs(v) >= COUNTED]
        return part * self.gap * min(worth, default=0.0)

    def _prove(self, master: Master, relaxed: Relaxation) -> None:
        """Start the proofs of the large goals between the first and the last, on the side.

        The relaxation of the plan proves the last goal, the pooled one the first large one and those that count people.
        """
        if self.rates is None:  # Out of time before them.
            return
        known: Future[Proof] = Future()
        known.set_result(Proof(relaxed.bound, master.prices(relaxed.duals)[0]))
        self.proofs[self.ranked[-1]] = known
        large = [goal for goal in self.ranked if abs(self.values[goal]) >= COUNTED]
        for goal in large[1:]:
            if goal != self.ranked[-1] and not self.clock.is_over():
                self.proofs[goal] = self.background.submit(self._proof, master.twin(), goal)

    def _proof_weights(self, goal: Goal) -> dict[Goal, float]:
        assert self.rates is not None
        return self.rates.proof[goal]

    def _proof(self, master: Master, goal: Goal) -> Proof:
        """Bound of the relaxation of all cohorts at the weights that prove a goal."""
        master.set_weights(self._proof_weights(goal))
        near = 0.1 * self.gap * abs(self.values[goal])
        found = optimise(master, tolerance=near, smoothing=SMOOTHING, near=NEAR, should_stop=self.clock.is_over)
        master.close()
        if found is None:
            raise ModelError(UNHELD)
        return Proof(found.bound, master.prices(found.duals)[0])

    def _by_blocks(self) -> pd.DataFrame:
        """Plan cohorts in blocks, with the seats of wide rows divided over them."""
        since = time.monotonic()
        cohorts, clock = self.cohorts, self.clock
        parts = partition(cohorts)
        allotments = divide(self.pooled, self.rough.x[: len(self.pooled.stratum)], parts)
        least = np.where(parts.wide_seats[:, None], 0, self.instance.calendar.least)
        self.work |= {"blocks": float(len(parts.blocks)), "relaxed": self.rough.bound}
        clock.add("division", since)
        since = time.monotonic()
        self._prices(exact(cohorts))
        done = 0

        def plan_block(b: int) -> WholePlan | None:
            nonlocal done
            late = clock.is_over()
            master = self._master(cohorts, parts.blocks[b], allotments[b], least)
            relaxed = optimise(
                master, relative=EXACT_ENOUGH, smoothing=0.0, most_rounds=1 if late else BLOCK_ROUNDS,
                should_stop=clock.is_over,
            )  # fmt: skip
            near = 0.0 if relaxed is None else self.gap * abs(relaxed.value)
            plan = None if relaxed is None else decide(master, relaxed, nodes=0 if late else NODES, near=near)
            master.close()
            done += 1
            clock.say("blocks", done=done / len(allotments))
            return plan

        with ThreadPoolExecutor(max_workers=self.workers) as pool:
            plans = list(pool.map(plan_block, range(len(allotments))))
        clock.add("blocks", since)
        since = time.monotonic()
        named = []
        for which, plan in zip(parts.blocks, plans, strict=True):
            if plan is None:
                raise ModelError(UNHELD)
            named.append(name(cohorts, which[plan.stratum], plan.trajectory, plan.people, self.seed))
        clock.add("naming", since)
        return _joined(named)

    def _again(self, cohorts: Cohorts, attendances: pd.DataFrame, is_free: np.ndarray) -> pd.DataFrame:
        """Plan again some people (boolean (I,), whole cohorts); the others keep what they attend."""
        since = time.monotonic()
        person = attendances["cadre_id"].map(self.instance.person_index).to_numpy(np.int64)
        keeps = ~is_free[person]
        which = np.flatnonzero([is_free[members[0]] for members in cohorts.members])
        allotment = left_by(cohorts, attendances[keeps])
        least = np.zeros_like(self.instance.calendar.least)
        master = self._master(cohorts, which, allotment, least, NEAR_AGAIN)
        stratum, trajectory, people = columns_of(cohorts, which, attendances[~keeps])
        master.add(stratum, trajectory)
        master.prefer(stratum, trajectory, KEEP * people / master.strata.people[stratum])
        relaxed = optimise(master, tolerance=self._enough(0.05), smoothing=0.0, should_stop=self.clock.is_over)
        plan = None if relaxed is None else decide(master, relaxed, nodes=NODES, near=self._enough(0.2))
        master.close()
        if plan is None:
            raise ModelError(UNHELD)
        self.cohorts = cohorts
        named = name(cohorts, which[plan.stratum], plan.trajectory, plan.people, self.seed)
        named = names_kept(cohorts, which, attendances[~keeps], named)
        self.clock.add("again", since)
        return _joined([attendances[keeps], named])


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    keys = ["cadre_id", "programme_id", "year"]
    return pd.concat(parts).sort_values(keys, kind="stable").reset_index(drop=True)


def _duals(master: Master, prices: Prices) -> np.ndarray:
    """Duals of a master at some prices."""
    duals = np.zeros(len(master.row_least))
    duals[master.seat_row[master.seat_row >= 0]] = -prices.seats[master.seat_row >= 0]
    for row, price in zip(master.family_row, prices.rows, strict=True):
        duals[row[row >= 0]] = price[row >= 0]
    return duals
