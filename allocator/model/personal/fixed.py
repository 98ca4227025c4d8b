"""Fixed: named call-ups, forbidden pairs, unavailable periods, and whole audiences called up."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Fixed
from allocator.model.instance import Instance
from allocator.model.personal.register import STRICT


@STRICT.add(Fixed)
class FixedSide:
    r"""Require or forbid a programme in a year.

    .. math:: a_{ipy} = 1 \;\; \forall (i, p, y) \in F, \qquad a_{ipy} = 0 \;\; \forall (i, p, y) \in N

    A call-up to a session requires its programme in its year; the dated stage keeps the session itself. A forbidden pair without
    a session closes the programme in the years named; a period closes the years in which no session lies
    outside it (through the calendar).
    """

    def required(self, instance: Instance, rule: Fixed, slots: np.ndarray) -> np.ndarray:
        """Years and slots each person must attend, boolean (I, Y, n)."""
        years = {year: y for y, year in enumerate(instance.years)}
        required = np.zeros((len(slots), len(years), slots.shape[1]), dtype=bool)
        sessions = instance.inputs.sessions
        sessions = sessions[sessions["session_id"].isin([call.session_id for call in rule.call_ups])]
        held = {
            s: (p, y) for s, p, y in zip(*(sessions[c] for c in ("session_id", "programme_id", "year")), strict=True)
        }
        for call in rule.call_ups:
            programme_id, year = held[call.session_id]
            if year in years:
                i = instance.person_index[call.cadre_id]
                required[i, years[year], slots[i] == instance.programme_index[programme_id]] = True
        if rule.everyone:
            everyone = np.flatnonzero(instance.audience(rule.audience))
            called = np.append(instance.counting(rule.programmes), False)[slots[everyone]]
            seats = np.vstack([instance.calendar.seats, np.zeros((1, len(years)))])
            offered = (seats > 0)[slots[everyone]].transpose(0, 2, 1)
            required[everyone] |= called[:, None, :] & offered & instance.holds(rule)[None, :, None]
        return required

    def blocked(self, instance: Instance, rule: Fixed, slots: np.ndarray) -> np.ndarray:
        """Years and slots closed to each person, boolean (I, Y, n)."""
        years = np.array(instance.years)
        blocked = np.zeros((len(slots), len(years), slots.shape[1]), dtype=bool)
        for pair in rule.forbidden:
            if pair.session_id is not None:
                continue
            i = instance.person_index[pair.cadre_id]
            in_years = np.ones(len(years), bool) if pair.year is None else years == pair.year
            hit = (
                slots[i] >= 0 if pair.programme_id is None else slots[i] == instance.programme_index[pair.programme_id]
            )
            blocked[i] |= in_years[:, None] & hit[None, :]
        return blocked


def unreachable(instance: Instance, slots: np.ndarray) -> np.ndarray:
    """Years and slots of which no session is within reach of the person, boolean (I, Y, n)."""
    years = {year: y for y, year in enumerate(instance.years)}
    blocked = np.zeros((len(slots), len(years), slots.shape[1]), dtype=bool)
    for cadre_id, programme_id, year in instance.calendar.unreachable:
        i = instance.person_index[cadre_id]
        blocked[i, years[year], slots[i] == instance.programme_index[programme_id]] = True
    return blocked
