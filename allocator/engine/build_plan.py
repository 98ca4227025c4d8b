"""From dated seats to the plan: every placement with its dates, days, hours and the rules its seat serves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.domain.plan import Plan, ordered
from allocator.domain.rules import Fixed
from allocator.domain.tables import Inputs


def assemble(inputs: Inputs, seats: pd.DataFrame) -> Plan:
    """The plan of dated seats.

    Parameters
    ----------
    seats
        Columns ``cadre_id``, ``session_id``, ``headcount``, ``fixed``.
    """
    placed = seats.merge(inputs.sessions, on="session_id", how="left", suffixes=("", "_session"))
    placed = placed.merge(inputs.cadres[["cadre_id", "unit_id", "team_id"]], on="cadre_id", how="left")
    placed = placed.merge(inputs.programmes[["programme_id", "days", "hours"]], on="programme_id", how="left")
    return ordered(placed.assign(rules=_rules(inputs, placed)))


def _rules(inputs: Inputs, placed: pd.DataFrame) -> np.ndarray:
    """Ids of the rules each seat serves, ``;`` between, in the order of the policy, shape (placements,)."""
    person = pd.Index(inputs.cadres["cadre_id"]).get_indexer(placed["cadre_id"])
    programme = pd.Index(inputs.programmes["programme_id"]).get_indexer(placed["programme_id"])
    days = inputs.programmes["days"].to_numpy()
    year = placed["year"].to_numpy()
    ids, hits = [], []
    for rule in inputs.policy.rules:
        if rule.demands != "attendance" or rule.strength == "report":
            continue
        counting = inputs.counting(rule.programmes) & (days >= getattr(rule, "least_days", 0))
        hit = inputs.audience(rule.audience)[person] & counting[programme]
        if rule.years:
            hit &= np.isin(year, rule.years)
        if isinstance(rule, Fixed):
            hit = (hit & rule.everyone) | _called_up(rule, placed)
        ids.append(rule.id)
        hits.append(hit)
    if not ids or not len(placed):
        return np.full(len(placed), "", dtype=object)
    # Placements with the same set of rules share one text, and there are few different sets.
    packed = np.packbits(np.column_stack(hits), axis=1)
    rows, which = np.unique(packed, axis=0, return_inverse=True)
    texts = [";".join(rule for rule, is_hit in zip(ids, np.unpackbits(row), strict=False) if is_hit) for row in rows]
    return np.array(texts, dtype=object)[which.reshape(-1)]


def _called_up(rule: Fixed, placed: pd.DataFrame) -> np.ndarray:
    """Which placements a rule calls up by name; a pair it forbids or a time somebody is unavailable is served by no seat."""
    named = {(item.cadre_id, item.session_id) for item in rule.call_ups}
    is_near = placed["cadre_id"].isin({cadre for cadre, _ in named}).to_numpy(bool)
    own = placed.loc[is_near, ["cadre_id", "session_id"]]
    hit = is_near.copy()
    hit[is_near] = [seat in named for seat in zip(own["cadre_id"], own["session_id"], strict=True)]
    return hit
