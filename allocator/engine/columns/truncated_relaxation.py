"""The truncated relaxation: a linear program over few columns, for plans with a time limit.

Its columns are those that the aggregate relaxation uses, and the cheapest ones of every person type at its prices; with more time also the
cheapest of each pattern of years. There is no pricing after that, so the result is a start for whole people and proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.columns.aggregate_relaxation import UNHELD, AggregateRelaxation
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_generation import Relaxation
from allocator.engine.columns.initial_columns import for_types, in_use, start
from allocator.engine.columns.pricing import Best
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import TRUNCATED_RELAXATION
from allocator.engine.time_limit import Clock, OutOfTime


@dataclass(frozen=True, eq=False)
class TruncatedRelaxation:
    """A relaxation over few columns, and its master; ``is_last`` when no time is left for the full column generation."""

    master: Master
    relaxed: Relaxation
    is_last: bool


def truncated_relaxation(
    aggregate: AggregateRelaxation, weights: Mapping[Goal, float], clock: Clock
) -> TruncatedRelaxation:
    """Solve the relaxation of all cohorts over few columns, and over more of them when only that fits into the time left.

    Raises
    ------
    ModelError
        If fixed seats cannot be held.
    """
    began = time.monotonic()
    master = _master(aggregate, weights, 0.0)
    relaxed = solved(master)
    if clock.is_over():
        return TruncatedRelaxation(master, relaxed, is_last=True)
    took, left = time.monotonic() - began, clock.left()
    if left >= TRUNCATED_RELAXATION.full_factor * took:
        return TruncatedRelaxation(master, relaxed, is_last=False)
    if left + TRUNCATED_RELAXATION.wide_grace_seconds < TRUNCATED_RELAXATION.wide_factor * took:
        return TruncatedRelaxation(master, relaxed, is_last=True)
    wider = _master(aggregate, weights, TRUNCATED_RELAXATION.near_pattern)
    try:
        return TruncatedRelaxation(wider, solved(wider, left + TRUNCATED_RELAXATION.wide_grace_seconds), is_last=True)
    except OutOfTime:
        return TruncatedRelaxation(master, relaxed, is_last=True)


def solved(master: Master, seconds: float = np.inf) -> Relaxation:
    """The linear optimum of a master over its present columns. Nothing was priced, so its bound is minus infinity.

    Raises
    ------
    ModelError
        If the rows cannot be held.
    OutOfTime
        If the solver needs more than ``seconds``.
    """
    solution = master.solve(seconds)
    if solution is None:
        raise ModelError(UNHELD)
    nothing = np.zeros(0, dtype=np.int64)
    best = Best(nothing, nothing, np.zeros(len(master.subproblems.people)))
    return Relaxation(solution.objective, -np.inf, master.clipped(solution.duals), best, solution.x, 1)


def few_columns(aggregate: AggregateRelaxation, near_pattern: float) -> tuple[np.ndarray, np.ndarray]:
    """Person type and trajectory of the cheapest columns at the prices of the aggregate relaxation."""
    master = aggregate.master
    prices, cost = master.prices(aggregate.relaxed.duals)
    subproblem, trajectory = start(master.pricing, prices, cost, 0.0, near_pattern)
    return master.subproblems.type[subproblem], trajectory


def _master(aggregate: AggregateRelaxation, weights: Mapping[Goal, float], near_pattern: float) -> Master:
    """A master of all cohorts with these columns and those that the aggregate relaxation uses."""
    cohorts = aggregate.cohorts
    least = cohorts.instance.calendar.least
    master = Master(
        disaggregated(cohorts), aggregate.bare.goals, aggregate.costs, least=least, has_caps=bool(aggregate.limits)
    )
    master.set_weights(weights, aggregate.limits)
    master.add(*for_types(*few_columns(aggregate, near_pattern), master.subproblems))
    master.add(*in_use(aggregate.master, aggregate.relaxed.x, master.subproblems))
    return master
