"""Random tiny problems planned from the plan and the prices of another against the best of all plans, gone through one by one."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.parameters import LEXICOGRAPHIC
from allocator.engine.time_limit import Clock
from allocator.engine.yearly_stage import YearlyStage, YearPlan
from allocator.model.instance import build
from tests.conftest import SetParameters
from tests.property.brute import Brute, TooLargeError, best_given, lexicographic_best
from tests.property.worlds import World, random_world

SEEDS, CHUNK, QUICK = 300, 25, 10
WIDELY = (False, True)
RARELY = 6
"""Of so many problems one at least is planned from what is known."""


def changed(world: World) -> World:
    """The same problem with one amount, one rule or one session another."""
    draw = random.Random(world.seed)
    rules, sessions = list(world.rules), dict(world.sessions)
    amounts = [k for k, one in enumerate(rules) if getattr(one, "amount", None) is not None]
    shared = [k for k, one in enumerate(rules) if one.sort == "shared" and not getattr(one, "admits", False)]
    chance = draw.random()
    if amounts and chance < 0.5:
        k = draw.choice(amounts)
        rules[k] = rules[k].model_copy(update={"amount": max(0, rules[k].amount + draw.choice([-2, -1, 1, 2]))})
    elif shared and chance < 0.7:
        del rules[draw.choice(shared)]
    elif sessions:
        held = draw.choice(sorted(sessions))
        first, last, least, seats = sessions.pop(held)
        if seats > max(1, least) and draw.random() < 0.5:
            sessions[held] = first, last, least, seats - 1
    return replace(world, rules=rules, sessions=sessions)


def resumed(world: World) -> tuple[Brute, np.ndarray, list[YearlyStage], YearPlan] | None:
    """The changed problem with all its plans, a stage for each way from that of the problem before, and the plan before."""
    before, after = Brute(world), Brute(changed(world))
    try:
        if not len(before.plans(least_size=False)) or not len(plans := after.plans(least_size=False)):
            return None
    except TooLargeError:
        return None
    inputs, now = world.inputs(), after.world.inputs()
    stage = YearlyStage(build(inputs, calendar(inputs)), seed="test")
    years = stage.plan()
    values = before.values_of(years.attendances, least_size=False)
    stage.bounds({goal: abs(values[goal]) for goal in stage.goals})
    others = [stage.resumed(build(now, calendar(now)), Clock(None)) for _ in WIDELY]
    known = [other for other in others if other is not None]
    assert len(known) in (0, len(WIDELY))
    return (after, plans, known, years) if known else None


@pytest.mark.parametrize(
    "seeds",
    [range(QUICK), *(pytest.param(range(n, n + CHUNK), marks=pytest.mark.long) for n in range(0, SEEDS, CHUNK))],
)
def test_plan_from_another_keeps_limits_and_bounds(seeds: range, set_parameters: SetParameters) -> None:
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    count = 0
    for seed in seeds:
        found = resumed(random_world(seed))
        if found is None:
            continue
        count += 1
        brute, plans, stages, before = found
        for stage, widely in zip(stages, WIDELY, strict=True):
            check_plan_from(before, brute, plans, stage, widely)
    assert count >= len(seeds) // RARELY


def check_plan_from(before: YearPlan, brute: Brute, plans: np.ndarray, stage: YearlyStage, widely: bool) -> None:
    goals, where = brute.world.goals, f"seed {brute.world.seed}, widely: {widely}"
    values = brute.values_of(stage.plan_from(before, widely=widely).attendances, least_size=False)
    best = lexicographic_best(plans, goals)
    assert tuple(values[g] for g in goals) >= tuple(best.values()), where
    bounds = stage.bounds({goal: abs(values[goal]) for goal in stage.goals})
    for goal in stage.goals:
        limit = best_given(plans, stage.goals, goal, values)
        bound = -bounds[goal] if goal == "priority" else bounds[goal]
        assert bound <= limit + 1e-4 * max(1, abs(limit)), f"{where}: {goal} is bounded by {bound}, {limit} is possible"
