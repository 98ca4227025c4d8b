"""One planning in a process of its own, and what there is to say of it: shared by ``run`` and ``growth``."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PLANNED = {
    0: "every hard rule kept, every goal within the gap asked for",
    4: "the hard rules cannot all be kept",
    5: "a goal is further from its bound than the gap asked for",
}
"""Exit codes of ``allocator plan`` with which a plan is as good as it should be, and what they mean here."""

Goal = Mapping[str, Any]


class FailedError(Exception):
    """A scenario that ended without a plan, or with one that its own audit refuses."""


def machine() -> str:
    """The first line: date, machine, how busy it is with other things, versions."""
    names = ("ortools", "highspy", "numpy", "pandas")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors{load}, "
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)
    )


def note(text: str) -> None:
    """Say what is being done; beside the results, so that those can be kept in a file."""
    print(f"{datetime.now():%H:%M:%S} {text} …", file=sys.stderr, flush=True)


def planned(scenario: Path, *options: str) -> dict[str, Any]:
    """What ``allocator plan`` says of a scenario, without its search for conflicts.

    Beside it stand ``wall_seconds`` of the process and ``report_seconds``, of each part of the reports.

    Raises
    ------
    FailedError
        If there is no plan, or its audit found a breach.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "allocator", "plan", str(scenario.resolve()), "--out", f"{folder}/run"]
        began = time.perf_counter()
        finished = subprocess.run(
            [*command, "--json", "--quiet", "--no-explain", *options],
            capture_output=True, text=True, encoding="utf-8", env=surroundings(),
        )  # fmt: skip
        wall = time.perf_counter() - began
        written = Path(folder, "run", "run.json")
        whole = json.loads(written.read_text(encoding="utf-8"))["seconds"] if written.is_file() else {}
    try:
        record: dict[str, Any] = json.loads(finished.stdout)
    except ValueError:
        record = {"message": finished.stdout + finished.stderr}
    if finished.returncode not in PLANNED or "goals" not in record:
        said = record.get("message", finished.stderr)
        raise FailedError(f"{scenario.stem} failed with exit code {finished.returncode}: {said}".rstrip(": \n"))
    reports = {name: took for name, took in whole.items() if name not in record["seconds"]}
    return {"wall_seconds": round(wall, 2), "report_seconds": reports} | record


def surroundings() -> dict[str, str]:
    """The environment in which this copy of the package is found, also where it is not installed."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), known] if known else [str(ROOT)])}


def far_goals(goals: Iterable[Goal], gap: float = 0.0) -> str:
    """The goals further from their bounds than ``gap``, with the distance; people are counted, hours, years and points in per cent."""
    far = []
    for goal in goals:
        if goal["gap"] is None:
            far.append(f"{goal['goal']} without a bound")
        elif goal["gap"] > gap and goal["goal"] in COUNTED:
            far.append(f"{goal['goal']} {goal['value']:,.12g}, bound {goal['bound']:,.12g}")
        elif goal["gap"] > gap:
            far.append(f"{goal['goal']} {goal['gap']:.3%}")
    return "; ".join(far) or "–"


COUNTED = frozenset({"violation", "overdue", "quota-shortfall", "quota-excess"})
"""Goals that count people: a few of them are far in per cent and near all the same."""
