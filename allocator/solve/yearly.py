"""The yearly stage: which trajectory for whom, with a bound for every goal.

Small problems are solved exactly. Larger ones in three steps: prices on strata of people (``prices``), seats divided over
blocks (``division``), and each block's integer program (``blocks``). When the dates cannot hold a seat that a year promised,
``without`` plans again the blocks it touches, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.errors import ModelError
from allocator.instance import Instance, Limit
from allocator.kinds import Goal
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import in_use, signed, weights
from allocator.model.shared import collect
from allocator.naming import name
from allocator.solve.blocks import Allotment, BlockPlan, BlockProgram, partition
from allocator.solve.bounds import bounds_of, exchange_rates
from allocator.solve.clock import Clock
from allocator.solve.division import divide
from allocator.solve.exact import all_columns, lexicographic
from allocator.solve.prices import PriceMaster, Relaxation
from allocator.solve.strata import coarse, fine
from allocator.solve.trades import Exchange
from allocator.solve.whole import made_whole

EXACT_COLUMNS = 30_000
"""Cohorts times trajectories up to which a problem is solved exactly."""

BEST_PER_STRATUM = 5
"""Trajectories of every stratum that a block starts with, cheapest first; beside them the best of each pattern of years."""

FAR = 0.5
"""Relative distance from the cheapest beyond which the best of a pattern is not worth starting with."""

ROUNDS, NODES = 12, 100
"""Rounds of column generation and nodes of branch and bound of one block, at most."""

AGAIN_ROUNDS = 5
"""Rounds of a block that is planned again, whose prices are known already."""

UNHELD = "the fixed seats cannot be held: some session is too small for the people called to it by name"


@dataclass(frozen=True, eq=False)
class YearPlan:
    """The yearly plan by name: ``cadre_id``, ``programme_id``, ``year``, ``headcount``; and the goals in use, in order."""

    attendances: pd.DataFrame
    goals: tuple[Goal, ...]


class YearlyStage:
    """Plans the years of one instance; keeps prices, blocks and seats for planning again.

    Parameters
    ----------
    seed
        Published seed of the tie-break.
    workers
        Blocks solved at a time; the plan does not depend on it.
    """

    def __init__(self, instance: Instance, *, seed: str, workers: int = 1, clock: Clock | None = None) -> None:
        self.instance, self.seed, self.workers = instance, seed, workers
        self.clock = clock or Clock(None)
        self.work: dict[str, float] = {}
        self.cohorts = self._grouped(instance)
        self.goals = in_use(instance.inputs.scenario.goals, self.cohorts, self.cohorts.families)
        self.weights = weights(self.goals) or {"violation": 1.0}
        count = [self.cohorts.rows_of(int(s)) for s in self.cohorts.cohort_sort]
        self.is_small = sum(count) <= EXACT_COLUMNS
        self.work |= {
            "people": float(instance.headcount.sum()),
            "sorts": float(len(self.cohorts.sort_type)),
            "cohorts": float(len(count)),
            "trajectories": float(sum(count)),
        }
        self.exact_bounds: dict[Goal, float] | None = None
        self.allotments: list[Allotment] = []
        self.block_of_person = np.zeros(len(instance.headcount), dtype=np.int64)

    def _grouped(self, instance: Instance) -> Cohorts:
        since = time.monotonic()
        self.clock.say("group")
        cohorts = group(instance, collect(instance))
        self.clock.add("group", since)
        return cohorts

    def plan(self) -> YearPlan:
        """Find trajectories for everyone.

        Raises
        ------
        ModelError
            If a rule cannot be expressed, or fixed seats cannot be held.
        """
        if self.is_small:
            attendances, bounds = self._exactly(self.cohorts)
            self.exact_bounds = bounds
            return YearPlan(attendances, self.goals)
        self._find_prices()
        self._divide()
        self.by_block = self._solve_blocks(self.cohorts, range(len(self.allotments)), self.master, self.whole)
        return YearPlan(self._joined(), self.goals)

    def without(self, closed: Iterable[tuple[str, str, int]], limits: Iterable[Limit]) -> YearPlan:
        """Plan again with seats closed that the dates could not give.

        Parameters
        ----------
        closed
            ``(cadre_id, programme_id, year)`` that no session can take.
        limits
            Groups of which only so many can attend a programme in a year.
        """
        calendar = self.instance.calendar
        closed, limits = frozenset(closed), tuple(limits)
        self.instance = replace(
            self.instance,
            calendar=replace(calendar, unreachable=calendar.unreachable | closed, limits=(*calendar.limits, *limits)),
        )
        cohorts = self._grouped(self.instance)
        if self.is_small:
            return YearPlan(self._exactly(cohorts)[0], self.goals)
        people = self.instance.person_index
        touched = {int(self.block_of_person[people[cadre]]) for cadre, _, _ in closed}
        touched |= {int(self.block_of_person[people[cadre]]) for limit in limits for cadre in limit.cadre_ids}
        since = time.monotonic()
        seats = self.instance.calendar.seats.astype(float)
        master = PriceMaster(fine(cohorts, seats), self.goals)
        relaxed = master.carried_over(self.master, self.relaxed)
        self.allotments = [a.extended(cohorts.families) for a in self.allotments]
        self.clock.add("prices", since)
        self.by_block |= self._solve_blocks(cohorts, sorted(touched), master, relaxed, AGAIN_ROUNDS, 0)
        master.close()
        return YearPlan(self._joined(), self.goals)

    def exchange(self, years: YearPlan) -> Exchange | None:
        """Who could trade with whom in a yearly plan; ``None`` for small problems, which are planned again at once."""
        if self.is_small:
            return None
        cost = self.master.cost_at(self.weights)
        return Exchange(self.cohorts, self.master.strata.of, cost, years.attendances, self.seed)

    def bounds(self, values: Mapping[Goal, float]) -> dict[Goal, float]:
        """A bound for each goal from the values of a plan, each in the goal's own sense."""
        if self.exact_bounds is not None:
            return dict(self.exact_bounds)
        return bounds_of(self.master, self.goals, values, self.clock)

    def _exactly(self, cohorts: Cohorts) -> tuple[pd.DataFrame, dict[Goal, float]]:
        since = time.monotonic()
        instance = cohorts.instance
        block = BlockProgram(
            cohorts,
            np.arange(len(cohorts.cohort_sort)),
            Allotment(
                instance.calendar.seats.astype(float),
                tuple(f.floor for f in cohorts.families),
                tuple(f.ceiling for f in cohorts.families),
                tuple(np.zeros_like(f.ceiling) for f in cohorts.families),
            ),
            instance.calendar.least,
            self.weights,
            [np.zeros(cohorts.rows_of(s), np.float32) for s in range(len(cohorts.sort_type))],
        )
        all_columns(block)
        answer = lexicographic(
            block,
            self.goals,
            on_goal=lambda goal, value, bound: self.clock.say(
                "solve", goal=goal, incumbent=signed(goal, value), bound=signed(goal, bound)
            ),
            should_stop=self.clock.is_over,
        )
        if answer is None:
            raise ModelError(UNHELD)
        people, found = answer
        used = people > 0
        attendances = name(cohorts, block.block[block.cohort[used]], block.trajectory[used], people[used], self.seed)
        self.clock.add("solve", since)
        return attendances, {goal: signed(goal, bound) for goal, (_, bound) in found.items()}

    def _find_prices(self) -> None:
        since = time.monotonic()
        clock, seats = self.clock, self.instance.calendar.seats.astype(float)
        tolerance = 1e-6 * max(self.weights.values())

        def show(_: int, value: float, bound: float) -> None:
            clock.say("prices", incumbent=value, bound=bound)

        rough = PriceMaster(coarse(self.cohorts, seats), self.goals)
        first = rough.optimise(self.weights, tolerance, on_round=show, should_stop=clock.is_over)
        rough.close()
        clock.add("prices-coarse", since)
        since = time.monotonic()
        self.master = PriceMaster(fine(self.cohorts, seats), self.goals)
        centre = self.master.start_from(rough, first)
        self.relaxed = self.master.optimise(
            self.weights, tolerance, centre=centre, on_round=show, should_stop=clock.is_over
        )
        clock.add("prices", since)
        since = time.monotonic()
        self.weights = exchange_rates(self.master, self.goals, clock) or self.weights
        self.relaxed = self.master.optimise(
            self.weights, 1e-6 * max(self.weights.values()), on_round=show, should_stop=clock.is_over
        )
        clock.add("rates", since)
        self.work |= {
            "rounds": float(first.rounds + self.relaxed.rounds), "columns": float(len(self.master.columns)),
            "relaxed": self.relaxed.value,
        }  # fmt: skip

    def _divide(self) -> None:
        since = time.monotonic()
        parts = partition(self.cohorts)
        self.whole = whole = made_whole(self.master, self.relaxed)
        self.work["whole"] = sum(
            float(self.master.cost[self.master.strata.sort[r]][k]) * n
            for r, k, n in zip(whole.stratum.tolist(), whole.trajectory.tolist(), whole.people.tolist(), strict=True)
        )
        seats = self.instance.calendar.seats.astype(float)
        self.allotments = divide(self.master.strata, parts, whole, seats)
        self.wide_seats = parts.wide_seats
        for b, block in enumerate(parts.blocks):
            for c in block:
                self.block_of_person[self.cohorts.members[c]] = b
        self.work["blocks"] = float(len(parts.blocks))
        self.clock.add("division", since)

    def _solve_blocks(
        self,
        cohorts: Cohorts,
        which: Iterable[int],
        master: PriceMaster,
        relaxed: Relaxation,
        rounds: int = ROUNDS,
        nodes: int = NODES,
    ) -> dict[int, pd.DataFrame]:
        """Plans of some blocks, by name."""
        since = time.monotonic()
        clock, least = self.clock, np.where(self.wide_seats[:, None], 0, self.instance.calendar.least)
        start = _first_columns(master, relaxed)
        block_of = self.block_of_person[np.array([members[0] for members in cohorts.members], dtype=np.int64)]
        which, done = list(which), 0

        def plan_block(b: int) -> BlockPlan | None:
            nonlocal done
            inside = np.flatnonzero(block_of == b)
            block = BlockProgram(cohorts, inside, self.allotments[b], least, self.weights, master.cost)
            columns = [start[int(r)] for r in master.strata.of[inside]]
            cohort = np.repeat(np.arange(len(inside)), [len(own) for own in columns])
            block.add(cohort, np.array([k for own in columns for k in own], dtype=np.int64))
            late = clock.is_over()
            plan = block.solve(rounds=0 if late else rounds, nodes=0 if late else nodes)
            done += 1
            clock.say("blocks", done=done / len(which))
            return plan

        with ThreadPoolExecutor(max_workers=self.workers) as pool:
            plans = list(pool.map(plan_block, which))
        clock.add("blocks", since)
        since = time.monotonic()
        named = {}
        for b, plan in zip(which, plans, strict=True):
            if plan is None:
                raise ModelError(UNHELD)
            named[b] = name(cohorts, plan.cohort, plan.trajectory, plan.people, self.seed)
        clock.add("naming", since)
        return named

    def _joined(self) -> pd.DataFrame:
        keys = ["cadre_id", "programme_id", "year"]
        return pd.concat(self.by_block.values()).sort_values(keys, kind="stable").reset_index(drop=True)


def _first_columns(master: PriceMaster, relaxed: Relaxation) -> list[list[int]]:
    """Trajectories each stratum starts with in the blocks: those in use, the cheapest, the cheapest of each pattern of years."""
    cohorts, strata = master.cohorts, master.strata
    start: list[list[int]] = [[] for _ in range(len(strata.sort))]
    used: dict[int, list[int]] = {}
    for r, k in zip(relaxed.stratum.tolist(), relaxed.trajectory.tolist(), strict=True):
        used.setdefault(r, []).append(k)
    every = np.ones(len(cohorts.programme_class), dtype=bool)
    pattern = [table.attends(every) for table in cohorts.tables]
    for stratum, reduced in master.reduced_costs(relaxed.duals):
        sort = int(strata.sort[stratum])
        best = np.argpartition(reduced, min(BEST_PER_STRATUM, len(reduced) - 1))[:BEST_PER_STRATUM]
        shape = cohorts.take(sort, pattern[cohorts.sort_type[sort]])
        cheapest = np.full(int(shape.max()) + 1, np.inf)
        np.minimum.at(cheapest, shape, reduced)
        of_pattern = np.flatnonzero(reduced == cheapest[shape])
        _, first = np.unique(shape[of_pattern], return_index=True)
        near = of_pattern[first]
        near = near[reduced[near] <= reduced[best].min() + FAR * abs(reduced[best].min())]
        # The first attends least: with it a block can always do without a class that turns out too small to be held.
        start[stratum] = sorted({0, *used.get(stratum, []), *best.tolist(), *near.tolist()})
    return start
