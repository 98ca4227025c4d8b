"""Spacing: what one person's calendar allows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Spacing

Fault = tuple[Array, Array, Array | float, str]
"""Attendances at fault, what each achieved, what was required (of each, or of all), and the unit."""


@MEASURES.add(Spacing)
def measure_spacing(rule: Spacing, records: Records) -> Finding:
    """Count the placements that come too soon, repeat too early, or are one class too many.

    Both classes of a pair must be of the rule's programmes; history counts, but a pair within the history is not
    judged. Of a pair the later class is at fault, or the earlier one when only that belongs to the plan. Overlaps are
    judged by ``no-overlap`` whatever the rules say.

    Of an unnamed group heads are counted: a placement is at fault when, with those before it, more of its people are sent in
    one year, to one programme within ``same_programme_years`` or to long classes within ``long_years`` than one after the
    other could go; years outside the rule do not count. Its record and its days of rest are not judged.
    """
    a = records.attendances
    audience = records.audience(rule.audience)
    is_named = records.headcount[a.cadre] == 1
    judged = audience[a.cadre] & records.counting(rule.programmes) & (is_named | a.planned)
    held = records.years_of(rule)
    faults = {}
    details = []
    heads = judged & ~is_named & np.isin(a.year, held)
    for at_fault, achieved, required, unit in _limbs(rule, records, judged & is_named, heads):
        for i, value, asked in zip(at_fault, achieved, np.broadcast_to(required, len(at_fault)), strict=True):
            if int(a.year[i]) not in held:
                continue
            scope = f"{records.cadre_ids[a.cadre[i]]}@{records.session_ids[a.session[i]]}"
            faults[int(i)] = int(a.year[i])
            details.append(Row(int(a.year[i]), scope, float(asked), float(value), unit, abs(float(asked - value))))
    rows: list[Row] = []
    for y in held:
        total = int((judged & a.planned & (a.year == y)).sum())
        wrong = sum(year == y for year in faults.values())
        rows.append(Row(y, ALL, total, total - wrong, "placements", wrong))
        rows += sorted(row for row in details if row.year == y)
    required_all, achieved_all = totals(rows)
    people = records.people(audience)
    breaches = len(faults)
    return Finding(tuple(rows), people, "placements", required_all, achieved_all, breaches, counted(rule, breaches))


def _limbs(rule: Spacing, records: Records, judged: Array, heads: Array) -> Iterator[Fault]:
    """The faults of named people, ``judged``, and of unnamed groups, of which ``heads`` are counted."""
    a = records.attendances
    listed, long = a.programme >= 0, a.days >= (rule.long_days or 0)
    together = np.zeros_like(a.programme)
    if rule.rest_days is not None:
        yield _rest(rule.rest_days, records, judged)
    if rule.same_programme_years is not None:
        yield _within_years(rule.same_programme_years, records, np.flatnonzero(judged & listed), a.programme)
        yield _heads(rule.same_programme_years, 1, records, np.flatnonzero(heads), a.programme)
    if rule.classes_per_year is not None:
        yield _too_many(rule.classes_per_year, records, np.flatnonzero(judged))
        yield _heads(1, rule.classes_per_year, records, np.flatnonzero(heads), together)
    if rule.long_days is not None and rule.long_years is not None:
        yield _within_years(rule.long_years, records, np.flatnonzero(judged & long), together)
        yield _heads(rule.long_years, 1, records, np.flatnonzero(heads & long), together)


def _at_fault(records: Records, earlier: Array, later: Array) -> Array:
    """The later of each pair when it is a placement, else the earlier; -1 when neither is."""
    planned = records.attendances.planned
    return np.where(planned[later], later, np.where(planned[earlier], earlier, -1))


def _worst(at_fault: Array, values: Array) -> tuple[Array, Array]:
    """Each attendance at fault once, with the smallest of its values."""
    order = np.lexsort((values, at_fault))
    order = order[at_fault[order] >= 0]
    _, first = np.unique(at_fault[order], return_index=True)
    return at_fault[order][first], values[order][first]


def _rest(rest_days: int, records: Records, judged: Array) -> Fault:
    """Pairs of classes with fewer than ``rest_days`` free days between them; parts of one session are one class."""
    blocks = records.blocks
    attendance = blocks["attendance"].to_numpy()
    chosen = np.flatnonzero(judged[attendance])
    cadre, first, last = (blocks[c].to_numpy()[chosen] for c in ("cadre", "first", "last"))
    order = np.lexsort((last, first, cadre))
    attendance, cadre, first, last = attendance[chosen][order], cadre[order], first[order], last[order]
    pairs, free = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    # A long class may reach beyond the next one, so each block is compared with all blocks after it of its cadre.
    for lag in range(1, int(np.bincount(cadre).max(initial=0))):
        same = np.flatnonzero(cadre[lag:] == cadre[:-lag])
        gap = first[lag:][same] - last[:-lag][same] - 1
        close = (gap < rest_days) & (attendance[lag:][same] != attendance[:-lag][same])
        pairs.append(_at_fault(records, attendance[:-lag][same][close], attendance[lag:][same][close]))
        free.append(gap[close])
    at_fault, achieved = _worst(np.concatenate(pairs), np.concatenate(free))
    return at_fault, achieved, float(rest_days), "days"


def _within_years(years: int, records: Records, chosen: Array, sort: Array) -> Fault:
    """Second attendances of one cadre and sort less than ``years`` calendar years after the first."""
    a = records.attendances
    order = chosen[np.lexsort((records.rank[chosen], a.year[chosen], sort[chosen], a.cadre[chosen]))]
    earlier, later = order[:-1], order[1:]
    apart = a.year[later] - a.year[earlier]
    close = (a.cadre[later] == a.cadre[earlier]) & (sort[later] == sort[earlier]) & (apart < years)
    at_fault, achieved = _worst(_at_fault(records, earlier[close], later[close]), apart[close])
    return at_fault, achieved, float(years), "years"


def _too_many(limit: int, records: Records, chosen: Array) -> Fault:
    """Placements beyond the first ``limit`` classes of a cadre in a calendar year; classes on record come first."""
    a = records.attendances
    order = chosen[np.lexsort((records.rank[chosen], a.planned[chosen], a.year[chosen], a.cadre[chosen]))]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (a.cadre[order[1:]] != a.cadre[order[:-1]]) | (a.year[order[1:]] != a.year[order[:-1]])
    number = np.arange(len(order)) - np.flatnonzero(begins)[np.cumsum(begins) - 1] + 1
    beyond = (number > limit) & a.planned[order]
    return order[beyond], number[beyond], float(limit), "classes"


def _heads(years: int, each: int, records: Records, chosen: Array, sort: Array) -> Fault:
    """Placements of unnamed groups with which some years hold more seats of one sort than ``each`` of its people could take.

    The years are so many in a row, the last of them that of the placement.
    """
    a = records.attendances
    order = chosen[np.lexsort((records.rank[chosen], a.year[chosen], sort[chosen], a.cadre[chosen]))]
    cadre, year, seats = a.cadre[order], a.year[order], np.cumsum(a.seats[order])
    most = each * records.headcount[cadre]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(cadre) != 0) | (np.diff(sort[order]) != 0)
    part = np.cumsum(begins) - 1
    # Parts lie behind each other, further apart than any years, so that one search finds where the years of each begin.
    span = int(year.max(initial=0) - year.min(initial=0)) + years + 1
    place = part * span + year
    first = np.searchsorted(place, np.maximum(place - years + 1, part * span))
    used = seats - np.append(0, seats)[first]
    beyond = np.flatnonzero(used > most)
    return order[beyond], used[beyond], most[beyond].astype(float), "seats"
