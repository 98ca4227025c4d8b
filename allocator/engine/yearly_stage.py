"""The yearly stage: which trajectory for whom, with a bound for every goal.

Small problems are solved exactly. For larger ones a pooled relaxation gives prices and rates of exchange; then the
relaxation over all cohorts, with every floor of every team in it, is solved to its optimum and made whole. Problems too large for
that are divided into blocks first. When the dates cannot hold a seat that a year promised, ``without`` plans again the people
it concerns, and nobody else; ``plan_from`` does the same when the rules or seats have changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.result import ShadowPrices
from allocator.domain.rules import Goal
from allocator.engine.assign_names import name
from allocator.engine.bounds.bound_proofs import NEAR, SMOOTHING, Proofs
from allocator.engine.bounds.goal_bounds import COUNTED
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND, UNHELD, Pooled
from allocator.engine.columns.aggregation import exact
from allocator.engine.columns.column_generation import FAR, Relaxation, optimise
from allocator.engine.columns.dual_prices import foreseen, listed, placed
from allocator.engine.columns.initial_columns import in_use as columns_in_use
from allocator.engine.columns.initial_columns import spread, start
from allocator.engine.columns.pricing import CostsBySort, Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.truncated_relaxation import in_haste
from allocator.engine.decomposition.block_solver import Blockwise
from allocator.engine.integer.lexicographic import bounds_beside, lexicographic
from allocator.engine.integer.rounding import NODES, SPLIT, decide
from allocator.engine.integer.tie_break_cost import draws_of
from allocator.engine.reoptimise.affected_people import alike, by_changes, by_dates
from allocator.engine.reoptimise.fix_and_reoptimise import KEEP, KEEP_WELL, planned_again
from allocator.engine.swaps import Exchange
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import FIRM, caps_of, in_use, signed, weights
from allocator.model.instance import Instance, Limit
from allocator.model.reuse_cohorts import adapted
from allocator.model.shared import collect

EXACT_COLUMNS = 30_000
"""Cohorts times trajectories up to which a problem is solved exactly."""

JOINT_COHORTS = 30_000
"""Cohorts up to which they are planned all together, and in blocks beyond."""

NEAR_PATTERN = 200.0
"""How much dearer than the cheapest the first columns of each pattern may be, in units of the last goal (``starts``)."""


RAISES, RAISE = 2, 8.0
"""Times a goal is made dearer that the relaxation of all cohorts gives away where the pooled one did not, and how many times as dear."""


@dataclass(frozen=True, eq=False)
class YearPlan:
    """The yearly plan by name: ``cadre_id``, ``programme_id``, ``year``, ``headcount``; and the goals in use, in order."""

    attendances: pd.DataFrame
    goals: tuple[Goal, ...]


@dataclass(frozen=True)
class Refused:
    """What the dates cannot give.

    Parameters
    ----------
    closed
        ``(cadre_id, programme_id, year)`` that no session can take.
    limits
        Groups of which only so many can attend a programme in a year.
    seats
        Programme and year to the people it can hold.
    """

    closed: tuple[tuple[str, str, int], ...]
    limits: tuple[Limit, ...]
    seats: Mapping[tuple[str, int], int]


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
        self.caps = caps_of(instance.inputs.scenario.limits)
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
        self.proofs: Proofs | None = None
        self.prices: ShadowPrices | None = None
        self.learned: Prices | None = None  # Of the relaxation, which ``prices`` list by name.
        self.values: Mapping[Goal, float] = {}
        self.before = self.cohorts

    def _grouped(self, instance: Instance) -> Cohorts:
        since = time.monotonic()
        self.clock.say("group")
        cohorts = group(instance, collect(instance))
        self.clock.add("group", since)
        if not all(cohorts.rows_of(sort) for sort in np.unique(cohorts.cohort_sort).tolist()):
            raise ModelError(UNHELD)  # Hard rules forbid somebody everything, staying away as well.
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
        pooled = Pooled(self.cohorts, self.ranked, self.gap, self.clock)
        self.work |= {"rounds": float(pooled.rounds), "columns": float(len(pooled.master.stratum))}
        self.proofs, self.values = Proofs(pooled, self.gap, self.clock), pooled.values
        strata = exact(self.cohorts)
        found = weights(self.ranked) if pooled.rates is None else pooled.rates.plan
        self.prices = listed(self.cohorts, spread(pooled.master, pooled.relaxed.duals, strata), found)
        return YearPlan(self._jointly() if self.is_joint else self._by_blocks(), self.goals)

    def without(self, years: YearPlan, refused: Refused) -> YearPlan:
        """Plan again without what the dates could not give; who is not concerned keeps the plan as it is.

        Raises
        ------
        OutOfTime
            If there was no time for it; the plan stays as it is.
        """
        closed, limits = frozenset(refused.closed), refused.limits
        calendar = self.instance.calendar
        seats = calendar.seats.copy()
        for (programme, year), most in refused.seats.items():
            seats[self.instance.programme_index[programme], self.instance.years.index(year)] = most
        self.instance = self.instance.with_calendar(
            replace(
                calendar,
                seats=seats,
                unreachable=calendar.unreachable | closed,
                limits=(*calendar.limits, *limits),
            )
        )
        cohorts = self._grouped(self.instance)
        if self.is_small:
            return YearPlan(self._exactly(cohorts, is_cut=True)[0], self.goals)
        people = self.instance.person_index
        touched = {people[cadre] for cadre, _, _ in closed}
        touched |= {people[cadre] for limit in limits for cadre in limit.cadre_ids}
        programmes = {programme for _, programme, _ in closed} | {
            one for limit in limits for one in limit.programme_ids
        }
        programmes |= {programme for programme, _ in refused.seats}
        is_free = by_dates(cohorts, sorted(touched), sorted(programmes))
        return YearPlan(self._again(cohorts, years.attendances, is_free, left=self.clock.left), self.goals)

    def resumed(self, instance: Instance, clock: Clock) -> YearlyStage | None:
        """A stage for another instance of the same people, with proofs from what this one knows; ``None`` when it knows too little.

        It plans with ``plan_from``. What the dates taught stays: seats closed and limits on groups.
        """
        if not self.is_joint or self.proofs is None or self.proofs.pooled.rates is None or self.proofs.prices is None:
            return None
        if caps_of(instance.inputs.scenario.limits) != self.caps:
            return None
        base = adapted(self.proofs.pooled.cohorts, instance, at_most=True)
        if base is None or in_use(instance.inputs.scenario.goals, base, base.families) != self.goals:
            return None
        other = self._on(self._knowing(instance), clock)
        since = time.monotonic()
        other.proofs = self.proofs.adapted(base, clock)
        other.values = other.proofs.pooled.values
        clock.add("prices", since)
        return other

    def _knowing(self, instance: Instance) -> Cohorts:
        """The cohorts of another instance of the same people, with what the dates taught where its dates are the same."""
        known = self.instance.calendar
        learned = replace(instance.calendar, unreachable=known.unreachable, limits=known.limits)
        return adapted(self.cohorts, instance.with_calendar(learned)) or self._grouped(instance)

    def of(self, instance: Instance, clock: Clock) -> YearlyStage:
        """A stage for another instance of the same people, without proofs. It plans with ``plan_from``."""
        other = self._on(adapted(self.cohorts, instance) or self._grouped(instance), clock)
        other.goals = in_use(instance.inputs.scenario.goals, other.cohorts, other.cohorts.families)
        other.ranked = other.goals or self.ranked
        return other

    def _on(self, cohorts: Cohorts, clock: Clock) -> YearlyStage:
        other = copy(self)
        other.instance, other.cohorts, other.clock, other.before = cohorts.instance, cohorts, clock, self.cohorts
        other.work, other.proofs = dict(self.work), None
        return other

    def twin(self) -> YearlyStage:
        """The same stage, to plan from the same proofs in another way."""
        other = copy(self)
        other.work = dict(self.work)
        return other

    def know(self, prices: ShadowPrices, values: Mapping[Goal, float]) -> None:
        """Take over what an earlier solve of the same problem knew: its prices, and the value of each goal in its own sense."""
        self.prices, self.values = prices, {goal: signed(goal, value) for goal, value in values.items()}

    def plan_from(self, years: YearPlan, *, widely: bool = False) -> YearPlan:
        """Plan from the plan of the instance before: whom the change concerns plans again, the others keep what they attend.

        ``widely``: many more than are likely to (``concerned.by_changes``); with proofs instead those whom the relaxation moves.
        """
        moved = None
        if self.proofs is not None:
            if widely:
                self.proofs.renew()
            self._learn_prices()
            moved = self.proofs.moved[self.proofs.pooled.cohorts.cohort_of]
        cost = CostsBySort(self.cohorts, self.weights)
        is_free = by_changes(
            self.before, self.cohorts, self._prices(self.cohorts), cost, years.attendances, moved, widely=widely
        )
        least = self.instance.calendar.least if self.is_joint else None
        return YearPlan(self._again(self.cohorts, years.attendances, is_free, KEEP_WELL, least), self.goals)

    def foreseen(self) -> float:
        """By how much more than the plan of the instance before one of this instance costs at least, weighted; ``nan`` when prices do not tell."""
        return foreseen(self.before, self.cohorts, self._prices(self.cohorts))

    def exchange(self, years: YearPlan) -> Exchange | None:
        """Who could trade with whom in a yearly plan; ``None`` for small problems, which are planned again at once."""
        if self.is_small:
            return None
        cost = CostsBySort(self.cohorts, self.weights)
        return Exchange(self.cohorts, alike(self.cohorts), cost, years.attendances, self.seed)

    @property
    def weights(self) -> dict[Goal, float]:
        """Weights of the goals under which the plan was made; those of ``model.goals`` before."""
        known = weights(self.ranked)
        return (
            known if self.prices is None else {goal: self.prices.weights.get(goal, known[goal]) for goal in self.ranked}
        )

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense; none where nothing was proven."""
        if self.exact_bounds is not None:
            return self._bounds_beside(self.exact_bounds, values)
        if not self.goals or self.proofs is None:
            return {}
        self._learn_prices()
        return self.proofs.bounds(values)

    def _bounds_beside(self, proven: Mapping[Goal, float], values: Mapping[Goal, float]) -> dict[Goal, float]:
        """Bounds of a small problem: those proven, up to the first goal in which the dates cost something.

        Behind it a goal may well be better than in the proven plan, which pays for the goals before it.
        """
        differs = next((k for k, goal in enumerate(self.goals) if values[goal] != proven.get(goal)), len(self.goals))
        if any(self._is_beyond(goal, cap, proven, values) for goal, cap in self.caps.items() if goal in self.goals):
            differs = -1  # Limits stand before every goal, so that nothing was proven of plans that miss one of them.
        if differs >= len(self.goals) - 1:
            return dict(proven)
        known = self.goals[: differs + 1]
        given = {goal: signed(goal, values[goal]) for goal in self.goals}
        found = {} if self.clock.is_over() else bounds_beside(self.cohorts, self.goals, given, self.caps)
        behind = {goal: signed(goal, bound) for goal, bound in found.items() if goal not in known}
        return {goal: proven[goal] for goal in known if goal in proven} | behind

    def _is_beyond(self, goal: Goal, cap: float, proven: Mapping[Goal, float], values: Mapping[Goal, float]) -> bool:
        """Whether a plan is worse in a goal than its limit and than the plan of which something was proven."""
        known = signed(goal, proven[goal]) if goal in proven else -np.inf
        return signed(goal, values[goal]) > max(cap, known)

    def _learn_prices(self) -> None:
        """Take over the prices of the relaxation of all cohorts."""
        prices = None if self.proofs is None else self.proofs.prices
        if self.proofs is not None and prices is not None and prices is not self.learned:
            self.prices, self.learned = listed(self.proofs.pooled.cohorts, prices, self.weights), prices

    def _exactly(self, cohorts: Cohorts, *, is_cut: bool = False) -> tuple[pd.DataFrame, dict[Goal, float]]:
        """The best plan of some cohorts, and its values, which bound every plan unless the cohorts are cut.

        Parameters
        ----------
        is_cut
            Whether one schedule refused what other dates might hold: what is best then bounds nothing, and is not told as a bound.
        """
        since = time.monotonic()
        plan = lexicographic(
            cohorts,
            self.ranked,
            caps=self.caps,
            draws=lambda master: draws_of(master, self.seed),
            on_goal=lambda goal, value: self.clock.say(
                "solve", goal=goal, incumbent=signed(goal, value), bound=None if is_cut else signed(goal, value)
            ),
            should_stop=self.clock.is_over,
        )
        if plan is None:
            raise ModelError(UNHELD)
        attendances = name(cohorts, plan.cohort, plan.trajectory, plan.people, self.seed)
        self.clock.add("solve", since)
        return attendances, {goal: signed(goal, value) for goal, value in plan.values.items() if goal in self.goals}

    def _prices(self, cohorts: Cohorts) -> Prices:
        """The prices known so far, for the rows of some cohorts."""
        assert self.prices is not None
        return placed(self.prices, cohorts)

    def _jointly(self) -> pd.DataFrame:
        """Plan all cohorts together."""
        since = time.monotonic()
        assert self.proofs is not None
        clock, cohorts, pooled = self.clock, self.cohorts, self.proofs.pooled
        hasty = in_haste(pooled, self.weights, clock) if clock.is_limited or clock.is_over() else None
        found = None if hasty is not None and hasty.is_last else self._relaxed_jointly()
        if found is None and hasty is None:  # Stopped on the way.
            hasty = in_haste(pooled, self.weights, clock)
        clock.add("cohorts", since)
        since = time.monotonic()
        clock.say("whole")
        if found is not None:
            master, relaxed = found
            self.proofs.begin(master, relaxed)
            self.prices = listed(cohorts, master.prices(relaxed.duals)[0], self.weights)
            self.work["relaxed"] = relaxed.bound
        else:
            assert hasty is not None
            master, relaxed = hasty.master, hasty.relaxed
        nodes = 0 if clock.is_over() else NODES
        plan = decide(
            master, relaxed, nodes=nodes, near=self._enough(0.6), certain=self.proofs.certain,
            left=clock.left,
        )  # fmt: skip
        if plan is None:
            raise ModelError(NONE_FOUND)
        self.work |= {"whole": plan.value, "joint-columns": float(len(master.stratum))}
        attendances = name(cohorts, plan.stratum, plan.trajectory, plan.people, self.seed)
        clock.add("whole", since)
        return attendances

    def _relaxed_jointly(self) -> tuple[Master, Relaxation] | None:
        """The relaxation of all cohorts and its master; ``None`` when there was no time for a first solution."""
        assert self.proofs is not None
        clock, cohorts, pooled = self.clock, self.cohorts, self.proofs.pooled
        master = Master(
            exact(cohorts), self.ranked, pooled.costs, least=self.instance.calendar.least, has_caps=bool(pooled.limits)
        )
        master.set_weights(self.weights, pooled.limits)
        master.add(*start(master.pricing, self._prices(cohorts), master.cost, NEAR, NEAR_PATTERN))
        master.add(*columns_in_use(pooled.master, pooled.relaxed.x, master.strata))
        relaxed = self._optimum(master, master.rows.duals(self._prices(cohorts)), FAR)
        for _ in range(RAISES):
            sold = None if relaxed is None or clock.is_over() else self._sold(master.values(relaxed.x))
            if sold is None or pooled.rates is None or self.prices is None:
                break
            pooled.rates = pooled.rates.raised(sold, RAISE)
            self.prices = replace(self.prices, weights=dict(pooled.rates.plan))
            master.set_weights(self.weights, pooled.limits)
            relaxed = self._optimum(master, None, np.inf) or relaxed
        return None if relaxed is None else (master, relaxed)

    def _sold(self, values: Mapping[Goal, float]) -> Goal | None:
        """The last goal of people for whom a rule is not met that weights give away for goals behind it; ``None`` where none is."""
        sold = [
            goal for goal in self.ranked if goal in FIRM and values[goal] > np.ceil(self.values[goal] - SPLIT) + SPLIT
        ]
        return sold[-1] if sold else None

    def _optimum(self, master: Master, centre: np.ndarray | None, far: float) -> Relaxation | None:
        """The relaxation of a master of all cohorts; ``None`` when there was no time for a first solution."""
        clock = self.clock
        try:
            relaxed = optimise(
                master,
                tolerance=self._enough(),
                smoothing=SMOOTHING,
                centre=centre,
                near=NEAR,
                far=far,
                on_round=lambda _, value, bound: clock.say("cohorts", incumbent=value, bound=bound),
                should_stop=clock.is_over,
                left=clock.left,
            )
        except OutOfTime:
            return None
        if relaxed is None:
            raise ModelError(UNHELD)
        return relaxed

    def _enough(self, part: float = 0.2) -> float:
        """Weighted distance that is a part of the gap asked for in whichever large goal shows it first."""
        worth = [self.weights[goal] * abs(v) for goal, v in self.values.items() if abs(v) >= COUNTED]
        return part * self.gap * min(worth, default=0.0)

    def _by_blocks(self) -> pd.DataFrame:
        """Plan cohorts in blocks, with the seats of wide rows divided over them."""
        since = time.monotonic()
        assert self.proofs is not None
        cohorts, clock, pooled = self.cohorts, self.clock, self.proofs.pooled

        blockwise = Blockwise(
            pooled, self._prices(cohorts), self.weights, gap=self.gap, workers=self.workers, clock=clock
        )
        clock.add("division", since)
        since = time.monotonic()
        plan = blockwise.plan()
        self.work |= {
            "blocks": float(blockwise.blocks), "mended": float(blockwise.mended), "relaxed": pooled.relaxed.bound,
        }  # fmt: skip
        clock.add("blocks", since)
        since = time.monotonic()
        named = name(cohorts, plan.cohort, plan.trajectory, plan.people, self.seed)
        clock.add("naming", since)
        return named

    def _again(
        self,
        cohorts: Cohorts,
        attendances: pd.DataFrame,
        is_free: np.ndarray,
        keep: float = KEEP,
        least: np.ndarray | None = None,
        left: Callable[[], float] = lambda: np.inf,
    ) -> pd.DataFrame:
        """Plan again some people (boolean (I,), whole cohorts); the others keep what they attend."""
        if is_free.any():
            pooled = None if self.proofs is None else self.proofs.pooled
            attendances = planned_again(
                cohorts,
                attendances,
                is_free,
                weights=self.weights,
                prices=self._prices(cohorts),
                costs=pooled.costs if pooled is not None and cohorts is pooled.cohorts else None,
                least=least,
                keep=keep,
                near=self._enough(),
                seed=self.seed,
                clock=self.clock,
                left=left,
            )
        self.cohorts = cohorts
        return attendances
