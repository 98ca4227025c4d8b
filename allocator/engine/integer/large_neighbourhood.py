"""Large neighbourhood search (Shaw 1998): whole people brought nearer to the relaxation that they were rounded from.

At the prices of the relaxation a plan loses what its columns cost more than the best of their strata, and what limits are worth that it
does not use. Few strata lose anything. They and the others of their teams are decided again in one integer program, together with strata
drawn at random from all for whom several trajectories are equally good, on every trajectory that is nearly as good as the best; everybody
else stays. Whom the relaxation splits has often only such a chain of exchanges to be whole without loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from allocator.engine.columns.column_generation import Relaxation
from allocator.engine.columns.restricted_master import Master
from allocator.engine.integer.near_optimal_columns import CLOSE, LOSS, Close, Touches
from allocator.engine.solvers.integer_program import Program, solve

MATES = 60
"""Strata that a row joins as those of a team, or of one small programme, at most."""

DRAWN, GROWTH, WIDEST = 500, 1.3, 2_000
"""Strata drawn into the first neighbourhood, how many times as many after each that gained nothing, and how many at most."""

PATIENCE, MOST = 4, 40
"""Neighbourhoods that may gain nothing one after the other, and neighbourhoods at most."""

ASTRAY = 100
"""Times the distance that is good enough beyond which a plan has most likely missed a rule: three times the patience is worth it."""

WHOLE_GAP = 1e-9
SEED = 1


def decided(
    master: Master,
    program: Program,
    x: np.ndarray,
    is_open: np.ndarray,
    keep: np.ndarray,
    gap: float,
    nodes: int,
    seconds: float = np.inf,
) -> np.ndarray | None:
    """Whole people on the columns ``keep`` of open strata and on all extras, everybody else as in ``x``."""
    n = len(master.stratum)
    own = is_open[master.stratum]
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
    certain: Callable[[], float] = float,
    left: Callable[[], float] = lambda: np.inf,
) -> tuple[Master, np.ndarray, float]:
    """A plan at least as good: a master of its columns, whole people on them, and the weighted value.

    Parameters
    ----------
    x
        Whole people on the columns of the master, then the extras.
    nodes
        Of branch and bound in every neighbourhood.
    near, certain, left
        As of ``whole.decide``; what is certain is worked out when a neighbourhood gained nothing.
    """
    search = _Search(master, relaxed, x)
    failed, least = 0, relaxed.value
    for _ in range(MOST):
        if left() <= 0:
            break
        if failed and least == relaxed.value:
            least += certain()
        distance = search.value - least
        patience = 3 * PATIENCE if distance > ASTRAY * near else PATIENCE
        if search.most <= DRAWN:
            patience //= 2  # Where most are drawn each time, the programs hardly differ.
        if distance <= near or failed > patience:
            break
        # Every other time also on dearer columns at hand, as dear as the plan is far off: some step may have to lose first.
        reach = CLOSE if failed % 2 == 0 else max(CLOSE, distance)
        drawn = min(round(DRAWN * GROWTH**failed), search.most)
        failed = 0 if search.step(drawn, reach, nodes, gap=0.1 * near, seconds=left()) else failed + 1
    return search.master, search.x, search.value


class _Search:
    """A plan on its way: the columns that are close, what the plan loses, and the next neighbourhood."""

    def __init__(self, master: Master, relaxed: Relaxation, x: np.ndarray) -> None:
        n = len(master.stratum)
        close = Close.of(master, relaxed.duals)
        self.master, self.program, self.duals, self.reduced = close.master, close.program, close.duals, close.reduced
        self.x = np.concatenate([x[:n], np.zeros(len(self.master.stratum) - n), x[n:]])
        self.touches = Touches.of(self.master, self.program)
        self.is_flexible = close.count > 1
        # All at once would be the same program again and again.
        self.most = min(WIDEST, -(-int(self.is_flexible.sum()) // 2))
        self.draw = np.random.default_rng(SEED)

    @property
    def value(self) -> float:
        return float(self.program.cost @ self.x)

    def step(self, drawn: int, reach: float, nodes: int, gap: float, seconds: float = np.inf) -> bool:
        """Decide one neighbourhood again, on columns up to ``reach`` dearer than the best; whether that gained anything in so many seconds."""
        columns = self.reduced[: len(self.master.stratum)]
        keep = (columns <= reach) | (self.x[: len(columns)] > 0)
        relative = max(WHOLE_GAP, gap / max(1.0, abs(self.value)))
        better = decided(self.master, self.program, self.x, self._open(drawn), keep, relative, nodes, seconds)
        if better is None or self.program.cost @ better > self.value - LOSS:
            return False
        self.x = better
        return True

    def _open(self, drawn: int) -> np.ndarray:
        """Strata that lose something, their mates, and some that are flexible, rather those near; boolean (R,)."""
        rows, strata = self._losses()
        is_open = self.touches.mates(rows, strata, MATES)
        left = np.flatnonzero(self.is_flexible & ~is_open)
        if drawn and len(left):
            near = self.touches.nearness(is_open)[left]
            chance = np.full(len(left), 0.5 / len(left)) + 0.5 * (near + 1e-9) / (near + 1e-9).sum()
            is_open[self.draw.choice(left, min(drawn, len(left)), replace=False, p=chance / chance.sum())] = True
        return is_open

    def _losses(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows whose limits are worth something and not used, and strata that use a column which is not best; boolean."""
        program, n = self.program, len(self.master.stratum)
        held = np.bincount(program.rows, program.values * self.x[program.columns], len(program.row_least))
        low, high = self.duals > LOSS, self.duals < -LOSS
        rows = np.zeros(len(held), dtype=bool)
        rows[low] = held[low] > program.row_least[low] + LOSS
        rows[high] = held[high] < program.row_most[high] - LOSS
        used = (self.x > LOSS) & (self.reduced > LOSS)
        rows[self.master.extras.row[used[n:]]] = True
        strata = np.zeros(len(self.master.strata.people), dtype=bool)
        strata[self.master.stratum[used[:n]]] = True
        return rows, strata
