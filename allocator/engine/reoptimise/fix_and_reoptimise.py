"""Fix and reoptimise: plan some people again while the others keep what they attend."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.assign_names import name
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND
from allocator.engine.columns.aggregation import compact, disaggregated, parted
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.initial_columns import start
from allocator.engine.columns.pricing import Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.rounding import round_and_repair
from allocator.engine.parameters import FIX_AND_REOPTIMISE, ROUNDING
from allocator.engine.reoptimise.residual_capacity import columns_of, names_kept, residual_capacity
from allocator.engine.time_limit import Clock
from allocator.model.cohorts import Cohorts


def fix_and_reoptimise(
    cohorts: Cohorts,
    attendances: pd.DataFrame,
    is_free: np.ndarray,
    *,
    weights: Mapping[Goal, float],
    prices: Prices,
    costs: GoalCosts | None,
    least: np.ndarray | None,
    keep: float,
    near: float,
    seed: str,
    clock: Clock,
    left: Callable[[], float] = lambda: np.inf,
) -> pd.DataFrame:
    """A yearly plan in which some people are planned again, sorted by cadre, programme and year.

    The others are fixed, so the free people form a small problem with the residual capacity. It starts from known prices and from what they attend now,
    and a bonus for that lets only those move who gain by it.

    Parameters
    ----------
    attendances
        The plan so far: ``cadre_id``, ``programme_id``, ``year``, ``headcount``.
    is_free
        Who is planned again, boolean (I,), whole cohorts.
    weights, prices, costs
        Weights of the goals in their order; prices of the rows; costs of the trajectories, if they are known.
    least
        Least size of each programme and year, shape (P, Y), if classes below it must not come about. Then those are free too who keep a class
        that the free people could leave too small.
    keep
        Bonus for a free person who keeps what he or she attends (``FixAndReoptimiseParameters.habit``).
    near
        Weighted distance from the relaxation at which a plan is good enough.
    left
        Seconds left.

    Raises
    ------
    ModelError
        If fixed seats cannot be held, or the solver fails.
    OutOfTime
        If there was no time for a relaxation.
    """
    since = time.monotonic()
    person = cohorts.instance.people(attendances["cadre_id"])
    if least is not None:
        is_free, least = _with_small_classes(cohorts, attendances, person, is_free, least)
    keeps = ~is_free[person]
    which = np.flatnonzero([is_free[members[0]] for members in cohorts.members])
    allotment = residual_capacity(cohorts, attendances[keeps])
    followed, trajectory, people = columns_of(cohorts, which, attendances[~keeps])
    subproblems, part_of = parted(disaggregated(cohorts, which, allotment), followed, people)
    subproblem = np.arange(len(trajectory))
    subproblems, places = compact(subproblems)
    goals = tuple(weights)
    costs = GoalCosts(subproblems, goals) if costs is None else costs
    master = Master(subproblems, goals, costs, least=None if least is None else least[places.programmes])
    master.set_weights(weights)
    reach = (0.0, 0.0) if clock.is_over() else (FIX_AND_REOPTIMISE.near, FIX_AND_REOPTIMISE.near_pattern)
    known = prices.at(places)
    master.add(*start(master.pricing, known, master.cost, *reach))
    master.add(subproblem, trajectory)
    master.prefer(subproblem, trajectory, np.full(len(subproblem), keep))
    relaxed = optimise(
        master,
        tolerance=FIX_AND_REOPTIMISE.solved_share * max(near, keep),
        smoothing=0.0,
        centre=master.rows.duals(known),
        should_stop=clock.is_over,
        left=left,
    )
    near = max(near, FIX_AND_REOPTIMISE.least_enough)
    plan = None if relaxed is None else round_and_repair(master, relaxed, nodes=ROUNDING.nodes, near=near, left=left)
    master.close()
    if plan is None:
        raise ModelError(NONE_FOUND)
    named = name(cohorts, which[part_of[plan.subproblem]], plan.trajectory, plan.people, seed)
    named = names_kept(cohorts, which, attendances[~keeps], named)
    clock.add("again", since)
    return _joined([attendances[keeps], named])


def _with_small_classes(
    cohorts: Cohorts, attendances: pd.DataFrame, person: np.ndarray, is_free: np.ndarray, least: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who is free once classes are considered, and the least sizes of classes that no fixed person keeps.

    If the free people could leave a class of fixed people below its least size, those fixed people become free as well, and so on.
    """
    programme = attendances["programme_id"].map(cohorts.instance.programme_index).to_numpy(np.int64)
    year = attendances["year"].to_numpy(np.int64) - cohorts.instance.years[0]
    while True:
        kept, left = np.zeros_like(least), np.zeros_like(least)
        keeps = ~is_free[person]
        for count, own in ((kept, keeps), (left, ~keeps)):
            np.add.at(count, (programme[own], year[own]), attendances["headcount"].to_numpy(np.int64)[own])
        is_small = (kept > 0) & (kept < least) & (left > 0)
        if not is_small.any():
            return is_free, np.where(kept > 0, 0, least)
        chosen = np.zeros(len(cohorts.members), dtype=bool)
        chosen[cohorts.cohort_of[person[keeps & is_small[programme, year]]]] = True
        is_free = is_free | chosen[cohorts.cohort_of]


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Parts of a yearly plan as one table, sorted."""
    keys = ["cadre_id", "programme_id", "year"]
    return pd.concat(parts).sort_values(keys, kind="stable").reset_index(drop=True)
