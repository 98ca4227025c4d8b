"""The yearly plan of hundreds of random tiny problems against the best of all plans, gone through one by one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from allocator.errors import ModelError
from allocator.instance import build
from allocator.solve import blocks, yearly
from allocator.solve.calendar import calendar
from allocator.solve.yearly import YearlyStage

from .brute import Brute, TooLargeError, best_given, lexicographic_best
from .worlds import World, random_world

EXACT_SEEDS = 300
LARGE_SEEDS = 150
CHUNK = 10


@cache
def world_and_plans(seed: int) -> tuple[World, Brute, np.ndarray] | None:
    world = random_world(seed)
    brute = Brute(world)
    try:
        return world, brute, brute.plans()
    except TooLargeError:
        return None


def stage_of(world: World) -> YearlyStage:
    inputs = world.inputs()
    return YearlyStage(build(inputs, calendar(inputs)), seed="test")


def check_exact(seed: int) -> None:
    found = world_and_plans(seed)
    if found is None:
        return
    world, brute, plans = found
    if not len(plans):
        with pytest.raises(ModelError):
            stage_of(world).plan()
        return
    stage = stage_of(world)
    values = brute.values_of(stage.plan().attendances)
    assert values == lexicographic_best(plans, world.goals), f"seed {seed}"
    for goal, bound in stage.bounds({g: abs(values[g]) for g in stage.goals}).items():
        assert bound == abs(values[goal]), f"seed {seed}: the bound of {goal}"


def check_large(seed: int) -> None:
    found = world_and_plans(seed)
    if found is None:
        return
    world, brute, plans = found
    if not len(plans):
        with pytest.raises(ModelError):
            stage_of(world).plan()
        return
    stage = stage_of(world)
    values = brute.values_of(stage.plan().attendances)
    best = lexicographic_best(plans, world.goals)
    assert tuple(values[g] for g in world.goals) >= tuple(best.values()), f"seed {seed}"
    in_use = stage.goals
    bounds = stage.bounds({g: abs(values[g]) for g in in_use})
    assert set(bounds) == set(in_use)
    for goal in in_use:
        limit = best_given(plans, in_use, goal, values)
        bound = -bounds[goal] if goal == "priority" else bounds[goal]
        assert bound <= limit + 1e-4 * max(1, abs(limit)), (
            f"seed {seed}: {goal} is bounded by {bound}, {limit} is possible"
        )


@pytest.mark.parametrize("first", range(0, EXACT_SEEDS, CHUNK))
def test_plan_of_tiny_problem_is_the_best_of_all(first):
    for seed in range(first, first + CHUNK):
        check_exact(seed)


@pytest.mark.parametrize("first", range(0, LARGE_SEEDS, CHUNK))
def test_plan_by_blocks_keeps_limits_and_bounds(first, monkeypatch):
    monkeypatch.setattr(yearly, "EXACT_COLUMNS", 0)
    monkeypatch.setattr(blocks, "BLOCK_COHORTS", 1)
    for seed in range(first, first + CHUNK):
        check_large(seed)
