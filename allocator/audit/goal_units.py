"""What the value of a goal counts: hours, misses or people, as the rules that add to it have it."""

from __future__ import annotations

from allocator.audit.verdicts import AuditReport, Verdict
from allocator.domain.rules import Goal, record_of


def counted_in(verdict: Verdict, unit: str) -> str:
    """What a rule adds to a goal of a unit: hours where it asks for hours, else misses where the goal counts hours.

    A missed interval or make-up in a goal of hours is one miss, not one hour.
    """
    if record_of(verdict.kind).owed_in == "hours":
        return "hours"
    return "misses" if unit == "hours" else unit


def goal_unit(audit: AuditReport, goal: Goal, unit: str) -> str:
    """What the value of a goal counts under the rules that add to it: its own unit, or one that names both where there are two."""
    units = {counted_in(verdict, unit) for verdict in audit.verdicts if goal in verdict.finding.goals}
    if units <= {unit} or not units:
        return unit
    if len(units) == 1:
        return next(iter(units))
    return "hours-and-misses" if unit == "hours" else "people-and-hours"


def goal_parts(audit: AuditReport, goal: Goal, unit: str) -> dict[str, float]:
    """The value of a goal, what is counted in each unit by itself; nothing is left out."""
    parts: dict[str, float] = {}
    for verdict in audit.verdicts:
        amount = verdict.finding.goals.get(goal, 0.0)
        if amount:
            own = counted_in(verdict, unit)
            parts[own] = parts.get(own, 0.0) + amount
    return parts


SINGLE = {"hours-and-misses": "hours", "people-and-hours": "people"}
"""The unit of a goal by itself where its value counts two things."""
