"""How things stand when an event is told: people, sessions and seats, moved on by the events before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from allocator.domain.tables import Inputs
from allocator.register.events.values import read_value
from allocator.register.records import Event, EventKind, SessionState
from allocator.register.register import Register


@dataclass
class Standing:
    """What is so before the next event.

    Parameters
    ----------
    on
        The day as of which the events are worked on.
    unit_of
        Unit of everybody on the roster.
    starts, seats, programme_of
        First day, number of seats and programme of every session.
    states
        State of the sessions that the register knows.
    held
        Seats of the plan, by person.
    entered
        Ids of the events in the register.
    gone
        People who left, with the event that says so.
    closed
        The day on which each closed year was closed.
    past
        The year of each session of them.
    """

    on: date
    units: frozenset[str]
    programmes: frozenset[str]
    hosts: Mapping[str, frozenset[str]]
    categories: frozenset[str]
    unit_of: dict[str, str]
    starts: dict[str, date]
    seats: dict[str, int]
    programme_of: dict[str, str]
    states: dict[str, SessionState]
    held: dict[str, set[str]]
    entered: frozenset[str] = frozenset()
    gone: dict[str, str] = field(default_factory=dict)
    closed: dict[int, date] = field(default_factory=dict)
    past: dict[str, int] = field(default_factory=dict)

    def move_on(self, event: Event) -> None:
        """Take an event that was found sound into account."""
        value = read_value(event.kind, event.value)
        held = self.held.setdefault(event.cadre_id, set()) if event.cadre_id else set()
        match event.kind:
            case EventKind.WITHDRAW:
                held.discard(event.session_id)
            case EventKind.SUBSTITUTE:
                held.discard(event.session_id)
                self.held.setdefault(event.value, set()).add(event.session_id)
            case EventKind.CALL_UP:
                held.add(event.session_id)
            case EventKind.LEAVE:
                self.gone[event.cadre_id] = event.event_id
                self.held[event.cadre_id] = {one for one in held if self.starts[one] <= event.date}
            case EventKind.JOIN | EventKind.TRANSFER:
                self.unit_of[event.cadre_id] = event.unit_id
            case EventKind.CANCEL_SESSION:
                self.cancel([event.session_id])
            case EventKind.CLOSE_HOST:
                of_host = self.hosts[event.value]
                self.cancel([s for s, p in self.programme_of.items() if p in of_host and self.starts[s] >= event.date])
            case EventKind.MOVE_SESSION:
                self.starts[event.session_id] = value.first or self.starts[event.session_id]
            case EventKind.SEATS:
                before = self.seats[event.session_id]
                self.seats[event.session_id] = before + value.seats if value.is_more else value.seats
            case EventKind.NEW_SESSION:
                self.starts[event.session_id] = date.fromisoformat(value.fields["start_date"])
                self.seats[event.session_id] = int(value.fields["seats"])
                self.programme_of[event.session_id] = value.fields["programme_id"]
            case _:
                pass

    def cancel(self, sessions: Iterable[str]) -> None:
        """Call sessions off."""
        for session in sessions:
            self.states[session] = SessionState.CANCELLED
            for own in self.held.values():
                own.discard(session)


def standing(register: Register, inputs: Inputs, on: date) -> Standing:
    """How things stand in a register; ``inputs`` are those of its newest version. Events not answered yet count."""
    sessions = register.sessions(on=on)
    states = dict(zip(map(str, sessions["session_id"]), map(SessionState, sessions["state"]), strict=True))
    events = register.events()
    seats = register.seats(held=True)
    closed = {year: date.fromisoformat(told["day"]) for year, told in register.closings().items()}
    seats = seats[~seats["year"].isin(closed)]
    now = from_tables(inputs, seats, states, on, frozenset(events["event_id"]))
    years = zip(map(str, sessions["session_id"]), map(int, sessions["year"]), strict=True)
    now.closed, now.past = closed, {one: year for one, year in years if year in closed}
    for event in events_of(events[events["applied_in"].isna()]):
        now.move_on(event)
    return now


def from_tables(
    inputs: Inputs,
    seats: pd.DataFrame,
    states: Mapping[str, SessionState],
    on: date,
    entered: frozenset[str] = frozenset(),
) -> Standing:
    """How things stand by the tables; ``seats`` has session_id and cadre_id."""
    cadres, sessions, programmes = inputs.cadres, inputs.sessions, inputs.programmes
    held: dict[str, set[str]] = {}
    for cadre, session in zip(seats["cadre_id"], seats["session_id"], strict=True):
        held.setdefault(cadre, set()).add(session)
    ids = sessions["session_id"].tolist()
    return Standing(
        on,
        units=frozenset(inputs.units["unit_id"]),
        programmes=frozenset(programmes["programme_id"]),
        hosts={str(host): frozenset(own) for host, own in programmes.groupby("host_id")["programme_id"]},
        categories=frozenset(cadres["category"]),
        unit_of=dict(zip(cadres["cadre_id"], cadres["unit_id"], strict=True)),
        starts=dict(zip(ids, sessions["start_date"].dt.date, strict=True)),
        seats=dict(zip(ids, sessions["seats"].tolist(), strict=True)),
        programme_of=dict(zip(ids, sessions["programme_id"], strict=True)),
        states=dict(states),
        held=held,
        entered=entered,
    )


def events_of(table: pd.DataFrame) -> list[Event]:
    """Events of a table of the register, in its order."""
    records = table.drop(columns=["applied_in"], errors="ignore").to_dict("records")
    rows: list[dict[str, Any]] = [{str(name): cell for name, cell in row.items()} for row in records]
    return [Event(**{**row, "date": date.fromisoformat(row["date"]), "kind": EventKind(row["kind"])}) for row in rows]
