"""Part of a schedule anew gives what a whole one may give: everybody placed, nothing moved without need, nothing forgotten."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from allocator.audit import audit
from allocator.engine.build_plan import assemble
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.calendar.timetable import Timetable
from allocator.engine.dates.partial_reschedule import KEYS, reschedule
from allocator.engine.run import Run


@pytest.fixture(scope="module")
def run(prefecture: Run) -> Run:
    return prefecture


@pytest.fixture(scope="module")
def exclusions(run: Run) -> Exclusions:
    return Exclusions(run.inputs, Timetable(run.inputs))


def attended(run: Run) -> pd.DataFrame:
    return attended_of(run.plan.placements)


@pytest.mark.parametrize("count", [1, 5, 40])
def test_attendances_go_and_come_back(run: Run, exclusions: Exclusions, count: int) -> None:
    wanted, before = attended(run), run.plan.placements[["cadre_id", "session_id", "headcount", "fixed"]]
    seed = run.inputs.scenario.seed
    free = wanted.index[wanted["headcount"] == 1].tolist()
    gone = wanted.drop(index=random.Random(count).sample(free, count))
    fewer = reschedule(gone, before, exclusions, seed=seed, work=1.0)
    assert fewer.unplaced.empty
    assert fewer.placements["headcount"].sum() == gone["headcount"].sum()
    again = reschedule(wanted, fewer.placements, exclusions, seed=seed, work=1.0)
    assert again.unplaced.empty
    plan = assemble(run.inputs, again.placements)
    assert audit(plan, run.inputs).is_clean
    pd.testing.assert_frame_equal(attended_of(plan.placements), wanted)


def attended_of(placements: pd.DataFrame) -> pd.DataFrame:
    return placements.groupby(KEYS)["headcount"].sum().reset_index()


def test_nothing_changed_nothing_moves(run: Run, exclusions: Exclusions) -> None:
    before = run.plan.placements[["cadre_id", "session_id", "headcount", "fixed"]]
    same = reschedule(attended(run), before, exclusions, seed=run.inputs.scenario.seed, work=1.0)
    ordered = before.sort_values(["session_id", "cadre_id"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(same.placements, ordered, check_dtype=False)


def test_few_changes_move_few(run: Run, exclusions: Exclusions) -> None:
    wanted, before = attended(run), run.plan.placements[["cadre_id", "session_id", "headcount", "fixed"]]
    one = wanted.index[wanted["headcount"] == 1][0]
    dated = reschedule(wanted.drop(index=one), before, exclusions, seed=run.inputs.scenario.seed, work=1.0)
    both = before.merge(dated.placements, on=["cadre_id", "session_id"], how="outer", indicator=True)
    assert (both["_merge"] != "both").sum() <= 5
