"""Mending: a plan made in blocks, part of it planned again and again with all that is left over.

One block may have kept a seat that another one lacked. So everybody of a team in which a hard rule is missed is planned once more,
together with teams drawn from those that may attend the same programmes: they hold the seats that are lacking. The same large
neighbourhoods (Shaw 1998) then go over everybody else, as long as they gain enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from allocator.engine.columns.aggregate_relaxation import Pooled
from allocator.engine.columns.aggregation import Allotment
from allocator.engine.decomposition.partition import Partition
from allocator.engine.decomposition.resource_shares import Division, Followed, joined
from allocator.engine.reoptimise.affected_people import MANY_GROUPS, with_groups
from allocator.engine.time_limit import Clock
from allocator.model.goals import FIRM
from allocator.system.fork_pool import mapped

FAULTY = 1_500
"""Cohorts with a hard rule missed that are planned again at a time, at least, as long as there are more."""

DRAWN = 600
"""Cohorts drawn to each part; the others of their teams come along."""

MOST = 80_000
"""Cohorts planned again at most, all parts together: a million people are to be planned in ten minutes."""

SETTLED = 1e-5
"""Gain of a part, relative to the weighted value of the whole, below which it has gained nothing."""

PATIENCE = 3
"""So many parts one after the other may gain nothing."""

AT_A_TIME = 2
"""Parts planned beside one another, each with its share of what is left; the plan depends on it, and not on how many processes plan them."""

TOLERANCE = 1e-6
"""A floor missed by less is kept."""

SEED = 1


class Mending:
    """Plans parts of a plan again.

    Attributes
    ----------
    parts
        Parts planned again so far.
    """

    def __init__(
        self,
        pooled: Pooled,
        partition: Partition,
        division: Division,
        planned_again: Callable[[np.ndarray, Followed, Allotment], tuple[Followed, float]],
        clock: Clock,
        workers: int = 1,
    ) -> None:
        self.pooled, self.partition, self.division, self.clock = pooled, partition, division, clock
        self.planned_again, self.workers = planned_again, workers
        self.parts = 0
        self._draw = np.random.default_rng(SEED)

    def mend(self, plan: Followed) -> Followed:
        """A plan at least as good."""
        enough = SETTLED * abs(self.pooled.relaxed.value)
        failed = planned = 0
        while True:
            for parts in self._rounds(self.faulty(plan)):
                if failed >= PATIENCE or planned >= MOST or self.clock.is_over():
                    return plan
                plan, gains = self._again(plan, parts)
                for part, gain in zip(parts, gains, strict=True):
                    failed = 0 if gain > enough else failed + 1
                    planned, self.parts = planned + len(part), self.parts + 1
                self.clock.say("mending", done=min(1.0, planned / MOST))

    def _again(self, plan: Followed, parts: list[np.ndarray]) -> tuple[Followed, list[float]]:
        """The plan with some parts planned again, each beside the others, and what each has gained."""
        known = [plan.only(np.isin(plan.cohort, part)) for part in parts]
        found = mapped(
            self.planned_again,
            list(zip(parts, known, self.division.rests(known), strict=True)),
            self.workers,
        )
        for before, (after, _) in zip(known, found, strict=True):
            self.division.take(before, -1)
            self.division.take(after)
        others = plan.only(~np.isin(plan.cohort, np.concatenate(parts)))
        return joined([others, *(after for after, _ in found)]), [gain for _, gain in found]

    def _rounds(self, faulty: np.ndarray) -> Iterator[list[np.ndarray]]:
        """Cohorts to plan again (boolean (C,)) in parts, so many at a time; each with teams drawn to it."""
        cohorts = self.pooled.cohorts
        again = with_groups(cohorts, faulty)
        may_join = self._shares_programmes(faulty) & ~again
        parts = [part for part in self._faulty_parts(np.flatnonzero(again)) if len(part)]
        parts += [np.zeros(0, dtype=np.int64)] * (-len(parts) % AT_A_TIME if parts else AT_A_TIME)
        for at in range(0, len(parts), AT_A_TIME):
            is_taken = np.zeros(len(may_join), dtype=bool)
            round_ = []
            for part in parts[at : at + AT_A_TIME]:
                round_.append(self._joined_by_others(part, np.flatnonzero(may_join & ~is_taken), is_taken))
                is_taken[round_[-1]] = True
            yield [part for part in round_ if len(part)]

    def _faulty_parts(self, again: np.ndarray) -> Iterator[np.ndarray]:
        """Some cohorts in parts; those of one block stay together."""
        part = np.zeros(0, dtype=np.int64)
        for block in self.partition.blocks:
            part = np.concatenate([part, np.intersect1d(block, again, assume_unique=True)])
            if len(part) >= FAULTY:
                yield part
                part = part[:0]
        yield part

    def _joined_by_others(self, part: np.ndarray, may_join: np.ndarray, is_taken: np.ndarray) -> np.ndarray:
        """A part and some of those who may join it, whole teams; nobody who is taken (boolean (C,))."""
        chosen = np.zeros(len(is_taken), dtype=bool)
        chosen[self._draw.choice(may_join, min(DRAWN, len(may_join)), replace=False)] = True
        chosen = with_groups(self.pooled.cohorts, chosen) & ~is_taken
        chosen[part] = True
        return np.flatnonzero(chosen)

    def _shares_programmes(self, faulty: np.ndarray) -> np.ndarray:
        """Cohorts to which some programme is open that is open to a faulty one too; all when none is faulty. Boolean (C,)."""
        slots = self.pooled.cohorts.cohort_slots
        if not faulty.any():
            return np.ones(len(slots), dtype=bool)
        wanted = np.unique(slots[faulty])
        return np.asarray(np.isin(slots, wanted[wanted >= 0]).any(axis=1))

    def faulty(self, plan: Followed) -> np.ndarray:
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
