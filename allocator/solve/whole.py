"""Whole people on strata: the relaxation made integer, so that dividing it over blocks loses nothing.

A basic solution leaves few strata split. The others are kept as they are, and the split ones decided together in one small
integer program over the columns at hand, with every wide row in it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.solve.linear import Outcome, Program, solve
from allocator.solve.prices import PriceMaster, Relaxation

WHOLE = 1e-6
NODES = 500


def made_whole(master: PriceMaster, relaxed: Relaxation) -> Relaxation:
    """The relaxation with whole people in every stratum; as it was where the columns at hand allow no whole plan."""
    split = np.abs(relaxed.people - np.round(relaxed.people)) > WHOLE
    is_open = np.zeros(len(master.strata.sort), dtype=bool)
    is_open[relaxed.stratum[split]] = True
    kept = ~is_open[relaxed.stratum]
    stratum, trajectory = np.array(master.column_stratum), np.array(master.column_trajectory)
    free = np.flatnonzero(is_open[stratum])
    if not len(free):
        return replace(relaxed, people=np.round(relaxed.people))
    answer = solve(_program(master, relaxed, kept, free, np.flatnonzero(is_open)), gap=1e-9, nodes=NODES)
    if answer.outcome is Outcome.INFEASIBLE:
        return relaxed
    people = answer.x[: len(free)]
    used = people > WHOLE
    return replace(
        relaxed,
        stratum=np.concatenate([relaxed.stratum[kept], stratum[free[used]]]),
        trajectory=np.concatenate([relaxed.trajectory[kept], trajectory[free[used]]]),
        people=np.concatenate([np.round(relaxed.people[kept]), people[used]]),
    )


def _program(
    master: PriceMaster, relaxed: Relaxation, kept: np.ndarray, free: np.ndarray, strata: np.ndarray
) -> Program:
    """The integer program over the free columns; what is kept lowers the limits of the rows."""
    least, most = [a.astype(float) for a in (master.strata.people[strata], master.strata.people[strata])]
    row_of: dict[tuple[int, int, int], int] = {}
    lows, highs = [least], [most]
    at = len(strata)
    sides = [(-1, np.full_like(master.strata.capacity, -np.inf), master.strata.capacity)]
    sides += [(f, low, master.strata.ceiling[f]) for f, low in enumerate(master.strata.floor)]
    for f, low, high in sides:
        for row, y in np.argwhere(np.isfinite(low) | np.isfinite(high)).tolist():
            row_of[f, row, y] = at
            at += 1
        bounded = np.isfinite(low) | np.isfinite(high)
        lows.append(low[bounded])
        highs.append(high[bounded])
    row_least, row_most = np.concatenate(lows), np.concatenate(highs)
    held = zip(relaxed.stratum[kept].tolist(), relaxed.trajectory[kept].tolist(), relaxed.people[kept], strict=True)
    for r, k, people in held:
        for f, row, y, amount in master.uses(r, k):
            if (f, row, y) in row_of:
                row_least[row_of[f, row, y]] -= amount * round(people)
                row_most[row_of[f, row, y]] -= amount * round(people)
    place = {int(r): position for position, r in enumerate(strata)}
    rows, columns, values, cost = [], [], [], []
    for c, column in enumerate(free.tolist()):
        r, k = master.column_stratum[column], master.column_trajectory[column]
        cost.append(float(master.cost[master.strata.sort[r]][k]))
        entries = [(place[r], 1.0)]
        entries += [(row_of[f, row, y], amount) for f, row, y, amount in master.uses(r, k) if (f, row, y) in row_of]
        for row_id, amount in entries:
            rows.append(row_id)
            columns.append(c)
            values.append(amount)
    widths = [float(master.strata.people[master.column_stratum[c]]) for c in free.tolist()]
    for f, row, y, sign, width, price in master.slacks():
        if (f, row, y) in row_of:
            rows.append(row_of[f, row, y])
            columns.append(len(cost))
            values.append(float(sign))
            cost.append(price)
            widths.append(width)
    return Program(
        cost=np.array(cost),
        least=np.zeros(len(cost)),
        most=np.array(widths),
        whole=np.arange(len(cost)) < len(free),
        row_least=row_least,
        row_most=row_most,
        rows=np.array(rows),
        columns=np.array(columns),
        values=np.array(values),
    )
