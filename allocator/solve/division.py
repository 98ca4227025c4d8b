"""Dividing wide rows over blocks: seats, floors and ceilings in proportion to what the relaxation uses there."""

from __future__ import annotations

import numpy as np

from allocator.solve.blocks import Allotment, Partition
from allocator.solve.prices import Relaxation
from allocator.solve.strata import Strata


def divide(strata: Strata, parts: Partition, relaxed: Relaxation, seats: np.ndarray) -> list[Allotment]:
    """Divide seats, floors and ceilings of wide rows over the blocks by what a plan on strata uses there.

    Where the plan misses a limit, the blocks are given what it reaches: missing more is for no block to choose.
    """
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
    missed = [np.zeros_like(f.ceiling) for f in cohorts.families]
    for f, family in enumerate(cohorts.families):
        for g in np.flatnonzero(parts.wide_rows[f]):
            for y in range(years):
                used = used_rows[f][:, g, y]
                low, high = family.floor[g, y], family.ceiling[g, y]
                if np.isfinite(low):
                    floors[f][:, g, y] = split(min(low, round(used.sum())), used)
                if np.isfinite(high):
                    ceilings[f][:, g, y] = split(max(high, round(used.sum())), used)
                missed[f][g, y] = max(0.0, low - round(used.sum()), round(used.sum()) - high)
    return [
        Allotment(own_seats[b], tuple(part[b] for part in floors), tuple(part[b] for part in ceilings), tuple(missed))
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
