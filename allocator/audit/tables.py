"""The inputs as arrays: who and what there is, whom a filter holds for, and who may attend what.

People, sessions, programmes and units are numbered by their row in the tables of ``Inputs``. Neither plan nor history matters here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.domain.filters import Filter
from allocator.domain.rules import RuleKind
from allocator.domain.tables import Inputs


class Tables:
    """The inputs a plan is judged by."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self._masks: dict[tuple[str, str], np.ndarray] = {}

    @cached_property
    def headcount(self) -> np.ndarray:
        """People behind each row of the roster."""
        return self.inputs.cadres["headcount"].to_numpy(dtype=np.int64)

    @cached_property
    def cadre_ids(self) -> np.ndarray:
        """Ids by row of the roster."""
        return self.inputs.cadres["cadre_id"].to_numpy(dtype=object)

    @cached_property
    def session_ids(self) -> np.ndarray:
        """Ids by row of the sessions."""
        return self.inputs.sessions["session_id"].to_numpy(dtype=object)

    @cached_property
    def programme_ids(self) -> np.ndarray:
        """Ids by row of the programmes."""
        return self.inputs.programmes["programme_id"].to_numpy(dtype=object)

    @cached_property
    def session_programme(self) -> np.ndarray:
        """Row of the programme of each session."""
        return rows_of(self.inputs.programmes["programme_id"], self.inputs.sessions["programme_id"])

    @cached_property
    def session_year(self) -> np.ndarray:
        """Calendar year of the start of each session."""
        return years_of_dates(self.inputs.sessions["start_date"])

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return self.inputs.years

    def years_of(self, rule: RuleKind) -> tuple[int, ...]:
        """The plan years a rule holds in."""
        return tuple(y for y in self.years if not rule.years or y in rule.years)

    def people(self, audience: np.ndarray) -> int:
        """People in an audience, groups with their headcount."""
        return int(self.headcount[audience].sum())

    def named(self, audience: np.ndarray) -> np.ndarray:
        """Rows of the named cadres of an audience; the record of an unnamed group is nobody's record."""
        return np.flatnonzero(audience & (self.headcount == 1))

    def audience(self, wanted: Filter) -> np.ndarray:
        """Which cadres a filter holds for."""
        return self._cached("cadres", wanted, lambda: self.inputs.audience(wanted))

    def programmes(self, wanted: Filter) -> np.ndarray:
        """Which programmes a filter holds for."""
        return self._cached("programmes", wanted, lambda: self.inputs.counting(wanted))

    def carries(self, content: str) -> np.ndarray:
        """Which programmes carry a content; all of them when it is empty."""
        if not content:
            return np.ones(len(self.programme_ids), dtype=bool)
        texts = self.inputs.programmes["content"]
        return np.array([content in str(text).split(";") for text in texts], dtype=bool)

    def _cached(self, table: str, wanted: Filter, make: Callable[[], np.ndarray]) -> np.ndarray:
        key = (table, repr(wanted))
        if key not in self._masks:
            self._masks[key] = make()
        return self._masks[key]

    def eligible(self, cadre: np.ndarray, programme: np.ndarray, year: np.ndarray) -> np.ndarray:
        """Whether each cadre may attend each programme in each year, element by element."""
        allowed = np.zeros(len(cadre), dtype=bool)
        for audience, admitted, years in self._admitting:
            allowed |= audience[cadre] & admitted[programme] & np.isin(year, years)
        allowed &= self._serves(cadre, programme)
        return allowed

    def eligible_pairs(self, cadres: np.ndarray, programmes: np.ndarray, year: int) -> np.ndarray:
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

    def any_eligible(self, cadres: np.ndarray, programmes: np.ndarray, year: int) -> np.ndarray:
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
        allowed: np.ndarray = np.asarray(admits.astype(np.float32) @ what > 0)  # Sets of rules by programmes.
        unit_of, served_by, above = self._served
        serves = served_by[programmes]
        own = np.zeros((len(alike), above.max(initial=-1) + 2), dtype=bool)  # The last column is that of no unit.
        for p in np.flatnonzero(serves >= 0):
            own[:, serves[p]] |= allowed[:, p]
        found: np.ndarray = np.asarray(allowed[:, serves < 0].any(axis=1))[of]
        for column in above[unit_of[cadres]].T:
            found |= own[of, column]
        return found

    @cached_property
    def _admitting(self) -> list[tuple[np.ndarray, np.ndarray, tuple[int, ...]]]:
        rules = self.inputs.policy.rules
        admitting = [r for r in rules if r.is_admitting]
        return [(self.audience(r.audience), self.programmes(r.programmes), self.years_of(r)) for r in admitting]

    def _serves(self, cadre: np.ndarray, programme: np.ndarray) -> np.ndarray:
        unit_of, served_by, above = self._served
        wanted = served_by[programme]
        open_to: np.ndarray = (wanted < 0) | (above[unit_of[cadre]] == wanted[..., None]).any(axis=-1)
        return open_to

    @cached_property
    def _served(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def rows_of(ids: pd.Series, wanted: pd.Series) -> np.ndarray:
    """Row of each wanted id in a column of distinct ids, -1 when it is not there."""
    return np.asarray(pd.Index(ids).get_indexer(pd.Index(wanted)), dtype=np.int64)


def years_of_dates(dates: pd.Series) -> np.ndarray:
    """Calendar years of dates."""
    return dates.to_numpy().astype("datetime64[Y]").astype(np.int64) + 1970
