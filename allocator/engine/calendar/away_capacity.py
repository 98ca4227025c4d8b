"""Away capacity: how many people of a group the sessions of a programme can hold in a year, known from an away-limit before any date is chosen."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import AwayLimit
from allocator.domain.tables import Inputs
from allocator.engine.calendar.timetable import Timetable
from allocator.engine.parameters import FEASIBILITY_CUTS
from allocator.model.instance import Admission, Cut


def group_limits(table: Timetable, admission: Admission, usable: np.ndarray) -> tuple[Cut, ...]:
    """Limits no plan can escape: a group's share away on one day, once for every session that is held apart.

    Parameters
    ----------
    table
        The sessions as days.
    admission
        Who may attend what.
    usable
        Sessions, in the order of their ids, that anybody can use, boolean (S,).

    Returns
    -------
    tuple of Limit
        Only those that bind: groups with more eligible people than the limit. Empty when there are too many.
    """
    inputs = table.inputs
    apart = _held_apart(table, usable, inputs)
    ids, headcount = inputs.cadres["cadre_id"].to_numpy(), inputs.cadres["headcount"].to_numpy()
    programmes = inputs.programmes["programme_id"].tolist()
    limits: dict[tuple[tuple[str, ...], int, int], int] = {}
    for rule in inputs.policy.rules:
        if not isinstance(rule, AwayLimit) or rule.share is None or rule.strength != "hard":
            continue
        people = np.flatnonzero(inputs.audience(rule.audience) & (inputs.roster[rule.group_by] != "").to_numpy(bool))
        names = inputs.roster[rule.group_by].iloc[people].astype(str).to_numpy(object)
        groups, group = np.unique(names, return_inverse=True)
        size = np.bincount(group, weights=headcount[people], minlength=len(groups)).astype(np.int64)
        at_once = np.maximum(1, rule.share.numerator * size // rule.share.denominator)
        g, p, able = _able(admission, people, group, headcount)
        in_years = np.array([not rule.years or y in rule.years for y in inputs.years])
        most = at_once[g][:, None] * apart[p]
        binds = (able[:, None] > most) & (apart[p] > 0) & inputs.counting(rule.programmes)[p][:, None] & in_years
        # Groups of one rule share nobody, so these limits are all different.
        if binds.sum() > FEASIBILITY_CUTS.limits_in_advance:
            return ()
        for k, y in sorted(np.argwhere(binds).tolist(), key=lambda at: (g[at[0]], at[1], p[at[0]])):
            own = people[group == g[k]]
            own = own[(admission.slots[admission.profile[own]] == p[k]).any(axis=1)]
            key = tuple(ids[own].tolist()), int(p[k]), inputs.years[y]
            limits[key] = min(int(most[k, y]), limits.get(key, int(most[k, y])))
        if len(limits) > FEASIBILITY_CUTS.limits_in_advance:
            return ()
    return tuple(Cut(people, (programmes[p],), y, most) for (people, p, y), most in limits.items())


def _able(
    admission: Admission, people: np.ndarray, group: np.ndarray, headcount: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups, programmes, and how many people of the group the programme admits, wherever that is anybody."""
    count = int(admission.slots.max(initial=0)) + 1
    pairs, pair = np.unique(group * len(admission.slots) + admission.profile[people], return_inverse=True)
    heads = np.bincount(pair, weights=headcount[people], minlength=len(pairs))
    slots = admission.slots[pairs % max(1, len(admission.slots))]
    row, n = np.nonzero(slots >= 0)
    at, of = np.unique(pairs[row] // max(1, len(admission.slots)) * count + slots[row, n], return_inverse=True)
    return at // count, at % count, np.bincount(of, weights=heads[row], minlength=len(at)).astype(np.int64)


def _held_apart(table: Timetable, usable: np.ndarray, inputs: Inputs) -> np.ndarray:
    """How many times over the sessions of each programme and plan year can take a group's share away, shape (P, Y).

    Once for every session, or only once when all of them share a day. That each meets each is not enough where sessions have parts: of
    three, each two may share a day of their own, and on none of them all three are held.
    """
    apart = np.zeros((len(inputs.programmes), len(inputs.years)), dtype=np.int64)
    ours = np.flatnonzero(usable)
    if not len(ours):
        return apart
    block = table.programme[ours] * len(inputs.years) + np.searchsorted(inputs.years, table.year[ours])
    order = np.argsort(block, kind="stable")
    at, first = np.unique(block[order], return_index=True)
    meeting: dict[tuple[int, ...], bool] = {}  # Many programmes are held in the same weeks.
    kinds, ends = table.kind[ours[order]].tolist(), [*first[1:].tolist(), len(order)]
    for k, begin, end in zip(at.tolist(), first.tolist(), ends, strict=True):
        held = tuple(sorted(set(kinds[begin:end])))
        if held not in meeting:
            meeting[held] = table.share_a_day(held)
        apart[k // len(inputs.years), k % len(inputs.years)] = 1 if meeting[held] else end - begin
    return apart
