"""Cumulative: days or hours within a window, and what each person still owes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Cumulative
from allocator.language.message import Message


@MEASURES.add(Cumulative)
def measure_cumulative(rule: Cumulative, records: Records) -> Finding:
    """Sum the hours that named cadres still owe at the end of the window, or of each plan year.

    Owed is the smaller of the two limbs' shortfalls, each in hours and rounded up: hours missing, and days missing
    times hours per day. Rows count people; the totals of the rule are hours.
    """
    audience = records.audience(rule.audience)
    people = records.named(audience)
    counting = records.counting(rule.programmes)
    hours_per_day = records.inputs.policy.parameters.hours_per_day
    asked = float(rule.hours if rule.hours is not None else -int(-(rule.days or 0) * hours_per_day // 1))
    rows, lists, owed_all = [], [], 0
    for first, last in windows(rule, records):
        owed = _owed(rule, records, counting, first, last, hours_per_day)[people]
        owing = np.flatnonzero(owed)
        owed_all += int(owed.sum())
        rows.append(Row(last, ALL, len(people), len(people) - len(owing), "people", len(owing)))
        ids = records.cadre_ids[people[owing]]
        if rule.strength == "hard":
            rows += [
                Row(last, str(cadre), asked, asked - hours, "hours", int(hours))
                for cadre, hours in zip(ids, owed[owing], strict=True)
            ]
        lists.append(
            pd.DataFrame(
                {
                    "rule_id": pd.Series(rule.id, index=range(len(owing)), dtype=str),
                    "cadre_id": pd.Series(ids, dtype=str),
                    "year": last,
                    "required": asked,
                    "achieved": asked - owed[owing],
                    "owed": owed[owing],
                }
            )
        )
    required = asked * len(people) * len(lists)
    judged, kept = map(int, totals(rows))
    return Finding(
        tuple(rows),
        len(people),
        "hours",
        required,
        required - owed_all,
        owed_all,
        counted(rule, owed_all),
        note=Message("audit.owing-nothing", judged=judged, kept=kept),
        owed=pd.concat(lists, ignore_index=True) if lists else None,
    )


def windows(rule: Cumulative, records: Records) -> list[tuple[int, int]]:
    """First and last calendar year of every window the rule judges."""
    first = records.years[0] if rule.from_year is None else rule.from_year
    last = records.years[-1] if rule.to_year is None else rule.to_year
    if rule.per_year:
        return [(y, y) for y in records.years_of(rule) if first <= y <= last]
    return [(first, last)]


def _owed(rule: Cumulative, records: Records, counting: Array, first: int, last: int, hours_per_day: float) -> Array:
    """Hours each cadre owes in one window, whole numbers."""
    a = records.attendances
    inside = counting & (a.year >= first) & (a.year <= last)
    size = len(records.headcount)
    owed = np.full(size, np.inf)
    if rule.hours is not None:
        hours = np.bincount(a.cadre[inside], weights=a.hours[inside], minlength=size)
        credit = rule.credit_hours * sum(first <= y <= last for y in records.years)
        owed = np.minimum(owed, whole(rule.hours - hours - credit))
    if rule.days is not None:
        days = np.bincount(a.cadre[inside], weights=a.days[inside], minlength=size)
        rate = rule.hours / rule.days if rule.hours is not None else hours_per_day
        owed = np.minimum(owed, whole((rule.days - days) * rate))
    return owed.astype(np.int64)


def whole(missing: Array) -> Array:
    """Missing hours rounded up, not below 0; a trace of floating point above a whole number is not an hour."""
    hours: Array = np.ceil(np.maximum(missing, 0.0) - 1e-9)
    return hours
