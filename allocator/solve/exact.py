"""Small problems: every trajectory of every cohort in one integer program, the goals solved one after the other."""

from __future__ import annotations

from collections.abc import Callable

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
        ``None`` when fixed seats cannot be held at all.
    """
    cohorts = block.cohorts
    base = block.program()
    x: np.ndarray | None = None
    found: dict[Goal, tuple[float, float]] = {}
    overfilled = np.array([goal is OVERFILLED for goal in block.extra_goals], dtype=bool)
    most = base.most.copy()
    most[len(block.cohort) :][overfilled] = 0.0
    program = Program(**{**vars(base), "most": most})
    for goal in goals:
        cost = block.objective({goal: 1.0}, [cohorts.costs(s, goal) for s in range(len(cohorts.sort_type))])
        cost[len(block.cohort) :][overfilled] = 0.0
        result = solve(Program(**{**vars(program), "cost": cost}), nodes=nodes)
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


def _held(program: Program, cost: np.ndarray, value: float) -> Program:
    """The program with one more row: this goal stays as good as it is."""
    used = np.flatnonzero(cost)
    row = len(program.row_least)
    return Program(
        **{
            **vars(program),
            "row_least": np.append(program.row_least, -np.inf),
            "row_most": np.append(program.row_most, float(value)),
            "rows": np.concatenate([program.rows, np.full(len(used), row)]),
            "columns": np.concatenate([program.columns, used]),
            "values": np.concatenate([program.values, cost[used]]),
        }
    )
