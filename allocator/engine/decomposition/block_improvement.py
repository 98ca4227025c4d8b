"""Block improvement: a plan made in blocks, part of it planned again and again with all that is left over.

One block may have kept a seat that another one lacked. So all teams in which a hard rule is missed are planned again, together with teams drawn from
those that may attend the same programmes, since these hold the missing seats. The same large neighbourhoods (Shaw 1998) then go over
everybody else, as long as they gain enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from allocator.engine.columns.aggregate_relaxation import AggregateRelaxation
from allocator.engine.columns.aggregation import Allotment
from allocator.engine.decomposition.partition import Partition
from allocator.engine.decomposition.resource_shares import Followed, ResourceShares, joined
from allocator.engine.parameters import AFFECTED_PEOPLE, DECOMPOSITION, SOLVER, TOLERANCES
from allocator.engine.reoptimise.affected_people import with_groups
from allocator.engine.time_limit import Clock
from allocator.model.goals import FIRM
from allocator.system.fork_pool import mapped


class BlockImprovement:
    """Improves a plan part by part.

    Parameters
    ----------
    replan
        Plans some cohorts again within an allotment; returns their plan and the weighted gain.

    Attributes
    ----------
    parts
        Parts planned again so far.
    """

    def __init__(
        self,
        aggregate: AggregateRelaxation,
        partition: Partition,
        shares: ResourceShares,
        replan: Callable[[np.ndarray, Followed, Allotment], tuple[Followed, float]],
        clock: Clock,
        workers: int = 1,
    ) -> None:
        self.aggregate, self.partition, self.shares, self.clock = aggregate, partition, shares, clock
        self.replan, self.workers = replan, workers
        self.parts = 0
        self._draw = np.random.default_rng(SOLVER.random_seed)

    def improve(self, plan: Followed) -> Followed:
        """A plan at least as good."""
        enough = DECOMPOSITION.improved_settled * abs(self.aggregate.relaxed.value)
        failed = planned = 0
        while True:
            for parts in self._rounds(self.faulty(plan)):
                is_done = failed >= DECOMPOSITION.improved_patience or planned >= DECOMPOSITION.improved_cohorts
                if is_done or self.clock.is_over():
                    return plan
                plan, gains = self._reoptimise(plan, parts)
                for part, gain in zip(parts, gains, strict=True):
                    failed = 0 if gain > enough else failed + 1
                    planned, self.parts = planned + len(part), self.parts + 1
                self.clock.say("mending", done=min(1.0, planned / DECOMPOSITION.improved_cohorts))

    def _reoptimise(self, plan: Followed, parts: list[np.ndarray]) -> tuple[Followed, list[float]]:
        """The plan with some parts planned again beside one another, and the gain of each."""
        known = [plan.only(np.isin(plan.cohort, part)) for part in parts]
        found = mapped(
            self.replan,
            list(zip(parts, known, self.shares.rests(known), strict=True)),
            self.workers,
        )
        for before, (after, _) in zip(known, found, strict=True):
            self.shares.take(before, -1)
            self.shares.take(after)
        others = plan.only(~np.isin(plan.cohort, np.concatenate(parts)))
        return joined([others, *(after for after, _ in found)]), [gain for _, gain in found]

    def _rounds(self, faulty: np.ndarray) -> Iterator[list[np.ndarray]]:
        """Cohorts to plan again (boolean (C,)) in parts, some at a time; each part with the teams drawn to it."""
        cohorts = self.aggregate.cohorts
        again = with_groups(cohorts, faulty)
        may_join = self._shares_programmes(faulty) & ~again
        parts = [part for part in self._faulty_parts(np.flatnonzero(again)) if len(part)]
        at_a_time = DECOMPOSITION.improved_at_a_time
        parts += [np.zeros(0, dtype=np.int64)] * (-len(parts) % at_a_time if parts else at_a_time)
        for at in range(0, len(parts), at_a_time):
            is_taken = np.zeros(len(may_join), dtype=bool)
            round_ = []
            for part in parts[at : at + at_a_time]:
                round_.append(self._joined_by_others(part, np.flatnonzero(may_join & ~is_taken), is_taken))
                is_taken[round_[-1]] = True
            yield [part for part in round_ if len(part)]

    def _faulty_parts(self, again: np.ndarray) -> Iterator[np.ndarray]:
        """Some cohorts in parts; those of one block stay together."""
        part = np.zeros(0, dtype=np.int64)
        for block in self.partition.blocks:
            part = np.concatenate([part, np.intersect1d(block, again, assume_unique=True)])
            if len(part) >= DECOMPOSITION.repaired_cohorts:
                yield part
                part = part[:0]
        yield part

    def _joined_by_others(self, part: np.ndarray, may_join: np.ndarray, is_taken: np.ndarray) -> np.ndarray:
        """A part and some of those who may join it, in whole teams; nobody who is taken already (boolean (C,))."""
        chosen = np.zeros(len(is_taken), dtype=bool)
        chosen[self._draw.choice(may_join, min(DECOMPOSITION.drawn_cohorts, len(may_join)), replace=False)] = True
        chosen = with_groups(self.aggregate.cohorts, chosen) & ~is_taken
        chosen[part] = True
        return np.flatnonzero(chosen)

    def _shares_programmes(self, faulty: np.ndarray) -> np.ndarray:
        """Cohorts that share an open programme with a faulty one; all if none is faulty. Boolean (C,)."""
        slots = self.aggregate.cohorts.cohort_slots
        if not faulty.any():
            return np.ones(len(slots), dtype=bool)
        wanted = np.unique(slots[faulty])
        return np.asarray(np.isin(slots, wanted[wanted >= 0]).any(axis=1))

    def faulty(self, plan: Followed) -> np.ndarray:
        """Cohorts that miss a hard rule which another trajectory would keep, or whose small group misses one. Boolean (C,)."""
        cohorts, shares = self.aggregate.cohorts, self.shares
        goals = self.aggregate.master.goals
        costs = self.aggregate.costs.weighted(np.array([float(goal in FIRM) for goal in goals]))
        lowest = np.array([cost.min() for cost in costs])
        cost = shares.pricing.costs(plan.cohort, plan.trajectory, costs)
        found = np.zeros(len(cohorts.cohort_type), dtype=bool)
        found[plan.cohort[cost > lowest[cohorts.cohort_type[plan.cohort]]]] = True
        for f, family in enumerate(cohorts.families):
            is_hard = ("violation", 0) in (*family.short_goals, *family.over_goals)
            if is_hard and len(family.names) > AFFECTED_PEOPLE.groups_above:
                missed = (shares.floor[f] > TOLERANCES.whole) | (shares.ceiling[f] < -TOLERANCES.whole)
                found |= np.isin(cohorts.cohort_groups[:, f], np.flatnonzero(missed.any(axis=1)))
        return found
