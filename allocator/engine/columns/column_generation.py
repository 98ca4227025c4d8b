"""Column generation: the linear relaxation over *all* trajectories, solved with few of them (Lübbecke and Desrosiers 2005).

The restricted master knows some trajectories. Pricing finds cheaper ones at its duals, until there are none. The duals swing from round to
round, so pricing first tries a mix of the best and the newest ones (Wentges 1997; Pessoa and others 2018). Every set of duals
gives a valid Lagrangian bound, so the bound holds wherever the rounds end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.pricing import Best
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import COLUMN_GENERATION, TOLERANCES
from allocator.engine.time_limit import OutOfTime


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The solved relaxation of a master at its weights and caps.

    Parameters
    ----------
    value, bound
        Optimum over the columns at hand, and the value below which no plan can be.
    duals, best
        Duals of the best bound, inside the range where it is finite, and the best trajectories there.
    x
        People on each column, then the values of the slack variables.
    rounds
        Rounds of pricing.
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
    smoothing: float = COLUMN_GENERATION.smoothing,
    centre: np.ndarray | None = None,
    near: float = 0.0,
    far: float = np.inf,
    target: float = np.inf,
    most_rounds: int = COLUMN_GENERATION.most_rounds,
    on_round: Callable[[int, float, float], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
    left: Callable[[], float] = lambda: np.inf,
) -> Relaxation | None:
    """Minimise the master's weighted goals over all trajectories.

    Parameters
    ----------
    tolerance, relative
        Absolute and relative distance between value and bound that is good enough.
    settled
        Relative gain of a round below which the value is good enough, whatever the bound.
    smoothing
        Share of the best duals in those tried first; ``parameters`` says which.
    centre
        Duals to start the mix from.
    near
        How much dearer than the cheapest trajectory of its subproblem another one may be to enter with it.
    far
        Reduced cost above which a column is dropped after the first solution.
    target
        A value already reached; the bound need only prove that nothing is better.
    on_round
        Called with round, value and bound.
    should_stop
        Asked once a round; the round then ends with the newest duals.
    left
        Seconds that a linear program may take. If one is stopped, the solution before it is returned without the columns added since. The
        bound stands on duals, so it holds all the same.

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
    if not len(master.subproblem):
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
        # If the mix finds nothing that improves the solution (a mis-price), the newest duals decide whether the optimum is reached.
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
    """A solution extended to columns that were added after it, with nobody on them."""
    known, fresh = len(x) - len(master.slacks.row), len(master.subproblem) + len(master.slacks.row) - len(x)
    return np.concatenate([x[:known], np.zeros(fresh), x[known:]]) if fresh else x


def first_columns(master: Master, levels: int = 0) -> None:
    """Start with the cheapest trajectories of every subproblem when seats are free, when they are as dear as can be, and at ``levels`` prices between."""
    duals = np.zeros(len(master.rows.least))
    dearest = float(master.slack_cost.max(initial=0.0))
    for price in (0.0, dearest, *(dearest / 10.0**k for k in range(1, levels + 1))):
        duals[master.rows.seats[master.rows.seats >= 0]] = -price
        found = master.best(duals)
        master.add(found.subproblem, found.trajectory)


def _add(master: Master, found: Best, duals: np.ndarray) -> int:
    """Add the trajectories of those subproblems whose cheapest one improves the solution; returns how many columns are new.

    A column improves it if its price is below the dual of its subproblem's convexity row, which is what one person there pays now.
    """
    value = master.reduced(found.subproblem, found.trajectory, duals)
    worth = duals[found.subproblem]
    better = value < worth - TOLERANCES.relative * np.maximum(1.0, np.abs(worth))
    chosen = np.zeros(len(master.subproblems.people), dtype=bool)
    chosen[found.subproblem[better]] = True
    take = chosen[found.subproblem]
    return master.add(found.subproblem[take], found.trajectory[take])
