"""The whole chain: files in, audited plan out. No printing, no exit."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.answers.conflicts import Conflicts
from allocator.answers.conflicts.text import record as conflicts_record
from allocator.answers.inputs_of import Given, inputs_of
from allocator.audit import AuditReport, read_plan
from allocator.audit import audit as judge
from allocator.checks import CheckReport, count
from allocator.domain.errors import Defect, InputError
from allocator.domain.plan import Plan
from allocator.domain.result import GoalResult, OnProgress, ShadowPrices, SolveResult, SolveStatus, silent
from allocator.domain.tables import TABLES, Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import load
from allocator.language.answer import texts_in
from allocator.language.message import Message, from_record
from allocator.language.texts import Language
from allocator.outputs.run_folder import PRICES, write_run
from allocator.outputs.run_record import scenario_text
from allocator.outputs.tamper_check import broken_explained, fingerprint, lacking, read_record
from allocator.outputs.units import Template


def plan(
    scenario: Given,
    *,
    changes: Mapping[str, object] | None = None,
    on_progress: OnProgress = silent,
    stop: threading.Event | None = None,
) -> Run:
    """Plan a scenario and audit the plan.

    Parameters
    ----------
    scenario
        Scenario file, inputs already read by ``load``, or a run, to be planned again.
    changes
        Dotted keys of the scenario and their values, such as ``{"quota.theory-quota": 5, "limits.seconds": 60}``; see ``load``.
    on_progress
        Gets a ``Progress`` at every step of a long run.
    stop
        Set it from another thread to keep the best plan found so far.

    Raises
    ------
    InputError
        With every defect of every file.
    ModelError
        If a rule cannot be expressed.
    ValueError
        If inputs that were not read from files are to be changed.

    Examples
    --------
    >>> run = allocator.plan("scenarios/tiny.toml")  # doctest: +SKIP
    >>> more = allocator.plan(run, changes={"quota.theory-quota": 5})  # doctest: +SKIP
    """
    started = time.monotonic()
    stop = stop or threading.Event()
    inputs = inputs_of(scenario, changes)
    clock = Clock(inputs.scenario.limits.seconds, stop, on_progress, started)
    clock.add("read", started)
    return solve(inputs, clock)


def solve(inputs: Inputs, clock: Clock | None = None) -> Run:
    """Plan checked inputs and audit the plan; see ``plan``."""
    return Planner().plan(inputs, clock)


def write(
    run: Run,
    folder: Path | str,
    *,
    lang: Language | None = None,
    force: bool = False,
    on_progress: OnProgress = silent,
    font: str | None = None,
    notices: Template | None = None,
    conflicts: Conflicts | None = None,
) -> tuple[str, ...]:
    """Write the run folder, whole or not at all; what is returned should be told to the reader.

    Parameters
    ----------
    run
        A run from ``plan`` or ``load_run``.
    folder
        The run folder; ``docs/outputs.md`` says what is in it.
    lang
        ``zh`` or ``en``; absent: as chosen by ``speak``, else the system's.
    force
        Replace a run folder that is there.
    on_progress
        Gets a ``Progress`` for every part that is written.
    font
        Family for the figures; absent: one with Chinese characters.
    notices
        Template of the call-up notices; absent: the plain letter.
    conflicts
        What was found about rules that cannot all be kept, to be told in ``conflicts.txt``.

    Raises
    ------
    OutputError
        If it cannot be written, or exists and ``force`` is not set, or there is no font of that name.
    """
    texts = texts_in(lang)
    said = scenario_text(run.inputs, Path(folder).resolve())
    extras: dict[str, Any] = {"peak_memory_bytes": run.peak_memory_bytes, "scenario_sha256": fingerprint(said)}
    additions = {}
    if conflicts is not None:
        extras["conflicts"] = conflicts_record(conflicts)
        additions["conflicts.txt"] = conflicts.words(texts) + "\n"
    return write_run(
        Path(folder), run.inputs, run.plan, run.audit, run.result, lang=texts.lang, force=force, extras=extras,
        on_progress=on_progress, font=font, notices=notices, additions=additions,
    )  # fmt: skip


def load_run(folder: Path | str) -> Run:
    """A finished run, read back from its folder: its inputs, its plan, and the audit done again.

    Parameters
    ----------
    folder
        The folder that ``write`` or ``allocator plan`` wrote.

    Raises
    ------
    InputError
        If the folder is not a run folder, its plan or scenario were changed after the run, its inputs have defects, or they
        have changed since.
    """
    folder = Path(folder)
    if defects := lacking(folder):
        raise InputError(defects)
    record = read_record(folder)
    inputs = load(folder / "scenario.toml")
    with broken_explained(folder):
        _refuse_changed(folder, inputs, set(record["inputs"].values()))
        goals = tuple(GoalResult(g["goal"], g["sense"], g["unit"], g["value"], g["bound"]) for g in record["goals"])
        said = record["texts"]["messages"] if "texts" in record else ()
        messages = tuple(map(from_record, said)) or tuple(record["messages"])
        prices = _prices(folder, record)
        result = SolveResult(SolveStatus(record["status"]), goals, record["seconds"], messages, prices=prices)
        memory = record["peak_memory_bytes"]
    plan = read_plan(folder / "plan.csv", inputs)
    return Run(inputs, plan, judge(plan, inputs), result, record["seconds"], memory)


def _refuse_changed(folder: Path, inputs: Inputs, known: set[str]) -> None:
    """Refuse inputs of which a file is not one that the run read; where the files lie does not matter."""
    defects = []
    for role in ("policy", *TABLES):
        file = inputs.files[role]
        if hashlib.sha256(file.read_bytes()).hexdigest() not in known:
            message = Message("explain.changed-since", role=role, folder=str(folder))
            defects.append(Defect(str(file), 0, "", message, Message("explain.plan-again"), "changed-since"))
    if defects:
        raise InputError(defects)


def _prices(folder: Path, record: Mapping[str, Any]) -> ShadowPrices | None:
    """Shadow prices of a run; none of a small problem, nor of a run written before they were kept."""
    file, weights = folder / PRICES, record.get("weights")
    if not weights or not file.is_file():
        return None
    types = {"rule_id": "str", "scope": "str", "year": "int64", "price": "float64"}
    return ShadowPrices(weights, pd.read_csv(file, encoding="utf-8-sig", dtype=types, keep_default_na=False))


def run_of(run: Run | Path | str) -> Run:
    """A run in hand, or the one of a folder; see ``load_run``."""
    return run if isinstance(run, Run) else load_run(run)


def check(scenario: Given, *, changes: Mapping[str, object] | None = None) -> CheckReport:
    """Read everything and count whether the rules can be kept at all; nothing is planned.

    Parameters
    ----------
    scenario, changes
        As for ``plan``.

    Raises
    ------
    InputError
        With every defect of every file.
    """
    return count(inputs_of(scenario, changes))


def audit(plan: Plan | pd.DataFrame | Path | str, scenario: Given) -> AuditReport:
    """Judge a plan against every rule of a scenario, ours or one made by hand; the solver has no part in it.

    Parameters
    ----------
    plan
        A plan, or what ``read_plan`` takes: a file, or a data frame such as changed ``run.plan.placements``.
    scenario
        A scenario file, inputs already read, or a run of it: the rules, and all else that the plan is judged by.

    Raises
    ------
    InputError
        With every defect of every file, or of the plan.
    ModelError
        If a rule groups by a column that the roster does not have.

    Examples
    --------
    >>> by_hand = run.plan.placements.drop(index=3)  # doctest: +SKIP
    >>> allocator.audit(by_hand, run).breaches  # doctest: +SKIP
    """
    inputs = inputs_of(scenario)
    return judge(plan if isinstance(plan, Plan) else read_plan(plan, inputs), inputs)


def exit_code(run: Run, conflicts: Conflicts | None = None) -> int:
    """The contract's exit code of a run; ``conflicts`` is what was found out about the rules it breaks."""
    if run.result.status is SolveStatus.INTERRUPTED:
        return 130
    violation = next((goal for goal in run.result.goals if goal.goal == "violation"), None)
    if violation is not None and violation.value:
        is_proven = run.cannot_keep_rules or (conflicts is not None and conflicts.is_proven)
        return 4 if is_proven else 5  # Without a proof nobody knows that the rules cannot all be kept.
    if not run.audit.is_clean:
        return 6
    return 5 if run.result.status in (SolveStatus.LIMIT, SolveStatus.OPEN) else 0
