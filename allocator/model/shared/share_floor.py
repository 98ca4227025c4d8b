"""Share floor: at least a share of every group attends in each year."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import ShareFloor
from allocator.model.instance import Instance
from allocator.model.shared.rows import SHARED, RowFamily, by_column, goal_of


@SHARED.add(ShareFloor)
def share_floor_rows(instance: Instance, rule: ShareFloor) -> RowFamily:
    r"""Send at least a share of every group in each year.

    .. math:: \sum_{c \in C_g} \sum_{k \in K_{cy}} n_{ck} + short_{gy} \ge \lceil share \cdot |g| \rceil \quad \forall g, y

    :math:`K_{cy}` are the trajectories of cohort ``c`` with at least one counting attendance in year ``y``: a cadre who
    attends twice counts once. Unit: people.
    """
    group, names = by_column(instance, rule, rule.group_by)
    size = np.bincount(group[group >= 0], weights=instance.headcount[group >= 0], minlength=len(names)).astype(int)
    need = -(-rule.share.numerator * size // rule.share.denominator).astype(float)  # Rounded up.
    floor = np.where(instance.holds(rule)[None, :], need[:, None], -np.inf)
    return RowFamily(
        rule=rule,
        group=group,
        names=names,
        programmes=instance.counting(rule.programmes, rule.least_days),
        distinct=True,
        floor=floor,
        ceiling=np.full_like(floor, np.inf),
        short_goals=((goal_of(rule), 0),),
    )
