"""Large neighbourhood search (Shaw 1998): bring a plan of whole people nearer to the relaxation it was rounded from.

At the duals of the relaxation only few subproblems lose anything. These, their teams, and subproblems drawn at random from all that
have several near-optimal columns are decided again in one integer program; everybody else keeps a trajectory. As in RINS (Danna, Rothberg and
Le Pape 2005), the relaxation says what is worth deciding. Whole people often fit without loss only by such a chain of exchanges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from allocator.engine.columns.column_generation import Relaxation
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.near_optimal_columns import NearOptimalColumns, Touches
from allocator.engine.parameters import LARGE_NEIGHBOURHOOD, NEAR_OPTIMAL, SOLVER, TOLERANCES
from allocator.engine.solvers.integer_program import Program, solve


def solve_neighbourhood(
    master: Master,
    program: Program,
    x: np.ndarray,
    is_open: np.ndarray,
    keep: np.ndarray,
    gap: float,
    nodes: int,
    seconds: float = np.inf,
) -> np.ndarray | None:
    """Whole people on the columns ``keep`` of open subproblems and on all slack variables; everybody else as in ``x``.

    Returns
    -------
    numpy.ndarray or None
        The new plan, shape of ``x``; ``None`` if the solver found none within its limits.
    """
    n = len(master.subproblem)
    own = is_open[master.subproblem]
    value = np.where(np.append(~own, np.zeros(len(x) - n, dtype=bool)), x, 0.0)
    held = np.bincount(program.rows, program.values * value[program.columns], len(program.row_least))
    free = np.append(own & keep, np.ones(len(x) - n, dtype=bool))
    rest = replace(program, row_least=program.row_least - held, row_most=program.row_most - held).only(free)
    answer = solve(rest, gap=gap, nodes=nodes, seconds=seconds)
    if not answer.outcome.has_solution:
        return None
    value[free] = answer.x
    return value


def improved(
    master: Master,
    relaxed: Relaxation,
    x: np.ndarray,
    *,
    nodes: int,
    near: float,
    group_bound: Callable[[], float] = float,
    left: Callable[[], float] = lambda: np.inf,
) -> tuple[Master, np.ndarray, float]:
    """A plan at least as good: a master with its columns, whole people on them, and the weighted value.

    Parameters
    ----------
    x
        Whole people on the columns of the master, then the values of the slack variables.
    nodes
        Nodes of branch and bound in every neighbourhood.
    near, group_bound, left
        As of ``rounding.round_and_repair``; ``group_bound`` is called once a neighbourhood has gained nothing.
    """
    search = _Search(master, relaxed, x)
    failed, least = 0, relaxed.value
    for _ in range(LARGE_NEIGHBOURHOOD.most_neighbourhoods):
        if left() <= 0:
            break
        if failed and least == relaxed.value:
            least += group_bound()
        distance = search.value - least
        patience = (
            LARGE_NEIGHBOURHOOD.astray_patience * LARGE_NEIGHBOURHOOD.patience
            if distance > LARGE_NEIGHBOURHOOD.astray_factor * near
            else LARGE_NEIGHBOURHOOD.patience
        )
        if search.most <= LARGE_NEIGHBOURHOOD.drawn:
            patience //= 2  # In a small problem most subproblems are drawn each time, so the programs hardly differ.
        if distance <= near or failed > patience:
            break
        # Every other time dearer columns are allowed, up to the plan's distance: a way out may have to lose something first.
        reach = NEAR_OPTIMAL.reach if failed % 2 == 0 else max(NEAR_OPTIMAL.reach, distance)
        drawn = min(round(LARGE_NEIGHBOURHOOD.drawn * LARGE_NEIGHBOURHOOD.growth**failed), search.most)
        failed = (
            0
            if search.step(drawn, reach, nodes, gap=LARGE_NEIGHBOURHOOD.gap_share * near, seconds=left())
            else failed + 1
        )
    return search.master, search.x, search.value


class _Search:
    """The current plan, the near-optimal columns, what the plan loses, and the next neighbourhood."""

    def __init__(self, master: Master, relaxed: Relaxation, x: np.ndarray) -> None:
        n = len(master.subproblem)
        near_optimal = NearOptimalColumns.of(master, relaxed.duals)
        self.master, self.program, self.duals, self.reduced = (
            near_optimal.master,
            near_optimal.program,
            near_optimal.duals,
            near_optimal.reduced,
        )
        self.x = np.concatenate([x[:n], np.zeros(len(self.master.subproblem) - n), x[n:]])
        self.touches = Touches.of(self.master, self.program)
        self.is_flexible = near_optimal.count > 1
        # Half of them at most: all at once would be the same program again and again.
        self.most = min(LARGE_NEIGHBOURHOOD.most_drawn, -(-int(self.is_flexible.sum()) // 2))
        self.draw = np.random.default_rng(SOLVER.random_seed)

    @property
    def value(self) -> float:
        """Weighted value of the current plan."""
        return float(self.program.cost @ self.x)

    def step(self, drawn: int, reach: float, nodes: int, gap: float, seconds: float = np.inf) -> bool:
        """Solve one neighbourhood on columns of reduced cost up to ``reach``; returns whether the plan has improved."""
        columns = self.reduced[: len(self.master.subproblem)]
        keep = (columns <= reach) | (self.x[: len(columns)] > 0)
        relative = max(TOLERANCES.relative, gap / max(1.0, abs(self.value)))
        better = solve_neighbourhood(
            self.master, self.program, self.x, self._open(drawn), keep, relative, nodes, seconds
        )
        if better is None or self.program.cost @ better > self.value - TOLERANCES.loss:
            return False
        self.x = better
        return True

    def _open(self, drawn: int) -> np.ndarray:
        """Subproblems that lose something, their mates, and some drawn from the flexible ones, those nearby with a higher chance. Boolean (R,)."""
        rows, subproblems = self._losses()
        is_open = self.touches.mates(rows, subproblems, LARGE_NEIGHBOURHOOD.widest_mate_row)
        left = np.flatnonzero(self.is_flexible & ~is_open)
        if drawn and len(left):
            near = self.touches.nearness(is_open)[left]
            chance = np.full(len(left), 0.5 / len(left)) + 0.5 * (near + 1e-9) / (near + 1e-9).sum()
            is_open[self.draw.choice(left, min(drawn, len(left)), replace=False, p=chance / chance.sum())] = True
        return is_open

    def _losses(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows with a dual whose limit is not used to the full, and subproblems on a column that is not the cheapest; boolean each."""
        program, n = self.program, len(self.master.subproblem)
        held = np.bincount(program.rows, program.values * self.x[program.columns], len(program.row_least))
        low, high = self.duals > TOLERANCES.loss, self.duals < -TOLERANCES.loss
        rows = np.zeros(len(held), dtype=bool)
        rows[low] = held[low] > program.row_least[low] + TOLERANCES.loss
        rows[high] = held[high] < program.row_most[high] - TOLERANCES.loss
        used = (self.x > TOLERANCES.loss) & (self.reduced > TOLERANCES.loss)
        rows[self.master.slacks.row[used[n:]]] = True
        subproblems = np.zeros(len(self.master.subproblems.people), dtype=bool)
        subproblems[self.master.subproblem[used[:n]]] = True
        return rows, subproblems
