"""Small problems: every trajectory of every cohort in one integer program, the goals solved one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from allocator.kinds import Goal
from allocator.solve.blocks import OVERFILLED, BlockProgram
from allocator.solve.linear import Outcome, Program, solve


def all_columns(block: BlockProgram) -> None:
    """Give a block every trajectory of its cohorts."""
    cohorts = block.cohorts
    count = np.array([cohorts.rows_of(int(s)) for s in cohorts.cohort_sort[block.block]])
    cohort = np.repeat(np.arange(len(count)), count)
    trajectory = np.concatenate([np.arange(n) for n in count]) if len(count) else cohort
    block.add(cohort, trajectory)


def lexicographic(
    block: BlockProgram,
    goals: tuple[Goal, ...],
    *,
    nodes: int | None = None,
    on_goal: Callable[[Goal, float, float], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[np.ndarray, dict[Goal, tuple[float, float]]] | None:
    """Best plan over the block's columns in the order of the goals.

    Returns
    -------
    tuple or None
        People on each column, shape (columns,), and value and bound of every goal (priority: minus the points);
        ``None`` when there is no plan. Fixed seats beyond those there are stand in the plan; the dates will not give them.
    """
    cohorts = block.cohorts
    x: np.ndarray | None = None
    found: dict[Goal, tuple[float, float]] = {}
    overfilled = np.zeros(len(block.cohort) + len(block.extra_goals), dtype=bool)
    overfilled[len(block.cohort) :] = [goal is OVERFILLED for goal in block.extra_goals]
    program = _least_overfilled(block.program(), overfilled)
    if program is None:
        return None
    for goal in goals:
        cost = block.objective({goal: 1.0}, [cohorts.costs(s, goal) for s in range(len(cohorts.sort_type))])
        cost[overfilled] = 0.0
        result = solve(replace(program, cost=cost), nodes=nodes)
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
    if x is None:
        result = solve(program)
        if result.outcome is Outcome.INFEASIBLE:
            return None
        x = result.x
    return x[: len(block.cohort)].astype(np.int64), found


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
