"""What a solve says of itself: for each goal the incumbent, the bound and their gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import pandas as pd

from allocator.domain.rules import Goal

PRICE_COLUMNS = ("rule_id", "scope", "year", "price")
"""Columns of ``ShadowPrices.table``."""

SEATS = "sessions-seats"
"""Stands for a rule where the seats of a programme are meant."""


class SolveStatus(StrEnum):
    """How a solve ended."""

    PROVEN = "proven"  # every goal's incumbent equals its bound
    WITHIN_GAP = "within-gap"  # every gap is at most the one asked for
    OPEN = "open"  # done, and what could be proven leaves more than the gap asked for
    LIMIT = "limit"  # the time was over before the gap asked for
    INTERRUPTED = "interrupted"  # by the planner; the best plan so far


@dataclass(frozen=True)
class GoalResult:
    """One goal: value of the plan and the best any plan could reach, in the goal's own unit.

    The bound holds for all plans that are at least as good in every goal ranked before. ``None``: not known.
    """

    goal: Goal
    sense: Literal["min", "max"]
    unit: str
    value: float | None
    bound: float | None

    @property
    def gap(self) -> float | None:
        """Distance of value and bound relative to the value; 0 when they are equal."""
        if self.value is None or self.bound is None:
            return None
        distance = self.value - self.bound if self.sense == "min" else self.bound - self.value
        return 0.0 if distance <= 1e-9 else distance / max(abs(self.value), 1e-9)

    @property
    def is_proven(self) -> bool:
        """Whether incumbent equals bound; a value better than its bound proves nothing but that the bound is wrong."""
        if self.value is None or self.bound is None:
            return False
        return abs(self.value - self.bound) <= 1e-9


Certainty = Literal["proven", "limit", "tried"]
"""Of a goal's value: no plan is better; the best plan is no worse; only what this plan has, while a goal before is not proven."""


def certainties(goals: Iterable[GoalResult]) -> dict[Goal, Certainty]:
    """How certain the value of each goal is, the goals in their order."""
    found: dict[Goal, Certainty] = {}
    is_known = True
    for one in goals:
        found[one.goal] = certainty(one, is_known=is_known)
        is_known &= one.is_proven
    return found


def certainty(goal: GoalResult, *, is_known: bool) -> Certainty:
    """How certain the value of a goal is; ``is_known``: whether all goals before are proven."""
    if not is_known:
        return "tried"
    return "proven" if goal.is_proven else "limit"


@dataclass(frozen=True, eq=False)
class ShadowPrices:
    """What the relaxation paid, in units of the last goal in use.

    They show where it is tight, and let a changed scenario be planned from this one. What one more seat really changes
    only planning again can tell.

    Parameters
    ----------
    weights
        What a unit of each goal weighs.
    table
        ``rule_id`` (or ``sessions-seats``), ``scope`` (the group of the rule, or the programme), ``year``, ``price``: cost of using one
        seat, or worth of one more person; rows with price 0 are left out.
    """

    weights: Mapping[Goal, float]
    table: pd.DataFrame


@dataclass(frozen=True, repr=False)
class SolveResult:
    """The goals in rank order, how the solve ended, and what it cost."""

    status: SolveStatus
    goals: tuple[GoalResult, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage
    messages: tuple[str, ...] = ()  # what the planner should know, such as seats the calendar could not hold
    work: Mapping[str, int | float] = field(default_factory=dict)  # columns, rows, rounds, cohorts
    prices: ShadowPrices | None = None  # of large problems; small ones are solved without

    def __repr__(self) -> str:
        return f"<SolveResult: {self.status}, {sum(goal.is_proven for goal in self.goals)} of {len(self.goals)} goals proven>"


@dataclass(frozen=True)
class Progress:
    """One step of a long run, for the display."""

    phase: str
    elapsed: float  # seconds since the start
    goal: Goal | None = None
    incumbent: float | None = None
    bound: float | None = None
    done: float | None = None  # share of the phase finished, 0 to 1

    @property
    def gap(self) -> float | None:
        """Relative distance of incumbent and bound where both are known."""
        if self.incumbent is None or self.bound is None:
            return None
        return abs(self.incumbent - self.bound) / max(abs(self.incumbent), 1e-9)


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """A progress receiver that shows nothing."""
