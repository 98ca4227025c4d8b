"""Rounding and repair: from the relaxation to whole people.

A basic solution of the master is fractional in few subproblems only. Where it is whole it is kept; the fractional subproblems are decided
together in one small integer program that holds every row. If the plan is then still too far from the relaxation,
large neighbourhood search improves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.column_generation import Relaxation
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.large_neighbourhood import improved, solve_neighbourhood
from allocator.engine.integer.near_optimal_columns import Touches
from allocator.engine.parameters import ROUNDING, TOLERANCES
from allocator.engine.solvers.integer_program import Program, solve


@dataclass(frozen=True, eq=False)
class WholePlan:
    """Whole people on trajectories: subproblem, trajectory (open to its person type) and people of each column; and the weighted value."""

    subproblem: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    value: float


def round_and_repair(
    master: Master,
    relaxed: Relaxation,
    *,
    nodes: int,
    near: float = 0.0,
    group_bound: Callable[[], float] = float,
    left: Callable[[], float] = lambda: np.inf,
) -> WholePlan | None:
    """A plan of whole people; ``None`` when the columns at hand hold none.

    Parameters
    ----------
    nodes
        Nodes of branch and bound in each further program; with 0 the first plan is returned.
    near
        Distance at which a plan is good enough. It is measured from the relaxation plus ``group_bound``.
    group_bound
        Works out what every plan of whole people loses against the relaxation; called only when it matters.
    left
        Seconds left to improve the first plan.
    """
    program = master.program()
    x = _rounded(master, program, relaxed.x)
    if x is None:
        answer = solve(program, gap=TOLERANCES.relative, nodes=max(1, nodes))
        x = answer.x if answer.outcome.has_solution else None
    if x is None:
        return None
    value = float(program.cost @ x)
    if nodes and value - relaxed.value > near:
        master, x, value = improved(master, relaxed, x, nodes=nodes, near=near, group_bound=group_bound, left=left)
    people = x[: len(master.subproblem)].astype(np.int64)
    used = people > 0
    return WholePlan(master.subproblem[used], master.trajectory[used], people[used], value)


def valued(master: Master, subproblem: np.ndarray, trajectory: np.ndarray, people: np.ndarray) -> float:
    """Weighted value of a plan on columns that a master has; infinite if its rows cannot be held so."""
    program, n = master.program(), len(master.subproblem)
    x = np.zeros(len(program.cost))
    np.add.at(x, master.places(subproblem, trajectory), people)
    nobody, every = np.zeros(len(master.subproblems.people), dtype=bool), np.ones(n, dtype=bool)
    found = solve_neighbourhood(master, program, x, nobody, every, TOLERANCES.relative, ROUNDING.first_nodes)
    return np.inf if found is None else float(program.cost @ found)


def _rounded(master: Master, program: Program, relaxed: np.ndarray) -> np.ndarray | None:
    """The plan that keeps what the relaxation leaves whole and decides the fractional subproblems."""
    n = len(master.subproblem)
    broken = np.abs(relaxed[:n] - np.round(relaxed[:n])) > TOLERANCES.whole
    is_open = np.zeros(len(master.subproblems.people), dtype=bool)
    is_open[master.subproblem[broken]] = True
    is_open |= _in_small_classes(master, program, relaxed)
    return solve_neighbourhood(
        master, program, np.round(relaxed), is_open, np.ones(n, dtype=bool), TOLERANCES.relative, ROUNDING.first_nodes
    )


def _in_small_classes(master: Master, program: Program, relaxed: np.ndarray) -> np.ndarray:
    """Subproblems that attend a class below its least size which the relaxation opens in part, and their neighbours. Boolean (R,).

    A class that is large enough opens whole at no cost. For one below its least size it must be decided who joins it or who goes elsewhere,
    and who of the same team attends instead.
    """
    n, subproblems = len(master.subproblem), len(master.subproblems.people)
    people = np.where(np.arange(len(relaxed)) < n, relaxed, 0.0)
    held = np.bincount(program.rows, program.values * people[program.columns], len(program.row_least))
    least_row, extra, value = master.slacks.opening
    is_part = (relaxed[n + extra] > TOLERANCES.whole) & (relaxed[n + extra] < 1 - TOLERANCES.whole)
    is_small = np.zeros(len(held), dtype=bool)
    is_small[least_row[is_part & (held[least_row] < -value - TOLERANCES.whole)]] = True
    rows, columns = program.rows[program.columns < n], program.columns[program.columns < n]
    found = np.zeros(subproblems, dtype=bool)
    found[master.subproblem[columns[is_small[rows] & (relaxed[columns] > TOLERANCES.whole)]]] = True
    return Touches.of(master, program).mates(np.zeros(len(held), dtype=bool), found, ROUNDING.widest_neighbour_row)
