"""Planning in blocks: what is divided adds up, nothing is used twice, and mending makes no team worse off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from allocator import load
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregate_relaxation import AggregateRelaxation
from allocator.engine.columns.aggregation import compact, disaggregated
from allocator.engine.columns.initial_columns import spread
from allocator.engine.columns.restricted_master import Master
from allocator.engine.decomposition.block_improvement import BlockImprovement
from allocator.engine.decomposition.block_solver import BlockSolver
from allocator.engine.decomposition.resource_shares import Followed, ResourceShares
from allocator.engine.integer.rounding import valued
from allocator.engine.parameters import DECOMPOSITION, changed
from allocator.engine.time_limit import Clock
from allocator.engine.yearly_stage import YearlyStage
from allocator.model import instance
from allocator.model.goals import FIRM, weights
from tests.conftest import SetParameters

SCENARIOS = Path(__file__).parents[3] / "scenarios"

pytestmark = pytest.mark.long  # Small problems are planned in blocks by tests/property.


@dataclass
class Planned:
    """A plan by blocks with what mending had to do: the plan before it, and what each part gained."""

    by: BlockSolver
    plan: Followed
    before: list[Followed]
    gains: list[float]


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Blocks of one prefecture as small as they are of a province."""
    with changed(DECOMPOSITION, block_cohorts=60):
        yield


@pytest.fixture(scope="module")
def aggregate() -> AggregateRelaxation:
    inputs = load(SCENARIOS / "one-prefecture.toml")
    stage = YearlyStage(instance.build(inputs, calendar(inputs)), seed=inputs.scenario.seed)
    return AggregateRelaxation(stage.cohorts, stage.ranked, 1e-3, Clock(None))


def planner(aggregate: AggregateRelaxation, workers: int = 1) -> BlockSolver:
    prices = spread(aggregate.master, aggregate.relaxed.duals, disaggregated(aggregate.cohorts))
    found = weights(aggregate.master.goals) if aggregate.rates is None else aggregate.rates.plan
    return BlockSolver(aggregate, prices, found, gap=1e-3, workers=workers, clock=Clock(None))


@pytest.fixture(scope="module")
def planned(aggregate: AggregateRelaxation) -> Planned:
    """The plan by blocks, which no test changes."""
    before: list[Followed] = []
    gains: list[float] = []
    mend, again = BlockImprovement.improve, BlockImprovement._reoptimise

    def noted(mending: BlockImprovement, plan: Followed, parts: list[np.ndarray]) -> tuple[Followed, list[float]]:
        assert len(np.unique(np.concatenate(parts))) == sum(len(part) for part in parts)
        plan, gained = again(mending, plan, parts)
        gains.extend(gained)
        return plan, gained

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BlockImprovement, "improve", lambda mending, plan: before.append(plan) or mend(mending, plan))
        patch.setattr(BlockImprovement, "_reoptimise", noted)
        one = planner(aggregate)
        return Planned(one, one.plan(), before, gains)


def used(shares: ResourceShares, plan: Followed) -> np.ndarray:
    entries = shares.pricing.entries(plan.cohort, plan.trajectory)
    seats = np.zeros_like(shares.seats)
    own = entries.family < 0
    np.add.at(seats, (entries.row[own], entries.year[own]), (entries.amount * plan.people[entries.column])[own])
    return seats


def test_everybody_is_planned_and_no_seat_used_twice(aggregate: AggregateRelaxation, planned: Planned) -> None:
    plan, shares = planned.plan, planned.by.shares
    people = np.bincount(plan.cohort, plan.people, len(aggregate.cohorts.cohort_type))
    np.testing.assert_array_equal(people, aggregate.cohorts.cohort_people)
    seats = aggregate.cohorts.instance.calendar.seats
    taken = used(shares, plan)
    assert (taken <= seats + 1e-9).all()
    np.testing.assert_allclose(shares.seats, seats - taken)  # What was given back and taken again adds up.


def test_shares_of_wide_rows_add_up(aggregate: AggregateRelaxation) -> None:
    one = planner(aggregate)
    wide = one.parts.wide_seats
    assert wide.any()
    assert one.blocks > DECOMPOSITION.wave
    whole = one.shares.allotments(range(one.blocks), one.blocks)
    np.testing.assert_allclose(sum(part.seats[wide] for part in whole), one.shares.seats[wide])
    for part in whole:
        np.testing.assert_array_equal(part.seats[~wide], one.shares.seats[~wide])
    few = one.shares.allotments(range(one.blocks), 2)
    np.testing.assert_array_equal(few[1].seats, whole[1].seats)


def test_plan_does_not_depend_on_workers(aggregate: AggregateRelaxation, planned: Planned) -> None:
    other = planner(aggregate, workers=2).plan()
    for name in ("cohort", "trajectory", "people"):
        np.testing.assert_array_equal(getattr(planned.plan, name), getattr(other, name))


def test_mending_leaves_fewer_hard_rules_missed(planned: Planned) -> None:
    one, after, before, gains = planned.by, planned.plan, planned.before[0], planned.gains
    assert missed(one, after) <= missed(one, before)
    assert min(gains) >= 0 and sum(gains) > 0
    # Parts beside one another each keep what is left to them, so that together they may have gained more.
    assert value(one, before) - value(one, after) >= sum(gains) - 1e-6
    assert one.improved_parts == len(gains)


def test_what_is_left_over_is_what_nobody_uses(aggregate: AggregateRelaxation, planned: Planned) -> None:
    one, plan = planned.by, planned.plan
    nobody = plan.only(np.zeros(len(plan.cohort), dtype=bool))
    (rest,), families = one.shares.rests([nobody]), aggregate.cohorts.families
    entries = one.shares.pricing.entries(plan.cohort, plan.trajectory)
    for f, family in enumerate(families):
        count = np.zeros_like(family.floor)
        own = entries.family == f
        np.add.at(count, (entries.row[own], entries.year[own]), (entries.amount * plan.people[entries.column])[own])
        np.testing.assert_allclose(rest.floor[f], family.floor - count)
        np.testing.assert_allclose(rest.ceiling[f], family.ceiling - count)


def test_parts_beside_one_another_have_what_they_use_and_share_the_rest(
    aggregate: AggregateRelaxation, planned: Planned
) -> None:
    one, plan = planned.by, planned.plan
    nobody = plan.only(np.zeros(len(plan.cohort), dtype=bool))
    (rest,) = one.shares.rests([nobody])
    middle = len(aggregate.cohorts.cohort_type) // 2
    plans = [plan.only(plan.cohort < middle), plan.only(plan.cohort >= middle)]
    parts = one.shares.rests(plans)
    slots = [np.isin(np.arange(len(rest.seats)), aggregate.cohorts.cohort_slots[own.cohort]) for own in plans]
    both = slots[0] & slots[1]
    assert both.any() and (slots[0] & ~both).any()
    uses = [used(one.shares, own) for own in plans]
    np.testing.assert_allclose(sum(part.seats for part in parts)[both], (rest.seats + sum(uses))[both])
    assert all((part.seats[both] >= use[both]).all() for part, use in zip(parts, uses, strict=True))
    np.testing.assert_allclose(parts[0].seats[slots[0] & ~both], (rest.seats + uses[0])[slots[0] & ~both])
    for f, family in enumerate(aggregate.cohorts.families):
        groups = [
            np.isin(np.arange(len(family.names)), aggregate.cohorts.cohort_groups[own.cohort, f]) for own in plans
        ]
        shared = groups[0] & groups[1]
        for limit in ("floor", "ceiling"):
            whole = sum(one.shares._used(own)[1][f] for own in plans) + getattr(rest, limit)[f]
            limited = shared[:, None] & np.isfinite(whole)
            np.testing.assert_allclose(sum(getattr(part, limit)[f] for part in parts)[limited], whole[limited])
        assert not parts[0].missed[f].any()
        np.testing.assert_array_equal(parts[1].missed[f].any(axis=1), shared)  # A tolerance is there once.


def value(one: BlockSolver, plan: Followed) -> float:
    master = Master(disaggregated(one.aggregate.cohorts), one.aggregate.master.goals, one.aggregate.costs)
    master.set_weights(one.weights)
    master.add(plan.cohort, plan.trajectory)
    return valued(master, plan.cohort, plan.trajectory, plan.people)


def missed(one: BlockSolver, plan: Followed) -> float:
    goals = one.aggregate.master.goals
    costs = one.aggregate.costs.weighted(np.array([float(goal in FIRM) for goal in goals]))
    return float(one.shares.pricing.costs(plan.cohort, plan.trajectory, costs) @ plan.people)


def test_compact_strata_keep_rows_and_prices(aggregate: AggregateRelaxation) -> None:
    which = np.arange(0, len(aggregate.cohorts.cohort_type), 7)
    subproblems = disaggregated(aggregate.cohorts, which)
    few, places = compact(subproblems)
    np.testing.assert_array_equal(np.append(places.programmes, -1)[few.seats], subproblems.seats)
    for f, groups in enumerate(places.groups):
        inside = subproblems.group[:, f] >= 0
        np.testing.assert_array_equal(groups[few.group[inside, f]], subproblems.group[inside, f])
        np.testing.assert_array_equal(few.floor[f], subproblems.floor[f][groups])


def test_large_problems_are_planned_in_blocks(set_parameters: SetParameters) -> None:
    set_parameters(DECOMPOSITION, joint_cohorts_up_to=100)
    inputs = load(SCENARIOS / "one-prefecture.toml")
    stage = YearlyStage(instance.build(inputs, calendar(inputs)), seed=inputs.scenario.seed, workers=2)
    years = stage.plan()
    assert stage.work["blocks"] > 1
    assert len(years.attendances)
    assert years.attendances["headcount"].min() > 0
