r"""Rows: what a shared rule counts, over whom, and how far it may be missed.

A shared kind states its rows once, for all groups ``g`` and years ``y``. Every linear model (over person types, cohorts, or one block) reads them from
here. Each row is

.. math:: floor_{gy} \le \sum_{c \in g} \sum_k a_{ky} n_{ck} + short_{gy} - over_{gy} \le ceiling_{gy}, \qquad short_{gy}, over_{gy} \ge 0

:math:`a_{ky}` is how many counting attendances trajectory ``k`` has in year ``y``, or whether it has any (``distinct``). The distances
``short`` and ``over`` count to goals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.domain.rules import Goal, RuleKind
from allocator.model.instance import Cut, Instance


@dataclass(frozen=True, eq=False)
class RowFamily:
    """The rows of one shared rule: one per group and year.

    Parameters
    ----------
    rule
        Where they come from; ``None`` for a limit that the dates set.
    group
        Group of each person, -1 for people the rule does not count, shape (I,).
    names
        Name of each group.
    programmes
        Programmes that count, boolean (P,).
    distinct
        Whether a person counts once a year however often attending.
    floor, ceiling
        Least and most of each group and year before a deviation is counted; ``-inf``/``inf`` for none, shape (G, Y).
    short_goals, over_goals
        Goal and slack: a deviation counts to the goal for every person beyond the slack.
    among
        For shares of those sent: people (boolean (I,)) and share; the floor is the share of *their* count.
    """

    rule: RuleKind | None
    group: np.ndarray
    names: tuple[str, ...]
    programmes: np.ndarray
    distinct: bool
    floor: np.ndarray
    ceiling: np.ndarray
    short_goals: tuple[tuple[Goal, int], ...] = ()
    over_goals: tuple[tuple[Goal, int], ...] = ()
    among: tuple[np.ndarray, float] | None = None

    def counts(self, menus: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """What one person following each menu adds to a row of the year, shape (M,)."""
        hit = menus & self.programmes[slots]
        return np.asarray(hit.any(axis=1) if self.distinct else hit.sum(axis=1), dtype=np.int64)


class SharedRegister(dict[type[RuleKind], Callable[[Instance, Any], RowFamily | None]]):
    """Shared kinds and the function that states their rows."""

    def add(self, kind: type[RuleKind]) -> Callable[[Any], Any]:
        """Register the decorated function for a kind."""

        def store(rows: Any) -> Any:
            self[kind] = rows
            return rows

        return store


SHARED = SharedRegister()
"""Shared kinds: quota, share-floor, representation, apportion."""


def goal_of(rule: RuleKind) -> Goal:
    """Where a missed rule counts: hard ones to the violation, soft ones to their own goal."""
    return "violation" if rule.strength == "hard" else rule.goal


def by_column(instance: Instance, rule: RuleKind, column: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Group of each person of the rule's audience by a roster column (empty: in no group), and the groups' names."""
    code, names = instance.inputs.coded(column)
    group = np.where(instance.audience(rule.audience), code, -1)
    used = np.flatnonzero(np.bincount(group + 1, minlength=len(names) + 1)[1:])
    place = np.full(len(names) + 1, -1)
    place[used] = np.arange(len(used))
    return place[group], tuple(names[u] for u in used.tolist())


def collect(instance: Instance) -> tuple[RowFamily, ...]:
    """The rows of every shared rule that is to be kept, in the order of the policy."""
    families = []
    for rule in instance.inputs.policy.rules:
        state = SHARED.get(type(rule))
        if state is None or rule.strength == "report":
            continue
        family = state(instance, rule)
        if family is not None and family.names:
            families.append(family)
    return (*families, *(_limit_rows(instance, limit) for limit in instance.calendar.limits))


def _limit_rows(instance: Instance, limit: Cut) -> RowFamily:
    """The row of a limit that the dates set: strict, in its year only."""
    inside = np.array([instance.person_index[cadre] for cadre in limit.cadre_ids])
    group = np.full(len(instance.headcount), -1)
    group[inside] = 0
    programmes = np.zeros(len(instance.programme_index), dtype=bool)
    programmes[[instance.programme_index[programme] for programme in limit.programme_ids]] = True
    ceiling = np.array([[limit.most if year == limit.year else np.inf for year in instance.years]], dtype=float)
    return RowFamily(
        rule=None,
        group=group,
        names=("",),
        programmes=programmes,
        distinct=False,
        floor=np.full_like(ceiling, -np.inf),
        ceiling=ceiling,
    )
