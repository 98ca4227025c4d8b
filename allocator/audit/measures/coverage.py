"""Coverage: everyone at least once in a span of years."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Coverage
from allocator.language.message import Message


@MEASURES.add(Coverage)
def measure_coverage(rule: Coverage, records: Records) -> Finding:
    """Count the people without an attendance in each whole span of plan years.

    Of an unnamed group as many are covered as seats were used in the span, up to its headcount. Spans follow each
    other from the first plan year; a span counts when the rule holds in all its years. Rows carry the span's last year.
    """
    audience = records.audience(rule.audience)
    seats = records.seats(rule.programmes, rule.least_days)
    held = records.years_of(rule)
    rows = []
    for begin in range(0, len(records.years) - rule.window_years + 1, rule.window_years):
        span = records.years[begin : begin + rule.window_years]
        if not set(span) <= set(held):
            continue
        covered = np.minimum(seats[:, begin : begin + rule.window_years].sum(axis=1), records.headcount)
        missing = np.where(audience, records.headcount - covered, 0)
        total, missed = records.people(audience), int(missing.sum())
        rows.append(Row(span[-1], ALL, total, total - missed, "people", missed))
        if rule.strength == "hard":
            rows += [
                Row(
                    span[-1],
                    records.cadre_ids[c],
                    int(records.headcount[c]),
                    int(covered[c]),
                    "people",
                    int(missing[c]),
                )
                for c in np.flatnonzero(missing)
            ]
    people = records.people(audience)
    note = _open_span(rule, records, audience, seats)
    if not rows:  # No span lies in the plan as a whole: there is nothing to judge.
        return Finding((), people, "people", None, None, note=note)
    required, achieved = totals(rows)
    shortfall = required - achieved
    return Finding(tuple(rows), people, "people", required, achieved, shortfall, counted(rule, shortfall), note=note)


def _open_span(rule: Coverage, records: Records, audience: Array, seats: Array) -> str:
    """How many are covered in the span that ends after the plan, and when the others are due; nothing where no span is open."""
    left = len(records.years) % rule.window_years
    if not left or (rule.years and records.years[-1] not in rule.years):
        return ""
    covered = np.minimum(seats[:, -left:].sum(axis=1), records.headcount)
    done = int(np.where(audience, covered, 0).sum())
    end = records.years[-left] + rule.window_years - 1
    return Message("audit.open-span", done=done, people=records.people(audience), end=end)
