"""The dated problem in whole numbers: who needs which seats, which sessions are open to whom, and what is shared.

An *attendance* is one cadre in one programme and year; it needs one seat, or several for an unnamed group, in sessions of that
programme and year. Attendances meet in the seats and least sizes of sessions and in *limits*:

* ``Apart``: no two entries of one person in sessions that share a day or leave too little rest;
* ``Sides``: entries of different posts of one group never share a day;
* ``Away``: on no day are more than ``most`` of one group away.

A limit is kept only where it could bind at all; most never do, which is what makes the rest quick. Index letters: ``a``, ``b``
attendance, ``s``, ``t`` session, ``r`` limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.entities import Inputs
from allocator.errors import ModelError
from allocator.kinds import AwayLimit, Fixed, Spacing
from allocator.solve.exclusions import NO_OVERLAP, Exclusions
from allocator.solve.timetable import Interval, Timetable
from allocator.ties import draw
from allocator.wording import Message

Rows = list[bytes]
"""A yes/no table over pairs of kinds of sessions: a byte string for each kind, since single cells are read millions of times."""


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
class Apart:
    """Entries of one person; ``rows[k][l]`` tells whether sessions of two kinds exclude each other."""

    entries: tuple[int, ...]
    rows: Rows
    causes: tuple[tuple[str, Rows], ...]  # which rule says so, the first that fits


@dataclass(frozen=True, eq=False)
class Sides:
    """Entries on two sides that are never away on one day."""

    rule_id: str
    entries: tuple[int, ...]
    side: dict[int, bool]
    rows: Rows
    group: str


@dataclass(frozen=True, eq=False)
class Away:
    """At most so many seats of the entries on one day."""

    rule_id: str
    entries: tuple[int, ...]
    most: int
    rows: Rows
    group: str


Limit = Apart | Sides | Away


@dataclass(eq=False)
class DatedProblem:
    """Attendances, sessions and limits; see the module."""

    inputs: Inputs
    timetable: Timetable
    exclusions: Exclusions
    attendances: list[Attendance]
    blocks: list[tuple[int, int]]  # programme and year
    sessions: list[list[int]]  # sessions of each block
    members: list[list[int]]  # attendances of each block
    limits: list[Limit] = field(default_factory=list)
    limits_of: list[list[int]] = field(default_factory=list)  # of each attendance
    seats: list[int] = field(default_factory=list)
    least: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)  # seats of each session that people beside the problem have

    @cached_property
    def kind(self) -> list[int]:
        """Kind of each session; the rows of limits are tables over kinds."""
        kinds: list[int] = self.timetable.kind.tolist()
        return kinds

    @cached_property
    def cadre_ids(self) -> list[str]:
        """Id of each person."""
        ids: list[str] = self.inputs.cadres["cadre_id"].tolist()
        return ids

    def can_open(self, s: int) -> bool:
        """Whether the seats of a session reach its least size."""
        return self.seats[s] >= self.least[s]


def rows_of(table: np.ndarray) -> Rows:
    """A square boolean table, row by row."""
    return [row.tobytes() for row in table]


Pinned = Mapping[tuple[str, str, int], Mapping[str, int]]
"""Cadre, programme and year to the sessions that are settled, with their seats."""


def build(
    inputs: Inputs,
    wanted: pd.DataFrame,
    *,
    seed: str,
    hard_only: bool = False,
    exclusions: Exclusions | None = None,
    pinned: Pinned | None = None,
    taken: Mapping[str, int] | None = None,
) -> DatedProblem:
    """The problem of the wanted attendances.

    Parameters
    ----------
    wanted
        Columns cadre_id, programme_id, year, headcount; in any order, repeated rows add up.
    seed
        Published seed of the tie-break.
    hard_only
        Leave out away-limits that are only wished for.
    exclusions
        Those of the inputs, when they are known already.
    pinned
        Attendances of which the sessions are settled, when only a part of all is wanted. Their programme and year may be there in
        part only, so its sessions have a least size of 1 here.
    taken
        Seats of sessions (by id) that people have who are not wanted here and stay where they are.

    Raises
    ------
    ModelError
        If an id is unknown or a limit groups by a column that the roster does not have.
    """
    if exclusions is None or hard_only:
        exclusions = Exclusions(inputs, Timetable(inputs), hard_only=hard_only)
    timetable = exclusions.timetable
    problem = DatedProblem(inputs, timetable, exclusions, [], [], [], [])
    problem.seats, problem.least = timetable.seats.tolist(), timetable.least.tolist()
    problem.taken = [0 if taken is None else taken.get(session, 0) for session in timetable.ids]
    if taken is not None:
        problem.seats = [seats - others for seats, others in zip(problem.seats, problem.taken, strict=True)]
        problem.least = [max(1, least - others) for least, others in zip(problem.least, problem.taken, strict=True)]
    _add_attendances(problem, wanted, seed, pinned)
    problem.limits_of = [[] for _ in problem.attendances]
    overlap = rows_of(timetable.overlap)
    for limit in (*_personal(problem, overlap), *_away(problem, overlap)):
        for a in limit.entries:
            problem.limits_of[a].append(len(problem.limits))
        problem.limits.append(limit)
    return problem


def _add_attendances(problem: DatedProblem, wanted: pd.DataFrame, seed: str, pinned: Pinned | None) -> None:
    inputs, table = problem.inputs, problem.timetable
    cadres, programmes = inputs.cadres["cadre_id"].tolist(), inputs.programmes["programme_id"].tolist()
    person, programme = problem.exclusions.position, {p: k for k, p in enumerate(programmes)}
    seats: dict[tuple[int, int, int], int] = {}  # year, programme, person
    columns = (wanted[c].tolist() for c in ("cadre_id", "programme_id", "year", "headcount"))
    for c, p, y, n in zip(*columns, strict=True):
        if c not in person or p not in programme:
            raise ModelError(Message("error.unknown-attendance", cadre=c, programme=p))
        key = y, programme[p], person[c]
        seats[key] = seats.get(key, 0) + n
    called = _called(problem)
    settled = _settled(problem, pinned)
    for key, sessions in called.items():
        if pinned is not None and key not in seats:
            continue  # Beside the part in question.
        seats[key] = max(seats.get(key, 0), len(sessions))  # A named seat is due even where the yearly stage forgot it.
    everyone = [
        (inputs.audience(rule.audience), inputs.counting(rule.programmes), rule.years)
        for rule in problem.exclusions.rules
        if isinstance(rule, Fixed) and rule.everyone
    ]
    held: dict[tuple[int, int], list[int]] = defaultdict(list)
    for s, at in enumerate(zip(table.programme.tolist(), table.year.tolist(), strict=True)):
        held[at].append(s)
    closed_to_all = problem.exclusions.everyone()
    own, profiles = problem.exclusions.own, problem.exclusions.profile.tolist()
    is_named = problem.exclusions.is_named.tolist()
    position: dict[tuple[int, int], int] = {}
    interned: dict[tuple[int, ...], tuple[int, ...]] = {}
    alike: dict[tuple[int, int], tuple[dict[int, str], tuple[int, ...]]] = {}
    for (y, p, i), wanted_seats in sorted(seats.items()):
        if wanted_seats < 1:
            continue
        if (p, y) not in position:
            position[p, y] = len(problem.blocks)
            problem.blocks.append((p, y))
            problem.sessions.append(held.get((p, y), []))
            problem.members.append([])
        block = position[p, y]
        found = alike.get((block, profiles[i])) if i not in own else None
        if found is None:
            mine, theirs = own.get(i, {}), problem.exclusions.blocked_for(i)
            closed = {
                s: rule_id
                for s in problem.sessions[block]
                if (rule_id := closed_to_all.get(s) or mine.get(s) or theirs.get(s)) is not None
            }
            options = tuple(s for s in problem.sessions[block] if s not in closed)
            found = closed, interned.setdefault(options, options)
            if i not in own:
                alike[block, profiles[i]] = found
        closed, options = found
        is_fixed = any(a[i] and c[p] and (not years or y in years) for a, c, years in everyone)
        kept = settled.get((y, p, i))
        if kept is not None:
            parts: list[tuple[int, int | None]] = [(n, s) for s, n in kept.items()]
            for s in kept:
                problem.least[s] = 1
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
            problem.members[block].append(len(problem.attendances))
            problem.attendances.append(
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


def _settled(problem: DatedProblem, pinned: Pinned | None) -> dict[tuple[int, int, int], dict[int, int]]:
    """Settled seats: year, programme and person → session → seats."""
    if not pinned:
        return {}
    table, person = problem.timetable, problem.exclusions.position
    place = {s: k for k, s in enumerate(table.ids)}
    programme = {p: k for k, p in enumerate(problem.inputs.programmes["programme_id"])}
    return {
        (year, programme[p], person[c]): {place[s]: n for s, n in sessions.items()}
        for (c, p, year), sessions in pinned.items()
    }


def _called(problem: DatedProblem) -> dict[tuple[int, int, int], dict[int, str]]:
    """Named seats: year, programme and person → session → the rule."""
    table, position = problem.timetable, {s: k for k, s in enumerate(problem.timetable.ids)}
    called: dict[tuple[int, int, int], dict[int, str]] = defaultdict(dict)
    for rule in problem.exclusions.rules:
        for call in rule.call_ups if isinstance(rule, Fixed) else ():
            s = position[call.session_id]
            if int(table.year[s]) in problem.inputs.years:
                i = problem.exclusions.position[call.cadre_id]
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


def _personal(problem: DatedProblem, overlap: Rows) -> Iterable[Limit]:
    """One class at a time, and the rest between two classes of one named cadre."""
    rules = [r for r in problem.exclusions.rules if isinstance(r, Spacing) and r.rest_days]
    speaks = [problem.inputs.audience(rule.audience) for rule in rules]
    close = [problem.timetable.too_close(rule) for rule in rules]
    by_person: dict[int, list[int]] = defaultdict(list)
    for a, attendance in enumerate(problem.attendances):
        by_person[attendance.person].append(a)
    headcount = problem.inputs.cadres["headcount"].tolist()
    spans: dict[int, list[Interval]] = {}
    profiles = np.array(speaks, dtype=bool).reshape(len(rules), len(problem.inputs.cadres)).T
    tables: dict[bytes, tuple[_Meetings, Rows, tuple[tuple[str, Rows], ...]]] = {}
    for i, mine in sorted(by_person.items()):
        if headcount[i] > 1:
            # Whoever goes, a group never has more people away than it has people.
            yield from _depth_limit(problem, NO_OVERLAP, "", mine, headcount[i], overlap, spans)
            continue
        if len(mine) < 2:
            continue
        profile = profiles[i].tobytes()
        if profile not in tables:
            ours = [(rule.id, table) for rule, table, on in zip(rules, close, profiles[i], strict=True) if on]
            both = np.logical_or.reduce([problem.timetable.overlap, *(table for _, table in ours)])
            causes = ((NO_OVERLAP, overlap), *((rule_id, rows_of(table)) for rule_id, table in ours))
            tables[profile] = (_Meetings(problem, both), rows_of(both), causes)
        meetings, rows, causes = tables[profile]
        entries: set[int] = set()
        for k, a in enumerate(mine):
            for b in mine[k + 1 :]:
                if meetings.can_meet(problem.attendances[a].options, problem.attendances[b].options):
                    entries |= {a, b}
        if entries:
            yield Apart(tuple(sorted(entries)), rows, causes)


class _Meetings:
    """Whether any session of one set excludes any of another, by the kinds of the sessions.

    Tuples of options are kept once each, so that their identity stands for their value.
    """

    def __init__(self, problem: DatedProblem, table: np.ndarray) -> None:
        self.table, self.kind = table, problem.timetable.kind
        self.kinds: dict[int, np.ndarray] = {}
        self.known: dict[tuple[int, int], bool] = {}

    def can_meet(self, options: tuple[int, ...], others: tuple[int, ...]) -> bool:
        """Whether two sessions, one of each, exclude each other."""
        key = id(options), id(others)
        if key not in self.known:
            self.known[key] = bool(self.table[np.ix_(self._kinds(options), self._kinds(others))].any())
        return self.known[key]

    def _kinds(self, options: tuple[int, ...]) -> np.ndarray:
        if id(options) not in self.kinds:
            self.kinds[id(options)] = np.unique(self.kind[list(options)])
        return self.kinds[id(options)]


def _away(problem: DatedProblem, overlap: Rows) -> Iterable[Limit]:
    """Shares of groups and posts apart, of every away-limit."""
    roster = problem.inputs.roster
    headcount = problem.inputs.cadres["headcount"].to_numpy(np.int64)
    meetings = _Meetings(problem, problem.timetable.overlap)
    spans: dict[int, list[Interval]] = {}
    for rule in problem.exclusions.rules:
        if not isinstance(rule, AwayLimit) or (rule.share is None and not rule.posts_apart):
            continue
        if rule.group_by not in roster.columns:
            raise ModelError(Message("error.rule-group-column", rule=rule.id, column=rule.group_by))
        audience, counting = problem.inputs.audience(rule.audience), problem.inputs.counting(rule.programmes)
        column = roster[rule.group_by]
        group = np.where(column.isna(), "", column.astype(str)).tolist()
        size: dict[str, int] = defaultdict(int)
        for i in np.flatnonzero(audience).tolist():
            size[group[i]] += int(headcount[i])
        by_group: dict[str, list[int]] = defaultdict(list)
        for a, attendance in enumerate(problem.attendances):
            i = attendance.person
            in_year = not rule.years or attendance.year in rule.years
            if audience[i] and group[i] and in_year and counting[attendance.programme]:
                by_group[group[i]].append(a)
        posts = roster["post"].tolist()
        for name, mine in sorted(by_group.items()):
            if rule.share is not None:
                most = max(1, int(rule.share * size[name]))
                yield from _depth_limit(problem, rule.id, name, mine, most, overlap, spans)
            for one, other in rule.posts_apart:
                side = {
                    a: post == other for a in mine if (post := posts[problem.attendances[a].person]) in (one, other)
                }
                if one != other and len(set(side.values())) == 2:
                    yield from _sides(problem, rule.id, name, side, overlap, meetings)


def _sides(
    problem: DatedProblem, rule_id: str, group: str, side: dict[int, bool], overlap: Rows, meetings: _Meetings
) -> Iterable[Limit]:
    options = {a: problem.attendances[a].options for a in side}
    entries = {
        c
        for a in side
        for b in side
        if side[b] and not side[a] and meetings.can_meet(options[a], options[b])
        for c in (a, b)
    }
    if entries:
        yield Sides(rule_id, tuple(sorted(entries)), side, overlap, group)


def _depth_limit(
    problem: DatedProblem,
    rule_id: str,
    group: str,
    mine: Sequence[int],
    most: int,
    overlap: Rows,
    known: dict[int, list[Interval]],
) -> Iterable[Limit]:
    """The limit over those entries that could be away on a day when more than ``most`` could be.

    Parameters
    ----------
    known
        Days covered by sets of options, by identity; added to.
    """
    if sum(problem.attendances[a].seats for a in mine) <= most:
        return
    spans = {}
    for a in mine:
        options = problem.attendances[a].options
        if id(options) not in known:
            known[id(options)] = covered(problem, a)
        spans[a] = known[id(options)]
    crowded = crowded_days([(interval, problem.attendances[a].seats) for a in mine for interval in spans[a]], most)
    entries = tuple(a for a in mine if any(b <= last and first <= e for b, e in spans[a] for first, last in crowded))
    if entries:
        yield Away(rule_id, entries, most, overlap, group)


def covered(problem: DatedProblem, a: int) -> list[Interval]:
    """Days on which an attendance could be away, as intervals that do not meet."""
    merged: list[Interval] = []
    for first, last in sorted(part for s in problem.attendances[a].options for part in problem.timetable.segments[s]):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def crowded_days(weighted: Iterable[tuple[Interval, int]], most: int) -> list[Interval]:
    """Intervals of days on which the weights add up to more than ``most``.

    Examples
    --------
    >>> crowded_days([((1, 5), 1), ((4, 9), 1)], 1)
    [(4, 5)]
    """
    change: dict[int, int] = defaultdict(int)
    for (first, last), weight in weighted:
        change[first] += weight
        change[last + 1] -= weight
    depth, since, crowded = 0, 0, []
    for day in sorted(change):
        was, depth = depth, depth + change[day]
        if was <= most < depth:
            since = day
        elif depth <= most < was:
            crowded.append((since, day - 1))
    return crowded
