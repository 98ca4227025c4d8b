"""Priority: points for attendances of groups the policy gives weight to."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Priority
from allocator.model.instance import Instance
from allocator.model.personal.register import MEASURED, States
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(Priority)
class PrioritySide:
    r"""Add up the points of what a cadre attends; the goal is to have many.

    .. math:: points_k = \sum_y weight_y \sum_{p \in P} a_{kpy}

    The weight may change from year to year. Unit: points.
    """

    def states(self, instance: Instance, rule: Priority) -> States:
        """One state: the past does not matter."""
        return States.single(instance.audience(rule.audience))

    def measure(self, instance: Instance, rule: Priority, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:  # noqa: ARG002
        """Points, shape (T,)."""
        counting = instance.counting(rule.programmes)[table.slots]
        holds = instance.holds(rule)
        weights = np.array([rule.weight_by_year.get(y, rule.weight) for y in instance.years], dtype=np.int64) * holds
        return table.weighted(weights[:, None] * counting[None, :])
