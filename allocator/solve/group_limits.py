"""How many of a group the sessions of a programme can hold in a year, where an away-limit tells before any date is chosen."""

from __future__ import annotations

from math import floor

import numpy as np

from allocator.entities import Inputs
from allocator.instance import Limit
from allocator.kinds import AwayLimit
from allocator.solve.timetable import Timetable

MOST_LIMITS = 100
"""So many limits are stated in advance at most; of larger problems only those that the dates show to bind."""


def group_limits(inputs: Inputs, eligible: np.ndarray, usable: np.ndarray) -> tuple[Limit, ...]:
    """Limits no plan can escape: a group's share away on one day, once for every session that is held apart.

    Parameters
    ----------
    eligible
        Who may attend what, boolean (I, P).
    usable
        Sessions, in the order of their ids, that anybody can use, boolean (S,).

    Returns
    -------
    tuple of Limit
        Only those that bind: groups with more eligible people than the limit. Empty when there are too many.
    """
    table = Timetable(inputs)
    apart = {
        (p, y): _held_apart(table, np.flatnonzero(usable & (table.programme == p) & (table.year == y)))
        for y in inputs.years
        for p in np.unique(table.programme[usable & (table.year == y)]).tolist()
    }
    ids, headcount = inputs.cadres["cadre_id"].to_numpy(), inputs.cadres["headcount"].to_numpy()
    programmes = inputs.programmes["programme_id"].tolist()
    limits: dict[tuple[tuple[str, ...], int, int], int] = {}
    for rule in inputs.policy.rules:
        if not isinstance(rule, AwayLimit) or rule.share is None or rule.strength != "hard":
            continue
        counting, audience = inputs.counting(rule.programmes), inputs.audience(rule.audience)
        values = inputs.roster[rule.group_by].astype(str).to_numpy()
        for group in np.unique(values[audience & (values != "")]):
            inside = audience & (values == group)
            at_once = max(1, floor(rule.share * int(headcount[inside].sum())))
            for (p, y), sessions in apart.items():
                most, able = at_once * sessions, inside & eligible[:, p]
                if counting[p] and (not rule.years or y in rule.years) and headcount[able].sum() > most:
                    key = tuple(ids[able].tolist()), p, y
                    limits[key] = min(most, limits.get(key, most))
            if len(limits) > MOST_LIMITS:
                return ()
    return tuple(Limit(people, programmes[p], y, most) for (people, p, y), most in limits.items())


def _held_apart(table: Timetable, sessions: np.ndarray) -> int:
    """At most so many of the sessions share no day with each other: all of them, or one when each meets each."""
    meets = table.overlap[np.ix_(sessions, sessions)] | np.eye(len(sessions), dtype=bool)
    return 1 if meets.all() else len(sessions)
