"""Questions asked of one plan: what a change does to it, and that the plan itself stays as it was."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator.answers import runs
from allocator.domain.rules import GOALS, CallUp, Fixed
from allocator.engine import feasibility_cuts
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.calendar.timetable import Timetable
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.dates import dated_stage
from allocator.engine.planner import Planner, _may_be_better
from allocator.engine.reoptimise.affected_people import _named_otherwise
from allocator.engine.reoptimise.fix_and_reoptimise import _with_small_classes
from allocator.engine.run import Run
from allocator.inputs import load
from allocator.model import instance
from allocator.model.cohorts import group
from allocator.model.goals import OF_PEOPLE
from allocator.model.shared import collect

SCENARIOS = Path(__file__).parents[3] / "scenarios"
RULE = "tatb-county-division-principal"
QUOTA = f"overrides.{RULE}.amount"
FIXED = "principals-seminar"


@pytest.fixture
def base(prefecture: Run) -> Run:
    return prefecture


def seats(run: Run) -> set[tuple[str, str]]:
    table = run.plan.placements
    return set(zip(table["cadre_id"], table["session_id"], strict=True))


def test_same_scenario_keeps_the_whole_plan(base: Run) -> None:
    again = Planner.of(base).trial(base.inputs)
    pd.testing.assert_frame_equal(again.plan.placements, base.plan.placements)


@pytest.mark.long
def test_trials_do_not_depend_on_each_other(base: Run) -> None:
    planner = Planner.of(base)
    changed = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: base.inputs.policy.rule(RULE).amount + 1})
    first = planner.trial(changed)
    planner.trial(load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: 1}))
    again = planner.trial(changed)
    assert again.plan.sha256 == first.plan.sha256
    assert first.audit.is_clean
    assert 0 < len(seats(first) ^ seats(base)) < len(seats(base)) / 10


@pytest.mark.usefixtures("no_figures")
@pytest.mark.long
def test_trial_of_a_run_read_back_is_the_trial_of_the_run(base: Run, tmp_path: Path) -> None:
    runs.write(base, tmp_path / "run")
    back = runs.load_run(tmp_path / "run")
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


def test_one_more_call_up_concerns_only_whom_it_names(base: Run) -> None:
    """Those whom the same rule sends anyway, all principals, are not concerned."""
    problem = instance.build(base.inputs, calendar(base.inputs))
    rule = base.inputs.policy.rule(FIXED)
    assert isinstance(rule, Fixed) and rule.everyone and problem.audience(rule.audience).sum() > 1
    cadre = str(problem.cadre_ids[problem.is_named][0])
    session = str(base.inputs.sessions["session_id"].iloc[0])
    call = CallUp(cadre_id=cadre, session_id=session)
    more = rule.model_copy(update={"call_ups": (*rule.call_ups, call)})
    assert _named_otherwise([rule, more], problem) == [problem.person_index[cadre]]
    fewer = more.model_copy(update={"everyone": False})
    assert set(_named_otherwise([more, fewer], problem)) == set(
        np.flatnonzero(problem.audience(rule.audience)).tolist()
    )


def test_closures_are_taken_over_when_nothing_about_dates_changes(base: Run) -> None:
    known = Exclusions(base.inputs, Timetable(base.inputs))
    amount = base.inputs.policy.rule(RULE).amount
    quota = load(SCENARIOS / "one-prefecture.toml", changes={QUOTA: amount + 1})
    taken = known.on(quota)
    assert taken is not None and taken.inputs is quota and taken.own is known.own
    cadre = str(base.inputs.cadres["cadre_id"].iloc[0])
    period = {"cadre_id": cadre, "from_date": "2019-03-01", "to_date": "2019-04-30"}
    away = load(SCENARIOS / "one-prefecture.toml", changes={f"overrides.{FIXED}.unavailable": [period]})
    assert known.on(away) is None
    session = str(base.inputs.sessions["session_id"].iloc[0])
    closed = load(
        SCENARIOS / "one-prefecture.toml", changes={"session_changes": [{"sessions": [session], "cancel": True}]}
    )
    assert known.on(closed) is None


@pytest.mark.parametrize(
    ("more_overdue", "more_owed", "foreseen", "expected"),
    [
        (0, 500, 0.0, False),  # Nobody more follows a rule less.
        (1, 0, 0.0, True),
        (1, 0, 1000.0, False),  # Prices say that it has to be so,
        (1, 400, 1000.0, False),  # or nearly so:
        (1, 600, 1000.0, True),  # not half of one of them.
        (1, 0, math.nan, True),  # Prices do not say anything.
    ],
)
def test_second_attempt_is_made_only_when_prices_allow_better(
    base: Run, more_overdue: int, more_owed: int, foreseen: float, expected: bool
) -> None:
    more = {"overdue": more_overdue, "owed": more_owed}
    goals = tuple(replace(goal, value=goal.value + more.get(goal.goal, 0)) for goal in base.result.goals)
    run = replace(base, result=replace(base.result, goals=goals))
    flat = dict.fromkeys(GOALS, 1.0) | {"overdue": 1000.0}
    assert _may_be_better(run, base, foreseen, flat) is expected


def changed_session(base: Run, change: dict[str, object]) -> tuple[str, Run]:
    """A session with many people, and the trial of a change to it."""
    placements = base.plan.placements
    session = str(placements.loc[~placements["fixed"], "session_id"].value_counts().idxmax())
    changes = {"session_changes": [{"sessions": [session], **change}]}
    return session, Planner.of(base).trial(load(SCENARIOS / "one-prefecture.toml", changes=changes))


def test_only_those_of_a_cancelled_session_and_their_groups_are_dated_again(
    base: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feasibility_cuts, "schedule", None)  # Of everybody.
    session, run = changed_session(base, {"cancel": True})
    sent = base.plan.placements["session_id"] == session
    assert sent.any() and session not in set(run.plan.placements["session_id"])
    assert not run.audit.breaches["kind"].isin(["session", "spacing", "away-limit"]).any()
    assert len(seats(run) ^ seats(base)) < len(seats(base)) / 5


def test_closed_session_of_one_unit_costs_no_quota(base: Run) -> None:
    """Those who lose a seat take others whose holders go elsewhere: nobody needs to be sent beyond a quota, or to miss a rule."""
    changes = {"session_changes": [{"sessions": ["dept-P01-2021-01"], "cancel": True}]}
    run = Planner.of(base).trial(load(SCENARIOS / "one-prefecture.toml", changes=changes))
    before, after = ({goal.goal: goal.value for goal in one.result.goals} for one in (base, run))
    assert (base.plan.placements["session_id"] == "dept-P01-2021-01").any()
    assert {goal: after[goal] for goal in OF_PEOPLE} == {goal: before[goal] for goal in OF_PEOPLE}


def test_who_keeps_a_class_that_could_become_too_small_is_planned_again(base: Run) -> None:
    problem = instance.build(base.inputs, calendar(base.inputs))
    cohorts = group(problem, collect(problem))
    own = base.plan.placements.groupby(["cadre_id", "programme_id", "year"])["headcount"].sum().reset_index()
    person = problem.people(own["cadre_id"])
    named = own[problem.is_named[person]]
    programme, year = named.groupby(["programme_id", "year"]).size().loc[lambda count: count.between(3, 8)].index[0]
    at = problem.programme_index[programme], year - problem.years[0]
    held = own["programme_id"].eq(programme) & own["year"].eq(year)
    others = sorted({int(c) for c in cohorts.cohort_of[person[held]]})
    is_free = cohorts.cohort_of == others[0]
    least = np.zeros_like(problem.calendar.seats)
    nobody, left = _with_small_classes(cohorts, own, person, is_free, least)
    assert (nobody == is_free).all() and not left.any()
    least[at] = own.loc[held, "headcount"].sum()
    free, left = _with_small_classes(cohorts, own, person, is_free, least)
    assert (free == np.isin(cohorts.cohort_of, others)).all()
    assert left[at] == least[at]  # Nobody keeps it: all of them, or none.


def test_everybody_is_dated_again_when_a_session_moves(base: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    dated = []
    monkeypatch.setattr(
        feasibility_cuts, "schedule", lambda *args, **more: dated.append(1) or dated_stage.schedule(*args, **more)
    )
    changed_session(base, {"shift_days": 7})
    assert dated


def test_small_problem_is_planned_from_nothing_with_bounds() -> None:
    run = runs.plan(SCENARIOS / "tiny.toml")
    again = Planner.of(run).trial(run.inputs)
    assert all(goal.is_proven for goal in again.result.goals)
    assert again.plan.sha256 == run.plan.sha256
