"""Relaxations in haste: of few trajectories, so that whole people are at hand before, or without, the best that can be found.

The trajectories are those that the pooled relaxation uses and the cheapest of every sort at its prices; with more time also the cheapest
of each pattern of years, which floors of teams ask for. Nothing is proven by such a relaxation.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.columns.aggregate_relaxation import UNHELD, Pooled
from allocator.engine.columns.aggregation import exact
from allocator.engine.columns.column_generation import Relaxation
from allocator.engine.columns.initial_columns import for_sorts, in_use, start
from allocator.engine.columns.pricing import Best
from allocator.engine.columns.restricted_master import Master
from allocator.engine.time_limit import Clock, OutOfTime

NEAR_PATTERN = 20.0
"""How much dearer than the cheapest the columns of each pattern may be when there is time for some, in units of the last goal."""

FULL = 12.0
"""So many times the seconds of a relaxation of few columns must be left to begin that of all; it is stopped at the limit otherwise."""


WIDER, GRACE = 3.0, 1.0
"""The same for that of more columns, and by how many seconds it may pass the limit: without it hundreds of floors are missed."""


@dataclass(frozen=True, eq=False)
class Hasty:
    """A relaxation of few columns and its master; ``is_last`` when there is no time for that of all trajectories."""

    master: Master
    relaxed: Relaxation
    is_last: bool


def in_haste(pooled: Pooled, weights: Mapping[Goal, float], clock: Clock) -> Hasty:
    """The relaxation of all cohorts over few columns; over more of them where there is time for these, and not for all.

    Raises
    ------
    ModelError
        If fixed seats cannot be held.
    """
    began = time.monotonic()
    master = _master(pooled, weights, 0.0)
    relaxed = solved(master)
    if clock.is_over():
        return Hasty(master, relaxed, is_last=True)
    took, left = time.monotonic() - began, clock.left()
    if left >= FULL * took:
        return Hasty(master, relaxed, is_last=False)
    if left + GRACE < WIDER * took:
        return Hasty(master, relaxed, is_last=True)
    wider = _master(pooled, weights, NEAR_PATTERN)
    try:
        return Hasty(wider, solved(wider, left + GRACE), is_last=True)
    except OutOfTime:
        return Hasty(master, relaxed, is_last=True)


def solved(master: Master, seconds: float = np.inf) -> Relaxation:
    """The relaxation of a master over the columns at hand; it bounds nothing.

    Raises
    ------
    ModelError
        If the rows cannot be held.
    OutOfTime
        If so many seconds were not enough.
    """
    solution = master.solve(seconds)
    if solution is None:
        raise ModelError(UNHELD)
    nothing = np.zeros(0, dtype=np.int64)
    best = Best(nothing, nothing, np.zeros(len(master.strata.people)))
    return Relaxation(solution.objective, -np.inf, master.clipped(solution.duals), best, solution.x, 1)


def few_columns(pooled: Pooled, near_pattern: float) -> tuple[np.ndarray, np.ndarray]:
    """Sort and trajectory of the cheapest columns at the prices of a pooled relaxation."""
    master = pooled.master
    prices, cost = master.prices(pooled.relaxed.duals)
    stratum, trajectory = start(master.pricing, prices, cost, 0.0, near_pattern)
    return master.strata.sort[stratum], trajectory


def _master(pooled: Pooled, weights: Mapping[Goal, float], near_pattern: float) -> Master:
    cohorts = pooled.cohorts
    least = cohorts.instance.calendar.least
    master = Master(exact(cohorts), pooled.bare.goals, pooled.costs, least=least, has_caps=bool(pooled.limits))
    master.set_weights(weights, pooled.limits)
    master.add(*for_sorts(*few_columns(pooled, near_pattern), master.strata))
    master.add(*in_use(pooled.master, pooled.relaxed.x, master.strata))
    return master
