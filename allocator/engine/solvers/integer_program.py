"""Integer programs as arrays, solved by HiGHS: ``solve`` looks for good plans, ``prove`` is asked where something is called proven.

The HiGHS inside OR-Tools is quick at large programs and has called wrong answers optimal; that of the package highspy has not, and is slow at large ones
(``docs/decisions/highspy.md``).
Everything here is deterministic: one thread, a fixed seed, limits counted in work, and in seconds only where the planner set a limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

import highspy
import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from allocator.domain.errors import ModelError
from allocator.engine.parameters import SOLVER

_IS_INFEASIBLE = (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED)


_IMPOSSIBLE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
_AT_A_LIMIT = (highspy.HighsModelStatus.kSolutionLimit, highspy.HighsModelStatus.kIterationLimit)


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
    if reason in _IS_INFEASIBLE:
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


def prove(program: Program, *, nodes: int | None = None) -> Solution:
    """Solve a program to its optimum, as far as nodes reach; what it calls optimal or impossible is taken as proven.

    Raises
    ------
    ModelError
        If the solver refuses the model or ends without an answer.
    """
    model = linear_model(program)
    whole = program.whole.astype(bool)
    model.integrality_ = [
        highspy.HighsVarType.kInteger if is_whole else highspy.HighsVarType.kContinuous for is_whole in whole.tolist()
    ]
    solver = silent_solver()
    options: dict[str, object] = {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
    if nodes is not None:
        options["mip_max_nodes"] = nodes
    for option, value in options.items():
        solver.setOptionValue(option, value)
    if solver.passModel(model) == highspy.HighsStatus.kError:
        raise ModelError("the solver of integer programs refused the program")
    solver.run()
    status = solver.getModelStatus()
    if status in _IMPOSSIBLE:
        return Solution(Outcome.INFEASIBLE, np.inf, np.inf, np.zeros(len(program.cost)))
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        if status in _AT_A_LIMIT:
            return Solution(Outcome.UNKNOWN, np.inf, -np.inf, np.zeros(len(program.cost)))
        reason = solver.modelStatusToString(status)
        raise ModelError(f"the solver of integer programs ended without a solution: {reason}")
    x = np.array(solver.getSolution().col_value)
    x[whole] = np.round(x[whole])
    objective = float(program.cost @ x)
    is_optimal = status == highspy.HighsModelStatus.kOptimal
    bound = min(objective, info.mip_dual_bound if whole.any() else objective)
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


class _Silent(highspy.Highs):  # type: ignore[misc]
    """HiGHS that prints nothing: its heading comes before an option can be set, amid what the program says in JSON."""

    def enableCallbacks(self) -> None:  # noqa: N802 - The name is HiGHS's own; it is the first thing that its constructor calls.
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


def silent_solver() -> highspy.Highs:
    """HiGHS that prints nothing, in one thread, with the fixed seed."""
    solver = _Silent()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", SOLVER.random_seed)):
        solver.setOptionValue(option, value)
    return solver


def linear_model(program: Program) -> highspy.HighsLp:
    """The program without its whole numbers, as HiGHS takes it."""
    count = len(program.cost)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, len(program.row_least)
    model.col_cost_ = program.cost.astype(float)
    model.col_lower_, model.col_upper_ = program.least.astype(float), program.most.astype(float)
    model.row_lower_, model.row_upper_ = program.row_least.astype(float), program.row_most.astype(float)
    start, row, value = by_column(program.rows, program.columns, program.values, count)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = start, row, value
    return model


def by_column(
    rows: np.ndarray, columns: np.ndarray, values: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each column starts (and the last ends), and row and value of the entries, column after column."""
    order = np.lexsort([rows, columns])
    start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=count))])
    return start.astype(np.int32), rows[order].astype(np.int32), values[order].astype(float)
