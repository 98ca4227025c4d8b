"""A partition is taken over only where it stays right for the changed rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.inputs import load
from allocator.model import instance
from allocator.model.cohorts import Cohorts, group
from allocator.model.instance import Calendar, Cut, Instance
from allocator.model.reuse_cohorts import adapted
from allocator.model.shared import collect

TINY = Path(__file__).parents[2] / "scenarios" / "tiny.toml"


@pytest.fixture(scope="module")
def problem() -> Instance:
    inputs = load(TINY)
    return instance.build(inputs, calendar(inputs))


@pytest.fixture(scope="module")
def cohorts(problem: Instance) -> Cohorts:
    return group(problem, collect(problem))


def with_calendar(problem: Instance, **changes: object) -> Instance:
    return replace(problem, calendar=replace(problem.calendar, **changes))


def a_seat(of: Calendar, problem: Instance) -> tuple[str, str, int]:
    """A cadre, a programme and a year that nothing puts out of reach yet."""
    cadre, programme = problem.inputs.cadres["cadre_id"][0], problem.inputs.programmes["programme_id"][0]
    return next((cadre, programme, y) for y in problem.years if (cadre, programme, y) not in of.unreachable)


def test_changed_amounts_keep_the_partition_and_bring_their_limits(cohorts: Cohorts) -> None:
    quota = next(family for family in cohorts.families if family.rule is not None and family.rule.kind == "quota")
    assert quota.rule is not None
    inputs = load(TINY, changes={f"overrides.{quota.rule.id}.amount": int(quota.floor.max()) + 1})
    other = adapted(cohorts, instance.build(inputs, calendar(inputs)))
    assert other is not None
    assert other.cohort_type is cohorts.cohort_type
    changed = next(f for f in other.families if f.rule is not None and f.rule.id == quota.rule.id)
    assert not np.array_equal(changed.floor, quota.floor)


def test_rule_that_falls_away_asks_for_nothing(cohorts: Cohorts) -> None:
    quota = next(family for family in cohorts.families if family.rule is not None and family.rule.kind == "quota")
    assert quota.rule is not None
    inputs = load(TINY, changes={f"overrides.{quota.rule.id}.strength": "report"})
    other = adapted(cohorts, instance.build(inputs, calendar(inputs)))
    assert other is not None
    left = next(f for f in other.families if f.rule is not None and f.rule.id == quota.rule.id)
    assert not np.isfinite(left.floor).any() and not np.isfinite(left.ceiling).any()


def test_seats_within_reach_again_are_planned_from_nothing(problem: Instance) -> None:
    closed = with_calendar(problem, unreachable=problem.calendar.unreachable | {a_seat(problem.calendar, problem)})
    before = group(closed, collect(closed))
    assert adapted(before, closed) is not None
    assert adapted(before, problem) is None  # Its trajectories leave out what may be attended now.


def test_limits_of_the_dates_that_fall_away_are_planned_from_nothing(problem: Instance) -> None:
    cadre, programme, year = a_seat(problem.calendar, problem)
    limited = with_calendar(problem, limits=(*problem.calendar.limits, Cut((cadre,), (programme,), year, 0)))
    before = group(limited, collect(limited))
    assert adapted(before, limited) is not None
    assert adapted(before, problem) is None


def test_class_that_comes_is_planned_from_nothing(problem: Instance) -> None:
    seats = problem.calendar.seats.copy()
    seats[0, 0] = 0
    cancelled = with_calendar(problem, seats=seats)
    before = group(cancelled, collect(cancelled))
    assert adapted(before, cancelled) is not None
    assert adapted(before, problem) is None


def test_class_that_is_cancelled_keeps_the_partition(problem: Instance, cohorts: Cohorts) -> None:
    seats = problem.calendar.seats.copy()
    seats[0, 0] = 0
    other = adapted(cohorts, with_calendar(problem, seats=seats))
    assert other is not None and other.cohort_type is cohorts.cohort_type


def test_other_strict_rules_are_planned_from_nothing(cohorts: Cohorts) -> None:
    spacing = next(rule for rule in cohorts.instance.inputs.policy.rules if rule.kind == "spacing")
    inputs = load(TINY, changes={f"overrides.{spacing.id}.strength": "report"})
    assert adapted(cohorts, instance.build(inputs, calendar(inputs))) is None


def test_less_for_single_people_is_known_to_bounds_only(problem: Instance, cohorts: Cohorts) -> None:
    pairs = np.zeros_like(problem.calendar.pairs)
    tighter = with_calendar(
        problem, pairs=pairs, unreachable=problem.calendar.unreachable | {a_seat(problem.calendar, problem)}
    )
    assert adapted(cohorts, tighter) is None
    assert adapted(cohorts, tighter, at_most=True) is not None
    before = group(tighter, collect(tighter))
    assert adapted(before, problem, at_most=True) is None  # Its bounds would be too tight.


def test_tighter_limits_of_the_dates_are_known_to_bounds_only(problem: Instance) -> None:
    cadre, programme, year = a_seat(problem.calendar, problem)

    def limited(most: int) -> Instance:
        return with_calendar(problem, limits=(*problem.calendar.limits, Cut((cadre,), (programme,), year, most)))

    before = group(limited(1), collect(limited(1)))
    assert adapted(before, limited(0)) is None
    assert adapted(before, limited(0), at_most=True) is not None
    assert adapted(before, limited(2), at_most=True) is None


def test_a_call_up_is_known_to_bounds_only(cohorts: Cohorts) -> None:
    inputs = cohorts.instance.inputs
    fixed = next(rule for rule in inputs.policy.rules if rule.kind == "fixed")
    cadre, session = inputs.cadres["cadre_id"].iloc[0], inputs.sessions["session_id"].iloc[0]
    call = {f"overrides.{fixed.id}.call_ups": [{"cadre_id": cadre, "session_id": session}]}
    called = load(TINY, changes=call)
    more = instance.build(called, calendar(called))
    assert adapted(cohorts, more) is None
    assert adapted(cohorts, more, at_most=True) is not None
    before = group(more, collect(more))
    assert adapted(before, cohorts.instance, at_most=True) is None
