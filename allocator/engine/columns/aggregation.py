"""Subproblems: people whom a master counts together, and the rows that they share.

In the words of Dantzig and Wolfe (1960), a subproblem is what pricing solves for identical people: one convexity row, one set of
trajectories. ``aggregated`` makes one of every person type and adds up the limits of all places; its master is a small relaxation.
``disaggregated`` makes one of every cohort and keeps every limit; its master is the problem itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.domain.rules import Goal
from allocator.model.cohorts import Cohorts


def segments(goals: tuple[tuple[Goal, int], ...], groups: int = 1) -> list[tuple[float, tuple[Goal, ...]]]:
    """Pieces of the distance from a limit, the cheapest first: width, and the goals to which each unit of the piece counts.

    Parameters
    ----------
    goals
        Goals, each with the distance that it tolerates before it counts.
    groups
        Groups whose rows are added up: each may use its tolerance.
    """
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
    """What one block of cohorts may use: seats (P, Y), and floor and ceiling of each family's groups (G, Y).

    ``missed`` says by how much the other blocks miss the floor or pass the ceiling already, for each family's groups (G, Y).
    """

    seats: np.ndarray
    floor: tuple[np.ndarray, ...]
    ceiling: tuple[np.ndarray, ...]
    missed: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Subproblems:
    """R sets of identical people, and the rows that they share.

    Parameters
    ----------
    cohorts
        The people.
    of
        Subproblem of each cohort, -1 for none or several, shape (C,).
    type, people
        Person type and headcount of each subproblem, shape (R,).
    seats
        Row of seats of each slot, -1 for none, shape (R, n).
    capacity
        Seats of each row and year, shape (K, Y).
    group
        Row in each family, -1 for none, shape (R, F).
    floor, ceiling
        Limits of each family's rows, shape (rows, Y) each.
    width
        How many groups are added up in each row of each family.
    missed
        By how much each family's rows are missed elsewhere already, shape (rows, Y) each. So much less may be missed here before it
        counts to graver goals.
    """

    cohorts: Cohorts
    of: np.ndarray
    type: np.ndarray
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
        Group of each member, and the number of groups.

    Returns
    -------
    tuple
        Position in ``groups`` and the member, shape (pairs,) each.
    """
    order, sizes = np.argsort(of, kind="stable"), np.bincount(of, minlength=count)
    first, own = (np.cumsum(sizes) - sizes)[groups], sizes[groups]
    place = np.repeat(np.arange(len(groups)), own)
    step = np.arange(len(place)) - np.repeat(np.cumsum(own) - own, own)
    return place, order[first[place] + step]


def aggregated(cohorts: Cohorts, seats: np.ndarray) -> Subproblems:
    """One subproblem per person type, for the aggregate relaxation.

    Programmes that are equal to every rule share one row of seats, and all groups of a family share one row. Every plan satisfies these sums, so the
    optimum over them bounds every plan.

    Parameters
    ----------
    seats
        Of each programme and year, shape (P, Y).
    """
    classes = cohorts.programme_class
    capacity = np.zeros((int(classes.max(initial=-1)) + 1, seats.shape[1]))
    np.add.at(capacity, classes, seats)
    first = np.array([of[0] for of in cohorts.cohorts_of_type], dtype=np.int64)
    slots = cohorts.cohort_slots[first]
    pools = [np.zeros(len(f.names), dtype=np.int64) for f in cohorts.families]
    return _subproblems(cohorts, cohorts.cohort_type, first, np.where(slots >= 0, classes[slots], -1), capacity, pools)


def disaggregated(cohorts: Cohorts, which: np.ndarray | None = None, allotment: Allotment | None = None) -> Subproblems:
    """One subproblem per cohort: nothing is added up.

    Parameters
    ----------
    which
        Cohorts of a block; all when absent.
    allotment
        What the block may use; everything when absent.
    """
    which = np.arange(len(cohorts.cohort_type)) if which is None else which
    allotment = whole_allotment(cohorts) if allotment is None else allotment
    group = cohorts.cohort_groups[which].copy()
    for f, family in enumerate(cohorts.families):
        if family.among is not None:
            group[:, f] = 0  # A share of people elsewhere: it is judged even if none of its own people are here.
    of = np.full(len(cohorts.cohort_type), -1)
    of[which] = np.arange(len(which))
    return Subproblems(
        cohorts,
        of,
        cohorts.cohort_type[which],
        cohorts.cohort_people[which],
        cohorts.cohort_slots[which],
        allotment.seats,
        group,
        allotment.floor,
        allotment.ceiling,
        tuple(np.ones(len(f.names), dtype=np.int64) for f in cohorts.families),
        allotment.missed,
    )


def parted(subproblems: Subproblems, followed: np.ndarray, people: np.ndarray) -> tuple[Subproblems, np.ndarray]:
    """Divide subproblems by what people follow now: one part for each trajectory followed, and one for people who follow none.

    Parameters
    ----------
    followed, people
        Subproblem and number of people of each part.

    Returns
    -------
    tuple
        The parts as subproblems, and the old subproblem of each.
    """
    left = subproblems.people - np.bincount(followed, people, len(subproblems.people)).astype(np.int64)
    rest = np.flatnonzero(left > 0)
    of = np.concatenate([followed, rest])
    parts = replace(
        subproblems,
        of=np.full_like(subproblems.of, -1),  # A cohort may be in several.
        type=subproblems.type[of],
        people=np.concatenate([people, left[rest]]),
        seats=subproblems.seats[of],
        group=subproblems.group[of],
    )
    return parts, of


@dataclass(frozen=True, eq=False)
class Places:
    """Which rows of all a compact set of subproblems keeps: programmes (K,), and groups of each family."""

    programmes: np.ndarray
    groups: tuple[np.ndarray, ...]


def compact(subproblems: Subproblems) -> tuple[Subproblems, Places]:
    """Disaggregated subproblems with only the rows that they touch, and where these rows were."""
    programmes = np.unique(subproblems.seats)
    programmes = programmes[programmes >= 0]
    seats = np.where(subproblems.seats >= 0, np.searchsorted(programmes, subproblems.seats), -1)
    group, groups = subproblems.group.copy(), []
    for f in range(len(subproblems.floor)):
        used = np.unique(group[:, f])
        used = used[used >= 0]
        if not subproblems.cohorts.is_touched[f]:
            used = np.array([0])  # A rule that touches nobody is judged all the same.
        inside = group[:, f] >= 0
        group[inside, f] = np.searchsorted(used, group[inside, f])
        groups.append(used)

    def own(parts: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """The rows kept of one array per family."""
        return tuple(part[used] for part, used in zip(parts, groups, strict=True))

    few = replace(
        subproblems,
        seats=seats,
        capacity=subproblems.capacity[programmes],
        group=group,
        floor=own(subproblems.floor),
        ceiling=own(subproblems.ceiling),
        width=own(subproblems.width),
        missed=own(subproblems.missed),
    )
    return few, Places(programmes, tuple(groups))


def whole_allotment(cohorts: Cohorts) -> Allotment:
    """All seats, and every limit as its rule states it."""
    return Allotment(
        cohorts.instance.calendar.seats.astype(float),
        tuple(f.floor for f in cohorts.families),
        tuple(f.ceiling for f in cohorts.families),
        tuple(np.zeros_like(f.ceiling) for f in cohorts.families),
    )


def _subproblems(
    cohorts: Cohorts,
    of: np.ndarray,
    first: np.ndarray,
    seats: np.ndarray,
    capacity: np.ndarray,
    pools: list[np.ndarray],
) -> Subproblems:
    """Subproblems whose rows are added up.

    Parameters
    ----------
    of, first
        Subproblem of each cohort, and the first cohort of each subproblem.
    seats, capacity
        As of ``Subproblems``.
    pools
        Row of each group, for each family.
    """
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
    return Subproblems(
        cohorts,
        of,
        cohorts.cohort_type[first],
        people,
        seats,
        capacity,
        group,
        tuple(floor),
        tuple(ceiling),
        tuple(width),
        tuple(np.zeros_like(high) for high in ceiling),
    )
