"""Column generation ends at the optimum, and not before it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from allocator.inputs import load
from allocator.instance import build
from allocator.model.cohorts import group
from allocator.model.goals import in_use, weights
from allocator.model.shared import collect
from allocator.solve.calendar import calendar
from allocator.solve.generation import optimise
from allocator.solve.goal_costs import GoalCosts
from allocator.solve.master import Master
from allocator.solve.strata import exact

TINY = Path(__file__).parent.parent.parent / "scenarios" / "tiny.toml"


@pytest.fixture
def master() -> Master:
    inputs = load(TINY)
    instance = build(inputs, calendar(inputs))
    cohorts = group(instance, collect(instance))
    strata, goals = exact(cohorts), in_use(inputs.scenario.goals, cohorts, cohorts.families)
    made = Master(strata, goals, GoalCosts(strata, goals))
    made.set_weights(weights(goals))
    return made


def test_optimum_is_reached_when_rounding_lets_the_value_rise(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    solve, calls = master.solve, count()

    def risen() -> object:
        solution = solve()
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
