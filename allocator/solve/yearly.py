"""The yearly stage: which trajectory for whom, with a bound for every goal.

Small problems are solved exactly. Larger ones in three steps: prices on sorts of people (``prices``), seats divided over
blocks, and each block's integer program (``blocks``). Bounds come from the relaxation at weights of one goal after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from allocator.errors import ModelError
from allocator.instance import Instance
from allocator.kinds import Goal
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import SHAPES, in_use, weights
from allocator.model.shared import collect
from allocator.naming import name
from allocator.solve.blocks import Allotment, BlockPlan, BlockProgram, Partition, partition
from allocator.solve.clock import Clock
from allocator.solve.exact import all_columns, lexicographic
from allocator.solve.prices import PriceMaster, Relaxation, Strata, coarse, fine

EXACT_COLUMNS = 30_000
"""Cohorts times trajectories up to which a problem is solved exactly."""

BEST_PER_STRATUM = 5
"""Trajectories of every stratum that a block starts with, cheapest first; beside them the best of each pattern of years."""

FAR = 0.5
"""Relative distance from the cheapest beyond which the best of a pattern is not worth starting with."""


@dataclass(frozen=True, eq=False)
class YearPlan:
    """The yearly plan by name, and what is known of its quality.

    Parameters
    ----------
    attendances
        ``cadre_id``, ``programme_id``, ``year``, ``headcount``.
    goals
        Goals that some rule counts to, in rank order.
    values
        Value of each goal in the yearly plan where it was computed (exact solves only).
    bound
        Function from the values of a plan to a bound for each goal (in the goal's own sense).
    """

    attendances: pd.DataFrame
    goals: tuple[Goal, ...]
    bound: Callable[[Mapping[Goal, float]], dict[Goal, float]]
    seconds: dict[str, float] = field(default_factory=dict)
    work: dict[str, float] = field(default_factory=dict)
    is_complete: bool = True


def plan_years(
    instance: Instance,
    *,
    seed: str,
    workers: int = 1,
    clock: Clock | None = None,
) -> YearPlan:
    """Find trajectories for everyone.

    Parameters
    ----------
    seed
        Published seed of the tie-break.
    workers
        Blocks solved at a time; the plan does not depend on it.

    Raises
    ------
    ModelError
        If a rule cannot be expressed, or fixed seats cannot be held.
    """
    clock = clock or Clock(None)
    since = time.monotonic()
    clock.say("group")
    families = collect(instance)
    cohorts = group(instance, families)
    goals = in_use(instance.inputs.scenario.goals, cohorts, families)
    clock.add("group", since)
    columns = sum(cohorts.rows_of(int(s)) for s in cohorts.cohort_sort)
    work = {
        "people": float(instance.headcount.sum()),
        "sorts": float(len(cohorts.sort_type)),
        "cohorts": float(len(cohorts.cohort_sort)),
        "trajectories": float(columns),
    }
    if columns <= EXACT_COLUMNS:
        found = _exact(cohorts, goals, seed, clock)
    else:
        found = _by_blocks(cohorts, goals, seed, workers, clock, work)
    found.work.update(work)
    found.seconds.update(clock.stages)
    return found


def _exact(cohorts: Cohorts, goals: tuple[Goal, ...], seed: str, clock: Clock) -> YearPlan:
    since = time.monotonic()
    instance = cohorts.instance
    weight = weights(goals) or {"violation": 1.0}
    block = BlockProgram(
        cohorts,
        np.arange(len(cohorts.cohort_sort)),
        Allotment(
            instance.calendar.seats.astype(float),
            tuple(f.floor for f in cohorts.families),
            tuple(f.ceiling for f in cohorts.families),
        ),
        instance.calendar.least,
        weight,
        [np.zeros(cohorts.rows_of(s), np.float32) for s in range(len(cohorts.sort_type))],
    )
    all_columns(block)
    answer = lexicographic(
        block,
        goals,
        on_goal=lambda goal, value, bound: clock.say("solve", goal=goal, incumbent=value, bound=bound),
        should_stop=clock.is_over,
    )
    if answer is None:
        raise ModelError(
            "the fixed seats cannot be held: some session is too small for the people called to it by name"
        )
    people, found = answer
    used = people > 0
    attendances = name(cohorts, block.block[block.cohort[used]], block.trajectory[used], people[used], seed)
    bounds = {goal: _signed(goal, bound) for goal, (_, bound) in found.items()}
    clock.add("solve", since)
    return YearPlan(attendances, goals, lambda _: dict(bounds), is_complete=len(found) == len(goals))


def _signed(goal: Goal, value: float) -> float:
    return -value if SHAPES[goal].sense == "max" else value


def _by_blocks(
    cohorts: Cohorts, goals: tuple[Goal, ...], seed: str, workers: int, clock: Clock, work: dict[str, float]
) -> YearPlan:
    since = time.monotonic()
    instance = cohorts.instance
    weight = weights(goals)
    seats = instance.calendar.seats.astype(float)
    tolerance = 1e-6 * max(weight.values())
    rough = PriceMaster(coarse(cohorts, seats))
    first = rough.optimise(
        weight,
        tolerance,
        on_round=lambda _, value, bound: clock.say("prices", incumbent=value, bound=bound),
        should_stop=clock.is_over,
    )
    rough.close()
    clock.add("prices-coarse", since)
    since = time.monotonic()
    master = PriceMaster(fine(cohorts, seats))
    relaxed = master.optimise(
        weight,
        tolerance,
        centre=master.start_from(rough, first),
        on_round=lambda _, value, bound: clock.say("prices", incumbent=value, bound=bound),
        should_stop=clock.is_over,
    )
    work["rounds"], work["columns"] = first.rounds + relaxed.rounds, len(master.columns)
    clock.add("prices", since)

    since = time.monotonic()
    parts = partition(cohorts)
    allotments = divide(master.strata, parts, relaxed, seats)
    least = np.where(parts.wide_seats[:, None], 0, instance.calendar.least)
    start = _first_columns(master, relaxed)
    done = 0

    def plan_block(b: int) -> BlockPlan | None:
        nonlocal done
        block = BlockProgram(cohorts, parts.blocks[b], allotments[b], least, weight, master.cost)
        pairs = [
            (position, trajectory)
            for position, c in enumerate(parts.blocks[b].tolist())
            for trajectory in start[int(master.strata.of[c])]
        ]
        block.add(*(np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True)))
        plan = block.solve(rounds=0 if clock.is_over() else 12, nodes=100)
        done += 1
        clock.say("blocks", done=done / len(parts.blocks))
        return plan

    with ThreadPoolExecutor(max_workers=workers) as pool:
        plans = list(pool.map(plan_block, range(len(parts.blocks))))
    if any(plan is None for plan in plans):
        raise ModelError(
            "the fixed seats cannot be held: some session is too small for the people called to it by name"
        )
    kept = [plan for plan in plans if plan is not None]
    work["blocks"] = len(kept)
    work["blocks-value"] = sum(plan.value for plan in kept)
    work["blocks-relaxed"] = sum(plan.relaxed for plan in kept)
    clock.add("blocks", since)

    since = time.monotonic()
    attendances = name(
        cohorts,
        np.concatenate([plan.cohort for plan in kept]),
        np.concatenate([plan.trajectory for plan in kept]),
        np.concatenate([plan.people for plan in kept]),
        seed,
    )
    clock.add("naming", since)
    return YearPlan(
        attendances,
        goals,
        lambda values: _bounds(master, goals, values, relaxed, clock),
        is_complete=not clock.is_over(),
    )


def divide(strata: Strata, parts: Partition, relaxed: Relaxation, seats: np.ndarray) -> list[Allotment]:
    """Divide seats, floors and ceilings of wide rows over the blocks by what the relaxation uses there."""
    cohorts = strata.cohorts
    inside = np.argsort(strata.of, kind="stable")
    inside_of = np.split(inside, np.cumsum(np.bincount(strata.of, minlength=len(strata.sort)))[:-1])
    block_of = np.zeros(len(cohorts.cohort_sort), dtype=np.int64)
    for b, block in enumerate(parts.blocks):
        block_of[block] = b
    blocks, years = len(parts.blocks), seats.shape[1]
    used_seats = np.zeros((blocks, *seats.shape))
    used_rows = [np.zeros((blocks, len(f.names), years)) for f in cohorts.families]
    for r, k, n in zip(relaxed.stratum.tolist(), relaxed.trajectory.tolist(), relaxed.people.tolist(), strict=True):
        s = int(strata.sort[r])
        table, menus, of = cohorts.tables[cohorts.sort_type[s]], cohorts.menus(s, k), inside_of[r]
        part = n * cohorts.cohort_people[of] / strata.people[r]
        for y, menu in enumerate(menus):
            held = table.menus[menu]
            for slot in np.flatnonzero(held):
                np.add.at(used_seats, (block_of[of], cohorts.cohort_slots[of, slot], y), part)
            for f, family in enumerate(cohorts.families):
                if parts.wide_rows[f].any() and cohorts.sort_audience[s, f]:
                    count = float(family.counts(held[None, :], table.slots)[0])
                    if count:
                        np.add.at(used_rows[f], (block_of[of], cohorts.cohort_groups[of, f], y), part * count)
    own_seats = np.repeat(seats[None], blocks, axis=0)
    for p in np.flatnonzero(parts.wide_seats):
        for y in range(years):
            own_seats[:, p, y] = split(seats[p, y], used_seats[:, p, y])
    floors = [np.repeat(f.floor[None], blocks, axis=0) for f in cohorts.families]
    ceilings = [np.repeat(f.ceiling[None], blocks, axis=0) for f in cohorts.families]
    for f, family in enumerate(cohorts.families):
        for g in np.flatnonzero(parts.wide_rows[f]):
            for y in range(years):
                for limits, own in ((family.floor, floors[f]), (family.ceiling, ceilings[f])):
                    if np.isfinite(limits[g, y]):
                        own[:, g, y] = split(limits[g, y], used_rows[f][:, g, y])
    return [
        Allotment(own_seats[b], tuple(part[b] for part in floors), tuple(part[b] for part in ceilings))
        for b in range(blocks)
    ]


def split(total: float, used: np.ndarray) -> np.ndarray:
    """Whole parts of a total in proportion to use: largest remainder, the first block at a tie."""
    amount = used * (total / used.sum()) if used.sum() > 1e-9 else np.full(len(used), total / len(used))
    parts = np.floor(amount + 1e-9)
    missing = round(total - parts.sum())
    order = np.argsort(-(amount - parts), kind="stable")
    parts[order[:missing]] += 1
    return parts


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
        start[stratum] = sorted({*used.get(stratum, []), *best.tolist(), *near.tolist()})
    return start


def _bounds(
    master: PriceMaster, goals: tuple[Goal, ...], values: Mapping[Goal, float], relaxed: Relaxation, clock: Clock
) -> dict[Goal, float]:
    """A bound for each goal, given that the goals ranked before are at least as good as in the plan.

    At weights ``w`` the relaxation says ``w_g v_g + Σ_h w_h v_h ≥ L`` over the goals up to ``g``; with ``v_h`` at most the plan's
    values, ``v_g ≥ (L - Σ_h w_h V_h) / w_g``. A goal that is 0 and cannot be less needs no relaxation.
    """
    bounds: dict[Goal, float] = {}
    full = weights(goals)
    for position, goal in enumerate(goals):
        value = _signed(goal, values[goal])
        if SHAPES[goal].sense == "min" and value <= 0:
            bounds[goal] = 0.0
            continue
        held = goals[:position]
        stage = {h: full[h] / full[goal] for h in held} | {goal: 1.0}
        centre = relaxed.duals.scaled(1 / full[goal])
        tolerance = 1e-4 * max(1.0, abs(value))
        if clock.is_over():
            limit = master.bound_at(stage, centre)
        else:
            limit = master.optimise(
                stage,
                tolerance,
                centre=centre,
                on_round=lambda _, incumbent, bound, goal=goal: clock.say(  # type: ignore[misc]
                    "bounds", goal=goal, incumbent=incumbent, bound=bound
                ),
                should_stop=clock.is_over,
            ).bound
        bound = limit - sum(stage[h] * _signed(h, values[h]) for h in held)
        if SHAPES[goal].sense == "min":
            bound = max(0.0, bound)
        bounds[goal] = _signed(goal, bound)
    master.close()
    return bounds
