"""Whom a change concerns: the people whose years are planned again while the others keep theirs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.model.cohorts import Cohorts
from allocator.model.shared.rows import RowFamily
from allocator.solve.pricing import CostsBySort, Prices, Pricing
from allocator.solve.strata import exact

MANY_GROUPS = 100
"""A rule with more groups than these looks at small ones, such as teams."""

MOST_AGAIN = 6_000
"""Cohorts planned again because some programme is open to them; when there are more, only those alike."""

READY = 2_000
"""Cohorts planned again because a rule changed, at most: those for whom a change costs least."""


def alike(cohorts: Cohorts) -> np.ndarray:
    """Number of each cohort's kind: one sort and the same programmes, whatever the team. Shape (C,)."""
    key = pd.DataFrame(np.column_stack([cohorts.cohort_sort, cohorts.cohort_slots]))
    return np.asarray(key.groupby(list(key.columns), sort=False).ngroup())


def by_dates(cohorts: Cohorts, touched: list[int], programmes: list[str]) -> np.ndarray:
    """People to plan again because of the dates: those touched and the others of their small groups, those who may attend some programmes, and unnamed
    groups. Boolean (I,), whole cohorts.
    """
    instance = cohorts.instance
    cohort_of = np.zeros(len(instance.headcount), dtype=np.int64)
    for c, members in enumerate(cohorts.members):
        cohort_of[members] = c
    own = np.unique(cohort_of[touched])
    near = np.asarray(np.isin(cohorts.cohort_slots, [instance.programme_index[p] for p in programmes]).any(axis=1))
    if near.sum() > MOST_AGAIN:
        near &= np.isin(alike(cohorts), alike(cohorts)[own])
    near[own] = True
    for f, family in enumerate(cohorts.families):
        if len(family.names) > MANY_GROUPS:
            group = cohorts.cohort_groups[:, f]
            near |= np.isin(group, group[own][group[own] >= 0])
    near[cohort_of[~instance.is_named]] = True
    return np.asarray(near[cohort_of])


def by_rules(before: Cohorts, after: Cohorts, prices: Prices, cost: CostsBySort) -> np.ndarray:
    """People to plan again because seats or rules changed, boolean (I,), whole cohorts.

    Of all to whom a changed row or programme is open, those for whom attending it or not makes least difference at the
    prices known: whoever the new plan moves is among them, as long as the change is small.
    """
    cohorts, chosen = after, np.zeros(len(after.cohort_sort), dtype=bool)
    seats, now = before.instance.calendar.seats, after.instance.calendar.seats
    for p in np.flatnonzero((seats != now).any(axis=1)).tolist():
        own = (cohorts.cohort_slots == p).any(axis=1)
        programmes = np.arange(len(seats)) == p
        chosen |= _readiest(cohorts, own, programmes, (seats[p] != now[p]), prices, cost)
    for f, (family, other) in enumerate(zip(before.families, after.families, strict=True)):
        moved = _moved(family, other)
        if moved.any():
            group = cohorts.cohort_groups[:, f]
            rows, years = np.nonzero(moved)
            own = np.isin(group, rows)
            in_year = np.isin(np.arange(moved.shape[1]), years)
            chosen |= _readiest(cohorts, own, family.programmes, in_year, prices, cost)
    known = {measured.rule.id: measured.rule for measured in after.measured}
    for k, measured in enumerate(before.measured):
        if known.get(measured.rule.id) != measured.rule:
            own = before.sort_states[before.cohort_sort, k] >= 0
            every = np.ones(len(seats), dtype=bool)
            chosen |= _readiest(cohorts, own, every, np.ones(seats.shape[1], dtype=bool), prices, cost)
    people = np.zeros(len(cohorts.instance.headcount), dtype=bool)
    for c in np.flatnonzero(chosen).tolist():
        people[cohorts.members[c]] = True
    return np.asarray(people | ~cohorts.instance.is_named)


def _moved(family: RowFamily, other: RowFamily) -> np.ndarray:
    """Which rows have another floor or ceiling, boolean (G, Y)."""
    found: np.ndarray = np.not_equal(family.floor, other.floor) | np.not_equal(family.ceiling, other.ceiling)
    return found


def _readiest(
    cohorts: Cohorts, own: np.ndarray, programmes: np.ndarray, years: np.ndarray, prices: Prices, cost: CostsBySort
) -> np.ndarray:
    """The cohorts for whom attending some programmes in some years, or not, differs least in price, boolean (C,)."""
    which = np.flatnonzero(own)
    if len(which) <= READY:
        return own
    pricing = Pricing(exact(cohorts, which))
    wanted = np.uint32((1 << np.flatnonzero(years)).sum())
    hits = [(table.attends(programmes) & wanted) > 0 for table in cohorts.tables]
    difference = np.full(len(which), np.inf)
    for alike_, reduced in pricing.reduced_costs(prices, cost):
        sort = int(pricing.strata.sort[alike_[0]])
        hit = cohorts.take(sort, hits[cohorts.sort_type[sort]])
        if hit.any() and not hit.all():
            difference[alike_] = abs(float(reduced[hit].min()) - float(reduced[~hit].min()))
    ready = np.argsort(difference, kind="stable")[:READY]
    chosen = np.zeros(len(own), dtype=bool)
    chosen[which[ready[np.isfinite(difference[ready])]]] = True
    return chosen
