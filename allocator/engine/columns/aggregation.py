"""Strata: parts of the people that the price master counts together, and the rows that they share.

``coarse`` strata pool local limits over places, so a master over them is a small relaxation of the problem; ``exact`` strata keep
every limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.domain.rules import Goal
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
class Allotment:
    """What one block may use: seats (P, Y), and floor and ceiling of each family's groups (G, Y).

    ``missed`` is how far the rest misses the floor or passes the ceiling already, of each family's groups (G, Y).
    """

    seats: np.ndarray
    floor: tuple[np.ndarray, ...]
    ceiling: tuple[np.ndarray, ...]
    missed: tuple[np.ndarray, ...]


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
    missed
        How far each family's rows are missed elsewhere already, (rows, Y) each: so much less may be missed here before it
        counts to graver goals.
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
    missed: tuple[np.ndarray, ...]


def members_of(groups: np.ndarray, of: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """All members of some groups, group by group.

    Parameters
    ----------
    groups
        The groups wanted; one may come several times.
    of, count
        Group of each member, and how many groups there are.

    Returns
    -------
    tuple
        Position in ``groups``, and the member, one row for each.
    """
    order, sizes = np.argsort(of, kind="stable"), np.bincount(of, minlength=count)
    first, own = (np.cumsum(sizes) - sizes)[groups], sizes[groups]
    place = np.repeat(np.arange(len(groups)), own)
    step = np.arange(len(place)) - np.repeat(np.cumsum(own) - own, own)
    return place, order[first[place] + step]


def coarse(cohorts: Cohorts, seats: np.ndarray) -> Strata:
    """One stratum per sort: programmes pooled by class, groups of a family all together."""
    classes = cohorts.programme_class
    capacity = np.zeros((int(classes.max(initial=-1)) + 1, seats.shape[1]))
    np.add.at(capacity, classes, seats)
    first = np.array([of[0] for of in cohorts.cohorts_of_sort], dtype=np.int64)
    slots = cohorts.cohort_slots[first]
    pools = [np.zeros(len(f.names), dtype=np.int64) for f in cohorts.families]
    return _strata(cohorts, cohorts.cohort_sort, first, np.where(slots >= 0, classes[slots], -1), capacity, pools)


def exact(cohorts: Cohorts, which: np.ndarray | None = None, allotment: Allotment | None = None) -> Strata:
    """One stratum per cohort: nothing is pooled, so a master over these is the problem itself.

    Parameters
    ----------
    which
        Cohorts of a block; all when absent.
    allotment
        What the block may use; everything when absent.
    """
    which = np.arange(len(cohorts.cohort_sort)) if which is None else which
    allotment = whole_allotment(cohorts) if allotment is None else allotment
    group = cohorts.cohort_groups[which].copy()
    for f, family in enumerate(cohorts.families):
        if family.among is not None:
            group[:, f] = 0  # Judged whoever is here: a share of others.
    of = np.full(len(cohorts.cohort_sort), -1)
    of[which] = np.arange(len(which))
    return Strata(
        cohorts,
        of,
        cohorts.cohort_sort[which],
        cohorts.cohort_people[which],
        cohorts.cohort_slots[which],
        allotment.seats,
        group,
        allotment.floor,
        allotment.ceiling,
        tuple(np.ones(len(f.names), dtype=np.int64) for f in cohorts.families),
        allotment.missed,
    )


def parted(strata: Strata, followed: np.ndarray, people: np.ndarray) -> tuple[Strata, np.ndarray]:
    """Strata in parts: the people who follow one trajectory now, part by part, then whoever is left of each.

    Parameters
    ----------
    followed, people
        Stratum and people of each part.

    Returns
    -------
    tuple
        The parts as strata of their own, and the stratum each is part of.
    """
    left = strata.people - np.bincount(followed, people, len(strata.people)).astype(np.int64)
    rest = np.flatnonzero(left > 0)
    of = np.concatenate([followed, rest])
    parts = replace(
        strata,
        of=np.full_like(strata.of, -1),  # A cohort may be in several.
        sort=strata.sort[of],
        people=np.concatenate([people, left[rest]]),
        seats=strata.seats[of],
        group=strata.group[of],
    )
    return parts, of


@dataclass(frozen=True, eq=False)
class Places:
    """Places that the rows of some strata have among all: programmes (K,), and groups of each family."""

    programmes: np.ndarray
    groups: tuple[np.ndarray, ...]


def compact(strata: Strata) -> tuple[Strata, Places]:
    """Exact strata with only the rows that they touch, and the places of these."""
    programmes = np.unique(strata.seats)
    programmes = programmes[programmes >= 0]
    seats = np.where(strata.seats >= 0, np.searchsorted(programmes, strata.seats), -1)
    group, groups = strata.group.copy(), []
    for f in range(len(strata.floor)):
        used = np.unique(group[:, f])
        used = used[used >= 0]
        if not strata.cohorts.is_touched[f]:
            used = np.array([0])  # A rule that touches nobody is judged all the same.
        inside = group[:, f] >= 0
        group[inside, f] = np.searchsorted(used, group[inside, f])
        groups.append(used)

    def own(parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        return tuple(part[used] for part, used in zip(parts, groups, strict=True))

    few = replace(
        strata,
        seats=seats,
        capacity=strata.capacity[programmes],
        group=group,
        floor=own(strata.floor),
        ceiling=own(strata.ceiling),
        width=own(strata.width),
        missed=own(strata.missed),
    )
    return few, Places(programmes, tuple(groups))


def whole_allotment(cohorts: Cohorts) -> Allotment:
    """Everything there is."""
    return Allotment(
        cohorts.instance.calendar.seats.astype(float),
        tuple(f.floor for f in cohorts.families),
        tuple(f.ceiling for f in cohorts.families),
        tuple(np.zeros_like(f.ceiling) for f in cohorts.families),
    )


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
        tuple(np.zeros_like(high) for high in ceiling),
    )
