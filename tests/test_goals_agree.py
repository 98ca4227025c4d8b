"""Three counts of one plan: the auditor's by name, the model's by trajectory, and a plain one from the definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator.answers import runs
from allocator.domain.rules import GOALS
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import segments
from allocator.inputs import load
from allocator.model.cohorts import Cohorts, group
from allocator.model.instance import build
from allocator.model.shared import collect
from tests.property.brute import BrokenLimitError, Brute
from tests.property.worlds import first_of, random_world

TINY = Path(__file__).parent.parent / "scenarios" / "tiny.toml"


def attendances(run: runs.Run) -> pd.DataFrame:
    """Who attends what in which year, from the dated plan."""
    keys = ["cadre_id", "programme_id", "year"]
    return run.plan.placements.groupby(keys)["headcount"].sum().reset_index()


def counted_by_model(inputs: Inputs, sent: pd.DataFrame) -> dict[str, float]:
    """The goals of attendances of named cadres, from the model's own costs of trajectories and rows."""
    instance = build(inputs, calendar(inputs))
    families = collect(instance)
    cohorts = group(instance, families)
    goals: dict[str, float] = dict.fromkeys(GOALS, 0.0)
    counts = [np.zeros(f.floor.shape) for f in families]
    for c, members in enumerate(cohorts.members):
        for i in members.tolist():
            trajectory = followed(cohorts, c, str(inputs.cadres["cadre_id"][i]), sent)
            sort = int(cohorts.cohort_type[c])
            for goal in GOALS:
                goals[goal] += float(cohorts.costs(sort, goal)[trajectory])
            table = cohorts.tables[cohorts.type_table[sort]]
            menus = cohorts.menus(sort, trajectory)
            for f, family in enumerate(families):
                share = family.among[1] if family.among is not None and family.among[0][i] else 0.0
                part = float(family.group[i] >= 0) - share
                added = family.counts(table.menus, table.slots)[menus] * part
                if part:
                    counts[f][max(0, family.group[i])] += added
    for family, count in zip(families, counts, strict=True):
        short = np.maximum(0.0, np.ceil(np.round(family.floor - count, 6)))
        over = np.maximum(0.0, count - family.ceiling)
        for deviations, pairs in ((short, family.short_goals), (over, family.over_goals)):
            for amount in deviations.ravel().tolist():
                for goal, units in spread(amount, pairs).items():
                    goals[goal] += units
    goals["priority"] *= -1
    return goals


def spread(amount: float, pairs: tuple) -> dict[str, float]:
    """What a deviation adds to each goal, piece by piece as the linear programs see it."""
    found: dict[str, float] = {}
    for width, counted in segments(pairs) if pairs else []:
        piece = min(width, amount)
        amount -= piece
        for goal in counted:
            found[goal] = found.get(goal, 0.0) + piece
    return found


def followed(cohorts: Cohorts, c: int, cadre: str, sent: pd.DataFrame) -> int:
    """The trajectory, among those open to the cohort, that holds exactly the cadre's attendances."""
    sort = int(cohorts.cohort_type[c])
    table = cohorts.tables[cohorts.type_table[sort]]
    ids = cohorts.instance.inputs.programmes["programme_id"]
    own = sent[sent["cadre_id"] == cadre]
    for trajectory in range(cohorts.rows_of(sort)):
        menus = cohorts.menus(sort, trajectory)
        held = {
            (ids[cohorts.cohort_slots[c][slot]], year)
            for menu, year in zip(menus, cohorts.instance.years, strict=True)
            for slot in np.flatnonzero(table.menus[menu])
        }
        if held == set(zip(own["programme_id"], own["year"], strict=True)):
            return trajectory
    raise AssertionError(f"{cadre} follows no trajectory that the model knows")


def test_auditor_and_model_count_tiny_alike():
    run = runs.solve(load(TINY))
    model = counted_by_model(run.inputs, attendances(run))
    assert {goal: run.audit.goals[goal] for goal in run.audit.goals} == {goal: model[goal] for goal in run.audit.goals}


@pytest.mark.parametrize("seed", first_of(range(1000, 1060), 20))
def test_auditor_model_and_definitions_count_random_plans_alike(seed):
    world = random_world(seed)
    brute = Brute(world)
    run = runs.solve(world.inputs())
    try:
        plain = brute.values_of(attendances(run))
    except BrokenLimitError:
        assert not len(brute.plans()), "a strict rule is broken although all could be kept"
        assert run.audit.goals["violation"] > 0
        return
    plain["priority"] *= -1
    assert dict(run.audit.goals) == {goal: plain[goal] for goal in run.audit.goals}
    if all(person["headcount"] == 1 for person in world.people):
        model = counted_by_model(run.inputs, attendances(run))
        assert dict(run.audit.goals) == {goal: model[goal] for goal in run.audit.goals}
    assert all(goal.is_proven for goal in run.result.goals)
