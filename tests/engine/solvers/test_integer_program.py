"""Integer programs end as what they are: solved, impossible, or stopped at a limit without a solution."""

from __future__ import annotations

import numpy as np
import pytest
from ortools.math_opt.python import mathopt

from allocator.domain.errors import ModelError
from allocator.engine.solvers.integer_program import Outcome, Program, solve


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
