"""How seconds and memory grow with people, teams, rules, years and sessions.

    python benchmarks/growth.py [--people 2000 10000] [--years 1 2 4] [--rules 0.5 1] [--json FILE]

Makes a province of every size and plans it in a process of its own; then the smallest of them again over fewer years and with
fewer rules. Teams, local programmes and sessions grow with the people, so their numbers stand beside. ``tables`` is the time in which
pandas reads the five tables and does nothing else: the floor under every other stage. Numbers belong to the machine
named in the first line.
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
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.generate import Summary, generate

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "scenarios" / "henan-2019-2022.toml"
HORIZON = (2019, 2020, 2021, 2022)
TABLES = ("units", "cadres", "history", "programmes", "sessions")


def main() -> None:
    """Measure and print one line for every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", nargs="+", type=int, default=[2_000, 10_000], help="sizes, in named people")
    parser.add_argument("--years", nargs="*", type=int, default=[1, 2], help="shorter plans of the smallest size")
    parser.add_argument("--rules", nargs="*", type=float, default=[0.5], help="shares of the rules, smallest size")
    parser.add_argument("--time-limit", type=float, help="seconds for each run; none: until the gap is reached")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    options = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        records = list(measurements(Path(folder), options))
    if options.json:
        options.json.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def measurements(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every run that was asked for, printed as soon as it is done."""
    stages: list[str] = []
    smallest: Summary | None = None
    for people in sorted(options.people):
        began = time.perf_counter()
        made = generate("henan", folder / str(people), people=people, scenario=SCENARIO)
        generated = time.perf_counter() - began
        assert made.scenario is not None
        smallest = smallest or made
        record = planned(made, made.scenario, len(HORIZON), rules_of(SCENARIO), options.time_limit)
        record["seconds"] = {"generate": generated, "tables": read_with_pandas(made.folder), **record["seconds"]}
        yield shown(record, stages)
    assert smallest is not None and smallest.scenario is not None
    rules = rules_of(SCENARIO)
    for years in options.years:
        changed = variant(smallest.scenario, f"years-{years}", [f"horizon = {list(HORIZON[:years])}"])
        yield shown(planned(smallest, changed, years, rules, options.time_limit), stages)
    for share in options.rules:
        left = rules[: round(len(rules) * share)]
        changed = variant(smallest.scenario, f"rules-{len(left)}", [f"disable = {json.dumps(rules[len(left) :])}"])
        yield shown(planned(smallest, changed, len(HORIZON), left, options.time_limit), stages)


def rules_of(scenario: Path) -> list[str]:
    """Ids of the rules of a scenario's policy; those that admit people and limit classes stand first, since nothing can be planned without."""
    policy = scenario.parent / tomllib.loads(scenario.read_text(encoding="utf-8"))["policy"]
    rules = tomllib.loads(policy.read_text(encoding="utf-8"))["rules"]
    return [rule["id"] for rule in sorted(rules, key=lambda rule: rule["kind"] not in ("eligibility", "spacing"))]


def variant(scenario: Path, name: str, lines: Sequence[str]) -> Path:
    """A scenario beside another that extends it by some lines."""
    path = scenario.with_name(f"{name}.toml")
    path.write_text("\n".join([f'extends = "{scenario.name}"', f'id = "{name}"', *lines]) + "\n", encoding="utf-8")
    return path


def read_with_pandas(folder: Path) -> float:
    """Seconds in which pandas reads the tables."""
    began = time.perf_counter()
    for name in TABLES:
        if (folder / f"{name}.parquet").exists():
            pd.read_parquet(folder / f"{name}.parquet")
        else:
            pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
    return time.perf_counter() - began


def planned(made: Summary, scenario: Path, years: int, rules: Sequence[str], limit: float | None) -> dict[str, Any]:
    """Plan a scenario in a process of its own."""
    command = [sys.executable, "-m", "allocator", "plan", str(scenario), "--json", "--no-progress", "--no-explain"]
    command += ["--time-limit", str(limit)] if limit else []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        command += ["--out", f"{out}/run"]
        finished = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
    wall = time.perf_counter() - began
    record = json.loads(finished.stdout) if finished.stdout.strip() else {}
    if "goals" not in record:
        raise SystemExit(f"{scenario.stem} failed with code {finished.returncode}:\n{finished.stderr}{finished.stdout}")
    gaps = [goal["gap"] for goal in record["goals"]]
    sessions = made.rows["sessions"] * years // len(HORIZON)
    return {
        "people": made.named, "teams": made.teams, "rules": len(rules), "years": years, "sessions": sessions,
        "wall": wall, "memory": record["peak_memory_bytes"], "code": record["exit_code"],
        "gap": None if None in gaps else max(gaps, default=0.0), "seconds": record["seconds"],
    }  # fmt: skip


def shown(record: dict[str, Any], stages: list[str]) -> dict[str, Any]:
    """Print a run as a line of a table; before the first, and whenever there is a new stage, its heading."""
    new = [stage for stage in record["seconds"] if stage not in stages]
    if new:
        stages += new
        heads = [
            f"{'people':>9} {'teams':>7} {'rules':>6} {'years':>6} {'sessions':>9} {'wall s':>8} {'GiB':>6} {'gap':>9}"
        ]
        print("".join([*heads, *(f" {stage:>{max(8, len(stage))}}" for stage in stages)]), flush=True)
    gap = "unknown" if record["gap"] is None else f"{record['gap']:.4%}"
    cells = [f"{record['people']:>9,} {record['teams']:>7,} {record['rules']:>6} {record['years']:>6}"]
    cells += [f" {record['sessions']:>9,} {record['wall']:>8.1f} {record['memory'] / 2**30:>6.2f} {gap:>9}"]
    for stage in stages:
        seconds = record["seconds"].get(stage)
        cells.append(f" {'' if seconds is None else format(seconds, '.2f'):>{max(8, len(stage))}}")
    print("".join(cells), flush=True)
    return record


if __name__ == "__main__":
    main()
