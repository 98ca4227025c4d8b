"""Spacing: what one person's calendar allows, as far as the years tell."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Spacing
from allocator.model.instance import Instance
from allocator.model.personal.register import STRICT


@STRICT.add(Spacing)
class SpacingSide:
    r"""Forbid menus and pairs of years.

    .. math::
        \sum_{p \in P} a_{py} \le m, \qquad
        a_{py} + a_{py'} \le 1 \;\; \forall\, |y - y'| < k, \qquad
        a_{py} + a_{qy'} \le 1 \;\; \forall\, |y - y'| < L,\; p, q \text{ long}

    ``m`` classes a year, the same programme not within ``k`` years, one long class in ``L`` years. What is on record blocks
    years of the plan in the same way, also where it lies in a plan year or after it, and counts among the classes of its year. Of
    two years the rule must hold in the later. Each member of an unnamed group follows a trajectory of its own that keeps this, whoever it
    is; a group has no record. Days of rest are for the dated stage; two programmes whose sessions of a year
    all lie too close are kept apart here through the calendar's pairs.
    """

    def apart(self, instance: Instance, rule: Spacing, slots: np.ndarray) -> np.ndarray:
        """Years that must lie between two slots (0: no limit), by the later plan year, shape (n, n, Y)."""
        counting = instance.counting(rule.programmes)[slots]
        apart = np.zeros((len(slots), len(slots)), dtype=np.int64)
        if rule.same_programme_years is not None:
            apart[np.diag_indices(len(slots))] = np.where(counting, rule.same_programme_years, 0)
        if rule.long_days is not None and rule.long_years is not None:
            is_long = counting & (instance.days[slots] >= rule.long_days)
            apart = np.maximum(apart, np.outer(is_long, is_long) * rule.long_years)
        return np.asarray(apart[:, :, None] * instance.holds(rule))

    def recorded(self, instance: Instance, rule: Spacing) -> np.ndarray:
        """Classes on record of each person in each plan year, where they count among the classes of a year; shape (I, Y)."""
        history, first = instance.history, instance.years[0]
        found = np.zeros((len(instance.headcount), len(instance.years)), dtype=np.int64)
        if rule.classes_per_year is None:
            return found
        ours = instance.audience(rule.audience)[history.person] & instance.is_named[history.person]
        y = history.year - first
        use = ours & history.counting(rule.programmes) & (y >= 0) & (y < len(instance.years))
        np.add.at(found, (history.person[use], y[use]), 1)
        return np.asarray(found * instance.holds(rule))

    def blocked(self, instance: Instance, rule: Spacing, slots: np.ndarray) -> np.ndarray:
        """Plan years that the record closes, boolean (I, Y, n).

        Parameters
        ----------
        slots
            Programmes of each person's slots, -1 where there is none, shape (I, n).
        """
        history, years, held = instance.history, np.array(instance.years), instance.holds(rule)
        counting = np.append(instance.counting(rule.programmes), False)
        ours = instance.audience(rule.audience)[history.person] & instance.is_named[history.person]
        blocked = np.zeros((len(slots), len(years), slots.shape[1]), dtype=bool)

        def close(entries: np.ndarray, alike: np.ndarray, within: int) -> None:
            """Close the slots that are like an entry of the record, boolean (entries, n), in the years so near to it."""
            entry, slot = np.nonzero(alike)
            for y, year in enumerate(years.tolist()):
                near = held[y] & (np.abs(year - history.year[entries[entry]]) < within)
                blocked[history.person[entries[entry[near]]], y, slot[near]] = True

        if rule.same_programme_years is not None:
            known = ours & (history.programme >= 0) & counting[history.programme]
            rows = np.flatnonzero(known & (years[0] - history.year < rule.same_programme_years))
            close(rows, slots[history.person[rows]] == history.programme[rows][:, None], rule.same_programme_years)
        if rule.long_days is not None and rule.long_years is not None:
            is_long = counting & (np.append(instance.days, 0) >= rule.long_days)
            known = ours & history.counting(rule.programmes, rule.long_days)
            rows = np.flatnonzero(known & (years[0] - history.year < rule.long_years))
            close(rows, is_long[slots[history.person[rows]]], rule.long_years)
        if rule.classes_per_year is not None:
            is_full = self.recorded(instance, rule) >= rule.classes_per_year
            blocked |= is_full[:, :, None] & counting[slots][:, None, :]
        return blocked
