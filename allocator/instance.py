"""The planning problem in whole numbers: people, programmes, years, who may attend what, and the record so far.

``build(inputs, calendar)`` turns checked tables into arrays. Index letters are the same everywhere: ``i`` person (a cadre or
an unnamed group), ``p`` programme, ``y`` plan year counted from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd

from allocator.entities import Inputs
from allocator.filters import Filter
from allocator.kinds import Eligibility, Quota, RuleKind

K = TypeVar("K", bound=RuleKind)


@dataclass(frozen=True)
class Limit:
    """Of these cadres at most so many can attend a programme in a year: its sessions cannot hold more of them together."""

    cadre_ids: tuple[str, ...]
    programme_id: str
    year: int
    most: int


@dataclass(frozen=True, eq=False)
class Calendar:
    """What the dated sessions allow, year by year, seen from the yearly stage.

    Parameters
    ----------
    seats
        Usable seats of each programme and plan year, shape (P, Y).
    least
        Least seats of the smallest session that may open, shape (P, Y).
    pairs
        Whether one person can attend two programmes in one year, shape (P, P, Y).
    unreachable
        ``(cadre_id, programme_id, year)`` triples that are out of reach.
    limits
        Groups of which the sessions of a year cannot hold everybody.
    """

    seats: np.ndarray
    least: np.ndarray
    pairs: np.ndarray
    unreachable: frozenset[tuple[str, str, int]] = frozenset()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, eq=False)
class Instance:
    """Arrays over people, programmes and years; see the module for the index letters."""

    inputs: Inputs
    calendar: Calendar
    eligible: np.ndarray  # bool (I, P), in some plan year
    admitted: np.ndarray | None = None  # bool (Y, I, P) where rules admit in some years only

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return self.inputs.years

    @cached_property
    def headcount(self) -> np.ndarray:
        """People behind each row of the roster, shape (I,)."""
        return self.inputs.cadres["headcount"].to_numpy(np.int64)

    @cached_property
    def is_named(self) -> np.ndarray:
        """Rows of one person; rules on one person's record skip unnamed groups. Shape (I,)."""
        return np.asarray(self.headcount == 1)

    @cached_property
    def days(self) -> np.ndarray:
        """Days of each programme, shape (P,)."""
        return self.inputs.programmes["days"].to_numpy(np.float64)

    @cached_property
    def hours(self) -> np.ndarray:
        """Hours of each programme, shape (P,)."""
        return self.inputs.programmes["hours"].to_numpy(np.float64)

    @cached_property
    def programme_index(self) -> dict[str, int]:
        """Position of each programme."""
        return {p: k for k, p in enumerate(self.inputs.programmes["programme_id"])}

    @cached_property
    def person_index(self) -> dict[str, int]:
        """Position of each cadre."""
        return {c: k for k, c in enumerate(self.inputs.cadres["cadre_id"])}

    @cached_property
    def history(self) -> History:
        """The record so far, as arrays over its rows."""
        return History.of(self.inputs, self.person_index, self.programme_index)

    def rules(self, kind: type[K]) -> tuple[K, ...]:
        """The rules of one kind that are to be kept, in the order of the policy."""
        return tuple(r for r in self.inputs.policy.rules if isinstance(r, kind) and r.strength != "report")

    def audience(self, wanted: Filter) -> np.ndarray:
        """Which people a filter holds for, shape (I,)."""
        return self.inputs.audience(wanted)

    def counting(self, wanted: Filter, least_days: float = 0) -> np.ndarray:
        """Programmes a filter holds for and that last long enough, shape (P,)."""
        return self.inputs.counting(wanted) & (self.days >= least_days)

    def holds(self, rule: RuleKind) -> np.ndarray:
        """Plan years a rule holds in, boolean (Y,)."""
        return np.array([not rule.years or year in rule.years for year in self.years])


@dataclass(frozen=True, eq=False)
class History:
    """The training record, one entry a row, joined with what is known of the programme.

    ``programmes`` has one row per entry with the columns of the programme table: those of the programme when it is known,
    else what the entry itself says and nothing more.
    """

    person: np.ndarray  # (H,)
    programme: np.ndarray  # (H,), -1 when unknown
    year: np.ndarray  # (H,)
    days: np.ndarray  # (H,)
    hours: np.ndarray  # (H,)
    content: np.ndarray  # (H,), text
    programmes: pd.DataFrame

    @classmethod
    def of(cls, inputs: Inputs, person_index: dict[str, int], programme_index: dict[str, int]) -> History:
        """The record of one set of inputs."""
        table = inputs.history
        programme = table["programme_id"].map(programme_index).fillna(-1).to_numpy(np.int64)
        known = programme >= 0
        rows = inputs.programmes.iloc[np.where(known, programme, 0)].reset_index(drop=True)
        if len(inputs.programmes) and not known.all():
            own = pd.DataFrame(
                {
                    column: table[column]
                    if column in ("content", "host_group", "days", "hours", "online", "programme_id")
                    else pd.Series([_nothing(rows[column])] * len(table), dtype=rows[column].dtype)
                    for column in rows
                }
            )
            rows = rows.where(pd.Series(known), own)
        return cls(
            person=table["cadre_id"].map(person_index).to_numpy(np.int64),
            programme=programme,
            year=table["year"].to_numpy(np.int64),
            days=table["days"].to_numpy(np.float64),
            hours=table["hours"].to_numpy(np.float64),
            content=table["content"].to_numpy(),
            programmes=rows,
        )

    def counting(self, wanted: Filter, least_days: float = 0) -> np.ndarray:
        """Entries a programme filter holds for and that lasted long enough, shape (H,)."""
        return wanted.mask(self.programmes) & (self.days >= least_days)

    def carrying(self, content: str) -> np.ndarray:
        """Entries that carry a content, as the entry itself says, shape (H,)."""
        return np.array([content in text.split(";") for text in self.content], dtype=bool)


def _nothing(column: pd.Series) -> object:
    if pd.api.types.is_bool_dtype(column):
        return False
    return 0 if pd.api.types.is_numeric_dtype(column) else ""


def build(inputs: Inputs, calendar: Calendar) -> Instance:
    """The instance of checked inputs; nobody is eligible for a programme without a seat in any plan year."""
    people, programmes, years = len(inputs.cadres), len(inputs.programmes), len(inputs.years)
    admitting = [
        rule
        for rule in inputs.policy.rules
        if isinstance(rule, Eligibility) or (isinstance(rule, Quota) and rule.admits)
    ]
    is_timed = any(rule.years for rule in admitting)
    admitted = np.zeros((years if is_timed else 1, people, programmes), dtype=bool)
    for rule in admitting:
        holds = np.array([not is_timed or not rule.years or y in rule.years for y in inputs.years])[: len(admitted)]
        admitted[np.ix_(holds, inputs.audience(rule.audience), inputs.counting(rule.programmes))] = True
    admitted &= _served(inputs)
    eligible = np.asarray(admitted.any(axis=0) & (calendar.seats > 0).any(axis=1))
    return Instance(inputs, calendar, eligible, admitted if is_timed else None)


def _served(inputs: Inputs) -> np.ndarray:
    """Whose unit each programme serves, boolean (I, P)."""
    serves = inputs.programmes["serves_unit_id"].to_numpy()
    position = {unit: k for k, unit in enumerate(inputs.units["unit_id"])}
    served = np.tile(serves == "", (len(position), 1))
    columns: dict[str, list[int]] = {}
    for p, unit in enumerate(serves):
        if unit:
            columns.setdefault(unit, []).append(p)
    for unit, line in inputs.lines.items():
        for above in line:
            served[position[unit], columns.get(above, [])] = True
    return np.asarray(served[inputs.cadres["unit_id"].map(position).to_numpy(np.int64)])
