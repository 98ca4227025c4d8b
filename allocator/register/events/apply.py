"""Events applied: the inputs as they are now, read and checked like any files, and the seats that each event touches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.answers.conflicts.demands import without as without_values
from allocator.answers.conflicts.toml_fragments import filter_written
from allocator.domain.errors import InputError
from allocator.domain.plan import Plan
from allocator.domain.rules import Fixed
from allocator.domain.tables import Inputs
from allocator.engine.build_plan import assemble
from allocator.inputs import load
from allocator.outputs.run_record import scenario_text
from allocator.register.events.fixed_rule import Fixing, without
from allocator.register.events.tables_after import LEFT, Tables
from allocator.register.events.values import read_value
from allocator.register.records import Event, EventKind
from allocator.system.atomic_write import write_whole

K = EventKind
Seat = tuple[str, str]
"""Person and session."""

TOUCHED_COLUMNS = ("session_id", "cadre_id", "event_id", "effect", "reason", "clause")
"""Columns of ``Applied.touched``; ``effect`` is must-go, must-come or look-again."""


@dataclass(frozen=True)
class Applied:
    """What events make of the inputs and of a plan.

    Parameters
    ----------
    inputs
        The inputs after the events; their files lie in the folder that was given.
    forced
        Seats that must be given up, with the event that says so.
    called
        Seats that must be filled, with the event.
    cancelled
        Sessions that are called off.
    touched
        Every seat that an event touches, columns as ``TOUCHED_COLUMNS``.
    left_out
        Rules that speak of nobody any more, and stand in the ``disable`` of the scenario now.
    """

    inputs: Inputs
    forced: Mapping[Seat, Event]
    called: Mapping[Seat, Event]
    cancelled: tuple[str, ...]
    touched: pd.DataFrame
    left_out: tuple[str, ...] = ()


def apply(inputs: Inputs, events: Sequence[Event], plan: Plan, folder: Path, *, version: int) -> Applied:
    """Apply events that were found sound, in their order.

    Parameters
    ----------
    inputs
        Those of the plan in force, read from files.
    folder
        Where the tables that change and the scenario are written; the files must stay as long as the inputs are used.
    version
        The version of the plan that is to answer the events; names the rule that they make.

    Raises
    ------
    InputError
        If what the events say does not pass the checks of every input, such as a rank that a rule speaks of wrongly.
    """
    tables, fixing = Tables(inputs), Fixing()
    until = date(inputs.years[-1], 12, 31)
    kept = kept_people(inputs)
    seats = plan.placements
    forced: dict[Seat, Event] = {}
    called: dict[Seat, Event] = {}
    rows: list[tuple[str, ...]] = []
    people: set[str] = set()
    for event in events:
        value = read_value(event.kind, event.value)
        before = set(tables.cancelled)
        past = seats[(seats["cadre_id"] == event.cadre_id) & (seats["start_date"] <= pd.Timestamp(event.date))]
        stays = event.kind is K.LEAVE and (bool(len(past)) or event.cadre_id in kept)
        tables.apply(event, value, stays=stays)
        over = [
            event.date,
            *(day.date() + timedelta(1) for day in past["end_date"]),
        ]  # What has begun is attended to its end.
        fixing.add(event, value, since=max(over), until=until, stays=stays)
        if event.kind is K.LEAVE and not stays:
            people.add(event.cadre_id)
        gone = _must_go(event, seats, set(tables.cancelled) - before)
        come = _must_come(event)
        forced.update(dict.fromkeys(gone, event))
        called.update(dict.fromkeys(come, event))
        rows += _rows(event, gone, "must-go") + _rows(event, come, "must-come")
        rows += _rows(event, [seat for seat in _look_again(event, seats) if seat not in gone], "look-again")
    for seat, event in list(called.items()):
        if seat in forced and forced[seat].date >= event.date and forced[seat] is not event:
            del called[seat]
    after, left_out = _read_again(inputs, tables, fixing, folder, version, people, set(forced))
    touched = pd.DataFrame(rows, columns=list(TOUCHED_COLUMNS))
    return Applied(after, forced, called, tuple(tables.cancelled), touched, left_out)


def kept_people(inputs: Inputs) -> set[str]:
    """People whom the policy's own rules name; they cannot leave the roster without a change of the policy."""
    rules = [rule for rule in inputs.policy.rules if isinstance(rule, Fixed) and not rule.id.startswith("events-")]
    named = {one.cadre_id for rule in rules for one in rule.call_ups}
    named |= {one.cadre_id for rule in rules for one in rule.forbidden}
    return named | {*(one.cadre_id for rule in rules for one in rule.unavailable)}


def _must_go(event: Event, seats: pd.DataFrame, cancelled: set[str]) -> list[Seat]:
    """Seats of the plan that an event forces out; what has begun stays."""
    match event.kind:
        case K.WITHDRAW | K.SUBSTITUTE:
            chosen = (seats["cadre_id"] == event.cadre_id) & (seats["session_id"] == event.session_id)
        case K.UNAVAILABLE:
            value = read_value(event.kind, event.value)
            first, last = (np.datetime64(day) for day in (value.first, value.last))
            chosen = (seats["cadre_id"] == event.cadre_id) & (seats["start_date"] > pd.Timestamp(event.date))
            chosen &= (seats["start_date"] <= last) & (seats["end_date"] >= first)
        case K.LEAVE:
            chosen = (seats["cadre_id"] == event.cadre_id) & (seats["start_date"] > pd.Timestamp(event.date))
        case _:
            chosen = seats["session_id"].isin(cancelled)
    return _seats(seats[chosen])


def _must_come(event: Event) -> list[Seat]:
    match event.kind:
        case K.CALL_UP:
            return [(event.cadre_id, event.session_id)]
        case K.SUBSTITUTE:
            return [(event.value, event.session_id)]
        case _:
            return []


def _look_again(event: Event, seats: pd.DataFrame) -> list[Seat]:
    """Seats that an event may make impossible or unwise, though it does not force them out."""
    match event.kind:
        case K.MOVE_SESSION | K.SEATS:
            return _seats(seats[seats["session_id"] == event.session_id])
        case K.TRANSFER | K.PROMOTE:
            to_come = seats["start_date"] > pd.Timestamp(event.date)
            return _seats(seats[(seats["cadre_id"] == event.cadre_id) & to_come])
        case K.REQUEST:
            mine = (seats["unit_id"] == event.unit_id) & (seats["session_id"] == event.session_id)
            return _seats(seats[mine])
        case _:
            return []


def _seats(table: pd.DataFrame) -> list[Seat]:
    return list(zip(table["cadre_id"].tolist(), table["session_id"].tolist(), strict=True))


def _rows(event: Event, seats: Sequence[Seat], effect: str) -> list[tuple[str, ...]]:
    return [(session, cadre, event.event_id, effect, event.reason, event.clause) for cadre, session in seats]


def _read_again(
    inputs: Inputs, tables: Tables, fixing: Fixing, folder: Path, version: int, people: set[str], freed: set[Seat]
) -> tuple[Inputs, tuple[str, ...]]:
    """Write what changed and the scenario into the folder, and read it like any other; rules that speak of nobody any more are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    files = dict(inputs.files)
    for name in sorted(tables.changed):
        files[name] = folder / f"{name}-{version}.csv"
        text = tables.frame(name).to_csv(index=False, lineterminator="\n")
        write_whole(files[name], ("\ufeff" + text).encode())
    merged = {key: value for key, value in inputs.merged.items() if key != "session_changes"}
    known = merged.get("rules", ())
    rules = without(known if isinstance(known, list) else (), people, tables.cancelled, freed)
    own = fixing.rule(version)
    merged["rules"] = [*rules, own] if own else rules
    if not merged["rules"]:
        del merged["rules"]
    merged |= _asked_of_those_who_are_left(inputs, tables, merged)
    scenario = folder / "scenario.toml"

    def read() -> Inputs:
        text = scenario_text(replace(inputs, merged=merged, files=files), folder)
        write_whole(scenario, text.encode())
        return load(scenario)

    try:
        return read(), ()
    except InputError as error:
        empty = _without_people(error)
        if not empty:
            raise
        disabled = merged.get("disable", ())
        merged["disable"] = sorted({*(disabled if isinstance(disabled, list) else ()), *empty})
        return read(), empty


def _without_people(error: InputError) -> tuple[str, ...]:
    """Rules of which nothing is wrong but that they speak of nobody any more; none if something else is wrong too."""
    if any(defect.code != "empty-audience" for defect in error.defects):
        return ()
    keys = (defect.column.split(".") for defect in error.defects)  # rules.ID.audience, or overrides.ID.audience
    return tuple(dict.fromkeys(".".join(key[1:-1]) for key in keys))


def _asked_of_those_who_are_left(inputs: Inputs, tables: Tables, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Rules and overrides under which rules about one person's record ask nothing of people who left but stand on the roster."""
    if "cadres" not in tables.changed or not any(
        LEFT in record["tags"].split(";") for record in tables.cadres.values()
    ):
        return {}
    audiences = {
        rule.id: {"audience": filter_written(without_values(rule.audience, "tags", (LEFT,)))}
        for rule in inputs.policy.rules
        if rule.sort == "personal" and rule.demands == "attendance" and not rule.is_strict
        and LEFT not in json.dumps(filter_written(rule.audience), default=str)
    }  # fmt: skip
    own = [rule | audiences.pop(rule["id"], {}) for rule in merged.get("rules", ())]
    overrides = {name: dict(fields) for name, fields in merged.get("overrides", {}).items()}
    for name, fields in audiences.items():
        overrides[name] = overrides.get(name, {}) | fields
    return ({"rules": own} if own else {}) | ({"overrides": overrides} if overrides else {})


def brought_up(plan: Plan, applied: Applied) -> Plan:
    """The plan with what the events force and nothing else decided: forced seats out, called people in, dates and units as they are now."""
    table = plan.placements
    gone = [seat in applied.forced for seat in _seats(table)]
    left = table.loc[[not one for one in gone], ["cadre_id", "session_id", "headcount", "fixed"]]
    there = set(_seats(left))
    new = pd.DataFrame([seat for seat in applied.called if seat not in there], columns=["cadre_id", "session_id"])
    heads = applied.inputs.cadres.set_index("cadre_id")["headcount"]
    new = new.assign(headcount=new["cadre_id"].map(heads), fixed=True)
    seats = pd.concat([left, new], ignore_index=True) if len(new) else left.reset_index(drop=True)
    return assemble(applied.inputs, seats.astype({"headcount": "int64", "fixed": "bool"}))
