"""Take: a plan edited by hand becomes the plan in force, and its differences become events."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from allocator.audit import audit, read_plan
from allocator.domain.errors import Defect, InputError, RegisterError
from allocator.domain.plan import Plan, ordered
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message
from allocator.register.records import Event, EventKind, SeatState
from allocator.register.register import Register

KEY = ["session_id", "cadre_id"]
Seat = tuple[str, str]


@dataclass(frozen=True)
class Taken:
    """What was taken in.

    Parameters
    ----------
    version
        The version that it became.
    events
        The events that the differences became, but for those entered before.
    answered, open
        Ids of events entered before: those that this version answers, and those that still wait.
    """

    version: int
    events: tuple[Event, ...]
    answered: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


def take(
    register: Register, file: Path, *, by: str, on: date, reason: str, clause: str = "", despite_breaches: bool = False
) -> Taken:
    """Audit an edited ``plan.csv`` against the inputs of the plan in force and put it in force.

    Only who sits where is read from the file; all else of a seat that stays is as it was in force.

    Parameters
    ----------
    reason, clause
        Why it was changed, and by which clause; every event carries them.
    despite_breaches
        Put it in force though the audit found breaches.

    Raises
    ------
    InputError
        If the file is no plan, names people or sessions that there are not, or a seat twice; every defect at once.
    RegisterError
        If it differs in nothing, breaks a rule, or a state forbids it.
    """
    latest = register.latest()
    with tempfile.TemporaryDirectory() as folder:
        inputs = load(register.write_inputs(latest.version, Path(folder)))
        edited = read_plan(file, inputs)
        _refuse_rows(edited, inputs)
        report = audit(edited, inputs)
        if not (report.is_clean or despite_breaches):
            raise RegisterError(Message("register.take-not-clean", count=len(report.breaches)))
        before = register.plan(latest.version)
        made, left = _events(before, edited, latest.version + 1, on, by, reason, clause)
        waiting = register.events()
        waiting = waiting[waiting["applied_in"].isna()]
        answered = _answered(waiting, made)
        events = [one for one in made if _facts(one) not in answered.values()]
        if not made:
            raise RegisterError(Message("register.nothing-new", version=latest.version))
        version = register.add_version(
            _joined(before, edited), inputs, by=by, on=on, why=reason, after=latest.version, what="take",
            clause=clause, left=left, noted=events, events=list(answered), details={"clean": report.is_clean},
        )  # fmt: skip
    return Taken(version, tuple(events), tuple(answered), tuple(sorted(set(waiting["event_id"]) - answered.keys())))


Facts = tuple[str, str, str, str]


def _facts(one: Event) -> Facts:
    """What tells one difference from another: kind, person, session, value."""
    return one.kind.value, one.cadre_id, one.session_id, one.value


def _answered(waiting: pd.DataFrame, made: Sequence[Event]) -> dict[str, Facts]:
    """Events that wait and that the differences answer, each with the facts of the difference that says no more than it.

    Who withdraws may be followed by somebody else: the substitution then is an event of its own, and answers the withdrawal.
    """
    facts = {_facts(one): one for one in made}
    replaced = {(one.cadre_id, one.session_id) for one in made if one.kind is EventKind.SUBSTITUTE}
    found: dict[str, Facts] = {}
    columns = ("event_id", "kind", "cadre_id", "session_id", "value")
    for event_id, *own in zip(*(waiting[name].tolist() for name in columns), strict=True):
        kind, cadre, session, value = own
        if (kind, cadre, session, value) in facts:
            found[event_id] = kind, cadre, session, value
        elif kind == EventKind.WITHDRAW and (cadre, session) in replaced:
            found[event_id] = "", "", "", ""
    return found


def _refuse_rows(edited: Plan, inputs: Inputs) -> None:
    """Refuse ids that the tables do not have, and seats that are listed twice; every row at once."""
    table, origin = edited.placements, edited.origin
    file, rows = (origin.file, origin.rows.tolist()) if origin else ("plan", [0] * len(table))
    defects = []
    for column, known in (("cadre_id", inputs.cadres["cadre_id"]), ("session_id", inputs.sessions["session_id"])):
        for at in np.flatnonzero(~table[column].isin(known)).tolist():
            message = Message("register.take-unknown", id=table[column].iat[at])
            defects.append(Defect(file, rows[at], column, message, Message("event.hint-id"), "take-unknown"))
    for at in np.flatnonzero(table.duplicated(KEY)).tolist():
        session, cadre = (table[name].iat[at] for name in KEY)
        message = Message("register.take-twice", cadre=cadre, session=session)
        defects.append(Defect(file, rows[at], "", message, Message("event.hint-same"), "take-twice"))
    if defects:
        raise InputError(defects)


def _joined(before: Plan, edited: Plan) -> Plan:
    """The seats of the edited plan: those that stay as they were, with the seats of a group as edited."""
    old, new = (one.placements.set_index(KEY, drop=False) for one in (before, edited))
    stays = old[old.index.isin(new.index)].copy()
    stays["headcount"] = new["headcount"].reindex(stays.index).astype("int64")
    came = new[~new.index.isin(old.index)]
    return ordered(pd.concat([stays, came[list(stays.columns)]], ignore_index=True))


def _events(
    before: Plan, edited: Plan, version: int, on: date, by: str, reason: str, clause: str
) -> tuple[Sequence[Event], Mapping[Seat, SeatState]]:
    """The differences as events, and what becomes of the seats given up.

    Who leaves a session and who comes into it are paired, those of one unit first; the pairs are substitutions, the
    rest withdrawals and call-ups.
    """
    old, new = _seats(before), _seats(edited)
    found: list[tuple[EventKind, Seat, str, str]] = []
    left: dict[Seat, SeatState] = {}
    for session in sorted({session for session, _ in old.keys() ^ new.keys()}):
        gone = sorted(seat for seat in old.keys() - new.keys() if seat[0] == session)
        came = sorted(seat for seat in new.keys() - old.keys() if seat[0] == session)
        pairs = _pairs([(seat, old[seat][0]) for seat in gone], [(seat, new[seat][0]) for seat in came])
        for seat in gone:
            substitute = pairs.get(seat)
            left[seat] = SeatState.REPLACED if substitute else SeatState.WITHDRAWN
            kind = EventKind.SUBSTITUTE if substitute else EventKind.WITHDRAW
            found.append((kind, seat, old[seat][0], substitute[1] if substitute else ""))
        paired = set(pairs.values())
        found += [(EventKind.CALL_UP, seat, new[seat][0], "") for seat in came if seat not in paired]
    changed = sorted(seat for seat in old.keys() & new.keys() if old[seat][1] != new[seat][1])
    found += [(EventKind.REQUEST, seat, new[seat][0], str(new[seat][1])) for seat in changed]
    events = [
        Event(f"take-{version}-{at}", on, kind, cadre, session, unit, value, reason, clause, by)
        for at, (kind, (session, cadre), unit, value) in enumerate(found, start=1)
    ]
    return events, left


def _seats(plan: Plan) -> dict[Seat, tuple[str, int]]:
    """Unit and number of seats by session and person."""
    columns = ("session_id", "cadre_id", "unit_id", "headcount")
    rows = zip(*(plan.placements[name].tolist() for name in columns), strict=True)
    return {(session, cadre): (unit, int(seats)) for session, cadre, unit, seats in rows}


def _pairs(gone: Sequence[tuple[Seat, str]], came: Sequence[tuple[Seat, str]]) -> dict[Seat, Seat]:
    """Who takes whose seat: first within a unit, then in the order of ids."""
    pairs: dict[Seat, Seat] = {}
    free = list(came)
    for same_unit in (True, False):
        for seat, unit in gone:
            fitting = [one for one in free if one[1] == unit or not same_unit]
            if seat not in pairs and fitting:
                pairs[seat] = fitting[0][0]
                free.remove(fitting[0])
    return pairs
