"""Quota: distinct people per year."""

from __future__ import annotations

from allocator.audit.findings import ALL, Finding, Row, totals
from allocator.audit.records import Records
from allocator.audit.registry import MEASURES
from allocator.kinds import Goal, Quota


@MEASURES.add(Quota)
def measure_quota(rule: Quota, records: Records) -> Finding:
    """Count the distinct people of the audience in the programmes each year, against the band or the bound.

    The shortfall of a row is the people outside what is allowed. Towards the goals every seat off the target counts,
    inside the band too: below it as ``quota-shortfall``, above it as ``quota-excess``.
    """
    audience = records.audience(rule.audience)
    sent = records.sent(rule.programmes)[audience].sum(axis=0)
    least, most = allowed(rule)
    rows, below, above = [], 0, 0
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        achieved = int(sent[column])
        outside = max(0, least - achieved) + (max(0, achieved - most) if most is not None else 0)
        below += max(0, rule.amount - achieved) if rule.modality != "at-most" else 0
        above += max(0, achieved - rule.amount) if rule.modality != "at-least" else 0
        rows.append(Row(y, ALL, rule.amount, achieved, "people", outside))
    outside_all = sum(row.shortfall for row in rows)
    goals: dict[Goal, float] = {}
    if rule.strength != "report":
        goals = {"quota-shortfall": below, "quota-excess": above}
    if rule.strength == "hard":
        goals["violation"] = outside_all
    required, achieved_all = totals(rows)
    note, note_zh = _band(rule, least, most)
    people = records.people(audience)
    return Finding(tuple(rows), people, "people", required, achieved_all, outside_all, goals, note, note_zh)


def allowed(rule: Quota) -> tuple[int, int | None]:
    """Least and most people a year that keep the rule; no most for a floor."""
    if rule.modality == "at-least":
        return rule.amount, None
    if rule.modality == "at-most":
        return 0, rule.amount
    if rule.modality == "exactly":
        return rule.amount, rule.amount
    share = rule.band_share
    band = max(rule.band_least, -(-share.numerator * rule.amount // share.denominator))
    return max(0, rule.amount - band), rule.amount + band


def _band(rule: Quota, least: int, most: int | None) -> tuple[str, str]:
    if most is None:
        return f"at least {least} a year", f"每年不少于{least}人"
    if rule.modality == "at-most":
        return f"at most {most} a year", f"每年不超过{most}人"
    if least == most:
        return f"exactly {most} a year", f"每年{most}人"
    return f"{least} to {most} a year", f"每年{least}至{most}人"
