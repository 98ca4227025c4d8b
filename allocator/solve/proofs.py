"""Proofs: how good any plan could be in each goal.

The pooled relaxation bounds every goal. The large goals between the first and the last need more: the relaxation of all cohorts, with
every floor of every group in it, at weights under which that goal shows (``bounds.Rates.proof``). These are solved on the side while
the plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

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

NEAR = 5.0
"""How much dearer than the cheapest a trajectory may be to come along with it, in units of the last goal."""


@dataclass(frozen=True, eq=False)
class Proof:
    """Bound of the relaxation of all cohorts at the weights that prove a goal, and the prices that give it."""

    bound: float
    prices: Prices


class Proofs:
    """The proofs of one problem; they may still be at work when this is made."""

    def __init__(self, pooled: Pooled, gap: float, clock: Clock) -> None:
        self.pooled, self.gap, self.clock = pooled, gap, clock
        self.known: dict[Goal, Future[Proof]] = {}
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
        self._settle(goals[-1], Proof(relaxed.bound, master.prices(relaxed.duals)[0]))
        large = [goal for goal in goals if abs(values[goal]) >= COUNTED]
        for goal in large[1:]:
            if goal != goals[-1] and not self.clock.is_over():
                self.known[goal] = self._background.submit(self._prove, master.twin(), goal)

    def _settle(self, goal: Goal, proof: Proof) -> None:
        self.known[goal] = Future()
        self.known[goal].set_result(proof)

    def _prove(self, master: Master, goal: Goal) -> Proof:
        """Bound of the relaxation of all cohorts at the weights that prove a goal."""
        master.set_weights(self._rates.proof[goal])
        near = 0.1 * self.gap * abs(self.pooled.values[goal])
        found = optimise(master, tolerance=near, smoothing=SMOOTHING, near=NEAR, should_stop=self.clock.is_over)
        master.close()
        if found is None:
            raise ModelError(UNHELD)
        return Proof(found.bound, master.prices(found.duals)[0])

    def adapted(self, cohorts: Cohorts, clock: Clock) -> Proofs:
        """The proofs for other cohorts: bounds at the prices known, since any prices give a bound that holds."""
        pooled = self.pooled.adapted(cohorts, clock)
        other = Proofs(pooled, self.gap, clock)
        empty = Master(exact(cohorts), pooled.master.goals, pooled.costs)
        for goal, proof in self.known.items():
            prices = proof.result().prices
            empty.set_weights(self._rates.proof[goal])
            duals = empty.clipped(empty.duals(prices))
            other._settle(goal, Proof(empty.bound(duals, empty.best(duals)), prices))
        return other

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense."""
        found = pooled_bounds(self.pooled.master, values, self.clock, self.pooled.limits)
        self.pooled.master.close()
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
