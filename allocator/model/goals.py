"""The ordered goals: sense, unit, and the weights under which one linear program respects their order.

Goals are lexicographic: no gain in a later goal makes up for a loss in an earlier one. A weighted sum respects that only as far as its weights are
large enough, so bounds and gaps are worked out goal by goal (``engine.bounds``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from allocator.domain.rules import Goal
from allocator.domain.tables import Limits
from allocator.model.cohorts import Cohorts
from allocator.model.shared.rows import RowFamily


@dataclass(frozen=True)
class GoalShape:
    """How a goal is counted.

    ``span`` is how many units of this goal one unit of a goal ranked before it may be traded for by moving a single
    seat; it sets the distance between neighbouring weights. It need not be exact: bounds hold for any weights.
    """

    sense: Literal["min", "max"]
    unit: str
    span: float


SHAPES: dict[Goal, GoalShape] = {
    "violation": GoalShape("min", "people", 4),
    "overdue": GoalShape("min", "person-years", 4),
    "quota-shortfall": GoalShape("min", "people", 2),
    "quota-excess": GoalShape("min", "people", 2),
    "owed": GoalShape("min", "hours", 1000),
    "fairness": GoalShape("min", "years", 40),
    "priority": GoalShape("max", "points", 4),
    "change": GoalShape("min", "placements", 2),
}
"""Every goal of ``kinds.GOALS``."""

FIRM: tuple[Goal, ...] = ("violation", "overdue")
"""Goals that count people for whom a rule is not met, before all others."""

OF_PEOPLE: tuple[Goal, ...] = (*FIRM, "quota-shortfall", "quota-excess")
"""Goals that count single people, of whom each weighs much."""


def in_use(order: Iterable[Goal], cohorts: Cohorts, families: Iterable[RowFamily]) -> tuple[Goal, ...]:
    """The goals that some rule counts to, in rank order."""
    used: set[Goal] = {measured.goal for measured in cohorts.measured}
    for family in families:
        used |= {goal for goal, _ in (*family.short_goals, *family.over_goals)}
    if cohorts.weights.any():
        used.add("priority")
    return tuple(goal for goal in order if goal in used)


def weights(order: tuple[Goal, ...]) -> dict[Goal, float]:
    """Weights that keep the rank order of the goals; the last goal weighs 1."""
    found: dict[Goal, float] = {}
    weight = 1.0
    for goal in reversed(order):
        found[goal] = weight
        weight *= SHAPES[goal].span
    return {goal: found[goal] for goal in order}


def caps_of(limits: Limits) -> dict[Goal, float]:
    """The caps that a scenario sets on goals, in the sense that is minimised."""
    given = {**(limits.at_most or {}), **(limits.at_least or {})}
    return {goal: signed(goal, float(value)) for goal, value in given.items()}


def signed(goal: Goal, value: float) -> float:
    """A goal's value in the sense that is minimised, and back."""
    return -value if SHAPES[goal].sense == "max" else value
