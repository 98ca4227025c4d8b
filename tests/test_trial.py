"""Questions asked of one plan: what a change does to it, and that the plan itself stays as it was."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator import instance, pipeline
from allocator.inputs import load
from allocator.planner import Planner, Run
from allocator.solve import dates, feedback
from allocator.solve.calendar import calendar

SCENARIOS = Path(__file__).parents[1] / "scenarios"
RULE = "tatb-county-division-principal"
QUOTA = f"overrides.{RULE}.amount"
FIXED = "principals-seminar"


@pytest.fixture(scope="module")
def base() -> Run:
    return pipeline.plan(SCENARIOS / "one-prefecture.toml")


def seats(run: Run) -> set[tuple[str, str]]:
    table = run.plan.placements
    return set(zip(table["cadre_id"], table["session_id"], strict=True))


def test_same_scenario_keeps_the_whole_plan(base: Run) -> None:
    again = Planner.of(base).trial(base.inputs)
    pd.testing.assert_frame_equal(again.plan.placements, base.plan.placements)


def test_trials_do_not_depend_on_each_other(base: Run) -> None:
    planner = Planner.of(base)
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: base.inputs.policy.rule(RULE).amount + 1})
    first = planner.trial(changed)
    planner.trial(load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: 1}))
    again = planner.trial(changed)
    assert again.plan.sha256 == first.plan.sha256
    assert first.audit.is_clean
    assert 0 < len(seats(first) ^ seats(base)) < len(seats(base)) / 10


def test_trial_of_a_run_read_back_is_the_trial_of_the_run(base: Run, tmp_path: Path) -> None:
    pipeline.write(base, tmp_path / "run")
    back = pipeline.load_run(tmp_path / "run")
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: base.inputs.policy.rule(RULE).amount + 1})
    assert Planner.of(back).trial(changed).plan.sha256 == Planner.of(base).trial(changed).plan.sha256


def test_call_up_takes_a_seat_and_moves_few(base: Run) -> None:
    problem = instance.build(base.inputs, calendar(base.inputs))
    placements = base.plan.placements
    session = placements.loc[placements["headcount"].eq(1) & ~placements["fixed"], "session_id"].iloc[0]
    programme = placements.loc[placements["session_id"] == session, "programme_id"].iloc[0]
    sent = set(placements.loc[placements["programme_id"] == programme, "cadre_id"])
    eligible = problem.admission.any_of(problem.programme_ids == programme) & problem.is_named
    others = [str(cadre) for cadre in problem.cadre_ids[eligible] if cadre not in sent]
    assert others
    call = {"cadre_id": others[0], "session_id": session}
    called = load(SCENARIOS / "one-prefecture.toml", changes={f"overrides.{FIXED}.call_ups": [call]})
    run = Planner.of(base).trial(called)
    assert tuple(call.values()) in seats(run)
    assert run.audit.is_clean
    assert len(seats(run) ^ seats(base)) < len(seats(base)) / 20


def changed_session(base: Run, change: dict[str, object]) -> tuple[str, Run]:
    """A session with many people, and the trial of a change to it."""
    placements = base.plan.placements
    session = str(placements.loc[~placements["fixed"], "session_id"].value_counts().idxmax())
    changes = {"session_changes": [{"sessions": [session], **change}]}
    return session, Planner.of(base).trial(load(SCENARIOS / "one-prefecture.toml", changes=changes))


def test_only_those_of_a_cancelled_session_and_their_groups_are_dated_again(
    base: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "schedule", None)  # Of everybody.
    session, run = changed_session(base, {"cancel": True})
    sent = base.plan.placements["session_id"] == session
    assert sent.any() and session not in set(run.plan.placements["session_id"])
    assert not run.audit.breaches["kind"].isin(["session", "spacing", "away-limit"]).any()
    assert len(seats(run) ^ seats(base)) < len(seats(base)) / 5


def test_everybody_is_dated_again_when_a_session_moves(base: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    dated = []
    monkeypatch.setattr(feedback, "schedule", lambda *args, **more: dated.append(1) or dates.schedule(*args, **more))
    changed_session(base, {"shift_days": 7})
    assert dated


def test_small_problem_is_planned_from_nothing_with_bounds() -> None:
    run = pipeline.plan(SCENARIOS / "tiny.toml")
    again = Planner.of(run).trial(run.inputs)
    assert all(goal.is_proven for goal in again.result.goals)
    assert again.plan.sha256 == run.plan.sha256
