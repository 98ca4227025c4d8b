"""Quota: people per year of an audience in a set of programmes."""

from __future__ import annotations

from math import ceil

import numpy as np

from allocator.domain.rules import Quota
from allocator.model.instance import Instance
from allocator.model.shared.rows import SHARED, RowFamily


@SHARED.add(Quota)
def quota_rows(instance: Instance, rule: Quota) -> RowFamily:
    r"""Send about, at least, at most or exactly N distinct people a year.

    .. math::
        \sum_{c \in C} \sum_{k \in K_{cy}} n_{ck} + short_y - over_y = N, \qquad
        violation \ge short_y - B,\; over_y - B, \qquad B = \max(b, \lceil \beta N \rceil)

    :math:`K_{cy}` are the trajectories with at least one of the programmes in year ``y``. ``short`` and ``over`` count to the
    goals quota-shortfall and quota-excess; what passes the band ``B`` of "about" (0 for the other modalities)
    counts to the violation when the rule is hard. "At least" knows no excess, "at most" no shortfall. Unit: people.
    """
    group = np.where(instance.audience(rule.audience), 0, -1)
    holds = instance.holds(rule)
    floor = np.where(holds, float(rule.amount), -np.inf)[None, :]
    ceiling = np.where(holds, float(rule.amount), np.inf)[None, :]
    band = max(rule.band_least, ceil(rule.band_share * rule.amount)) if rule.modality == "about" else 0
    hard = (("violation", band),) if rule.strength == "hard" else ()
    if rule.modality == "at-least":
        ceiling = np.full_like(ceiling, np.inf)
    if rule.modality == "at-most":
        floor = np.full_like(floor, -np.inf)
    return RowFamily(
        rule=rule,
        group=group,
        names=("",),
        programmes=instance.counting(rule.programmes),
        distinct=True,
        floor=floor,
        ceiling=ceiling,
        short_goals=(("quota-shortfall", 0), *hard),
        over_goals=(("quota-excess", 0), *hard),
    )
