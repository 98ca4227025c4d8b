"""Proofs: how good any plan could be in each goal.

The aggregate relaxation bounds every goal. Large goals between the first and the last need more: the relaxation of all cohorts, with every
floor of every group, at weights that show the goal (``goal_bounds.Rates.proof``). These are solved in a thread while the plan is made. Where
cohorts are few, their relaxation also bounds every single goal that is not proven yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.bounds.goal_bounds import GoalLimits, whole_bound
from allocator.engine.bounds.lagrangian_group_bound import lagrangian_group_bound
from allocator.engine.columns.aggregate_relaxation import UNHELD, AggregateRelaxation
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.exchange_rates import Rates
from allocator.engine.columns.pricing import Best, Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.slack_variables import SEAT_SLACK
from allocator.engine.parameters import BOUNDS, COLUMN_GENERATION, GOAL_WEIGHTS, TOLERANCES
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.model.cohorts import Cohorts
from allocator.model.goals import SHAPES, signed


@dataclass(frozen=True, eq=False)
class _Solved:
    """A solved relaxation of all cohorts at the weights that prove a goal.

    Its master, the people on each column and the values of the slack variables, its duals with the best trajectories there, and the prices of rows.
    """

    master: Master
    people: np.ndarray
    slacks: np.ndarray
    duals: np.ndarray
    best: Best
    prices: Prices

    @classmethod
    def of(cls, master: Master, relaxed: Relaxation) -> _Solved:
        """From a relaxation."""
        people, slacks = np.split(relaxed.x, [len(master.subproblem)])
        return cls(master, people, slacks, relaxed.duals, relaxed.best, master.prices(relaxed.duals)[0])

    @cached_property
    def group_bound(self) -> float:
        """What whole people lose beyond the bound in any plan; see ``lagrangian_group_bound``."""
        return lagrangian_group_bound(self.master, self.duals, self.people)


@dataclass(frozen=True, eq=False)
class _Proof:
    """The bound that a relaxation gives, and whether it was solved for this problem or for an earlier one."""

    bound: float
    by: _Solved
    is_own: bool = True


class Proofs:
    """The proofs of one problem. Some may still be running when this object exists."""

    def __init__(self, aggregate: AggregateRelaxation, gap: float, clock: Clock) -> None:
        self.aggregate, self.gap, self.clock = aggregate, gap, clock
        # Cohorts whose people the plan's relaxation moves compared with the problem before, (C,).
        self.moved = np.zeros(len(aggregate.cohorts.members), dtype=bool)
        self._known: dict[Goal, Future[_Proof]] = {}
        self._distance: dict[Goal, float] = {}  # Between a plan and its bound when that was last solved for.
        self._still_proves = False  # Whether prices of the problem before prove as well as newly solved ones.
        self._limits = GoalLimits(aggregate.bare, lambda: aggregate.master, clock, {})
        self._background = ThreadPoolExecutor(max_workers=1)

    @property
    def _rates(self) -> Rates:
        assert self.aggregate.rates is not None
        return self.aggregate.rates

    def begin(self, master: Master, relaxed: Relaxation) -> None:
        """Start the proofs of the large goals between the first and the last.

        The relaxation of the plan proves the last goal. The aggregate one proves the first large goal and those that count people.
        """
        if self.aggregate.rates is None:  # Out of time before them.
            return
        goals, values = master.goals, self.aggregate.values
        self._know(goals[-1], _Proof(relaxed.bound, _Solved.of(master, relaxed)))
        large = [goal for goal in goals if abs(values[goal]) >= GOAL_WEIGHTS.counted_below]
        for goal in large[1:]:
            if goal != goals[-1] and not self.clock.is_over():
                twin = master.twin()
                twin.set_weights(self._rates.proof[goal])
                self._known[goal] = self._background.submit(self._prove, twin, goal, self.clock.left)

    def _know(self, goal: Goal, proof: _Proof) -> None:
        """Store a finished proof."""
        self._known[goal] = Future()
        self._known[goal].set_result(proof)

    def _prove(self, master: Master, goal: Goal, left: Callable[[], float] = lambda: np.inf) -> _Proof:
        """Solve the relaxation of all cohorts; the master has the weights that prove the goal."""
        near = BOUNDS.solved_share * self.gap * abs(self.aggregate.values[goal])
        found = optimise(
            master,
            tolerance=near,
            smoothing=COLUMN_GENERATION.smoothing_cohorts,
            near=COLUMN_GENERATION.near,
            should_stop=self.clock.is_over,
            left=left,
        )
        if found is None:
            raise ModelError(UNHELD)
        return _Proof(found.bound, _Solved.of(master, found))

    def adapted(self, cohorts: Cohorts, clock: Clock) -> Proofs:
        """The proofs for other cohorts, in a thread: the old duals where they bound as before, else solved again from the last optimum."""
        other = Proofs(self.aggregate.adapted(cohorts, clock), self.gap, clock)
        other._distance = dict(self._distance)
        if other.aggregate.bare.rows.is_like(self.aggregate.bare.rows):
            other._limits.duals |= self._limits.duals
        last = self.aggregate.bare.goals[-1]  # Planning waits for it.
        for goal in sorted(self._known, key=lambda goal: goal != last):
            other._known[goal] = other._background.submit(other._adapt, self._known[goal].result(), goal)
        return other

    def _adapt(self, before: _Proof, goal: Goal) -> _Proof:
        """The old proof where its bound is the same here, or where the plan's relaxation showed that old prices still prove; else a new one."""
        bound = self._bound_of(before.by)
        if abs(bound - before.bound) <= TOLERANCES.relative * max(1.0, abs(before.bound)):
            return _Proof(bound, before.by, is_own=False)
        last = self.aggregate.bare.goals[-1]
        if goal != last and self._still_proves:
            return _Proof(bound, before.by, is_own=False)
        found = self._reoptimise(before.by, goal)
        if goal == last:
            self._still_proves = found.bound - bound <= BOUNDS.kept_share * self.gap * abs(self.aggregate.values[goal])
        return found

    def _bound_of(self, known: _Solved) -> float:
        """Bound at the duals of another problem; minus infinity where the rows differ."""
        cohorts, costs = self.aggregate.cohorts, self.aggregate.costs
        master = known.master.bare_under(disaggregated(cohorts), costs, cohorts.instance.calendar.least)
        if not master.rows.is_like(known.master.rows):
            return -np.inf
        duals = master.clipped(known.duals)
        is_priced = costs is known.master.goal_costs and np.array_equal(duals, known.duals)
        return master.bound(duals, known.best if is_priced else master.best(duals))

    def _reoptimise(self, before: _Solved, goal: Goal) -> _Proof:
        """Solve a relaxation again under the present limits, from its last basis. For the last goal it also notes whom it moves."""
        cohorts = self.aggregate.cohorts
        master = before.master.under(disaggregated(cohorts), self.aggregate.costs, cohorts.instance.calendar.least)
        found = self._prove(master, goal)
        if goal == master.goals[-1]:
            people = np.append(before.people, np.zeros(len(found.by.people) - len(before.people)))
            self.moved[master.subproblem[np.abs(found.by.people - people) > TOLERANCES.whole]] = True
        return found

    def _own(self, goal: Goal) -> _Proof:
        """The proof of a goal by a relaxation solved for this problem."""
        proof = self._known[goal].result()
        if not proof.is_own:
            proof = self._reoptimise(proof.by, goal)
            self._know(goal, proof)
        return proof

    def renew(self) -> None:
        """Solve the plan's relaxation for this problem, even if the earlier one bounds as well."""
        last = self.aggregate.bare.goals[-1]
        if last in self._known:
            self._own(last)

    @property
    def prices(self) -> Prices | None:
        """Prices of the relaxation at the plan's weights; ``None`` if there is none."""
        last = self._known.get(self.aggregate.bare.goals[-1])
        return None if last is None else last.result().by.prices

    def group_bound(self) -> float:
        """What whole people lose against the plan's relaxation in any plan, in units of the last goal; 0 if there is no relaxation."""
        last = self.aggregate.bare.goals[-1]
        return self._own(last).by.group_bound if last in self._known else 0.0

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense.

        A goal that is 0 and cannot be less needs no relaxation. Earlier goals are held at the plan's values; later ones only at their limit, if the scenario
        sets one.
        """
        if self.clock.is_limited:
            self._forget_unfinished()
        found: dict[Goal, float] = {}
        order = self.aggregate.bare.goals
        signed_values = {goal: signed(goal, values[goal]) for goal in order}
        for position, goal in enumerate(order):
            self.clock.say("bounds", goal=goal)
            if SHAPES[goal].sense == "min" and values[goal] <= 0:
                found[goal] = 0.0
                continue
            held = {h: max(limit, signed_values[h]) for h, limit in self.aggregate.limits.items() if h != goal}
            held |= {h: signed_values[h] for h in order[:position]}
            found[goal] = signed(goal, self._limit(goal, signed_values[goal], held))
        self._background.shutdown()
        return found

    def _forget_unfinished(self) -> None:
        """Drop the proofs that ran out of time."""
        for goal, proof in list(self._known.items()):
            if isinstance(proof.exception(), OutOfTime):
                del self._known[goal]

    def _solved(self, goal: Goal, value: float, held: Mapping[Goal, float]) -> float:
        """Bound of a goal by the aggregate relaxation, or at its last duals if there is no time."""
        if not self.clock.is_over():
            with suppress(OutOfTime):
                return self._limits.solved(goal, held, value)
        aggregate = self.aggregate
        return self._limits.at_hand(goal, held, aggregate.relaxed.duals, aggregate.bare.weights, aggregate.rates)

    def _finely(self, goal: Goal, value: float, held: Mapping[Goal, float]) -> float:
        """Bound of a goal by the relaxation of all cohorts; minus infinity if there is no time."""
        if not self.clock.is_over():
            with suppress(OutOfTime):
                return self._fine.solved(goal, held, value)
        return -np.inf

    def _limit(self, goal: Goal, value: float, held: Mapping[Goal, float]) -> float:
        """The best bound of a goal, minimised. Cheap ways come first, and the rest is skipped once one is near enough.

        Where the bound stays further off than the gap asked for, the Lagrangian group bound is added.
        """
        order = self.aggregate.bare.goals
        ways: tuple[Callable[[], float], ...] = (
            lambda: self._limits.known(goal, held),
            lambda: self._solved(goal, value, held),
        )
        if goal in self._known:
            ways = (
                lambda: self._less_held(goal, self._known[goal].result(), held),
                *ways,
                lambda: self._less_held(goal, self._own(goal), held),
            )
        if len(self.aggregate.cohorts.members) <= BOUNDS.cohorts_up_to and order[-1] in self._known:
            ways = (*ways, lambda: self._finely(goal, value, held))
        enough = max(BOUNDS.kept_share * self.gap * abs(value), self._distance[goal]) if goal in self._distance else 0.0
        found = -np.inf
        for way in ways:
            found = max(found, signed(goal, whole_bound(goal, way())))
            if value - found <= enough:
                break
        else:
            self._distance[goal] = value - found
        self._distance.setdefault(goal, value - found)
        if value - found > self.gap * abs(value) and goal in self._known and not self.clock.is_over():
            own = self._own(goal)
            found = max(found, signed(goal, whole_bound(goal, self._less_held(goal, own, held) + own.by.group_bound)))
        return found

    @cached_property
    def _fine(self) -> GoalLimits:
        """Bounds by the relaxation of all cohorts, which starts with the columns of the plan's relaxation."""
        cohorts, solved = self.aggregate.cohorts, self._own(self.aggregate.bare.goals[-1]).by
        least = cohorts.instance.calendar.least
        master = Master(
            disaggregated(cohorts), self.aggregate.bare.goals, self.aggregate.costs, least=least, has_caps=True
        )
        master.add(solved.master.subproblem, solved.master.trajectory)
        master.limit_seat_slack(np.round(solved.slacks[solved.master.slacks.kind == SEAT_SLACK], 6))
        return GoalLimits(master, lambda: master, self.clock, {})

    def _less_held(self, goal: Goal, proof: _Proof, held: Mapping[Goal, float]) -> float:
        """What the bound of weighted goals leaves for one goal when the others are held."""
        return proof.bound - sum(rate * held[h] for h, rate in self._rates.proof[goal].items() if h != goal)
