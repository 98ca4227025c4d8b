"""Quota: distinct people per year."""

from __future__ import annotations

from allocator.audit.finding import ALL, Finding, Row, totals
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Goal, Quota
from allocator.language.message import Message


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
    people = records.people(audience)
    return Finding(tuple(rows), people, "people", required, achieved_all, outside_all, goals, _band(rule, least, most))


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


def _band(rule: Quota, least: int, most: int | None) -> Message:
    if most is None:
        return Message("audit.at-least", least=least)
    if rule.modality == "at-most":
        return Message("audit.at-most", most=most)
    if least == most:
        return Message("audit.exactly", most=most)
    return Message("audit.band", least=least, most=most)
