"""A changed scenario is planned from the plan before it, and what must not be taken over is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.engine.parameters import FIX_AND_REOPTIMISE
from allocator.engine.planner import Planner
from allocator.engine.time_limit import Clock
from allocator.inputs import load
from allocator.model.goals import signed
from tests.conftest import SetParameters

SCENARIOS = Path(__file__).parents[2] / "scenarios"
RULE = "tatb-county-division-principal"
QUOTA = f"overrides.{RULE}.amount"

pytestmark = pytest.mark.long  # What is known of a prefecture is known to the process that planned it.


@pytest.fixture
def planner(prefecture_planner: Planner) -> Planner:
    return prefecture_planner


def test_first_scenario_is_planned_from_nothing(planner: Planner) -> None:
    assert not planner.is_resumed


def test_raised_quota_is_planned_from_what_is_known_and_as_well(planner: Planner) -> None:
    inputs = load(SCENARIOS / "one-prefecture.toml")
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: inputs.policy.rule(RULE).amount + 1})
    run, anew = planner.plan(changed), Planner().plan(changed)
    assert planner.is_resumed
    assert run.audit.is_clean
    assert run.inputs is changed
    for goal, other in zip(run.result.goals, anew.result.goals, strict=True):
        assert goal.value is not None and goal.bound is not None and other.value is not None
        assert signed(goal.goal, goal.value) >= signed(goal.goal, goal.bound) - 1e-6
        assert goal.value == pytest.approx(other.value, rel=0.01, abs=1)
        assert goal.bound == pytest.approx(goal.value, rel=0.01, abs=1)


def test_bounds_hold_however_far_they_are(planner: Planner, set_parameters: SetParameters) -> None:
    set_parameters(FIX_AND_REOPTIMISE, kept_gap=1000.0)
    inputs = load(SCENARIOS / "one-prefecture.toml")
    planner.plan(load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: inputs.policy.rule(RULE).amount - 1}))
    assert planner.is_resumed
    for goal in planner.plan(inputs).result.goals:
        assert goal.value is not None and goal.bound is not None
        assert signed(goal.goal, goal.value) >= signed(goal.goal, goal.bound) - 1e-6


def test_other_limits_of_goals_are_planned_from_nothing(planner: Planner) -> None:
    limited = load(SCENARIOS / "one-prefecture.toml", changes={"limits.at_most": {"quota-excess": 1000}})
    planner.plan(limited, Clock(0.0))  # However little time there is: what is known would be the quickest.
    assert not planner.is_resumed


def test_plan_far_from_its_bound_is_planned_from_nothing(planner: Planner, set_parameters: SetParameters) -> None:
    set_parameters(FIX_AND_REOPTIMISE, kept_gap=0.0)
    inputs = load(SCENARIOS / "one-prefecture.toml")
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: inputs.policy.rule(RULE).amount + 1})
    assert planner.plan(changed).audit.is_clean
    assert not planner.is_resumed


def test_another_roster_is_planned_from_nothing(planner: Planner) -> None:
    planner.plan(load(SCENARIOS / "tiny.toml"))
    assert not planner.is_resumed
