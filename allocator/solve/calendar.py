"""What the dates leave to the yearly stage: seats, least sizes, pairs of programmes, and years out of reach.

Everything here is a limit no plan can escape, so that the yearly stage never loses a plan that the dates could hold.
"""

from __future__ import annotations

import numpy as np

from allocator.entities import Inputs
from allocator.instance import Calendar, build
from allocator.kinds import Spacing
from allocator.solve.exclusions import Exclusions
from allocator.solve.group_limits import group_limits
from allocator.solve.timetable import Timetable


def capacity(inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Usable seats and least size by programme and plan year.

    A session counts unless its seats are fewer than its least size, or it lies in a blocked period of away-limits
    that speak about everyone the programme admits.

    Returns
    -------
    seats
        ``int64`` of shape (P, Y).
    least
        Smallest least size of the sessions that count, shape (P, Y); 0 where there is none.
    """
    return _capacity(_Days(inputs))


def _capacity(days: _Days) -> tuple[np.ndarray, np.ndarray]:
    inputs = days.inputs
    shape = (len(inputs.programmes), len(inputs.years))
    seats, least = np.zeros(shape, dtype=np.int64), np.full(shape, np.iinfo(np.int64).max)
    for s in np.flatnonzero(days.usable).tolist():
        at = (days.table.programme[s], inputs.years.index(int(days.table.year[s])))
        seats[at] += days.table.seats[s]
        least[at] = min(least[at], days.table.least[s])
    return seats, np.where(seats > 0, least, 0)


def pair_is_possible(inputs: Inputs) -> np.ndarray:
    """Whether one person could attend two programmes in one year, boolean (P, P, Y).

    It needs two different sessions, one of each, that share no day and leave the rest of every spacing rule that speaks
    about everyone whom both programmes admit.
    """
    return _pair_is_possible(_Days(inputs))


def _pair_is_possible(days: _Days) -> np.ndarray:
    inputs = days.inputs
    apart = ~days.table.overlap
    np.fill_diagonal(apart, False)
    count = len(inputs.programmes)
    possible = np.zeros((count, count, len(inputs.years)), dtype=bool)
    rests = [rule for rule in inputs.policy.rules if isinstance(rule, Spacing) and rule.rest_days]
    closeness = [(days.table.too_close(rule), days.binds_both(rule)) for rule in rests]
    for y, year in enumerate(inputs.years):
        ours = np.flatnonzero(days.usable & (days.table.year == year))
        ours = ours[np.argsort(days.table.programme[ours], kind="stable")]
        if not len(ours):
            continue
        programme = days.table.programme[ours]
        good = apart[np.ix_(ours, ours)]
        for close, binds in closeness:
            good &= ~(close[np.ix_(ours, ours)] & binds[np.ix_(programme, programme)])
        held, first = np.unique(programme, return_index=True)
        found = np.logical_or.reduceat(np.logical_or.reduceat(good, first, axis=0), first, axis=1)
        possible[np.ix_(held, held, np.array([y]))] = found[:, :, None]
    return possible


def unreachable(inputs: Inputs) -> frozenset[tuple[str, str, int]]:
    """Programmes and years of which every session is closed to a cadre whom the programme admits.

    Returns
    -------
    ``(cadre_id, programme_id, year)`` triples; only for programmes that hold a session in the year.
    """
    return _unreachable(_Days(inputs))


def _unreachable(days: _Days) -> frozenset[tuple[str, str, int]]:
    inputs = days.inputs
    if not days.usable.any():
        return frozenset()
    at = np.flatnonzero(days.usable)
    at = at[np.lexsort((days.table.year[at], days.table.programme[at]))]
    key = days.table.programme[at] * 10_000 + days.table.year[at]
    groups, first = np.unique(key, return_index=True)
    programme, year = groups // 10_000, groups % 10_000
    ids, names = inputs.cadres["cadre_id"].tolist(), inputs.programmes["programme_id"].tolist()
    triples = []
    own = days.exclusions.own
    closed_to: dict[tuple[tuple[bool, ...], tuple[int, ...]], list[int]] = {}
    for i, profile in enumerate(days.profiles):
        alike = (profile, tuple(sorted(own.get(i, ()))))
        if alike not in closed_to:
            is_open = np.ones(len(days.usable), dtype=bool)
            is_open[list(days.exclusions.blocked_for(i))] = False
            is_open[list(alike[1])] = False
            closed_to[alike] = np.flatnonzero(~np.logical_or.reduceat(is_open[at], first)).tolist()
        triples += [
            (ids[i], names[programme[g]], int(year[g])) for g in closed_to[alike] if days.admits[i, programme[g]]
        ]
    return frozenset(triples)


def calendar(inputs: Inputs) -> Calendar:
    """All of it, as the yearly stage reads it."""
    days = _Days(inputs)
    seats, least = _capacity(days)
    return Calendar(
        seats=seats,
        least=least,
        pairs=_pair_is_possible(days),
        unreachable=_unreachable(days),
        limits=group_limits(inputs, days.admits, days.usable),
    )


class _Days:
    """Sessions, whom their programmes admit, and which sessions anybody at all can use."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.table = Timetable(inputs)
        self.exclusions = Exclusions(inputs, self.table)
        count = len(inputs.programmes)
        everything = Calendar(np.ones((count, 1), np.int64), np.zeros((count, 1), np.int64), np.zeros((0, 0, 0), bool))
        self.admits = build(inputs, everything).eligible
        self.usable = np.isin(self.table.year, inputs.years)
        self.usable[list(self.exclusions.everyone())] = False
        self.profiles = [self.exclusions.profile(i) for i in range(len(inputs.cadres))]
        rows_of: dict[tuple[bool, ...], list[int]] = {}
        for i, profile in enumerate(self.profiles):
            rows_of.setdefault(profile, []).append(i)
        is_open = ~np.asarray(self.admits.any(axis=0))[
            self.table.programme
        ]  # Of a programme that admits nobody nothing is known.
        for rows in rows_of.values():
            closed = np.zeros(len(self.table.ids), dtype=bool)
            closed[list(self.exclusions.blocked_for(rows[0]))] = True
            is_open |= ~closed & np.asarray(self.admits[rows].any(axis=0))[self.table.programme]
        self.usable &= is_open

    def binds_both(self, rule: Spacing) -> np.ndarray:
        """Pairs of programmes for which the rule speaks about everyone whom both admit, boolean (P, P)."""
        free = self.admits[~self.inputs.audience(rule.audience) | ~self.exclusions.is_named].astype(np.float32)
        return np.asarray(free.T @ free == 0)
