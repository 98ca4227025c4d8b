"""Eligibility: how many seats went to people whom no rule admits."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Eligibility


@MEASURES.add(Eligibility)
def measure_eligibility(rule: Eligibility, records: Records) -> Finding:
    """Count the placements in the rule's programmes whose cadre no eligibility rule and no admitting quota admits.

    A programme named by several eligibility rules is judged under the first of them, so that each breach counts once;
    programmes that none names are judged under ``sessions-eligible``.
    """
    own = records.programmes(rule.programmes).copy()
    for other in records.inputs.policy.rules:
        if other.id == rule.id:
            break
        if isinstance(other, Eligibility):
            own &= ~records.programmes(other.programmes)
    rows, breaches = judge_admission(records, own)
    required, achieved = totals(rows)
    people = records.people(records.audience(rule.audience))
    return Finding(rows, people, "placements", required, achieved, breaches, counted(rule, breaches))


def judge_admission(records: Records, programmes: Array) -> tuple[tuple[Row, ...], int]:
    """Rows and number of the placements in ``programmes`` whose cadre may not attend."""
    a = records.attendances
    judged = np.flatnonzero(a.planned & np.append(programmes, False)[a.programme])
    allowed = records.eligible(a.cadre[judged], a.programme[judged], a.year[judged])
    rows = []
    for y in sorted({*records.years, *map(int, a.year[judged])}):
        this = a.year[judged] == y
        wrong = judged[this & ~allowed]
        rows.append(Row(y, ALL, int(this.sum()), int(this.sum()) - len(wrong), "placements", len(wrong)))
        rows += [
            Row(y, f"{records.cadre_ids[a.cadre[i]]}@{records.session_ids[a.session[i]]}", 1, 0, "placements", 1)
            for i in wrong
        ]
    return tuple(rows), int((~allowed).sum())
