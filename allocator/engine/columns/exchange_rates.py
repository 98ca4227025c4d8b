"""Rates of exchange between goals, from the relaxation solved goal after goal.

A rate of exchange is the dual of an earlier goal's cap: what one unit of it is worth in a later goal. Weights at these rates let one weighted
program end where the lexicographic order wants it (Isermann 1982).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import COLUMN_GENERATION, GOAL_WEIGHTS, TOLERANCES
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.language.message import Message
from allocator.model.goals import SHAPES, signed

NO_LIMITS: Mapping[Goal, float] = MappingProxyType({})


@dataclass(frozen=True)
class Rates:
    """Goal weights for the plan, and for the proof of each goal: the goal weighs 1, earlier ones their rates, later ones nothing.

    ``duals``: of the rows at the optimum of each goal.
    """

    plan: dict[Goal, float]
    proof: dict[Goal, dict[Goal, float]]
    duals: dict[Goal, np.ndarray]

    def raised(self, goal: Goal, factor: float) -> Rates:
        """The same, with a goal and all earlier ones weighing ``factor`` times as much."""
        order = list(self.plan)
        dearer = order[: order.index(goal) + 1]

        def scaled(weights: Mapping[Goal, float], own: Goal) -> dict[Goal, float]:
            """Weights of the proof of goal ``own``, raised."""
            return {g: weight * (factor if g in dearer and g != own else 1.0) for g, weight in weights.items()}

        proof = {own: scaled(weights, own) for own, weights in self.proof.items()}
        return replace(self, plan=proof[order[-1]], proof=proof)


def exchange_rates(master: Master, room: float, clock: Clock, limits: Mapping[Goal, float] = NO_LIMITS) -> Rates | None:
    """Weights of the goals from the relaxation solved goal after goal; the last goal weighs 1. ``None`` if the time was over before.

    Each goal is capped at its optimum while the later ones are solved. Goals that count people keep the distance of ``model.goals`` to later
    goals, whatever their rate.

    Parameters
    ----------
    room
        Relative room above its optimum for a large goal, so that whole people fit while later goals are solved.
    limits
        Caps that hold from the first goal on, in the sense that is minimised.
    """
    caps: dict[Goal, float] = {goal: limit for goal, limit in limits.items() if goal in master.goals}
    proof: dict[Goal, dict[Goal, float]] = {}
    duals: dict[Goal, np.ndarray] = {}
    for position, goal in enumerate(master.goals):
        if clock.is_over():
            return None
        try:
            result = minimised(master, position, caps, clock, "rates")
        except OutOfTime:
            return None
        whole = float(np.ceil(result.value - TOLERANCES.whole))
        reached = whole if abs(whole) < GOAL_WEIGHTS.counted_below else whole + room * abs(whole)
        caps[goal] = min(reached, max(whole, limits.get(goal, np.inf)))
        duals[goal] = result.duals
        rates = -result.duals[master.rows.goals]
        proof[goal] = _weights(master.goals[: position + 1], rates, caps)
        behind = range(position + 1, len(master.goals))
        proof[goal] |= {master.goals[g]: float(rates[g]) for g in behind if master.goals[g] in limits and rates[g] > 0}
    return Rates(proof[master.goals[-1]], proof, duals)


def _weights(goals: tuple[Goal, ...], rates: np.ndarray, caps: Mapping[Goal, float]) -> dict[Goal, float]:
    """Weights of some goals from the duals of their caps. The last goal weighs 1."""
    found: dict[Goal, float] = {}
    behind = 0.0
    for position in reversed(range(len(goals))):
        goal = goals[position]
        is_last, is_count = not found, abs(caps[goal]) < GOAL_WEIGHTS.counted_below
        least = behind if is_count else GOAL_WEIGHTS.least_weight
        found[goal] = 1.0 if is_last else max(least, GOAL_WEIGHTS.firmness * float(rates[position]))
        behind = max(behind, found[goal] * SHAPES[goal].span)
    return {goal: found[goal] for goal in goals}


def minimised(
    master: Master,
    position: int,
    caps: Mapping[Goal, float],
    clock: Clock,
    phase: str,
    *,
    target: float = np.inf,
) -> Relaxation:
    """The relaxation of one goal alone, with the earlier goals capped.

    Raises
    ------
    ModelError
        If the rows cannot be held.
    OutOfTime
        If there was no time for a first solution.
    """
    goal = master.goals[position]

    def show(_: int, incumbent: float, bound: float) -> None:
        clock.say(phase, goal=goal, incumbent=signed(goal, incumbent), bound=signed(goal, bound))

    master.set_weights({goal: 1.0}, caps)
    result = optimise(
        master,
        relative=TOLERANCES.bound,
        smoothing=COLUMN_GENERATION.smoothing_warm,
        target=target,
        on_round=show,
        should_stop=clock.is_over,
        left=clock.left,
    )
    if result is None:
        raise ModelError(Message("error.unheld"))
    return result
