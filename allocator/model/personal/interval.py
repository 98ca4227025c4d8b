"""Interval: at least one attendance of each content in every k consecutive years."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Interval
from allocator.model.instance import Instance
from allocator.model.personal.register import MEASURED, States, past_pattern, with_past, years_without
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(Interval)
class IntervalSide:
    r"""Count the windows of k years in which a cadre attends nothing that carries a content.

    .. math:: cost_{k} = \sum_{content} \sum_{y} [\, h \vee \bigvee_{y-k < y' \le y} a_{ky'} = 0 \,]

    :math:`a_{ky'}` tells whether trajectory ``k`` holds a counting class in year ``y'``, :math:`h` whether one of the window is on
    record, before the plan or in its years. Windows end in the plan years in which the rule holds. Unit: windows. Unnamed groups have no record and
    are skipped.
    """

    def states(self, instance: Instance, rule: Interval) -> States:
        """Counting years on record, as bits, one column per content."""
        rows = instance.history.counting(rule.programmes, rule.least_days)
        per_content = [
            past_pattern(instance, rows & instance.history.carrying(content), rule.every_years)
            for content in rule.contents
        ] or [past_pattern(instance, rows, rule.every_years)]
        touched = instance.audience(rule.audience) & instance.is_named
        return States.distinct(touched, np.column_stack(per_content))

    def measure(self, instance: Instance, rule: Interval, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:
        """Windows missed, shape (T,)."""
        counting = instance.counting(rule.programmes, rule.least_days)
        holds = instance.holds(rule)
        missed = np.zeros(len(table), dtype=np.int64)
        for past, content in zip(state, rule.contents or (None,), strict=True):
            carrying = counting if content is None else counting & carries(instance, content)
            pattern = with_past(table.attends(carrying), int(past), rule.every_years)
            missed += years_without(pattern, rule.every_years, len(instance.years))[:, holds].sum(axis=1)
        return missed


def carries(instance: Instance, content: str) -> np.ndarray:
    """Programmes that carry a content, boolean (P,)."""
    lists = instance.inputs.programmes["content"]
    return np.array([content in text.split(";") for text in lists], dtype=bool)
