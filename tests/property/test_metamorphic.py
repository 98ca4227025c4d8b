"""What must not change, or only one way, when a problem is changed: seats, quotas, names, row order, workers."""

from __future__ import annotations

import copy
import csv
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from allocator.answers import runs
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.parameters import DECOMPOSITION, LEXICOGRAPHIC
from allocator.engine.yearly_stage import YearlyStage
from allocator.inputs import load
from allocator.model.instance import build
from tests.property.brute import Brute
from tests.property.worlds import World, first_of, random_world

ROOT = Path(__file__).parent.parent.parent
SEEDS = range(2000, 2040)


def values(world: World) -> tuple[int, ...]:
    """The goals of the plan found, in rank order, the smaller the better."""
    inputs = world.inputs()
    sent = YearlyStage(build(inputs, calendar(inputs)), seed="test").plan().attendances
    counted = Brute(world).values_of(sent)
    return tuple(counted[goal] for goal in world.goals)


def solvable(seed: int, wanted: Callable[[World], bool] = lambda _: True) -> World:
    """The random problem of a seed, or of one after it, that is wanted and in which every strict rule can be kept."""
    while True:
        world = random_world(seed, most_people=4)
        if wanted(world) and len(Brute(world).plans()):
            return world
        seed += 1_000


def has_quota(world: World) -> bool:
    """Whether some quota is to be kept."""
    return any(r.kind == "quota" and r.strength != "report" for r in world.rules)


def has_small_group(world: World) -> bool:
    """Whether there is an unnamed group, among few enough people to add another."""
    return len(world.people) <= 3 and any(p["headcount"] > 1 for p in world.people)


@pytest.mark.parametrize("seed", first_of(SEEDS, 3))
def test_one_more_seat_never_hurts(seed):
    world = solvable(seed)
    draw = random.Random(seed)
    before = values(world)
    key = draw.choice([key for key, (_, _, least, seats) in sorted(world.sessions.items()) if least <= seats] or [None])
    if key is None:
        return
    first, last, least, seats = world.sessions[key]
    world.sessions[key] = first, last, least, seats + 1
    assert values(world) <= before


def stricter(rule: Any) -> Any:
    """A quota that asks for one person more or allows one less, or whose band is narrower."""
    if rule.modality == "at-most":
        return rule.model_copy(update={"amount": max(0, rule.amount - 1)})
    if rule.modality == "at-least":
        return rule.model_copy(update={"amount": rule.amount + 1})
    return rule.model_copy(update={"band_least": 0, "band_share": 0, "modality": "exactly"})


@pytest.mark.parametrize("seed", first_of(SEEDS, 3))
def test_a_stricter_quota_never_helps(seed):
    world = solvable(seed, has_quota)
    before = values(world)
    world.rules = [stricter(r) if r.kind == "quota" else r for r in world.rules]
    assert values(world) >= before


@pytest.mark.parametrize("seed", first_of(SEEDS, 3))
def test_renaming_people_changes_no_goal(seed):
    world = solvable(seed)
    before = values(world)
    # Letters the other way round: whoever came first by id now comes last.
    names = {p["cadre_id"]: f"q{9 - n}" for n, p in enumerate(world.people)}
    world.people = [p | {"cadre_id": names[p["cadre_id"]]} for p in world.people]
    world.history = [h | {"cadre_id": names[h["cadre_id"]]} for h in world.history]
    rules = []
    for r in world.rules:
        if r.kind == "fixed":
            r = r.model_copy(
                update={
                    field: tuple(x.model_copy(update={"cadre_id": names[x.cadre_id]}) for x in getattr(r, field))
                    for field in ("call_ups", "forbidden", "unavailable")
                }
            )
        rules.append(r)
    world.rules = rules
    assert values(world) == before


@pytest.mark.parametrize("seed", first_of(SEEDS, 3))
def test_splitting_an_unnamed_group_changes_no_goal(seed):
    world = solvable(seed, has_small_group)
    group = next(p for p in world.people if p["headcount"] > 1)
    group["headcount"] = 4
    before = values(world)
    group["headcount"] = 2
    world.people.append(dict(group) | {"cadre_id": "z"})
    assert values(world) == before


# ---------------------------------------------------------------- the files, and the whole chain


def shuffled_copy(name: str, folder: Path, seed: int) -> Path:
    """A shipped scenario with the rows and columns of all its tables in another order."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    shutil.copytree(ROOT / "data" / name, folder / "data" / name)
    shuffle(folder / "data" / name, seed)
    return folder / "scenarios" / f"{name}.toml"


def shuffle(folder: Path, seed: int) -> None:
    """Bring rows and columns of all CSV tables of a folder into another order."""
    draw = random.Random(seed)
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            continue
        columns = list(rows[0])
        draw.shuffle(rows)
        draw.shuffle(columns)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)


@pytest.mark.parametrize("seed", first_of(range(3), 1))
def test_row_order_never_changes_the_plan(seed, tmp_path):
    expected = runs.solve(load(ROOT / "scenarios" / "tiny.toml")).plan.to_csv()
    assert expected.count("\n") > 10
    assert runs.solve(load(shuffled_copy("tiny", tmp_path, seed))).plan.to_csv() == expected


@pytest.mark.parametrize("seed", first_of(SEEDS[:10], 2))
def test_row_order_never_changes_the_plan_of_random_problems(seed):
    world = solvable(seed)
    turned = copy.deepcopy(world)
    draw = random.Random(seed)
    for rows in (turned.people, turned.programmes, turned.history):
        draw.shuffle(rows)
    turned.sessions = dict(draw.sample(sorted(turned.sessions.items()), k=len(turned.sessions)))
    assert runs.solve(turned.inputs()).plan.to_csv() == runs.solve(world.inputs()).plan.to_csv()


def with_workers(inputs: Inputs, workers: int) -> Inputs:
    limits = inputs.scenario.limits.model_copy(update={"workers": workers})
    return replace(inputs, scenario=inputs.scenario.model_copy(update={"limits": limits}))


@pytest.mark.parametrize("name", ["tiny", *first_of(SEEDS[:10], 1)])
def test_workers_never_change_the_plan(name, set_parameters):
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    set_parameters(DECOMPOSITION, block_cohorts=1)
    inputs = load(ROOT / "scenarios" / "tiny.toml") if name == "tiny" else solvable(name).inputs()
    plans = {runs.solve(with_workers(inputs, workers)).plan.to_csv() for workers in (1, 2, 2)}
    assert len(plans) == 1
