"""Apportion: seats over groups in proportion."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted
from allocator.audit.records import Array, Groups, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Apportion
from allocator.language.message import Message


@MEASURES.add(Apportion)
def measure_apportion(rule: Apportion, records: Records) -> Finding:
    """Sum, over groups and years, the seats below the least or above the most that each group is due.

    Of the totals, required are the seats used and those missing, achieved those of them that are in proportion.
    """
    audience = records.audience(rule.audience)
    groups = records.groups(audience, rule.group_by)
    seats = records.by_group(groups, records.seats(rule.programmes))
    least, most = due(rule, groups)
    rows: list[Row] = []
    scopes: list[Row] = []
    off_all, kept_all, asked = 0, 0, 0
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        below, above = np.maximum(0, least - seats[:, column]), np.maximum(0, seats[:, column] - most)
        off = np.flatnonzero(below + above)
        kept = len(groups.labels) - len(off)
        rows.append(Row(y, ALL, len(groups.labels), kept, "groups", len(off)))
        judged_groups = [
            Row(
                y,
                label,
                int(most[g] if above[g] else least[g]),
                int(seats[g, column]),
                "seats",
                int(below[g] + above[g]),
            )
            for g, label in enumerate(groups.labels)
        ]
        rows += [judged_groups[g] for g in off]
        scopes += judged_groups
        off_all += int((below + above).sum())
        kept_all += kept
        asked += int((seats[:, column] + below).sum())
    judged = len(groups.labels) * len(records.years_of(rule))
    return Finding(
        tuple(rows),
        int(groups.sizes.sum()),
        "seats",
        asked,
        asked - off_all,
        off_all,
        counted(rule, off_all),
        scopes=tuple(scopes),
        note=Message("audit.proportion", judged=judged, kept=kept_all),
    )


def due(rule: Apportion, groups: Groups) -> tuple[Array, Array]:
    """Least and most seats a year of each group, in whole numbers; the limits named win over the proportion."""
    everyone = max(1, int(groups.sizes.sum()))
    floor = rule.amount * groups.sizes // everyone
    ceiling = -(-rule.amount * groups.sizes // everyone)
    least = np.maximum(np.maximum(0, floor - rule.tolerance), rule.least)
    most = np.maximum(ceiling + rule.tolerance, rule.least)
    if rule.most is None:
        return least, most
    cap = max(rule.most, rule.least)
    return np.minimum(least, cap), np.minimum(most, cap)
