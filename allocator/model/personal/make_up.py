"""Make-up: who would reach k years without must go, else is overdue."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import MakeUp
from allocator.model.instance import Instance
from allocator.model.personal.interval import carries
from allocator.model.personal.register import MEASURED, States, past_pattern, with_past, years_without
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(MakeUp)
class MakeUpSide:
    r"""Count the plan years in which a cadre is overdue.

    .. math:: cost_k = \sum_y \max_{content} [\, \text{nothing carries the content in } y - k + 1 \dots y \,]

    Classes on record count, before the plan and in its years. One class that carries all contents settles them at once. Unit: years overdue. Unnamed groups are skipped.
    """

    def states(self, instance: Instance, rule: MakeUp) -> States:
        """Counting years on record, as bits, one column per content."""
        rows = instance.history.counting(rule.programmes)
        patterns = [
            past_pattern(instance, rows & instance.history.carrying(c), rule.after_years) for c in rule.contents
        ]
        touched = instance.audience(rule.audience) & instance.is_named
        return States.distinct(touched, np.column_stack(patterns))

    def measure(self, instance: Instance, rule: MakeUp, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:
        """Years overdue, shape (T,)."""
        counting = instance.counting(rule.programmes)
        overdue = np.zeros((len(table), len(instance.years)), dtype=bool)
        for past, content in zip(state, rule.contents, strict=True):
            coming = table.attends(counting & carries(instance, content))
            pattern = with_past(coming, int(past), rule.after_years)
            overdue |= years_without(pattern, rule.after_years, len(instance.years))
        return np.asarray(overdue[:, instance.holds(rule)].sum(axis=1))
