"""The planning problem in whole numbers: people, programmes, years, who may attend what, and the record so far.

``build(inputs, calendar)`` turns checked tables into arrays over three sets: people ``i`` (a cadre, or an unnamed group with a headcount),
programmes ``p``, and plan years ``y`` counted from 0. :math:`E_i` are the programmes that person ``i`` may attend. Letters are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd

from allocator.domain.filters import Filter
from allocator.domain.rules import RuleKind
from allocator.domain.tables import Inputs

K = TypeVar("K", bound=RuleKind)


@dataclass(frozen=True)
class Cut:
    """At most ``most`` of these cadres can attend these programmes in a year, because their sessions cannot hold more of them together.

    Some cuts follow from the calendar before any plan; others are shown by a schedule (``engine.feasibility_cuts``).
    """

    cadre_ids: tuple[str, ...]
    programme_ids: tuple[str, ...]
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
    limits: tuple[Cut, ...] = ()


@dataclass(frozen=True, eq=False)
class Admission:
    """Who may attend what. People to whom the same programmes are open share a *profile*, ``f``.

    A table of people and programmes would be nearly empty and, for a million people, larger than any memory.

    Parameters
    ----------
    profile
        Profile of each person, shape (I,).
    slots
        Programmes open to a profile in some plan year, in their order, -1 behind the last, shape (F, n); n is at least 1.
    years
        Plan years in which a slot is open, boolean (F, Y, n); none where no rule is limited to some years.
    """

    profile: np.ndarray
    slots: np.ndarray
    years: np.ndarray | None

    def any_of(self, programmes: np.ndarray) -> np.ndarray:
        """People to whom any of the programmes (boolean (P,)) is open in some plan year, shape (I,)."""
        return np.asarray(np.append(programmes, False)[self.slots].any(axis=1)[self.profile])

    def programmes_of(self, people: np.ndarray, count: int) -> np.ndarray:
        """Which of ``count`` programmes are open to any of the people (boolean (I,)), boolean (P,)."""
        found = np.zeros(count + 1, dtype=bool)
        found[self.slots[np.unique(self.profile[people])]] = True
        return found[:count]


@dataclass(frozen=True, eq=False)
class Instance:
    """Arrays over people, programmes and years; see the module for the index letters."""

    inputs: Inputs
    calendar: Calendar
    admission: Admission

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return self.inputs.years

    @cached_property
    def cadre_ids(self) -> np.ndarray:
        """Id of each person, text, shape (I,)."""
        return self.inputs.cadres["cadre_id"].to_numpy(object)

    @cached_property
    def programme_ids(self) -> np.ndarray:
        """Id of each programme, text, shape (P,)."""
        return self.inputs.programmes["programme_id"].to_numpy(object)

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
        return self.inputs.cadre_position

    def people(self, cadre_ids: pd.Series) -> np.ndarray:
        """Positions of cadres, in the order of their ids; they must be on the roster."""
        return self.inputs.positions(cadre_ids)

    @cached_property
    def history(self) -> History:
        """The record so far, as arrays over its rows."""
        return History.of(self.inputs, self.programme_index)

    def with_calendar(self, calendar: Calendar) -> Instance:
        """The same people and programmes with other dates; what was worked out from the tables is kept."""
        other = replace(self, calendar=calendar)
        vars(other).update({name: known for name, known in vars(self).items() if name not in vars(other)})
        return other

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

    Entries that rules cannot tell apart are of one *entry type*; ``entry_types`` has one row for each with the columns of the programme
    table: those of the programme when it is known, else what the entry itself says and nothing more.
    """

    person: np.ndarray  # (H,)
    programme: np.ndarray  # (H,), -1 when unknown
    year: np.ndarray  # (H,)
    days: np.ndarray  # (H,)
    hours: np.ndarray  # (H,)
    entry_type: np.ndarray  # (H,)
    content: np.ndarray  # text of each entry type, as the entry itself says
    entry_types: pd.DataFrame

    @classmethod
    def of(cls, inputs: Inputs, programme_index: dict[str, int]) -> History:
        """The record of one set of inputs."""
        table = inputs.history
        programme = table["programme_id"].map(programme_index).fillna(-1).to_numpy(np.int64)
        own = ["content", "host_group", "days", "hours", "online", "programme_id"]
        first, entry_type = distinct_rows(programme, *(pd.factorize(table[c])[0] for c in own))
        told = table[own].iloc[first].reset_index(drop=True)
        known = programme[first] >= 0
        entry_types = inputs.programmes.iloc[np.where(known, programme[first], 0)].reset_index(drop=True)
        if len(inputs.programmes) and not known.all():
            stated = {
                column: told[column]
                if column in own
                else pd.Series([_nothing(entry_types[column])] * len(told), dtype=entry_types[column].dtype)
                for column in entry_types
            }
            entry_types = entry_types.where(pd.Series(known), pd.DataFrame(stated))
        return cls(
            person=inputs.positions(table["cadre_id"]),
            programme=programme,
            year=table["year"].to_numpy(np.int64),
            days=table["days"].to_numpy(np.float64),
            hours=table["hours"].to_numpy(np.float64),
            entry_type=entry_type,
            content=told["content"].to_numpy(object),
            entry_types=entry_types,
        )

    def counting(self, wanted: Filter, least_days: float = 0) -> np.ndarray:
        """Entries a programme filter holds for and that lasted long enough, shape (H,)."""
        return np.asarray(wanted.mask(self.entry_types)[self.entry_type] & (self.days >= least_days))

    def carrying(self, content: str) -> np.ndarray:
        """Entries that carry a content, as the entry itself says, shape (H,)."""
        return np.asarray(np.array([content in text.split(";") for text in self.content], dtype=bool)[self.entry_type])


WIDE = 2**62
"""Combinations that one whole number can count."""


def distinct_rows(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First position of each distinct row, in order of first position, and the row each position belongs to.

    Parameters
    ----------
    columns
        Whole numbers or truth values, shape (N,), or several of them beside each other, shape (N, n). They are never put into one
        table: each is a digit of one number, which is made small again when the next digit has no room.
    """
    code, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    if not len(code):
        return code, code
    for column in _digits(columns):
        low = int(column.min())
        span = int(column.max()) - low + 1
        if span == 1:
            continue
        if size * span > WIDE:
            code, size = _dense(code)
        if size * span > WIDE:
            column, span = _dense(column)
            low = 0
        if size == 1:
            code = column.astype(np.int64) - low
        else:
            code *= span
            code += column
            code -= low
        size *= span
    code, size = _dense(code)
    first = np.empty(size, dtype=np.int64)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)  # The last that is written stays.
    return first, code


def _digits(columns: tuple[np.ndarray, ...]) -> Iterator[np.ndarray]:
    """The columns one by one; truth values eight of them in one."""
    for column in columns:
        if column.ndim == 1:
            yield column.view(np.uint8) if column.dtype == bool else column
        else:
            yield from (np.packbits(column, axis=1) if column.dtype == bool else column).T


def _dense(code: np.ndarray) -> tuple[np.ndarray, int]:
    """The values numbered in order of their first position, and how many there are."""
    number, values = pd.factorize(code)
    return number.astype(np.int64, copy=False), len(values)


def _nothing(column: pd.Series) -> object:
    if pd.api.types.is_bool_dtype(column):
        return False
    return 0 if pd.api.types.is_numeric_dtype(column) else ""


def build(inputs: Inputs, calendar: Calendar) -> Instance:
    """The instance of checked inputs; nobody is eligible for a programme without a seat in any plan year."""
    return Instance(inputs, calendar, admission(inputs, np.asarray((calendar.seats > 0).any(axis=1))))


def admission(inputs: Inputs, offered: np.ndarray) -> Admission:
    """Who may attend which of the programmes on offer, boolean (P,): by the rules, and by the unit that a programme serves."""
    rules = [rule for rule in inputs.policy.rules if rule.is_admitting]
    people, programmes, years = len(inputs.cadres), len(inputs.programmes), len(inputs.years)
    audience = np.zeros((people, len(rules)), dtype=bool)
    counting = np.zeros((len(rules), programmes), dtype=bool)
    for r, rule in enumerate(rules):
        audience[:, r], counting[r] = inputs.audience(rule.audience), inputs.counting(rule.programmes)
    first, pattern = distinct_rows(audience)
    is_timed = any(rule.years for rule in rules)
    admitted = np.zeros((len(first), years if is_timed else 1, programmes), dtype=bool)
    for y in range(admitted.shape[1]):
        holds = np.array(
            [not is_timed or not rule.years or inputs.years[y] in rule.years for rule in rules], dtype=bool
        )
        # Counted in floats, since whole numbers and truth values have no quick product.
        admitted[:, y] = audience[first][:, holds].astype(np.float32) @ counting[holds].astype(np.float32) > 0
    line, served = _served(inputs)
    at, profile = distinct_rows(pattern, line)
    open_ = admitted.any(axis=1) & offered
    serves_all = (inputs.programmes["serves_unit_id"] == "").to_numpy()
    shared = [np.flatnonzero(row & serves_all) for row in open_]
    own = [_own_slots(open_[pattern[i]], shared[pattern[i]], served[line[i]]) for i in at.tolist()]
    slots = np.full((len(own), max(1, max(map(len, own), default=0))), -1, dtype=np.int64)
    for f, programme in enumerate(own):
        slots[f, : len(programme)] = programme
    if not is_timed:
        return Admission(profile, slots, None)
    return Admission(
        profile, slots, admitted[pattern[at][:, None], :, slots].transpose(0, 2, 1) & (slots >= 0)[:, None, :]
    )


def _own_slots(open_: np.ndarray, shared: np.ndarray, served: np.ndarray) -> np.ndarray:
    return np.sort(np.concatenate([shared, served[open_[served]]]))


def _served(inputs: Inputs) -> tuple[np.ndarray, list[np.ndarray]]:
    """People are of one line when the same programmes serve a unit at or above theirs: each person's line, their programmes."""
    columns: dict[str, list[int]] = {}
    for p, unit in enumerate(inputs.programmes["serves_unit_id"]):
        if unit:
            columns.setdefault(unit, []).append(p)
    number: dict[tuple[int, ...], int] = {}
    line_of = {}
    nearest: dict[tuple[str, ...], int] = {}  # From the first unit above that is served at all everything is the same.
    for unit, line in inputs.lines.items():
        above = next((line[k:] for k, one in enumerate(line) if one in columns), ())
        if above not in nearest:
            programmes = tuple(p for one in above for p in columns.get(one, ()))
            nearest[above] = number.setdefault(programmes, len(number))
        line_of[unit] = nearest[above]
    own = inputs.cadres["unit_id"].map(line_of).to_numpy(np.int64)
    return own, [np.array(programmes, dtype=np.int64) for programmes in number]
