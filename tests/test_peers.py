"""Our optima against CP-SAT, HiGHS and SCIP on a person-level model written from the definitions alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import peers

    return peers


@pytest.mark.long
def test_optima_of_all_solvers_are_equal_on_tiny_and_on_a_part_of_a_prefecture(tmp_path):
    measured = tmp_path / "peers.json"
    sizes = ["tiny", "one-prefecture@10"]
    run = subprocess.run(
        [sys.executable, str(BENCHMARKS / "peers.py"), "--sizes", *sizes, "--seconds", "20", "--json", str(measured)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)},  # As installed, also when it is not.
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(measured.read_text(encoding="utf-8"))["sizes"]
    assert list(found) == sizes
    for size in sizes:
        ordered = {name: values for name, (values, _) in found[size]["ordered"].items()}
        assert set(ordered) == {"allocator", "CP-SAT", "HiGHS", "SCIP"}
        goals = set(ordered["allocator"])
        assert {"violation", "quota-shortfall", "owed", "fairness", "priority"} <= goals
        assert all(values == ordered["allocator"] for values in ordered.values())
        races = {race["name"]: race for race in found[size]["races"]}
        assert {race["value"] for name, race in races.items() if name != "flow (bound)"} == {races["HiGHS"]["value"]}


def outcome(peers, **changes):
    """Two solvers that agree on one goal, save for what a test says."""
    ours = peers.Race("allocator", 1.0, value=7, bound=7.0, is_proven=True, goals={"owed": 7}, bounds={"owed": 7.0})
    peer = peers.Race("HiGHS", 1.0, value=changes.get("value", 7), bound=changes.get("bound", 7.0), is_proven=True)
    ordered = {"allocator": ({"owed": 7}, 1.0), "HiGHS": ({"owed": changes.get("owed", 7)}, 1.0)}
    return peers.Outcome("made up", 1, 1, 1, 1, 1, 0.0, [ours, peer], ordered)


def test_check_passes_when_all_agree(peers):
    peers.check(outcome(peers), ("owed",))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": 6, "bound": 6.0}, "is above the value"),
        ({"bound": 7.5}, "is above the value"),
        ({"value": 8}, "proven optima differ"),
        ({"owed": 8}, "optima of owed differ"),
        ({"owed": 6}, "optima of owed differ"),
    ],
)
def test_check_objects_when_two_solvers_cannot_both_be_right(peers, changes, said):
    with pytest.raises(peers.DisagreementError, match=said):
        peers.check(outcome(peers, **changes), ("owed",))


def test_check_objects_when_our_bound_is_above_what_a_peer_reached(peers):
    made_up = outcome(peers)
    made_up.races[0].bounds["owed"] = 7.5
    with pytest.raises(peers.DisagreementError, match="our bound of owed"):
        peers.check(made_up, ("owed",))


def test_plan_that_breaks_a_strict_rule_is_not_settled(peers):
    from peer_solvers import settled

    inputs = peers.read("tiny")
    model = peers.build(inputs, peers.calendar(inputs))
    row = list(inputs.cadres["cadre_id"]).index("N6")
    theory = list(inputs.programmes["programme_id"]).index("theory-course")
    assert settled(model, {(row, theory, 0): 1}) is None  # Forbidden by name in 2019.
    assert settled(model, {(row, theory, 1): 1, (row, theory, 3): 1}) is None  # Twice within three years.
    counted = settled(model, {(row, theory, 1): 1, (row - 1, theory, 1): 1})
    assert counted is not None
    # About 4 a year of the theory course: 4 + 2 + 4 + 4 missing; at least 2 of the skills course: 8 missing.
    assert counted["quota-shortfall"] == 14 + 8
