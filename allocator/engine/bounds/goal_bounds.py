"""Goals one after the other on the pooled relaxation: rates of exchange before the plan, bounds after it.

A bound tells how good any plan could be in a goal, given that the goals ranked before are as good as in this plan. A rate of
exchange tells what a unit of a goal ranked before is worth in a later one, at the best the relaxation can reach; weights at
these rates let the integer plan end where all goals together are as good as they can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.language.message import Message
from allocator.model.goals import SHAPES, signed

BOUND_GAP = 1e-7
"""Relative gap between master and bound at which a goal's bound is good enough."""

SMOOTHING_NEAR = 0.2
"""Part of the best duals in the ones tried next, when the columns are nearly all there."""

COUNTED = 1000
"""A goal below this value counts single people and gets no room."""

FIRM, LEAST_RATE = 1.25, 0.1
"""Factor on a rate of exchange, so that a goal ranked before rather ends better than its cap; and the least weight."""


NO_LIMITS: Mapping[Goal, float] = MappingProxyType({})


@dataclass(frozen=True)
class Rates:
    """Weights for the plan, and for a proof of each goal: the goal weighs 1, those before it their rates, those behind nothing.

    ``duals``: of the rows, where each goal was as good as the relaxation can bring it.
    """

    plan: dict[Goal, float]
    proof: dict[Goal, dict[Goal, float]]
    duals: dict[Goal, np.ndarray]

    def raised(self, goal: Goal, factor: float) -> Rates:
        """The same with a goal and all before it so many times as dear."""
        order = list(self.plan)
        dearer = order[: order.index(goal) + 1]

        def scaled(weights: Mapping[Goal, float], own: Goal) -> dict[Goal, float]:
            return {g: weight * (factor if g in dearer and g != own else 1.0) for g, weight in weights.items()}

        proof = {own: scaled(weights, own) for own, weights in self.proof.items()}
        return replace(self, plan=proof[order[-1]], proof=proof)


def exchange_rates(master: Master, room: float, clock: Clock, limits: Mapping[Goal, float] = NO_LIMITS) -> Rates | None:
    """Weights of the goals from the relaxation solved goal after goal; the last goal weighs 1. ``None`` when the time was over before.

    Each goal is held where the relaxation can bring it. Goals that count people keep the distance of ``model.goals`` to the goals
    behind them, whatever their rate.

    Parameters
    ----------
    room
        Relative room left in large goals for whole people while the goals behind them are solved.
    limits
        Caps that stand from the first goal on, in the sense that is minimised.
    """
    caps: dict[Goal, float] = {goal: limit for goal, limit in limits.items() if goal in master.goals}
    proof: dict[Goal, dict[Goal, float]] = {}
    duals: dict[Goal, np.ndarray] = {}
    for position, goal in enumerate(master.goals):
        if clock.is_over():
            return None
        try:
            result = _stage(master, position, caps, clock, "rates")
        except OutOfTime:
            return None
        whole = float(np.ceil(result.value - 1e-6))
        reached = whole if abs(whole) < COUNTED else whole + room * abs(whole)
        caps[goal] = min(reached, max(whole, limits.get(goal, np.inf)))
        duals[goal] = result.duals
        rates = -result.duals[master.rows.goals]
        proof[goal] = _weights(master.goals[: position + 1], rates, caps)
        behind = range(position + 1, len(master.goals))
        proof[goal] |= {master.goals[g]: float(rates[g]) for g in behind if master.goals[g] in limits and rates[g] > 0}
    return Rates(proof[master.goals[-1]], proof, duals)


def _weights(goals: tuple[Goal, ...], rates: np.ndarray, caps: Mapping[Goal, float]) -> dict[Goal, float]:
    found: dict[Goal, float] = {}
    behind = 0.0
    for position in reversed(range(len(goals))):
        goal = goals[position]
        is_last, is_count = not found, abs(caps[goal]) < COUNTED
        found[goal] = 1.0 if is_last else max(behind if is_count else LEAST_RATE, FIRM * float(rates[position]))
        behind = max(behind, found[goal] * SHAPES[goal].span)
    return {goal: found[goal] for goal in goals}


class GoalLimits:
    """Limits of goals from one relaxation, each minimised alone while the goals before it are capped at a plan's values.

    The duals that proved a goal are kept: they bound it under any other limits and caps too, and mostly as well.

    Parameters
    ----------
    bare
        The relaxation's master without columns, with a row for each goal.
    master
        Its master, which stays as it is; asked for when prices known do not bound well enough.
    duals
        Known from a master with the same rows.
    """

    def __init__(
        self, bare: Master, master: Callable[[], Master], clock: Clock, duals: Mapping[Goal, np.ndarray]
    ) -> None:
        self.bare, self.master, self.clock, self.duals = bare.bare(), master, clock, dict(duals)
        self._twin: Master | None = None

    def at_hand(
        self,
        goal: Goal,
        caps: Mapping[Goal, float],
        duals: np.ndarray,
        given: Mapping[Goal, float],
        rates: Rates | None,
    ) -> float:
        """Limit of a goal without solving anything: at its duals when rates of exchange were found, or those of a relaxation.

        Parameters
        ----------
        duals, given
            Of a relaxation of weighted goals, and the weights. A cap counts at its weight, or for nothing.
        """
        bare, weight = self.bare, given.get(goal) or 1.0
        bare.set_weights({goal: 1.0}, caps)
        found = (duals / weight if rates is None else rates.duals[goal]).copy()
        if len(bare.rows.goals) and rates is None:
            found[bare.rows.goals] = [-given.get(h, 0.0) / weight if h in caps else 0.0 for h in bare.goals]
        uncapped = found.copy()
        uncapped[bare.rows.goals] = 0.0
        tried = [found, uncapped]
        if SHAPES[goal].sense == "max":  # Nothing less than 0 is minimised in the others.
            tried.append(np.zeros_like(found))
        clipped = [bare.clipped(one) for one in tried]
        return max(bare.bound(one, bare.best(one)) for one in clipped)

    def known(self, goal: Goal, caps: Mapping[Goal, float]) -> float:
        """Limit of a goal at the duals known; minus infinity without any."""
        if goal not in self.duals:
            return -np.inf
        self.bare.set_weights({goal: 1.0}, caps)
        duals = self.bare.clipped(self.duals[goal])
        return self.bare.bound(duals, self.bare.best(duals))

    def solved(self, goal: Goal, caps: Mapping[Goal, float], value: float) -> float:
        """Limit of a goal from the relaxation, which need only prove that nothing is better than the value of the plan.

        Raises
        ------
        OutOfTime
            If there was no time for it.
        """
        if self._twin is None:
            self._twin = self.master().twin()
        found = _stage(self._twin, self.bare.goals.index(goal), caps, self.clock, "bounds", target=value)
        self.duals[goal] = found.duals
        return found.bound


def whole_bound(goal: Goal, limit: float) -> float:
    """A bound of the minimised sense as a bound of the goal: every goal is a whole number, and none below 0 is minimised."""
    limit = float(np.ceil(limit - 1e-7 * max(1.0, abs(limit))))
    return signed(goal, max(0.0, limit) if SHAPES[goal].sense == "min" else limit)


def _stage(
    master: Master,
    position: int,
    caps: Mapping[Goal, float],
    clock: Clock,
    phase: str,
    *,
    target: float = np.inf,
) -> Relaxation:
    """The relaxation of one goal alone, with the goals before it capped."""
    goal = master.goals[position]

    def show(_: int, incumbent: float, bound: float) -> None:
        clock.say(phase, goal=goal, incumbent=signed(goal, incumbent), bound=signed(goal, bound))

    master.set_weights({goal: 1.0}, caps)
    result = optimise(
        master,
        relative=BOUND_GAP,
        smoothing=SMOOTHING_NEAR,
        target=target,
        on_round=show,
        should_stop=clock.is_over,
        left=clock.left,
    )
    if result is None:
        raise ModelError(Message("error.unheld"))
    return result
