"""The run folder, written whole or not at all.

Everything is written to a hidden folder beside the target, which takes the target's name only when it is complete. With
``force`` the old folder is first moved aside and removed only when the new one stands in its place. A run killed
between those two moves is mended by the next run on the same target.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from allocator.audit import AuditReport
from allocator.entities import Inputs
from allocator.errors import OutputError
from allocator.placements import Plan
from allocator.reports.dispatch import dispatch
from allocator.reports.material import Material
from allocator.reports.page import page
from allocator.reports.record import run_record, scenario_text
from allocator.reports.texts import Language, Texts
from allocator.reports.units import Template, write_units
from allocator.result import OnProgress, Progress, SolveResult, silent

_CSV: dict[str, Any] = {"index": False, "encoding": "utf-8-sig", "lineterminator": "\n", "float_format": "%.10g"}
_REASONS = {
    errno.ENOSPC: "full",
    getattr(errno, "EDQUOT", -1): "full",  # Windows has no quotas of this name.
    errno.EROFS: "read-only",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ENOTDIR: "not-folder",
    errno.ENAMETOOLONG: "name",
}


def check_target(folder: Path, *, force: bool = False, lang: Language = "en") -> None:
    """Refuse a target that cannot be written, before any time is spent on a plan.

    Raises
    ------
    OutputError
        If the folder exists and ``force`` is not given, if it is no run folder, or if its parent cannot be written.
    """
    texts = Texts(lang)
    target = folder.resolve()
    _mend(target)
    if target.exists() and not target.is_dir():
        raise OutputError(texts("output.not-folder", path=folder))
    if target.exists() and any(target.iterdir()):
        if not force:
            raise OutputError(texts("output.exists", path=folder))
        if not (target / "run.json").is_file():
            raise OutputError(texts("output.foreign", path=folder))
    above = next(parent for parent in target.parents if parent.exists())
    if not above.is_dir():
        raise OutputError(texts("output.not-folder", path=above))
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(texts("output.denied", path=folder, detail=str(above)))


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

    Returns
    -------
    tuple
        What the reader should be told of the writing, such as figures labelled in English for want of a Chinese font.

    Raises
    ------
    OutputError
        If the folder cannot be written, or no font of that name is installed; the target is then as it was before.
    """
    check_target(folder, force=force, lang=lang)
    target = folder.resolve()
    material = Material(inputs, plan, audit, result, Texts(lang))
    with _os_errors_explained(folder, material.texts):
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _beside(target, f"partial-{os.getpid()}")
        try:
            unfinished.mkdir()
            told = _fill(unfinished, target, material, dict(extras or {}), on_progress, font, notices)
            _put_in_place(unfinished, target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return told


def _beside(target: Path, suffix: str) -> Path:
    """A hidden neighbour of the target, on the same file system so that renaming is one step."""
    return target.with_name(f".{target.name}.{suffix}")


def _mend(target: Path) -> None:
    """Undo what a killed run left behind: put the old folder back, remove partial ones nobody writes any more."""
    aside = _beside(target, "previous")
    if not target.parent.is_dir():
        return
    try:
        if aside.is_dir() and not target.exists():
            aside.rename(target)
        for unfinished in target.parent.glob(f".{glob.escape(target.name)}.partial-*"):
            pid = unfinished.name.rpartition("-")[2]
            if pid.isdigit() and not psutil.pid_exists(int(pid)):
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError:
        return  # A folder that cannot be written is explained by the check that follows.


def _put_in_place(finished: Path, target: Path) -> None:
    aside = _beside(target, "previous")
    if not target.exists():
        finished.rename(target)
        return
    shutil.rmtree(aside, ignore_errors=True)
    target.rename(aside)
    try:
        finished.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _os_errors_explained(folder: Path, texts: Texts) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, "failed")
        detail = error.strerror or str(error)
        raise OutputError(texts(f"output.{reason}", path=folder, detail=detail)) from error


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
    _text(folder / "run.json", run_record(material, seconds, extras, told))
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
