"""A changed scenario is planned from the plan before it, and what must not be taken over is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.inputs import load
from allocator.model.goals import signed
from allocator.planner import Planner

SCENARIOS = Path(__file__).parents[1] / "scenarios"
RULE = "tatb-county-division-principal"
QUOTA = f"overrides.{RULE}.amount"


@pytest.fixture(scope="module")
def planner() -> Planner:
    planner = Planner()
    planner.plan(load(SCENARIOS / "one-prefecture.toml"))
    return planner


def test_first_scenario_is_planned_from_nothing(planner: Planner) -> None:
    assert not planner.is_resumed


def test_changed_quota_is_planned_from_what_is_known(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.planner.RESUMED_GAP", 1000.0)  # However far the bound is: it must hold.
    inputs = load(SCENARIOS / "one-prefecture.toml")
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: inputs.policy.rule(RULE).amount - 1})
    run = planner.plan(changed)
    assert planner.is_resumed
    assert run.audit.is_clean
    assert run.inputs is changed
    for goal in run.result.goals:
        assert goal.value is not None and goal.bound is not None
        assert signed(goal.goal, goal.value) >= signed(goal.goal, goal.bound) - 1e-6


def test_plan_far_from_its_bound_is_planned_from_nothing(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.planner.RESUMED_GAP", 0.0)
    inputs = load(SCENARIOS / "one-prefecture.toml")
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: inputs.policy.rule(RULE).amount + 1})
    assert planner.plan(changed).audit.is_clean
    assert not planner.is_resumed


def test_another_roster_is_planned_from_nothing(planner: Planner) -> None:
    planner.plan(load(SCENARIOS / "tiny.toml"))
    assert not planner.is_resumed
