"""Openings: which seats each person could take in each year, as far as the record, call-ups and the calendar tell.

Everything is counted generously, so that whatever fails here fails in every plan: rest between classes, the share of a team away
and the contest with other rules are left aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.domain.names import Called
from allocator.domain.rules import Fixed, Spacing
from allocator.model.instance import Instance, distinct_rows
from allocator.model.personal import STRICT
from allocator.model.personal.fixed import unreachable


@dataclass(frozen=True, eq=False)
class Part:
    """The people of a part of the roster who can attend some class of a part of the programmes, alike ones together.

    Parameters
    ----------
    group
        Group of each class of people, shape (C,).
    people
        Heads of each class, shape (C,).
    times
        Years in which one of them could attend at most, shape (C,).
    of, programme, year
        Openings: class of people, programme and plan year, each of shape (E,).
    seats
        Seats that are left to them, shape (P, Y).
    """

    group: np.ndarray
    people: np.ndarray
    times: np.ndarray
    of: np.ndarray
    programme: np.ndarray
    year: np.ndarray
    seats: np.ndarray

    def within(self, years: np.ndarray) -> Part:
        """The openings of some plan years (boolean (Y,))."""
        keep = years[self.year]
        return Part(
            self.group, self.people, self.times, self.of[keep], self.programme[keep], self.year[keep], self.seats
        )

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Programme and year of every class held that somebody can attend, and the place of each opening among them."""
        key, place = np.unique(self.programme * self.seats.shape[1] + self.year, return_inverse=True)
        return key, place

    @cached_property
    def open_seats(self) -> int:
        """Seats of those classes."""
        return int(self.seats.reshape(-1)[self.places[0]].sum())

    def heads(self, groups: int) -> np.ndarray:
        """People with an opening, by group, shape (groups,)."""
        able = np.unique(self.of)
        return np.bincount(self.group[able], weights=self.people[able], minlength=groups).astype(np.int64)


class Openings:
    """Slots ``n`` of a person are the programmes he or she is eligible for, as in the model."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.names = Called(instance.inputs)
        years = len(instance.years)
        self.slots = instance.admission.slots[instance.admission.profile]
        closed = unreachable(instance, self.slots) | self._not_admitted()
        everyone, self.called = np.zeros_like(closed), np.zeros_like(closed)
        for rule in instance.rules(Spacing):
            closed |= STRICT[Spacing].blocked(instance, rule, self.slots)
        for fixed in instance.rules(Fixed):
            closed |= STRICT[Fixed].blocked(instance, fixed, self.slots)
            (everyone if fixed.everyone else self.called).__ior__(STRICT[Fixed].required(instance, fixed, self.slots))
        self.called |= everyone
        held = np.vstack([instance.calendar.seats > 0, np.zeros((1, years), dtype=bool)])[self.slots].transpose(0, 2, 1)
        self.open = (held & ~closed) | self.called
        # A group called by name may be one seat; called as a whole it is everybody.
        self.called_heads = np.where(everyone, instance.headcount[:, None, None], self.called.astype(np.int64))
        self._close_small_classes()

    def _not_admitted(self) -> np.ndarray:
        """Years in which no rule admits a person to the programme of a slot, boolean (I, Y, n)."""
        admission = self.instance.admission
        if admission.years is None:
            return np.zeros((len(self.slots), len(self.instance.years), self.slots.shape[1]), dtype=bool)
        return np.asarray(~admission.years[admission.profile])

    def _close_small_classes(self) -> None:
        """Close classes for which there are fewer people than their smallest session needs."""
        i, y, n = np.nonzero(self.open)
        shape = self.instance.calendar.seats.shape
        heads = np.zeros(shape, dtype=np.int64)
        np.add.at(heads, (self.slots[i, n], y), self.instance.headcount[i])
        self.too_small = (heads < self.instance.calendar.least) & (self.instance.calendar.seats > 0)
        self.heads = heads
        self.open[i, y, n] &= ~self.too_small[self.slots[i, n], y]

    def counting(self, programmes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Openings of some people (positions) in some programmes (boolean (P,)), boolean (rows, Y, n)."""
        return np.asarray(self.open[rows] & np.append(programmes, False)[self.slots[rows]][:, None, :])

    def seats_for(self, people: np.ndarray) -> np.ndarray:
        """Seats less those called up by name for others than these people (boolean (I,)), shape (P, Y)."""
        left = self.instance.calendar.seats.copy()
        i, y, n = self._calls
        others = ~people[i]
        i, y, n = i[others], y[others], n[others]
        np.subtract.at(left, (self.slots[i, n], y), self.called_heads[i, y, n])
        return np.asarray(np.maximum(left, 0))

    @cached_property
    def _calls(self) -> tuple[np.ndarray, ...]:
        return np.nonzero(self.called)

    def part(self, audience: np.ndarray, programmes: np.ndarray, group: np.ndarray | None = None) -> Part:
        """The openings of an audience (boolean (I,)) in programmes (boolean (P,)), with a group for each person."""
        group = np.zeros(len(audience), dtype=np.int64) if group is None else group
        rows = np.flatnonzero(audience)
        counting = self.counting(programmes, rows)
        able = counting.any(axis=(1, 2))
        rows, counting = rows[able], counting[able]
        open_to = np.sort(np.where(counting, self.slots[rows][:, None, :], -1), axis=2)
        times = self.times(counting, rows)
        first, of = distinct_rows(group[rows], times, *(open_to[:, y] for y in range(open_to.shape[1])))
        c, y, n = np.nonzero(open_to[first] >= 0)
        return Part(
            group=group[rows][first],
            people=np.bincount(of, weights=self.instance.headcount[rows], minlength=len(first)).astype(np.int64),
            times=times[first],
            of=c,
            programme=open_to[first][c, y, n],
            year=y,
            seats=self.seats_for(audience),
        )

    def times(self, counting: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Years in which each person could attend at most, given what may not be repeated.

        Parameters
        ----------
        counting
            Openings that count, boolean (rows, Y, n).
        rows
            The people asked about, as positions.

        Returns
        -------
        numpy.ndarray
            Shape (rows,): years with an opening, or fewer where every programme, and long classes together, come round only
            after some years.
        """
        years = counting.shape[1]
        bit = (1 << np.arange(years))[None, :, None]
        pattern = (counting * bit).sum(axis=1)
        apart, long_apart = self._apart
        each = most_spread(pattern, apart[rows], years)
        some_year = np.bitwise_or.reduce(pattern, axis=1)
        best = np.minimum(each.sum(axis=1), most_spread(some_year, np.ones_like(some_year), years))
        for distance, is_long in long_apart:
            long_slot = is_long[rows]
            long_years = np.bitwise_or.reduce(np.where(long_slot, pattern, 0), axis=1)
            long_times = most_spread(long_years, np.full_like(long_years, distance), years)
            best = np.minimum(best, np.where(long_slot, 0, each).sum(axis=1) + long_times)
        return np.asarray(best)

    @cached_property
    def _apart(self) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
        """Years between two attendances of one slot, (I, n); and of any two long slots, by rule.

        Of an unnamed group they hold for each of its people. What is called up by name stands outside.
        """
        instance, slots = self.instance, self.slots
        apart = np.ones(slots.shape, dtype=np.int64)
        long_apart: list[tuple[int, np.ndarray]] = []
        free = self.called.any(axis=1)
        for rule in instance.rules(Spacing):
            if not instance.holds(rule).all():
                continue  # In the other years it allows what it will.
            bound = instance.audience(rule.audience)[:, None] & ~free
            counting = instance.counting(rule.programmes)
            spaced = bound & np.append(counting, False)[slots]
            if rule.same_programme_years is not None:
                apart = np.where(spaced, np.maximum(apart, rule.same_programme_years), apart)
            if rule.long_days is not None and rule.long_years is not None:
                is_long = np.append(counting & (instance.days >= rule.long_days), False)
                long_apart.append((rule.long_years, bound & is_long[slots]))
        return apart, long_apart


def most_spread(pattern: np.ndarray, apart: np.ndarray, years: int) -> np.ndarray:
    """Most years of a pattern (bits, year y is bit y) that lie at least ``apart`` years from each other.

    Examples
    --------
    >>> most_spread(np.array([0b1111, 0b1011]), np.array([3, 1]), 4)
    array([2, 3])
    """
    taken = np.zeros(pattern.shape, dtype=np.int64)
    free_from = np.zeros(pattern.shape, dtype=np.int64)
    for y in range(years):  # The earliest possible year is never worse than a later one.
        take = ((pattern >> y) & 1 == 1) & (free_from <= y)
        taken += take
        free_from = np.where(take, y + apart, free_from)
    return taken
