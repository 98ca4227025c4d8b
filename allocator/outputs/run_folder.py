"""The run folder: every file of the contract, and the order in which they are written."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from allocator.audit import AuditReport
from allocator.domain.plan import Plan
from allocator.domain.result import OnProgress, Progress, SolveResult, silent
from allocator.domain.tables import Inputs
from allocator.language.texts import Language, Texts
from allocator.outputs.dispatch import dispatch
from allocator.outputs.output_data import Material
from allocator.outputs.page import page
from allocator.outputs.run_record import run_record, scenario_text
from allocator.outputs.units import AllUnits, Template, unit_files
from allocator.system.atomic_folder import RECORD, check_target, written_whole
from allocator.system.memory import collecting_seldom
from allocator.system.worker_pool import Helpers

__all__ = ["PRICES", "check_font", "check_target", "write_run"]

_CSV: dict[str, Any] = {"index": False, "encoding": "utf-8-sig", "lineterminator": "\n", "float_format": "%.10g"}
PRICES = "prices.csv"

MANY = 300  # units for which a helper process pays: it needs a second to start
MOST_HELPERS = 3  # Each holds half a GiB for a province, and the longest job decides anyway.
_WEIGHTS = {"tables": 2.0, "dispatch": 10.0, "units": 2.0, "figures": 30.0, "page": 10.0}
"""Tenths of a second that a job takes for a province: how progress is counted."""


def check_font(name: str, lang: Language = "en") -> None:
    """Refuse a font that is not installed, before any time is spent on a plan.

    Raises
    ------
    OutputError
        With the nearest names of fonts that are.
    """
    from allocator.outputs.figures import find_font  # Here, since matplotlib is slow to load.

    find_font(name, lang)


def write_run(
    folder: Path,
    inputs: Inputs,
    plan: Plan,
    audit: AuditReport,
    result: SolveResult | None,
    *,
    lang: Language = "zh",
    force: bool = False,
    extras: Mapping[str, Any] | None = None,
    on_progress: OnProgress = silent,
    font: str | None = None,
    notices: Template | None = None,
    additions: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Write the run folder of the contract.

    Parameters
    ----------
    folder
        Target; must not exist, or be an older run folder when ``force`` is given.
    result
        What the solve said; None for a plan that was not solved here.
    lang
        Language of everything people read.
    extras
        Further keys of ``run.json``.
    on_progress
        Told after every file, with the share done.
    font
        Family of the figures; the first Chinese one installed when absent.
    notices
        Template of the call-up notices; the plain letter when absent.
    additions
        Further text files, by name.

    Returns
    -------
    tuple
        What the reader should be told of the writing, such as figures labelled in English for want of a Chinese font.

    Raises
    ------
    OutputError
        If the folder cannot be written, or no font of that name is installed; the target is then as it was before.
    """
    material = Material(inputs, plan, audit, result, Texts(lang))
    with written_whole(folder, material.texts, force=force) as unfinished:
        for name, text in (additions or {}).items():
            _text(unfinished / name, text)
        return _fill(unfinished, folder.resolve(), material, dict(extras or {}), on_progress, font, notices)


def _fill(
    folder: Path,
    target: Path,
    material: Material,
    extras: Mapping[str, Any],
    on_progress: OnProgress,
    font: str | None,
    notices: Template | None,
) -> tuple[str, ...]:
    """Write every file; the record comes last, so a folder with ``run.json`` is complete."""
    started = time.perf_counter()
    for below in ("inputs", "figures", "units"):
        (folder / below).mkdir()
    work = _Work(folder, target, material, font, notices)
    jobs = work.jobs()
    weights = [_WEIGHTS[job.stage] for job in jobs]
    results: dict[int, _Done] = {}
    seconds = {f"write-{stage}": 0.0 for stage in _WEIGHTS}

    def done(number: int, one: _Done) -> None:
        results[number] = one
        stage = f"write-{jobs[number].stage}"
        seconds[stage] = round(seconds[stage] + one.seconds, 3)
        share = min(1.0, sum(weights[n] for n in results) / sum(weights))
        on_progress(Progress("write", time.perf_counter() - started, done=share))

    with Helpers(_helpers_for(material.inputs)) as helpers:
        helpers.share(work, jobs, done)
    told: tuple[str, ...] = next(results[n].result for n, job in enumerate(jobs) if job.stage == "figures")
    lines = (line for n, job in enumerate(jobs) if job.stage == "units" for line in results[n].result)
    work.units.list(lines)
    _text(folder / RECORD, run_record(material, seconds, extras, told))
    return told


def _helpers_for(inputs: Inputs) -> int:
    """Helper processes that pay: a process for each core, as far as memory goes."""
    return min(inputs.scenario.limits.workers - 1, MOST_HELPERS) if inputs.cadres["unit_id"].nunique() >= MANY else 0


class _Job(NamedTuple):
    """A file or some files: the stage it belongs to, and the year, or the share of the units."""

    stage: str
    which: Any = None


class _Done(NamedTuple):
    """A job that is done: how long it took, and what it has to tell."""

    seconds: float
    result: Any


@dataclass(frozen=True)
class _Work:
    """Everything any process needs to write any file but the record."""

    folder: Path
    target: Path
    material: Material
    font: str | None
    notices: Template | None

    def jobs(self) -> list[_Job]:
        """All jobs, the longest first, so that nobody waits for one at the end."""
        dispatches = (_Job("dispatch", year) for year in self.material.inputs.years)
        shares = (_Job("units", share) for share in self.units.shares)
        return [_Job("figures"), *dispatches, _Job("page"), _Job("tables"), *shares]

    def do(self, job: _Job) -> _Done:
        """Do one job; the same files come out whichever process does it."""
        started = time.perf_counter()
        with collecting_seldom() as collect:
            result = self._do(job)
            collect()
        return _Done(time.perf_counter() - started, result)

    def _do(self, job: _Job) -> Any:
        folder, material = self.folder, self.material
        if job.stage == "tables":
            return _tables(folder, self.target, material)
        if job.stage == "dispatch":
            return _dispatch(folder, material, job.which)
        if job.stage == "figures":
            return _figures(folder, material, self.font)
        if job.stage == "page":
            return _text(folder / "report.html", page(material))
        return self.units.write(job.which)

    @cached_property
    def units(self) -> AllUnits:
        """The files of units."""
        return AllUnits(self.material, unit_files(self.folder / "units", self.material, self.notices))


def _tables(folder: Path, target: Path, material: Material) -> None:
    """CSV files carry a byte-order mark, so that Excel shows Chinese; they hold ids and figures, never names."""
    inputs, plan, audit = material.inputs, material.plan, material.audit
    plan.write(folder / "plan.csv")
    plan.seats.to_csv(folder / "seats.csv", **_CSV)
    (folder / "audit.csv").write_text(audit.to_csv(), encoding="utf-8-sig", newline="")
    audit.overdue.drop(columns="reason_zh").to_csv(folder / "overdue.csv", **_CSV)
    audit.owed.to_csv(folder / "owed.csv", **_CSV)
    if material.result is not None and material.result.prices is not None:
        exact = _CSV | {"float_format": None}  # Read back, they must lead to the same plans.
        material.result.prices.table.to_csv(folder / PRICES, **exact)
    _text(folder / "scenario.toml", scenario_text(inputs, target))
    files = {role: str(path) for role, path in sorted(inputs.files.items())}
    record = {"files": files, "sha256": dict(sorted(inputs.hashes.items()))}
    _text(folder / "inputs" / "hashes.json", json.dumps(record, ensure_ascii=False, indent=2) + "\n")


def _dispatch(folder: Path, material: Material, year: int) -> None:
    (folder / f"dispatch-{year}.xlsx").write_bytes(dispatch(material, year))


def _figures(folder: Path, material: Material, font: str | None) -> tuple[str, ...]:
    from allocator.outputs import figures  # Here, since matplotlib takes as long to load as all the rest together.

    pen = figures.Pen.of(material, font)
    for name, content in figures.draw(pen):
        (folder / "figures" / name).write_bytes(content)
    return figures.notes(material, pen)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
