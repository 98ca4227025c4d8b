"""Proofs: how good any plan could be in each goal.

The pooled relaxation bounds every goal. The large goals between the first and the last need more: the relaxation of all cohorts, with
every floor of every group in it, at weights under which that goal shows (``bounds.Rates.proof``). These are solved on the side while
the plan is made. Where cohorts are few their relaxation then bounds every single goal that is not proven yet.
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
from allocator.engine.bounds.goal_bounds import COUNTED, GoalLimits, Rates, whole_bound
from allocator.engine.bounds.lagrangian_group_bound import certain_loss
from allocator.engine.columns.aggregate_relaxation import UNHELD, Pooled
from allocator.engine.columns.aggregation import exact
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.pricing import Best, Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.slack_variables import OVERFILLED
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.model.cohorts import Cohorts
from allocator.model.goals import SHAPES, signed

SMOOTHING = 0.5
"""Part of the best duals in the ones tried next, for all cohorts together."""

MOVED = 1e-6
"""Part of a person below which the relaxation of one scenario is that of another."""

NEAR = 5.0
"""How much dearer than the cheapest a trajectory may be to come along with it, in units of the last goal."""


PART = 0.25
"""Part of the gap asked for up to which a bound from prices known before is good enough."""

FEW = 1_500
"""Cohorts up to which each goal is bounded by the relaxation of all of them, where the others leave a distance; it takes minutes of more."""

SAME = 1e-9
"""Relative distance below which a bound is that of the problem before."""


@dataclass(frozen=True, eq=False)
class _Solved:
    """A relaxation of all cohorts at the weights that prove a goal: its master, the people on each column and what stands behind the
    columns, its duals with the best trajectories there, and the prices of rows.
    """

    master: Master
    people: np.ndarray
    extras: np.ndarray
    duals: np.ndarray
    best: Best
    prices: Prices

    @classmethod
    def of(cls, master: Master, relaxed: Relaxation) -> _Solved:
        """An optimum."""
        people, extras = np.split(relaxed.x, [len(master.stratum)])
        return cls(master, people, extras, relaxed.duals, relaxed.best, master.prices(relaxed.duals)[0])

    @cached_property
    def certain(self) -> float:
        """What whole people lose beyond the bound whatever the plan (``certain_loss``)."""
        return certain_loss(self.master, self.duals, self.people)


@dataclass(frozen=True, eq=False)
class _Proof:
    """The bound that a relaxation gives, and whether it was solved for this problem or for one before."""

    bound: float
    by: _Solved
    is_own: bool = True


class Proofs:
    """The proofs of one problem; they may still be at work when this is made."""

    def __init__(self, pooled: Pooled, gap: float, clock: Clock) -> None:
        self.pooled, self.gap, self.clock = pooled, gap, clock
        self.moved = np.zeros(
            len(pooled.cohorts.members), dtype=bool
        )  # Where the relaxation of the plan is another than before, (C,).
        self._known: dict[Goal, Future[_Proof]] = {}
        self._distance: dict[Goal, float] = {}  # Between a plan and its bound when that was last solved for.
        self._still_proves = False  # Whether prices of the problem before prove as well as those solved for anew.
        self._limits = GoalLimits(pooled.bare, lambda: pooled.master, clock, {})
        self._background = ThreadPoolExecutor(max_workers=1)

    @property
    def _rates(self) -> Rates:
        assert self.pooled.rates is not None
        return self.pooled.rates

    def begin(self, master: Master, relaxed: Relaxation) -> None:
        """Start the proofs of the large goals between the first and the last.

        The relaxation of the plan proves the last goal, the pooled one the first large one and those that count people.
        """
        if self.pooled.rates is None:  # Out of time before them.
            return
        goals, values = master.goals, self.pooled.values
        self._know(goals[-1], _Proof(relaxed.bound, _Solved.of(master, relaxed)))
        large = [goal for goal in goals if abs(values[goal]) >= COUNTED]
        for goal in large[1:]:
            if goal != goals[-1] and not self.clock.is_over():
                twin = master.twin()
                twin.set_weights(self._rates.proof[goal])
                self._known[goal] = self._background.submit(self._prove, twin, goal, self.clock.left)

    def _know(self, goal: Goal, proof: _Proof) -> None:
        self._known[goal] = Future()
        self._known[goal].set_result(proof)

    def _prove(self, master: Master, goal: Goal, left: Callable[[], float] = lambda: np.inf) -> _Proof:
        """The relaxation of all cohorts, which is at the weights that prove a goal, to its optimum."""
        near = 0.1 * self.gap * abs(self.pooled.values[goal])
        found = optimise(
            master, tolerance=near, smoothing=SMOOTHING, near=NEAR, should_stop=self.clock.is_over, left=left
        )
        if found is None:
            raise ModelError(UNHELD)
        return _Proof(found.bound, _Solved.of(master, found))

    def adapted(self, cohorts: Cohorts, clock: Clock) -> Proofs:
        """The proofs for other cohorts, on the side: of what is known where that bounds as it did, else solved again from the last optimum."""
        other = Proofs(self.pooled.adapted(cohorts, clock), self.gap, clock)
        other._distance = dict(self._distance)
        if other.pooled.bare.rows.is_like(self.pooled.bare.rows):
            other._limits.duals |= self._limits.duals
        last = self.pooled.bare.goals[-1]  # Planning waits for it.
        for goal in sorted(self._known, key=lambda goal: goal != last):
            other._known[goal] = other._background.submit(other._adapt, self._known[goal].result(), goal)
        return other

    def _adapt(self, before: _Proof, goal: Goal) -> _Proof:
        """The proof of the problem before where its bound is the same here, or where others showed that its prices still prove; else its own."""
        bound = self._bound_of(before.by)
        if abs(bound - before.bound) <= SAME * max(1.0, abs(before.bound)):
            return _Proof(bound, before.by, is_own=False)
        last = self.pooled.bare.goals[-1]
        if goal != last and self._still_proves:
            return _Proof(bound, before.by, is_own=False)
        found = self._again(before.by, goal)
        if goal == last:
            self._still_proves = found.bound - bound <= PART * self.gap * abs(self.pooled.values[goal])
        return found

    def _bound_of(self, known: _Solved) -> float:
        """Bound at the duals of another problem; minus infinity where rows do not mean the same."""
        cohorts, costs = self.pooled.cohorts, self.pooled.costs
        master = known.master.bare_under(exact(cohorts), costs, cohorts.instance.calendar.least)
        if not master.rows.is_like(known.master.rows):
            return -np.inf
        duals = master.clipped(known.duals)
        is_priced = costs is known.master.goal_costs and np.array_equal(duals, known.duals)
        return master.bound(duals, known.best if is_priced else master.best(duals))

    def _again(self, before: _Solved, goal: Goal) -> _Proof:
        cohorts = self.pooled.cohorts
        master = before.master.under(exact(cohorts), self.pooled.costs, cohorts.instance.calendar.least)
        found = self._prove(master, goal)
        if goal == master.goals[-1]:
            people = np.append(before.people, np.zeros(len(found.by.people) - len(before.people)))
            self.moved[master.stratum[np.abs(found.by.people - people) > MOVED]] = True
        return found

    def _own(self, goal: Goal) -> _Proof:
        """The proof of a goal from its relaxation solved for this problem."""
        proof = self._known[goal].result()
        if not proof.is_own:
            proof = self._again(proof.by, goal)
            self._know(goal, proof)
        return proof

    def renew(self) -> None:
        """Solve the relaxation of the plan for this problem even if that before bounds as it did."""
        last = self.pooled.bare.goals[-1]
        if last in self._known:
            self._own(last)

    @property
    def prices(self) -> Prices | None:
        """The prices of the relaxation at the weights of the plan; ``None`` where there is none."""
        last = self._known.get(self.pooled.bare.goals[-1])
        return None if last is None else last.result().by.prices

    def certain(self) -> float:
        """What whole people lose against the relaxation of the plan whatever the plan, in units of the last goal; 0 where there is none."""
        last = self.pooled.bare.goals[-1]
        return self._own(last).by.certain if last in self._known else 0.0

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense.

        A goal that is 0 and cannot be less needs no relaxation. Goals ranked before are as good as in the plan; those behind count
        only where they are limited, at their limit.
        """
        if self.clock.is_limited:
            self._forget_unfinished()
        found: dict[Goal, float] = {}
        order = self.pooled.bare.goals
        signed_values = {goal: signed(goal, values[goal]) for goal in order}
        for position, goal in enumerate(order):
            self.clock.say("bounds", goal=goal)
            if SHAPES[goal].sense == "min" and values[goal] <= 0:
                found[goal] = 0.0
                continue
            held = {h: max(limit, signed_values[h]) for h, limit in self.pooled.limits.items() if h != goal}
            held |= {h: signed_values[h] for h in order[:position]}
            found[goal] = signed(goal, self._limit(goal, signed_values[goal], held))
        self._background.shutdown()
        return found

    def _forget_unfinished(self) -> None:
        """Do without the proofs for which there was no time."""
        for goal, proof in list(self._known.items()):
            if isinstance(proof.exception(), OutOfTime):
                del self._known[goal]

    def _solved(self, goal: Goal, value: float, held: Mapping[Goal, float]) -> float:
        """Limit of a goal from the pooled relaxation; as much as its last duals prove when there is no time for more."""
        if not self.clock.is_over():
            with suppress(OutOfTime):
                return self._limits.solved(goal, held, value)
        pooled = self.pooled
        return self._limits.at_hand(goal, held, pooled.relaxed.duals, pooled.bare.weights, pooled.rates)

    def _finely(self, goal: Goal, value: float, held: Mapping[Goal, float]) -> float:
        """The same from the relaxation of all cohorts; nothing when there is no time for it."""
        if not self.clock.is_over():
            with suppress(OutOfTime):
                return self._fine.solved(goal, held, value)
        return -np.inf

    def _limit(self, goal: Goal, value: float, held: Mapping[Goal, float]) -> float:
        """What a goal cannot be less than, minimised: from prices known when these bring it as near as is wanted, else from relaxations.

        Where it is further off than the gap asked for, also by what whole people are certain to lose.
        """
        order = self.pooled.bare.goals
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
        if len(self.pooled.cohorts.members) <= FEW and order[-1] in self._known:
            ways = (*ways, lambda: self._finely(goal, value, held))
        enough = max(PART * self.gap * abs(value), self._distance[goal]) if goal in self._distance else 0.0
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
            found = max(found, signed(goal, whole_bound(goal, self._less_held(goal, own, held) + own.by.certain)))
        return found

    @cached_property
    def _fine(self) -> GoalLimits:
        """Limits of goals from the relaxation of all cohorts, which begins with the columns of the plan's."""
        cohorts, solved = self.pooled.cohorts, self._own(self.pooled.bare.goals[-1]).by
        least = cohorts.instance.calendar.least
        master = Master(exact(cohorts), self.pooled.bare.goals, self.pooled.costs, least=least, has_caps=True)
        master.add(solved.master.stratum, solved.master.trajectory)
        master.limit_overfill(np.round(solved.extras[solved.master.extras.kind == OVERFILLED], 6))
        return GoalLimits(master, lambda: master, self.clock, {})

    def _less_held(self, goal: Goal, proof: _Proof, held: Mapping[Goal, float]) -> float:
        """What the bound of weighted goals leaves for one of them when the others are held."""
        return proof.bound - sum(rate * held[h] for h, rate in self._rates.proof[goal].items() if h != goal)
