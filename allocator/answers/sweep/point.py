"""One point of a sweep: a scenario with some keys changed, planned, and what is kept of it, as plain values."""

from __future__ import annotations

import json
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit

from allocator.answers.runs import exit_code, solve
from allocator.audit import audit, read_plan
from allocator.domain.errors import AllocatorError, InputError
from allocator.domain.result import PRICE_COLUMNS, GoalResult, ShadowPrices, SolveResult, SolveStatus
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.inputs import changed
from allocator.language.message import LANGUAGES, Message, from_record, said
from allocator.outputs.run_record import goal_record, text_record

Record = dict[str, Any]
"""What is kept of a point: plain values that JSON knows."""

CRASH, INPUT = 1, 3
"""Exit codes of points without a plan: the program failed, or the input has mistakes."""

RULE_COLUMNS = ("rule_id", "clause", "kind", "title", "title_zh", "strength", "unit", "status", "required", "achieved",
                "shortfall")  # fmt: skip
"""What is kept of each rule of the audit."""


@dataclass(frozen=True)
class Task:
    """One point to be planned: a scenario by its number, and what is changed in it."""

    scenario: int
    changes: Mapping[str, object]
    name: str  # of its files
    role: str = ""  # in a trade-off curve: first, second, between
    titles: Mapping[str, str] = field(default_factory=dict)  # id, title and title_zh of its scenario

    @property
    def wanted(self) -> dict[str, object]:
        """What is changed in the scenario, its own name included."""
        return {**self.changes, **{key: value for key, value in self.titles.items() if value}}

    def to_json(self, *, wants_plan: bool = False, folder: Path | None = None) -> str:
        """The task on one line, for a worker that may be another machine."""
        where = None if folder is None else str(folder)
        return json.dumps(
            {"scenario": self.scenario, "changes": to_toml(self.wanted), "plan": wants_plan, "folder": where}
        )


def to_toml(changes: Mapping[str, object]) -> str:
    """Dotted keys and their values as TOML, which knows the dates and tables that JSON does not.

    Raises
    ------
    TypeError, ValueError
        If a value is nothing that a scenario can hold.
    """
    entries = tomlkit.aot()
    for key, value in changes.items():
        entry = tomlkit.table()
        entry.add("key", key)
        entry.add("value", tomlkit.item(value))
        entries.append(entry)
    document = tomlkit.document()
    document.add("change", entries)
    return tomlkit.dumps(document)


def from_toml(text: str) -> dict[str, object]:
    """What ``to_toml`` wrote."""
    return {entry["key"]: entry["value"] for entry in tomllib.loads(text).get("change", [])}


@dataclass(frozen=True)
class Base:
    """A finished run of the inputs as they are, and what is worked out of it once for all points.

    Every point stands on this run and on no other point, so that the answer does not depend on which points were planned before it.
    """

    run: Run
    planner: Planner

    @classmethod
    def of(cls, run: Run) -> Base:
        """The base that a run is."""
        return cls(run, Planner.of(run))

    def planned(self, inputs: Inputs) -> Run:
        """The plan of inputs that differ from those of the base in some rules or sessions; the base's own where they do not."""
        return self.run if _meaning(inputs) == _meaning(self.run.inputs) else self.planner.trial(inputs)


def _meaning(inputs: Inputs) -> tuple[object, ...]:
    """What a plan of these inputs depends on, of inputs with the same tables."""
    limits = inputs.scenario.limits.model_copy(update={"workers": 1, "seconds": None})
    said = inputs.scenario.model_copy(update={"id": "", "title": "", "title_zh": "", "limits": limits})
    return said, inputs.policy.parameters, inputs.policy.rules


def planned(inputs: Inputs, changes: Mapping[str, object], base: Base | None = None) -> tuple[Record, Run | None]:
    """Plan inputs with some changes, from nothing or from the plan of a base; whatever goes wrong is told in the record."""
    started = time.monotonic()
    try:
        wanted = changed(inputs, changes)
        run = solve(wanted) if base is None else base.planned(wanted)
    except InputError as error:
        return failed(INPUT, [(one.column, one.message) for one in error.defects], time.monotonic() - started), None
    except AllocatorError as error:
        return failed(INPUT, [("", error)], time.monotonic() - started), None
    except Exception as error:
        fault = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        return failed(CRASH, [("", Message("sweep.crashed", fault=fault))], time.monotonic() - started), None
    return _record(run, time.monotonic() - started), run


def failed(code: int, faults: Sequence[tuple[str, object]], seconds: float = 0.0) -> Record:
    """The record of a point without a plan; each fault is a key of the scenario, or nothing, and what is wrong."""
    messages = [
        {lang: f"{key}: {said(text, lang)}" if key else said(text, lang) for lang in LANGUAGES} for key, text in faults
    ]
    return {"exit_code": code, "status": None, "messages": messages, "goals": [], "rules": [], "placements": None,
            "people": None, "plan_sha256": None, "resumed": False, "seconds": round(seconds, 3)}  # fmt: skip


def _record(run: Run, seconds: float) -> Record:
    rules = run.audit.rules[list(RULE_COLUMNS)].to_dict("records")
    placements = run.plan.placements
    return {
        "exit_code": exit_code(run),
        "status": run.result.status.value,
        "messages": [],
        "goals": [goal_record(_at_nothing(goal)) for goal in run.result.goals],
        "rules": [{str(key): _plain(value) for key, value in rule.items()} for rule in rules],
        "placements": int(placements["headcount"].sum()),
        "people": int(placements.drop_duplicates("cadre_id")["headcount"].sum()),
        # Small problems are planned from nothing in any case, and have bounds.
        "resumed": bool(run.result.goals) and all(goal.bound is None for goal in run.result.goals),
        "plan_sha256": run.plan.sha256,
        "seconds": round(seconds, 3),
    }


def _at_nothing(goal: GoalResult) -> GoalResult:
    """A goal of which nothing is left needs no proof: all of those that are made small are sums of what is missing."""
    is_best = goal.bound is None and goal.sense == "min" and goal.value == 0
    return replace(goal, bound=0.0) if is_best else goal


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value


def run_to_record(run: Run) -> Record:
    """Plan and result of a run as plain values, so that another process can stand on it."""
    result = run.result
    return {
        "plan": run.plan.to_csv(),
        "status": result.status.value,
        "goals": [[g.goal, g.sense, g.unit, g.value, g.bound] for g in result.goals],
        "seconds": dict(result.seconds),
        "messages": [text_record(text) for text in result.messages],
        "work": dict(result.work),
        "peak_memory_bytes": run.peak_memory_bytes,
        "prices": None
        if result.prices is None
        else {"weights": dict(result.prices.weights), "table": result.prices.table.to_dict("list")},
    }


def run_from_record(inputs: Inputs, record: Record) -> Run:
    """The run that ``run_to_record`` wrote down, its audit done again.

    Raises
    ------
    InputError
        If the plan is not one of these inputs.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.csv"
        file.write_text(record["plan"], encoding="utf-8", newline="")
        plan = read_plan(file, inputs)
    messages = tuple(_message(text) for text in record["messages"])
    goals = tuple(GoalResult(*goal) for goal in record["goals"])
    result = SolveResult(
        SolveStatus(record["status"]), goals, record["seconds"], messages, record["work"], _prices(record["prices"])
    )
    return Run(inputs, plan, audit(plan, inputs), result, record["seconds"], record["peak_memory_bytes"])


def _prices(record: Record | None) -> ShadowPrices | None:
    if record is None:
        return None
    types = dict(zip(PRICE_COLUMNS, ("str", "str", "int64", "float64"), strict=True))
    return ShadowPrices(record["weights"], pd.DataFrame(record["table"], columns=list(PRICE_COLUMNS)).astype(types))


def _message(record: Record) -> str:
    return from_record(record) if record["code"] else str(record["en"])
