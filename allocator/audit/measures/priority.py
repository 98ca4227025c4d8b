"""Priority: points for seats of an audience."""

from __future__ import annotations

from allocator.audit.finding import ALL, Finding, Row
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import Goal, Priority
from allocator.language.message import Message


@MEASURES.add(Priority)
def measure_priority(rule: Priority, records: Records) -> Finding:
    """Sum the weight of the year times the seats of the audience in the programmes; more is better."""
    audience = records.audience(rule.audience)
    seats = records.seats(rule.programmes)[audience].sum(axis=0)
    rows = tuple(
        Row(y, ALL, None, int(seats[column]) * rule.weight_by_year.get(y, rule.weight), "points")
        for column, y in enumerate(records.years)
        if not rule.years or y in rule.years
    )
    points = sum(row.achieved or 0.0 for row in rows)
    goals: dict[Goal, float] = {} if rule.strength == "report" else {"priority": points}
    placed = sum(int(seats[column]) for column, y in enumerate(records.years) if not rule.years or y in rule.years)
    return Finding(
        rows, records.people(audience), "points", None, points, 0.0, goals, Message("audit.seats", count=placed)
    )
