"""What the newest version of a plan still needs to be told: everything at first, afterwards only what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from allocator.audit import audit
from allocator.domain.errors import UsageError
from allocator.domain.plan import Plan
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units import Call, Calls, unit_contents
from allocator.outputs.units.unit_record import Event, UnitContent
from allocator.register.papers.differences import Change, difference, is_alike
from allocator.register.papers.reasons import Reasons
from allocator.register.papers.so_far import NOTHING, Pair, PaperKind, SoFar
from allocator.register.records import SessionState
from allocator.register.register import Register


@dataclass(frozen=True)
class Scope:
    """The units, years and sessions whose papers are wanted; none named means all."""

    units: frozenset[str] = frozenset()
    years: frozenset[int] = frozenset()
    sessions: frozenset[str] = frozenset()

    def has_unit(self, unit_id: str) -> bool:
        """Whether papers of this unit are wanted."""
        return not self.units or unit_id in self.units

    def of(self, years: Mapping[str, int]) -> set[str]:
        """The sessions whose papers are wanted, of all those that are given with their years."""
        return {
            session for session, year in years.items()
            if (not self.years or year in self.years) and (not self.sessions or session in self.sessions)
        }  # fmt: skip


@dataclass(frozen=True)
class Needed:
    """What must be told.

    Parameters
    ----------
    material
        The plan in force, with all that outputs need.
    call_ups
        What units are told of sessions of which they know nothing.
    changes
        What changed of what they know.
    workbooks
        The unit's workbook with the hash of its content, where it differs from the last one.
    calendars
        The unit's events, those that are called off too, with the hash of what they tell; of units with a call-up or a change.
    lists
        What every unit is told of a session, with the hash of it, where it differs from the last list; no unit, when nobody
        attends any more.
    tables
        The hash of the seat table of a year, where it differs from the last one.
    """

    version: int
    material: Material
    so_far: SoFar
    call_ups: Mapping[Pair, Call]
    changes: Mapping[Pair, Change]
    workbooks: Mapping[str, tuple[UnitContent, str]]
    calendars: Mapping[str, tuple[tuple[Event, ...], str]]
    lists: Mapping[str, tuple[tuple[Call, ...], str]]
    tables: Mapping[int, str]


def needed(register: Register, texts: Texts, on: date, folder: Path, scope: Scope) -> Needed:
    """Compare the plan in force with what was told.

    Parameters
    ----------
    folder
        Where the inputs of the versions are written; they are read from there.
    scope
        With sessions named, no workbooks are needed: they tell of all sessions. With units named, no lists of sessions.

    Raises
    ------
    UsageError
        If a unit or session is not in the register.
    """
    sessions = register.sessions(on=on)
    states = dict(zip(sessions["session_id"], map(SessionState, sessions["state"]), strict=True))
    versions = _Versions(register, texts, folder)
    _refuse_unknown(scope, versions.inputs, states, sessions["year"])
    wanted = scope.of(dict(zip(sessions["session_id"], sessions["year"], strict=True)))
    so_far = SoFar(register.papers())
    now = versions.now()
    running, closed = (
        {session for session, own in states.items() if own is state}
        for state in (SessionState.RUNNING, SessionState.CLOSED)
    )
    wanted -= closed
    differs = [
        pair for pair in (*now, *(pair for pair in so_far.calls if pair not in now))
        if scope.has_unit(pair[0]) and pair[1] in wanted and not (pair in so_far.calls and pair[1] in running)
        and so_far.facts(pair) != _facts(now.get(pair))
    ]  # fmt: skip
    reasons = Reasons(
        register.events(), {n: register.version(n).why for n in range(1, versions.newest + 1)}, register.seats()
    )
    call_ups, changes = {}, {}
    for pair in differs:
        before, call = versions.told(pair, so_far), now.get(pair)
        if before is not None and call is not None and is_alike(before, call):
            continue  # Another version of this program wrote the hash, or the difference is none that anybody reads.
        if before is not None:
            is_off = states.get(pair[1]) is SessionState.CANCELLED
            since = so_far.calls[pair].version
            changes[pair] = difference(before, call, is_cancelled=is_off, since=since, reasons=reasons)
        elif call is not None:
            call_ups[pair] = call
    workbooks = {} if scope.sessions else dict(_workbooks(versions.material, so_far, scope))
    lists = {} if scope.units else dict(_lists(now, so_far, running, wanted))
    tables = {} if scope.units or scope.sessions else dict(_tables(now, so_far, versions.inputs, scope))
    calendars = {
        unit: versions.calendar(unit, so_far, now, call_ups, changes)
        for unit in dict.fromkeys(pair[0] for pair in (*call_ups, *changes))
    }
    return Needed(versions.newest, versions.material, so_far, call_ups, changes, workbooks, calendars, lists, tables)


class _Versions:
    """The newest version of the plan, and older ones as far as somebody was last told of them."""

    def __init__(self, register: Register, texts: Texts, folder: Path) -> None:
        self._register, self._texts, self._folder = register, texts, folder
        self.newest = register.latest().version
        self.inputs, plan = self._read(self.newest)
        self.material = Material(self.inputs, plan, audit(plan, self.inputs), None, texts)
        self._calls = {self.newest: Calls(self.material)}
        self._of_units: dict[tuple[int, str], dict[str, Call]] = {}

    def now(self) -> dict[Pair, Call]:
        """What every unit is to be told of every session, the units in the order of the office."""
        order, calls = self.material.unit_order, self._calls[self.newest]
        units = sorted(calls.units, key=lambda unit: (order.get(unit, len(order)), unit))
        return {(unit, session): call for unit in units for session, call in self._of(self.newest, unit).items()}

    def told(self, pair: Pair, so_far: SoFar) -> Call | None:
        """What a unit was last told of a session, as far as it sent anybody."""
        told = so_far.calls.get(pair)
        return None if told is None or told.facts == NOTHING else self._of(told.version, pair[0]).get(pair[1])

    def calendar(
        self,
        unit_id: str,
        so_far: SoFar,
        now: Mapping[Pair, Call],
        call_ups: Mapping[Pair, Call],
        changes: Mapping[Pair, Change],
    ) -> tuple[tuple[Event, ...], str]:
        """The events of all sessions that a unit knows of after this issue, and of those that are called off; the hash of what they tell."""
        events: list[Event] = []
        told: list[tuple[str, str]] = []
        pairs = [pair for pair in now if pair[0] == unit_id] + [
            pair for pair in changes if pair[0] == unit_id and pair not in now
        ]
        for pair in pairs:
            is_new = pair in call_ups or pair in changes
            call = now.get(pair) if is_new else self.told(pair, so_far)
            sequence = so_far.times(pair) - (not is_new)
            own = call.events if call else ()
            if call is not None:
                told.append((pair[1], call.facts))
                events += (replace(event, sequence=sequence) for event in own)
            if pair in changes:
                kept = {event.uid for event in own}
                lost = (event for event in changes[pair].before.events if event.uid not in kept)
                events += (replace(event, sequence=sequence, is_cancelled=True) for event in lost)
        return tuple(sorted(events, key=lambda event: (event.first, event.session_id))), hash_of(sorted(told))

    def _of(self, version: int, unit_id: str) -> dict[str, Call]:
        if version not in self._calls:
            inputs, plan = self._read(version)
            self._calls[version] = Calls(Material(inputs, plan, self.material.audit, None, self._texts))
        if (version, unit_id) not in self._of_units:
            self._of_units[version, unit_id] = self._calls[version].of(unit_id)
        return self._of_units[version, unit_id]

    def _read(self, version: int) -> tuple[Inputs, Plan]:
        return load(self._register.write_inputs(version, self._folder / str(version))), self._register.plan(version)


def hash_of(content: object) -> str:
    """The hash of something that JSON knows."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, default=str).encode()).hexdigest()


def _facts(call: Call | None) -> str:
    return call.facts if call else NOTHING


def _refuse_unknown(scope: Scope, inputs: Inputs, sessions: Mapping[str, SessionState], years: Iterable[int]) -> None:
    unknown = sorted(scope.sessions - sessions.keys())
    if unknown:
        raise UsageError(Message("papers.no-session", sessions=tuple(unknown)))
    units = sorted(scope.units - set(inputs.units["unit_id"]))
    if units:
        raise UsageError(Message("papers.no-unit", units=tuple(units)))
    missing = sorted(scope.years - set(years))
    if missing:
        raise UsageError(Message("register.no-year", years=tuple(map(str, missing))))


def _workbooks(material: Material, so_far: SoFar, scope: Scope) -> Iterator[tuple[str, tuple[UnitContent, str]]]:
    """Workbooks that differ from the last ones; compared in Chinese, so that another language is no difference."""
    compared = material if material.texts.lang == "zh" else replace(material, texts=Texts("zh"))
    facts = {
        unit.unit_id: hash_of([(sheet.name, sheet.columns, sheet.rows, sheet.lines) for sheet in unit.sheets])
        for unit in unit_contents(compared)
    }
    for unit in unit_contents(material):
        own = facts[unit.unit_id]
        if scope.has_unit(unit.unit_id) and not so_far.has_told(PaperKind.WORKBOOK, unit.unit_id, "", own):
            yield unit.unit_id, (unit, own)


def _lists(
    now: Mapping[Pair, Call], so_far: SoFar, running: set[str], wanted: set[str]
) -> Iterator[tuple[str, tuple[tuple[Call, ...], str]]]:
    """Lists of sessions that differ from the last ones, in the order in which the sessions begin."""
    calls: dict[str, list[Call]] = {}
    for (_, session), call in now.items():
        calls.setdefault(session, []).append(call)
    starts = {session: own[0].events[0].first for session, own in calls.items()}
    gone = sorted(so_far.listed - calls.keys())
    for session in [*gone, *sorted(calls, key=lambda one: (starts[one], one))]:
        own = calls.get(session, [])
        facts = hash_of(sorted((call.unit_id, call.facts) for call in own)) if own else NOTHING
        is_settled = session in running and session in so_far.listed
        if session in wanted and not is_settled and not so_far.has_told(PaperKind.LIST, "", session, facts):
            yield session, (tuple(own), facts)


def _tables(now: Mapping[Pair, Call], so_far: SoFar, inputs: Inputs, scope: Scope) -> Iterator[tuple[int, str]]:
    """Years whose seat table differs from the last one."""
    table = inputs.sessions
    starts, ends = (
        dict(zip(table["session_id"], table[name].astype("str"), strict=True)) for name in ("start_date", "end_date")
    )
    of_year: dict[int, list[tuple[str, str, int, str, str]]] = {}
    for (unit, session), call in now.items():
        seats = sum(call.people.values())
        of_year.setdefault(call.notice.year, []).append((session, unit, seats, starts[session], ends[session]))
    for year, rows in sorted(of_year.items()):
        facts = hash_of(sorted(rows))
        if (not scope.years or year in scope.years) and not so_far.has_told(PaperKind.TABLE, "", str(year), facts):
            yield year, facts
