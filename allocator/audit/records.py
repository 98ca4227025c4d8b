"""The plan and the history as arrays that every measure counts in.

People, sessions and programmes are numbered as in ``tables``. Days, hours, year and dates of a placement are those of its
session and programme, whatever the plan file says; ``sessions-known`` reports differences.
Rows of the plan whose cadre or session does not exist are left out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.audit.tables import Tables, rows_of, years_of_dates
from allocator.domain.errors import ModelError
from allocator.domain.filters import Filter
from allocator.domain.plan import Plan
from allocator.domain.tables import Inputs
from allocator.language.message import Message

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


class Records(Tables):
    """A plan beside the inputs it is judged by."""

    def __init__(self, plan: Plan, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.plan = plan
        self._contents: tuple[frozenset[str], ...] = ()

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


def ordinals(dates: pd.Series) -> Array:
    """Dates as whole days."""
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


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
