"""Planning again some people while the others keep what they attend."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import Goal
from allocator.engine.assign_names import name
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND
from allocator.engine.columns.aggregation import compact, exact, parted
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.initial_columns import start
from allocator.engine.columns.pricing import Prices
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.rounding import NODES, decide
from allocator.engine.reoptimise.residual_capacity import columns_of, left_by, names_kept
from allocator.engine.time_limit import Clock
from allocator.model.cohorts import Cohorts

NEAR_AGAIN = 0.5, 20.0
"""How much dearer than the cheapest the first columns, and those of each pattern, may be, in units of the last goal (``starts``)."""

LEAST_NEAR = 0.51
"""Distance of whole people from the relaxation that is always near enough, in units of the last goal."""

KEEP = 1e-4
"""What it is worth that a cadre keeps what he or she attends, in units of the last goal: ten thousand of them make one unit."""

KEEP_WELL = 0.02
"""The same when one plan is to be compared with another: fifty people move for one unit of the last goal, and not for nothing."""


def planned_again(
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

    Parameters
    ----------
    attendances
        The plan so far: ``cadre_id``, ``programme_id``, ``year``, ``headcount``.
    is_free
        Who is planned again, boolean (I,), whole cohorts.
    weights, prices, costs
        Of the goals in their order; of the rows of the cohorts; of their trajectories, when they are known.
    least
        Least size of each programme and year, shape (P, Y), where classes too small are not to come about; who keeps a class that those free
        could leave too small is free as well.
    keep
        What it is worth that one of those free keeps what he or she attends (``KEEP``, ``KEEP_WELL``).
    near
        Weighted distance from the relaxation at which a plan is good enough.
    left
        Seconds left for it.

    Raises
    ------
    ModelError
        If fixed seats cannot be held, or the solver fails.
    OutOfTime
        If the seconds left were not enough for a relaxation.
    """
    since = time.monotonic()
    person = cohorts.instance.people(attendances["cadre_id"])
    if least is not None:
        is_free, least = _with_small_classes(cohorts, attendances, person, is_free, least)
    keeps = ~is_free[person]
    which = np.flatnonzero([is_free[members[0]] for members in cohorts.members])
    allotment = left_by(cohorts, attendances[keeps])
    followed, trajectory, people = columns_of(cohorts, which, attendances[~keeps])
    strata, part_of = parted(exact(cohorts, which, allotment), followed, people)
    stratum = np.arange(len(trajectory))
    strata, places = compact(strata)
    goals = tuple(weights)
    costs = GoalCosts(strata, goals) if costs is None else costs
    master = Master(strata, goals, costs, least=None if least is None else least[places.programmes])
    master.set_weights(weights)
    reach = (0.0, 0.0) if clock.is_over() else NEAR_AGAIN
    known = prices.at(places)
    master.add(*start(master.pricing, known, master.cost, *reach))
    master.add(stratum, trajectory)
    master.prefer(stratum, trajectory, np.full(len(stratum), keep))
    relaxed = optimise(
        master,
        tolerance=max(near / 4, keep / 4),
        smoothing=0.0,
        centre=master.rows.duals(known),
        should_stop=clock.is_over,
        left=left,
    )
    near = max(near, LEAST_NEAR)
    plan = None if relaxed is None else decide(master, relaxed, nodes=NODES, near=near, left=left)
    master.close()
    if plan is None:
        raise ModelError(NONE_FOUND)
    named = name(cohorts, which[part_of[plan.stratum]], plan.trajectory, plan.people, seed)
    named = names_kept(cohorts, which, attendances[~keeps], named)
    clock.add("again", since)
    return _joined([attendances[keeps], named])


def _with_small_classes(
    cohorts: Cohorts, attendances: pd.DataFrame, person: np.ndarray, is_free: np.ndarray, least: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who is free when everybody is who keeps a class that those free could leave too small; and the least size of classes nobody keeps."""
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
    keys = ["cadre_id", "programme_id", "year"]
    return pd.concat(parts).sort_values(keys, kind="stable").reset_index(drop=True)
