"""Cost of trajectories in each goal: worked out once, shared between masters over the same person types."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import Subproblems
from allocator.engine.parameters import COLUMN_GENERATION


class GoalCosts:
    """Cost of each open trajectory of the person types of some subproblems, in each goal; empty for other types.

    Costs are whole numbers below 2**24, so single precision holds them exactly.
    """

    def __init__(self, subproblems: Subproblems, goals: tuple[Goal, ...]) -> None:
        cohorts, used = subproblems.cohorts, set(subproblems.type.tolist())
        self.goals = goals
        self._by_type = [
            [cohorts.costs(person_type, goal).astype(np.float32) for goal in goals] if person_type in used else []
            for person_type in range(len(cohorts.type_table))
        ]
        self._kept: tuple[tuple[bytes, list[np.ndarray], float], ...] = ()

    def of(self, g: int) -> list[np.ndarray]:
        """Cost of the open trajectories of each type in goal number ``g``."""
        return [own[g] if own else np.zeros(0) for own in self._by_type]

    def weighted(self, weights: np.ndarray) -> list[np.ndarray]:
        """Weighted cost of the open trajectories of each type. It is summed in double precision, or a bound could be above the truth."""
        used = np.flatnonzero(weights).tolist()
        total = []
        for own in self._by_type:
            cost = np.zeros(len(own[0]) if own else 0)
            for g in used if own else []:
                cost += np.multiply(own[g], weights[g], dtype=np.float64)
            total.append(cost)
        return total

    def spread(self, weights: np.ndarray) -> tuple[list[np.ndarray], float]:
        """The weighted costs, and the largest difference between two trajectories of one type."""
        key = weights.tobytes()
        for known, cost, most in self._kept:
            if known == key:
                return cost, most
        cost = self.weighted(weights)
        most = max((float(own.max() - own.min()) for own in cost if len(own)), default=0.0)
        self._kept = (*self._kept[1 - COLUMN_GENERATION.weighted_costs_kept :], (key, cost, most))
        return cost, most
