"""Apportion: seats over groups in proportion to their people."""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from allocator.instance import Instance
from allocator.kinds import Apportion
from allocator.model.shared.rows import SHARED, RowFamily, by_column, goal_of


@SHARED.add(Apportion)
def apportion_rows(instance: Instance, rule: Apportion) -> RowFamily:
    r"""Give every group its share of the seats, within a tolerance.

    .. math::
        \max(least, \lfloor N |g| / |all| \rfloor - t) \le \sum_{c \in C_g} \sum_k seats_{cky} n_{ck} + short - over
        \le \min(most, \lceil N |g| / |all| \rceil + t)

    Every seat counts, also a second one of the same person. Deviations count to the rule's goal. Unit: seats.
    """
    group, names = by_column(instance, rule, rule.group_by)
    size = np.bincount(group[group >= 0], weights=instance.headcount[group >= 0], minlength=len(names)).astype(int)
    total = max(1, int(size.sum()))
    least = np.array([max(rule.least, floor(rule.amount * int(n) / total) - rule.tolerance) for n in size], dtype=float)
    most = np.array([ceil(rule.amount * int(n) / total) + rule.tolerance for n in size], dtype=float)
    if rule.most is not None:
        most = np.minimum(most, rule.most)
    holds = instance.holds(rule)[None, :]
    return RowFamily(
        rule=rule,
        group=group,
        names=names,
        programmes=instance.counting(rule.programmes),
        distinct=False,
        floor=np.where(holds, least[:, None], -np.inf),
        ceiling=np.where(holds, np.maximum(least, most)[:, None], np.inf),
        short_goals=((goal_of(rule), 0),),
        over_goals=((goal_of(rule), 0),),
    )
