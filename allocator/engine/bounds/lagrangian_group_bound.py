r"""The Lagrangian group bound: what whole people lose against a relaxation whatever everybody else does (Geoffrion 1974).

A team of three cannot send one and a half. At the duals of the relaxation, what a plan costs beyond the bound is a sum of losses, none of them
negative: reduced costs, unused limits, slack variables. Each loss belongs to at most one *group*: subproblems that share narrow rows. With
all other rows priced, every group is an integer program of its own, and the least losses of the groups add up.

.. math:: cost(x) \ge bound + \sum_g \min(K, \min_{x_g \text{ whole}} loss_g(x_g))

Only near-optimal columns are needed: whoever follows another one loses more than :math:`K` by that alone.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.near_optimal_columns import NearOptimalColumns, Touches
from allocator.engine.parameters import LAGRANGIAN_GROUP_BOUND, NEAR_OPTIMAL, TOLERANCES
from allocator.engine.solvers.integer_program import Program, prove


def lagrangian_group_bound(master: Master, duals: np.ndarray, people: np.ndarray) -> float:
    """What every plan costs at least beyond the bound at some duals, in units of the last goal.

    Parameters
    ----------
    duals
        Of a relaxation, inside the range where the bound is finite.
    people
        People on the first columns of the master in the relaxation. Only groups that it splits are looked at; leaving out the others is safe,
        since no loss is negative.
    """
    near_optimal = NearOptimalColumns.of(master, duals)
    groups = _Groups(near_optimal)
    broken = np.flatnonzero(np.abs(people - np.round(people)) > TOLERANCES.whole)
    split = np.unique(groups.of[master.subproblem[broken]])
    return sum(groups.loss(int(group)) for group in split)


class _Groups:
    """Subproblems connected by narrow rows, and the least loss of each such group."""

    def __init__(self, near_optimal: NearOptimalColumns) -> None:
        self.near_optimal = near_optimal
        program, touches = near_optimal.program, Touches.of(near_optimal.master, near_optimal.program)
        self.subproblems, self.columns = len(near_optimal.count), len(near_optimal.master.subproblem)
        is_shared = np.arange(len(program.row_least)) >= self.subproblems
        is_narrow = is_shared & (touches.count > 0) & (touches.count <= LAGRANGIAN_GROUP_BOUND.widest_row)
        self.of = _connected(touches, is_narrow, self.subproblems)
        # The group of each row and slack variable, -1 for those that are priced.
        self.row = np.where(
            is_shared, -1, np.append(self.of, np.zeros(len(is_shared) - self.subproblems, dtype=np.int64))
        )
        narrow = is_narrow[touches.row]
        self.row[touches.row[narrow]] = self.of[touches.subproblem[narrow]]
        self.extra = np.full(len(program.cost) - self.columns, -1)
        own = (program.columns >= self.columns) & (self.row[program.rows] >= 0)
        self.extra[program.columns[own] - self.columns] = self.row[program.rows[own]]

    def loss(self, group: int) -> float:
        """The least loss of a group, ``NearOptimalParameters.reach`` at most."""
        program, constant = self._program(group)
        answer = prove(program, nodes=LAGRANGIAN_GROUP_BOUND.nodes)
        # A tolerance is taken off, so that rounding of the solver is no part of a proof. If nothing is feasible, somebody must follow a
        # trajectory that is not near-optimal, which loses the full reach.
        return float(np.clip(constant + answer.bound - TOLERANCES.loss, 0.0, NEAR_OPTIMAL.reach))

    def _program(self, group: int) -> tuple[Program, float]:
        """The least loss of a group as an integer program, and a constant to add.

        Variables: its near-optimal columns, its slack variables, and the unused part of each of its rows that has a dual. No cost is above
        ``NearOptimalParameters.reach``: more is not needed, and large numbers round worse.
        """
        near_optimal, whole = self.near_optimal, self.near_optimal.program
        keep = np.append(self.of[near_optimal.master.subproblem] == group, self.extra == group)
        keep[: self.columns] &= near_optimal.reduced[: self.columns] <= NEAR_OPTIMAL.reach
        own = np.flatnonzero(self.row == group)
        program = whole.only(keep)
        inside = self.row[program.rows] == group
        reduced = np.clip(near_optimal.reduced[keep], -NEAR_OPTIMAL.reach, NEAR_OPTIMAL.reach)
        gains = (reduced < 0) & np.isfinite(program.most)  # Slack variables that the bound uses to the full.
        constant = -float(reduced[gains] @ program.most[gains])
        reduced = np.where(gains, reduced, np.maximum(reduced, 0.0))

        least, most = whole.row_least[own], whole.row_most[own]
        worth = np.where(own < self.subproblems, 0.0, near_optimal.duals[own])
        asked = np.flatnonzero(np.abs(worth) > TOLERANCES.loss)
        is_low = worth[asked] > 0
        limit = np.where(is_low, least[asked], most[asked])
        room = most[asked] - least[asked]
        least[asked] = most[asked] = limit
        return Program(
            cost=np.append(reduced, np.minimum(np.abs(worth[asked]), NEAR_OPTIMAL.reach)),
            least=np.zeros(len(reduced) + len(asked)),
            most=np.append(program.most, room),
            whole=np.append(program.whole, np.zeros(len(asked), dtype=bool)),
            row_least=least,
            row_most=most,
            rows=np.append(np.searchsorted(own, program.rows[inside]), asked),
            columns=np.append(program.columns[inside], len(reduced) + np.arange(len(asked))),
            values=np.append(program.values[inside], np.where(is_low, -1.0, 1.0)),
        ), constant


def _connected(touches: Touches, is_narrow: np.ndarray, subproblems: int) -> np.ndarray:
    """The group of each subproblem: the first subproblem that it is connected to, shape (R,)."""
    own = is_narrow[touches.row]
    rows, members = touches.row[own], touches.subproblem[own]
    of = np.arange(subproblems)
    while True:
        lowest = np.full(len(is_narrow), subproblems)
        np.minimum.at(lowest, rows, of[members])
        better = of.copy()
        np.minimum.at(better, members, lowest[rows])
        if np.array_equal(better, of):
            return of
        of = better
