r"""What whole people lose against a relaxation whatever everybody else does, small group by small group.

A team of three cannot send one and a half. At the duals of the relaxation everything that a plan costs beyond the bound is a sum of
losses, none below 0 (``close``), and each belongs to one group at most: what the people of a group attend, and what the limits
that nobody else touches leave unused. So each group is decided alone, with whole people and the rest of the province at its price
(Lagrange; Geoffrion 1974), and what the groups lose at least adds up.

.. math:: cost(x) \ge bound + \sum_g \min(K, \min_{x_g \text{ whole}} loss_g(x_g))

Trajectories that are not close need not be looked at: who follows one loses more than :math:`K` by that alone.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.near_optimal_columns import CLOSE, LOSS, Close, Touches
from allocator.engine.solvers.integer_program import Program, solve

WIDE = 40
"""Strata that a limit touches at most to be part of a group; wider ones are priced."""

GROUP_NODES = 100
"""Nodes of branch and bound in the program of a group: its bound holds whenever that stops."""


def certain_loss(master: Master, duals: np.ndarray, people: np.ndarray) -> float:
    """What every plan costs at least beyond the bound at some duals, in units of the last goal.

    Parameters
    ----------
    duals
        Of a relaxation, inside the range where the bound is finite.
    people
        People on the first columns of the master in the relaxation. Only groups that it splits are looked at: the others may lose nothing.
    """
    close = Close.of(master, duals)
    groups = _Groups(close)
    broken = np.flatnonzero(np.abs(people - np.round(people)) > LOSS)
    split = np.unique(groups.of[master.stratum[broken]])
    return sum(groups.loss(int(group)) for group in split)


class _Groups:
    """Strata that share narrow limits, directly or by way of others, and what each such group loses."""

    def __init__(self, close: Close) -> None:
        self.close = close
        program, touches = close.program, Touches.of(close.master, close.program)
        self.strata, self.columns = len(close.count), len(close.master.stratum)
        is_shared = np.arange(len(program.row_least)) >= self.strata
        is_narrow = is_shared & (touches.count > 0) & (touches.count <= WIDE)
        self.of = _connected(touches, is_narrow, self.strata)
        # Each row and extra to its group, -1 for those that are priced.
        self.row = np.where(is_shared, -1, np.append(self.of, np.zeros(len(is_shared) - self.strata, dtype=np.int64)))
        narrow = is_narrow[touches.row]
        self.row[touches.row[narrow]] = self.of[touches.stratum[narrow]]
        self.extra = np.full(len(program.cost) - self.columns, -1)
        own = (program.columns >= self.columns) & (self.row[program.rows] >= 0)
        self.extra[program.columns[own] - self.columns] = self.row[program.rows[own]]

    def loss(self, group: int) -> float:
        """What the people of a group lose at least, ``CLOSE`` at most."""
        program, constant = self._program(group)
        answer = solve(program, nodes=GROUP_NODES)
        # Rounding of the solver must not become part of a proof. Nothing feasible: somebody follows a trajectory that is not close.
        return float(np.clip(constant + answer.bound - LOSS, 0.0, CLOSE))

    def _program(self, group: int) -> tuple[Program, float]:
        """The least loss of a group as a program, and a constant to add.

        Variables: its close columns, its extras, and what each of its rows leaves unused where that is worth something. None
        costs more than ``CLOSE``: more is not asked, and large numbers are rounded worse.
        """
        close, whole = self.close, self.close.program
        keep = np.append(self.of[close.master.stratum] == group, self.extra == group)
        keep[: self.columns] &= close.reduced[: self.columns] <= CLOSE
        own = np.flatnonzero(self.row == group)
        program = whole.only(keep)
        inside = self.row[program.rows] == group
        reduced = np.clip(close.reduced[keep], -CLOSE, CLOSE)
        gains = (reduced < 0) & np.isfinite(program.most)  # Extras that the bound uses to the full.
        constant = -float(reduced[gains] @ program.most[gains])
        reduced = np.where(gains, reduced, np.maximum(reduced, 0.0))

        least, most = whole.row_least[own], whole.row_most[own]
        worth = np.where(own < self.strata, 0.0, close.duals[own])
        asked = np.flatnonzero(np.abs(worth) > LOSS)
        is_low = worth[asked] > 0
        limit = np.where(is_low, least[asked], most[asked])
        room = most[asked] - least[asked]
        least[asked] = most[asked] = limit
        return Program(
            cost=np.append(reduced, np.minimum(np.abs(worth[asked]), CLOSE)),
            least=np.zeros(len(reduced) + len(asked)),
            most=np.append(program.most, room),
            whole=np.append(program.whole, np.zeros(len(asked), dtype=bool)),
            row_least=least,
            row_most=most,
            rows=np.append(np.searchsorted(own, program.rows[inside]), asked),
            columns=np.append(program.columns[inside], len(reduced) + np.arange(len(asked))),
            values=np.append(program.values[inside], np.where(is_low, -1.0, 1.0)),
        ), constant


def _connected(touches: Touches, is_narrow: np.ndarray, strata: int) -> np.ndarray:
    """Number of each stratum's group, which is that of its first stratum, shape (R,)."""
    own = is_narrow[touches.row]
    rows, members = touches.row[own], touches.stratum[own]
    of = np.arange(strata)
    while True:
        lowest = np.full(len(is_narrow), strata)
        np.minimum.at(lowest, rows, of[members])
        better = of.copy()
        np.minimum.at(better, members, lowest[rows])
        if np.array_equal(better, of):
            return of
        of = better
