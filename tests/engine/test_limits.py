"""Limits of goals stand before every goal, and are kept as nearly as they can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.answers.runs import solve
from allocator.inputs import load

TINY = Path(__file__).parent.parent.parent / "scenarios" / "tiny.toml"
PRIORITY_FIRST = ["violation", "overdue", "quota-shortfall", "quota-excess", "priority", "owed", "fairness", "change"]


@pytest.mark.parametrize(
    ("limits", "owed", "priority"),
    [
        ({}, 236, 13),  # With the priorities first 236 hours stay owed.
        ({"at_most": {"owed": 236}}, 236, 13),
        ({"at_most": {"owed": 235}}, 184, 12),  # One point less for 52 hours.
        ({"at_most": {"owed": 184}}, 184, 12),
        ({"at_most": {"owed": 183}}, 132, 11),
        ({"at_most": {"owed": 0}}, 132, 11),  # 132 hours is the least that any plan leaves.
        ({"at_least": {"priority": 99}}, 236, 13),  # And 13 points are the most.
    ],
)
def test_limit_of_a_goal_is_kept_before_the_goals(limits: dict[str, object], owed: int, priority: int) -> None:
    inputs = load(TINY, changes={"goals": PRIORITY_FIRST, "limits": {"gap": 0.0, **limits}})
    values = {goal.goal: (goal.value, goal.bound) for goal in solve(inputs).result.goals}
    assert values["owed"] == (owed, owed) and values["priority"] == (priority, priority)
    assert values["violation"][0] == 0
