"""Column generation ends at the optimum, and not before it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.time_limit import OutOfTime
from allocator.inputs import load
from allocator.model.cohorts import group
from allocator.model.goals import in_use, weights
from allocator.model.instance import build
from allocator.model.shared import collect

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"


@pytest.fixture
def master() -> Master:
    inputs = load(TINY)
    instance = build(inputs, calendar(inputs))
    cohorts = group(instance, collect(instance))
    subproblems, goals = disaggregated(cohorts), in_use(inputs.scenario.goals, cohorts, cohorts.families)
    made = Master(subproblems, goals, GoalCosts(subproblems, goals))
    made.set_weights(weights(goals))
    return made


def test_optimum_is_reached_when_rounding_lets_the_value_rise(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    solve, calls = master.solve, count()

    def risen(seconds: float) -> object:
        solution = solve(seconds)
        return solution and replace(solution, objective=solution.objective + 1e6 * next(calls))

    monkeypatch.setattr(master, "solve", risen)
    found = optimise(master, smoothing=0.0)
    assert found is not None and found.rounds > 2
    # A shortfall, 132 hours, 34 years and 11 points: the relaxation of tiny is whole.
    values = master.values(found.x)
    reached = sum(weight * values[goal] for goal, weight in weights(master.goals).items())
    assert found.bound == pytest.approx(reached) == pytest.approx(341_245)


def test_generation_ends_when_a_round_gains_too_little(master: Master) -> None:
    found = optimise(master, settled=1e3, smoothing=0.0)
    assert found is not None and found.rounds == 2 and found.bound < found.value


@pytest.mark.parametrize("far", [np.inf, 0.0])
def test_linear_program_without_time_leaves_the_solution_before_it(master: Master, far: float) -> None:
    best = optimise(deepcopy(master), smoothing=0.0)
    asked = count()  # For the first solution, then whether there is a limit, then for the second.
    found = optimise(master, smoothing=0.0, far=far, left=lambda: 60.0 if next(asked) < 2 else 0.0)
    assert best is not None and found is not None and found.rounds == 1
    # Everybody follows one trajectory, at the value that was reported; the bound is that of every plan.
    people = np.bincount(master.subproblem, found.x[: len(master.subproblem)], len(master.subproblems.people))
    assert people == pytest.approx(master.subproblems.people)
    reached = sum(weight * master.values(found.x)[goal] for goal, weight in weights(master.goals).items())
    assert found.bound < best.value < found.value == pytest.approx(reached)


def test_generation_without_time_for_a_first_solution_says_so(master: Master) -> None:
    with pytest.raises(OutOfTime):
        optimise(master, left=lambda: 0.0)
    assert optimise(master) is not None
