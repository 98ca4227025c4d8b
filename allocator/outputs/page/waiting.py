"""Who waits longest: years since the last class, before the plan and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from allocator.audit.records import NEVER, Array
from allocator.domain.filters import Filter
from allocator.domain.rules import Waiting
from allocator.outputs.output_data import Material, records

_CAP = 5  # years shown apart where the policy does not say
_PEOPLE, _UNITS, _OVERDUE = 20, 10, 50  # lines of the lists


class Bucket(NamedTuple):
    """People with that many years since their last class; ``before`` and ``after`` the plan."""

    name: str
    before: int
    after: int


class Waiter(NamedTuple):
    """A person who waits; ``last`` is empty when no class is on record."""

    cadre_id: str
    name: str
    unit_id: str
    unit: str
    post: str
    last: str


class WaitingUnit(NamedTuple):
    """A unit with people who wait long."""

    unit_id: str
    name: str
    waiting: int
    people: int


class Overdue(NamedTuple):
    """A person overdue in a year, and why."""

    cadre_id: str
    name: str
    unit: str
    year: int
    last: str
    why: str


@dataclass(frozen=True)
class WaitingTable:
    """Everything the page says of waiting, counted as the waiting rule of the policy counts (else any class counts)."""

    material: Material

    @cached_property
    def _rule(self) -> Waiting | None:
        return next((rule for rule in self.material.inputs.policy.rules if isinstance(rule, Waiting)), None)

    @property
    def cap(self) -> int:
        """Years from which people are counted together."""
        return self._rule.cap_years if self._rule else _CAP

    @cached_property
    def _last(self) -> tuple[Array, Array, Array]:
        """Rows of the named people, and the year of the last class of each before the plan and at its end."""
        counted, rule = self.material.counted, self._rule
        everyone = np.ones(len(counted.headcount), dtype=bool)
        people = counted.named(counted.audience(rule.audience) if rule else everyone)
        counting = counted.counting(rule.programmes, least_days=rule.least_days) if rule else counted.counting(Filter())
        a = counted.attendances
        found = []
        for upto in (self.material.inputs.years[0] - 1, self.material.inputs.years[-1]):
            chosen = counting & (a.year <= upto)
            last = np.full(len(counted.headcount), NEVER, dtype=np.int64)
            np.maximum.at(last, a.cadre[chosen], a.year[chosen])
            found.append(last[people])
        return people, found[0], found[1]

    @property
    def people(self) -> int:
        """Named people whose waiting counts."""
        return len(self._last[0])

    @property
    def buckets(self) -> list[Bucket]:
        """The years from none to the cap, then those who have no class on record."""
        texts, years = self.material.texts, self.material.inputs.years
        counts = [
            np.bincount(
                np.where(last == NEVER, self.cap + 1, np.minimum(year - last, self.cap)), minlength=self.cap + 2
            )
            for last, year in ((self._last[1], years[0] - 1), (self._last[2], years[-1]))
        ]
        names = [
            texts("figure.this-year"),
            *(texts("figure.years", years=n) for n in range(1, self.cap)),
            texts("figure.years-more", years=self.cap),
            texts("figure.never"),
        ]
        return [Bucket(name, int(b), int(a)) for name, b, a in zip(names, *counts, strict=True)]

    @cached_property
    def _waiting(self) -> pd.DataFrame:
        """Those who wait as long as the cap at the end of the plan, or have no class on record, the longest first."""
        rows, _, last = self._last
        table = self.material.inputs.cadres.iloc[rows].assign(last=last)
        table = table[self.material.inputs.years[-1] - last >= self.cap]
        return table.sort_values(["last", "cadre_id"], kind="stable")

    @property
    def waiting(self) -> int:
        """How many wait that long."""
        return len(self._waiting)

    @property
    def longest(self) -> list[Waiter]:
        """The first of them."""
        texts, units = self.material.texts, self.material.unit_names
        return [
            Waiter(c, name, u, units.get(u, u), texts.known("post", post), "" if last == NEVER else str(last))
            for c, name, u, post, last in records(
                self._waiting.head(_PEOPLE), "cadre_id", "name", "unit_id", "post", "last"
            )
        ]

    @property
    def units(self) -> list[WaitingUnit]:
        """The units with most of them."""
        counts = self._waiting["unit_id"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        staff = self.material.inputs.cadres.iloc[self._last[0]]["unit_id"].value_counts().to_dict()
        names = self.material.unit_names
        return [
            WaitingUnit(str(u), names.get(str(u), str(u)), int(n), int(staff[u]))
            for u, n in counts.head(_UNITS).items()
        ]

    @property
    def overdue_count(self) -> int:
        """Lines of the list of overdue people."""
        return len(self.material.audit.overdue)

    @property
    def overdue(self) -> list[Overdue]:
        """Who is overdue by the policy's make-up rules, the latest year first."""
        texts, people, units = self.material.texts, self.material.people, self.material.unit_names
        table = self.material.audit.overdue.sort_values(["year", "cadre_id"], ascending=[False, True], kind="stable")
        return [
            Overdue(c, str(people["name"][c]), units.get(str(people["unit_id"][c]), ""), int(year),
                    "" if pd.isna(last) else str(int(last)), texts.known("why", str(reason)))
            for c, year, last, reason in records(table.head(_OVERDUE), "cadre_id", "year", "last", "reason")
        ]  # fmt: skip
