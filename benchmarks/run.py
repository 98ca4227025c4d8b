"""Seconds, memory and gaps of the shipped scenarios, one process each.

    python benchmarks/run.py [SCENARIO ...] [--json FILE]

Without names every file of ``scenarios`` is run. The numbers belong to the machine named in the first line.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"


def main() -> None:
    """Run the scenarios and print one block each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="names of files in scenarios/, without .toml")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    options = parser.parse_args()
    names = options.scenario or sorted(path.stem for path in SCENARIOS.glob("*.toml"))
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    measured = {name: measure(name) for name in names}
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(name: str) -> dict[str, Any]:
    """Plan one scenario in a process of its own, print what it cost, and give back its record."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "allocator", "plan", str(SCENARIOS / f"{name}.toml"), "--out", f"{folder}/run"]
        started = time.perf_counter()
        finished = subprocess.run(
            [*command, "--json", "--no-progress"], capture_output=True, text=True, encoding="utf-8"
        )
        wall = time.perf_counter() - started
    if not finished.stdout.strip():
        raise SystemExit(f"{name} failed with code {finished.returncode}:\n{finished.stderr}")
    record: dict[str, Any] = {"wall_seconds": round(wall, 2), **json.loads(finished.stdout)}
    if "goals" not in record:
        raise SystemExit(f"{name} failed with code {finished.returncode}: {record['message']}")
    print(f"\n{name}: code {record['exit_code']}, {record['status']}, {wall:.1f} s, ", end="")
    print(f"{record['peak_memory_bytes'] / 2**30:.2f} GiB, plan {record['plan_sha256'][:12]}")
    print("  " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in record["seconds"].items()))
    for goal in record["goals"]:
        gap = "unknown" if goal["gap"] is None else f"{goal['gap']:.4%}"
        print(
            f"  {goal['goal']:<16} value {goal['value']!s:>14}  bound {goal['bound']!s:>20}  gap {gap:>10}  {goal['unit']}"
        )
    return record


if __name__ == "__main__":
    main()
