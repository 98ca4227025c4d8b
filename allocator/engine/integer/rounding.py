"""Whole people on the columns of a master: round what the relaxation leaves whole, decide the rest.

A basic solution splits few strata. The others are kept as they are and the split ones decided together in one small integer
program with every row in it. Where that is not near enough to the relaxation, neighbourhoods are decided again (``neighbourhoods``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.column_generation import Relaxation
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.large_neighbourhood import WHOLE_GAP, decided, improved
from allocator.engine.integer.near_optimal_columns import Touches
from allocator.engine.solvers.integer_program import Program, solve

SPLIT = 1e-6
FIRST_NODES = 200

NODES = 100
"""Nodes of branch and bound with which plans ask for something better, in each program."""

NEIGHBOURS = 200
"""Strata that a row joins as neighbours of a class too small, at most: those of a team, or of one small programme."""


@dataclass(frozen=True, eq=False)
class WholePlan:
    """Whole people on trajectories: stratum, trajectory (open to its sort), people; and the weighted value."""

    stratum: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    value: float


def decide(
    master: Master,
    relaxed: Relaxation,
    *,
    nodes: int,
    near: float = 0.0,
    certain: Callable[[], float] = float,
    left: Callable[[], float] = lambda: np.inf,
) -> WholePlan | None:
    """A plan with whole people; ``None`` when the columns at hand hold none.

    Parameters
    ----------
    nodes
        Of branch and bound in every further program; 0: the first plan is good enough.
    near
        Distance at which a plan is good enough: from the relaxation, and what whole people are certain to lose against it.
    certain
        Works out what they are certain to lose, when it matters.
    left
        Seconds to look for a better plan than the first.
    """
    program = master.program()
    x = _rounded(master, program, relaxed.x)
    if x is None:
        answer = solve(program, gap=WHOLE_GAP, nodes=max(1, nodes))
        x = answer.x if answer.outcome.has_solution else None
    if x is None:
        return None
    value = float(program.cost @ x)
    if nodes and value - relaxed.value > near:
        master, x, value = improved(master, relaxed, x, nodes=nodes, near=near, certain=certain, left=left)
    people = x[: len(master.stratum)].astype(np.int64)
    used = people > 0
    return WholePlan(master.stratum[used], master.trajectory[used], people[used], value)


def valued(master: Master, stratum: np.ndarray, trajectory: np.ndarray, people: np.ndarray) -> float:
    """Weighted value of a plan on columns that a master has; infinite when its rows cannot be held so."""
    program, n = master.program(), len(master.stratum)
    x = np.zeros(len(program.cost))
    np.add.at(x, master.places(stratum, trajectory), people)
    nobody, every = np.zeros(len(master.strata.people), dtype=bool), np.ones(n, dtype=bool)
    found = decided(master, program, x, nobody, every, WHOLE_GAP, FIRST_NODES)
    return np.inf if found is None else float(program.cost @ found)


def _rounded(master: Master, program: Program, relaxed: np.ndarray) -> np.ndarray | None:
    """The plan that keeps what the relaxation leaves whole and decides the other strata."""
    n = len(master.stratum)
    broken = np.abs(relaxed[:n] - np.round(relaxed[:n])) > SPLIT
    is_open = np.zeros(len(master.strata.people), dtype=bool)
    is_open[master.stratum[broken]] = True
    is_open |= _in_small_classes(master, program, relaxed)
    return decided(master, program, np.round(relaxed), is_open, np.ones(n, dtype=bool), WHOLE_GAP, FIRST_NODES)


def _in_small_classes(master: Master, program: Program, relaxed: np.ndarray) -> np.ndarray:
    """Strata that attend a class below its least size, which the relaxation opens in part, and their neighbours. Boolean (R,).

    A class that is large enough opens whole at no cost; one below its least size asks who should come along or go elsewhere, and
    who of the same team then attends instead.
    """
    n, strata = len(master.stratum), len(master.strata.people)
    people = np.where(np.arange(len(relaxed)) < n, relaxed, 0.0)
    held = np.bincount(program.rows, program.values * people[program.columns], len(program.row_least))
    least_row, extra, value = master.extras.opening
    is_part = (relaxed[n + extra] > SPLIT) & (relaxed[n + extra] < 1 - SPLIT)
    is_small = np.zeros(len(held), dtype=bool)
    is_small[least_row[is_part & (held[least_row] < -value - SPLIT)]] = True
    rows, columns = program.rows[program.columns < n], program.columns[program.columns < n]
    found = np.zeros(strata, dtype=bool)
    found[master.stratum[columns[is_small[rows] & (relaxed[columns] > SPLIT)]]] = True
    return Touches.of(master, program).mates(np.zeros(len(held), dtype=bool), found, NEIGHBOURS)
