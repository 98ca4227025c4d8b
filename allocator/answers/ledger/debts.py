"""What each person owes under each rule before any plan: the auditor's counts over the history alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.audit import MEASURES
from allocator.audit.measures.cumulative import windows
from allocator.audit.records import NEVER, Array, Records
from allocator.domain.rules import Coverage, Cumulative, Fixed, Interval, MakeUp, RuleKind


@dataclass(frozen=True)
class Debt:
    """What some people owe under one rule: one element for each of them.

    Parameters
    ----------
    content
        The content owed, the programme for a fixed attendance; empty where any class of the rule will do.
    cadre
        Rows of the roster.
    done
        Year of the last class that counts (``NEVER``: none) for an attendance; hours for a cumulative rule.
    owed, unit
        What is still to be done in the plan years, as ``attendances`` or ``hours``.
    latest
        The last year in which it can be done without missing the rule.
    programmes
        Programmes with which it can be done, boolean (P,).
    """

    rule: RuleKind
    content: str
    cadre: Array
    done: Array
    owed: Array
    unit: str
    latest: Array
    programmes: Array


def debts(rule: RuleKind, records: Records) -> Iterator[Debt]:
    """Everything owed under a rule; nothing for rules that concern no single person."""
    if rule.strength != "report":
        count = _COUNTS.get(type(rule), _as_audited if rule.asks_each_person() else None)
        if count is not None:
            yield from count(rule, records)


def _recurring(rule: Interval | MakeUp, records: Records) -> Iterator[Debt]:
    """People who would first miss the content in some plan year; the class is owed by that year."""
    years, least_days = np.array(records.years), getattr(rule, "least_days", 0.0)
    span = rule.every_years if isinstance(rule, Interval) else rule.after_years
    people = records.named(records.audience(rule.audience))
    held = np.isin(years, records.years_of(rule))
    for content in rule.contents or ("",):
        last = records.last_year(records.counting(rule.programmes, content, least_days))[people]
        missed = (last <= years - span) & held
        owing = np.flatnonzero(missed.any(axis=1))
        first = missed[owing].argmax(axis=1)
        yield Debt(
            rule, content, people[owing], last[owing, first], np.ones(len(owing), dtype=np.int64), "attendances",
            years[first], _lasting(rule, records, content, least_days),
        )  # fmt: skip


def _coverage(rule: Coverage, records: Records) -> Iterator[Debt]:
    """Everybody of the audience, once by the end of the first span; the history does not count."""
    held, span = set(records.years_of(rule)), rule.window_years
    spans = [records.years[i : i + span] for i in range(0, len(records.years) - span + 1, span)]
    first = next((years for years in spans if set(years) <= held), None)
    if first is not None:
        people = np.flatnonzero(records.audience(rule.audience))
        yield Debt(
            rule, "", people, np.full(len(people), NEVER), records.headcount[people], "attendances",
            np.full(len(people), first[-1]), _lasting(rule, records, "", rule.least_days),
        )  # fmt: skip


def _cumulative(rule: Cumulative, records: Records) -> Iterator[Debt]:
    """Hours missing at the end of each window, as the auditor counts them without a plan."""
    owed = MEASURES[Cumulative](rule, records).owed
    if owed is not None and len(owed):
        row = {cadre: i for i, cadre in enumerate(records.cadre_ids)}
        cadre = np.array([row[one] for one in owed["cadre_id"]], dtype=np.int64)
        missing, year = (owed[name].to_numpy() for name in ("owed", "year"))
        done = np.empty(len(cadre))
        for first, last in windows(rule, records):
            own = year == last
            done[own] = _hours_done(rule, records, first, last)[cadre[own]]
        yield Debt(rule, "", cadre, done, missing, "hours", year, records.programmes(rule.programmes))


def _hours_done(rule: Cumulative, records: Records, first: int, last: int) -> Array:
    """Hours that count for each cadre in a window, to the fraction: what is owed is rounded up, what was done is told as it is.

    Where days count instead and bring a person further, they are told as hours.
    """
    a, size, rate = records.attendances, len(records.headcount), records.inputs.policy.parameters.hours_per_day
    inside = records.counting(rule.programmes) & (a.year >= first) & (a.year <= last)
    found: Array = np.zeros(size)
    if rule.hours is not None:
        found = np.bincount(a.cadre[inside], weights=a.hours[inside], minlength=size)
        found = found + rule.credit_hours * sum(first <= y <= last for y in records.years)
    if rule.days is not None:
        rate = rule.hours / rule.days if rule.hours is not None else rate
        found = np.maximum(found, np.bincount(a.cadre[inside], weights=a.days[inside], minlength=size) * rate)
    return found


def _as_audited(rule: RuleKind, records: Records) -> Iterator[Debt]:
    """What the auditor misses of each person, for kinds that are counted in no way of their own."""
    place = {cadre: i for i, cadre in enumerate(records.cadre_ids)}
    for row in MEASURES[type(rule)](rule, records).rows:
        cadre = place.get(row.scope.split(" ")[0])
        if cadre is not None and row.shortfall and row.year is not None:
            yield Debt(
                rule, "", np.array([cadre]), np.array([NEVER]), np.array([row.shortfall]), rule.owed_in, np.array([row.year]),
                _lasting(rule, records, "", getattr(rule, "least_days", 0.0)),
            )  # fmt: skip


def _fixed(rule: Fixed, records: Records) -> Iterator[Debt]:
    """Seats that are settled: call-ups by name, and audiences that attend as a whole."""
    row = {cadre: i for i, cadre in enumerate(records.cadre_ids)}
    session = {one: i for i, one in enumerate(records.session_ids)}
    settled = [
        (row[one.cadre_id], int(records.session_programme[session[one.session_id]]), records.session_year[session[one.session_id]])
        for one in rule.call_ups
    ]  # fmt: skip
    if rule.everyone:
        people, programmes = records.audience(rule.audience), records.programmes(rule.programmes)
        settled += [
            (int(c), int(p), y)
            for y in records.years_of(rule) for p in np.flatnonzero(programmes) for c in np.flatnonzero(people)
        ]  # fmt: skip
    for p in sorted({programme for _, programme, _ in settled}):
        cadre, year = (np.array([one[i] for one in settled if one[1] == p], dtype=np.int64) for i in (0, 2))
        programmes = np.arange(len(records.programme_ids)) == p
        owed = records.headcount[cadre] if rule.everyone else np.ones(len(cadre), dtype=np.int64)
        yield Debt(
            rule,
            str(records.programme_ids[p]),
            cadre,
            np.full(len(cadre), NEVER),
            owed,
            "attendances",
            year,
            programmes,
        )


_COUNTS: Mapping[type[RuleKind], Callable[[Any, Records], Iterator[Debt]]] = {
    Interval: _recurring,
    MakeUp: _recurring,
    Coverage: _coverage,
    Cumulative: _cumulative,
    Fixed: _fixed,
}
"""Kinds under which a person owes something, and how it is counted."""


def _lasting(rule: RuleKind, records: Records, content: str, least_days: float) -> Array:
    """Programmes of a rule that carry a content and last long enough, boolean (P,)."""
    long = records.inputs.programmes["days"].to_numpy() >= least_days
    found: Array = records.programmes(rule.programmes) & records.carries(content) & long
    return found
