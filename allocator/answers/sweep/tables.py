"""The tables of a sweep, made from the records of its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from allocator.answers.sweep.axes import Axis
from allocator.answers.sweep.pareto import BETWEEN, limit_key, marked
from allocator.answers.sweep.point import RULE_COLUMNS, Record, Task
from allocator.domain.rules import GOALS

GOAL_COLUMNS = ("point", "goal", "unit", "sense", "value", "bound", "gap", "proven")
"""Columns of ``Sweep.goals``."""

CLAUSE_COLUMNS = ("point", *RULE_COLUMNS)
"""Columns of ``Sweep.clauses``."""

CURVE_COLUMNS = ("point", "group", "role", "limit", "mark")
"""Columns of ``Sweep.curve``; behind them the value and bound of every goal."""

CRASH, INPUT, INTERRUPTED = 1, 3, 130


@dataclass(frozen=True)
class Pair:
    """The two goals of a trade-off curve, and those ranked before both in the first scenario."""

    goals: tuple[str, str]
    before: tuple[str, ...]


@dataclass(frozen=True)
class RuleName:
    """What a varied rule is called."""

    clause: str
    title: str
    title_zh: str


@dataclass(frozen=True, repr=False)
class SweepTables:
    """A sweep and what came out.

    Parameters
    ----------
    scenarios
        Names of the scenarios.
    axes
        What was varied.
    tasks, records
        The points in their order, and the record of each that is finished, by its name.
    rules
        Clause and titles of the rules that were varied.
    pair
        The goals of the trade-off curve, when one was asked for.
    folder
        Where all of it is kept; ``None`` for a sweep that is kept nowhere.
    is_interrupted
        Whether it was stopped before every point was planned.
    """

    scenarios: tuple[str, ...]
    axes: tuple[Axis, ...]
    tasks: tuple[Task, ...]
    records: Mapping[str, Record]
    rules: Mapping[str, RuleName] = field(default_factory=dict)
    pair: Pair | None = None
    folder: Path | None = None
    is_interrupted: bool = False

    @property
    def finished(self) -> list[tuple[int, Task, Record]]:
        """Number, task and record of each finished point; numbers begin with 1."""
        return [
            (number, task, self.records[task.name])
            for number, task in enumerate(self.tasks, start=1)
            if task.name in self.records
        ]

    @property
    def exit_code(self) -> int:
        """Code of the whole: 0 when every point was planned, however its plan came out."""
        if self.is_interrupted:
            return INTERRUPTED
        codes = {record["exit_code"] for _, _, record in self.finished}
        return CRASH if CRASH in codes else INPUT if INPUT in codes else 0

    @property
    def used_goals(self) -> list[str]:
        """The goals that some point counts, in their usual order."""
        found = {goal["goal"] for _, _, record in self.finished for goal in record["goals"]}
        return [goal for goal in GOALS if goal in found]

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row for each finished point.

        ``point`` (number), ``scenario``, a column for each varied key, ``exit_code`` and ``status`` of the plan (the code as of ``allocator
        plan``), ``message`` (why there is no plan), for each goal its value, ``GOAL bound`` and ``GOAL gap``, rules ``kept`` and
        ``breached``, ``breached_rules``, ``people`` sent, ``placements``, ``resumed`` (planned from the base), ``plan_sha256``, ``seconds``.
        """
        return pd.DataFrame([self._row(*one) for one in self.finished], columns=self._columns())

    def _columns(self) -> list[str]:
        goals = [name for goal in self.used_goals for name in (goal, f"{goal} bound", f"{goal} gap")]
        curve = [] if self.pair is None else ["role", "limit"]
        return [
            "point", "scenario", *(axis.name for axis in self.axes), *curve, "exit_code", "status", "message", *goals, "kept", "breached",
            "breached_rules", "people", "placements", "resumed", "plan_sha256", "seconds",
        ]  # fmt: skip

    def _row(self, number: int, task: Task, record: Record) -> dict[str, object]:
        breached = [rule["rule_id"] for rule in record["rules"] if rule["status"] == "breached"]
        row: dict[str, object] = {
            "point": number,
            "scenario": self.scenarios[task.scenario],
            **{axis.name: shown(task.changes[axis.key]) for axis in self.axes},
            **{key: record[key] for key in ("exit_code", "status", "people", "placements", "resumed", "plan_sha256")},
            "message": "; ".join(message["en"] for message in record["messages"]),
            "kept": sum(rule["status"] == "kept" for rule in record["rules"]),
            "breached": len(breached),
            "breached_rules": ";".join(breached),
            "seconds": record["seconds"],
        }
        if self.pair is not None:
            row |= {"role": task.role, "limit": self.limit(task)}
        for goal in record["goals"]:
            row |= {goal["goal"]: goal["value"], f"{goal['goal']} bound": goal["bound"]}
            row[f"{goal['goal']} gap"] = goal["gap"]
        return row

    def limit(self, task: Task) -> object:
        """What the first goal of the curve was held to at a point; ``None`` at the ends and without a curve."""
        if self.pair is None:
            return None
        return task.changes.get(limit_key(self.pair.goals[0])) if task.role == BETWEEN else None

    @cached_property
    def goals(self) -> pd.DataFrame:
        """Every goal of every point, columns as ``GOAL_COLUMNS``."""
        rows = [
            {"point": number, **{key: goal[key] for key in GOAL_COLUMNS[1:]}}
            for number, _, record in self.finished
            for goal in record["goals"]
        ]
        types = dict.fromkeys(("goal", "unit", "sense"), "str") | dict.fromkeys(("value", "bound", "gap"), "float64")
        return pd.DataFrame(rows, columns=list(GOAL_COLUMNS)).astype({**types, "point": "int64", "proven": "bool"})

    @cached_property
    def clauses(self) -> pd.DataFrame:
        """Every rule of every point as the auditor counted it, columns as ``CLAUSE_COLUMNS``."""
        rows = [{"point": number, **rule} for number, _, record in self.finished for rule in record["rules"]]
        figures = dict.fromkeys(("required", "achieved", "shortfall"), "float64")
        return pd.DataFrame(rows, columns=list(CLAUSE_COLUMNS)).astype({**figures, "point": "int64"})

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The trade-off curve, columns as ``CURVE_COLUMNS`` and the value and bound of every goal; empty when none was asked for.

        ``group`` is what else was varied, ``limit`` what the first goal was held to, ``mark`` one of ``pareto.MARKS``.
        """
        goals = self.used_goals
        columns = [*CURVE_COLUMNS, *(name for goal in goals for name in (goal, f"{goal} bound"))]
        if self.pair is None:
            return pd.DataFrame(columns=columns)
        rows = []
        for number, task, record in self.finished:
            found = {goal["goal"]: goal for goal in record["goals"]}
            row: dict[str, object] = {"point": number, "group": self.group_name(task), "role": task.role}
            row["limit"] = self.limit(task)
            for goal in goals:
                row[goal] = found[goal]["value"] if goal in found else None
                row[f"{goal} bound"] = found[goal]["bound"] if goal in found else None
            rows.append(row)
        table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys([*columns[5:], "limit"], "float64"))
        used = [goal for goal in self.pair.goals if goal in goals]
        before = [goal for goal in self.pair.before if goal in goals]
        table["mark"] = marked(table, self.pair.goals, before) if len(used) == 2 else "failed"
        return table.astype({"mark": "str", "group": "str", "role": "str"})

    def group_name(self, task: Task) -> str:
        """What a point is called by its scenario, where there are several, and by what is varied."""
        words = [self.scenarios[task.scenario]] if len(self.scenarios) > 1 else []
        words += [f"{axis.name}={shown(task.changes[axis.key])}" for axis in self.axes if axis.key in task.changes]
        return " ".join(words)


def shown(value: object) -> object:
    """A value as a cell shows it: numbers and words as they are, lists and tables in one line."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(shown(one)) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {shown(one)}" for key, one in value.items())
    return str(value)


def csv(table: pd.DataFrame) -> bytes:
    """A table as CSV with a byte-order mark, so that Excel shows Chinese; no text of it begins a formula."""
    safe = table.copy()
    for column in safe.columns:
        if safe[column].dtype == "str" or safe[column].dtype == object:
            safe[column] = safe[column].map(_harmless)
    text = safe.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return str(text).encode("utf-8-sig")


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell
