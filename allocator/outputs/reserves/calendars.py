"""Whose calendar has room for one more class, and whose absence others must allow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from allocator.audit.records import NEVER, Array, Groups, Records, ordinals, spread
from allocator.domain.rules import AwayLimit, Fixed, Spacing

_DAYS = 800  # from 1 January; a class that begins in December may end in the next year


@dataclass(frozen=True)
class Day:
    """One session as the calendars see it: row, programme, and its unbroken parts as (first, last) ordinals."""

    session: int
    programme: int
    parts: tuple[tuple[int, int], ...]

    @property
    def days(self) -> Array:
        """Every day somebody in it is away."""
        return np.unique(np.concatenate([np.arange(first, last + 1) for first, last in self.parts]))


class Limited(NamedTuple):
    """People who can only take certain seats: those whose ``seat`` is the person's own ``group``."""

    who: Array  # of the people asked about
    group: Array  # of each of them
    seat: Array  # of every cadre who may have the seat


class Calendars:
    """Everybody's classes around one year, planned and on record."""

    def __init__(self, records: Records, year: int) -> None:
        self._records = records
        self._year = year
        self._rules = [rule for rule in records.inputs.policy.rules if not rule.years or year in rule.years]

    def busy(self, session: Day) -> Array:
        """Which cadres cannot attend, by the rules on their own calendars, shape (cadres,)."""
        busy = self._years_full(session.programme).copy()
        _, first, last, cadre = self._blocks
        for start, end in session.parts:
            busy[cadre[(first <= end) & (last >= start)]] = True
        for rule in self._spacing:
            if not rule.rest_days or not self._covers[rule.id][session.programme]:
                continue
            audience, judged = self._audiences[rule.id], self._judged(rule)
            for start, end in session.parts:
                close = (first <= end + rule.rest_days) & (last >= start - rule.rest_days) & judged
                busy[cadre[close]] |= audience[cadre[close]]
        for fixed in self._fixed:
            self._bar(fixed, session, busy)
        return busy

    def _years_full(self, programme: int) -> Array:
        """Who cannot attend the programme on any day of the year: repeats, classes a year, long classes."""
        if programme not in self._known_full:
            full = np.zeros(len(self._records.headcount), dtype=bool)
            for rule in self._spacing:
                if not self._covers[rule.id][programme]:
                    continue
                audience = self._audiences[rule.id]
                if rule.same_programme_years is not None:
                    apart = np.abs(self._times(programme) - self._year)
                    full |= audience & (apart < rule.same_programme_years).any(axis=1)
                if rule.classes_per_year is not None:
                    full |= audience & (self._classes(rule) >= rule.classes_per_year)
                if rule.long_days is not None and self._days[programme] >= rule.long_days:
                    full |= audience & self._long(rule)
            self._known_full[programme] = full
        return self._known_full[programme]

    @cached_property
    def _known_full(self) -> dict[int, Array]:
        return {}

    def away(self, session: Day, people: Array) -> list[Limited]:
        """Who of the people would be one too many away, unless in the seat of somebody who then stays."""
        limited = []
        at = session.days - self._first
        at = at[at < _DAYS]
        for rule in self._limits:
            if not self._covers[rule.id][session.programme]:
                continue
            of = self._groups(rule).of
            own, inside = of[people], self._audiences[rule.id][people] & (of[people] >= 0)
            if rule.share is not None:
                limit, count = self._count(rule)
                groups = np.unique(own[inside])
                full = np.zeros(len(limit), dtype=bool)
                full[groups] = count[groups[:, None], at].max(axis=1) >= limit[groups]
                limited.append(Limited(inside & full[own], own, of))
            for pair in rule.posts_apart:
                for post, other in (pair, pair[::-1]):
                    most = self._holders(rule, other)[:, at].max(axis=1)
                    clash = inside & self._holds(post)[people] & (most[own] > 0)
                    if clash.any():
                        # Of two holders away only one would stay.
                        stays = np.where(self._holds(other) & (most[of] == 1) & (of >= 0), of, -2)
                        limited.append(Limited(clash, own, stays))
        return [limit for limit in limited if limit.who.any()]

    # ------------------------------------------------------------------ made once for the year

    @cached_property
    def _blocks(self) -> tuple[Array, Array, Array, Array]:
        """Attendance, first, last and cadre of the parts of all classes near the year."""
        rest = max((rule.rest_days or 0 for rule in self._spacing), default=0)
        blocks = self._records.blocks
        near = (blocks["last"] >= self._first - rest) & (blocks["first"] <= self._first + _DAYS + rest)
        table = blocks.loc[near]
        attendance, first, last, cadre = (table[c].to_numpy() for c in ("attendance", "first", "last", "cadre"))
        return attendance, first, last, cadre

    @cached_property
    def _first(self) -> int:
        return int(ordinals(pd.Series(pd.to_datetime([f"{self._year}-01-01"])))[0])

    @cached_property
    def _spacing(self) -> list[Spacing]:
        return [rule for rule in self._rules if isinstance(rule, Spacing)]

    @cached_property
    def _limits(self) -> list[AwayLimit]:
        return [rule for rule in self._rules if isinstance(rule, AwayLimit) and rule.strength != "report"]

    @cached_property
    def _fixed(self) -> list[Fixed]:
        return [rule for rule in self._rules if isinstance(rule, Fixed)]

    @cached_property
    def _days(self) -> Array:
        return self._records.inputs.programmes["days"].to_numpy()

    @cached_property
    def _covers(self) -> dict[str, Array]:
        """The programmes of every rule on calendars."""
        rules = [*self._spacing, *self._limits, *self._fixed]
        return {rule.id: self._records.programmes(rule.programmes) for rule in rules}

    @cached_property
    def _audiences(self) -> dict[str, Array]:
        rules = [*self._spacing, *self._limits, *self._fixed]
        return {rule.id: self._records.audience(rule.audience) for rule in rules}

    def _holds(self, post: str) -> Array:
        """Which cadres hold a post."""
        key = ("holds", post)
        if key not in self._cache:
            self._cache[key] = self._records.inputs.cadres["post"].to_numpy(object) == post
        return self._cache[key]

    @cached_property
    def _cache(self) -> dict[tuple[str, str], Array]:
        return {}

    def _judged(self, rule: Spacing) -> Array:
        """Which of the blocks are of classes the rule looks at."""
        key = ("judged", rule.id)
        if key not in self._cache:
            self._cache[key] = self._records.counting(rule.programmes)[self._blocks[0]]
        return self._cache[key]

    def _times(self, programme: int) -> Array:
        """The years nearest to this one in which each cadre attends the programme, before and after, shape (cadres, 2)."""
        a = self._records.attendances
        here = self._by_programme.get(programme, np.empty(0, np.int64))
        times = np.full((len(self._records.headcount), 2), NEVER, dtype=np.int64)
        before, after = here[a.year[here] <= self._year], here[a.year[here] > self._year]
        np.maximum.at(times[:, 0], a.cadre[before], a.year[before])
        times[:, 1] = -NEVER
        np.minimum.at(times[:, 1], a.cadre[after], a.year[after])
        return times

    @cached_property
    def _by_programme(self) -> dict[int, Array]:
        programme = self._records.attendances.programme
        order = np.argsort(programme, kind="stable")
        values, starts = np.unique(programme[order], return_index=True)
        return dict(zip(map(int, values), np.split(order, starts[1:]), strict=True))

    def _classes(self, rule: Spacing) -> Array:
        """Classes of each cadre in the year."""
        key = ("classes", rule.id)
        if key not in self._cache:
            a = self._records.attendances
            own = self._records.counting(rule.programmes) & (a.year == self._year)
            self._cache[key] = np.bincount(a.cadre[own], minlength=len(self._records.headcount))
        return self._cache[key]

    def _long(self, rule: Spacing) -> Array:
        """Which cadres have a long class so near that no second one is allowed this year."""
        key = ("long", rule.id)
        if key not in self._cache:
            assert rule.long_days is not None and rule.long_years is not None
            a = self._records.attendances
            near = np.abs(a.year - self._year) < rule.long_years
            own = self._records.counting(rule.programmes) & (a.days >= rule.long_days) & near
            self._cache[key] = np.bincount(a.cadre[own], minlength=len(self._records.headcount)) > 0
        return self._cache[key]

    def _bar(self, rule: Fixed, session: Day, busy: Array) -> None:
        """Those whom the rule keeps out, or whose attendance it has settled already."""
        records = self._records
        if rule.everyone and self._covers[rule.id][session.programme]:
            busy |= self._audiences[rule.id]
        for item in rule.forbidden:
            wanted = (
                (item.programme_id, records.programme_ids[session.programme]),
                (item.session_id, records.session_ids[session.session]),
                (item.year, self._year),
            )
            if all(value is None or value == actual for value, actual in wanted):
                busy |= records.cadre_ids == item.cadre_id
        for away in rule.unavailable:
            first, last = ordinals(pd.Series(pd.to_datetime([away.from_date, away.to_date])))
            if any(start <= last and end >= first for start, end in session.parts):
                busy |= records.cadre_ids == away.cadre_id

    def _count(self, rule: AwayLimit) -> tuple[Array, Array]:
        """The limit of every group, and its people away on every day, shape (groups, days)."""
        assert rule.share is not None
        groups = self._groups(rule)
        limit = np.maximum(1, rule.share.numerator * groups.sizes // rule.share.denominator)
        key = ("away", rule.id)
        if key not in self._cache:
            self._cache[key] = self._present(rule, np.ones(len(groups.of), dtype=bool))
        return limit, self._cache[key]

    def _groups(self, rule: AwayLimit) -> Groups:
        if rule.id not in self._known_groups:
            self._known_groups[rule.id] = self._records.groups(self._records.audience(rule.audience), rule.group_by)
        return self._known_groups[rule.id]

    @cached_property
    def _known_groups(self) -> dict[str, Groups]:
        return {}

    def _holders(self, rule: AwayLimit, post: str) -> Array:
        """Holders of a post away, by group and day, shape (groups, days)."""
        key = (f"post {post}", rule.id)
        if key not in self._cache:
            self._cache[key] = self._present(rule, self._holds(post))
        return self._cache[key]

    def _present(self, rule: AwayLimit, wanted: Array) -> Array:
        """Placed people of the rule, of those wanted, away in each group on each day of the year."""
        records = self._records
        a = records.attendances
        groups = self._groups(rule)
        attendance, first, last, cadre = self._blocks
        own = a.planned[attendance] & records.counting(rule.programmes)[attendance] & (groups.of[cadre] >= 0)
        own &= wanted[cadre] & np.isin(a.year[attendance], records.years_of(rule))
        first, last, cadre = first[own], last[own], cadre[own]
        part, offset = spread(last - first + 1)
        day = first[part] + offset - self._first
        near = (day >= 0) & (day < _DAYS)
        part, day = part[near], day[near]
        # A person is away once on a day; the seats of an unnamed group are different people.
        pairs = np.stack([cadre[part], day, np.where(records.headcount[cadre[part]] > 1, attendance[own][part], -1)])
        _, once = np.unique(pairs, axis=1, return_index=True)
        count = np.zeros((max(1, len(groups.labels)), _DAYS), dtype=np.int32)
        np.add.at(count, (groups.of[cadre[part[once]]], day[once]), a.seats[attendance[own][part[once]]])
        return count
