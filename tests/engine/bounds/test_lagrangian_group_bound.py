"""What whole people are certain to lose is never more than they do, and proves what a relaxation alone cannot."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from allocator.domain.tables import Inputs
from allocator.engine.bounds.lagrangian_group_bound import lagrangian_group_bound
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import LAGRANGIAN_GROUP_BOUND, LEXICOGRAPHIC, NEAR_OPTIMAL
from allocator.engine.yearly_stage import YearlyStage
from allocator.model.cohorts import group
from allocator.model.goals import in_use, weights
from allocator.model.instance import Instance, build
from allocator.model.shared import collect
from tests.conftest import SetParameters
from tests.engine.builders import make_inputs, rule

Meeting = tuple[tuple[str, ...], int]
"""Cadres of whom only so many may attend."""


def world(points: dict[str, int], meetings: list[Meeting]) -> Inputs:
    """One class of many seats; everybody brings points, and of some cadres only so many may attend."""
    rules: list[Any] = [rule("eligibility", audience={})]
    for cadre, weight in points.items():
        rules.append(rule("priority", id=f"points-{cadre}", audience={"cadre_id": [cadre]}, weight=weight))
    for k, (cadres, most) in enumerate(meetings):
        quota: dict[str, Any] = {"amount": most, "modality": "at-most", "admits": False}
        rules.append(rule("quota", id=f"most-{k}", audience={"cadre_id": list(cadres)}, **quota))
    return make_inputs(
        cadres=[{"cadre_id": cadre} for cadre in points],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 50}],
        rules=rules,
    )


def circle(cadres: str = "abc") -> list[Meeting]:
    """Of each two neighbours one may attend."""
    return [((one, other), 1) for one, other in zip(cadres, cadres[1:] + cadres[0], strict=True)]


def problem(inputs: Inputs) -> Instance:
    return build(inputs, calendar(inputs))


def solved(inputs: Inputs) -> tuple[Master, Relaxation]:
    instance = problem(inputs)
    cohorts = group(instance, collect(instance))
    subproblems, goals = disaggregated(cohorts), in_use(inputs.scenario.goals, cohorts, cohorts.families)
    master = Master(subproblems, goals, GoalCosts(subproblems, goals))
    master.set_weights(weights(goals))
    relaxed = optimise(master, smoothing=0.0)
    assert relaxed is not None
    return master, relaxed


def proven(master: Master, relaxed: Relaxation) -> float:
    return lagrangian_group_bound(master, relaxed.duals, relaxed.x[: len(master.subproblem)])


def most_points(points: dict[str, int], meetings: list[Meeting]) -> int:
    """The most points of all sets of people that keep every meeting, one by one."""
    people = list(points)
    sets = (set(chosen) for n in range(len(people) + 1) for chosen in combinations(people, n))
    kept = (chosen for chosen in sets if all(len(chosen & set(cadres)) <= most for cadres, most in meetings))
    return max(sum(points[one] for one in chosen) for chosen in kept)


def test_three_who_exclude_each_other_lose_half_a_point() -> None:
    master, relaxed = solved(world({"a": 1, "b": 1, "c": 1}, circle()))
    assert relaxed.bound == pytest.approx(-1.5)  # Half of each; of whole people one attends.
    assert proven(master, relaxed) == pytest.approx(0.5, abs=1e-5)


def test_groups_that_share_nothing_lose_together() -> None:
    points = dict.fromkeys("abcdef", 1)
    master, relaxed = solved(world(points, circle("abc") + circle("def")))
    assert proven(master, relaxed) == pytest.approx(1.0, abs=1e-5)


def test_relaxation_that_is_whole_loses_nothing() -> None:
    master, relaxed = solved(world({"a": 1, "b": 2}, [(("a", "b"), 1)]))
    assert proven(master, relaxed) == 0


def test_limits_that_are_wide_are_priced(set_parameters: SetParameters) -> None:
    set_parameters(LAGRANGIAN_GROUP_BOUND, widest_row=1)
    master, relaxed = solved(world({"a": 1, "b": 1, "c": 1}, circle()))
    assert proven(master, relaxed) == 0  # Each alone, at the prices of the others, may be whole.


@pytest.mark.parametrize("wide", [2, *(pytest.param(wide, marks=pytest.mark.long) for wide in (1, 3, 40))])
def test_bound_is_never_above_the_best_of_all_plans(wide: int, set_parameters: SetParameters) -> None:
    set_parameters(LAGRANGIAN_GROUP_BOUND, widest_row=wide)
    draw = np.random.default_rng(7)
    gained = 0
    for _ in range(30):
        points = {cadre: int(draw.integers(1, 3)) for cadre in "abcdefgh"}
        meetings = circle("abc") + circle("defgh")
        for _ in range(int(draw.integers(0, 5))):
            cadres = draw.choice(list(points), int(draw.integers(2, 5)), replace=False)
            meetings.append((tuple(sorted(cadres.tolist())), int(draw.integers(1, len(cadres)))))
        master, relaxed = solved(world(points, meetings))
        loss, best = proven(master, relaxed), -most_points(points, meetings)
        assert relaxed.bound + loss <= best + 1e-6
        gained += loss > 0.1
        if wide == 40:  # One group or a few, each looked at whole.
            assert loss >= min(best - relaxed.bound, NEAR_OPTIMAL.reach) - 1e-4
    assert gained > 3 or wide == 1


def test_plan_of_whole_people_is_proven(set_parameters: SetParameters) -> None:
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    points = dict.fromkeys("abcdef", 1)
    inputs = world(points, circle("abc") + circle("def"))
    for gap, bound in ((0.0, 2.0), (1.0, 3.0)):  # Two attend; where 3 is near enough nothing more is proven.
        stage = YearlyStage(problem(inputs), seed="test", gap=gap)
        years = stage.plan()
        assert len(years.attendances) == 2
        values = dict.fromkeys(stage.goals, 0.0) | {"priority": 2.0}
        assert stage.bounds(values)["priority"] == bound
