"""Random programs with whole coefficients by HiGHS of highspy, by HiGHS inside OR-Tools, and by CP-SAT or GLOP as the judge.

    python benchmarks/solvers.py --programs 3000 --seed 1

Each is small, so that CP-SAT proves its optimum, and of the sorts this planner makes: quotas over counts, one choice for each person, limits
that leave nothing. A wrong answer is an optimum that is not the judge's, or "infeasible" of what is not.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata

import highspy
import numpy as np
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model

SLIP = 1e-6
SECONDS = 5.0
"""After so long a program of this size counts as not answered."""


@dataclass(frozen=True)
class Case:
    """``min cost · x`` with ``least ≤ A x ≤ most`` and ``0 ≤ x ≤ bound``."""

    cost: np.ndarray
    bound: np.ndarray
    matrix: np.ndarray
    least: np.ndarray
    most: np.ndarray
    is_whole: bool


def made(random: np.random.Generator, is_whole: bool) -> Case:
    """A program that often, not always, has a solution."""
    columns, rows = int(random.integers(2, 25)), int(random.integers(1, 15))
    matrix = random.integers(-3, 8, (rows, columns)) * (random.random((rows, columns)) < random.uniform(0.15, 0.8))
    if random.random() < 0.4:  # Quotas: ones.
        matrix = (matrix != 0).astype(np.int64)
    bound = random.integers(1, 2 if random.random() < 0.4 else 12, columns)
    at = matrix @ random.integers(0, bound + 1)
    least = at - random.integers(0, 4, rows) + (random.random(rows) < 0.04) * 5
    most = least + random.integers(0, 6, rows)
    return Case(random.integers(-9, 20, columns), bound, matrix, least, most, is_whole)


def by_highspy(case: Case, presolve: str) -> float | None:
    """The optimum, nothing when there is no solution, NaN when there is no answer."""
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 1), ("presolve", presolve), ("time_limit", SECONDS), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)):  # fmt: skip
        solver.setOptionValue(option, value)
    model = highspy.HighsLp()
    count = len(case.cost)
    model.num_col_, model.num_row_ = count, len(case.least)
    model.col_cost_, model.col_lower_, model.col_upper_ = (
        case.cost.astype(float),
        np.zeros(count),
        case.bound.astype(float),
    )
    model.row_lower_, model.row_upper_ = case.least.astype(float), case.most.astype(float)
    columns, rows = np.nonzero(case.matrix.T)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=count))]).astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = rows.astype(np.int32), case.matrix[rows, columns].astype(float)
    if case.is_whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * count
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return float(solver.getInfo().objective_function_value)
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    return float("nan")


def by_ortools(case: Case, solver: mathopt.SolverType, presolve: mathopt.Emphasis | None) -> float | None:
    """The optimum, nothing when there is no solution, NaN when there is no answer."""
    model = mathopt.Model()
    x = [model.add_variable(lb=0, ub=float(bound), is_integer=case.is_whole) for bound in case.bound]
    for row, least, most in zip(case.matrix, case.least, case.most, strict=True):
        terms = sum((float(a) * v for a, v in zip(row, x, strict=True) if a), start=mathopt.LinearSum(()))
        model.add_linear_constraint(lb=float(least), ub=float(most), expr=terms)
    model.minimize(sum((float(c) * v for c, v in zip(case.cost, x, strict=True)), start=mathopt.LinearSum(())))
    parameters = mathopt.SolveParameters(relative_gap_tolerance=0.0, absolute_gap_tolerance=0.0, random_seed=1, presolve=presolve, time_limit=timedelta(seconds=SECONDS))  # fmt: skip
    result = mathopt.solve(model, solver, params=parameters)
    if result.termination.reason is mathopt.TerminationReason.OPTIMAL:
        return result.objective_value()
    is_proven = result.termination.reason in (
        mathopt.TerminationReason.INFEASIBLE,
        mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED,
    )
    return None if is_proven else float("nan")


def by_cp_sat(case: Case) -> float | None:
    """The optimum, nothing when there is no solution, NaN when there is no answer."""
    model = cp_model.CpModel()
    x = [model.new_int_var(0, int(bound), "") for bound in case.bound]
    for row, least, most in zip(case.matrix.tolist(), case.least.tolist(), case.most.tolist(), strict=True):
        model.add_linear_constraint(cp_model.LinearExpr.weighted_sum(x, row), least, most)
    model.minimize(cp_model.LinearExpr.weighted_sum(x, case.cost.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE), status
    return solver.objective_value if status == cp_model.OPTIMAL else None


def is_same(first: float | None, second: float | None) -> bool:
    """Whether two answers agree."""
    if first is None or second is None:
        return first is second
    return abs(first - second) <= SLIP * max(1.0, abs(second))


def main() -> None:
    """Print how often each was wrong and what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--linear", action="store_true", help="linear programs only, which is what highspy is asked for"
    )
    asked = parser.parse_args()
    random = np.random.default_rng(asked.seed)
    wrong: Counter[str] = Counter()
    took: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for number in range(asked.programs):
        case = made(random, is_whole=not asked.linear and number % 4 != 0)
        sort = "integer" if case.is_whole else "linear"
        true = by_cp_sat(case) if case.is_whole else by_ortools(case, mathopt.SolverType.GLOP, None)
        count[sort, "feasible" if true is not None else "infeasible"] += 1
        for name, ask in (
            ("highspy", lambda case=case: by_highspy(case, "choose")),
            ("highspy, no presolve", lambda case=case: by_highspy(case, "off")),
            ("OR-Tools, no presolve", lambda case=case: by_ortools(case, mathopt.SolverType.HIGHS, mathopt.Emphasis.OFF)),
        ):  # fmt: skip
            start = time.process_time()
            found = ask()
            took[sort, name] += time.process_time() - start
            wrong[sort, name] += not is_same(found, true)
            if not is_same(found, true):
                print(f"program {number} ({sort}): {name} says {found}, the judge {true}", flush=True)
    print(f"highspy {metadata.version('highspy')}; programs {dict(count)}")
    for (sort, name), seconds in took.items():
        print(f"{sort:8} {name:24} wrong {wrong[sort, name]:3}  {seconds:6.1f} s")


if __name__ == "__main__":
    main()
