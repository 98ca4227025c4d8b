"""Bounds: how good any plan could be in a goal, given that the goals ranked before are as good as in this plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from allocator.kinds import Goal
from allocator.model.goals import SHAPES, signed, weights
from allocator.solve.clock import Clock
from allocator.solve.prices import Duals, PriceMaster, Relaxation

BOUND_GAP = 2e-5
"""Relative gap between master and bound at which a goal's bound is good enough."""

NEAR_PRICE = 20.0
"""What a unit of a goal ranked before is taken to cost at first, at most."""


def bounds_of(
    master: PriceMaster, goals: tuple[Goal, ...], values: Mapping[Goal, float], relaxed: Relaxation, clock: Clock
) -> dict[Goal, float]:
    """A bound for each goal, given that the goals ranked before are at least as good as in the plan.

    The relaxation minimises the goal alone, with the goals before it capped at the plan's values. A goal that is 0 and cannot be
    less needs no relaxation; one whose time is over takes the prices it has.
    """
    bounds: dict[Goal, float] = {}
    full = weights(goals)
    for position, goal in enumerate(goals):
        value = signed(goal, values[goal])
        if SHAPES[goal].sense == "min" and value <= 0:
            bounds[goal] = 0.0
            continue
        held = goals[:position]
        prices = relaxed.duals.scaled(1 / full[goal])
        extra = np.array([min(NEAR_PRICE, full[h] / full[goal]) if h in held else 0.0 for h in goals])

        def show(_: int, incumbent: float, bound: float, goal: Goal = goal) -> None:
            clock.say("bounds", goal=goal, incumbent=signed(goal, incumbent), bound=signed(goal, bound))

        limit = master.optimise(
            {goal: 1.0},
            BOUND_GAP * max(1.0, abs(value)),
            caps={h: signed(h, values[h]) for h in held},
            centre=Duals(prices.seats, prices.rows, extra),
            target=value,
            on_round=show,
            should_stop=clock.is_over,
        ).bound
        bounds[goal] = signed(goal, max(0.0, limit) if SHAPES[goal].sense == "min" else limit)
    master.close()
    return bounds
