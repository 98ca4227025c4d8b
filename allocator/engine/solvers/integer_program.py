"""Integer programs as arrays, solved by HiGHS inside OR-Tools.

Everything here is deterministic: one thread, a fixed seed, limits counted in work, and in seconds only where the planner set a limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from allocator.domain.errors import ModelError
from allocator.engine.parameters import SOLVER

_INFEASIBLE = (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED)


class Outcome(Enum):
    """How one linear or integer program ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"  # stopped at a limit with a solution
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"  # stopped at a limit without a solution

    @property
    def has_solution(self) -> bool:
        """Whether there are values to use."""
        return self in (Outcome.OPTIMAL, Outcome.FEASIBLE)


@dataclass(frozen=True, eq=False)
class Program:
    """``min cost · x`` with ``row_least ≤ A x ≤ row_most`` and ``least ≤ x ≤ most``.

    ``rows``, ``columns`` and ``values`` are the entries of ``A``, each place at most once; ``whole`` marks integer
    variables.
    """

    cost: np.ndarray
    least: np.ndarray
    most: np.ndarray
    whole: np.ndarray
    row_least: np.ndarray
    row_most: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def only(self, keep: np.ndarray) -> Program:
        """The program with only the variables of a boolean array, in their order."""
        place = np.cumsum(keep) - 1
        entry = keep[self.columns]
        return replace(
            self,
            cost=self.cost[keep],
            least=self.least[keep],
            most=self.most[keep],
            whole=self.whole[keep],
            rows=self.rows[entry],
            columns=place[self.columns[entry]],
            values=self.values[entry],
        )


@dataclass(frozen=True, eq=False)
class Solution:
    """Values of an integer program; ``bound`` is the solver's proven bound."""

    outcome: Outcome
    objective: float
    bound: float
    x: np.ndarray


def solve(program: Program, *, gap: float = 0.0, nodes: int | None = None, seconds: float = np.inf) -> Solution:
    """Solve a program by branch and bound to the relative gap, as far as nodes and seconds reach.

    Raises
    ------
    ModelError
        If the solver refuses the model or ends without an answer.
    """
    parameters = mathopt.SolveParameters(
        relative_gap_tolerance=gap,
        absolute_gap_tolerance=0.0,
        node_limit=nodes,
        time_limit=timedelta(seconds=seconds) if np.isfinite(seconds) else None,
        random_seed=SOLVER.random_seed,
        presolve=mathopt.Emphasis.OFF if len(program.cost) < SOLVER.presolve_from else None,
    )
    model = mathopt.Model.from_model_proto(_proto(program))
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters)
    reason = result.termination.reason
    if reason in _INFEASIBLE:
        return Solution(Outcome.INFEASIBLE, np.inf, np.inf, np.zeros(len(program.cost)))
    if not result.has_primal_feasible_solution():
        if reason is mathopt.TerminationReason.NO_SOLUTION_FOUND:
            return Solution(Outcome.UNKNOWN, np.inf, -np.inf, np.zeros(len(program.cost)))
        raise ModelError(f"the solver ended without a solution: {reason.name}, {result.termination.detail}")
    x = np.array(result.variable_values(list(model.variables())))
    whole = program.whole.astype(bool)
    x[whole] = np.round(x[whole])
    objective = float(program.cost @ x)
    bound = min(objective, result.termination.objective_bounds.dual_bound)
    is_optimal = reason is mathopt.TerminationReason.OPTIMAL
    return Solution(Outcome.OPTIMAL if is_optimal else Outcome.FEASIBLE, objective, bound, x)


def _proto(program: Program) -> model_pb2.ModelProto:
    """The program as a MathOpt message. Adding variables and rows one by one takes longer than solving many a program."""
    model = model_pb2.ModelProto()
    variables, rows, matrix = model.variables, model.linear_constraints, model.linear_constraint_matrix
    variables.ids.extend(range(len(program.cost)))
    variables.lower_bounds.extend(program.least.tolist())
    variables.upper_bounds.extend(program.most.tolist())
    variables.integers.extend(program.whole.astype(bool).tolist())
    used = np.flatnonzero(program.cost)
    model.objective.linear_coefficients.ids.extend(used.tolist())
    model.objective.linear_coefficients.values.extend(program.cost[used].astype(float).tolist())
    rows.ids.extend(range(len(program.row_least)))
    rows.lower_bounds.extend(program.row_least.tolist())
    rows.upper_bounds.extend(program.row_most.tolist())
    order = np.lexsort([program.columns, program.rows])
    matrix.row_ids.extend(program.rows[order].tolist())
    matrix.column_ids.extend(program.columns[order].tolist())
    matrix.coefficients.extend(program.values[order].astype(float).tolist())
    return model
