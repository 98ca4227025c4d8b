"""The trade-off between two goals: plans in which neither can get better unless the other gets worse.

One end is the plan with the first goal before the second, the other end the plan with their order turned round. Between them the second
goal is made as good as it can be while the first may not be worse than a limit, and the limit goes from end to end in equal steps. Goals that
stand before both in the scenario keep their best value all along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from allocator.answers.sweep.point import Record
from allocator.domain.errors import UsageError
from allocator.domain.rules import GOALS
from allocator.domain.tables import RAISED
from allocator.inputs.defects import did_you_mean
from allocator.language.message import Message
from allocator.language.texts import Texts

FIRST, SECOND, BETWEEN = "first", "second", "between"
"""Roles of the points of a curve: the first goal before the second, the second before the first, and what lies between."""

MARKS = ("best", "dominated", "same", "above", "failed")
"""How a point of the curve stands: on it; worse than another; the same as an earlier one; beyond its limit; without a plan."""


def pair_of(given: str | Sequence[str]) -> tuple[str, str]:
    """The two goals asked for, by code or by their name in either language.

    Raises
    ------
    UsageError
        If they are not two different goals.
    """
    words = given.replace("，", ",").split(",") if isinstance(given, str) else list(given)
    names = {texts.known("goal", goal).lower(): goal for texts in (Texts("zh"), Texts("en")) for goal in GOALS}
    found = []
    for word in (one.strip() for one in words):
        goal = word if word in GOALS else names.get(word.lower())
        if goal is None:
            hint = did_you_mean(word, GOALS, Message("sweep.goals-are", goals=tuple(GOALS)))
            raise UsageError(Message("sweep.unknown-goal", goal=word, hint=hint))
        found.append(goal)
    if len(found) != 2 or found[0] == found[1]:
        raise UsageError(Message("sweep.two-goals", goals=tuple(GOALS)))
    return found[0], found[1]


def ends(order: Sequence[str], pair: tuple[str, str]) -> dict[str, dict[str, object]]:
    """Changes that give the two ends: the pair stands together where the earlier of them stood, the others keep their order."""
    at = min(order.index(goal) for goal in pair)
    before, behind = order[:at], [goal for goal in order[at:] if goal not in pair]
    return {
        FIRST: {"goals": [*before, *pair, *behind]},
        SECOND: {"goals": [*before, *reversed(pair), *behind]},
    }


def limit_key(goal: str) -> str:
    """The key of a scenario that limits a goal."""
    return f"limits.at_least.{goal}" if goal in RAISED else f"limits.at_most.{goal}"


def between(
    order: Sequence[str], pair: tuple[str, str], records: Mapping[str, Record], steps: int
) -> list[dict[str, object]]:
    """Changes that give the points between two finished ends, from the first end to the second.

    Raises
    ------
    UsageError
        If a goal is counted by no rule of the scenario.
    """
    values = []
    for role in (FIRST, SECOND):
        found = {goal["goal"]: goal["value"] for goal in records[role]["goals"]}
        missing = [goal for goal in pair if found and goal not in found]
        if missing:
            raise UsageError(Message("sweep.goal-not-used", goal=missing[0]))
        values.append(float(found.get(pair[0], np.nan)))
    if np.isnan(values).any():
        return []
    spread = np.linspace(values[0], values[1], steps + 2)[1:-1].round().astype(int).tolist()
    limits = [limit for limit in dict.fromkeys(spread) if limit not in values]
    turned = ends(order, pair)[SECOND]
    return [{**turned, limit_key(pair[0]): limit} for limit in limits]


def marked(curve: pd.DataFrame, pair: tuple[str, str], before: Sequence[str]) -> list[str]:
    """The mark of each point, one of ``MARKS``.

    Parameters
    ----------
    curve
        Columns of the goals' values, ``limit``, ``role`` and ``group``; a missing value is a point without a plan.
    before
        Goals ranked before both: a plan that is worse in one of them is no better for being better in the pair.
    """
    goals = [*before, *pair]
    signs = np.array([-1.0 if goal in RAISED else 1.0 for goal in goals])
    values = curve[goals].to_numpy(dtype=float) * signs
    limits = curve["limit"].to_numpy(dtype=float) * signs[-2]
    groups = curve["group"].to_numpy()
    is_end = curve["role"].to_numpy() != BETWEEN
    marks: list[str] = []
    for i, own in enumerate(values):
        mine = (groups == groups[i]) & ~np.isnan(values).any(axis=1)
        better = (values[mine] <= own).all(axis=1) & (values[mine] < own).any(axis=1)
        # An end is told apart before the points between, which may come out as the same plan.
        like = [j for j in np.flatnonzero(mine) if j != i and (values[j] == own).all()]
        if np.isnan(own).any():
            marks.append("failed")
        elif own[-2] > limits[i]:
            marks.append("above")
        elif better.any():
            marks.append("dominated")
        elif any((is_end[j], -j) > (is_end[i], -i) for j in like):
            marks.append("same")
        else:
            marks.append("best")
    return marks
