"""Planning in blocks, for problems with too many cohorts to be planned together.

Blocks are planned a wave at a time. Each wave gets its share of what the waves before have left, and starts with the trajectories that
they used. Then ``block_improvement`` improves the whole plan.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND, AggregateRelaxation
from allocator.engine.columns.aggregation import Allotment, Places, Subproblems, compact, disaggregated
from allocator.engine.columns.column_generation import Relaxation, optimise
from allocator.engine.columns.initial_columns import for_types, in_use, start
from allocator.engine.columns.pricing import Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.truncated_relaxation import few_columns, solved
from allocator.engine.decomposition.block_improvement import BlockImprovement
from allocator.engine.decomposition.partition import partition
from allocator.engine.decomposition.resource_shares import Followed, ResourceShares, joined
from allocator.engine.integer.rounding import WholePlan, round_and_repair, valued
from allocator.engine.parameters import COLUMN_GENERATION, DECOMPOSITION
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.system.fork_pool import mapped


class BlockSolver:
    """Plans the cohorts of an aggregate relaxation in blocks.

    Attributes
    ----------
    blocks, improved_parts
        Blocks planned, and parts improved afterwards.
    """

    def __init__(
        self,
        aggregate: AggregateRelaxation,
        prices: Prices,
        weights: Mapping[Goal, float],
        *,
        gap: float,
        workers: int,
        clock: Clock,
    ) -> None:
        self.aggregate, self.prices, self.weights = aggregate, prices, weights
        self.gap, self.workers, self.clock = gap, workers, clock
        self.parts = partition(aggregate.cohorts)
        self.shares = ResourceShares(
            aggregate.master, aggregate.relaxed.x[: len(aggregate.master.subproblem)], self.parts
        )
        calendar = aggregate.cohorts.instance.calendar
        self.least = np.where(self.parts.wide_seats[:, None], 0, calendar.least)
        self.blocks, self.improved_parts = len(self.parts.blocks), 0
        self._used = pd.Series(dtype="int64")  # people by person type and trajectory, in the waves before
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
            count = min(DECOMPOSITION.wave, len(left))
            which = [self.parts.blocks[b] for b in left[:count]]
            tasks = list(zip(which, self.shares.allotments(left, count), strict=True))
            for plan in mapped(self._planned, tasks, self.workers):
                if plan is None:
                    raise ModelError(NONE_FOUND)
                self.shares.take(plan)
                found.append(plan)
            left = left[count:]
            self._learn(joined(found[-count:]))
            self.clock.say("blocks", done=1 - len(left) / self.blocks)
        improvement = BlockImprovement(
            self.aggregate, self.parts, self.shares, self._planned_again, self.clock, self.workers
        )
        plan = improvement.improve(joined(found))
        self.improved_parts = improvement.parts
        return plan

    def _planned(self, which: np.ndarray, allotment: Allotment) -> Followed | None:
        """The plan of some cohorts; ``None`` if the rows cannot be held."""
        subproblems, places = compact(disaggregated(self.aggregate.cohorts, which, allotment))
        master = self._master(subproblems, self.least[places.programmes])
        plan = self._decided(master, places, is_needed=True)
        return None if plan is None else Followed(which[plan.subproblem], plan.trajectory, plan.people)

    def _planned_again(self, which: np.ndarray, known: Followed, allotment: Allotment) -> tuple[Followed, float]:
        """A better plan of some cohorts and the weighted gain; what they follow now and 0 if there is none."""
        subproblems, places = compact(disaggregated(self.aggregate.cohorts, which, allotment))
        master = self._master(
            subproblems, None
        )  # Without least sizes: they may join any class that the others keep open.
        subproblem = np.searchsorted(which, known.cohort)
        master.add(subproblem, known.trajectory)
        before = valued(master, subproblem, known.trajectory, known.people)
        plan = self._decided(master, places, is_needed=False)
        if plan is None or plan.value >= before:
            return known, 0.0
        return Followed(which[plan.subproblem], plan.trajectory, plan.people), before - plan.value

    def _master(self, subproblems: Subproblems, least: np.ndarray | None) -> Master:
        """A master at the weights of the plan."""
        master = Master(subproblems, self.aggregate.master.goals, self.aggregate.costs, least=least)
        master.set_weights(self.weights)
        return master

    def _decided(self, master: Master, places: Places, *, is_needed: bool) -> WholePlan | None:
        """Whole people on a master, which gets its columns here and is closed; ``None`` if there is no time and the plan is not needed."""
        is_late = self.clock.is_over()
        if is_late and not is_needed:
            return None
        prices = self.prices.at(places)
        if is_late:
            master.add(*for_types(*few_columns(self.aggregate, 0.0), master.subproblems))
        else:
            reach = (DECOMPOSITION.first_near, 0.0 if len(self._used) else DECOMPOSITION.first_near_pattern)
            master.add(*start(master.pricing, prices, master.cost, *reach))
        master.add(*in_use(self.aggregate.master, self.aggregate.relaxed.x, master.subproblems))
        master.add(*for_types(*self._most_used, master.subproblems))
        relaxed: Relaxation | None = None
        try:
            relaxed = solved(master) if is_late else self._relaxed(master, prices)
        except OutOfTime:
            relaxed = solved(master) if is_needed else None
        # What whole people lose here is won back faster by block improvement than by more nodes.
        plan = None if relaxed is None else round_and_repair(master, relaxed, nodes=0)
        master.close()
        return plan

    def _relaxed(self, master: Master, prices: Prices) -> Relaxation | None:
        """The relaxation of a block, in few rounds."""
        return optimise(
            master,
            relative=DECOMPOSITION.settled_share * self.gap,
            settled=DECOMPOSITION.settled_share * self.gap,
            smoothing=DECOMPOSITION.smoothing,
            centre=master.rows.duals(prices),
            near=COLUMN_GENERATION.near,
            far=COLUMN_GENERATION.drop_above,
            most_rounds=DECOMPOSITION.most_rounds,
            should_stop=self.clock.is_over,
            left=self.clock.left,
        )

    def _learn(self, plan: Followed) -> None:
        """Remember which trajectories a wave used: the next wave has people of the same types."""
        keys = [self.aggregate.cohorts.cohort_type[plan.cohort], plan.trajectory]
        used = pd.Series(plan.people).groupby(keys).sum()
        self._used = self._used.add(used, fill_value=0).astype("int64") if len(self._used) else used
        table = self._used.rename_axis(["sort", "trajectory"]).rename("people").reset_index()
        table = table.sort_values(["sort", "people", "trajectory"], ascending=[True, False, True])
        table = table[table.groupby("sort").cumcount() < DECOMPOSITION.most_used]
        self._most_used = table["sort"].to_numpy(), table["trajectory"].to_numpy()


def _spaced(blocks: int) -> list[int]:
    """All blocks, the first wave from everywhere. Neighbouring blocks have the same person types, so that a mixed wave teaches more."""
    step = -(-blocks // DECOMPOSITION.wave)
    return [b for first in range(step) for b in range(first, blocks, step)]
