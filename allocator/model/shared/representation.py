"""Representation: share of a group among those sent."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Representation
from allocator.model.instance import Instance
from allocator.model.shared.rows import SHARED, RowFamily, goal_of


@SHARED.add(Representation)
def representation_rows(instance: Instance, rule: Representation) -> RowFamily:
    r"""Hold a share of the people sent for an audience.

    .. math:: \sum_{c \in A} \sum_{k \in K_{cy}} n_{ck} + short_y \ge share \cdot \sum_{c \in M} \sum_{k \in K_{cy}} n_{ck}

    ``M`` are the people of ``among``, ``A`` those of them in the audience, :math:`K_{cy}` the trajectories with at least one
    of the programmes in year ``y``; without a share the audience's part of ``M`` in the roster is taken. ``short`` is a whole
    number, so the share is rounded up. Unit: people.
    """
    among = instance.audience(rule.among)
    audience = among & instance.audience(rule.audience)
    people = instance.headcount
    share = float(rule.share) if rule.share is not None else people[audience].sum() / max(1, people[among].sum())
    floor = np.where(instance.holds(rule), 0.0, -np.inf)[None, :]
    return RowFamily(
        rule=rule,
        group=np.where(audience, 0, -1),
        names=("",),
        programmes=instance.counting(rule.programmes),
        distinct=True,
        floor=floor,
        ceiling=np.full_like(floor, np.inf),
        short_goals=((goal_of(rule), 0),),
        among=(among, float(share)),
    )
