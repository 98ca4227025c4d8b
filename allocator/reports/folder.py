"""The run folder: every file of the contract, and the order in which they are written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allocator.audit import AuditReport
from allocator.entities import Inputs
from allocator.placements import Plan
from allocator.reports.dispatch import dispatch
from allocator.reports.material import Material
from allocator.reports.page import page
from allocator.reports.record import run_record, scenario_text
from allocator.reports.texts import Language, Texts
from allocator.reports.units import Template, write_units
from allocator.reports.whole import RECORD, check_target, written_whole
from allocator.result import OnProgress, Progress, SolveResult, silent

__all__ = ["PRICES", "check_font", "check_target", "write_run"]

_CSV: dict[str, Any] = {"index": False, "encoding": "utf-8-sig", "lineterminator": "\n", "float_format": "%.10g"}
PRICES = "prices.csv"


def check_font(name: str, lang: Language = "en") -> None:
    """Refuse a font that is not installed, before any time is spent on a plan.

    Raises
    ------
    OutputError
        With the nearest names of fonts that are.
    """
    from allocator.reports.figures import find_font  # Here, since matplotlib is slow to load.

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
    inputs, plan, audit = material.inputs, material.plan, material.audit
    started = time.perf_counter()
    seconds: dict[str, float] = {}

    def tell(done: float) -> None:
        on_progress(Progress("write", time.perf_counter() - started, done=min(done, 1.0)))

    @contextmanager
    def timed(stage: str, done: float) -> Iterator[None]:
        before = time.perf_counter()
        yield
        seconds[stage] = round(seconds.get(stage, 0.0) + time.perf_counter() - before, 3)
        tell(done)

    with timed("write-tables", 0.05):
        _tables(folder, plan, audit)
        if material.result is not None and material.result.prices is not None:
            exact = _CSV | {"float_format": None}  # Read back, they must lead to the same plans.
            material.result.prices.table.to_csv(folder / PRICES, **exact)
        _scenario(folder, target, inputs)
    for number, year in enumerate(inputs.years, start=1):
        with timed("write-dispatch", 0.05 + 0.45 * number / len(inputs.years)):
            _dispatch(folder, material, year)
    with timed("write-units", 0.8):
        _units(folder, material, notices, lambda done: tell(0.5 + 0.3 * done))
    with timed("write-figures", 0.95):
        told = _figures(folder, material, font)
    with timed("write-page", 1.0):
        _text(folder / "report.html", page(material))
    _text(folder / RECORD, run_record(material, seconds, extras, told))
    return told


def _tables(folder: Path, plan: Plan, audit: AuditReport) -> None:
    """CSV files carry a byte-order mark, so that Excel shows Chinese; they hold ids and figures, never names."""
    plan.write(folder / "plan.csv")
    plan.seats.to_csv(folder / "seats.csv", **_CSV)
    (folder / "audit.csv").write_text(audit.to_csv(), encoding="utf-8-sig", newline="")
    audit.overdue.drop(columns="reason_zh").to_csv(folder / "overdue.csv", **_CSV)
    audit.owed.to_csv(folder / "owed.csv", **_CSV)


def _scenario(folder: Path, target: Path, inputs: Inputs) -> None:
    _text(folder / "scenario.toml", scenario_text(inputs, target))
    (folder / "inputs").mkdir()
    files = {role: str(path) for role, path in sorted(inputs.files.items())}
    record = {"files": files, "sha256": dict(sorted(inputs.hashes.items()))}
    _text(folder / "inputs" / "hashes.json", json.dumps(record, ensure_ascii=False, indent=2) + "\n")


def _dispatch(folder: Path, material: Material, year: int) -> None:
    (folder / f"dispatch-{year}.xlsx").write_bytes(dispatch(material, year))


def _units(folder: Path, material: Material, notices: Template | None, tell: Callable[[float], None]) -> None:
    (folder / "units").mkdir()
    write_units(folder / "units", material, notices, tell)


def _figures(folder: Path, material: Material, font: str | None) -> tuple[str, ...]:
    from allocator.reports import figures  # Here, since matplotlib takes as long to load as all the rest together.

    (folder / "figures").mkdir()
    pen = figures.Pen.of(material, font)
    for name, content in figures.draw(pen):
        (folder / "figures" / name).write_bytes(content)
    return figures.notes(material, pen)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
