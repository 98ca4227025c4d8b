"""Limits that attendances meet in, kept only where they could bind at all.

* ``Apart``: no two entries of one person in sessions that share a day or leave too little rest;
* ``Sides``: entries of different posts of one group never share a day;
* ``Away``: on no day are more than ``most`` of one group away.

An entry is an attendance; index letters are those of ``dates.problem``. Most limits can never bind, so few are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import AwayLimit, Spacing
from allocator.engine.calendar.closed_sessions import NO_OVERLAP, Exclusions
from allocator.engine.calendar.timetable import Interval, Timetable
from allocator.engine.dates.attendances import Attendance
from allocator.language.message import Message

Rows = list[bytes]
"""A yes/no table over pairs of kinds of sessions: a byte string for each kind, since single cells are read millions of times."""


@dataclass(frozen=True, eq=False)
class Apart:
    """Entries of one person; ``rows[k][l]`` says whether sessions of kinds ``k`` and ``l`` exclude each other."""

    entries: tuple[int, ...]
    rows: Rows
    causes: tuple[tuple[str, Rows], ...]  # which rule says so, the first that fits


@dataclass(frozen=True, eq=False)
class Sides:
    """Entries of two posts of one group that are never away on one day."""

    rule_id: str
    entries: tuple[int, ...]
    side: dict[int, bool]
    rows: Rows
    group: str


@dataclass(frozen=True, eq=False)
class Away:
    """On one day, at most ``most`` seats of the entries."""

    rule_id: str
    entries: tuple[int, ...]
    most: int
    rows: Rows
    group: str


Limit = Apart | Sides | Away


def _rows_of(table: np.ndarray) -> Rows:
    """A square boolean table as one byte string per row."""
    return [row.tobytes() for row in table]


def binding(exclusions: Exclusions, attendances: Sequence[Attendance]) -> Iterator[Limit]:
    """The limits that could bind.

    Raises
    ------
    ModelError
        If a limit groups by a column that the roster does not have.
    """
    overlap = _rows_of(exclusions.timetable.overlap)
    yield from _personal(exclusions, attendances, overlap)
    yield from _away(exclusions, attendances, overlap)


def _personal(exclusions: Exclusions, attendances: Sequence[Attendance], overlap: Rows) -> Iterator[Limit]:
    """One class at a time, and rest between two classes, for every named cadre."""
    rules = [r for r in exclusions.rules if isinstance(r, Spacing) and r.rest_days]
    speaks = [exclusions.inputs.audience(rule.audience) for rule in rules]
    close = [exclusions.timetable.too_close(rule) for rule in rules]
    by_person: dict[int, list[int]] = defaultdict(list)
    for a, attendance in enumerate(attendances):
        by_person[attendance.person].append(a)
    headcount = exclusions.inputs.cadres["headcount"].tolist()
    spans: dict[int, np.ndarray] = {}
    profiles = np.array(speaks, dtype=bool).reshape(len(rules), len(exclusions.inputs.cadres)).T
    tables: dict[bytes, tuple[_Meetings, Rows, tuple[tuple[str, Rows], ...]]] = {}
    for i, mine in sorted(by_person.items()):
        if headcount[i] > 1:
            # Whoever goes, a group never has more people away than it has people.
            yield from _depth_limit(
                exclusions.timetable, attendances, NO_OVERLAP, "", mine, headcount[i], overlap, spans
            )
            continue
        if len(mine) < 2:
            continue
        profile = profiles[i].tobytes()
        if profile not in tables:
            ours = [(rule.id, table) for rule, table, on in zip(rules, close, profiles[i], strict=True) if on]
            both = np.logical_or.reduce([exclusions.timetable.overlap, *(table for _, table in ours)])
            causes = ((NO_OVERLAP, overlap), *((rule_id, _rows_of(table)) for rule_id, table in ours))
            tables[profile] = (_Meetings(exclusions.timetable.kind, both), _rows_of(both), causes)
        meetings, rows, causes = tables[profile]
        entries = meetings.meeting([attendances[a].options for a in mine])
        if entries:
            yield Apart(tuple(mine[k] for k in entries), rows, causes)


class _Meetings:
    """Whether any session of one set excludes any of another, by the kinds of the sessions.

    Tuples of options are kept once each, so that their identity stands for their value.
    """

    def __init__(self, kind: np.ndarray, table: np.ndarray) -> None:
        self.table, self.kind = table, kind
        self.kinds: dict[int, np.ndarray] = {}
        self.known: dict[tuple[int, int], bool] = {}
        self.known_entries: dict[tuple[int, ...], list[int]] = {}

    def meeting(self, several: list[tuple[int, ...]]) -> list[int]:
        """Positions of the sets of which a session excludes one of another set, in their order."""
        key = tuple(map(id, several))
        if key not in self.known_entries:
            found = {
                k
                for pair in combinations(range(len(several)), 2)
                if self.can_meet(*(several[k] for k in pair))
                for k in pair
            }
            self.known_entries[key] = sorted(found)
        return self.known_entries[key]

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


def _away(exclusions: Exclusions, attendances: Sequence[Attendance], overlap: Rows) -> Iterator[Limit]:
    """Away-limits: shares of groups, and posts that stay apart."""
    roster = exclusions.inputs.roster
    headcount = exclusions.inputs.cadres["headcount"].to_numpy(np.int64)
    meetings = _Meetings(exclusions.timetable.kind, exclusions.timetable.overlap)
    spans: dict[int, np.ndarray] = {}
    for rule in exclusions.rules:
        if not isinstance(rule, AwayLimit) or (rule.share is None and not rule.posts_apart):
            continue
        if rule.group_by not in roster.columns:
            raise ModelError(Message("error.rule-group-column", rule=rule.id, column=rule.group_by))
        audience, counting = exclusions.inputs.audience(rule.audience), exclusions.inputs.counting(rule.programmes)
        column = roster[rule.group_by]
        group = np.where(column.isna(), "", column.astype(str)).tolist()
        size: dict[str, int] = defaultdict(int)
        for i in np.flatnonzero(audience).tolist():
            size[group[i]] += int(headcount[i])
        by_group: dict[str, list[int]] = defaultdict(list)
        for a, attendance in enumerate(attendances):
            i = attendance.person
            in_year = not rule.years or attendance.year in rule.years
            if audience[i] and group[i] and in_year and counting[attendance.programme]:
                by_group[group[i]].append(a)
        posts = roster["post"].tolist()
        for name, mine in sorted(by_group.items()):
            if rule.share is not None:
                most = max(1, int(rule.share * size[name]))
                yield from _depth_limit(exclusions.timetable, attendances, rule.id, name, mine, most, overlap, spans)
            for one, other in rule.posts_apart:
                side = {a: post == other for a in mine if (post := posts[attendances[a].person]) in (one, other)}
                if one != other and len(set(side.values())) == 2:
                    yield from _sides(attendances, rule.id, name, side, overlap, meetings)


def _sides(
    attendances: Sequence[Attendance],
    rule_id: str,
    group: str,
    side: dict[int, bool],
    overlap: Rows,
    meetings: _Meetings,
) -> Iterator[Limit]:
    options = {a: attendances[a].options for a in side}
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
    timetable: Timetable,
    attendances: Sequence[Attendance],
    rule_id: str,
    group: str,
    mine: Sequence[int],
    most: int,
    overlap: Rows,
    known: dict[int, np.ndarray],
) -> Iterator[Limit]:
    """The limit over those entries that could be away on a day when more than ``most`` could be.

    Parameters
    ----------
    known
        Days covered by sets of options, by identity; added to.
    """
    if sum(attendances[a].seats for a in mine) <= most:
        return
    spans = {}
    for a in mine:
        options = attendances[a].options
        if id(options) not in known:
            known[id(options)] = _covered(timetable, options)
        spans[a] = known[id(options)]
    parts = [spans[a] for a in mine]
    seats = np.repeat([attendances[a].seats for a in mine], [len(span) for span in parts])
    crowded = crowded_days(np.concatenate(parts), seats, most)
    if not len(crowded):
        return
    is_crowded: dict[int, bool] = {}  # Many of a group may attend the same sessions.
    for a in mine:
        options = attendances[a].options
        if id(options) not in is_crowded:
            next_ = np.searchsorted(crowded[:, 1], spans[a][:, 0])  # The first crowded days that end no earlier.
            is_some = next_ < len(crowded)
            begins = crowded[next_[is_some], 0]
            is_crowded[id(options)] = bool((begins <= spans[a][is_some, 1]).any())
    entries = tuple(a for a in mine if is_crowded[id(attendances[a].options)])
    if entries:
        yield Away(rule_id, entries, most, overlap, group)


def _covered(timetable: Timetable, options: Sequence[int]) -> np.ndarray:
    """Days that some sessions take, as intervals that do not meet: first and last days, shape (intervals, 2)."""
    merged: list[Interval] = []
    for first, last in sorted({part for s in options for part in timetable.segments[s]}):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return np.array(merged, dtype=np.int64).reshape(-1, 2)


def crowded_days(intervals: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """Intervals of days on which the weights add up to more than ``most``, in their order.

    Parameters
    ----------
    intervals
        First and last days, shape (n, 2).
    weights
        Above 0, shape (n,).

    Examples
    --------
    >>> crowded_days(np.array([[1, 5], [4, 9]]), np.array([1, 1]), 1)
    array([[4, 5]])
    """
    days, which = np.unique(np.concatenate([intervals[:, 0], intervals[:, 1] + 1]), return_inverse=True)
    change = np.zeros(len(days), dtype=np.int64)
    np.add.at(change, which, np.concatenate([weights, -weights]))
    is_above = np.append(False, np.cumsum(change) > most)  # At last the depth is 0.
    begins = np.flatnonzero(~is_above[:-1] & is_above[1:])
    ends = np.flatnonzero(is_above[:-1] & ~is_above[1:])
    return np.column_stack([days[begins], days[ends] - 1])
