"""A linear program that grows, shrinks and changes its prices, solved again from the basis of its last optimum.

By HiGHS through its own package, which takes a basis and arrays; inside OR-Tools it starts from nothing every time
(``docs/decisions/highspy.md``). One thread and a fixed seed: the same program with the same history has the same solution.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import highspy
import numpy as np

from allocator.domain.errors import ModelError
from allocator.engine.parameters import SOLVER
from allocator.engine.solvers.integer_program import Program, by_column, linear_model, silent_solver
from allocator.engine.time_limit import OutOfTime

_BASIC, _LOWER = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower

_DUAL, _PRIMAL = 1, 4
"""Methods, as HiGHS numbers them."""

_STOPPED = highspy.HighsModelStatus.kTimeLimit
_SOLVED = highspy.HighsModelStatus.kOptimal
_IMPOSSIBLE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)


@dataclass(eq=False)
class LinearSolution:
    """Optimum of a linear program. ``x`` is read from the solver when first asked for, which takes a while."""

    objective: float
    duals: np.ndarray
    _values: Callable[[], np.ndarray]

    @cached_property
    def x(self) -> np.ndarray:
        """Value of every variable: the columns, then the slack variables."""
        return self._values()


@dataclass(frozen=True, eq=False)
class Basis:
    """Status of columns, slack variables and rows at an optimum, in the words of HiGHS (arrays of objects)."""

    front: np.ndarray
    back: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, columns: int, behind: int, rows: int, basic: np.ndarray) -> Basis:
        """A basis in which some columns are basic in the first rows, and the other rows' own variables in the rest."""
        front = np.full(columns, _LOWER)
        front[basic] = _BASIC
        row = np.full(rows, _BASIC)
        row[: len(basic)] = _LOWER
        return cls(front, np.full(behind, _LOWER), row)

    def moved(self, place: np.ndarray) -> Basis:
        """The same for other slack variables: ``place`` says where each was, -1 for a new one."""
        known = place >= 0
        back = np.full(len(place), _LOWER)
        back[known] = self.back[place[known]]
        return Basis(self.front, back, self.rows)


class Simplex:
    """A linear program and the basis of its last optimum.

    After other prices, or a few new columns, that optimum is still allowed and the primal method goes on from it in few steps; the dual
    one, which suits other limits, would first leave it.

    Parameters
    ----------
    program
        Integrality is dropped.
    behind
        How many of the last variables stay behind columns that are added later.
    basis
        To start from. It may be incomplete.
    is_allowed
        Whether that basis is known to keep all limits.
    """

    def __init__(self, program: Program, behind: int, basis: Basis, *, is_allowed: bool = False) -> None:
        count = len(program.cost)
        self._front = np.arange(count - behind)
        self._back = np.arange(count - behind, count)
        self._solver = _solver(linear_model(program))
        self._is_solved, self._is_priced, self._is_limited = is_allowed, False, False
        self._new = 0
        self._begins = Lock()
        self._solver.setBasis(_whole(basis))

    @property
    def _number(self) -> np.ndarray:
        """Number of each variable in the solver."""
        return np.concatenate([self._front, self._back])

    @property
    def basis(self) -> Basis:
        """The optimal basis. If something has changed since, the program is solved again first."""
        with self._begins:
            self.solve()
            known = self._solver.getBasis()
        columns = np.array(known.col_status, dtype=object)
        return Basis(columns[self._front], columns[self._back], np.array(known.row_status, dtype=object))

    def twin(self) -> Simplex:
        """A copy of the program at the same basis."""
        other = copy(self)
        other._begins, other._solver = Lock(), _solver(self._solver.getLp())
        if self._solver.getBasis().valid:
            other._solver.setBasis(self._solver.getBasis())
        return other

    def at_optimum(self) -> Simplex:
        """A copy at the optimum, solved again first if something has changed; several problems may start from one."""
        with self._begins:
            self.solve()
            return self.twin()

    def add(
        self, cost: np.ndarray, most: np.ndarray, rows: np.ndarray, columns: np.ndarray, values: np.ndarray
    ) -> None:
        """Add columns with their entries; ``columns`` counts from 0 among the new ones."""
        count, first = len(cost), len(self._front) + len(self._back)
        start, row, value = by_column(rows, columns, values, count)
        self._new += count
        self._solver.addCols(count, cost, np.zeros(count), most, len(row), start[:-1], row, value)
        self._front = np.concatenate([self._front, np.arange(first, first + count)])

    def keep(self, chosen: np.ndarray) -> None:
        """Drop all columns but the chosen ones (boolean, without the slack variables)."""
        gone = self._front[~chosen]
        stays = np.ones(len(self._front) + len(self._back), dtype=bool)
        stays[gone] = False
        self._solver.deleteCols(len(gone), np.sort(gone).astype(np.int32))
        place = np.cumsum(stays) - 1
        self._front, self._back = place[self._front[chosen]], place[self._back]

    def price(self, cost: np.ndarray) -> None:
        """Set the cost of every variable."""
        self._is_priced = True
        self._solver.changeColsCost(len(cost), self._number.astype(np.int32), cost)

    def limit_rows(self, rows: np.ndarray, least: np.ndarray, most: np.ndarray) -> None:
        """Set the limits of some rows."""
        self._is_limited = True
        self._solver.changeRowsBounds(len(rows), rows.astype(np.int32), least, most)

    def limit(self, which: np.ndarray, most: np.ndarray) -> None:
        """Set the upper limit of some variables."""
        number = self._number[which].astype(np.int32)
        self._is_limited = True
        self._solver.changeColsBounds(len(which), number, np.zeros(len(which)), most)

    def solve(self, seconds: float = np.inf) -> LinearSolution | None:
        """The optimum, or ``None`` when there is none.

        Raises
        ------
        ModelError
            If the solver ends without an answer.
        OutOfTime
            If so many seconds were not enough.
        """
        if seconds <= 0:
            raise OutOfTime
        # HiGHS counts the seconds of all its runs together.
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + seconds)
        self._solver.setOptionValue("simplex_strategy", _PRIMAL if self._suits_primal() else _DUAL)
        # The new optimum is near the old one. Cost perturbation against cycling would lead away from it, so it is off.
        is_near = self._is_solved and self._is_limited and not self._new
        self._solver.setOptionValue("dual_simplex_cost_perturbation_multiplier", 0.0 if is_near else 1.0)
        self._solver.run()
        if self._solver.getModelStatus() == _STOPPED:
            raise OutOfTime
        self._is_solved, self._is_priced, self._is_limited, self._new = True, False, False, 0
        if self._solver.getModelStatus() not in (
            _SOLVED,
            *_IMPOSSIBLE,
        ):  # From an old basis HiGHS may fail numerically; then it starts again.
            self._solver.clearSolver()
            self._solver.run()
            if self._solver.getModelStatus() == _STOPPED:
                raise OutOfTime
        status = self._solver.getModelStatus()
        if status in _IMPOSSIBLE:
            return None
        if status != _SOLVED:
            reason = self._solver.modelStatusToString(status)
            raise ModelError(f"the solver of linear programs ended without a solution: {reason}")
        found, number = self._solver.getSolution(), self._number
        return LinearSolution(
            self._solver.getInfo().objective_function_value,
            np.array(found.row_dual),
            lambda: np.array(found.col_value)[number],
        )

    def _suits_primal(self) -> bool:
        is_few = self._new <= SOLVER.primal_share * len(self._front)
        return self._is_solved and is_few and (self._is_priced or not self._is_limited)


def _solver(model: highspy.HighsLp) -> highspy.Highs:
    solver = silent_solver()
    solver.setOptionValue("solver", "simplex")
    if solver.passModel(model) == highspy.HighsStatus.kError:
        raise ModelError("the solver of linear programs refused the program")
    return solver


def _whole(basis: Basis) -> highspy.HighsBasis:
    """A basis as HiGHS takes it: it completes what is missing."""
    found = highspy.HighsBasis()
    found.valid = found.alien = True
    found.col_status = np.concatenate([basis.front, basis.back]).tolist()
    found.row_status = basis.rows.tolist()
    return found
