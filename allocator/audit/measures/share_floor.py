"""Share floor: distinct people of every group."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import ShareFloor
from allocator.language.message import Message


@MEASURES.add(ShareFloor)
def measure_share_floor(rule: ShareFloor, records: Records) -> Finding:
    """Count the distinct people of each group in counting programmes each year, against the share rounded up.

    ``required`` of a group is the least whole number not below share times size. Missing people are summed over groups
    and years.
    """
    groups = records.groups(records.audience(rule.audience), rule.group_by)
    attended = records.by_group(groups, records.sent(rule.programmes, rule.least_days))
    floor = -(-rule.share.numerator * groups.sizes // rule.share.denominator)
    rows: list[Row] = []
    scopes: list[Row] = []
    required = achieved = kept_groups = 0
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        missing = np.maximum(0, floor - attended[:, column])
        short = np.flatnonzero(missing)
        kept = len(groups.labels) - len(short)
        rows.append(Row(y, ALL, len(groups.labels), kept, "groups", len(short)))
        judged_groups = [
            Row(y, label, int(floor[g]), int(attended[g, column]), "people", int(missing[g]))
            for g, label in enumerate(groups.labels)
        ]
        rows += [judged_groups[g] for g in short]
        scopes += judged_groups
        required += int(floor.sum())
        achieved += int(np.minimum(floor, attended[:, column]).sum())
        kept_groups += kept
    shortfall = required - achieved
    judged = len(groups.labels) * len(records.years_of(rule))
    return Finding(
        tuple(rows),
        int(groups.sizes.sum()),
        "people",
        required,
        achieved,
        shortfall,
        counted(rule, shortfall),
        Message("audit.floors", judged=judged, kept=kept_groups),
        scopes=tuple(scopes),
    )
