"""Dividing wide rows over blocks: seats, floors and ceilings in proportion to what the relaxation uses there."""

from __future__ import annotations

import numpy as np

from allocator.solve.blocks import Partition
from allocator.solve.master import Master
from allocator.solve.pricing import Pricing
from allocator.solve.strata import Allotment, exact


def divide(master: Master, people: np.ndarray, parts: Partition) -> list[Allotment]:
    """Divide seats, floors and ceilings of wide rows over the blocks by what people on columns use there.

    Where they miss a limit, the blocks are given what they reach: missing more is for no block to choose.

    Parameters
    ----------
    people
        On each column of a master over pooled strata.
    """
    cohorts = master.strata.cohorts
    seats = cohorts.instance.calendar.seats.astype(float)
    block_of = np.zeros(len(cohorts.cohort_sort), dtype=np.int64)
    for b, block in enumerate(parts.blocks):
        block_of[block] = b
    blocks, years = len(parts.blocks), seats.shape[1]
    cohort, trajectory, part = _spread(master, people)
    used = Pricing(exact(cohorts)).entries(cohort, trajectory)
    block, amount = block_of[cohort[used.column]], used.amount * part[used.column]
    own_seats = np.repeat(seats[None], blocks, axis=0)
    held = used.family < 0
    used_seats = np.zeros((blocks, *seats.shape))
    np.add.at(used_seats, (block[held], used.row[held], used.year[held]), amount[held])
    for p in np.flatnonzero(parts.wide_seats):
        for y in range(years):
            own_seats[:, p, y] = split(seats[p, y], used_seats[:, p, y])
    floors = [np.repeat(f.floor[None], blocks, axis=0) for f in cohorts.families]
    ceilings = [np.repeat(f.ceiling[None], blocks, axis=0) for f in cohorts.families]
    missed = [np.zeros_like(f.ceiling) for f in cohorts.families]
    for f, family in enumerate(cohorts.families):
        if not parts.wide_rows[f].any():
            continue
        counted = used.family == f
        used_rows = np.zeros((blocks, len(family.names), years))
        np.add.at(used_rows, (block[counted], used.row[counted], used.year[counted]), amount[counted])
        for g in np.flatnonzero(parts.wide_rows[f]):
            for y in range(years):
                own = used_rows[:, g, y]
                low, high = family.floor[g, y], family.ceiling[g, y]
                if np.isfinite(low):
                    floors[f][:, g, y] = split(min(low, round(own.sum())), own)
                if np.isfinite(high):
                    ceilings[f][:, g, y] = split(max(high, round(own.sum())), own)
                missed[f][g, y] = max(0.0, low - round(own.sum()), round(own.sum()) - high)
    return [
        Allotment(own_seats[b], tuple(part[b] for part in floors), tuple(part[b] for part in ceilings), tuple(missed))
        for b in range(blocks)
    ]


def _spread(master: Master, people: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cohort, trajectory and people of a plan on pooled strata, every cohort with its share."""
    strata, cohorts = master.strata, master.strata.cohorts
    used = np.flatnonzero(people > 1e-9)
    inside = np.argsort(strata.of, kind="stable")
    count = np.bincount(strata.of, minlength=len(strata.sort))
    first = np.cumsum(count) - count
    own = count[master.stratum[used]]
    column = np.repeat(used, own)
    step = np.arange(len(column)) - np.repeat(np.cumsum(own) - own, own)
    cohort = inside[first[master.stratum[column]] + step]
    part = people[column] * cohorts.cohort_people[cohort] / strata.people[master.stratum[column]]
    return cohort, master.trajectory[column], part


def split(total: float, used: np.ndarray) -> np.ndarray:
    """Whole parts of a total in proportion to use: largest remainder, the first block at a tie."""
    amount = used * (total / used.sum()) if used.sum() > 1e-9 else np.full(len(used), total / len(used))
    parts = np.floor(amount + 1e-9)
    missing = round(total - parts.sum())
    order = np.argsort(-(amount - parts), kind="stable")
    parts[order[:missing]] += 1
    return parts
