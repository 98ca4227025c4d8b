"""Planning in blocks: problems too large to be planned together, part by part.

Blocks are planned a wave at a time, each wave with its share of what the waves before have left. Then everybody of a team in which a hard
rule is missed is planned once more, with all that is left over: one block may have kept a seat that another one lacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.errors import ModelError
from allocator.kinds import Goal
from allocator.model.goals import FIRM
from allocator.solve.blocks import partition
from allocator.solve.clock import Clock
from allocator.solve.concerned import MANY_GROUPS, with_groups
from allocator.solve.division import Division
from allocator.solve.generation import FAR, optimise
from allocator.solve.master import Master
from allocator.solve.pooled import UNHELD, Pooled
from allocator.solve.pricing import Prices
from allocator.solve.proofs import NEAR
from allocator.solve.starts import for_sorts, in_use, start
from allocator.solve.strata import Allotment, compact, exact
from allocator.solve.whole import NODES, decide

WAVE = 8
"""Blocks planned at a time; the plan depends on it, and not on how many of them have a worker."""

ROUNDS = 12
"""Rounds of column generation of one block at most."""

SMOOTHING = 0.3
"""Part of the best duals in those tried next."""

SETTLED = 0.1
"""Part of the gap asked for: a block in which a round gains less is good enough."""

MENDED = 1_500
"""Cohorts mended at a time, at least, as long as there are more."""

TOLERANCE = 1e-6
"""A floor missed by less is kept."""

REACH = 0.0, 50.0
"""How much dearer than the cheapest the first columns of a block may be while little is known (``starts``)."""

MOST_USED = 8
"""Trajectories of each sort that blocks before used most, to start with in the next."""


@dataclass(frozen=True, eq=False)
class Followed:
    """So many people of a cohort follow a trajectory: ``cohort``, ``trajectory`` and ``people`` of each row."""

    cohort: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray

    def only(self, keep: np.ndarray) -> Followed:
        """Some of the rows."""
        return Followed(self.cohort[keep], self.trajectory[keep], self.people[keep])


class Blockwise:
    """Plans the cohorts of a pooled relaxation in blocks.

    Attributes
    ----------
    blocks, mended
        Blocks planned, and cohorts planned once more.
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
        with ThreadPoolExecutor(max_workers=self.workers) as pool:
            left = _spaced(self.blocks)
            while left:
                count = min(WAVE, len(left))
                which = [self.parts.blocks[b] for b in left[:count]]
                plans = list(pool.map(self._planned, which, self.division.allotments(left, count)))
                for plan in plans:
                    if plan is None:
                        raise ModelError(UNHELD)
                    self.division.take(plan.cohort, plan.trajectory, plan.people)
                    found.append(plan)
                left = left[count:]
                self._learn(_joined(found[-count:]))
                self.clock.say("blocks", done=1 - len(left) / self.blocks)
        return self._mend(_joined(found))

    def _planned(self, which: np.ndarray, allotment: Allotment, known: Followed | None = None) -> Followed | None:
        """The plan of some cohorts; ``None`` when the rows cannot be held.

        Parameters
        ----------
        known
            What they follow now.
        """
        is_late = self.clock.is_over()
        strata, places = compact(exact(self.pooled.cohorts, which, allotment))
        prices = self.prices.at(places)
        # Those planned once more may join any class that the others hold.
        least = self.least[places.programmes] if known is None else None
        master = Master(strata, self.pooled.master.goals, self.pooled.costs, least=least)
        master.set_weights(self.weights)
        reach = (0.0, 0.0) if is_late or len(self._used) else REACH
        master.add(*start(master.pricing, prices, master.cost, *reach))
        master.add(*in_use(self.pooled.master, self.pooled.relaxed.x, master.strata))
        master.add(*for_sorts(*self._most_used, master.strata))
        if known is not None:
            master.add(np.searchsorted(which, known.cohort), known.trajectory)
        relaxed = optimise(
            master,
            relative=SETTLED * self.gap,
            settled=SETTLED * self.gap,
            smoothing=SMOOTHING,
            centre=master.duals(prices),
            near=NEAR,
            far=FAR,
            most_rounds=1 if is_late else ROUNDS,
            should_stop=self.clock.is_over,
        )
        plan = None
        if relaxed is not None:
            near = SETTLED * self.gap * abs(relaxed.value)
            plan = decide(master, relaxed, nodes=0 if is_late else NODES, near=near)
        master.close()
        return None if plan is None else Followed(which[plan.stratum], plan.trajectory, plan.people)

    def _learn(self, plan: Followed) -> None:
        """Remember which trajectories a wave used: the next has people of the same sorts."""
        keys = [self.pooled.cohorts.cohort_sort[plan.cohort], plan.trajectory]
        used = pd.Series(plan.people).groupby(keys).sum()
        self._used = self._used.add(used, fill_value=0).astype("int64") if len(self._used) else used
        table = self._used.rename_axis(["sort", "trajectory"]).rename("people").reset_index()
        table = table.sort_values(["sort", "people", "trajectory"], ascending=[True, False, True])
        table = table[table.groupby("sort").cumcount() < MOST_USED]
        self._most_used = table["sort"].to_numpy(), table["trajectory"].to_numpy()

    def _mend(self, plan: Followed) -> Followed:
        """Plan those once more of whose teams somebody misses a hard rule, with all that is left over."""
        again = with_groups(self.pooled.cohorts, self._faulty(plan))
        for part in self._mending(np.flatnonzero(again)):
            if self.clock.is_over():
                break
            own = np.isin(plan.cohort, part)
            known, others = plan.only(own), plan.only(~own)
            self.division.take(known.cohort, known.trajectory, -known.people)
            better = self._planned(part, self.division.rest(), known) or known
            self.division.take(better.cohort, better.trajectory, better.people)
            plan = _joined([others, better])
            self.mended += len(part)
        return plan

    def _faulty(self, plan: Followed) -> np.ndarray:
        """Cohorts of which somebody misses a hard rule that another trajectory would keep, or whose small group does, boolean (C,)."""
        cohorts, division = self.pooled.cohorts, self.division
        goals = self.pooled.master.goals
        costs = self.pooled.costs.weighted(np.array([float(goal in FIRM) for goal in goals]))
        lowest = np.array([cost.min() for cost in costs])
        cost = division.pricing.costs(plan.cohort, plan.trajectory, costs)
        found = np.zeros(len(cohorts.cohort_sort), dtype=bool)
        found[plan.cohort[cost > lowest[cohorts.cohort_sort[plan.cohort]]]] = True
        for f, family in enumerate(cohorts.families):
            if len(family.names) > MANY_GROUPS and ("violation", 0) in (*family.short_goals, *family.over_goals):
                missed = (division.floor[f] > TOLERANCE) | (division.ceiling[f] < -TOLERANCE)
                found |= np.isin(cohorts.cohort_groups[:, f], np.flatnonzero(missed.any(axis=1)))
        return found

    def _mending(self, again: np.ndarray) -> Iterable[np.ndarray]:
        """Cohorts to plan once more in parts; those of one block stay together."""
        part = np.zeros(0, dtype=np.int64)
        for block in self.parts.blocks:
            part = np.concatenate([part, np.intersect1d(block, again, assume_unique=True)])
            if len(part) >= MENDED:
                yield np.sort(part)
                part = part[:0]
        if len(part):
            yield np.sort(part)


def _spaced(blocks: int) -> list[int]:
    """All blocks, the first wave from everywhere: blocks side by side have people of the same sorts."""
    step = -(-blocks // WAVE)
    return [b for first in range(step) for b in range(first, blocks, step)]


def _joined(plans: list[Followed]) -> Followed:
    return Followed(
        *(np.concatenate([getattr(one, name) for one in plans]) for name in ("cohort", "trajectory", "people"))
    )
