"""Linear and integer programs as arrays, handed to OR-Tools in one piece.

Everything here is deterministic: one thread, fixed seeds, limits counted in work and not in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from allocator.errors import ModelError

TOLERANCE = 1e-6

SMALL = 3_000
"""Integer programs with fewer variables go without presolve: that of HiGHS 1.11 has been seen to run for ever on tiny ones."""


class Outcome(Enum):
    """How one linear or integer program ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"  # stopped at a limit with a solution
    INFEASIBLE = "infeasible"


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

    def relaxed(self) -> Program:
        """The same without integrality."""
        return replace(self, whole=np.zeros_like(self.whole))

    def only(self, keep: np.ndarray) -> Program:
        """The same with only the variables of a boolean array, in order."""
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
    """Values and, for linear programs, duals; ``bound`` is proven by the solver."""

    outcome: Outcome
    objective: float
    bound: float
    x: np.ndarray
    duals: np.ndarray | None


def _proto(program: Program) -> model_pb2.ModelProto:
    proto = model_pb2.ModelProto()
    n, m = len(program.cost), len(program.row_least)
    proto.variables.ids.extend(range(n))
    proto.variables.lower_bounds.extend(program.least.tolist())
    proto.variables.upper_bounds.extend(program.most.tolist())
    proto.variables.integers.extend(program.whole.astype(bool).tolist())
    used = np.flatnonzero(program.cost)
    proto.objective.linear_coefficients.ids.extend(used.tolist())
    proto.objective.linear_coefficients.values.extend(program.cost[used].astype(float).tolist())
    proto.linear_constraints.ids.extend(range(m))
    proto.linear_constraints.lower_bounds.extend(program.row_least.tolist())
    proto.linear_constraints.upper_bounds.extend(program.row_most.tolist())
    order = np.lexsort([program.columns, program.rows])
    proto.linear_constraint_matrix.row_ids.extend(program.rows[order].tolist())
    proto.linear_constraint_matrix.column_ids.extend(program.columns[order].tolist())
    proto.linear_constraint_matrix.coefficients.extend(program.values[order].astype(float).tolist())
    return proto


def solve(program: Program, *, gap: float = 0.0, nodes: int | None = None) -> Solution:
    """Solve a program: simplex (GLOP) when nothing is whole, else branch and bound (HiGHS) to the relative gap.

    Raises
    ------
    ModelError
        If the solver refuses the model or ends without an answer.
    """
    model = mathopt.Model.from_model_proto(_proto(program))
    is_integer = bool(program.whole.any())
    solver = mathopt.SolverType.HIGHS if is_integer else mathopt.SolverType.GLOP
    parameters = mathopt.SolveParameters(
        relative_gap_tolerance=gap if is_integer else None,
        absolute_gap_tolerance=0.0 if is_integer else None,
        node_limit=nodes if is_integer else None,
        presolve=mathopt.Emphasis.OFF if is_integer and len(program.cost) < SMALL else None,
    )
    result = mathopt.solve(model, solver, params=parameters)
    reason = result.termination.reason
    if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
        return Solution(Outcome.INFEASIBLE, np.inf, np.inf, np.zeros(len(program.cost)), None)
    if not result.has_primal_feasible_solution():
        raise ModelError(f"the solver ended without a solution: {reason.name}, {result.termination.detail}")
    x = np.fromiter(result.variable_values(list(model.variables())), float, len(program.cost))
    duals = None
    if not is_integer and result.has_dual_feasible_solution():
        duals = np.fromiter(result.dual_values(list(model.linear_constraints())), float, len(program.row_least))
    if is_integer:
        whole = program.whole.astype(bool)
        x[whole] = np.round(x[whole])
    outcome = Outcome.OPTIMAL if reason == mathopt.TerminationReason.OPTIMAL else Outcome.FEASIBLE
    objective = float(program.cost @ x)
    bound = objective if not is_integer else min(objective, float(result.dual_bound()))
    return Solution(outcome, objective, bound, x, duals)


def is_solved(result: mathopt.SolveResult) -> bool:
    """Whether a linear program ended with values and duals."""
    return bool(result.has_primal_feasible_solution() and result.has_dual_feasible_solution())


@dataclass(frozen=True, eq=False)
class LinearSolution:
    """Optimum of a linear program."""

    objective: float
    x: np.ndarray
    duals: np.ndarray


class Simplex:
    """A linear program that grows by columns and is solved again from where it stands."""

    def __init__(self, program: Program, behind: int) -> None:
        """Start from a program (integrality is dropped).

        Parameters
        ----------
        behind
            How many of the last variables stay behind columns that are added later.
        """
        self.model = mathopt.Model.from_model_proto(_proto(program.relaxed()))
        variables = list(self.model.variables())
        self.front = variables[: len(variables) - behind]
        self.back = variables[len(variables) - behind :]
        self.rows = list(self.model.linear_constraints())
        self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.GLOP)

    def __enter__(self) -> Simplex:
        return self

    def __exit__(self, *_: object) -> None:
        self.solver.close()

    def add(
        self, cost: np.ndarray, most: np.ndarray, rows: np.ndarray, columns: np.ndarray, values: np.ndarray
    ) -> None:
        """Add columns with their entries (``columns`` counted from 0 among the new ones)."""
        fresh = []
        for c, m in zip(cost.tolist(), most.tolist(), strict=True):
            variable = self.model.add_variable(lb=0.0, ub=m)
            self.model.objective.set_linear_coefficient(variable, c)
            fresh.append(variable)
        for r, k, v in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            self.rows[r].set_coefficient(fresh[k], v)
        self.front += fresh

    def solve(self) -> LinearSolution | None:
        """The optimum, or ``None`` when there is none.

        Raises
        ------
        ModelError
            If the solver ends without an answer.
        """
        result = self.solver.solve()
        reason = result.termination.reason
        if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
            return None
        if not is_solved(result):  # Simplex may end imprecise; another one then starts afresh.
            self.solver.close()
            self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.HIGHS)
            result = self.solver.solve()
            reason = result.termination.reason
        if not is_solved(result):
            raise ModelError(f"the solver ended without a solution: {reason.name}, {result.termination.detail}")
        return LinearSolution(
            float(result.objective_value()),
            np.array(result.variable_values(self.front + self.back)),
            np.array(result.dual_values(self.rows)),
        )
