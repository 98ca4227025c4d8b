"""Attendances: who needs which seats, and which sessions are open to whom.

An *attendance* is one cadre in one programme and year; it needs one seat, or several for an unnamed group, in sessions of that
programme and year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from allocator.errors import ModelError
from allocator.kinds import Fixed
from allocator.solve.exclusions import Exclusions
from allocator.ties import draw
from allocator.wording import Message

Pinned = Mapping[tuple[str, str, int], Mapping[str, int]]
"""Cadre, programme and year to the sessions that are settled, with their seats."""


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
    """The attendances of what is wanted, and of every named seat; parameters and errors as of ``dated_problem.build``."""
    inputs, table = exclusions.inputs, exclusions.timetable
    found = Attendances([], [], [], [], set())
    cadres, programmes = inputs.cadres["cadre_id"].tolist(), inputs.programmes["programme_id"].tolist()
    person, programme = exclusions.position, {p: k for k, p in enumerate(programmes)}
    seats: dict[tuple[int, int, int], int] = {}  # year, programme, person
    columns = (wanted[c].tolist() for c in ("cadre_id", "programme_id", "year", "headcount"))
    for c, p, y, n in zip(*columns, strict=True):
        if c not in person or p not in programme:
            raise ModelError(Message("error.unknown-attendance", cadre=c, programme=p))
        key = y, programme[p], person[c]
        seats[key] = seats.get(key, 0) + n
    called = _called(exclusions)
    settled = _settled(exclusions, pinned)
    for key, sessions in called.items():
        if pinned is not None and key not in seats:
            continue  # Beside the part in question.
        seats[key] = max(seats.get(key, 0), len(sessions))  # A named seat is due even where the yearly stage forgot it.
    everyone = [
        (inputs.audience(rule.audience), inputs.counting(rule.programmes), rule.years)
        for rule in exclusions.rules
        if isinstance(rule, Fixed) and rule.everyone
    ]
    held: dict[tuple[int, int], list[int]] = defaultdict(list)
    for s, at in enumerate(zip(table.programme.tolist(), table.year.tolist(), strict=True)):
        held[at].append(s)
    closed_to_all = exclusions.everyone()
    own, profiles = exclusions.own, exclusions.profile.tolist()
    is_named = exclusions.is_named.tolist()
    position: dict[tuple[int, int], int] = {}
    interned: dict[tuple[int, ...], tuple[int, ...]] = {}
    alike: dict[tuple[int, int], tuple[dict[int, str], tuple[int, ...]]] = {}
    for (y, p, i), wanted_seats in sorted(seats.items()):
        if wanted_seats < 1:
            continue
        if (p, y) not in position:
            position[p, y] = len(found.blocks)
            found.blocks.append((p, y))
            found.sessions.append(held.get((p, y), []))
            found.members.append([])
        block = position[p, y]
        open_ = alike.get((block, profiles[i])) if i not in own else None
        if open_ is None:
            mine, theirs = own.get(i, {}), exclusions.blocked_for(i)
            closed = {
                s: rule_id
                for s in found.sessions[block]
                if (rule_id := closed_to_all.get(s) or mine.get(s) or theirs.get(s)) is not None
            }
            options = tuple(s for s in found.sessions[block] if s not in closed)
            open_ = closed, interned.setdefault(options, options)
            if i not in own:
                alike[block, profiles[i]] = open_
        closed, options = open_
        is_fixed = any(a[i] and c[p] and (not years or y in years) for a, c, years in everyone)
        kept = settled.get((y, p, i))
        if kept is not None:
            parts: list[tuple[int, int | None]] = [(n, s) for s, n in kept.items()]
            found.settled.update(kept)
        else:
            parts = _parts(wanted_seats, is_named[i], called.get((y, p, i), {}))
        for number, (count, session) in enumerate(parts):
            mine_only = options
            own_closed = closed
            if kept is not None and session is not None:
                mine_only = (session,)
            elif session is not None:
                mine_only = tuple(s for s in options if s == session)
                rule_id = called[y, p, i][session]
                own_closed = closed | {s: rule_id for s in options if s != session}
            found.members[block].append(len(found.attendances))
            found.attendances.append(
                Attendance(
                    person=i,
                    programme=p,
                    year=y,
                    seats=count,
                    options=interned.setdefault(mine_only, mine_only),
                    closed=own_closed,
                    block=block,
                    draw=draw(seed, cadres[i], programmes[p], str(y), *([str(number)] if number else [])),
                    is_called=session is not None,
                    is_fixed=is_fixed or session in called.get((y, p, i), {}),
                )
            )
    return found


def _settled(exclusions: Exclusions, pinned: Pinned | None) -> dict[tuple[int, int, int], dict[int, int]]:
    """Settled seats: year, programme and person → session → seats."""
    if not pinned:
        return {}
    table, person = exclusions.timetable, exclusions.position
    place = {s: k for k, s in enumerate(table.ids)}
    programme = {p: k for k, p in enumerate(exclusions.inputs.programmes["programme_id"])}
    return {
        (year, programme[p], person[c]): {place[s]: n for s, n in sessions.items()}
        for (c, p, year), sessions in pinned.items()
    }


def _called(exclusions: Exclusions) -> dict[tuple[int, int, int], dict[int, str]]:
    """Named seats: year, programme and person → session → the rule."""
    table, position = exclusions.timetable, {s: k for k, s in enumerate(exclusions.timetable.ids)}
    called: dict[tuple[int, int, int], dict[int, str]] = defaultdict(dict)
    for rule in exclusions.rules:
        for call in rule.call_ups if isinstance(rule, Fixed) else ():
            s = position[call.session_id]
            if int(table.year[s]) in exclusions.inputs.years:
                i = exclusions.position[call.cadre_id]
                called[int(table.year[s]), int(table.programme[s]), i].setdefault(s, rule.id)
    return {key: dict(sorted(sessions.items())) for key, sessions in sorted(called.items())}


def _parts(seats: int, is_named: bool, called: dict[int, str]) -> list[tuple[int, int | None]]:
    """Seats cut into attendances, each with the session it is called to.

    A named seat is an attendance of its own; so is each class of a named cadre. What is left of a group stays together.
    """
    parts: list[tuple[int, int | None]] = [(1, s) for s in called]
    rest = seats - len(parts)
    if rest > 0:
        parts += [(1, None)] * rest if is_named else [(rest, None)]
    return parts
