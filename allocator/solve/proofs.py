"""Proofs: how good any plan could be in each goal.

The pooled relaxation bounds every goal. The large goals between the first and the last need more: the relaxation of all cohorts, with
every floor of every group in it, at weights under which that goal shows (``bounds.Rates.proof``). These are solved on the side while
the plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from allocator.errors import ModelError
from allocator.kinds import Goal
from allocator.model.cohorts import Cohorts
from allocator.model.goals import signed
from allocator.solve.bounds import COUNTED, Rates, pooled_bounds, whole_bound
from allocator.solve.clock import Clock
from allocator.solve.generation import Relaxation, optimise
from allocator.solve.master import Master
from allocator.solve.pooled import UNHELD, Pooled
from allocator.solve.pricing import Prices
from allocator.solve.strata import exact

SMOOTHING = 0.5
"""Part of the best duals in the ones tried next, for all cohorts together."""

MOVED = 1e-6
"""Part of a person below which the relaxation of one scenario is that of another."""

NEAR = 5.0
"""How much dearer than the cheapest a trajectory may be to come along with it, in units of the last goal."""


@dataclass(frozen=True, eq=False)
class Proof:
    """Bound of the relaxation of all cohorts at the weights that prove a goal, the prices that give it, and the relaxation itself: its
    master, and the people on each column.
    """

    bound: float
    prices: Prices
    master: Master
    people: np.ndarray


def _proof(master: Master, relaxed: Relaxation) -> Proof:
    return Proof(relaxed.bound, master.prices(relaxed.duals)[0], master, relaxed.x[: len(master.stratum)])


class Proofs:
    """The proofs of one problem; they may still be at work when this is made."""

    def __init__(self, pooled: Pooled, gap: float, clock: Clock) -> None:
        self.pooled, self.gap, self.clock = pooled, gap, clock
        self.known: dict[Goal, Future[Proof]] = {}
        self.moved = np.zeros(
            len(pooled.cohorts.members), dtype=bool
        )  # Where the relaxation is another than before, (C,).
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
        self.known[goals[-1]] = Future()
        self.known[goals[-1]].set_result(_proof(master, relaxed))
        large = [goal for goal in goals if abs(values[goal]) >= COUNTED]
        for goal in large[1:]:
            if goal != goals[-1] and not self.clock.is_over():
                twin = master.twin()
                twin.set_weights(self._rates.proof[goal])
                self.known[goal] = self._background.submit(self._prove, twin, goal)

    def _prove(self, master: Master, goal: Goal) -> Proof:
        """The relaxation of all cohorts, which is at the weights that prove a goal, to its optimum."""
        near = 0.1 * self.gap * abs(self.pooled.values[goal])
        found = optimise(master, tolerance=near, smoothing=SMOOTHING, near=NEAR, should_stop=self.clock.is_over)
        if found is None:
            raise ModelError(UNHELD)
        return _proof(master, found)

    def adapted(self, cohorts: Cohorts, clock: Clock) -> Proofs:
        """The proofs for other cohorts: each relaxation solved again from its last optimum, on the side."""
        other = Proofs(self.pooled.adapted(cohorts, clock), self.gap, clock)
        for goal, proof in self.known.items():
            other.known[goal] = other._background.submit(other._again, proof.result(), goal)
        return other

    def _again(self, before: Proof, goal: Goal) -> Proof:
        cohorts, costs = self.pooled.cohorts, self.pooled.costs
        found = self._prove(before.master.under(exact(cohorts), costs, cohorts.instance.calendar.least), goal)
        if goal == self.pooled.master.goals[-1]:
            people = np.append(before.people, np.zeros(len(found.people) - len(before.people)))
            self.moved = np.zeros(len(cohorts.members), dtype=bool)
            self.moved[found.master.stratum[np.abs(found.people - people) > MOVED]] = True
        return found

    @property
    def prices(self) -> Prices | None:
        """The prices of the relaxation at the weights of the plan; ``None`` where there is none."""
        last = self.known.get(self.pooled.master.goals[-1])
        return None if last is None else last.result().prices

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense."""
        found = pooled_bounds(self.pooled.master.twin(), values, self.clock, self.pooled.limits)
        for goal, proof in self.known.items():
            self.clock.say("bounds", goal=goal)
            rates = self._rates.proof[goal]
            # Goals ranked before are as good as in the plan; those behind count only where they are limited, at their limit.
            order = self.pooled.master.goals
            limits = {h: max(limit, signed(h, values[h])) for h, limit in self.pooled.limits.items()}
            held = limits | {h: signed(h, values[h]) for h in order[: order.index(goal)]}
            limit = proof.result().bound - sum(rate * held[h] for h, rate in rates.items() if h != goal)
            better = max(signed(goal, found[goal]), signed(goal, whole_bound(goal, limit)))
            found[goal] = signed(goal, better)
        self._background.shutdown()
        return found
