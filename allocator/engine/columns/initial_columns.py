"""Columns to start with: of every stratum the trajectories that some prices leave near the cheapest."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.aggregation import Strata, members_of
from allocator.engine.columns.pricing import Prices, Pricing
from allocator.engine.columns.restricted_master import Master

CHEAPEST = 6
"""Cheapest trajectories of a stratum at most."""


def start(
    pricing: Pricing, prices: Prices, cost: list[np.ndarray], near: float, near_pattern: float
) -> tuple[np.ndarray, np.ndarray]:
    """Columns (stratum, trajectory) to start with.

    The cheapest, and the cheapest of each pattern of years, since floors look at nothing but the years; and the first trajectory, which
    attends least: with it one can always do without a class that turns out too small to be held.

    Parameters
    ----------
    near, near_pattern
        How much dearer than the cheapest they may be.
    """
    cohorts = pricing.cohorts
    every = np.ones(len(cohorts.programme_class), dtype=bool)
    pattern = [table.attends(every) for table in cohorts.tables]
    strata, trajectories = [], []
    for alike, reduced in pricing.reduced_costs(prices, cost):
        sort = int(pricing.strata.sort[alike[0]])
        lowest = reduced.min()
        close = np.flatnonzero(reduced <= lowest + near)
        if len(close) > CHEAPEST:
            close = np.sort(close[np.argsort(reduced[close], kind="stable")[:CHEAPEST]])
        within = np.flatnonzero(reduced <= lowest + near_pattern)
        shape = cohorts.take(sort, pattern[cohorts.sort_type[sort]])[within]
        order = np.lexsort([within, reduced[within], shape])
        first = np.flatnonzero(np.diff(shape[order], prepend=-1))
        chosen = np.unique(np.concatenate([[0], close, within[order[first]]]))
        strata.append(np.repeat(alike, len(chosen)))
        trajectories.append(np.tile(chosen, len(alike)))
    if not strata:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(strata), np.concatenate(trajectories)


def spread(pooled: Master, duals: np.ndarray, strata: Strata) -> Prices:
    """Prices of pooled rows, for the rows of strata that keep their own."""
    prices, _ = pooled.prices(duals)
    classes = strata.cohorts.programme_class
    rows = tuple(np.repeat(price, len(low), axis=0) for price, low in zip(prices.rows, strata.floor, strict=True))
    return Prices(prices.seats[classes], rows)


def in_use(pooled: Master, x: np.ndarray, strata: Strata) -> tuple[np.ndarray, np.ndarray]:
    """Columns in use on pooled strata, for every stratum of the same sort."""
    used = np.flatnonzero(x[: len(pooled.stratum)] > 1e-9)
    return for_sorts(pooled.strata.sort[pooled.stratum[used]], pooled.trajectory[used], strata)


def for_sorts(sort: np.ndarray, trajectory: np.ndarray, strata: Strata) -> tuple[np.ndarray, np.ndarray]:
    """Trajectories of sorts, for every stratum of the same sort."""
    column, stratum = members_of(sort, strata.sort, len(strata.cohorts.sort_type))
    return stratum, trajectory[column]
