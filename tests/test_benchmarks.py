"""The benchmarks that plan: what they print is what was planned, and a failure of one run neither hides nor ends the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from allocator.inputs import load

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import growth

    return growth


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)}  # As installed, also when it is not.
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)


def goal(name: str, value: float, bound: float | None) -> dict[str, Any]:
    gap = None if bound is None else abs(value - bound) / max(1.0, abs(value))
    return {"goal": name, "value": value, "bound": bound, "gap": gap, "proven": gap == 0, "unit": "people"}


@pytest.mark.long
def test_scenario_that_fails_is_told_and_the_others_are_measured(tmp_path: Path) -> None:
    measured = tmp_path / "run.json"
    finished = run("run.py", "not-there", "tiny", "--json", measured)
    assert finished.returncode == 1
    assert finished.stderr.rstrip().endswith("1 of 2 failed: not-there")
    assert "not-there failed with exit code 3" in finished.stderr and "2 of 2: planning tiny" in finished.stderr
    records = json.loads(measured.read_text(encoding="utf-8"))
    assert list(records) == ["tiny"]
    stages, wall = records["tiny"]["seconds"], records["tiny"]["wall_seconds"]
    reports = records["tiny"]["report_seconds"]
    assert "write-page" in reports and sum(stages.values()) > 0 and sum((stages | reports).values()) < wall
    head, line = finished.stdout.splitlines()[-2:]
    assert head.split() == ["scenario", "code", "plan", "s", "all", "s", "GiB", "not", "proven"]
    assert line.split()[:4] == ["tiny", "0", f"{sum(stages.values()):.1f}", f"{wall:.1f}"] and line.endswith("–")


def test_goals_far_from_their_bounds_are_named(growth: ModuleType) -> None:
    # 7 people too few are 100 % of 7 and say nothing in per cent; 100 of 100,000 hours are 0.1 %, just what was asked for.
    goals = [
        goal("violation", 1_567_310, 1_567_130.5),
        goal("quota-shortfall", 7, 0),
        goal("owed", 100_000, 99_900),
        goal("fairness", 1_000, 990),
    ]
    assert growth.far_goals(goals, 0.001) == "quota-shortfall 7, bound 0; fairness 1.000%"
    assert growth.far_goals(goals[:1]) == "violation 1,567,310, bound 1,567,130.5"
    assert growth.far_goals(goals[1:]) == "quota-shortfall 7, bound 0; owed 0.100%; fairness 1.000%"
    assert growth.far_goals([goal("owed", 5, None)]) == "owed without a bound"
    assert growth.far_goals([goal("owed", 5, 5)]) == "–"


@pytest.mark.long
def test_cases_differ_in_what_they_say(growth: ModuleType, tmp_path: Path) -> None:
    options = Namespace(people=[1_500], years=[1, 2], rules=[0.25, 0.75], sessions=[2.0])
    whole, *others = growth.cases(tmp_path, options)
    inputs = load(whole.scenario)
    rules = [rule.id for rule in inputs.policy.rules]
    assert whole.rules == len(rules) == len(set(rules)) and whole.sessions == len(inputs.sessions)
    one, two, quarter, most, dates = (load(case.scenario) for case in others)
    assert (one.years, two.years) == ((2019,), (2019, 2020))
    for case, read in zip(others[:2], (one, two), strict=True):
        assert case.sessions == inputs.sessions["year"].isin(read.years).sum() < whole.sessions
    for case, read, share in zip(others[2:4], (quarter, most), (0.25, 0.75), strict=True):
        assert case.rules == len(read.policy.rules) == round(len(rules) * share)
    # Whoever leaves rules out leaves out those that only count, before those without which nobody may attend anything.
    assert {"eligibility"} <= {rule.kind for rule in quarter.policy.rules}
    assert others[4].sessions == len(dates.sessions) == 2 * len(inputs.sessions)
    assert dates.cadres.equals(inputs.cadres)
    assert dates.sessions["seats"].sum() >= inputs.sessions["seats"].sum()


def test_line_of_a_run_stands_under_its_heading(growth: ModuleType) -> None:
    record = {
        "people": 1_500, "teams": 60, "rules": 180, "years": 4, "sessions": 300, "plan": 12.34, "wall": 20.0,
        "memory": 2**30, "code": 5, "goals": [goal("overdue", 3, 1)], "seconds": {"read": 1.0, "whole": 11.34},
    }  # fmt: skip
    stages: list[str] = []
    head, line = growth.lines(record, stages)
    for name, shown in {
        "people": "1,500",
        "plan s": "12.3",
        "all s": "20.0",
        "GiB": "1.00",
        "code": "5",
        "whole": "11.3",
    }.items():
        end = head.index(name) + len(name)
        assert line[:end].endswith(f" {shown}"), name
    assert line.endswith("  overdue 3, bound 1")
    # No heading again until there is a stage that it does not name, and then all of them stay in their places.
    assert len(growth.lines(record, stages)) == 1
    again, less = growth.lines(record | {"seconds": {"read": 1.0, "again": 2.0}}, stages)
    assert again.split()[-7:-4] == ["read", "whole", "again"] and less.split()[-6:-4] == ["1.0", "2.0"]


@pytest.mark.long
def test_growth_measures_every_case(tmp_path: Path) -> None:
    measured = tmp_path / "growth.json"
    finished = run("growth.py", "--people", 1_500, "--years", 1, "--rules", 0.25, "--sessions", 2, "--json", measured)
    assert finished.returncode == 0, finished.stderr
    whole, year, quarter, dates = json.loads(measured.read_text(encoding="utf-8"))
    assert (year["years"], quarter["rules"] * 4, dates["sessions"]) == (1, whole["rules"], 2 * whole["sessions"])
    assert all(record["goals"] and record["memory"] > 2**27 for record in (whole, year, quarter, dates))


@pytest.mark.long
def test_second_scenarios_are_measured_and_compared(tmp_path: Path) -> None:
    measured = tmp_path / "again.json"
    scenario = BENCHMARKS.parent / "scenarios" / "tiny.toml"
    finished = run("again.py", scenario, "--check", "--json", measured)
    assert finished.returncode == 0, finished.stderr
    records = json.loads(measured.read_text(encoding="utf-8"))
    names = [record["change"] for record in records]
    assert names[0] == "none" and names[-1] == "call-up of one more" and len(set(names)) == len(names) > 6
    lines = finished.stdout.splitlines()[3:]
    assert len(lines) == len(records)
    for record, shown in zip(records, lines, strict=True):
        # So small a problem is proven to its optimum each time.
        assert not record["resumed"] and record["gap"] == 0 and not record["beaten"]
        assert shown.startswith(record["change"]) and shown.endswith("as from nothing")


def test_plan_that_a_bound_says_cannot_be_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import again

    def made(*goals: tuple[str, float, float]) -> Namespace:
        return Namespace(result=Namespace(goals=[Namespace(goal=g, value=v, bound=b) for g, v, b in goals]))

    plan = made(("owed", 100, 98), ("priority", 50, 55))
    assert not again.is_beaten(plan, made(("owed", 98, 98), ("priority", 55, 55)))
    assert again.is_beaten(plan, made(("owed", 97, 97), ("priority", 50, 50)))
    assert again.is_beaten(plan, made(("owed", 100, 97), ("priority", 56, 56)))
    # With more hours owed anything may be had behind.
    assert not again.is_beaten(plan, made(("owed", 101, 97), ("priority", 99, 99)))
    assert again.worse(plan, made(("owed", 98, 98), ("priority", 55, 55))) == {"owed": 2, "priority": 5}
    assert again.worse(plan, plan) == {}
