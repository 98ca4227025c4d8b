"""Seconds, memory and gaps of the shipped scenarios, one process each.

    python benchmarks/run.py [SCENARIO ...] [--json FILE]

Without names every file of ``scenarios`` is run. ``plan s`` is reading, solving and the audit; ``all s`` also the start of Python and
the reports that people read. Numbers belong to the machine named in the first line, beside whatever else it was doing. When a scenario
fails the others are run all the same, and the code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from planning import PLANNED, ROOT, FailedError, far_goals, machine, note, planned

SCENARIOS = ROOT / "scenarios"


def main() -> None:
    """Run the scenarios, print a block for each and a table of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="names of files in scenarios/, without .toml")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    options = parser.parse_args()
    names = options.scenario or sorted(path.stem for path in SCENARIOS.glob("*.toml"))
    print(machine(), flush=True)
    measured, failed = {}, []
    for number, name in enumerate(names, start=1):
        note(f"{number} of {len(names)}: planning {name}")
        try:
            measured[name] = planned(SCENARIOS / f"{name}.toml")
            print(block(name, measured[name]), flush=True)
        except FailedError as error:
            print(error, file=sys.stderr, flush=True)
            failed.append(name)
    print(table(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if failed:
        sys.exit(f"{len(failed)} of {len(names)} failed: {', '.join(failed)}")


def block(name: str, record: dict[str, Any]) -> str:
    """What one scenario cost: seconds by stage, and the goals."""
    code, seconds, reports = record["exit_code"], record["seconds"], record["report_seconds"]
    stages = ", ".join(f"{stage} {took:.1f}" for stage, took in (seconds | reports).items())
    rest = record["wall_seconds"] - sum(seconds.values()) - sum(reports.values())
    lines = [
        "",
        f"{name}: exit code {code}, {PLANNED[code]}; plan {record['plan_sha256'][:12]}",
        f"  {record['wall_seconds']:.1f} s: {stages}; start and end {rest:.1f}",
        f"  {'goal':<16} {'value':>14} {'bound':>14} {'gap':>10}",
    ]
    for goal in record["goals"]:
        bound = "unknown" if goal["bound"] is None else f"{goal['bound']:,.12g}"
        gap = "unknown" if goal["gap"] is None else "proven" if goal["proven"] else f"{goal['gap']:.4%}"
        lines.append(f"  {goal['goal']:<16} {goal['value']:>14,.12g} {bound:>14} {gap:>10}  {goal['unit']}")
    return "\n".join(lines)


def table(measured: dict[str, dict[str, Any]]) -> str:
    """A line for each scenario."""
    width = max((len(name) for name in measured), default=8)
    lines = ["", f"{'scenario':<{width}} {'code':>4} {'plan s':>7} {'all s':>7} {'GiB':>5}  not proven"]
    for name, record in measured.items():
        numbers = f"{record['exit_code']:>4} {sum(record['seconds'].values()):>7.1f} {record['wall_seconds']:>7.1f}"
        gibibytes = record["peak_memory_bytes"] / 2**30
        lines.append(f"{name:<{width}} {numbers} {gibibytes:>5.2f}  {far_goals(record['goals'])}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
