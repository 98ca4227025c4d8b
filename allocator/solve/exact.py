"""Small problems: every trajectory of every cohort in one integer program, the goals solved one after the other.

Among the plans that are equal in all goals the published draw decides (``one_plan``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from allocator.kinds import Goal
from allocator.solve.linear import Outcome, Program, solve
from allocator.solve.master import OVERFILLED, Master

NODES = 5_000
"""Nodes of branch and bound at most for the draw. The plan found then is as good, but may not be the one preferred."""


def all_columns(master: Master) -> None:
    """Give a master every trajectory of its strata."""
    strata = master.strata
    count = np.array([strata.cohorts.rows_of(int(s)) for s in strata.sort], dtype=np.int64)
    stratum = np.repeat(np.arange(len(count)), count)
    master.add(stratum, np.arange(len(stratum)) - np.repeat(np.cumsum(count) - count, count))


def lexicographic(
    master: Master,
    *,
    caps: Mapping[Goal, float] = MappingProxyType({}),
    draws: np.ndarray | None = None,
    on_goal: Callable[[Goal, float, float], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[np.ndarray, dict[Goal, tuple[float, float]]] | None:
    """Best plan over the master's columns in the order of its goals.

    Parameters
    ----------
    caps
        Most that a goal may come to, before every goal; where it cannot be so little, it is held as low as it can be.
    draws
        What decides among the best plans: a whole number per column, added up over people, the less the better.

    Returns
    -------
    tuple or None
        People on each column, shape (columns,), and value and bound of every goal (priority: minus the points);
        ``None`` when there is no plan. Fixed seats beyond those there are stand in the plan; the dates will not give them.
    """
    x: np.ndarray | None = None
    found: dict[Goal, tuple[float, float]] = {}
    overfilled = np.concatenate([np.zeros(len(master.stratum), dtype=bool), master.extras.kind == OVERFILLED])
    program = _least_overfilled(master.program(), overfilled)
    if program is None:
        return None
    for goal, cap in caps.items():
        if goal in master.goals:
            cost = _cost_of(master, goal, overfilled)
            least = solve(replace(program, cost=cost))
            if least.outcome is Outcome.INFEASIBLE:
                return None
            program = _held(program, cost, max(cap, round(least.objective)))
    for goal in master.goals:
        cost = _cost_of(master, goal, overfilled)
        result = solve(replace(program, cost=cost))
        if result.outcome is Outcome.INFEASIBLE:
            return None
        x = result.x
        value = round(result.objective)
        bound = min(value, float(np.ceil(result.bound - 1e-6)))
        found[goal] = (value, bound)
        on_goal(goal, value, bound)
        program = _held(program, cost, value)
        if should_stop():
            break
    if draws is not None and not should_stop():
        drawn = _preferred(program, np.append(draws, np.zeros(len(overfilled) - len(draws))))
        x = x if drawn is None else drawn
    if x is None:
        result = solve(program)
        if result.outcome is Outcome.INFEASIBLE:
            return None
        x = result.x
    return x[: len(master.stratum)].astype(np.int64), found


def _cost_of(master: Master, goal: Goal, overfilled: np.ndarray) -> np.ndarray:
    """What every column and extra costs in one goal; seats that do not exist cost nothing."""
    master.set_weights({goal: 1.0})
    cost = np.concatenate([master.column_cost, master.extra_cost])
    cost[overfilled] = 0.0
    return cost


def _preferred(program: Program, draws: np.ndarray) -> np.ndarray | None:
    """The plan that the draws prefer; ``None`` when the nodes did not suffice to find any."""
    answer = solve(replace(program, cost=draws), nodes=NODES)
    return answer.x if answer.outcome.has_solution else None


def _least_overfilled(program: Program, overfilled: np.ndarray) -> Program | None:
    """The program with as few seats that do not exist as its fixed seats need, which is none where they can be held."""
    closed = replace(program, cost=np.zeros_like(program.cost), most=np.where(overfilled, 0.0, program.most))
    if solve(closed).outcome is not Outcome.INFEASIBLE:
        return closed
    cost = overfilled.astype(float)
    least = solve(replace(program, cost=cost))
    return None if least.outcome is Outcome.INFEASIBLE else _held(program, cost, round(least.objective))


def _held(program: Program, cost: np.ndarray, value: float) -> Program:
    """The program with one more row: this goal stays as good as it is."""
    used = np.flatnonzero(cost)
    row = len(program.row_least)
    return replace(
        program,
        row_least=np.append(program.row_least, -np.inf),
        row_most=np.append(program.row_most, float(value)),
        rows=np.concatenate([program.rows, np.full(len(used), row)]),
        columns=np.concatenate([program.columns, used]),
        values=np.concatenate([program.values, cost[used]]),
    )
