"""Integer programs end as what they are: solved, impossible, or stopped at a limit without a solution."""

from __future__ import annotations

import numpy as np
import pytest
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model

from allocator.domain.errors import ModelError
from allocator.engine.solvers.integer_program import Outcome, Program, prove, solve


def program(least: float) -> Program:
    """Two whole numbers up to 3, of which ``2 a + 2 b`` is at least so much and at most 9."""
    two = np.zeros(2)
    return Program(
        np.ones(2), two, two + 3, np.ones(2, bool), np.array([least]), np.array([9.0]),
        np.zeros(2, int), np.arange(2), two + 2,
    )  # fmt: skip


def test_whole_numbers_are_rounded_up_to_the_next_plan() -> None:
    answer = solve(program(5.0))
    assert (answer.outcome, answer.objective) == (Outcome.OPTIMAL, 3.0)
    assert answer.outcome.has_solution


def test_impossible_program_has_no_solution() -> None:
    assert solve(program(8.5)).outcome is Outcome.INFEASIBLE
    assert not Outcome.INFEASIBLE.has_solution


def ending(reason: mathopt.TerminationReason) -> mathopt.SolveResult:
    """The answer of a solver that found nothing."""
    return mathopt.SolveResult(termination=mathopt.Termination(reason=reason))


@pytest.mark.parametrize("nodes", [None, 1])
def test_limit_without_a_solution_is_an_answer_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, nodes: int | None
) -> None:
    answer = ending(mathopt.TerminationReason.NO_SOLUTION_FOUND)
    monkeypatch.setattr(mathopt, "solve", lambda *_, **__: answer)
    found = solve(program(5.0), nodes=nodes)
    assert found.outcome is Outcome.UNKNOWN
    assert not found.outcome.has_solution


def test_other_failures_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ending(mathopt.TerminationReason.OTHER_ERROR)
    monkeypatch.setattr(mathopt, "solve", lambda *_, **__: answer)
    with pytest.raises(ModelError, match="OTHER_ERROR"):
        solve(program(5.0))


def test_optimum_that_another_release_missed_is_found() -> None:
    """Two of the variables are free to take; the HiGHS inside OR-Tools 9.15 leaves one, without presolve, and calls that optimal."""
    found = prove(
        Program(
            cost=np.array([0, -3, -3, 0, -3, 0, 0, 0, 0.0]), least=np.zeros(9), most=np.array([1.0] * 5 + [np.inf] * 4),
            whole=np.arange(9) < 5, row_least=np.array([0, 0, 0, -np.inf]), row_most=np.array([np.inf] * 3 + [1e-6]),
            rows=np.array([0, 0, 1, 1, 2, 2, 3, 3, 3, 3]), columns=np.array([0, 5, 3, 6, 4, 8, 5, 6, 7, 8]),
            values=np.array([-1, 1, -1, 1, -1, 1, 1, 1, 1, 1.0]),
        )
    )  # fmt: skip
    assert (found.outcome, found.objective) == (Outcome.OPTIMAL, -6.0)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_proven_is_what_another_solver_proves(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(12):
        people, ways = int(random.integers(3, 9)), int(random.integers(2, 6))
        asked = chosen_ways(random, people, ways)
        found, true = prove(asked), by_cp_sat(asked)
        assert (found.objective if found.outcome is Outcome.OPTIMAL else None) == true


def chosen_ways(random: np.random.Generator, people: int, ways: int) -> Program:
    """Each person goes one way; ways use seats, count for rows that may be missed at a price, and a first goal is held."""
    count, rows, seats = people * ways, 4, 3
    person = np.repeat(np.arange(people), ways)
    uses = (random.random((seats, count)) < 0.3).astype(float)
    counts = random.integers(0, 3, (rows, count)).astype(float)
    matrix = np.zeros((people + seats + rows + 1, count + rows))
    matrix[person, np.arange(count)] = 1
    matrix[people : people + seats, :count] = uses
    matrix[people + seats : -1, :count], matrix[people + seats : -1, count:] = counts, np.eye(rows)
    matrix[-1, count:] = 1
    needs = random.integers(0, 2 * people, rows).astype(float)
    least = np.concatenate([np.ones(people), np.full(seats, -np.inf), needs, [-np.inf]])
    most = np.concatenate(
        [
            np.ones(people),
            random.integers(0, people, seats),
            np.full(rows, np.inf),
            [random.integers(0, 3 * people) + 1e-6],
        ]
    )
    row, column = np.nonzero(matrix)
    return Program(
        cost=np.concatenate([random.integers(-5, 9, count), np.zeros(rows)]).astype(float), least=np.zeros(count + rows),
        most=np.concatenate([np.ones(count), np.full(rows, 1000.0)]), whole=np.arange(count + rows) < count,
        row_least=least, row_most=most.astype(float), rows=row, columns=column, values=matrix[row, column],
    )  # fmt: skip


def by_cp_sat(program: Program) -> float | None:
    """The optimum by a solver that calculates in whole numbers; nothing when there is no solution."""
    model = cp_model.CpModel()
    x = [model.new_int_var(0, int(most), "") for most in program.most]
    for r in range(len(program.row_least)):
        own = program.rows == r
        terms = sum(int(value) * x[c] for c, value in zip(program.columns[own], program.values[own], strict=True))
        if np.isfinite(program.row_least[r]):
            model.add(terms >= int(program.row_least[r]))
        if np.isfinite(program.row_most[r]):
            model.add(terms <= int(program.row_most[r]))
    model.minimize(sum(int(cost) * one for cost, one in zip(program.cost, x, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    return solver.objective_value if solver.solve(model) == cp_model.OPTIMAL else None
