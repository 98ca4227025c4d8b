"""The yearly stage: which trajectory for whom, with a bound for every goal.

Small problems are solved exactly. For larger ones the aggregate relaxation gives prices and rates of exchange; then the relaxation over all
cohorts, with every floor of every team, is solved by column generation and rounded to whole people. Problems too large for that are divided
into blocks. If the dates cannot hold a seat, ``without`` plans the affected people again, and nobody else; ``plan_from`` does the same
when rules or seats have changed.
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
from allocator.engine.bounds.bound_proofs import Proofs
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND, UNHELD, AggregateRelaxation
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.dual_prices import foreseen, listed, placed
from allocator.engine.columns.initial_columns import in_use as columns_in_use
from allocator.engine.columns.initial_columns import spread, start
from allocator.engine.columns.pricing import CostsByType, Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.truncated_relaxation import truncated_relaxation
from allocator.engine.decomposition.block_solver import BlockSolver
from allocator.engine.integer.lexicographic import bounds_beside, lexicographic
from allocator.engine.integer.rounding import round_and_repair
from allocator.engine.integer.tie_break_cost import tie_break_cost
from allocator.engine.parameters import (
    COLUMN_GENERATION,
    DECOMPOSITION,
    FIX_AND_REOPTIMISE,
    GOAL_WEIGHTS,
    LEXICOGRAPHIC,
    ROUNDING,
    TOLERANCES,
)
from allocator.engine.reoptimise.affected_people import affected_by_changes, affected_by_dates, alike
from allocator.engine.reoptimise.fix_and_reoptimise import fix_and_reoptimise
from allocator.engine.swaps import Swaps
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import FIRM, caps_of, in_use, signed, weights
from allocator.model.instance import Cut, Instance
from allocator.model.reuse_cohorts import adapted
from allocator.model.shared import collect


@dataclass(frozen=True, eq=False)
class YearPlan:
    """The yearly plan by name: ``cadre_id``, ``programme_id``, ``year``, ``headcount``; and the goals in use, in order."""

    attendances: pd.DataFrame
    goals: tuple[Goal, ...]


@dataclass(frozen=True)
class FeasibilityCuts:
    """Limits on the years that the dates have shown (as logic-based Benders cuts; Hooker and Ottosson 2003).

    They come from a heuristic schedule, so not each of them is proven; a plan without them may exist that has dates.

    Parameters
    ----------
    closed
        ``(cadre_id, programme_id, year)`` for which no session was found.
    limits
        Groups of which only so many can attend a programme in a year.
    seats
        Programme and year to the people it can hold.
    """

    closed: tuple[tuple[str, str, int], ...]
    limits: tuple[Cut, ...]
    seats: Mapping[tuple[str, int], int]


class YearlyStage:
    """Plans the years of one instance, and keeps columns and prices for planning again.

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
        count = [self.cohorts.rows_of(int(s)) for s in self.cohorts.cohort_type]
        self.is_small = sum(count) <= LEXICOGRAPHIC.columns_up_to
        self.is_joint = len(count) <= DECOMPOSITION.joint_cohorts_up_to
        self.work |= {
            "people": float(instance.headcount.sum()),
            "sorts": float(len(self.cohorts.type_table)),
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
        """The cohorts of an instance."""
        since = time.monotonic()
        self.clock.say("group")
        cohorts = group(instance, collect(instance))
        self.clock.add("group", since)
        if not all(cohorts.rows_of(person_type) for person_type in np.unique(cohorts.cohort_type).tolist()):
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
        aggregate = AggregateRelaxation(self.cohorts, self.ranked, self.gap, self.clock)
        self.work |= {"rounds": float(aggregate.rounds), "columns": float(len(aggregate.master.subproblem))}
        proofs = self.proofs = Proofs(aggregate, self.gap, self.clock)
        self.values = aggregate.values
        subproblems = disaggregated(self.cohorts)
        found = weights(self.ranked) if aggregate.rates is None else aggregate.rates.plan
        self.prices = listed(self.cohorts, spread(aggregate.master, aggregate.relaxed.duals, subproblems), found)
        return YearPlan(self._jointly(proofs) if self.is_joint else self._by_blocks(proofs), self.goals)

    def without(self, years: YearPlan, cuts: FeasibilityCuts) -> YearPlan:
        """Plan again with feasibility cuts; people who are not affected keep the plan as it is.

        Raises
        ------
        OutOfTime
            If there was no time for it; the plan stays as it is.
        """
        closed, limits = frozenset(cuts.closed), cuts.limits
        calendar = self.instance.calendar
        seats = calendar.seats.copy()
        for (programme, year), most in cuts.seats.items():
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
        programmes |= {programme for programme, _ in cuts.seats}
        is_free = affected_by_dates(cohorts, sorted(touched), sorted(programmes))
        return YearPlan(self._reoptimise(cohorts, years.attendances, is_free, left=self.clock.left), self.goals)

    def resumed(self, instance: Instance, clock: Clock) -> YearlyStage | None:
        """A stage for another instance of the same people, with proofs from what this one knows; ``None`` if it knows too little.

        It plans with ``plan_from``. Cuts from the dates stay.
        """
        if (
            not self.is_joint
            or self.proofs is None
            or self.proofs.aggregate.rates is None
            or self.proofs.prices is None
        ):
            return None
        if caps_of(instance.inputs.scenario.limits) != self.caps:
            return None
        base = adapted(self.proofs.aggregate.cohorts, instance, at_most=True)
        if base is None or in_use(instance.inputs.scenario.goals, base, base.families) != self.goals:
            return None
        other = self._on(self._knowing(instance), clock)
        since = time.monotonic()
        other.proofs = self.proofs.adapted(base, clock)
        other.values = other.proofs.aggregate.values
        clock.add("prices", since)
        return other

    def _knowing(self, instance: Instance) -> Cohorts:
        """The cohorts of another instance of the same people, with the cuts from the dates where its dates are the same."""
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
        """A copy for other cohorts."""
        other = copy(self)
        other.instance, other.cohorts, other.clock, other.before = cohorts.instance, cohorts, clock, self.cohorts
        other.work, other.proofs = dict(self.work), None
        return other

    def twin(self) -> YearlyStage:
        """A copy, to plan from the same proofs in another way."""
        other = copy(self)
        other.work = dict(self.work)
        return other

    def know(self, prices: ShadowPrices, values: Mapping[Goal, float]) -> None:
        """Take over what an earlier solve of the same problem knew: its prices, and the value of each goal in its own sense."""
        self.prices, self.values = prices, {goal: signed(goal, value) for goal, value in values.items()}

    def plan_from(self, years: YearPlan, *, widely: bool = False) -> YearPlan:
        """Plan from the plan of the instance before: affected people plan again, the others keep what they attend.

        ``widely``: choose many more people (``affected_by_changes``); with proofs, those whom the solved relaxation moves.
        """
        moved = None
        if self.proofs is not None:
            if widely:
                self.proofs.renew()
            self._learn_prices()
            moved = self.proofs.moved[self.proofs.aggregate.cohorts.cohort_of]
        cost = CostsByType(self.cohorts, self.weights)
        is_free = affected_by_changes(
            self.before, self.cohorts, self._prices(self.cohorts), cost, years.attendances, moved, widely=widely
        )
        least = self.instance.calendar.least if self.is_joint else None
        return YearPlan(
            self._reoptimise(self.cohorts, years.attendances, is_free, FIX_AND_REOPTIMISE.habit_of_trials, least),
            self.goals,
        )

    def foreseen(self) -> float:
        """By how much a plan of this instance costs more than one before, at least, weighted; ``nan`` if prices do not tell."""
        return foreseen(self.before, self.cohorts, self._prices(self.cohorts))

    def swaps(self, years: YearPlan) -> Swaps | None:
        """Who could swap with whom in a yearly plan; ``None`` for small problems, which are planned again at once."""
        if self.is_small:
            return None
        cost = CostsByType(self.cohorts, self.weights)
        return Swaps(self.cohorts, alike(self.cohorts), cost, years.attendances, self.seed)

    @property
    def weights(self) -> dict[Goal, float]:
        """Goal weights under which the plan was made; before that, those of ``model.goals``."""
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
        """Bounds of a small problem: the proven optima, up to the first goal in which the dates cost something.

        A later goal may well be better than in the proven plan, which pays for the goals before it. So the later ones are bounded again.
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
            self.prices, self.learned = listed(self.proofs.aggregate.cohorts, prices, self.weights), prices

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
            draws=lambda master: tie_break_cost(master, self.seed),
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

    def _jointly(self, proofs: Proofs) -> pd.DataFrame:
        """Plan all cohorts together: relaxation, rounding, names. With a time limit, a truncated relaxation is at hand first."""
        since = time.monotonic()
        clock, cohorts, aggregate = self.clock, self.cohorts, proofs.aggregate
        is_urgent = clock.is_limited or clock.is_over()
        truncated = truncated_relaxation(aggregate, self.weights, clock) if is_urgent else None
        found = None if truncated is not None and truncated.is_last else self._relaxed_jointly(proofs)
        if found is None:  # No time for it, or stopped on the way.
            truncated = truncated or truncated_relaxation(aggregate, self.weights, clock)
            master, relaxed = truncated.master, truncated.relaxed
        else:
            master, relaxed = found
        clock.add("cohorts", since)
        since = time.monotonic()
        clock.say("whole")
        if found is not None:
            proofs.begin(master, relaxed)
            self.prices = listed(cohorts, master.prices(relaxed.duals)[0], self.weights)
            self.work["relaxed"] = relaxed.bound
        nodes = 0 if clock.is_over() else ROUNDING.nodes
        plan = round_and_repair(
            master, relaxed, nodes=nodes, near=self._enough(ROUNDING.enough_share), group_bound=proofs.group_bound,
            left=clock.left,
        )  # fmt: skip
        if plan is None:
            raise ModelError(NONE_FOUND)
        self.work |= {"whole": plan.value, "joint-columns": float(len(master.subproblem))}
        attendances = name(cohorts, plan.subproblem, plan.trajectory, plan.people, self.seed)
        clock.add("whole", since)
        return attendances

    def _relaxed_jointly(self, proofs: Proofs) -> tuple[Master, Relaxation] | None:
        """The relaxation of all cohorts and its master; ``None`` if there was no time for a first solution.

        The weights come from the aggregate relaxation. If they let this one sell a person overdue or a missed rule, they are raised and it is
        solved again.
        """
        clock, cohorts, aggregate = self.clock, self.cohorts, proofs.aggregate
        master = Master(
            disaggregated(cohorts),
            self.ranked,
            aggregate.costs,
            least=self.instance.calendar.least,
            has_caps=bool(aggregate.limits),
        )
        master.set_weights(self.weights, aggregate.limits)
        master.add(
            *start(
                master.pricing,
                self._prices(cohorts),
                master.cost,
                COLUMN_GENERATION.near,
                COLUMN_GENERATION.near_pattern,
            )
        )
        master.add(*columns_in_use(aggregate.master, aggregate.relaxed.x, master.subproblems))
        relaxed = self._optimum(master, master.rows.duals(self._prices(cohorts)), COLUMN_GENERATION.drop_above)
        for _ in range(GOAL_WEIGHTS.raises):
            sold = None if relaxed is None or clock.is_over() else self._sold(master.values(relaxed.x))
            if sold is None or aggregate.rates is None or self.prices is None:
                break
            aggregate.rates = aggregate.rates.raised(sold, GOAL_WEIGHTS.raise_factor)
            self.prices = replace(self.prices, weights=dict(aggregate.rates.plan))
            master.set_weights(self.weights, aggregate.limits)
            relaxed = self._optimum(master, None, np.inf) or relaxed
        return None if relaxed is None else (master, relaxed)

    def _sold(self, values: Mapping[Goal, float]) -> Goal | None:
        """The last goal of ``FIRM`` that the weights give away for later goals; ``None`` if there is none."""
        sold = [
            goal
            for goal in self.ranked
            if goal in FIRM and values[goal] > np.ceil(self.values[goal] - TOLERANCES.whole) + TOLERANCES.whole
        ]
        return sold[-1] if sold else None

    def _optimum(self, master: Master, centre: np.ndarray | None, far: float) -> Relaxation | None:
        """The relaxation of a master of all cohorts; ``None`` if there was no time for a first solution."""
        clock = self.clock
        try:
            relaxed = optimise(
                master,
                tolerance=self._enough(),
                smoothing=COLUMN_GENERATION.smoothing_cohorts,
                centre=centre,
                near=COLUMN_GENERATION.near,
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

    def _enough(self, part: float = ROUNDING.relaxed_share) -> float:
        """Weighted distance that is a share of the gap asked for, in the large goal that reaches it first."""
        worth = [self.weights[goal] * abs(v) for goal, v in self.values.items() if abs(v) >= GOAL_WEIGHTS.counted_below]
        return part * self.gap * min(worth, default=0.0)

    def _by_blocks(self, proofs: Proofs) -> pd.DataFrame:
        """Plan cohorts in blocks, with the seats of wide rows divided over them."""
        since = time.monotonic()
        cohorts, clock, aggregate = self.cohorts, self.clock, proofs.aggregate

        solver_of_blocks = BlockSolver(
            aggregate, self._prices(cohorts), self.weights, gap=self.gap, workers=self.workers, clock=clock
        )
        clock.add("division", since)
        since = time.monotonic()
        plan = solver_of_blocks.plan()
        self.work |= {
            "blocks": float(solver_of_blocks.blocks), "mended": float(solver_of_blocks.improved_parts), "relaxed": aggregate.relaxed.bound,
        }  # fmt: skip
        clock.add("blocks", since)
        since = time.monotonic()
        named = name(cohorts, plan.cohort, plan.trajectory, plan.people, self.seed)
        clock.add("naming", since)
        return named

    def _reoptimise(
        self,
        cohorts: Cohorts,
        attendances: pd.DataFrame,
        is_free: np.ndarray,
        keep: float = FIX_AND_REOPTIMISE.habit,
        least: np.ndarray | None = None,
        left: Callable[[], float] = lambda: np.inf,
    ) -> pd.DataFrame:
        """Plan some people again (boolean (I,), whole cohorts); the others keep what they attend."""
        if is_free.any():
            aggregate = None if self.proofs is None else self.proofs.aggregate
            attendances = fix_and_reoptimise(
                cohorts,
                attendances,
                is_free,
                weights=self.weights,
                prices=self._prices(cohorts),
                costs=aggregate.costs if aggregate is not None and cohorts is aggregate.cohorts else None,
                least=least,
                keep=keep,
                near=self._enough(),
                seed=self.seed,
                clock=self.clock,
                left=left,
            )
        self.cohorts = cohorts
        return attendances
