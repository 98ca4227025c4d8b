"""Trajectories close to the best: what a relaxation leaves to choose from, and what a plan loses against it.

At the duals of a relaxation every plan costs the bound and what it loses: by what its columns cost more than the best of their strata
(their *reduced costs*), by limits that are worth something and not used, and by extras.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.restricted_master import Master
from allocator.engine.solvers.integer_program import Program

CLOSE = 1.0
"""How much dearer than the best of its stratum a trajectory is at most to be close, in units of the last goal."""

LOSS = 1e-6
"""A loss below this is rounding."""


@dataclass(frozen=True, eq=False)
class Touches:
    """Pairs of row and stratum that meet in some column, and how many strata each row touches."""

    row: np.ndarray
    stratum: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, master: Master, program: Program) -> Touches:
        """Those of all columns of a master."""
        own = program.columns < len(master.stratum)
        strata = len(master.strata.people)
        pairs = np.unique(program.rows[own] * strata + master.stratum[program.columns[own]])
        rows = pairs // strata
        return cls(rows, pairs % strata, np.bincount(rows, minlength=len(program.row_least)))

    def mates(self, rows: np.ndarray, strata: np.ndarray, most: int) -> np.ndarray:
        """Some strata (boolean (R,)), and all in rows of few strata that are among some rows (boolean) or touch one of those strata."""
        hit = rows.copy()
        hit[self.row[strata[self.stratum]]] = True
        hit &= self.count <= most
        found = strata.copy()
        found[self.stratum[hit[self.row]]] = True
        return found

    def nearness(self, strata: np.ndarray) -> np.ndarray:
        """How much each stratum shares rows with some (boolean (R,)): a row counts the more the fewer it touches."""
        hit = np.zeros(len(self.count), dtype=bool)
        hit[self.row[strata[self.stratum]]] = True
        own = hit[self.row]
        return np.bincount(self.stratum[own], 1.0 / self.count[self.row[own]], minlength=len(strata))


@dataclass(frozen=True, eq=False)
class Close:
    """The columns of a master and all trajectories close to the best at some duals.

    Parameters
    ----------
    master, program
        Over the columns of the master, then the others that are close.
    duals
        Of the rows; for strata what the best trajectory of each costs, which is no more than they pay in the relaxation.
    reduced
        Reduced cost of columns and extras.
    count
        Close trajectories of each stratum, shape (R,).
    """

    master: Master
    program: Program
    duals: np.ndarray
    reduced: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, master: Master, duals: np.ndarray) -> Close:
        """Those of a master at some duals, inside the range where its bound is finite."""
        lowest = np.zeros(len(master.strata.people))
        strata, trajectories = [], []
        for alike, reduced in master.reduced_costs(duals):
            best = reduced.min()
            lowest[alike] = best
            close = np.flatnonzero(reduced <= best + CLOSE)
            strata.append(np.repeat(alike, len(close)))
            trajectories.append(np.tile(close, len(alike)))
        stratum = np.concatenate(strata)
        wide = master.twin()
        wide.close()
        wide.add(stratum, np.concatenate(trajectories))
        program = wide.program()
        duals = np.concatenate([lowest, duals[len(lowest) :]])
        worth = np.bincount(program.columns, program.values * duals[program.rows], len(program.cost))
        return cls(wide, program, duals, program.cost - worth, np.bincount(stratum, minlength=len(lowest)))
