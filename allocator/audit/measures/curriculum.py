"""Curriculum: hours and length of the programmes themselves."""

from __future__ import annotations

import numpy as np

from allocator.audit.finding import ALL, Finding, Row
from allocator.audit.records import Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.errors import ModelError
from allocator.domain.rules import Curriculum
from allocator.language.message import Message


@MEASURES.add(Curriculum)
def measure_curriculum(rule: Curriculum, records: Records) -> Finding:
    """Count the programmes that miss a share of hours, a required feature or a length.

    The plan cannot change its programmes, so no goal counts them, even when the rule is hard.

    Raises
    ------
    ModelError
        If the programmes have no column that the rule names.
    """
    table = records.inputs.programmes
    for column in (*rule.columns, *([rule.requires] if rule.requires else [])):
        if column not in table.columns:
            raise ModelError(Message("error.no-programme-column", rule=rule.id, column=column))
    judged = records.programmes(rule.programmes) & (table["days"].to_numpy() >= rule.least_days)
    wrong = np.zeros(len(table), dtype=bool)
    details: list[Row] = []

    def judge(required: Array, achieved: Array, fails: Array, unit: str) -> None:
        for p in np.flatnonzero(judged & fails):
            off = abs(float(required[p]) - float(achieved[p]))
            details.append(
                Row(None, records.programme_ids[p], float(required[p]), round(float(achieved[p]), 6), unit, off)
            )
        np.logical_or(wrong, judged & fails, out=wrong)

    days, hours = table["days"].to_numpy(np.float64), table["hours"].to_numpy(np.float64)
    if rule.share is not None:
        taught = table[list(rule.columns)].sum(axis=1).to_numpy(np.float64)
        share = np.divide(taught, hours, out=np.zeros_like(taught), where=hours > 0)
        required = np.full(len(table), float(rule.share))
        judge(required, share, taught * rule.share.denominator < hours * rule.share.numerator - 1e-9, "share")
    if rule.requires is not None:
        has = table[rule.requires].astype("Float64").fillna(0.0).to_numpy(np.float64)
        judge(np.ones(len(table)), np.minimum(has, 1.0), has <= 0, "")
    for bound, sign in ((rule.days_min, 1.0), (rule.days_max, -1.0)):
        if bound is not None:
            judge(np.full(len(table), bound), days, sign * (days - bound) < -1e-9, "days")
    total, missed = int(judged.sum()), int(wrong.sum())
    rows = (Row(None, ALL, total, total - missed, "programmes", missed), *sorted(details, key=lambda row: row.scope))
    people = records.people(records.audience(rule.audience))
    return Finding(rows, people, "programmes", total, total - missed, missed)
