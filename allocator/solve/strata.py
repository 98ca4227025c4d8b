"""Strata: parts of the people that the price master counts together, and the rows that they share.

``coarse`` strata pool local limits over places, ``fine`` strata keep every limit but the floors of single teams, which are
pooled; a master over either is a relaxation of the problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.kinds import Goal
from allocator.model.cohorts import Cohorts


def segments(goals: tuple[tuple[Goal, int], ...], groups: int = 1) -> list[tuple[float, tuple[Goal, ...]]]:
    """Pieces of a deviation: width and the goals every unit of the piece counts to, cheapest first."""
    edges = sorted({slack for _, slack in goals})
    ends = [*edges[1:], np.inf]
    pieces = []
    for start, end in zip(edges, ends, strict=True):
        counted = tuple(goal for goal, slack in goals if slack <= start)
        pieces.append(((end - start) * groups if np.isfinite(end) else np.inf, counted))
    if edges and edges[0] > 0:
        pieces.insert(0, (float(edges[0] * groups), ()))
    return pieces


@dataclass(frozen=True, eq=False)
class Strata:
    """Parts of the people that the master counts together.

    Parameters
    ----------
    cohorts
        The people.
    of
        Stratum of each cohort, shape (C,).
    sort, people
        Sort and headcount of each stratum, shape (R,).
    seats
        Row of seats of each slot, -1 for none, shape (R, n).
    capacity
        Seats of each row and year, shape (K, Y).
    group
        Row of each family, -1 for none, shape (R, F).
    floor, ceiling
        Limits of each family's rows, shape (rows, Y) each.
    width
        Groups pooled in each row of each family.
    """

    cohorts: Cohorts
    of: np.ndarray
    sort: np.ndarray
    people: np.ndarray
    seats: np.ndarray
    capacity: np.ndarray
    group: np.ndarray
    floor: tuple[np.ndarray, ...]
    ceiling: tuple[np.ndarray, ...]
    width: tuple[np.ndarray, ...]


def coarse(cohorts: Cohorts, seats: np.ndarray) -> Strata:
    """One stratum per sort: programmes pooled by class, groups of a family all together."""
    classes = cohorts.programme_class
    capacity = np.zeros((int(classes.max(initial=-1)) + 1, seats.shape[1]))
    np.add.at(capacity, classes, seats)
    first = np.array([of[0] for of in cohorts.cohorts_of_sort], dtype=np.int64)
    slots = cohorts.cohort_slots[first]
    pools = [np.zeros(len(f.names), dtype=np.int64) for f in cohorts.families]
    return _strata(cohorts, cohorts.cohort_sort, first, np.where(slots >= 0, classes[slots], -1), capacity, pools)


def fine(cohorts: Cohorts, seats: np.ndarray) -> Strata:
    """One stratum per sort and set of programmes; families keep their groups unless a stratum spans several."""
    key = pd.DataFrame(np.column_stack([cohorts.cohort_sort, cohorts.cohort_slots]))
    of = key.groupby(list(key.columns), sort=False).ngroup().to_numpy()
    _, first = np.unique(of, return_index=True)
    pools = []
    for f, family in enumerate(cohorts.families):
        group = cohorts.cohort_groups[:, f]
        spans = group != group[first][of]
        apart = not spans.any()
        pools.append(np.arange(len(family.names)) if apart else np.zeros(len(family.names), dtype=np.int64))
    return _strata(cohorts, of, first, cohorts.cohort_slots[first], seats.astype(float), pools)


def _strata(
    cohorts: Cohorts,
    of: np.ndarray,
    first: np.ndarray,
    seats: np.ndarray,
    capacity: np.ndarray,
    pools: list[np.ndarray],
) -> Strata:
    group = cohorts.cohort_groups[first].copy()
    floor, ceiling, width = [], [], []
    for f, (family, pool) in enumerate(zip(cohorts.families, pools, strict=True)):
        count = int(pool.max(initial=-1)) + 1
        inside = group[:, f] >= 0
        group[inside, f] = pool[group[inside, f]]
        if family.among is not None:
            group[:, f] = 0
        low, high = np.zeros((count, capacity.shape[1])), np.zeros((count, capacity.shape[1]))
        has_low = np.zeros(low.shape, dtype=bool)
        np.add.at(low, pool, np.where(np.isfinite(family.floor), family.floor, 0.0))
        np.logical_or.at(has_low, pool, np.isfinite(family.floor))
        np.add.at(high, pool, family.ceiling)
        floor.append(np.where(has_low, low, -np.inf))
        ceiling.append(high)
        width.append(np.bincount(pool, minlength=count))
    people = np.bincount(of, weights=cohorts.cohort_people, minlength=len(first)).astype(np.int64)
    return Strata(
        cohorts,
        of,
        cohorts.cohort_sort[first],
        people,
        seats,
        capacity,
        group,
        tuple(floor),
        tuple(ceiling),
        tuple(width),
    )
