"""How seconds and memory grow with people, teams, rules, years and sessions.

    python benchmarks/growth.py [--people 2000 10000] [--years 1 2] [--rules 0.5] [--sessions 0.5 2] [--json FILE]

Makes a province of every size and plans it in a process of its own; then the smallest of them again over fewer years, with fewer
rules, and with its seats in fewer or more sessions. Teams, local programmes and sessions grow with the people, so their numbers stand
beside.

``plan s`` is reading, solving and the audit, with the stages behind; ``all s`` also the start of Python and the reports that people
read. ``tables`` is the time in which pandas reads the five tables and does nothing else: the floor under every other stage. In the
last column stand the goals that are further from their bounds than the gap asked for. Numbers belong to the machine named in the
first line, beside whatever else it was doing. When a run fails the others are made all the same, and the code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from planning import ROOT, FailedError, far_goals, machine, note, planned

from allocator.sample_data import Summary, generate

SCENARIO = ROOT / "scenarios" / "henan-2019-2022.toml"
HORIZON = (2019, 2020, 2021, 2022)
TABLES = ("units", "cadres", "history", "programmes", "sessions")
GAP = 0.001
"""What the scenario asks for when it says nothing."""


@dataclass(frozen=True)
class Case:
    """One problem to be planned: the tables, the scenario of them, and in what it differs from the others."""

    made: Summary
    scenario: Path
    rules: int
    years: int = len(HORIZON)

    @property
    def sessions(self) -> int:
        """Dated sessions in the years that are planned."""
        years = read_table(self.made.folder, "sessions")["year"].astype(int)
        return int(years.isin(HORIZON[: self.years]).sum())


def main() -> None:
    """Measure and print one line for every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", nargs="+", type=int, default=[2_000, 10_000], help="sizes, in named people")
    parser.add_argument("--years", nargs="*", type=int, default=[1, 2], help="shorter plans of the smallest size")
    parser.add_argument("--rules", nargs="*", type=float, default=[0.5], help="shares of the rules, smallest size")
    parser.add_argument(
        "--sessions",
        nargs="*",
        type=float,
        default=[0.5, 2],
        help="times as many sessions for the same seats, smallest size",
    )
    parser.add_argument("--time-limit", type=float, help="seconds for each run; none: until the gap is reached")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    options = parser.parse_args()
    print(machine(), flush=True)
    records: list[dict[str, Any]] = []
    failed: list[str] = []
    stages: list[str] = []
    limit = ["--time-limit", str(options.time_limit)] if options.time_limit else []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder), options):
            try:
                records.append(measured(case, limit))
            except FailedError as error:
                print(error, file=sys.stderr, flush=True)
                failed.append(f"{case.made.folder.name}/{case.scenario.stem}")
                continue
            print("\n".join(lines(records[-1], stages)), flush=True)
    if options.json:
        options.json.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if failed:
        sys.exit(f"{len(failed)} of {len(failed) + len(records)} failed: {', '.join(failed)}")


def cases(folder: Path, options: argparse.Namespace) -> Iterator[Case]:
    """Everything that was asked for, made when its turn comes."""
    rules = rules_of(SCENARIO)
    sizes = sorted(options.people)
    smallest: Case | None = None
    for people in sizes:
        case = made(folder / f"people-{people}", people, len(rules))
        smallest = smallest or case
        yield case
    assert smallest is not None
    for years in options.years:
        line = f"horizon = {list(HORIZON[:years])}"
        yield Case(smallest.made, variant(smallest.scenario, f"years-{years}", [line]), len(rules), years)
    for share in options.rules:
        left = round(len(rules) * share)
        line = f"disable = {json.dumps(rules[left:])}"
        yield Case(smallest.made, variant(smallest.scenario, f"rules-{left}", [line]), left)
    for times in options.sessions:
        yield made(folder / f"sessions-{times:g}", sizes[0], len(rules), times)


def made(folder: Path, people: int, rules: int, times_sessions: float = 1.0) -> Case:
    """A province of a size."""
    note(f"making {folder.name}")
    summary = generate("henan", folder, people=people, scenario=SCENARIO, times_sessions=times_sessions)
    assert summary.scenario is not None
    return Case(summary, summary.scenario, rules)


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


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table as pandas reads it by itself."""
    if (folder / f"{name}.parquet").exists():
        return pd.read_parquet(folder / f"{name}.parquet")
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")


def measured(case: Case, options: Sequence[str]) -> dict[str, Any]:
    """Plan a case in a process of its own.

    Raises
    ------
    FailedError
        If it ends without a plan.
    """
    note(
        f"planning {case.made.folder.name}, {case.scenario.stem}: {case.made.named:,} people, {case.rules} rules, {case.years} years"
    )
    began = time.perf_counter()
    for name in TABLES:
        read_table(case.made.folder, name)
    tables = time.perf_counter() - began
    record = planned(case.scenario, *options)
    return {
        "people": case.made.named, "teams": case.made.teams, "rules": case.rules, "years": case.years,
        "sessions": case.sessions, "plan": sum(record["seconds"].values()), "wall": record["wall_seconds"],
        "memory": record["peak_memory_bytes"], "code": record["exit_code"], "goals": record["goals"],
        "seconds": {"tables": tables, **record["seconds"]},
    }  # fmt: skip


HEADS = {"people": 9, "teams": 7, "rules": 5, "years": 5, "sessions": 8, "plan s": 7, "all s": 7, "GiB": 6, "code": 4}
"""Columns before the stages, and their widths."""


def lines(record: dict[str, Any], stages: list[str]) -> list[str]:
    """A run as a line of the table; before the first, and whenever there is a new stage, the headings."""
    new = [stage for stage in record["seconds"] if stage not in stages]
    stages += new
    widths = {stage: max(6, len(stage)) for stage in stages}
    heads = " ".join(f"{name:>{width}}" for name, width in (HEADS | widths).items()) + "  further than asked for"
    counts = [f"{record[name]:,}" for name in ("people", "teams", "rules", "years", "sessions")]
    costs = [f"{record['plan']:.1f}", f"{record['wall']:.1f}", f"{record['memory'] / 2**30:.2f}", str(record["code"])]
    cells = [f"{cell:>{width}}" for cell, width in zip([*counts, *costs], HEADS.values(), strict=True)]
    took = record["seconds"]
    cells += [f"{format(took[stage], '.1f') if stage in took else '':>{width}}" for stage, width in widths.items()]
    return [*([heads] if new else []), " ".join(cells) + "  " + far_goals(record["goals"], GAP)]


if __name__ == "__main__":
    main()
