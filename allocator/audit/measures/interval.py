"""Interval: every content at least once in so many consecutive years."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Interval


@MEASURES.add(Interval)
def measure_interval(rule: Interval, records: Records) -> Finding:
    """Count the missed (person, window, content) triples of named cadres; windows end in the plan years.

    A window ending in year y is missed when the last attendance with the content, history included, lies before
    ``y - every_years + 1``.
    """
    audience = records.audience(rule.audience)
    people = records.named(audience)
    contents = rule.contents or ("",)
    missed = np.stack(
        [
            records.last_year(records.counting(rule.programmes, content, rule.least_days))[people]
            <= np.array(records.years) - rule.every_years
            for content in contents
        ],
        axis=2,
    )  # Shape (people, years, contents).
    unit = "people" if len(contents) == 1 else "person-contents"
    rows: list[Row] = []
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        judged, misses = missed[:, column].size, int(missed[:, column].sum())
        rows.append(Row(y, ALL, judged, judged - misses, unit, misses))
        if rule.strength == "hard":
            rows += [
                Row(y, f"{records.cadre_ids[people[i]]} {contents[j]}".strip(), 1, 0, "attendances", 1)
                for i, j in np.argwhere(missed[:, column])
            ]
    required, achieved = totals(rows)
    shortfall = required - achieved
    return Finding(tuple(rows), len(people), unit, required, achieved, shortfall, counted(rule, shortfall))
