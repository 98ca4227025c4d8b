"""Linear and integer programs as arrays, handed to OR-Tools in one piece.

Models, changes and results pass as protocol buffers: the objects of MathOpt's Python front end cost more time than the simplex
on programs of this size (``docs/decisions/mathopt-protocol.md``). Everything here is deterministic: one thread, a fixed seed, limits
counted in work and not in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
    solution_pb2,
)
from ortools.math_opt.core.python import solver as engine
from ortools.math_opt.python import mathopt

from allocator.errors import ModelError

SMALL = 3_000
"""Integer programs with fewer variables go without presolve: that of HiGHS 1.11 has been seen to run for ever on tiny ones."""

RANDOM_SEED = 1
"""Seed of every solver's own random choices, CP-SAT's too. No option leads here: ties are broken by the published seed."""

_INFEASIBLE = (result_pb2.TERMINATION_REASON_INFEASIBLE, result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED)


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
    """Values of an integer program; ``bound`` is proven by the solver."""

    outcome: Outcome
    objective: float
    bound: float
    x: np.ndarray


def _variables(least: np.ndarray, most: np.ndarray, whole: np.ndarray, first: int) -> model_pb2.VariablesProto:
    return model_pb2.VariablesProto(
        ids=range(first, first + len(least)),
        lower_bounds=least.tolist(),
        upper_bounds=most.tolist(),
        integers=whole.astype(bool).tolist(),
    )


def _matrix(rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> Any:
    order = np.lexsort([columns, rows])
    matrix = model_pb2.ModelProto().linear_constraint_matrix
    matrix.row_ids.extend(rows[order].tolist())
    matrix.column_ids.extend(columns[order].tolist())
    matrix.coefficients.extend(values[order].astype(float).tolist())
    return matrix


def _proto(program: Program) -> model_pb2.ModelProto:
    m = len(program.row_least)
    proto = model_pb2.ModelProto(variables=_variables(program.least, program.most, program.whole, 0))
    used = np.flatnonzero(program.cost)
    proto.objective.linear_coefficients.ids.extend(used.tolist())
    proto.objective.linear_coefficients.values.extend(program.cost[used].astype(float).tolist())
    proto.linear_constraints.ids.extend(range(m))
    proto.linear_constraints.lower_bounds.extend(program.row_least.tolist())
    proto.linear_constraints.upper_bounds.extend(program.row_most.tolist())
    proto.linear_constraint_matrix.CopyFrom(_matrix(program.rows, program.columns, program.values))
    return proto


def _started(model: model_pb2.ModelProto, kind: mathopt.SolverType) -> engine.Solver:
    return engine.new(kind.value, model, parameters_pb2.SolverInitializerProto())


def _answer(solver: engine.Solver, parameters: mathopt.SolveParameters) -> result_pb2.SolveResultProto:
    return solver.solve(
        parameters.to_proto(),
        model_parameters_pb2.ModelSolveParametersProto(),
        None,
        callback_pb2.CallbackRegistrationProto(),
        None,
        None,
    )


def _values(sparse: Any, count: int) -> np.ndarray:
    found = np.zeros(count)
    found[np.fromiter(sparse.ids, np.int64, len(sparse.ids))] = np.fromiter(sparse.values, float, len(sparse.values))
    return found


def _is_feasible(status: int) -> bool:
    return bool(status == solution_pb2.SOLUTION_STATUS_FEASIBLE)


def _failure(result: result_pb2.SolveResultProto) -> ModelError:
    reason = result_pb2.TerminationReasonProto.Name(result.termination.reason)
    return ModelError(f"the solver ended without a solution: {reason}, {result.termination.detail}")


def solve(program: Program, *, gap: float = 0.0, nodes: int | None = None) -> Solution:
    """Solve a program by branch and bound (HiGHS) to the relative gap.

    Raises
    ------
    ModelError
        If the solver refuses the model or ends without an answer.
    """
    parameters = mathopt.SolveParameters(
        relative_gap_tolerance=gap,
        absolute_gap_tolerance=0.0,
        node_limit=nodes,
        random_seed=RANDOM_SEED,
        presolve=mathopt.Emphasis.OFF if len(program.cost) < SMALL else None,
    )
    result = _answer(_started(_proto(program), mathopt.SolverType.HIGHS), parameters)
    if result.termination.reason in _INFEASIBLE:
        return Solution(Outcome.INFEASIBLE, np.inf, np.inf, np.zeros(len(program.cost)))
    if not result.solutions or not _is_feasible(result.solutions[0].primal_solution.feasibility_status):
        if result.termination.reason == result_pb2.TERMINATION_REASON_NO_SOLUTION_FOUND:
            return Solution(Outcome.UNKNOWN, np.inf, -np.inf, np.zeros(len(program.cost)))
        raise _failure(result)
    x = _values(result.solutions[0].primal_solution.variable_values, len(program.cost))
    whole = program.whole.astype(bool)
    x[whole] = np.round(x[whole])
    is_optimal = result.termination.reason == result_pb2.TERMINATION_REASON_OPTIMAL
    objective = float(program.cost @ x)
    bound = min(objective, float(result.termination.objective_bounds.dual_bound))
    return Solution(Outcome.OPTIMAL if is_optimal else Outcome.FEASIBLE, objective, bound, x)


@dataclass(eq=False)
class LinearSolution:
    """Optimum of a linear program; ``x`` is looked up when asked for, since that takes a while."""

    objective: float
    duals: np.ndarray
    _values: Callable[[], np.ndarray]

    @cached_property
    def x(self) -> np.ndarray:
        """Value of every variable: the columns, then those behind."""
        return self._values()


def solve_relaxed(program: Program) -> LinearSolution | None:
    """The linear optimum by HiGHS, from nothing; ``None`` when there is none.

    Much faster than GLOP on large degenerate programs, even where that has a basis to start from.

    Raises
    ------
    ModelError
        If the solver ends without an answer.
    """
    parameters = mathopt.SolveParameters(random_seed=RANDOM_SEED)
    result = _answer(_started(_proto(program.relaxed()), mathopt.SolverType.HIGHS), parameters)
    order = np.arange(len(program.cost))
    return _linear(result, order, len(program.row_least))


def _linear(result: result_pb2.SolveResultProto, order: np.ndarray, rows: int) -> LinearSolution | None:
    """The solution of a linear program; ``order`` holds the solver's number of each variable."""
    if result.termination.reason in _INFEASIBLE:
        return None
    if not _is_solved(result):
        raise _failure(result)
    best = result.solutions[0]
    return LinearSolution(
        float(best.primal_solution.objective_value),
        _values(best.dual_solution.dual_values, rows),
        lambda: _values(best.primal_solution.variable_values, len(order))[order],
    )


def _is_solved(result: result_pb2.SolveResultProto) -> bool:
    return bool(
        result.solutions
        and _is_feasible(result.solutions[0].primal_solution.feasibility_status)
        and _is_feasible(result.solutions[0].dual_solution.feasibility_status)
    )


class Simplex:
    """A linear program that grows by columns, changes its costs, and is solved again from its basis by GLOP."""

    def __init__(self, program: Program, behind: int) -> None:
        """Start from a program (integrality is dropped).

        Parameters
        ----------
        behind
            How many of the last variables stay behind columns that are added later.
        """
        count = len(program.cost)
        self.rows = len(program.row_least)
        self.front = np.arange(count - behind)
        self.back = np.arange(count - behind, count)
        self.solver = _started(_proto(program.relaxed()), mathopt.SolverType.GLOP)

    @property
    def _order(self) -> np.ndarray:
        """The solver's number of each variable."""
        return np.concatenate([self.front, self.back])

    def add(
        self, cost: np.ndarray, most: np.ndarray, rows: np.ndarray, columns: np.ndarray, values: np.ndarray
    ) -> None:
        """Add columns with their entries (``columns`` counted from 0 among the new ones)."""
        first = len(self.front) + len(self.back)
        ids = np.arange(first, first + len(cost))
        update = model_update_pb2.ModelUpdateProto(
            new_variables=_variables(np.zeros(len(cost)), most, np.zeros(len(cost), dtype=bool), first)
        )
        _put(update.objective_updates.linear_coefficients, ids, cost)
        update.linear_constraint_matrix_updates.CopyFrom(_matrix(rows, ids[columns], values))
        self.front = np.concatenate([self.front, ids])
        self._apply(update)

    def change(self, cost: np.ndarray, rows: np.ndarray, row_most: np.ndarray) -> None:
        """Set every cost, and the upper limit of some rows (``row_most`` holds those of all)."""
        update = model_update_pb2.ModelUpdateProto()
        _put(update.objective_updates.linear_coefficients, self._order, cost)
        _put(update.linear_constraint_updates.upper_bounds, rows, row_most[rows])
        self._apply(update)

    def limit(self, which: np.ndarray, most: np.ndarray) -> None:
        """Set the upper limit of some variables."""
        update = model_update_pb2.ModelUpdateProto()
        _put(update.variable_updates.upper_bounds, self._order[which], most)
        self._apply(update)

    def _apply(self, update: model_update_pb2.ModelUpdateProto) -> None:
        if not self.solver.update(update):
            raise ModelError("the simplex refused a change of its program")

    def solve(self) -> LinearSolution | None:
        """The optimum, or ``None`` when there is none.

        Raises
        ------
        ModelError
            If the solver ends without an answer.
        """
        # With presolve GLOP would start from nothing whenever columns came.
        parameters = mathopt.SolveParameters(presolve=mathopt.Emphasis.OFF, random_seed=RANDOM_SEED)
        result = _answer(self.solver, parameters)
        if result.termination.reason not in _INFEASIBLE and not _is_solved(result):  # It may end imprecise.
            result = _answer(self.solver, replace(parameters, presolve=mathopt.Emphasis.MEDIUM))
        return _linear(result, self._order, self.rows)


def _put(sparse: Any, ids: np.ndarray, values: np.ndarray) -> None:
    order = np.argsort(ids)
    sparse.ids.extend(ids[order].tolist())
    sparse.values.extend(values[order].astype(float).tolist())
