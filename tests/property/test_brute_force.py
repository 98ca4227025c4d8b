"""The yearly plan of hundreds of random tiny problems against the best of all plans, gone through one by one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.parameters import BOUNDS, DECOMPOSITION, LEXICOGRAPHIC
from allocator.engine.yearly_stage import YearlyStage
from allocator.model.instance import build
from tests.engine.builders import rule
from tests.property.brute import BrokenLimitError, Brute, TooLargeError, best_given, lexicographic_best
from tests.property.worlds import World, chunks, random_world

CHUNK = 10
EXACT = chunks(300, CHUNK, quick=20)
LARGE = chunks(150, CHUNK, quick=10)


def world_and_plans(seed: int, *, least_size: bool = True) -> tuple[World, Brute, np.ndarray] | None:
    world = random_world(seed)
    brute = Brute(world)
    try:
        return world, brute, brute.plans(least_size=least_size)
    except TooLargeError:
        return None


def stage_of(world: World) -> YearlyStage:
    inputs = world.inputs()
    return YearlyStage(build(inputs, calendar(inputs)), seed="test")


def check_nothing_fits(world: World, brute: Brute) -> None:
    """Where strict rules contradict each other there is a plan all the same, and it breaks one of them."""
    with pytest.raises(BrokenLimitError):
        brute.values_of(stage_of(world).plan().attendances)


def check_exact(seed: int) -> None:
    found = world_and_plans(seed)
    if found is None:
        return
    world, brute, plans = found
    if not len(plans):
        check_nothing_fits(world, brute)
        return
    stage = stage_of(world)
    values = brute.values_of(stage.plan().attendances)
    assert values == lexicographic_best(plans, world.goals), f"seed {seed}"
    for goal, bound in stage.bounds({g: abs(values[g]) for g in stage.goals}).items():
        assert bound == abs(values[goal]), f"seed {seed}: the bound of {goal}"


def check_large(seed: int) -> None:
    found = world_and_plans(seed, least_size=False)
    if found is None:
        return
    world, brute, plans = found
    if not len(plans):
        check_nothing_fits(world, brute)
        return
    stage = stage_of(world)
    # The least size of a class whose seats are divided over blocks is left to the dates.
    values = brute.values_of(stage.plan().attendances, least_size=False)
    best = lexicographic_best(plans, world.goals)
    assert tuple(values[g] for g in world.goals) >= tuple(best.values()), f"seed {seed}"
    in_use = stage.goals
    bounds = stage.bounds({g: abs(values[g]) for g in in_use})
    assert set(bounds) == set(in_use)
    for goal in in_use:
        limit = best_given(plans, in_use, goal, values)
        assert np.isfinite(bounds[goal])
        bound = -bounds[goal] if goal == "priority" else bounds[goal]
        assert bound <= limit + 1e-4 * max(1, abs(limit)), (
            f"seed {seed}: {goal} is bounded by {bound}, {limit} is possible"
        )


@pytest.mark.parametrize("first", EXACT)
def test_plan_of_tiny_problem_is_the_best_of_all(first):
    for seed in range(first, first + CHUNK):
        check_exact(seed)


@pytest.mark.parametrize("first", LARGE)
def test_plan_of_all_cohorts_together_keeps_limits_and_bounds(first, set_parameters):
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    for seed in range(first, first + CHUNK):
        check_large(seed)


@pytest.mark.long
def test_relaxation_of_few_cohorts_bounds_goals_better(set_parameters):
    # Where local limits are pooled, one team's floor can be kept by another's people.
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    nearer = 0
    for seed in range(100, 125):
        known = world_and_plans(seed, least_size=False)
        if known is None or not len(known[2]):
            continue
        found = []
        for few in (0, 1_500):
            set_parameters(BOUNDS, cohorts_up_to=few)
            stage = stage_of(known[0])
            values = known[1].values_of(stage.plan().attendances, least_size=False)
            found.append(stage.bounds({goal: abs(values[goal]) for goal in stage.goals}))
        for goal in found[0]:
            gain = (found[1][goal] - found[0][goal]) * (-1 if goal == "priority" else 1)
            assert gain >= 0, f"seed {seed}, {goal}"
            nearer += gain > 0
    assert nearer


@pytest.mark.parametrize("first", LARGE)
def test_plan_by_blocks_keeps_limits_and_bounds(first, set_parameters):
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    set_parameters(DECOMPOSITION, joint_cohorts_up_to=0)
    set_parameters(DECOMPOSITION, block_cohorts=1)
    set_parameters(DECOMPOSITION, wave=2)
    for seed in range(first, first + CHUNK):
        check_large(seed)


def test_like_programmes_on_other_dates_can_be_combined_differently():
    # Everybody may attend p0 and the class of the own unit. That of V lies on the days of p0, that of W does not: V sends
    # one person to one class, W one person to two, 3 points in all.
    world = World(0, years=(2019,))
    world.people = [
        {"cadre_id": "a", "unit_id": "V", "team_id": "", "category": "head", "gender": "male", "headcount": 1},
        {"cadre_id": "b", "unit_id": "W", "team_id": "", "category": "head", "gender": "male", "headcount": 1},
    ]
    own = {"days": 5.0, "hours": 30.0, "content": "theory", "host_group": "school"}
    world.programmes = [
        own | {"programme_id": "p0", "serves_unit_id": ""},
        own | {"programme_id": "p1", "serves_unit_id": "V"},
        own | {"programme_id": "p2", "serves_unit_id": "W"},
    ]
    first, later = date(2019, 3, 4), date(2019, 6, 3)
    world.sessions = {
        (p, 2019): (start, start + timedelta(4), 0, 2) for p, start in (("p0", first), ("p1", first), ("p2", later))
    }
    world.rules = [rule("eligibility"), rule("priority", weight=1)]
    brute = Brute(world)
    assert lexicographic_best(brute.plans(), world.goals)["priority"] == -3
    assert brute.values_of(stage_of(world).plan().attendances)["priority"] == -3


def test_block_does_without_a_class_too_small_to_be_held(set_parameters):
    # Every trajectory at hand of one person needed a class of three, or a seat that another was called to.
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    set_parameters(DECOMPOSITION, joint_cohorts_up_to=0)
    set_parameters(DECOMPOSITION, block_cohorts=1)
    check_large(3840)
