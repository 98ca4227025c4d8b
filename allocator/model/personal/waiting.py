"""Waiting: years since the last counting attendance."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Waiting
from allocator.model.instance import Instance
from allocator.model.personal.register import MEASURED, States, past_pattern
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(Waiting)
class WaitingSide:
    r"""Sum the years a cadre waits, over the plan years.

    .. math:: w_y = 0 \text{ if } a_{ky} \text{ else } \min(w_{y-1} + 1, cap), \qquad cost_k = \sum_y w_y

    :math:`w_{-1}` is the wait at the end of the year before the plan; never on record starts at the cap. A class on record in a
    plan year ends the wait like one of the plan. Sending the one
    who has waited longest saves most. Unit: years. Unnamed groups are skipped.
    """

    def states(self, instance: Instance, rule: Waiting) -> States:
        """Years waited at the end of the year before the plan, and the plan years with a class on record, as bits."""
        history = instance.history
        before = instance.years[0] - 1
        counting = history.counting(rule.programmes, rule.least_days)
        use = counting & (history.year <= before)
        last = np.full(len(instance.headcount), before - rule.cap_years, dtype=np.int64)
        np.maximum.at(last, history.person[use], history.year[use])
        touched = instance.audience(rule.audience) & instance.is_named
        wait = np.minimum(before - last, rule.cap_years)
        return States.distinct(touched, np.column_stack([wait, past_pattern(instance, counting, span=1)]))

    def measure(self, instance: Instance, rule: Waiting, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:
        """Years waited, shape (T,)."""
        years, holds = len(instance.years), instance.holds(rule)
        cost = np.zeros(1 << years, dtype=np.int64)
        for pattern in range(1 << years):
            wait, attended = int(state[0]), pattern | int(state[1])
            for y in range(years):
                wait = 0 if attended >> y & 1 else min(wait + 1, rule.cap_years)
                cost[pattern] += wait * int(holds[y])
        return np.asarray(cost[table.attends(instance.counting(rule.programmes, rule.least_days))])
