"""Apportion: seats over groups in proportion to their people."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np

from allocator.domain.rules import Apportion
from allocator.model.instance import Instance
from allocator.model.shared.rows import SHARED, RowFamily, by_column, goal_of


@SHARED.add(Apportion)
def apportion_rows(instance: Instance, rule: Apportion) -> RowFamily:
    r"""Give every group its share of the seats, within a tolerance.

    .. math::
        \max(least, \lfloor N |g| / |all| \rfloor - t) \le \sum_{c \in C_g} \sum_k seats_{cky} n_{ck} + short - over
        \le \min(most, \lceil N |g| / |all| \rceil + t)

    ``least`` and ``most`` win over the proportion where they contradict it. Every seat counts, also a second one of the same person. Deviations count to the rule's goal. Unit: seats.
    """
    group, names = by_column(instance, rule, rule.group_by)
    size = np.bincount(group[group >= 0], weights=instance.headcount[group >= 0], minlength=len(names)).astype(int)
    total = max(1, int(size.sum()))
    exact = [Fraction(rule.amount * int(n), total) for n in size]
    least = np.array([max(rule.least, floor(due) - rule.tolerance) for due in exact], dtype=float)
    most = np.array([max(rule.least, ceil(due) + rule.tolerance) for due in exact], dtype=float)
    if rule.most is not None:
        cap = max(rule.most, rule.least)
        least, most = np.minimum(least, cap), np.minimum(most, cap)
    holds = instance.holds(rule)[None, :]
    return RowFamily(
        rule=rule,
        group=group,
        names=names,
        programmes=instance.counting(rule.programmes),
        distinct=False,
        floor=np.where(holds, least[:, None], -np.inf),
        ceiling=np.where(holds, most[:, None], np.inf),
        short_goals=((goal_of(rule), 0),),
        over_goals=((goal_of(rule), 0),),
    )
