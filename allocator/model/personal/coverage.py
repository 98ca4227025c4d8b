"""Coverage: everyone of an audience at least once in a window."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Coverage
from allocator.model.instance import Instance
from allocator.model.personal.register import MEASURED, States
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(Coverage)
class CoverageSide:
    r"""Count the windows in which a cadre attends nothing that counts.

    .. math:: cost_k = \sum_{w} [\, \sum_{y \in w} a_{ky} = 0 \,]

    Windows ``w`` are spans of ``window_years`` plan years, one after the other; history does not count. Unit: people per
    window.
    """

    def states(self, instance: Instance, rule: Coverage) -> States:
        """One state: the past does not matter."""
        return States.single(instance.audience(rule.audience))

    def measure(self, instance: Instance, rule: Coverage, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:  # noqa: ARG002
        """Windows missed, shape (T,)."""
        pattern = table.attends(instance.counting(rule.programmes, rule.least_days))
        span, holds = rule.window_years, instance.holds(rule)
        missed = np.zeros(len(table), dtype=np.int64)
        for start in range(0, len(instance.years) - span + 1, span):
            if holds[start : start + span].all():
                window = np.uint32(((1 << span) - 1) << start)
                missed += (pattern & window) == 0
        return missed
