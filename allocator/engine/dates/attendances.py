"""Attendances: who needs which seats, and which sessions are open to whom.

An *attendance* is one cadre in one programme and year. It needs one seat, or several for an unnamed group, in sessions of that programme and year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import Fixed
from allocator.domain.tables import Inputs
from allocator.domain.tie_break import draw
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.language.message import Message

Pinned = Mapping[tuple[str, str, int], Mapping[str, int]]
"""Cadre, programme and year to the sessions that are settled, with their seats."""

Called = Mapping[tuple[int, int, int], Mapping[int, str]]
"""Year, programme and person to the sessions that they are called to, each with the rule."""


@dataclass(slots=True, eq=False)
class Attendance:
    """One cadre in one programme and year."""

    person: int
    programme: int
    year: int
    seats: int  # wanted: 1 for a named cadre
    options: tuple[int, ...]  # sessions open to it
    closed: dict[int, str]  # the other sessions of the programme and year, each with the rule that closes it
    block: int  # position of its programme and year
    draw: int  # the published tie-break
    is_called: bool = False  # a named seat
    is_fixed: bool = False  # a fixed rule asks for it


@dataclass(frozen=True, eq=False)
class Attendances:
    """All attendances, and the programmes and years (*blocks*) in which they are."""

    attendances: list[Attendance]
    blocks: list[tuple[int, int]]  # programme and year
    sessions: list[list[int]]  # sessions of each block
    members: list[list[int]]  # attendances of each block
    settled: set[int]  # sessions that somebody attends for whom they are settled


def attendances_of(exclusions: Exclusions, wanted: pd.DataFrame, seed: str, pinned: Pinned | None) -> Attendances:
    """The attendances of what is wanted, and of every named seat; parameters and errors as of ``problem.build``."""
    inputs, table = exclusions.inputs, exclusions.timetable
    found = Attendances([], [], [], [], set())
    cadres, programmes = inputs.cadres["cadre_id"].tolist(), inputs.programmes["programme_id"].tolist()
    called, settled = _called(exclusions), _settled(exclusions, pinned)
    due = _seats_due(inputs, wanted, called, is_part=pinned is not None)
    ends_block = np.diff(due["year"] * len(programmes) + due["programme"]).nonzero()[0] + 1
    person, seats = due["person"].tolist(), due["seats"].tolist()
    everyone = [
        (inputs.audience(rule.audience), inputs.counting(rule.programmes), rule.years)
        for rule in exclusions.rules
        if isinstance(rule, Fixed) and rule.everyone
    ]
    held: dict[tuple[int, int], list[int]] = defaultdict(list)
    for s, at in enumerate(zip(table.programme.tolist(), table.year.tolist(), strict=True)):
        held[at].append(s)
    closed_to_all = exclusions.everyone()
    own, profiles, is_named = exclusions.own, exclusions.profile.tolist(), exclusions.is_named.tolist()
    interned: dict[tuple[int, ...], tuple[int, ...]] = {}
    for begin, end in pairwise([0, *ends_block.tolist(), len(person)] if person else []):
        y, p, block = int(due["year"][begin]), int(due["programme"][begin]), len(found.blocks)
        sessions, members = held.get((p, y), []), list[int]()
        found.blocks.append((p, y))
        found.sessions.append(sessions)
        found.members.append(members)
        is_fixed = np.zeros(end - begin, dtype=bool)
        for audience, counting, years in everyone:
            if counting[p] and (not years or y in years):
                is_fixed |= audience[due["person"][begin:end]]
        alike: dict[int, tuple[dict[int, str], tuple[int, ...]]] = {}
        for i, wanted_seats, fixed in zip(person[begin:end], seats[begin:end], is_fixed.tolist(), strict=True):
            open_ = alike.get(profiles[i]) if i not in own else None
            if open_ is None:
                mine, theirs = own.get(i, {}), exclusions.blocked_for(i)
                closed = {
                    s: rule_id
                    for s in sessions
                    if (rule_id := closed_to_all.get(s) or mine.get(s) or theirs.get(s)) is not None
                }
                options = tuple(s for s in sessions if s not in closed)
                open_ = closed, interned.setdefault(options, options)
                if i not in own:
                    alike[profiles[i]] = open_
            closed, options = open_
            kept, calls = settled.get((y, p, i)), called.get((y, p, i), {})
            if kept is not None:
                parts: list[tuple[int, int | None]] = [(n, s) for s, n in kept.items()]
                found.settled.update(kept)
            else:
                parts = _parts(wanted_seats, is_named[i], calls)
            for number, (count, session) in enumerate(parts):
                mine_only, own_closed = options, closed
                if kept is not None and session is not None:
                    mine_only = (session,)
                elif session is not None:
                    mine_only = tuple(s for s in options if s == session)
                    own_closed = closed | {s: calls[session] for s in options if s != session}
                members.append(len(found.attendances))
                found.attendances.append(
                    Attendance(
                        person=i,
                        programme=p,
                        year=y,
                        seats=count,
                        options=mine_only if session is None else interned.setdefault(mine_only, mine_only),
                        closed=own_closed,
                        block=block,
                        draw=draw(seed, cadres[i], programmes[p], str(y), *([str(number)] if number else [])),
                        is_called=session is not None,
                        is_fixed=fixed or session in calls,
                    )
                )
    return found


def _seats_due(inputs: Inputs, wanted: pd.DataFrame, called: Called, *, is_part: bool) -> dict[str, np.ndarray]:
    """Seats of each person in each programme and year, in the order of year, programme and person.

    A named seat is due even where the yearly stage forgot it; of a part only to those who are in it.

    Returns
    -------
    ``year``, ``programme``, ``person`` and ``seats``, at least 1, each of shape (rows,).
    """
    person = inputs.positions(wanted["cadre_id"])
    place = pd.Index(inputs.programmes["programme_id"].to_numpy(object), dtype=object)
    programme = place.get_indexer(pd.Index(wanted["programme_id"].to_numpy(object), dtype=object))
    for k in np.flatnonzero((person < 0) | (programme < 0)).tolist():
        cadre, what = wanted["cadre_id"].iloc[k], wanted["programme_id"].iloc[k]
        raise ModelError(Message("error.unknown-attendance", cadre=cadre, programme=what))
    calls = np.array(list(called), dtype=np.int64).reshape(-1, 3)
    keys = np.column_stack([wanted["year"].to_numpy(np.int64), programme, person])
    keys = np.concatenate([keys, calls])
    asked = np.concatenate([wanted["headcount"].to_numpy(np.int64), np.zeros(len(calls), dtype=np.int64)])
    named = np.concatenate([np.zeros(len(wanted), dtype=np.int64), np.array([*map(len, called.values())], np.int64)])
    order = np.lexsort(keys.T[::-1])
    first = np.flatnonzero(np.append(True, np.diff(keys[order], axis=0).any(axis=1))[: len(order)])
    seats = np.add.reduceat(asked[order], first) if len(first) else asked
    due = np.maximum(seats, np.maximum.reduceat(named[order], first)) if len(first) else asked
    is_due = due >= 1
    if is_part:
        is_due &= order[first] < len(
            wanted
        )  # The sort is stable, so of equal rows the wanted one comes before the call-up.
    year, programme, person = keys[order[first[is_due]]].T
    return {"year": year, "programme": programme, "person": person, "seats": due[is_due]}


def _settled(exclusions: Exclusions, pinned: Pinned | None) -> dict[tuple[int, int, int], dict[int, int]]:
    """Settled seats: year, programme and person to sessions and their seats."""
    if not pinned:
        return {}
    table, person = exclusions.timetable, exclusions.position
    place = {s: k for k, s in enumerate(table.ids)}
    programme = {p: k for k, p in enumerate(exclusions.inputs.programmes["programme_id"])}
    return {
        (year, programme[p], person[c]): {place[s]: n for s, n in sessions.items()}
        for (c, p, year), sessions in pinned.items()
    }


def _called(exclusions: Exclusions) -> Called:
    """Named seats: year, programme and person to sessions, each with the rule."""
    table, position = exclusions.timetable, {s: k for k, s in enumerate(exclusions.timetable.ids)}
    called: dict[tuple[int, int, int], dict[int, str]] = defaultdict(dict)
    for rule in exclusions.rules:
        for call in rule.call_ups if isinstance(rule, Fixed) else ():
            s = position[call.session_id]
            if int(table.year[s]) in exclusions.inputs.years:
                i = exclusions.position[call.cadre_id]
                called[int(table.year[s]), int(table.programme[s]), i].setdefault(s, rule.id)
    return {key: dict(sorted(sessions.items())) for key, sessions in sorted(called.items())}


def _parts(seats: int, is_named: bool, called: Mapping[int, str]) -> list[tuple[int, int | None]]:
    """Seats cut into attendances, each with the session it is called to.

    A named seat is an attendance of its own; so is each class of a named cadre. What is left of a group stays together.
    """
    parts: list[tuple[int, int | None]] = [(1, s) for s in called]
    rest = seats - len(parts)
    if rest > 0:
        parts += [(1, None)] * rest if is_named else [(rest, None)]
    return parts
