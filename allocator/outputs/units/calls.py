"""Who of every unit is called where: people and seats split by unit once, then events and notices session by session."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from allocator.language.texts import Texts
from allocator.outputs.output_data import Material, records
from allocator.outputs.units.calendars import uid
from allocator.outputs.units.unit_record import Event, Notice

_SEAT = (
    "unit_id", "year", "session_id", "cadre_id", "headcount", "start_date", "end_date", "days", "name", "post", "rank",
    "programme", "programme_id", "place", "dates", "reason",
)  # fmt: skip
_PERSON = ("cadre_id", "name", "unit_id", "team_id", "post", "rank", "headcount")


@dataclass(frozen=True)
class Unit:
    """Rows of one unit, in the order they are shown."""

    members: list[Any] = field(default_factory=list)
    seats: list[Any] = field(default_factory=list)
    past: list[Any] = field(default_factory=list)

    @property
    def staff(self) -> int:
        return sum(person.headcount for person in self.members)


@dataclass(frozen=True)
class Part:
    """One part of a session: its days and where."""

    first: date
    last: date
    place: str
    host_id: str = ""


@dataclass(frozen=True)
class Call:
    """What one unit is told of one session.

    Parameters
    ----------
    people
        Seats of every person or group that the unit sends.
    hosts
        Where the parts of the session are held.
    facts
        Hash of what it is told, whatever the language: the days and hosts of the session, and who is sent.
    """

    unit_id: str
    session_id: str
    people: Mapping[str, int]
    hosts: frozenset[str]
    facts: str
    events: tuple[Event, ...]
    notice: Notice


class Calls:
    """The tables of a run, split by unit once; then what each unit is told of each session."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.texts = material.texts
        self.units = self._split()
        self._parts = self._parts_of_sessions()
        self._kinds = dict(zip(material.sessions["session_id"], material.sessions["host_group"], strict=True))

    def of(self, unit_id: str) -> dict[str, Call]:
        """What a unit is told, by session in the order of time; nothing, where it has nobody."""
        unit = self.units.get(unit_id, Unit())
        called = names_within(unit, self.texts)
        blocks: dict[str, list[Any]] = {}
        for seat in unit.seats:
            blocks.setdefault(seat.session_id, []).append(seat)
        return {session_id: self._call(unit_id, seats, called) for session_id, seats in blocks.items()}

    def _call(self, unit_id: str, seats: list[Any], called: dict[str, str]) -> Call:
        session_id = seats[0].session_id
        people = {seat.cadre_id: int(seat.headcount) for seat in seats}
        parts = [(part.first.isoformat(), part.last.isoformat(), part.host_id) for part in self.parts_of(seats[0])]
        told = json.dumps([session_id, seats[0].programme_id, parts, sorted(people.items())])
        name = self.material.unit_names.get(unit_id, unit_id)
        return Call(
            unit_id, session_id, people, frozenset(host for *_, host in parts), hashlib.sha256(told.encode()).hexdigest(),
            tuple(self._events(unit_id, seats, called)), self._notice(unit_id, name, seats, called),
        )  # fmt: skip

    def _split(self) -> dict[str, Unit]:
        material = self.material
        cadres = material.people.reset_index().assign(
            order=material.person_order.reindex(material.people.index).to_numpy()
        )
        cadres = cadres.sort_values(["unit_id", "order"], kind="stable")
        units: dict[str, Unit] = {}
        home: dict[str, Unit] = {}
        for person in rows_of(cadres, _PERSON):
            home[person.cadre_id] = units.setdefault(person.unit_id, Unit())
            home[person.cadre_id].members.append(person)
        # The unit is that of the roster, whatever the plan file says: nobody is shown to another unit.
        seatings = material.seatings[material.seatings["cadre_id"].isin(home.keys())]
        seatings = seatings.assign(order=seatings["cadre_id"].map(material.person_order))
        for seat in rows_of(seatings.sort_values(["start_date", "session_id", "order"], kind="stable"), _SEAT):
            home[seat.cadre_id].seats.append(seat)
        fields = ("cadre_id", "programme_id", "start_date", "end_date", "days", "hours", "host_group", "online")
        history = material.inputs.history.sort_values(["cadre_id", "start_date"], kind="stable")
        for attended in rows_of(history, fields):
            if attended.cadre_id in home:
                home[attended.cadre_id].past.append(attended)
        return units

    def _parts_of_sessions(self) -> dict[str, list[Part]]:
        segments = self.material.inputs.segments.sort_values(["session_id", "start_date"], kind="stable")
        places = {host: self.material.place(host) for host in segments["host_id"].unique()}
        parts: dict[str, list[Part]] = {}
        for row in rows_of(segments, ("session_id", "start_date", "end_date", "host_id")):
            part = Part(row.start_date.date(), row.end_date.date(), places[row.host_id], row.host_id)
            parts.setdefault(row.session_id, []).append(part)
        return parts

    def parts_of(self, seat: Any) -> list[Part]:
        """Days of the seat's session; those of the plan where the tables know none."""
        return self._parts.get(seat.session_id) or [Part(seat.start_date.date(), seat.end_date.date(), seat.place)]

    def _events(self, unit_id: str, seats: list[Any], called: dict[str, str]) -> Iterator[Event]:
        texts, seat = self.texts, seats[0]
        people = sum(s.headcount for s in seats)
        names = [self.with_count(called[s.cadre_id], s.headcount) for s in seats]
        parts = self.parts_of(seat)
        for number, part in enumerate(parts, start=1):
            code = "units.event" if len(parts) == 1 else "units.event-part"
            yield Event(
                uid=uid(self.material.inputs.scenario.id, unit_id, seat.session_id, str(number)),
                year=seat.year,
                session_id=seat.session_id,
                first=part.first,
                last=part.last,
                summary=texts(code, programme=seat.programme, people=people, number=number, parts=len(parts)),
                place=part.place,
                description=texts("units.event-note", names=texts.listed(names), session=seat.session_id),
            )

    def _notice(self, unit_id: str, name: str, seats: list[Any], called: dict[str, str]) -> Notice:
        texts, seat, inputs = self.texts, seats[0], self.material.inputs
        parts = self.parts_of(seat)
        spans = [self._span(part) for part in parts]
        if len({part.place for part in parts}) > 1:
            spans = [texts("notices.at", span=s, place=p.place) for s, p in zip(spans, parts, strict=True)]
        fields = {
            "unit": name,
            "unit_id": unit_id,
            "programme": seat.programme,
            "session_id": seat.session_id,
            "year": str(seat.year),
            "first_day": self._day(parts[0].first),
            "last_day": self._day(parts[-1].last),
            "dates": texts("notices.and").join(spans),
            "days": texts.number(seat.days),
            "place": seat.place,
            "host_group": texts.known("host_group", self._kinds.get(seat.session_id, "")),
            "people": texts.number(sum(s.headcount for s in seats)),
            "scenario": texts.title(inputs.scenario) or texts.title(inputs.policy),
            "policy": texts.title(inputs.policy),
        }
        people = tuple(
            {"number": str(number), "name": called[s.cadre_id], "cadre_id": s.cadre_id, "post": s.post, "rank": s.rank,
             "headcount": texts.number(s.headcount), "reason": s.reason}
            for number, s in enumerate(seats, start=1)
        )  # fmt: skip
        return Notice(seat.year, seat.session_id, fields, people)

    def _span(self, part: Part) -> str:
        if part.first == part.last:
            return self._day(part.first)
        code = "notices.day" if part.first.year < part.last.year else "notices.day-same-year"
        last = self.texts(code, year=part.last.year, month=part.last.month, day=part.last.day)
        return self.texts("notices.span", first=self._day(part.first), last=last)

    def _day(self, day: date) -> str:
        return self.texts("notices.day", year=day.year, month=day.month, day=day.day)

    def with_count(self, name: str, count: int) -> str:
        return self.texts("units.several", name=name, count=self.texts.number(count)) if count > 1 else name


def rows_of(table: pd.DataFrame, columns: tuple[str, ...]) -> Iterator[Any]:
    """The rows as named tuples; a missing text is empty."""
    chosen = table.loc[:, list(columns)]
    texts = [column for column in columns if pd.api.types.is_string_dtype(chosen[column])]
    return records(chosen.assign(**{column: chosen[column].fillna("") for column in texts}))


def names_within(unit: Unit, texts: Texts) -> dict[str, str]:
    """What people are called where no id stands beside the name: two of one name are told apart by their ids."""
    alike = Counter(person.name for person in unit.members)
    return {p.cadre_id: p.name if alike[p.name] == 1 else texts.within(p.name, p.cadre_id) for p in unit.members}
