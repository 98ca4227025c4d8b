"""Words and figures of a sweep in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from allocator.answers.compare.phrases import goal_name
from allocator.answers.sweep.axes import Axis
from allocator.answers.sweep.point import Record, Task
from allocator.answers.sweep.tables import SweepTables
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.output_data import records

OUTCOME: Mapping[int, Message] = {
    0: Message("sweep.outcome-kept"),
    1: Message("sweep.outcome-failed"),
    3: Message("sweep.outcome-refused"),
    4: Message("sweep.outcome-violation"),
    5: Message("sweep.outcome-limit"),
    6: Message("sweep.outcome-breach"),
}
"""What the exit code of a point says."""


def outcome(record: Record) -> Message:
    """What came of a point, in a few words."""
    if not record["resumed"] or record["exit_code"] != 5:
        return OUTCOME[record["exit_code"]]
    is_kept = all(rule["status"] != "breached" for rule in record["rules"])
    return Message("sweep.outcome-from-base") if is_kept else Message("sweep.outcome-breach-from-base")


MARK: Mapping[str, Message] = {
    "best": Message("sweep.mark-best"),
    "dominated": Message("sweep.mark-dominated"),
    "same": Message("sweep.mark-same"),
    "above": Message("sweep.mark-above"),
    "failed": Message("sweep.mark-failed"),
}
"""What the mark of a point of the curve says."""

ROLE: Mapping[str, Message] = {
    "first": Message("sweep.role-first"),
    "second": Message("sweep.role-second"),
    "between": Message("sweep.role-between"),
}


def label(sweep: SweepTables, task: Task) -> Message | str:
    """What a point is called: by what is varied, and by its place on the curve."""
    name = sweep.group_name(task)
    if not task.role:
        return name or sweep.scenarios[task.scenario]
    limit = sweep.limit(task)
    place = ROLE[task.role] if limit is None else Message("sweep.role-limit", limit=limit)
    return Message("sweep.on-curve", name=name, place=place) if name else place


def title(sweep: SweepTables, texts: Texts) -> str:
    """One line that says what was swept."""
    return texts.said(Message("sweep.title", names=sweep.scenarios, points=len(sweep.tasks)))


def named_goals(sweep: SweepTables, texts: Texts) -> dict[str, str]:
    """The goals in use with their unit, by code."""
    units = dict(zip(sweep.goals["goal"], sweep.goals["unit"], strict=True))
    return {goal: goal_name(goal, units[goal], texts) for goal in sweep.used_goals}


def changing_goals(sweep: SweepTables) -> list[str]:
    """The goals whose value is not the same at every point."""
    values = sweep.goals.groupby("goal")["value"].nunique()
    return [goal for goal in sweep.used_goals if values[goal] > 1]


def idle_axes(sweep: SweepTables) -> list[Axis]:
    """Keys that were given several values without moving any goal, whatever the other keys were."""
    found = []
    table = sweep.points[sweep.points["exit_code"] != 3].dropna(subset=sweep.used_goals)
    for axis in sweep.axes:
        others = ["scenario", *(one.name for one in sweep.axes if one is not axis)]
        own = table.groupby(others)
        is_tried = len(table) and own[axis.name].nunique().max() > 1
        if is_tried and (own[sweep.used_goals].nunique() == 1).all(axis=None):
            found.append(axis)
    return found


def open_distance(sweep: SweepTables, goal: str) -> float:
    """Largest distance of a goal's value from its bound at any point; what differs by less may be no difference. 0: every value is proven."""
    own = sweep.goals[(sweep.goals["goal"] == goal) & ~sweep.goals["proven"]]
    distances = (own["value"] - own["bound"]).abs().dropna()
    return float(distances.max()) if len(distances) else 0.0


def points_without_bound(sweep: SweepTables, goal: str) -> int:
    """Points at which nothing is known of how far a goal's value is from the best."""
    own = sweep.goals[(sweep.goals["goal"] == goal) & ~sweep.goals["proven"]]
    return int((own["value"].notna() & own["bound"].isna()).sum())


def cell(sweep: SweepTables, number: int, goal: str, texts: Texts) -> str:
    """Value of a goal at a point, marked where it is not proven to be the best."""
    own = sweep.goals[(sweep.goals["point"] == number) & (sweep.goals["goal"] == goal)]
    if own.empty:
        return "—"
    mark = "" if bool(own["proven"].iat[0]) else "~"
    return mark + texts.number(own["value"].iat[0])


def rule_lines(sweep: SweepTables, texts: Texts) -> list[str]:
    """A line for each varied key that belongs to a rule: its clause and title."""
    lines = []
    for axis in sweep.axes:
        rule = sweep.rules.get(axis.rule_id or "")
        if rule is not None:
            lines.append(texts.said(Message("sweep.rule-line", key=axis.name, rule=axis_title(sweep, axis, texts))))
    return lines


def axis_title(sweep: SweepTables, axis: Axis, texts: Texts) -> str:
    """Clause and title of the rule of an axis; its key where it belongs to none."""
    rule = sweep.rules.get(axis.rule_id or "")
    return axis.name if rule is None else " ".join(filter(None, (rule.clause, texts.title(rule))))


def reason(record: Record, texts: Texts) -> str:
    """Why a point has no plan."""
    return texts.said(Message("explain.semicolon")).join(message[texts.lang] for message in record["messages"])


def breached_titles(clauses: pd.DataFrame, texts: Texts) -> str:
    """Clauses that a point breaches, with their titles."""
    broken = clauses[clauses["status"] == "breached"]
    named = (f"{rule.clause or rule.rule_id} {texts.title(rule)}".strip() for rule in records(broken))
    return texts.said(Message("explain.semicolon")).join(named)


__all__ = [
    "MARK", "ROLE", "axis_title", "breached_titles", "cell", "changing_goals", "goal_name", "idle_axes", "label", "named_goals",
    "open_distance", "outcome", "reason", "rule_lines", "title",
]  # fmt: skip
