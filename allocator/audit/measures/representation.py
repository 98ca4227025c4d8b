"""Representation: the share of an audience among all people sent."""

from __future__ import annotations

from fractions import Fraction

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Representation
from allocator.language.message import Message


@MEASURES.add(Representation)
def measure_representation(rule: Representation, records: Records) -> Finding:
    """Count the distinct people of the audience among those of ``among`` sent each year, against the share, rounded up.

    Without a share the audience's share of the roster's ``among`` is required. Missing people are summed over the years.
    """
    among = records.audience(rule.among)
    audience = among & records.audience(rule.audience)
    sent = records.sent(rule.programmes)
    roster = Fraction(records.people(audience), max(1, records.people(among)))
    share = roster if rule.share is None else rule.share
    rows, people_sent, people_in = [], 0, 0
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        everyone, achieved = int(sent[among, column].sum()), int(sent[audience, column].sum())
        required = -(-share.numerator * everyone // share.denominator)
        rows.append(Row(y, ALL, required, achieved, "people", max(0, required - achieved)))
        people_sent += everyone
        people_in += achieved
    shortfall = sum(row.shortfall for row in rows)
    required_all, achieved_all = totals(rows)
    of_sent = f"{people_in / people_sent:.1%}" if people_sent else "–"
    return Finding(
        tuple(rows),
        records.people(audience),
        "people",
        required_all,
        achieved_all,
        shortfall,
        counted(rule, shortfall),
        note=Message("audit.shares", sent=of_sent, roster=f"{float(roster):.1%}", required=f"{float(share):.1%}"),
    )
