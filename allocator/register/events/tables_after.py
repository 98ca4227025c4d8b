"""The tables after some events: people who came, left or moved, sessions that did."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property

import pandas as pd

from allocator.domain.tables import TABLES, Inputs
from allocator.inputs.load import source_of
from allocator.inputs.tables.read_tables import cell_text
from allocator.register.events.values import Value
from allocator.register.records import Event, EventKind

Record = dict[str, str]
LEFT = "left-office"
"""The tag of people who left and stay on the roster because of seats of the past: no rule asks anything of them any more."""
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Tables:
    """The tables that events change, as records of text by id; ``changed`` names those that differ from what was read.

    The sessions are those that the scenario leaves: what it cancels is out, what it moves or resizes has its new dates and seats.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        read = source_of(inputs).tables
        self.history = read["history"].frame
        self.hosts = dict(zip(inputs.programmes["programme_id"], inputs.programmes["host_id"], strict=True))
        self.columns = {name: list(read[name].frame.columns) for name in ("cadres", "sessions")}
        self.changed = {"sessions"} if inputs.scenario.session_changes else set()
        self.cancelled: list[str] = []

    @cached_property
    def cadres(self) -> dict[str, Record]:
        """The roster, by id; most events never look at it."""
        return _records(source_of(self._inputs).tables["cadres"].frame, "cadre_id")

    @cached_property
    def sessions(self) -> dict[str, Record]:
        """The sessions, by id."""
        return _records(_calendar(self._inputs, source_of(self._inputs).tables["sessions"].frame), "session_id")

    def apply(self, event: Event, value: Value, *, stays: bool) -> None:
        """Change the tables as an event says; who leaves and ``stays`` keeps a row because of seats of the past."""
        match event.kind:
            case EventKind.JOIN:
                self.cadres[event.cadre_id] = {"cadre_id": event.cadre_id, "unit_id": event.unit_id, **_defaults(value)}
                self.changed.add("cadres")
            case EventKind.TRANSFER:
                move = {"unit_id": event.unit_id, "team_id": "", "appointed_on": event.date.isoformat()}
                self.cadres[event.cadre_id].update({**move, **value.fields})
                self.changed.add("cadres")
            case EventKind.PROMOTE:
                post = {"appointed_on": event.date.isoformat()}
                self.cadres[event.cadre_id].update({**post, **value.fields})
                self.changed.add("cadres")
            case EventKind.LEAVE if not stays:
                del self.cadres[event.cadre_id]
                self.history = self.history[self.history["cadre_id"] != event.cadre_id]
                self.changed |= {"cadres", "history"}
            case EventKind.LEAVE:
                tags = [tag for tag in self.cadres[event.cadre_id]["tags"].split(";") if tag]
                self.cadres[event.cadre_id]["tags"] = ";".join(dict.fromkeys([*tags, LEFT]))
                self.changed.add("cadres")
            case EventKind.CANCEL_SESSION:
                self._cancel(event.session_id)
            case EventKind.CLOSE_HOST:
                for session_id, record in list(self.sessions.items()):
                    of_host = self.hosts[record["programme_id"]] == event.value
                    if of_host and record["start_date"] >= event.date.isoformat():
                        self._cancel(session_id)
            case EventKind.MOVE_SESSION:
                _move(self.sessions[event.session_id], value)
                self.changed.add("sessions")
            case EventKind.SEATS:
                _resize(self.sessions[event.session_id], value)
                self.changed.add("sessions")
            case EventKind.NEW_SESSION:
                year = value.fields["start_date"][:4]
                self.sessions[event.session_id] = {"session_id": event.session_id, "year": year, **value.fields}
                self.changed.add("sessions")
            case _:
                pass

    def _cancel(self, session_id: str) -> None:
        del self.sessions[session_id]
        self.cancelled.append(session_id)
        self.changed.add("sessions")

    def frame(self, name: str) -> pd.DataFrame:
        """A table as texts, ready to be written as CSV."""
        if name == "history":
            return pd.DataFrame({column: map(_text, self.history[column]) for column in self.history}, dtype="str")
        records = self.cadres if name == "cadres" else self.sessions
        return pd.DataFrame(list(records.values()), columns=self.columns[name]).fillna("").astype("str")


def _records(frame: pd.DataFrame, key: str) -> dict[str, Record]:
    texts = pd.DataFrame({column: map(_text, frame[column]) for column in frame}, dtype="str")
    rows = (dict(zip(texts.columns, row, strict=True)) for row in texts.itertuples(index=False, name=None))
    return {row[key]: row for row in rows}


def _text(value: object) -> str:
    return "" if value is pd.NaT or value is pd.NA else cell_text(value)


def _calendar(inputs: Inputs, read: pd.DataFrame) -> pd.DataFrame:
    """The sessions as the scenario leaves them, with the user's own columns."""
    own = [column.name for column in TABLES["sessions"]]
    extra = [column for column in read.columns if column not in own]
    return inputs.sessions[own].merge(read[["session_id", *extra]], on="session_id", how="left")


def _defaults(value: Value) -> Mapping[str, str]:
    """The fields of a new record, with the defaults of columns that it does not say."""
    filled = {c.name: cell_text(c.default) for c in TABLES["cadres"] if c.default is not None}
    return {**filled, **{name: text for name, text in value.fields.items() if text}}


def _move(record: Record, value: Value) -> None:
    first = value.first or date.fromisoformat(record["start_date"])
    by = first - date.fromisoformat(record["start_date"])
    length = date.fromisoformat(record["end_date"]) - date.fromisoformat(record["start_date"])
    last = value.last or first + length
    same_length = last - first == length
    record["segments"] = later(record["segments"], by) if same_length else ""
    record.update(start_date=first.isoformat(), end_date=last.isoformat(), year=str(first.year))


def later(text: str, by: timedelta) -> str:
    """The parts of a session so many days later."""
    return DATE.sub(lambda found: (date.fromisoformat(found[0]) + by).isoformat(), text)


def _resize(record: Record, value: Value) -> None:
    seats = int(record["seats"]) + value.seats if value.is_more else value.seats
    least = min(int(record["min_seats"] or 0), seats)
    record.update(seats=str(seats), min_seats=str(least))
