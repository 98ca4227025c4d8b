"""Bounds of goals one after another on a relaxation.

A bound says how good any plan could be in a goal if the earlier goals are as good as in this plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.exchange_rates import Rates, minimised
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import TOLERANCES
from allocator.engine.time_limit import Clock
from allocator.model.goals import SHAPES, signed


class GoalLimits:
    """Bounds of goals from one relaxation, each goal minimised alone with the earlier ones capped at a plan's values.

    The duals that proved a goal are kept. They give a bound under any other limits and caps too, and mostly as good a one.

    Parameters
    ----------
    bare
        The relaxation's master without columns, with a row for each goal.
    master
        Returns its master, which is not changed; called when known duals do not bound well enough.
    duals
        Known duals of a master with the same rows.
    """

    def __init__(
        self, bare: Master, master: Callable[[], Master], clock: Clock, duals: Mapping[Goal, np.ndarray]
    ) -> None:
        self.bare, self.master, self.clock, self.duals = bare.bare(), master, clock, dict(duals)
        self._twin: Master | None = None

    def at_hand(
        self,
        goal: Goal,
        caps: Mapping[Goal, float],
        duals: np.ndarray,
        given: Mapping[Goal, float],
        rates: Rates | None,
    ) -> float:
        """Bound of a goal without solving anything, at the duals of its rates of exchange or of a weighted relaxation.

        Parameters
        ----------
        duals, given
            Of a weighted relaxation, and its weights. The best of several choices is taken: caps at their weight, caps left out, no prices.
        """
        bare, weight = self.bare, given.get(goal) or 1.0
        bare.set_weights({goal: 1.0}, caps)
        found = (duals / weight if rates is None else rates.duals[goal]).copy()
        if len(bare.rows.goals) and rates is None:
            found[bare.rows.goals] = [-given.get(h, 0.0) / weight if h in caps else 0.0 for h in bare.goals]
        uncapped = found.copy()
        uncapped[bare.rows.goals] = 0.0
        tried = [found, uncapped]
        if SHAPES[goal].sense == "max":  # Nothing less than 0 is minimised in the others.
            tried.append(np.zeros_like(found))
        clipped = [bare.clipped(one) for one in tried]
        return max(bare.bound(one, bare.best(one)) for one in clipped)

    def known(self, goal: Goal, caps: Mapping[Goal, float]) -> float:
        """Bound of a goal at the duals kept; minus infinity without any."""
        if goal not in self.duals:
            return -np.inf
        self.bare.set_weights({goal: 1.0}, caps)
        duals = self.bare.clipped(self.duals[goal])
        return self.bare.bound(duals, self.bare.best(duals))

    def solved(self, goal: Goal, caps: Mapping[Goal, float], value: float) -> float:
        """Bound of a goal by its relaxation, which need only prove that nothing is better than ``value``.

        Raises
        ------
        OutOfTime
            If there was no time for it.
        """
        if self._twin is None:
            self._twin = self.master().twin()
        found = minimised(self._twin, self.bare.goals.index(goal), caps, self.clock, "bounds", target=value)
        self.duals[goal] = found.duals
        return found.bound


def whole_bound(goal: Goal, limit: float) -> float:
    """A bound in the minimised sense as a bound of the goal: goals are whole numbers, and minimised ones are at least 0."""
    limit = float(np.ceil(limit - TOLERANCES.bound * max(1.0, abs(limit))))
    return signed(goal, max(0.0, limit) if SHAPES[goal].sense == "min" else limit)
