"""Neighbourhoods decided again lead from any whole plan towards the relaxation, and never away from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer import large_neighbourhood
from allocator.engine.integer.large_neighbourhood import improved, solve_neighbourhood
from allocator.engine.parameters import LARGE_NEIGHBOURHOOD
from allocator.inputs import load
from allocator.model.cohorts import group
from allocator.model.goals import in_use, weights
from allocator.model.instance import build
from allocator.model.shared import collect
from tests.conftest import SetParameters

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"
OPTIMUM = 341_245
"""A shortfall, 132 hours, 34 years and 11 points."""


@pytest.fixture
def master() -> Master:
    inputs = load(TINY)
    instance = build(inputs, calendar(inputs))
    cohorts = group(instance, collect(instance))
    subproblems, goals = disaggregated(cohorts), in_use(inputs.scenario.goals, cohorts, cohorts.families)
    made = Master(subproblems, goals, GoalCosts(subproblems, goals))
    made.set_weights(weights(goals))
    return made


def relaxed_and_poor(master: Master) -> tuple[Relaxation, np.ndarray]:
    """The relaxation of a master, and a whole plan in which everybody attends least."""
    relaxed = optimise(master)
    assert relaxed is not None
    program, n = master.program(), len(master.subproblem)
    people = np.where(master.trajectory == 0, master.subproblems.people[master.subproblem], 0).astype(float)
    x = np.concatenate([people, np.zeros(len(master.slacks.row))])
    nobody, all_columns = np.zeros(len(master.subproblems.people), dtype=bool), np.ones(n, dtype=bool)
    found = solve_neighbourhood(master, program, x, nobody, all_columns, 0.0, 1)
    assert found is not None
    np.testing.assert_array_equal(found[:n], people)
    return relaxed, found


def test_a_poor_plan_reaches_the_relaxation(master: Master) -> None:
    relaxed, poor = relaxed_and_poor(master)
    assert master.program().cost @ poor > OPTIMUM
    wide, x, value = improved(master, relaxed, poor, nodes=1000, near=0.0)
    assert value == pytest.approx(OPTIMUM) == pytest.approx(relaxed.value)
    program = wide.program()
    held = np.bincount(program.rows, program.values * x[program.columns], len(program.row_least))
    assert (held >= program.row_least - 1e-6).all() and (held <= program.row_most + 1e-6).all()
    assert (np.bincount(wide.subproblem, x[: len(wide.subproblem)]) == wide.subproblems.people).all()


def test_steps_never_lose(master: Master, monkeypatch: pytest.MonkeyPatch, set_parameters: SetParameters) -> None:
    relaxed, poor = relaxed_and_poor(master)
    values = [float(master.program().cost @ poor)]
    step, losses = large_neighbourhood._Search.step, large_neighbourhood._Search._losses

    def noted(
        search: large_neighbourhood._Search, drawn: int, reach: float, nodes: int, gap: float, seconds: float
    ) -> bool:
        gained = step(search, min(drawn, 1), reach, nodes, gap, seconds)
        assert gained == (search.value < values[-1])
        values.append(search.value)
        return gained

    def first(search: large_neighbourhood._Search) -> tuple[np.ndarray, np.ndarray]:
        rows, subproblems = losses(search)
        return np.zeros_like(rows), subproblems & (np.cumsum(subproblems) <= 1)

    monkeypatch.setattr(large_neighbourhood._Search, "step", noted)
    monkeypatch.setattr(large_neighbourhood._Search, "_losses", first)
    set_parameters(LARGE_NEIGHBOURHOOD, widest_mate_row=0)
    improved(master, relaxed, poor, nodes=1000, near=0.0)
    assert len(set(values)) > 2
    assert values == sorted(values, reverse=True)


def test_a_plan_near_enough_is_left_alone(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    relaxed, poor = relaxed_and_poor(master)
    monkeypatch.setattr(large_neighbourhood._Search, "step", lambda *_, **__: pytest.fail("nothing to do"))
    _, x, value = improved(master, relaxed, poor, nodes=100, near=1e12)
    assert value == pytest.approx(master.program().cost @ poor)
    assert x.sum() == pytest.approx(poor.sum())


def test_search_ends_where_all_that_is_left_is_certain(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    relaxed, poor = relaxed_and_poor(master)
    left = float(master.program().cost @ poor) - relaxed.value
    tried: list[int] = []
    monkeypatch.setattr(large_neighbourhood._Search, "step", lambda _, drawn, *__, **___: tried.append(drawn))
    improved(master, relaxed, poor, nodes=100, near=1.0, group_bound=lambda: left - 1.0)
    assert len(tried) == 1  # What is certain is asked when a neighbourhood gained nothing, and is all but 1.
    improved(master, relaxed, poor, nodes=100, near=1.0, group_bound=lambda: left - 1.5)
    assert len(tried) > 2
