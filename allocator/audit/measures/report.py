"""Report: measures that are printed and never breached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from allocator.audit.finding import ALL, Finding, Row
from allocator.audit.records import Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Cumulative, Report
from allocator.language.message import Message


@MEASURES.add(Report)
def measure_report(rule: Report, records: Records) -> Finding:
    """Measure what the rule asks for, year by year, beside the figure of the document where it gives one."""
    people = records.people(records.audience(rule.audience))
    if rule.measure == "document":
        row = Row(None, ALL, rule.amount, None, rule.unit)
        return Finding((row,), people, rule.unit, rule.amount, None, note=Message("audit.document"))
    if rule.measure == "deadline":
        due = int(rule.amount) - 1 if rule.amount is not None else None
        note = Message("audit.deadline", year=due) if due else Message("audit.no-deadline")
        row = Row(due, ALL, rule.amount, None, rule.unit or "years")
        return Finding((row,), people, row.unit, rule.amount, None, note=note)
    measure, unit, per_year = _BY_YEAR[rule.measure]
    unit = rule.unit or unit
    scale = 100.0 if unit == "percent" else 1.0
    values = measure(rule, records)
    asked = None if rule.amount is None or rule.measure == "away-peak" else rule.amount
    rows = []
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        achieved = round(scale * float(values[column]), 4)
        rows.append(Row(y, ALL, rule.amount, achieved, unit, max(0.0, asked - achieved) if asked is not None else 0.0))
    achieved_rows = [row.achieved or 0.0 for row in rows]
    total = sum(achieved_rows) if per_year else max(achieved_rows, default=0.0)
    if per_year == "mean":
        total = round(total / max(1, len(rows)), 4)
    required = rule.amount * len(rows) if rule.amount is not None and per_year == "sum" else rule.amount
    return Finding(tuple(rows), people, unit, required, total, sum(row.shortfall for row in rows))


def _people(rule: Report, records: Records) -> Array:
    sent: Array = records.sent(rule.programmes)[records.audience(rule.audience)].sum(axis=0)
    return sent


def _rate(rule: Report, records: Records) -> Array:
    return _people(rule, records) / max(1, records.people(records.audience(rule.audience)))


def _hours(rule: Report, records: Records) -> Array:
    """Hours of classes of the plan that are not online, per head."""
    a = records.attendances
    audience = records.audience(rule.audience)
    chosen = a.planned & ~a.online & audience[a.cadre] & records.counting(rule.programmes)
    return _by_year(records, chosen, a.hours * a.seats) / max(1, records.people(audience))


def _online_hours(rule: Report, records: Records) -> Array:
    """Online hours on record or planned, and those that cumulative rules credit to each person, per head."""
    a = records.attendances
    audience = records.audience(rule.audience)
    chosen = a.online & audience[a.cadre] & records.counting(rule.programmes)
    credit = np.zeros(len(records.headcount), dtype=np.int64)
    for other in records.inputs.policy.rules:
        if isinstance(other, Cumulative):
            credit = np.maximum(credit, other.credit_hours * records.audience(other.audience))
    credited = float((credit * records.headcount)[audience].sum())
    return (_by_year(records, chosen, a.hours * a.seats) + credited) / max(1, records.people(audience))


def _sessions(rule: Report, records: Records) -> Array:
    """Sessions of the programmes with somebody of the audience in them."""
    a = records.attendances
    chosen = a.planned & records.audience(rule.audience)[a.cadre] & records.counting(rule.programmes)
    held = np.unique(a.session[chosen])
    return np.array([(records.session_year[held] == y).sum() for y in records.years])


def _away_peak(rule: Report, records: Records) -> Array:
    """Largest share of the audience away in one week, Monday to Sunday."""
    a = records.attendances
    audience = records.audience(rule.audience)
    attendance, day = records.days_away
    chosen = (audience[a.cadre] & records.counting(rule.programmes))[attendance]
    attendance, day = attendance[chosen], day[chosen]
    week = (day + 3) // 7  # Ordinal 0 was a Thursday, so the weeks of the count begin on Mondays.
    # A person in two sessions of one week is away once; seats of an unnamed group are different people.
    person = np.where(records.headcount[a.cadre[attendance]] > 1, -1 - attendance, a.cadre[attendance])
    peak = []
    for y in records.years:
        this = a.year[attendance] == y
        _, first = np.unique(np.stack([week[this], person[this]]), axis=1, return_index=True)
        away = np.bincount(week[this][first] - week.min(initial=0), weights=a.seats[attendance[this][first]])
        peak.append(away.max(initial=0.0))
    return np.array(peak) / max(1, records.people(audience))


def _by_year(records: Records, chosen: Array, weights: Array) -> Array:
    year = records.attendances.year
    return np.array([weights[chosen & (year == y)].sum() for y in records.years], dtype=np.float64)


_BY_YEAR: Mapping[str, tuple[Callable[[Report, Records], Array], str, str]] = MappingProxyType(
    {
        "people": (_people, "people", "sum"),
        "rate": (_rate, "share", "mean"),
        "hours-per-head": (_hours, "hours", "mean"),
        "online-hours-per-head": (_online_hours, "hours", "mean"),
        "sessions": (_sessions, "sessions", "sum"),
        "away-peak": (_away_peak, "share", ""),
    }
)
"""Measure of each year, its unit, and how the years are put together (sum, mean; else the largest)."""
