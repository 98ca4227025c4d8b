"""The plan and the history as arrays that every measure counts in.

People, sessions and programmes are numbered by their row in the tables of ``Inputs``. Days, hours, year and dates of a
placement are those of its session and programme, whatever the plan file says; ``sessions-known`` reports differences.
Rows of the plan whose cadre or session does not exist are left out here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.entities import Inputs
from allocator.errors import ModelError
from allocator.filters import Filter
from allocator.kinds import Eligibility, Quota, RuleKind
from allocator.placements import Plan
from allocator.wording import Message

Array = np.ndarray

NEVER = -(10**6)
"""Year of an attendance that is not on record."""


@dataclass(frozen=True)
class Groups:
    """The people of an audience by one column of the roster."""

    labels: tuple[str, ...]
    of: Array  # group number of each cadre, -1 when outside the audience or without a group
    sizes: Array  # people in each group


@dataclass(frozen=True)
class Attendances:
    """Every attendance, those of the plan first, then the history; arrays of one length. Days are ordinals."""

    cadre: Array
    session: Array  # -1: history
    programme: Array  # -1: not one of the programmes table
    year: Array  # of the start date
    first: Array
    last: Array
    days: Array
    hours: Array
    online: Array
    seats: Array  # 1 for a named cadre
    content: Array  # number of the content text

    @property
    def planned(self) -> Array:
        """Which attendances are placements of the plan."""
        return self.session >= 0

    def __len__(self) -> int:
        return len(self.cadre)


class Records:
    """A plan beside the inputs it is judged by."""

    def __init__(self, plan: Plan, inputs: Inputs) -> None:
        self.plan = plan
        self.inputs = inputs
        self._masks: dict[tuple[str, str], Array] = {}
        self._contents: tuple[frozenset[str], ...] = ()

    # ------------------------------------------------------------------ tables as numbers

    @cached_property
    def headcount(self) -> Array:
        """People behind each row of the roster."""
        return self.inputs.cadres["headcount"].to_numpy(dtype=np.int64)

    @cached_property
    def cadre_ids(self) -> Array:
        """Ids by row of the roster."""
        return self.inputs.cadres["cadre_id"].to_numpy(dtype=object)

    @cached_property
    def session_ids(self) -> Array:
        """Ids by row of the sessions."""
        return self.inputs.sessions["session_id"].to_numpy(dtype=object)

    @cached_property
    def programme_ids(self) -> Array:
        """Ids by row of the programmes."""
        return self.inputs.programmes["programme_id"].to_numpy(dtype=object)

    @cached_property
    def session_programme(self) -> Array:
        """Row of the programme of each session."""
        return rows_of(self.inputs.programmes["programme_id"], self.inputs.sessions["programme_id"])

    @cached_property
    def session_year(self) -> Array:
        """Calendar year of the start of each session."""
        return years_of_dates(self.inputs.sessions["start_date"])

    @cached_property
    def placed(self) -> pd.DataFrame:
        """The rows of the plan with the numbers of their cadre and session (-1: unknown)."""
        placements = self.plan.placements
        return pd.DataFrame(
            {
                "cadre": rows_of(self.inputs.cadres["cadre_id"], placements["cadre_id"]),
                "session": rows_of(self.inputs.sessions["session_id"], placements["session_id"]),
                "seats": placements["headcount"].to_numpy(dtype=np.int64),
            }
        )

    @cached_property
    def seats_taken(self) -> tuple[Array, Array, Array]:
        """Cadre, session and seats as written, one element for each known pair."""
        known = self.placed.loc[(self.placed["cadre"] >= 0) & (self.placed["session"] >= 0)]
        pair, row = np.unique(
            known["cadre"].to_numpy() * len(self.session_ids) + known["session"].to_numpy(), return_inverse=True
        )
        seats = np.bincount(row, weights=known["seats"].to_numpy(), minlength=len(pair)).astype(np.int64)
        return pair // max(1, len(self.session_ids)), pair % max(1, len(self.session_ids)), seats

    @cached_property
    def attendances(self) -> Attendances:
        """Placements (one for each cadre and session, seats up to the headcount) and history."""
        inputs = self.inputs
        cadre, session, seats = self.seats_taken
        programme = self.session_programme[session]
        past = inputs.history
        past_cadre = rows_of(inputs.cadres["cadre_id"], past["cadre_id"])
        on_roster = past_cadre >= 0
        past, past_cadre = past.loc[on_roster], past_cadre[on_roster]
        content = np.concatenate(
            [inputs.programmes["content"].to_numpy(object)[programme], past["content"].to_numpy(object)]
        )
        codes, texts = pd.factorize(content)
        self._contents = tuple(frozenset(str(text).split(";")) for text in texts)

        def joined(planned: Array, history: pd.Series, dtype: type) -> Array:
            return np.concatenate([planned.astype(dtype), history.to_numpy().astype(dtype)])

        def of_programme(column: str) -> Array:
            values: Array = inputs.programmes[column].to_numpy()[programme]
            return values

        sessions = inputs.sessions
        return Attendances(
            cadre=np.concatenate([cadre, past_cadre]),
            session=np.concatenate([session, np.full(len(past), -1)]),
            programme=np.concatenate([programme, rows_of(inputs.programmes["programme_id"], past["programme_id"])]),
            year=np.concatenate([self.session_year[session], years_of_dates(past["start_date"])]),
            first=np.concatenate([ordinals(sessions["start_date"])[session], ordinals(past["start_date"])]),
            last=np.concatenate([ordinals(sessions["end_date"])[session], ordinals(past["end_date"])]),
            days=joined(of_programme("days"), past["days"], np.float64),
            hours=joined(of_programme("hours"), past["hours"], np.float64),
            online=joined(of_programme("online"), past["online"], np.bool_),
            seats=np.concatenate([np.minimum(seats, self.headcount[cadre]), np.ones(len(past), np.int64)]),
            content=codes,
        )

    @cached_property
    def segments(self) -> pd.DataFrame:
        """Parts of every session: session (row), first, last (ordinals), host_id; a session without parts is one part."""
        inputs, table = self.inputs, self.inputs.segments
        parts = pd.DataFrame(
            {
                "session": rows_of(inputs.sessions["session_id"], table["session_id"]),
                "first": ordinals(table["start_date"]),
                "last": ordinals(table["end_date"]),
                "host_id": table["host_id"].to_numpy(object),
            }
        )
        parts = parts.loc[parts["session"] >= 0]
        whole = np.setdiff1d(np.arange(len(inputs.sessions)), parts["session"])
        rest = pd.DataFrame(
            {
                "session": whole,
                "first": ordinals(inputs.sessions["start_date"])[whole],
                "last": ordinals(inputs.sessions["end_date"])[whole],
                "host_id": inputs.programmes["host_id"].to_numpy(object)[self.session_programme[whole]],
            }
        )
        both = rest if parts.empty else parts if rest.empty else pd.concat([parts, rest])
        return both.sort_values(["session", "first"], kind="stable").reset_index(drop=True)

    @cached_property
    def blocks(self) -> pd.DataFrame:
        """Unbroken parts of all attendances: attendance, cadre, first, last; a segmented session has several."""
        attendances = self.attendances
        planned = np.flatnonzero(attendances.planned)
        by_session = self.segments.groupby("session").indices
        counts = np.array([len(by_session.get(s, ())) for s in range(len(self.inputs.sessions))], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
        index, offset = spread(counts[attendances.session[planned]])
        part = starts[attendances.session[planned]][index] + offset
        past = np.flatnonzero(~attendances.planned)
        attendance = np.concatenate([planned[index], past])
        return pd.DataFrame(
            {
                "attendance": attendance,
                "cadre": attendances.cadre[attendance],
                "first": np.concatenate([self.segments["first"].to_numpy()[part], attendances.first[past]]),
                "last": np.concatenate([self.segments["last"].to_numpy()[part], attendances.last[past]]),
            }
        )

    @cached_property
    def days_away(self) -> tuple[Array, Array]:
        """Each day of each placement of the plan, as (attendance, ordinal of the day)."""
        blocks = self.blocks.loc[self.attendances.planned[self.blocks["attendance"].to_numpy()]]
        first, last = blocks["first"].to_numpy(), blocks["last"].to_numpy()
        index, offset = spread(np.maximum(last - first + 1, 0))
        return blocks["attendance"].to_numpy()[index], first[index] + offset

    @cached_property
    def rank(self) -> Array:
        """Order of the attendances by start, session and cadre: of several in conflict the later ones are at fault."""
        a = self.attendances
        order = np.lexsort((a.cadre, a.session, a.planned, a.first))
        rank = np.empty(len(a), dtype=np.int64)
        rank[order] = np.arange(len(a))
        return rank

    # ------------------------------------------------------------------ filters

    def audience(self, wanted: Filter) -> Array:
        """Which cadres a filter holds for."""
        return self._cached("cadres", wanted, lambda: self.inputs.audience(wanted))

    def programmes(self, wanted: Filter) -> Array:
        """Which programmes a filter holds for."""
        return self._cached("programmes", wanted, lambda: self.inputs.counting(wanted))

    def counting(self, wanted: Filter, content: str = "", least_days: float = 0.0) -> Array:
        """Which attendances are of programmes a filter holds for, carry a content and are long enough.

        A history row without a known programme is judged by its own content, host_group, days, hours and online flag.
        """
        a = self.attendances
        by_programme = np.append(self.programmes(wanted), False)
        counting: Array = by_programme[a.programme]
        unknown, table, row = self._unlisted
        if len(unknown):
            counting[unknown] = self._cached("unlisted", wanted, lambda: wanted.mask(table))[row]
        if content:
            carries = np.array([content in texts for texts in self._contents], dtype=bool)
            counting &= carries[a.content] if len(carries) else False
        if least_days:
            counting &= a.days >= least_days
        return counting

    def carries(self, content: str) -> Array:
        """Which programmes carry a content; all of them when it is empty."""
        if not content:
            return np.ones(len(self.programme_ids), dtype=bool)
        texts = self.inputs.programmes["content"]
        return np.array([content in str(text).split(";") for text in texts], dtype=bool)

    def _cached(self, table: str, wanted: Filter, make: Callable[[], Array]) -> Array:
        key = (table, repr(wanted))
        if key not in self._masks:
            self._masks[key] = make()
        return self._masks[key]

    @cached_property
    def _unlisted(self) -> tuple[Array, pd.DataFrame, Array]:
        """Attendances of no listed programme, the distinct pseudo programmes they stand for, and the row of each."""
        a = self.attendances
        unknown = np.flatnonzero(a.programme < 0)
        past = self.inputs.history
        past = past.loc[rows_of(self.inputs.cadres["cadre_id"], past["cadre_id"]) >= 0]
        own = past.iloc[unknown - np.count_nonzero(a.planned)].reset_index(drop=True)
        own = own[["content", "host_group", "days", "hours", "online"]]
        row = own.groupby(list(own.columns), sort=False, dropna=False).ngroup().to_numpy()
        own = own.drop_duplicates().reset_index(drop=True)
        table = pd.DataFrame(index=own.index)
        for column in self.inputs.programmes.columns:
            values = self.inputs.programmes[column]
            if column in own:
                table[column] = own[column]
            elif pd.api.types.is_bool_dtype(values):
                table[column] = False
            elif pd.api.types.is_datetime64_any_dtype(values):
                table[column] = pd.Series(pd.NaT, index=own.index, dtype="datetime64[ns]")
            elif pd.api.types.is_numeric_dtype(values):
                table[column] = np.nan
            else:
                table[column] = pd.Series("", index=own.index, dtype=str)
        return unknown, table, row

    # ------------------------------------------------------------------ counts

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return self.inputs.years

    def years_of(self, rule: RuleKind) -> tuple[int, ...]:
        """The plan years a rule holds in."""
        return tuple(y for y in self.years if not rule.years or y in rule.years)

    def people(self, audience: Array) -> int:
        """People in an audience, groups with their headcount."""
        return int(self.headcount[audience].sum())

    def named(self, audience: Array) -> Array:
        """Rows of the named cadres of an audience; the record of an unnamed group is nobody's record."""
        return np.flatnonzero(audience & (self.headcount == 1))

    def seats(self, wanted: Filter, least_days: float = 0.0) -> Array:
        """Seats of the plan in the programmes by cadre and plan year, shape (cadres, years)."""
        a = self.attendances
        size, first = len(self.years), self.years[0]
        chosen = self.counting(wanted, least_days=least_days) & a.planned & np.isin(a.year, self.years)
        cell = a.cadre[chosen] * size + (a.year[chosen] - first)
        flat = np.bincount(cell, weights=a.seats[chosen], minlength=len(self.headcount) * size)
        seats: Array = flat.astype(np.int64).reshape(-1, size)
        return seats

    def sent(self, wanted: Filter, least_days: float = 0.0) -> Array:
        """Distinct people sent to the programmes by cadre and plan year, shape (cadres, years)."""
        people: Array = np.minimum(self.seats(wanted, least_days), self.headcount[:, None])
        return people

    def last_year(self, counting: Array) -> Array:
        """Year of the last counting attendance up to each plan year (``NEVER``: none), shape (cadres, years)."""
        a = self.attendances
        last = np.full((len(self.headcount), len(self.years)), NEVER, dtype=np.int64)
        cadre, year = a.cadre[counting], a.year[counting]
        for column, y in enumerate(self.years):
            upto = year <= y
            np.maximum.at(last[:, column], cadre[upto], year[upto])
        return last

    def groups(self, audience: Array, column: str) -> Groups:
        """The people of an audience by a column of the roster; an empty value is no group.

        Raises
        ------
        ModelError
            If the roster has no such column.
        """
        roster = self.inputs.roster
        if column not in roster.columns:
            raise ModelError(Message("error.no-group-column", column=column))
        values = roster[column].fillna("").astype(str).to_numpy(object)
        inside = audience & (values != "")
        of = np.full(len(values), -1, dtype=np.int64)
        labels, codes = np.unique(values[inside].astype(str), return_inverse=True)
        of[inside] = codes
        sizes = np.bincount(codes, weights=self.headcount[inside], minlength=len(labels)).astype(np.int64)
        return Groups(tuple(map(str, labels)), of, sizes)

    def by_group(self, groups: Groups, values: Array) -> Array:
        """Sum of values per cadre and year over groups, shape (groups, years)."""
        inside = groups.of >= 0
        summed = np.zeros((len(groups.labels), values.shape[1]), dtype=np.int64)
        np.add.at(summed, groups.of[inside], values[inside])
        return summed

    # ------------------------------------------------------------------ who may attend what

    def eligible(self, cadre: Array, programme: Array, year: Array) -> Array:
        """Whether each cadre may attend each programme in each year, element by element."""
        allowed = np.zeros(len(cadre), dtype=bool)
        for audience, admitted, years in self._admitting:
            allowed |= audience[cadre] & admitted[programme] & np.isin(year, years)
        allowed &= self._serves(cadre, programme)
        return allowed

    def eligible_pairs(self, cadres: Array, programmes: Array, year: int) -> Array:
        """Whether each of the cadres may attend each of the programmes in a year, shape (cadres, programmes).

        For a few of either; ``any_eligible`` is for many.
        """
        rules = [(a[cadres], p[programmes]) for a, p, years in self._admitting if year in years]
        allowed = np.zeros((len(cadres), len(programmes)), dtype=bool)
        if rules:
            who = np.stack([a for a, _ in rules], axis=1).astype(np.float32)
            what = np.stack([p for _, p in rules], axis=0).astype(np.float32)
            allowed = (who @ what) > 0
        allowed &= self._serves(cadres[:, None], programmes[None, :])
        return allowed

    def any_eligible(self, cadres: Array, programmes: Array, year: int) -> Array:
        """Whether each of the cadres may attend any of the programmes in a year, element by element.

        Cadres admitted by the same rules are judged together, a unit's own programmes once for the unit: a table of
        cadres and programmes would be larger than any memory.
        """
        rules = [(a[cadres], p[programmes]) for a, p, years in self._admitting if year in years]
        if not rules or not len(programmes) or not len(cadres):
            return np.zeros(len(cadres), dtype=bool)
        who = np.packbits(np.stack([a for a, _ in rules], axis=1), axis=1)
        alike, of = np.unique(who.view([("", who.dtype)] * who.shape[1]).reshape(-1), return_inverse=True)
        admits = np.unpackbits(alike.view(np.uint8).reshape(len(alike), -1), axis=1, count=len(rules))
        what = np.stack([p for _, p in rules], axis=0).astype(np.float32)
        allowed: Array = np.asarray(admits.astype(np.float32) @ what > 0)  # Sets of rules by programmes.
        unit_of, served_by, above = self._served
        serves = served_by[programmes]
        own = np.zeros((len(alike), above.max(initial=-1) + 2), dtype=bool)  # The last column is that of no unit.
        for p in np.flatnonzero(serves >= 0):
            own[:, serves[p]] |= allowed[:, p]
        found: Array = np.asarray(allowed[:, serves < 0].any(axis=1))[of]
        for column in above[unit_of[cadres]].T:
            found |= own[of, column]
        return found

    @cached_property
    def _admitting(self) -> list[tuple[Array, Array, tuple[int, ...]]]:
        rules = self.inputs.policy.rules
        admitting = [r for r in rules if isinstance(r, Eligibility) or (isinstance(r, Quota) and r.admits)]
        return [(self.audience(r.audience), self.programmes(r.programmes), self.years_of(r)) for r in admitting]

    def _serves(self, cadre: Array, programme: Array) -> Array:
        unit_of, served_by, above = self._served
        wanted = served_by[programme]
        open_to: Array = (wanted < 0) | (above[unit_of[cadre]] == wanted[..., None]).any(axis=-1)
        return open_to

    @cached_property
    def _served(self) -> tuple[Array, Array, Array]:
        """Row of the unit of each cadre, number of the unit each programme serves (-1: all).

        The third lists, for each row of the units, the served units at or above it by number, -1 behind the last.
        """
        units = self.inputs.units["unit_id"]
        serves = self.inputs.programmes["serves_unit_id"].tolist()
        number = {unit: i for i, unit in enumerate(sorted(set(serves) - {""}))}
        lines = [[number[above] for above in self.inputs.lines[unit] if above in number] for unit in units]
        above = np.full((len(lines), max(1, max(map(len, lines), default=0))), -1, dtype=np.int64)
        for row, line in enumerate(lines):
            above[row, : len(line)] = line
        served_by = np.array([number.get(unit, -1) for unit in serves], dtype=np.int64)
        return rows_of(units, self.inputs.cadres["unit_id"]), served_by, above


def rows_of(ids: pd.Series, wanted: pd.Series) -> Array:
    """Row of each wanted id in a column of distinct ids, -1 when it is not there."""
    return np.asarray(pd.Index(ids).get_indexer(pd.Index(wanted)), dtype=np.int64)


def ordinals(dates: pd.Series) -> Array:
    """Dates as whole days."""
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def years_of_dates(dates: pd.Series) -> Array:
    """Calendar years of dates."""
    return dates.to_numpy().astype("datetime64[Y]").astype(np.int64) + 1970


def iso(ordinal: int) -> str:
    """A day as it is written."""
    return str(np.datetime64(int(ordinal), "D"))


def spread(counts: Array) -> tuple[Array, Array]:
    """For each count its position repeated that often, and 0, 1, 2 … within each."""
    index = np.repeat(np.arange(len(counts)), counts)
    offset = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    return index, offset


def running(values: Array, starts: Array) -> Array:
    """Cumulative sums that begin anew wherever ``starts`` is true."""
    total = np.cumsum(values)
    begin = np.flatnonzero(starts)
    sums: Array = total - np.repeat(total[begin] - values[begin], np.diff(np.append(begin, len(values))))
    return sums
