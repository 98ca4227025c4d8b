"""Goals one after the other on the relaxation: rates of exchange before the plan, bounds after it.

A bound tells how good any plan could be in a goal, given that the goals ranked before are as good as in this plan. A rate of
exchange tells what a unit of a goal ranked before is worth in a later one, at the best the relaxation can reach; weights at
these rates let the integer plan end where all goals together are as good as they can be.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from allocator.kinds import Goal
from allocator.model.goals import SHAPES, signed
from allocator.solve.clock import Clock
from allocator.solve.prices import PriceMaster, Relaxation

BOUND_GAP = 5e-6
"""Relative gap between master and bound at which a goal's bound is good enough."""

ROOM = 1e-4
"""Relative room left in a goal for whole people while the goals behind it are solved."""

COUNTED = 1000
"""A goal below this value counts single people and gets no room."""

FIRM, LEAST_RATE = 1.25, 0.1
"""Factor on a rate of exchange, so that a goal ranked before rather ends better than its cap; and the least weight."""


def exchange_rates(master: PriceMaster, goals: tuple[Goal, ...], clock: Clock) -> dict[Goal, float]:
    """Weights of the goals from the relaxation solved goal after goal; the last goal weighs 1.

    Each goal is held where the relaxation can bring it, large counts with a little room (``ROOM``) for whole people. Goals that count
    people keep the distance of ``model.goals`` to the goals behind them, whatever their rate.
    """
    caps: dict[Goal, float] = {}
    rates = np.zeros(len(goals))
    for position, goal in enumerate(goals):
        result = _stage(master, goals, position, caps, clock, "rates", relative=BOUND_GAP)
        whole = float(np.ceil(result.value - 1e-6))
        caps[goal] = whole if abs(whole) < COUNTED else whole + ROOM * abs(whole)
        rates = result.duals.goals
    found: dict[Goal, float] = {}
    behind = 0.0
    for goal, rate in zip(reversed(goals), reversed(rates.tolist()), strict=True):
        is_last, is_count = not found, abs(caps[goal]) < COUNTED
        found[goal] = 1.0 if is_last else max(behind if is_count else LEAST_RATE, FIRM * rate)
        behind = max(behind, found[goal] * SHAPES[goal].span)
    return {goal: found[goal] for goal in goals}


def bounds_of(
    master: PriceMaster, goals: tuple[Goal, ...], values: Mapping[Goal, float], clock: Clock
) -> dict[Goal, float]:
    """A bound for each goal, given that the goals ranked before are at least as good as in the plan.

    The relaxation minimises the goal alone, with the goals before it capped at the plan's values. Every goal is a whole number,
    so its bound is rounded to one. A goal that is 0 and cannot be less needs no relaxation; one whose time is over takes
    the prices it has.
    """
    bounds: dict[Goal, float] = {}
    for position, goal in enumerate(goals):
        value = signed(goal, values[goal])
        if SHAPES[goal].sense == "min" and value <= 0:
            bounds[goal] = 0.0
            continue
        caps = {h: signed(h, values[h]) for h in goals[:position]}
        limit = _stage(master, goals, position, caps, clock, "bounds", target=value, relative=BOUND_GAP).bound
        limit = float(np.ceil(limit - 1e-6 * max(1.0, abs(limit))))
        bounds[goal] = signed(goal, max(0.0, limit) if SHAPES[goal].sense == "min" else limit)
    master.close()
    return bounds


def _stage(
    master: PriceMaster,
    goals: tuple[Goal, ...],
    position: int,
    caps: Mapping[Goal, float],
    clock: Clock,
    phase: str,
    *,
    relative: float,
    target: float = np.inf,
) -> Relaxation:
    """The relaxation of one goal alone, with the goals before it capped."""
    goal = goals[position]

    def show(_: int, incumbent: float, bound: float) -> None:
        clock.say(phase, goal=goal, incumbent=signed(goal, incumbent), bound=signed(goal, bound))

    return master.optimise(
        {goal: 1.0},
        0.0,
        relative=relative,
        caps=caps,
        target=target,
        on_round=show,
        should_stop=clock.is_over,
    )
