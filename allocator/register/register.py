"""The register: the one door to the database of published plans and of what happened since."""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from allocator.domain.errors import RegisterError
from allocator.domain.plan import COLUMNS, Plan
from allocator.domain.tables import Inputs
from allocator.language.message import Message
from allocator.register import changes, journal, states, versions
from allocator.register.database import connect, shown, told, writing
from allocator.register.records import (
    HELD,
    Attendance,
    Event,
    PublishedPlan,
    SeatState,
    SessionState,
)
from allocator.register.tables import ATTENDANCE, EVENTS, FILES, JOURNAL, PAPERS, PLAN_FILES, PLANS, SEATS, SESSIONS

DEFAULT = "register.db"


class Register:
    """A register, open; used as a context manager.

    Every writer names the version that it started from and is refused when there is a newer one, so nothing is overwritten
    unseen. Each call that writes is one transaction with its entry in the journal.

    Examples
    --------
    >>> with Register.open("register.db") as register:  # doctest: +SKIP
    ...     register.latest().version
    """

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine, self.where = engine, where

    @classmethod
    def open(cls, where: str | Path = DEFAULT, *, create: bool = False) -> Register:
        """Open a register by path or URL; see ``database.connect``."""
        return cls(connect(where, create=create), str(where))

    def __enter__(self) -> Register:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # What is in it.

    @property
    def is_empty(self) -> bool:
        """Whether nothing was published yet."""
        return self._newest() == 0

    def latest(self) -> PublishedPlan:
        """The plan in force."""
        return self.version(self._newest())

    def version(self, number: int) -> PublishedPlan:
        """A version of the plan.

        Raises
        ------
        RegisterError
            If there is none of that number.
        """
        with told(self.where), self._engine.connect() as connection:
            row = connection.execute(select(PLANS).where(PLANS.c.version == number)).mappings().first()
        if row is None:
            newest = self._newest()
            raise RegisterError(
                Message("register.no-version", version=number, newest=newest) if newest else Message("register.empty")
            )
        return PublishedPlan(
            row["version"], date.fromisoformat(row["published_on"]), row["by"], row["why"], row["scenario"],
            row["run_hash"], row["inputs_hash"], zlib.decompress(row["content"]),
        )  # fmt: skip

    def plan(self, number: int) -> Plan:
        """The placements of a version, as its ``plan.csv`` has them."""
        text = self.version(number).content.decode("utf-8-sig")
        types = dict.fromkeys(COLUMNS, "str") | dict.fromkeys(("year", "headcount"), "int64")
        types |= {"days": "float64", "hours": "float64", "fixed": "bool"}
        table = pd.read_csv(io.StringIO(text), dtype=types, keep_default_na=False)
        for name in ("start_date", "end_date"):
            table[name] = pd.to_datetime(table[name])
        return Plan(table)

    def write_inputs(self, number: int, folder: Path) -> Path:
        """Write the scenario and tables of a version into a folder and return the path of the scenario; ``load`` reads it."""
        own = select(PLAN_FILES.c.name, FILES.c.content).join_from(PLAN_FILES, FILES)
        with told(self.where), self._engine.connect() as connection:
            rows = connection.execute(own.where(PLAN_FILES.c.version == number)).all()
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in rows:
            (folder / name).write_bytes(zlib.decompress(content))
        return folder / versions.SCENARIO

    def sessions(self, *, on: date | None = None) -> pd.DataFrame:
        """Every session: session_id, year, start_date, end_date, state; issued ones that have begun by ``on`` are running."""
        table = self._table(select(SESSIONS).order_by(SESSIONS.c.session_id))
        if on is not None:
            known = zip(map(SessionState, table["state"]), table["start_date"], strict=True)
            table["state"] = [states.as_of(state, start, on).value for state, start in known]
        return table

    def seats(self, *, held: bool = False) -> pd.DataFrame:
        """Every seat: session_id, cadre_id, unit_id, headcount, state, version, year; with ``held`` only those the plan holds."""
        query = select(SEATS, SESSIONS.c.year).join_from(SEATS, SESSIONS)
        table = self._table(query.order_by(SEATS.c.session_id, SEATS.c.cadre_id))
        return table[table["state"].isin(HELD)].reset_index(drop=True) if held else table

    def events(self) -> pd.DataFrame:
        """Every event, columns as ``EVENT_COLUMNS``, and ``applied_in``: the version that answered it, missing while none does."""
        table = self._table(select(EVENTS).order_by(EVENTS.c.date, EVENTS.c.event_id))
        return table.astype({"applied_in": "Int64"})

    def attendance(self) -> pd.DataFrame:
        """What hosts reported, columns as ``ATTENDANCE_COLUMNS``."""
        return self._table(select(ATTENDANCE).order_by(ATTENDANCE.c.session_id, ATTENDANCE.c.cadre_id))

    def papers(self) -> pd.DataFrame:
        """Papers issued: number, kind, unit_id, session_id, version, issued_on, hash."""
        return self._table(select(PAPERS).order_by(PAPERS.c.number))

    def journal(self) -> pd.DataFrame:
        """Every entry: seq, at, day, by, what, why, clause, details, previous_hash, hash."""
        columns = [column for column in JOURNAL.columns if column.name != "state"]
        return self._table(select(*columns).order_by(JOURNAL.c.seq))

    def closings(self) -> dict[int, dict[str, Any]]:
        """What the journal says of each year that was closed."""
        with told(self.where), self._engine.connect() as connection:
            return journal.closings(connection)

    def closed_years(self) -> frozenset[int]:
        """The years that were closed."""
        return frozenset(self.closings())

    def verify(self) -> list[Message]:
        """What was tampered with; see ``journal.verify``."""
        with told(self.where), self._engine.connect() as connection, connection.begin():
            return journal.verify(connection)

    # What is written.

    def add_version(
        self,
        plan: Plan,
        inputs: Inputs,
        *,
        by: str,
        on: date,
        why: str,
        after: int,
        what: str = "replan",
        clause: str = "",
        left: Mapping[tuple[str, str], SeatState] | None = None,
        events: Sequence[str] = (),
        noted: Sequence[Event] = (),
        cancelled: Iterable[str] = (),
        details: Mapping[str, object] | None = None,
    ) -> int:
        """Put a plan in force and return its version.

        Parameters
        ----------
        plan, inputs
            The whole plan, and what it was made from; the files of ``inputs`` are kept in the register.
        after
            The version that the writer started from.
        left
            What becomes of seats that the plan gives up, by session and person; withdrawn where nothing is said.
        events
            Ids of the events that this version answers.
        noted
            Events that are written down together with the version, which answers them.
        cancelled
            Sessions that are called off.

        Raises
        ------
        RegisterError
            If a state forbids it, or a version newer than ``after`` is there.
        """
        with told(self.where), writing(self._engine) as connection:
            self._check(connection, after)
            changes.put_sessions(connection, plan, inputs, set(cancelled), on)
            version = versions.write(connection, plan, inputs, by=by, on=on, why=why, after=after)
            moved = changes.put_seats(connection, plan, version, left or {}, on)
            changes.note_events(connection, noted, version)
            changes.answer_events(connection, events, version)
            told_of = [*events, *(one.event_id for one in noted)]
            said = {"version": version, "events": told_of, **moved, **(details or {})}
            journal.append(connection, what, by=by, on=on, why=why, clause=clause, details=said)
        return version

    def add_events(self, events: Sequence[Event], *, by: str, on: date, after: int) -> None:
        """Write events down; they are answered by a later version.

        Raises
        ------
        RegisterError
            If one of them is there already, or a version newer than ``after``, against which they were checked.
        """
        with told(self.where), writing(self._engine) as connection:
            self._check(connection, after)
            changes.note_events(connection, events)
            clauses = sorted({one.clause for one in events if one.clause})
            reasons = sorted({one.reason for one in events if one.reason})
            ids = {"events": [one.event_id for one in events]}
            journal.append(
                connection, "events", by=by, on=on, why="；".join(reasons), clause=";".join(clauses), details=ids
            )

    def add_attendance(
        self,
        rows: Sequence[Attendance],
        outcome: Mapping[tuple[str, str], SeatState],
        *,
        by: str,
        on: date,
        after: int,
        why: str = "",
        clause: str = "",
        correct: bool = True,
        details: Mapping[str, object] | None = None,
    ) -> list[str]:
        """Write down what hosts report and what it makes of each seat; sessions of which no seat is open are closed, and returned.

        A draft that has begun by its dates is taken as issued first, in an entry of its own.

        Parameters
        ----------
        outcome
            The state of each seat by session and person.
        correct
            Replace what was written down before; else somebody who was faster is not overwritten.

        Raises
        ------
        RegisterError
            If a state or a closed year forbids it, or a version newer than ``after`` is there.
        """
        with told(self.where), writing(self._engine) as connection:
            self._check(connection, after)
            touched = sorted({session for session, _ in outcome})
            changes.refuse_closed(connection, touched)
            if begun := changes.begin_drafts(connection, touched, on):
                said: dict[str, object] = {"sessions": begun}
                journal.append(connection, "begin", by=by, on=on, why=why, clause="", details=said)
            closed = changes.note_attendance(connection, rows, outcome, on, correct=correct, where=self.where)
            said = {"sessions": touched, "seats": len(rows), "closed": closed, **(details or {})}
            journal.append(connection, "attendance", by=by, on=on, why=why, clause=clause, details=said)
        return closed

    def close_year(
        self,
        year: int,
        plan: Plan,
        inputs: Inputs,
        *,
        by: str,
        on: date,
        seen: int,
        why: str = "",
        rows: Sequence[Attendance] = (),
        outcome: Mapping[tuple[str, str], SeatState] = MappingProxyType({}),
        left: Mapping[tuple[str, str], SeatState] = MappingProxyType({}),
        events: Sequence[str] = (),
        cancelled: Iterable[str] = (),
        details: Mapping[str, object] = MappingProxyType({}),
    ) -> int:
        """Close a year and put in force what is left of the plan, made from inputs in which the year is history; the new version.

        Parameters
        ----------
        seen
            The newest entry of the journal when the writer began.
        rows, outcome
            What is assumed of seats that nobody has recorded.

        Raises
        ------
        RegisterError
            If a state forbids it, or anything was written since ``seen``.
        """
        with told(self.where), writing(self._engine) as connection:
            if journal.newest(connection) != seen:
                raise RegisterError(Message("register.moved-on", register=shown(self.where)))
            if outcome:
                begun = changes.begin_drafts(connection, sorted({one for one, _ in outcome}), on)
                closed = changes.note_attendance(connection, rows, outcome, on, correct=False, where=self.where)
                said = {"sessions": closed, "seats": len(rows), "begun": begun, "assumed": True}
                journal.append(connection, "attendance", by=by, on=on, why=why, clause="", details=said)
            after = connection.execute(select(func.max(PLANS.c.version))).scalar() or 0
            changes.put_sessions(connection, plan, inputs, set(cancelled), on)
            version = versions.write(connection, plan, inputs, by=by, on=on, why=why, after=after)
            moved = changes.put_seats(connection, plan, version, left, on, closing=year)
            changes.answer_events(connection, events, version)
            said = {"year": year, "day": on.isoformat(), "version": version, "events": list(events), **moved, **details}
            journal.append(connection, "close", by=by, on=on, why=why, clause="", details=said)
        return version

    def add_papers(
        self,
        rows: Sequence[Mapping[str, Any]],
        issued: Iterable[str],
        *,
        by: str,
        on: date,
        after: int,
        why: str = "",
        first: int | None = None,
        units: Collection[str] = (),
    ) -> int:
        """Number papers that go out and issue their sessions, whose seats are thereby confirmed; returns the first number.

        Parameters
        ----------
        rows
            kind, unit_id, session_id, version, hash of each paper.
        issued
            Sessions that the papers call people to.
        first
            The number that the first of them bears already, where it does.
        units
            Units whose seats are confirmed, where not all are.

        Raises
        ------
        RegisterError
            If a version newer than ``after``, or a paper with one of the numbers, is there.
        """
        issued = sorted(set(issued))
        with told(self.where), writing(self._engine) as connection:
            self._check(connection, after)
            borne = first
            first = (connection.execute(select(func.max(PAPERS.c.number))).scalar() or 0) + 1
            if borne not in (None, first):
                raise RegisterError(Message("register.moved-on", register=shown(self.where)))
            numbered = [{**row, "number": first + at, "issued_on": on.isoformat()} for at, row in enumerate(rows)]
            if numbered:
                connection.execute(insert(PAPERS), numbered)
            drafts = connection.execute(
                select(SESSIONS.c.session_id).where(SESSIONS.c.session_id.in_(issued), SESSIONS.c.state == "draft")
            ).scalars()
            changes.step_sessions(connection, dict.fromkeys(drafts, SessionState.ISSUED), on)
            planned = SEATS.c.session_id.in_(issued) & (SEATS.c.state == SeatState.PLANNED)
            planned = planned & SEATS.c.unit_id.in_(units) if units else planned
            connection.execute(update(SEATS).where(planned).values(state=SeatState.CONFIRMED.value))
            details = {"papers": len(numbered), "first": first, "sessions": issued}
            journal.append(connection, "papers", by=by, on=on, why=why, clause="", details=details)
        return first

    # How.

    def _table(self, query: Select[Any]) -> pd.DataFrame:
        with told(self.where), self._engine.connect() as connection:
            found = connection.execute(query)
            return pd.DataFrame(found.all(), columns=list(found.keys()))

    def _newest(self) -> int:
        with told(self.where), self._engine.connect() as connection:
            return connection.execute(select(func.max(PLANS.c.version))).scalar() or 0

    def _check(self, connection: Connection, after: int) -> None:
        """Refuse to write when somebody else has published since."""
        if (connection.execute(select(func.max(PLANS.c.version))).scalar() or 0) != after:
            raise RegisterError(Message("register.moved-on", register=shown(self.where)))
