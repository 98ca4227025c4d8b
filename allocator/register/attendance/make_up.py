"""Who missed what, and where it can be made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from allocator.domain.tables import Inputs
from allocator.register.attendance.roll import Roll, Seat
from allocator.register.records import SeatState, SessionState
from allocator.register.register import Register

TO_COME = (SessionState.DRAFT, SessionState.ISSUED)


@dataclass(frozen=True)
class Missed:
    """A seat whose holder did not complete the session.

    Parameters
    ----------
    has
        Sessions to come of the same programme in which the person has a seat already.
    offers
        Sessions to come of the same programme with an open seat, on days on which the person has no other seat.
    """

    session_id: str
    cadre_id: str
    unit_id: str
    programme_id: str
    state: SeatState
    has: tuple[str, ...]
    offers: tuple[str, ...]


def missed(register: Register, inputs: Inputs, roll: Roll, outcome: Mapping[Seat, SeatState]) -> list[Missed]:
    """Of the seats of ``outcome`` those that were missed, with what can be made up, in the order of sessions and people."""
    held = register.seats(held=True)
    units = dict(zip(zip(held["session_id"], held["cadre_id"], strict=True), held["unit_id"], strict=True))
    heads = dict(zip(inputs.cadres["cadre_id"], inputs.cadres["headcount"], strict=True))
    calendar = _Calendar(inputs, held, roll)
    found = []
    for (session_id, cadre_id), state in sorted(outcome.items()):
        if state is SeatState.ATTENDED:
            continue
        programme = roll.classes[session_id].programme_id
        mine = calendar.held_by(cadre_id)
        offers = calendar.open(programme, int(heads.get(cadre_id, 1)), mine)
        has = tuple(one for one in mine if calendar.is_to_come(one, programme))
        unit = str(units[session_id, cadre_id])
        found.append(Missed(session_id, cadre_id, unit, programme, state, has, tuple(offers)))
    return found


class _Calendar:
    """Sessions to come and their open seats."""

    def __init__(self, inputs: Inputs, held: pd.DataFrame, roll: Roll) -> None:
        table = inputs.sessions.sort_values(["start_date", "session_id"])
        names = ("session_id", "programme_id", "start_date", "end_date", "usable_seats")
        rows = zip(*(table[name].tolist() for name in names), strict=True)
        self._rows: dict[str, tuple[str, date, date, int]] = {
            s: (p, start.date(), end.date(), int(seats)) for s, p, start, end, seats in rows
        }
        self._roll = roll
        self._taken = held.groupby("session_id")["headcount"].sum().to_dict()
        self._held = {str(c): tuple(own) for c, own in held.groupby("cadre_id")["session_id"]}

    def held_by(self, cadre_id: str) -> Sequence[str]:
        return self._held.get(cadre_id, ())

    def is_to_come(self, session_id: str, programme_id: str) -> bool:
        if session_id not in self._rows:
            return False
        programme, start, _, _ = self._rows[session_id]
        known = self._roll.classes.get(session_id)
        is_open = known is None or known.state in TO_COME
        return programme == programme_id and start > self._roll.on and is_open

    def open(self, programme_id: str, heads: int, mine: Sequence[str]) -> Iterator[str]:
        busy = [self._rows[one][1:3] for one in mine if one in self._rows]
        for session_id, (_, start, end, seats) in self._rows.items():
            if session_id in mine or not self.is_to_come(session_id, programme_id):
                continue
            is_free = all(end < first or start > last for first, last in busy)
            if is_free and seats - int(self._taken.get(session_id, 0)) >= heads:
                yield session_id
