"""Waiting: years since the last class."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Waiting
from allocator.language.message import Message


@MEASURES.add(Waiting)
def measure_waiting(rule: Waiting, records: Records) -> Finding:
    """Sum, over named cadres and plan years, the years since the last counting attendance, each at most the cap."""
    people = records.named(records.audience(rule.audience))
    last = records.last_year(records.counting(rule.programmes, least_days=rule.least_days))[people]
    waits = np.minimum(rule.cap_years, np.array(records.years) - last).sum(axis=0)
    rows = tuple(
        Row(y, ALL, None, int(waits[column]), "waiting-years")
        for column, y in enumerate(records.years)
        if not rule.years or y in rule.years
    )
    total = sum(row.achieved or 0.0 for row in rows)
    mean = total / (len(people) * len(rows)) if len(people) and rows else 0.0
    return Finding(
        rows,
        len(people),
        "waiting-years",
        None,
        total,
        0.0,
        counted(rule, total),
        note=Message("audit.waiting", years=mean),
    )
