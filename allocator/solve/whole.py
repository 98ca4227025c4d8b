"""Whole people on the columns of a master: round what the relaxation leaves whole, decide the rest.

A basic solution splits few strata. The others are kept as they are and the split ones decided together in one small integer
program with every row in it. Where that is not near enough to the relaxation, the neighbourhood of those that had to leave
it is decided again, in a larger program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.solve.generation import Relaxation
from allocator.solve.linear import Program, solve
from allocator.solve.master import Master

SPLIT = 1e-6
WHOLE_GAP = 1e-9
FIRST_NODES = 200

NODES = 100
"""Nodes of branch and bound with which plans ask for something better, in each program."""

NEIGHBOURS = 200
"""Strata that a row joins as neighbours of a class too small, at most: those of a team, or of one small programme."""

REACH = (30, 60, 120)
"""The same for strata that had to leave the relaxation, try after try."""

SMALL, FURTHER = 2, 3
"""So many tries are small; the others have so many times the nodes."""


@dataclass(frozen=True, eq=False)
class WholePlan:
    """Whole people on trajectories: stratum, trajectory (open to its sort), people; and the weighted value."""

    stratum: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    value: float


def decide(master: Master, relaxed: Relaxation, *, nodes: int, near: float) -> WholePlan | None:
    """A plan with whole people; ``None`` when the columns at hand hold none.

    Parameters
    ----------
    nodes
        Of branch and bound in every further program; 0: the first plan is good enough.
    near
        Distance from the relaxation at which a plan is good enough.
    """
    program = master.program()
    n = len(master.stratum)
    x = _rounded(master, program, relaxed.x)
    if x is None:
        answer = solve(program, gap=WHOLE_GAP, nodes=max(1, nodes))
        x = answer.x if answer.outcome.has_solution else None
    if x is None:
        return None
    for tried, reach in enumerate(REACH if nodes else ()):
        if float(program.cost @ x) - relaxed.value <= near:
            break
        x = _improved(
            master, program, relaxed, x, reach=reach, nodes=nodes * (1 if tried < SMALL else FURTHER), near=near
        )
    people = x[:n].astype(np.int64)
    used = people > 0
    return WholePlan(master.stratum[used], master.trajectory[used], people[used], float(program.cost @ x))


def _rounded(master: Master, program: Program, relaxed: np.ndarray) -> np.ndarray | None:
    """The plan that keeps what the relaxation leaves whole and decides the other strata."""
    n = len(master.stratum)
    broken = np.abs(relaxed[:n] - np.round(relaxed[:n])) > SPLIT
    is_open = np.zeros(len(master.strata.people), dtype=bool)
    is_open[master.stratum[broken]] = True
    is_open |= _in_small_classes(master, program, relaxed)
    return _decided(master, program, np.round(relaxed), is_open, np.ones(n, dtype=bool), WHOLE_GAP, FIRST_NODES)


def _improved(
    master: Master, program: Program, relaxed: Relaxation, x: np.ndarray, *, reach: int, nodes: int, near: float
) -> np.ndarray:
    """A plan at least as good: strata that had to leave the relaxation, and their neighbours, are decided again.

    A column whose reduced cost is beyond the distance between plan and relaxation cannot be in a better plan and is left out.
    """
    n = len(master.stratum)
    is_open = np.zeros(len(master.strata.people), dtype=bool)
    is_open[master.stratum[np.abs(x[:n] - relaxed.x[:n]) > SPLIT]] = True
    rows, strata = _touches(master, program)
    is_open[strata[_touched(rows, strata, is_open, len(program.row_least), reach)]] = True
    distance = float(program.cost @ x) - relaxed.value
    worth = np.bincount(program.columns, program.values * relaxed.duals[program.rows], len(program.cost))
    keep = ((program.cost - worth)[:n] <= distance) | (x[:n] > SPLIT)
    gap = max(WHOLE_GAP, 0.1 * near / max(1.0, abs(relaxed.value)))
    better = _decided(master, program, x, is_open, keep, gap, nodes)
    return x if better is None or program.cost @ better > program.cost @ x else better


def _decided(
    master: Master, program: Program, x: np.ndarray, is_open: np.ndarray, keep: np.ndarray, gap: float, nodes: int
) -> np.ndarray | None:
    """Whole people on the columns ``keep`` of open strata and on all extras, everybody else as in ``x``."""
    n = len(master.stratum)
    own = is_open[master.stratum]
    value = np.where(np.append(~own, np.zeros(len(x) - n, dtype=bool)), x, 0.0)
    held = np.bincount(program.rows, program.values * value[program.columns], len(program.row_least))
    free = np.append(own & keep, np.ones(len(x) - n, dtype=bool))
    rest = replace(program, row_least=program.row_least - held, row_most=program.row_most - held).only(free)
    answer = solve(rest, gap=gap, nodes=nodes)
    if not answer.outcome.has_solution:
        return None
    value[free] = answer.x
    return value


def _touches(master: Master, program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of row and stratum that meet in some column."""
    own = program.columns < len(master.stratum)
    strata = len(master.strata.people)
    pairs = np.unique(program.rows[own] * strata + master.stratum[program.columns[own]])
    return pairs // strata, pairs % strata


def _touched(rows: np.ndarray, strata: np.ndarray, chosen: np.ndarray, count: int, most: int) -> np.ndarray:
    """Pairs in rows that some chosen stratum touches and that few strata touch, boolean."""
    hit = np.zeros(count, dtype=bool)
    hit[rows[chosen[strata]]] = True
    return np.asarray((hit & (np.bincount(rows, minlength=count) <= most))[rows])


def _in_small_classes(master: Master, program: Program, relaxed: np.ndarray) -> np.ndarray:
    """Strata that attend a class below its least size, which the relaxation opens in part, and their neighbours. Boolean (R,).

    A class that is large enough opens whole at no cost; one below its least size asks who should come along or go elsewhere, and
    who of the same team then attends instead.
    """
    n, strata = len(master.stratum), len(master.strata.people)
    people = np.where(np.arange(len(relaxed)) < n, relaxed, 0.0)
    held = np.bincount(program.rows, program.values * people[program.columns], len(program.row_least))
    least_row, extra, value = master.opening
    is_part = (relaxed[n + extra] > SPLIT) & (relaxed[n + extra] < 1 - SPLIT)
    is_small = np.zeros(len(held), dtype=bool)
    is_small[least_row[is_part & (held[least_row] < -value - SPLIT)]] = True
    rows, columns = program.rows[program.columns < n], program.columns[program.columns < n]
    found = np.zeros(strata, dtype=bool)
    found[master.stratum[columns[is_small[rows] & (relaxed[columns] > SPLIT)]]] = True
    pairs_row, pairs_stratum = _touches(master, program)
    found[pairs_stratum[_touched(pairs_row, pairs_stratum, found, len(held), NEIGHBOURS)]] = True
    return found
