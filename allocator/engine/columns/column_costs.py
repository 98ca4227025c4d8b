"""What trajectories cost in each goal: worked out once, shared between masters over the same sorts."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Strata

KEPT = 2
"""Weighted costs kept, the latest ones: masters of blocks ask for the same again and again."""


class GoalCosts:
    """What each open trajectory of each sort of some strata costs in each goal; nothing for other sorts.

    Whole numbers, exact in single precision.
    """

    def __init__(self, strata: Strata, goals: tuple[Goal, ...]) -> None:
        cohorts, used = strata.cohorts, set(strata.sort.tolist())
        self.goals = goals
        self._by_sort = [
            [cohorts.costs(sort, goal).astype(np.float32) for goal in goals] if sort in used else []
            for sort in range(len(cohorts.sort_type))
        ]
        self._kept: tuple[tuple[bytes, list[np.ndarray], float], ...] = ()

    def of(self, g: int) -> list[np.ndarray]:
        """Costs of each sort's open trajectories in one goal."""
        return [own[g] if own else np.zeros(0) for own in self._by_sort]

    def weighted(self, weights: np.ndarray) -> list[np.ndarray]:
        """Weighted cost of each sort's open trajectories; in double precision, or a bound could be above the truth."""
        used = np.flatnonzero(weights).tolist()
        total = []
        for own in self._by_sort:
            cost = np.zeros(len(own[0]) if own else 0)
            for g in used if own else []:
                cost += np.multiply(own[g], weights[g], dtype=np.float64)
            total.append(cost)
        return total

    def spread(self, weights: np.ndarray) -> tuple[list[np.ndarray], float]:
        """The weighted costs, and the most that two trajectories of one sort differ."""
        key = weights.tobytes()
        for known, cost, most in self._kept:
            if known == key:
                return cost, most
        cost = self.weighted(weights)
        most = max((float(own.max() - own.min()) for own in cost if len(own)), default=0.0)
        self._kept = (*self._kept[1 - KEPT :], (key, cost, most))
        return cost, most
