"""Yearly capacity: seats, least sizes, pairs of programmes that fit into one year, and years out of reach.

These are relaxations of the dates: every plan that has dates keeps all of them. So they cost the yearly stage no plan, and its
bounds hold for the problem with dates too.
"""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Spacing
from allocator.domain.tables import Inputs
from allocator.engine.calendar.away_capacity import group_limits
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.calendar.timetable import Timetable
from allocator.model.instance import Calendar, admission, distinct_rows


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
    ours = np.flatnonzero(days.usable)
    at = days.table.programme[ours], np.searchsorted(inputs.years, days.table.year[ours])
    np.add.at(seats, at, days.table.seats[ours])
    np.minimum.at(least, at, days.table.least[ours])
    return seats, np.where(seats > 0, least, 0)


def pair_is_possible(inputs: Inputs) -> np.ndarray:
    """Whether one person could attend two programmes in one year, boolean (P, P, Y).

    It needs two different sessions, one of each, that share no day and leave the rest of every spacing rule that speaks
    about everyone whom both programmes admit.
    """
    return _pair_is_possible(_Days(inputs))


def _pair_is_possible(days: _Days) -> np.ndarray:
    inputs, table = days.inputs, days.table
    count = len(inputs.programmes)
    possible = np.zeros((count, count, len(inputs.years)), dtype=bool)
    rests = [rule for rule in inputs.policy.rules if isinstance(rule, Spacing) and rule.rest_days]
    closeness = [table.too_close(rule) for rule in rests]
    bits = np.min_scalar_type((1 << len(rests)) - 1)
    binding = np.zeros((count, count), dtype=bits)  # Which of the rules speak about everyone, as bits.
    for r, rule in enumerate(rests):
        binding |= days.binds_both(rule).astype(bits) << bits.type(r)
    for y, year in enumerate(inputs.years):
        ours = np.flatnonzero(days.usable & (table.year == year))
        if not len(ours):
            continue
        held, row = np.unique(table.programme[ours], return_inverse=True)
        kinds, column = np.unique(table.kind[ours], return_inverse=True)
        has = np.zeros((len(held), len(kinds)), dtype=bool)
        has[row, column] = True
        first, weeks = distinct_rows(has)  # Many programmes are held in the same weeks.
        has_any = has[first].astype(np.float32)  # Whole numbers and truth values have no quick product.
        binds = binding[np.ix_(held, held)]
        found = np.zeros((len(held), len(held)), dtype=bool)
        for code in np.unique(binds).tolist():
            apart = ~table.overlap[np.ix_(kinds, kinds)]
            for r, close in enumerate(closeness):
                if code >> r & 1:
                    apart &= ~close[np.ix_(kinds, kinds)]
            fits = has_any @ apart.astype(np.float32) @ has_any.T > 0
            found |= (binds == code) & fits[weeks][:, weeks]
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
    own = days.exclusions.own
    alone = np.zeros(len(inputs.cadres), dtype=bool)
    alone[list(own)] = True
    ids, names = inputs.cadres["cadre_id"].tolist(), inputs.programmes["programme_id"].tolist()
    triples: list[tuple[str, str, int]] = []

    def add(people: np.ndarray, sessions: list[int]) -> None:
        closed = days.closed(sessions)
        if not closed.any():
            return
        slots = days.admission.slots[days.admission.profile[people]]
        hit = np.vstack([closed, np.zeros((1, closed.shape[1]), dtype=bool)])[slots]
        for i, n, y in np.argwhere(hit).tolist():
            triples.append((ids[people[i]], names[slots[i, n]], inputs.years[y]))

    profile = days.exclusions.profile
    for k in range(int(profile.max(initial=-1)) + 1):
        people = np.flatnonzero(profile == k)
        add(people[~alone[people]], list(days.exclusions.blocked_for(int(people[0]))))
    closed_to: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for i in sorted(own):
        closed_to.setdefault((int(profile[i]), tuple(sorted(own[i]))), []).append(i)
    for (_, sessions), people_alike in closed_to.items():
        add(np.array(people_alike), [*days.exclusions.blocked_for(people_alike[0]), *sessions])
    return frozenset(triples)


def calendar(inputs: Inputs, exclusions: Exclusions | None = None) -> Calendar:
    """All of it, as the yearly stage reads it.

    Parameters
    ----------
    exclusions
        Of the same inputs, when they are known already.
    """
    days = _Days(inputs, exclusions)
    seats, least = _capacity(days)
    return Calendar(
        seats=seats,
        least=least,
        pairs=_pair_is_possible(days),
        unreachable=_unreachable(days),
        limits=group_limits(days.table, days.admission, days.usable),
    )


class _Days:
    """Sessions, whom their programmes admit, and which sessions anybody at all can use."""

    def __init__(self, inputs: Inputs, exclusions: Exclusions | None = None) -> None:
        self.inputs = inputs
        self.exclusions = Exclusions(inputs, Timetable(inputs)) if exclusions is None else exclusions
        self.table = self.exclusions.timetable
        count = len(inputs.programmes)
        self.admission = admission(inputs, np.ones(count, dtype=bool))
        self.usable = np.isin(self.table.year, inputs.years)
        self.usable[list(self.exclusions.everyone())] = False
        everybody = np.ones(len(inputs.cadres), dtype=bool)
        # Of a programme that admits nobody nothing is known.
        is_open = ~self.admission.programmes_of(everybody, count)[self.table.programme]
        profile = self.exclusions.profile
        for k in range(int(profile.max(initial=-1)) + 1):
            people = profile == k
            closed = np.zeros(len(self.table.ids), dtype=bool)
            closed[list(self.exclusions.blocked_for(int(np.argmax(people))))] = True
            is_open |= ~closed & self.admission.programmes_of(people, count)[self.table.programme]
        self.usable &= is_open

    def closed(self, sessions: list[int]) -> np.ndarray:
        """Programmes and plan years of which every usable session is among these, boolean (P, Y)."""
        inputs, shape = self.inputs, (len(self.inputs.programmes), len(self.inputs.years))
        held, left = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        is_open = self.usable.copy()
        is_open[sessions] = False
        for found, which in ((held, self.usable), (left, is_open)):
            found[self.table.programme[which], np.searchsorted(inputs.years, self.table.year[which])] = True
        return held & ~left

    def binds_both(self, rule: Spacing) -> np.ndarray:
        """Pairs of programmes for which the rule speaks about everyone whom both admit, boolean (P, P)."""
        count = len(self.inputs.programmes)
        binds = np.ones((count + 1, count + 1), dtype=bool)
        free = ~self.inputs.audience(rule.audience) | ~self.exclusions.is_named
        slots = self.admission.slots[np.unique(self.admission.profile[free])]
        slots = slots[distinct_rows(slots)[0]]
        binds[slots[:, :, None], slots[:, None, :]] = False
        return binds[:count, :count]
