"""Column generation: the linear relaxation over *all* trajectories, solved with few of them.

The master knows some trajectories; pricing finds the best of all others at its duals, until none is better. The duals are smoothed
(Wentges 1997) between the best and the newest ones; every set of duals gives a valid bound (Lagrange), so the
bound never depends on when the generation stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.pricing import Best
from allocator.engine.columns.restricted_master import Master
from allocator.engine.time_limit import OutOfTime

SMOOTHING = 0.6
"""Part of the best duals in the ones tried next, unless told otherwise."""

FAR = 25.0
"""Reduced cost beyond which plans drop a column once all trajectories have been priced, in units of the last goal."""

PRECISION = 1e-9
"""How much cheaper than what its stratum pays a column must be to enter, relative."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The relaxation of a master at its weights and caps.

    Parameters
    ----------
    value, bound
        Optimum over the columns at hand, and what no plan can be better than.
    duals, best
        Of the rows, inside the range where the bound is finite: those of the best bound; and the best trajectories there.
    x
        People on each column, then the extras.
    """

    value: float
    bound: float
    duals: np.ndarray
    best: Best
    x: np.ndarray
    rounds: int


def optimise(
    master: Master,
    *,
    tolerance: float = 0.0,
    relative: float = 0.0,
    settled: float = 0.0,
    smoothing: float = SMOOTHING,
    centre: np.ndarray | None = None,
    near: float = 0.0,
    far: float = np.inf,
    target: float = np.inf,
    most_rounds: int = 200,
    on_round: Callable[[int, float, float], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
    left: Callable[[], float] = lambda: np.inf,
) -> Relaxation | None:
    """Minimise the master's weighted goals over all trajectories.

    Parameters
    ----------
    tolerance, relative
        Distance of value and bound that is good enough.
    settled
        Relative gain of one round below which the value is good enough, whatever the bound.
    centre
        Duals to start from.
    near
        How much dearer than the best of its stratum a further trajectory may be to come along with it.
    far
        Reduced cost beyond which a column is dropped after the first solution.
    target
        A value that is reached; the bound need only prove that nothing is better.
    on_round
        Called with the round, the value and the bound.
    left
        Seconds that a linear program may take. One that is stopped leaves the solution before it, which the columns added since then do
        not know; the bound stands on duals and holds all the same.

    Returns
    -------
    Relaxation or None
        ``None`` when the rows cannot be held.

    Raises
    ------
    ModelError
        If the solver fails.
    OutOfTime
        If there was no time for a first solution.
    """
    if not len(master.stratum):
        first_columns(master)
    best_bound, best, there = -np.inf, np.zeros(0), Best(*(np.zeros(0, dtype=np.int64),) * 3)
    if centre is not None:
        best = master.clipped(centre)
        there = master.best(best)
        best_bound = master.bound(best, there)
    solution, rounds, before = master.solve(left()), 0, np.inf
    for rounds in range(1, most_rounds + 1):
        if solution is None:
            return None
        newest = master.clipped(solution.duals)
        trial = smoothing * best + (1 - smoothing) * newest if smoothing and len(best) else newest
        added, is_late = 0, should_stop()
        for duals in (trial, newest) if trial is not newest and not is_late else (newest,):
            found = master.best(duals, near)
            bound = master.bound(duals, found)
            if bound > best_bound:
                best_bound, best, there = bound, duals, found
            added += _add(master, found, newest)
            if added and not near:
                break
        on_round(rounds, solution.objective, best_bound)
        distance = max(tolerance, relative * max(1.0, abs(solution.objective)))
        if not added or min(solution.objective, target) - best_bound <= distance or is_late:
            break
        if settled and before - solution.objective < settled * abs(solution.objective):
            break
        before = solution.objective
        last = solution
        known = _padded(last.x, master) if np.isfinite(left()) else None
        if rounds == 1 and np.isfinite(far):
            keep = master.drop(newest, far)
            known = None if known is None else known[np.append(keep, np.ones(len(known) - len(keep), dtype=bool))]
        try:
            solution = master.solve(left())
        except OutOfTime:
            assert known is not None
            return Relaxation(last.objective, best_bound, best, there, known, rounds)
    if solution is None:
        return None
    return Relaxation(solution.objective, best_bound, best, there, _padded(solution.x, master), rounds)


def _padded(x: np.ndarray, master: Master) -> np.ndarray:
    """A solution on all columns of a master: those that came after it hold nobody."""
    known, fresh = len(x) - len(master.extras.row), len(master.stratum) + len(master.extras.row) - len(x)
    return np.concatenate([x[:known], np.zeros(fresh), x[known:]]) if fresh else x


def first_columns(master: Master, levels: int = 0) -> None:
    """Start with the best of every stratum when seats are free, and when they are dear; and at some prices between."""
    duals = np.zeros(len(master.rows.least))
    dearest = float(master.extra_cost.max(initial=0.0))
    for price in (0.0, dearest, *(dearest / 10.0**k for k in range(1, levels + 1))):
        duals[master.rows.seats[master.rows.seats >= 0]] = -price
        found = master.best(duals)
        master.add(found.stratum, found.trajectory)


def _add(master: Master, found: Best, duals: np.ndarray) -> int:
    """Add the trajectories found that are cheaper than what their stratum pays at some duals, with those beside them."""
    value = master.reduced(found.stratum, found.trajectory, duals)
    worth = duals[found.stratum]
    better = value < worth - PRECISION * np.maximum(1.0, np.abs(worth))
    chosen = np.zeros(len(master.strata.people), dtype=bool)
    chosen[found.stratum[better]] = True
    take = chosen[found.stratum]
    return master.add(found.stratum[take], found.trajectory[take])
