"""The dated sessions as whole days, and what the calendar alone rules out.

Days are whole numbers (1 is 2 January 1970). The table of segments is the truth about the days a session takes; a session
without segments takes all its days. Index letters: ``s``, ``t`` session, ``p`` programme, ``y`` plan year from 0, ``i`` person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.domain.rules import AwayLimit, RuleKind, Spacing
from allocator.domain.tables import Inputs

Interval = tuple[int, int]

EPOCH = date(1970, 1, 1).toordinal()


def as_days(dates: pd.Series | list[object]) -> np.ndarray:
    """Dates as day numbers (1 January 1970 is 0), ``int64``."""
    return np.asarray(pd.to_datetime(pd.Series(dates)).to_numpy().astype("datetime64[D]").astype(np.int64))


@dataclass(frozen=True, eq=False)
class Timetable:
    """Sessions in the order of their ids, with their days."""

    inputs: Inputs

    @cached_property
    def table(self) -> pd.DataFrame:
        """The sessions, sorted by id."""
        return self.inputs.sessions.sort_values("session_id").reset_index(drop=True)

    @cached_property
    def ids(self) -> list[str]:
        """Session ids."""
        return self.table["session_id"].tolist()

    @cached_property
    def programme(self) -> np.ndarray:
        """Position of the programme of each session in ``inputs.programmes``, shape (S,)."""
        position = {p: k for k, p in enumerate(self.inputs.programmes["programme_id"])}
        return np.asarray(self.table["programme_id"].map(position), dtype=np.int64)

    @cached_property
    def year(self) -> np.ndarray:
        """Calendar year each session belongs to, shape (S,)."""
        return self.table["year"].to_numpy(np.int64)

    @cached_property
    def seats(self) -> np.ndarray:
        """Seats that can be given out, shape (S,)."""
        return self.table["usable_seats"].to_numpy(np.int64)

    @cached_property
    def least(self) -> np.ndarray:
        """Least people of a session that is held, shape (S,); at least 1."""
        return np.asarray(np.maximum(1, self.table["min_seats"].to_numpy(np.int64)))

    @cached_property
    def start(self) -> np.ndarray:
        """First day, shape (S,)."""
        return np.array([parts[0][0] for parts in self.segments], dtype=np.int64)

    @cached_property
    def end(self) -> np.ndarray:
        """Last day, shape (S,)."""
        return np.array([max(b for _, b in parts) for parts in self.segments], dtype=np.int64)

    @cached_property
    def segments(self) -> list[tuple[Interval, ...]]:
        """The parts of each session, in the order of time."""
        parts: dict[str, list[Interval]] = {}
        frame = self.inputs.segments
        for session, a, b in zip(
            frame["session_id"], as_days(frame["start_date"]), as_days(frame["end_date"]), strict=True
        ):
            parts.setdefault(session, []).append((int(a), int(b)))
        whole = zip(as_days(self.table["start_date"]), as_days(self.table["end_date"]), strict=True)
        return [
            tuple(sorted(parts.get(session, [(int(a), int(b))])))
            for session, (a, b) in zip(self.ids, whole, strict=True)
        ]

    @cached_property
    def kind(self) -> np.ndarray:
        """Kind of each session, ``k``: sessions of one kind have the same days, year and rules of rest, shape (S,).

        A year has few different weeks, so there are far fewer kinds than sessions, and tables over pairs are made of kinds.
        """
        resting = np.array([self.of(r) for r in self.inputs.policy.rules if isinstance(r, Spacing) and r.rest_days])
        columns = resting.T.tolist() if len(resting) else [()] * len(self.ids)
        keys = zip(self.segments, self.year.tolist(), map(tuple, columns), strict=True)
        number: dict[object, int] = {}
        return np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)

    @cached_property
    def examples(self) -> np.ndarray:
        """The first session of each kind, shape (K,)."""
        return np.unique(self.kind, return_index=True)[1]

    @cached_property
    def overlap(self) -> np.ndarray:
        """Whether sessions of two kinds share a day, boolean (K, K)."""
        return self._within(0)

    def share_a_day(self, kinds: Iterable[int]) -> bool:
        """Whether there is a day that sessions of all these kinds take."""
        parts = [self.segments[s] for s in self.examples[list(kinds)].tolist()]
        firsts = {first for of in parts for first, _ in of}  # The last of them to begin a part does so on such a day.
        return any(all(any(a <= day <= b for a, b in of) for of in parts) for day in firsts)

    def _within(self, rest: int) -> np.ndarray:
        """Whether parts of two kinds share a day or leave fewer than ``rest`` free days between them, boolean (K, K)."""
        segments = [self.segments[s] for s in self.examples.tolist()]
        if not segments:
            return np.zeros((0, 0), dtype=bool)
        begins = np.cumsum([0] + [len(parts) for parts in segments[:-1]])
        first = np.array([a for parts in segments for a, _ in parts])
        last = np.array([b for parts in segments for _, b in parts])
        near = (first[:, None] <= last[None, :] + rest) & (first[None, :] <= last[:, None] + rest)
        return np.asarray(np.logical_or.reduceat(np.logical_or.reduceat(near, begins, axis=0), begins, axis=1))

    def too_close(self, rule: Spacing) -> np.ndarray:
        """Whether sessions of two kinds, of the rule's programmes, leave less than its rest between them, boolean (K, K).

        Rest is counted in free days between a part of one session and a part of the other, so a class may lie between two
        parts of another when both gaps are long enough. The rule's years are judged by the class that starts later.
        """
        if not rule.rest_days:
            return np.zeros((len(self.examples), len(self.examples)), dtype=bool)
        ours, in_year, start = (part[self.examples] for part in (self.of(rule), self.in_years(rule), self.start))
        later = np.where(start[:, None] >= start[None, :], in_year[:, None], in_year[None, :])
        return np.asarray(self._within(rule.rest_days) & ours[:, None] & ours[None, :] & later)

    def of(self, rule: RuleKind) -> np.ndarray:
        """Sessions of the programmes that a rule speaks about, boolean (S,)."""
        return np.asarray(self.inputs.counting(rule.programmes)[self.programme])

    def in_years(self, rule: RuleKind) -> np.ndarray:
        """Sessions of the years a rule holds in, boolean (S,)."""
        return np.isin(self.year, rule.years) if rule.years else np.ones(len(self.ids), dtype=bool)

    def blocked(self, rule: AwayLimit) -> np.ndarray:
        """Sessions of the rule with a day inside one of its blocked periods, boolean (S,)."""
        hit = np.zeros(len(self.ids), dtype=bool)
        for period in rule.blocked:
            a, b = as_days([period.from_date, period.to_date])
            hit |= self.touching(int(a), int(b))
        return np.asarray(hit & self.of(rule) & self.in_years(rule))

    def touching(self, first: int, last: int) -> np.ndarray:
        """Sessions with a day between two days, both inclusive, boolean (S,)."""
        parts = [self.segments[s] for s in self.examples.tolist()]
        hit = [any(a <= last and first <= b for a, b in of) for of in parts]
        return np.asarray(np.array(hit, dtype=bool)[self.kind])

    @cached_property
    def months(self) -> list[dict[tuple[str, int, int], int]]:
        """Days of each session by host and calendar month. Sessions of one host and kind share one dictionary."""
        hosts = self.inputs.programmes["host_id"].astype(str).to_numpy(object)[self.programme].tolist()
        known: dict[tuple[str, int], dict[tuple[str, int, int], int]] = {}
        found = []
        for host, kind, segments in zip(hosts, self.kind.tolist(), self.segments, strict=True):
            if (host, kind) not in known:
                days = [date.fromordinal(day + EPOCH) for a, b in segments for day in range(a, b + 1)]
                known[host, kind] = dict(Counter((host, day.year, day.month) for day in days))
            found.append(known[host, kind])
        return found
