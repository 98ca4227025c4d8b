"""The whole chain: files in, audited plan out. No printing, no exit."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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
from allocator.reports.gallery import Gallery
from allocator.reports.material import Material
from allocator.reports.record import peak_memory
from allocator.reports.texts import Language, Texts, language
from allocator.reports.units import Template
from allocator.result import GoalResult, OnProgress, SolveResult, SolveStatus, silent
from allocator.solve.calendar import calendar
from allocator.solve.clock import Clock
from allocator.solve.dates import Schedule
from allocator.solve.feedback import dates_kept
from allocator.solve.yearly import YearlyStage
from allocator.wording import Message, from_record

GOAL_COLUMNS = ("goal", "sense", "unit", "value", "bound", "gap", "proven")
"""Columns of ``Run.goals``."""


@dataclass(frozen=True)
class Run:
    """One finished run. Its tables are data frames: ``docs/api.md`` lists their columns and units.

    Parameters
    ----------
    inputs, plan, audit, result
        What was read, what was decided (``plan.placements``), what the auditor found (``audit.rules``, ``audit.table``,
        ``audit.scopes``, ``audit.breaches``, ``audit.overdue``, ``audit.owed``), what the solve says of itself.
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

    @cached_property
    def seats(self) -> pd.DataFrame:
        """Seats of every unit in every session: year, session_id, programme_id, unit_id, seats (people)."""
        return self.plan.seats

    @cached_property
    def goals(self) -> pd.DataFrame:
        """Every goal in its order, columns as ``GOAL_COLUMNS``.

        ``value`` and ``bound`` are in ``unit``, missing where not known; ``gap`` is their distance relative to the value
        (0.01: one per cent), ``proven`` whether they are equal.
        """
        rows = [(g.goal, g.sense, g.unit, g.value, g.bound, g.gap, g.is_proven) for g in self.result.goals]
        types = dict.fromkeys(("goal", "sense", "unit"), "str") | dict.fromkeys(("value", "bound", "gap"), "float64")
        return pd.DataFrame(rows, columns=list(GOAL_COLUMNS)).astype(types | {"proven": "bool"})

    @cached_property
    def figures(self) -> Gallery:
        """The figures, drawn when called: ``run.figures.quota()``; in the language of ``ALLOCATOR_LANG`` or the locale."""
        texts = Texts(language(os.environ.get("ALLOCATOR_LANG")))
        return Gallery(Material(self.inputs, self.plan, self.audit, self.result, texts))


def plan(
    scenario: Path | str | Inputs,
    *,
    changes: Mapping[str, object] | None = None,
    on_progress: OnProgress = silent,
    stop: threading.Event | None = None,
) -> Run:
    """Plan a scenario and audit the plan.

    Parameters
    ----------
    scenario
        Scenario file, or inputs already read by ``load``.
    changes
        Dotted keys of the scenario and their values, such as ``{"limits.seconds": 60}``; for a file only, since
        inputs that were read have been checked as they are.
    stop
        Set it from another thread to keep the best plan found so far.

    Raises
    ------
    InputError
        With every defect of every file.
    ModelError
        If a rule cannot be expressed.
    ValueError
        If ``changes`` are given for inputs already read.
    """
    started = time.monotonic()
    stop = stop or threading.Event()
    if isinstance(scenario, Inputs):
        if changes:
            raise ValueError(Message("error.changes-of-inputs"))
        inputs = scenario
    else:
        inputs = load(Path(scenario), changes=dict(changes or {}))
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
    folder: Path | str,
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


def load_run(folder: Path | str) -> Run:
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


def check(path: Path | str, *, changes: Mapping[str, object] | None = None) -> CheckReport:
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
