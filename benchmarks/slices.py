"""Parts of a scenario: some whole units with their people and record, and amounts and seats in proportion."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from math import ceil

import numpy as np
from person_model import admitted

from allocator.domain.rules import Apportion, Quota
from allocator.domain.tables import Inputs, Policy


def part_of(inputs: Inputs, people: int) -> Inputs:
    """Inputs of about so many rows of the roster.

    Units are taken whole, in the order of a hash of their ids, as long as they fit into so many rows of the roster, so that
    teams keep their sizes. Amounts of quotas and of apportioned seats shrink with their audience, and the seats of a session with
    the people whom its programme admits.
    """
    order = sorted(inputs.units["unit_id"], key=lambda unit: hashlib.sha256(unit.encode()).digest())
    strength = inputs.cadres["unit_id"].value_counts()
    taken, count = set(), 0
    for unit in order:
        if 0 < strength.get(unit, 0) <= people - count:
            taken.add(unit)
            count += int(strength[unit])
    kept = inputs.cadres["unit_id"].isin(taken).to_numpy()
    heads = inputs.cadres["headcount"].to_numpy()

    rules = []
    for rule in inputs.policy.rules:
        if isinstance(rule, Quota | Apportion):
            audience = inputs.audience(rule.audience)
            share = heads[audience & kept].sum() / max(1, heads[audience].sum())
            rule = rule.model_copy(update={"amount": round(rule.amount * share)})
        rules.append(rule)
    policy = Policy(**{name: getattr(inputs.policy, name) for name in Policy.model_fields} | {"rules": tuple(rules)})

    able = admitted(inputs).any(axis=2)
    before = np.maximum(1, able.T @ heads)
    share_of = dict(zip(inputs.programmes["programme_id"], (able[kept].T @ heads[kept]) / before, strict=True))
    sessions = inputs.sessions
    share = sessions["programme_id"].map(share_of).to_numpy()
    smaller = sessions.assign(
        seats=[max(1, ceil(n * part)) for n, part in zip(sessions["seats"], share, strict=True)],
        usable_seats=[max(1, ceil(n * part)) for n, part in zip(sessions["usable_seats"], share, strict=True)],
        min_seats=[int(n * part) for n, part in zip(sessions["min_seats"], share, strict=True)],
    )[share > 0]
    cadres = inputs.cadres[kept]
    return replace(
        inputs,
        policy=policy,
        cadres=cadres.reset_index(drop=True),
        history=inputs.history[inputs.history["cadre_id"].isin(cadres["cadre_id"])].reset_index(drop=True),
        sessions=smaller.reset_index(drop=True),
        segments=inputs.segments[inputs.segments["session_id"].isin(smaller["session_id"])].reset_index(drop=True),
    )
