"""Planning in blocks: problems too large to be planned together, part by part.

Blocks are planned a wave at a time, each wave with its share of what the waves before have left. Then the plan is mended (``mending``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.bounds.bound_proofs import NEAR
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND, Pooled
from allocator.engine.columns.aggregation import Allotment, Places, Strata, compact, exact
from allocator.engine.columns.column_generation import FAR, Relaxation, optimise
from allocator.engine.columns.initial_columns import for_sorts, in_use, start
from allocator.engine.columns.pricing import Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.truncated_relaxation import few_columns, solved
from allocator.engine.decomposition.block_improvement import Mending
from allocator.engine.decomposition.partition import partition
from allocator.engine.decomposition.resource_shares import Division, Followed, joined
from allocator.engine.integer.rounding import WholePlan, decide, valued
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.system.fork_pool import mapped

WAVE = 8
"""Blocks planned at a time; the plan depends on it, and not on how many processes plan them."""

ROUNDS = 12
"""Rounds of column generation of one block at most."""

SMOOTHING = 0.3
"""Part of the best duals in those tried next."""

SETTLED = 0.1
"""Part of the gap asked for: a block in which a round gains less is good enough."""

REACH = 0.0, 50.0
"""How much dearer than the cheapest the first columns of a block may be while little is known (``starts``)."""

MOST_USED = 8
"""Trajectories of each sort that blocks before used most, to start with in the next."""


class Blockwise:
    """Plans the cohorts of a pooled relaxation in blocks.

    Attributes
    ----------
    blocks, mended
        Blocks planned, and parts planned again.
    """

    def __init__(
        self, pooled: Pooled, prices: Prices, weights: Mapping[Goal, float], *, gap: float, workers: int, clock: Clock
    ) -> None:
        self.pooled, self.prices, self.weights = pooled, prices, weights
        self.gap, self.workers, self.clock = gap, workers, clock
        self.parts = partition(pooled.cohorts)
        self.division = Division(pooled.master, pooled.relaxed.x[: len(pooled.master.stratum)], self.parts)
        calendar = pooled.cohorts.instance.calendar
        self.least = np.where(self.parts.wide_seats[:, None], 0, calendar.least)
        self.blocks, self.mended = len(self.parts.blocks), 0
        self._used = pd.Series(dtype="int64")  # people by sort and trajectory, in the waves before
        self._most_used = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)

    def plan(self) -> Followed:
        """The plan of everybody.

        Raises
        ------
        ModelError
            If fixed seats cannot be held.
        """
        found = []
        left = _spaced(self.blocks)
        while left:
            count = min(WAVE, len(left))
            which = [self.parts.blocks[b] for b in left[:count]]
            tasks = list(zip(which, self.division.allotments(left, count), strict=True))
            for plan in mapped(self._planned, tasks, self.workers):
                if plan is None:
                    raise ModelError(NONE_FOUND)
                self.division.take(plan)
                found.append(plan)
            left = left[count:]
            self._learn(joined(found[-count:]))
            self.clock.say("blocks", done=1 - len(left) / self.blocks)
        mending = Mending(self.pooled, self.parts, self.division, self._planned_again, self.clock, self.workers)
        plan = mending.mend(joined(found))
        self.mended = mending.parts
        return plan

    def _planned(self, which: np.ndarray, allotment: Allotment) -> Followed | None:
        """The plan of some cohorts; ``None`` when the rows cannot be held."""
        strata, places = compact(exact(self.pooled.cohorts, which, allotment))
        master = self._master(strata, self.least[places.programmes])
        plan = self._decided(master, places, is_needed=True)
        return None if plan is None else Followed(which[plan.stratum], plan.trajectory, plan.people)

    def _planned_again(self, which: np.ndarray, known: Followed, allotment: Allotment) -> tuple[Followed, float]:
        """A better plan of some cohorts, and the weighted gain; what they follow now and 0 when there is none."""
        strata, places = compact(exact(self.pooled.cohorts, which, allotment))
        master = self._master(strata, None)  # They may join any class that the others hold.
        stratum = np.searchsorted(which, known.cohort)
        master.add(stratum, known.trajectory)
        before = valued(master, stratum, known.trajectory, known.people)
        plan = self._decided(master, places, is_needed=False)
        if plan is None or plan.value >= before:
            return known, 0.0
        return Followed(which[plan.stratum], plan.trajectory, plan.people), before - plan.value

    def _master(self, strata: Strata, least: np.ndarray | None) -> Master:
        master = Master(strata, self.pooled.master.goals, self.pooled.costs, least=least)
        master.set_weights(self.weights)
        return master

    def _decided(self, master: Master, places: Places, *, is_needed: bool) -> WholePlan | None:
        """Whole people on a master, ``None`` without time for a plan that is not needed; it gets its columns here and is closed."""
        is_late = self.clock.is_over()
        if is_late and not is_needed:
            return None
        prices = self.prices.at(places)
        if is_late:
            master.add(*for_sorts(*few_columns(self.pooled, 0.0), master.strata))
        else:
            reach = (0.0, 0.0) if len(self._used) else REACH
            master.add(*start(master.pricing, prices, master.cost, *reach))
        master.add(*in_use(self.pooled.master, self.pooled.relaxed.x, master.strata))
        master.add(*for_sorts(*self._most_used, master.strata))
        relaxed: Relaxation | None = None
        try:
            relaxed = solved(master) if is_late else self._relaxed(master, prices)
        except OutOfTime:
            relaxed = solved(master) if is_needed else None
        # What whole people lose here, mending finds sooner than more nodes would.
        plan = None if relaxed is None else decide(master, relaxed, nodes=0)
        master.close()
        return plan

    def _relaxed(self, master: Master, prices: Prices) -> Relaxation | None:
        return optimise(
            master,
            relative=SETTLED * self.gap,
            settled=SETTLED * self.gap,
            smoothing=SMOOTHING,
            centre=master.rows.duals(prices),
            near=NEAR,
            far=FAR,
            most_rounds=ROUNDS,
            should_stop=self.clock.is_over,
            left=self.clock.left,
        )

    def _learn(self, plan: Followed) -> None:
        """Remember which trajectories a wave used: the next has people of the same sorts."""
        keys = [self.pooled.cohorts.cohort_sort[plan.cohort], plan.trajectory]
        used = pd.Series(plan.people).groupby(keys).sum()
        self._used = self._used.add(used, fill_value=0).astype("int64") if len(self._used) else used
        table = self._used.rename_axis(["sort", "trajectory"]).rename("people").reset_index()
        table = table.sort_values(["sort", "people", "trajectory"], ascending=[True, False, True])
        table = table[table.groupby("sort").cumcount() < MOST_USED]
        self._most_used = table["sort"].to_numpy(), table["trajectory"].to_numpy()


def _spaced(blocks: int) -> list[int]:
    """All blocks, the first wave from everywhere: blocks side by side have people of the same sorts."""
    step = -(-blocks // WAVE)
    return [b for first in range(step) for b in range(first, blocks, step)]
