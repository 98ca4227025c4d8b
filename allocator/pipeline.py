"""The whole chain: files in, audited plan out. No printing, no exit."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from allocator import instance
from allocator.assembly import assemble
from allocator.audit import AuditReport, audit, read_plan
from allocator.counting import CheckReport, count
from allocator.entities import Inputs
from allocator.inputs import load
from allocator.kinds import Goal
from allocator.model.goals import SHAPES
from allocator.placements import Plan
from allocator.reports.folder import write_run
from allocator.reports.record import peak_memory
from allocator.reports.texts import Language
from allocator.reports.units import Template
from allocator.result import GoalResult, OnProgress, SolveResult, SolveStatus, silent
from allocator.solve.calendar import calendar
from allocator.solve.clock import Clock
from allocator.solve.dates import Schedule
from allocator.solve.feedback import dates_kept
from allocator.solve.yearly import YearlyStage
from allocator.wording import Message, from_record


@dataclass(frozen=True)
class Run:
    """One finished run.

    Parameters
    ----------
    inputs, plan, audit, result
        What was read, what was decided, what the auditor found, what the solve says of itself.
    seconds
        Wall-clock seconds by stage.
    peak_memory_bytes
        Largest resident memory of the process so far.
    """

    inputs: Inputs
    plan: Plan
    audit: AuditReport
    result: SolveResult
    seconds: Mapping[str, float]
    peak_memory_bytes: int


def plan(
    path: Path,
    *,
    changes: Mapping[str, object] | None = None,
    on_progress: OnProgress = silent,
    stop: threading.Event | None = None,
) -> Run:
    """Plan a scenario and audit the plan.

    Parameters
    ----------
    path
        Scenario file.
    changes
        Dotted keys of the scenario and their values, such as ``{"limits.seconds": 60}``.
    stop
        Set it from another thread to keep the best plan found so far.

    Raises
    ------
    InputError
        With every defect of every file.
    ModelError
        If a rule cannot be expressed.
    """
    started = time.monotonic()
    stop = stop or threading.Event()
    inputs = load(Path(path), changes=dict(changes or {}))
    clock = Clock(inputs.scenario.limits.seconds, stop, on_progress, started)
    clock.add("read", started)
    return solve(inputs, clock)


def solve(inputs: Inputs, clock: Clock | None = None) -> Run:
    """Plan checked inputs and audit the plan; see ``plan``."""
    clock = clock or Clock(inputs.scenario.limits.seconds)
    since = time.monotonic()
    problem = instance.build(inputs, calendar(inputs))
    clock.add("instance", since)
    limits = inputs.scenario.limits
    stage = YearlyStage(problem, seed=inputs.scenario.seed, workers=limits.workers, gap=limits.gap, clock=clock)
    _, dated = dates_kept(stage, inputs, clock, stage.plan())
    plan = assemble(inputs, dated.placements)

    since = time.monotonic()
    clock.say("audit")
    report = audit(plan, inputs)
    clock.add("audit", since)

    since = time.monotonic()
    goals = _goals(stage, report.goals)
    clock.add("bounds", since)
    result = SolveResult(
        status=_status(goals, inputs.scenario.limits.gap, clock),
        goals=goals,
        seconds=dict(clock.stages),
        messages=_messages(dated, report),
        work=dict(stage.work),
    )
    return Run(inputs, plan, report, result, dict(clock.stages), peak_memory() or 0)


def write(
    run: Run,
    folder: Path,
    *,
    lang: Language = "zh",
    force: bool = False,
    on_progress: OnProgress = silent,
    font: str | None = None,
    notices: Template | None = None,
) -> tuple[str, ...]:
    """Write the run folder, whole or not at all; what is returned should be told to the reader.

    ``notices`` is the template of the call-up notices, the plain letter when absent.

    Raises
    ------
    OutputError
        If it cannot be written, or exists and ``force`` is not set, or there is no font of that name.
    """
    extras = {"peak_memory_bytes": run.peak_memory_bytes}
    return write_run(
        Path(folder), run.inputs, run.plan, run.audit, run.result,
        lang=lang, force=force, extras=extras, on_progress=on_progress, font=font, notices=notices,
    )  # fmt: skip


def load_run(folder: Path) -> Run:
    """A finished run, read back from its folder: inputs as they are now, the plan, and its audit done again.

    Raises
    ------
    InputError
        If the folder is not a run folder, or its inputs have defects.
    """
    folder = Path(folder)
    inputs = load(folder / "scenario.toml")
    plan = read_plan(folder / "plan.csv", inputs)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    goals = tuple(GoalResult(g["goal"], g["sense"], g["unit"], g["value"], g["bound"]) for g in record.get("goals", ()))
    messages = tuple(map(from_record, record["texts"]["messages"])) if "texts" in record else tuple(record["messages"])
    result = SolveResult(SolveStatus(record["status"]), goals, record["seconds"], messages)
    return Run(inputs, plan, audit(plan, inputs), result, record["seconds"], record["peak_memory_bytes"])


def check(path: Path, *, changes: Mapping[str, object] | None = None) -> CheckReport:
    """Read everything and count whether the rules can be kept at all; see ``counting``.

    Raises
    ------
    InputError
        With every defect of every file.
    """
    return count(load(Path(path), changes=dict(changes or {})))


def exit_code(run: Run) -> int:
    """The contract's exit code of a run."""
    if run.result.status is SolveStatus.INTERRUPTED:
        return 130
    violation = next((goal for goal in run.result.goals if goal.goal == "violation"), None)
    if violation is not None and violation.value:
        return 4 if violation.bound else 5  # Without a bound above 0 nobody knows that the rules cannot all be kept.
    if not run.audit.is_clean:
        return 6
    return 5 if run.result.status is SolveStatus.LIMIT else 0


def _goals(stage: YearlyStage, counted: Mapping[Goal, float]) -> tuple[GoalResult, ...]:
    """Every goal in use: its value as the auditor counted it, and its bound."""
    values = {goal: float(counted[goal]) for goal in stage.goals}
    bounds = stage.bounds(values)
    return tuple(
        GoalResult(goal, SHAPES[goal].sense, SHAPES[goal].unit, values[goal], bounds.get(goal)) for goal in stage.goals
    )


def _status(goals: tuple[GoalResult, ...], gap: float, clock: Clock) -> SolveStatus:
    if clock.stop.is_set():
        return SolveStatus.INTERRUPTED
    if all(goal.is_proven for goal in goals):
        return SolveStatus.PROVEN
    within = all(goal.gap is not None and goal.gap <= gap for goal in goals)
    return SolveStatus.WITHIN_GAP if within else SolveStatus.LIMIT


def _messages(dated: Schedule, report: AuditReport) -> tuple[Message, ...]:
    lost: pd.DataFrame = dated.unplaced
    columns = (lost[column] for column in ("cadre_id", "programme_id", "year", "rule_id", "reason"))
    unplaced = [
        Message("dates.unplaced", cadre=cadre, programme=programme, year=year, rule=rule, reason=reason)
        for cadre, programme, year, rule, reason in zip(*columns, strict=True)
    ]
    return (*unplaced, *report.warnings)
