"""What answers about one run stand on, each worked out when it is first asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from allocator.answers.explain.person import Alone
from allocator.answers.explain.swap_effect import Judge
from allocator.audit.records import Records
from allocator.domain.names import Called
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.model import instance
from allocator.model.cohorts import group
from allocator.model.shared.rows import collect
from allocator.outputs.reserves import Reserves


class Ground:
    """One finished run and what its answers share."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def judge(self) -> Judge:
        """The auditor's judgement of the plan with other seats."""
        return Judge(self.run.inputs, self.run.plan)

    @cached_property
    def reserves(self) -> Reserves:
        """Who could step in for whom."""
        return Reserves(self.run.inputs, Records(self.run.plan, self.run.inputs))

    @cached_property
    def names(self) -> Called:
        """What programmes and groups are called."""
        return Called(self.run.inputs)

    @cached_property
    def planner(self) -> Planner:
        """Plans with other seats, each from this plan."""
        return Planner.of(self.run)

    def alone(self, cadre_id: str) -> Alone:
        """One person by himself or herself."""
        return Alone(self.judge.inputs, self.run.plan.placements, cadre_id)

    def are_alike(self, first: str, second: str) -> bool:
        """Whether the policy sees no difference between two people."""
        rows = pd.Index(self.run.inputs.cadres["cadre_id"]).get_indexer([first, second])
        return bool(self._cohort_of[rows[0]] == self._cohort_of[rows[1]])

    @cached_property
    def _cohort_of(self) -> np.ndarray:
        """Number of the people alike in everything the policy looks at, for each row of the roster."""
        inputs = self.run.inputs
        problem = instance.build(inputs, calendar(inputs))
        of = np.empty(len(inputs.cadres), dtype=np.int64)
        for number, members in enumerate(group(problem, collect(problem)).members):
            of[members] = number
        return of
