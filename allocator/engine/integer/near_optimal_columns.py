"""Near-optimal columns: trajectories nearly as cheap as the best of their subproblem at the duals of a relaxation.

At any duals the value of a plan is the bound plus what the plan loses: the reduced costs of its columns, the duals of limits that it
does not use to the full, and the prices of its slack variables. A plan close to the bound therefore uses near-optimal columns only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import NEAR_OPTIMAL
from allocator.engine.solvers.integer_program import Program


@dataclass(frozen=True, eq=False)
class Touches:
    """Pairs of a row and a subproblem that meet in some column, and how many subproblems each row touches."""

    row: np.ndarray
    subproblem: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, master: Master, program: Program) -> Touches:
        """The pairs of all columns of a master."""
        own = program.columns < len(master.subproblem)
        subproblems = len(master.subproblems.people)
        pairs = np.unique(program.rows[own] * subproblems + master.subproblem[program.columns[own]])
        rows = pairs // subproblems
        return cls(rows, pairs % subproblems, np.bincount(rows, minlength=len(program.row_least)))

    def mates(self, rows: np.ndarray, subproblems: np.ndarray, most: int) -> np.ndarray:
        """Some subproblems (boolean (R,)), and all others in their narrow rows or in the narrow ones of ``rows`` (boolean).

        Parameters
        ----------
        most
            Subproblems that a narrow row touches at most.
        """
        hit = rows.copy()
        hit[self.row[subproblems[self.subproblem]]] = True
        hit &= self.count <= most
        found = subproblems.copy()
        found[self.subproblem[hit[self.row]]] = True
        return found

    def nearness(self, subproblems: np.ndarray) -> np.ndarray:
        """How strongly each subproblem shares rows with some (boolean (R,)); a row counts the more, the fewer it touches. Shape (R,)."""
        hit = np.zeros(len(self.count), dtype=bool)
        hit[self.row[subproblems[self.subproblem]]] = True
        own = hit[self.row]
        return np.bincount(self.subproblem[own], 1.0 / self.count[self.row[own]], minlength=len(subproblems))


@dataclass(frozen=True, eq=False)
class NearOptimalColumns:
    """The columns of a master and all near-optimal trajectories at some duals.

    Parameters
    ----------
    master, program
        Over the columns of the master, then the near-optimal ones that it did not have.
    duals
        Of the rows. A convexity row has the price of the cheapest trajectory, so that no column has a negative reduced cost.
    reduced
        Reduced cost of columns and slack variables.
    count
        Near-optimal trajectories of each subproblem, shape (R,).
    """

    master: Master
    program: Program
    duals: np.ndarray
    reduced: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, master: Master, duals: np.ndarray) -> NearOptimalColumns:
        """The near-optimal columns at some duals, which must be inside the range where the master's bound is finite."""
        lowest = np.zeros(len(master.subproblems.people))
        subproblems, trajectories = [], []
        for alike, reduced in master.reduced_costs(duals):
            best = reduced.min()
            lowest[alike] = best
            near_optimal = np.flatnonzero(reduced <= best + NEAR_OPTIMAL.reach)
            subproblems.append(np.repeat(alike, len(near_optimal)))
            trajectories.append(np.tile(near_optimal, len(alike)))
        subproblem = np.concatenate(subproblems)
        wide = master.twin()
        wide.close()
        wide.add(subproblem, np.concatenate(trajectories))
        program = wide.program()
        duals = np.concatenate([lowest, duals[len(lowest) :]])
        worth = np.bincount(program.columns, program.values * duals[program.rows], len(program.cost))
        return cls(wide, program, duals, program.cost - worth, np.bincount(subproblem, minlength=len(lowest)))
