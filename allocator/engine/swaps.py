"""Swaps and substitutes: give a seat that the dates cannot hold to somebody for whom they can.

A *swap* exchanges the trajectories of two people who are alike to every rule but for their teams; no goal changes. A *substitute* takes a
seat at the least loss of the weighted goals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.domain.tie_break import draw
from allocator.engine.columns.pricing import CostsByType
from allocator.engine.reoptimise.residual_capacity import counted
from allocator.model.cohorts import Cohorts

Attended = frozenset[tuple[str, int]]
"""Programmes and years that one cadre attends."""


class Swaps:
    """The attendances of a yearly plan, and the groups whose limits a swap must keep.

    Parameters
    ----------
    subproblem
        Number of each cohort's set of equals, shape (C,); people of one set may swap.
    cost
        Weighted cost of the open trajectories of each person type.
    attendances
        ``cadre_id``, ``programme_id``, ``year``, ``headcount``.
    """

    def __init__(
        self, cohorts: Cohorts, subproblem: np.ndarray, cost: CostsByType, attendances: pd.DataFrame, seed: str
    ) -> None:
        self.cohorts, self.cost, self.seed = cohorts, cost, seed
        instance = cohorts.instance
        self.ids = instance.inputs.cadres["cadre_id"].tolist()
        self.index = instance.person_index
        self.attendances = attendances
        self.person = instance.people(attendances["cadre_id"])
        self.before = _Listed(self.person, len(self.ids))
        self.programme, self.year = attendances["programme_id"].to_numpy(object), attendances["year"].to_numpy(np.int64)
        self.attended: dict[int, Attended] = {}  # Of people asked about, and of those who swapped.
        self.traded: set[int] = set()
        self.cohort = cohorts.cohort_of
        self.subproblem = subproblem[self.cohort]
        self.alike = _Listed(np.where(instance.is_named, self.subproblem, -1), int(subproblem.max(initial=-1)) + 1)
        self.uneven = self._uneven(subproblem)
        self.count = counted(cohorts, attendances)
        self.priced: dict[tuple[int, tuple[int, ...], Attended], float | None] = {}
        self.refused: set[tuple[int, Attended]] = set()
        self.full: set[tuple[int, str, int]] = set()
        self.team = self._teams()

    def _uneven(self, subproblem: np.ndarray) -> list[int]:
        """Families whose groups differ within some set of equals: only these can a swap hurt."""
        group = self.cohorts.cohort_groups
        _, first = np.unique(subproblem, return_index=True)
        return [f for f in range(len(self.cohorts.families)) if (group[:, f] != group[first][subproblem][:, f]).any()]

    def _teams(self) -> Counter[tuple[int, str, int]]:
        """People of each group of the uneven families in each programme and year: (group, programme, year)."""
        teams: Counter[tuple[int, str, int]] = Counter()
        for f in self.uneven:
            group = self.cohorts.cohort_groups[self.cohort[self.person], f]
            own = self.attendances.loc[group >= 0, ["programme_id", "year"]]
            sizes = own.groupby([f * 1_000_000 + group[group >= 0], "programme_id", "year"]).size()
            keys = (sizes.index.get_level_values(level).tolist() for level in range(3))
            teams.update(dict(zip(zip(*keys, strict=True), sizes.tolist(), strict=True)))
        return teams

    def _groups(self, i: int) -> list[int]:
        """Groups of a person in the uneven families, one number for family and group."""
        own = self.cohorts.cohort_groups[self.cohort[i]]
        return [f * 1_000_000 + int(own[f]) for f in self.uneven if own[f] >= 0]

    def _years(self, f: int, pairs: Attended) -> Counter[int]:
        """What one person's attendances add to a family's rows of each year."""
        family, instance = self.cohorts.families[f], self.cohorts.instance
        years = Counter(year for programme, year in pairs if family.programmes[instance.programme_index[programme]])
        return Counter(dict.fromkeys(years, 1)) if family.distinct else years

    def swap(self, cadre_id: str, programme_id: str, year: int) -> bool:
        """Exchange the trajectory of a cadre whose seat cannot be given with somebody alike. Returns whether anybody could take it.

        Those come first whose teams have the fewest people in the programme and year; ties are broken by the published draw.
        """
        i = self.index[cadre_id]
        own = self._now(i)
        self._refuse(i, programme_id, year)
        wanted = programme_id, year
        others = [
            j
            for j in self.alike.of(int(self.subproblem[i]))
            if self.cohort[j] != self.cohort[i]
            and not self._is_full(j, programme_id, year)
            and wanted not in self._now(j)
            and (j, own) not in self.refused
            and (i, self._now(j)) not in self.refused
        ]

        def crowd(j: int) -> tuple[int, int]:
            """How crowded the teams of a person are there, and the draw."""
            most = max((self.team[group, programme_id, year] for group in self._groups(j)), default=0)
            return most, draw(self.seed, self.ids[j])

        for j in sorted(others, key=crowd):
            changed = {i: self._now(j), j: own}
            if self._keeps_limits(changed):
                self._change(changed)
                return True
        return False

    def substitute(self, cadre_id: str, programme_id: str, year: int) -> bool:
        """Give a seat to the cadre for whom the goals lose least. Returns whether anybody could take it.

        The cadre gives it up, or a colleague of the same group with a seat in the same programme and year who loses less. Who takes it may
        hand back a seat of the programme in another year.
        """
        i, seat = self.index[cadre_id], (programme_id, year)
        self._refuse(i, programme_id, year)
        instance = self.cohorts.instance
        only = np.arange(len(instance.days)) == instance.programme_index[programme_id]
        eligible = np.flatnonzero(instance.admission.any_of(only) & instance.is_named).tolist()
        givers = [k for k in self._colleagues(i) if seat in self._now(k)]
        found = []
        for j in eligible:
            if seat in self._now(j) or self._is_full(j, programme_id, year):
                continue
            for back in (None, *(pair for pair in self._now(j) if pair[0] == programme_id)):
                taken = frozenset({back} if back else ())
                gain = self._loss(j, (self._now(j) - taken) | {seat})
                if gain is None:
                    continue
                for k in givers:
                    loss = self._loss(k, (self._now(k) - {seat}) | taken)
                    if loss is not None and not taken & self._now(k):
                        found.append((gain + loss, self._draw(j), j, k, taken))
        for _, _, j, k, taken in sorted(found, key=lambda option: option[:4]):
            changed = {k: (self._now(k) - {seat}) | taken, j: (self._now(j) - taken) | {seat}}
            if self._keeps_limits(changed):
                self._change(changed)
                return True
        return False

    def _refuse(self, i: int, programme_id: str, year: int) -> None:
        """Remember that the dates refused the seat to this cadre, and to more people of his or her groups."""
        self.refused.add((i, self._now(i)))
        self.full |= {(group, programme_id, year) for group in self._groups(i)}

    def _is_full(self, i: int, programme_id: str, year: int) -> bool:
        """Whether the dates refused the seat to a group of the person before."""
        return any((group, programme_id, year) in self.full for group in self._groups(i))

    def _colleagues(self, i: int) -> list[int]:
        """The cadre, and the named others of the same groups in the uneven families."""
        own = self._groups(i)
        return sorted({k for group in own for k in self._members[group]}) if own else [i]

    @cached_property
    def _members(self) -> dict[int, list[int]]:
        """Named people of each group of the uneven families."""
        members: dict[int, list[int]] = defaultdict(list)
        named = np.flatnonzero(self.cohorts.instance.is_named)
        for f in self.uneven:
            groups = self.cohorts.cohort_groups[self.cohort[named], f]
            for k, group in zip(named[groups >= 0].tolist(), groups[groups >= 0].tolist(), strict=True):
                members[f * 1_000_000 + group].append(k)
        return members

    def _draw(self, i: int) -> int:
        """The published draw of a person."""
        return draw(self.seed, self.ids[i])

    def _loss(self, i: int, pairs: Attended) -> float | None:
        """What the goals lose if a cadre attends something else; ``None`` if no open trajectory fits it."""
        before, after = self._price(i, self._now(i)), self._price(i, pairs)
        return None if before is None or after is None else after - before

    def _price(self, i: int, pairs: Attended) -> float | None:
        """Weighted cost of what a cadre attends; ``None`` if no open trajectory fits it."""
        cohorts, instance = self.cohorts, self.cohorts.instance
        c = self.cohort[i]
        person_type = int(cohorts.cohort_type[c])
        slots = tuple(cohorts.cohort_slots[c].tolist())
        key = person_type, slots, pairs
        if key not in self.priced:
            table = cohorts.tables[cohorts.type_table[person_type]]
            menus = np.zeros((len(instance.years), len(table.slots)), dtype=bool)
            for programme, year in pairs:
                menus[instance.years.index(year), slots.index(instance.programme_index[programme])] = True
            same = (table.menus[None] == menus[:, None]).all(axis=2)
            row = np.zeros(0, dtype=np.int64)
            if same.any(axis=1).all():
                row = np.flatnonzero((table.index == same.argmax(axis=1)).all(axis=1))
            allowed = cohorts.type_allowed[person_type]
            if len(row) and allowed is not None:
                row = np.flatnonzero(allowed == row[0])
            self.priced[key] = float(self.cost[person_type][row[0]]) if len(row) else None
        return self.priced[key]

    def _keeps_limits(self, changed: dict[int, Attended]) -> bool:
        """Whether the change makes no floor missed and no ceiling passed by more than before."""
        years = self.cohorts.instance.years
        for f, family in enumerate(self.cohorts.families):
            net: Counter[tuple[int, int]] = Counter()
            for i, pairs in changed.items():
                group = int(self.cohorts.cohort_groups[self.cohort[i], f])
                if group >= 0:
                    net.update({(group, year): n for year, n in self._years(f, pairs).items()})
                    net.subtract({(group, year): n for year, n in self._years(f, self._now(i)).items()})
            for (group, year), more in net.items():
                y = years.index(year)
                count = self.count[f][group, y] + more
                if (more < 0 and count < family.floor[group, y]) or (more > 0 and count > family.ceiling[group, y]):
                    return False
        return True

    def _now(self, i: int) -> Attended:
        """What a person attends at present."""
        if i not in self.attended:
            rows = self.before.of(i)
            self.attended[i] = frozenset((self.programme[row], int(self.year[row])) for row in rows)
        return self.attended[i]

    def _change(self, changed: dict[int, Attended]) -> None:
        """Let people attend something else."""
        self.traded |= changed.keys()
        for i, pairs in changed.items():
            self._book(i, -1)
            self.attended[i] = pairs
            self._book(i, 1)

    def _book(self, i: int, sign: int) -> None:
        """Add what a person attends to the counts of groups and families, or take it off (``sign`` -1)."""
        pairs, years = self._now(i), self.cohorts.instance.years
        for group in self._groups(i):
            for programme, year in pairs:
                self.team[group, programme, year] += sign
        for f, count in enumerate(self.count):
            group = int(self.cohorts.cohort_groups[self.cohort[i], f])
            if group >= 0:
                for year, n in self._years(f, pairs).items():
                    count[group, years.index(year)] += sign * n

    def table(self) -> pd.DataFrame:
        """The attendances as they are now, in the order of the yearly plan."""
        keys = ["cadre_id", "programme_id", "year"]
        traded = [i for i in self.traded if self.cohorts.instance.is_named[i]]
        rows = [(self.ids[i], programme, year, 1) for i in traded for programme, year in self._now(i)]
        own = pd.DataFrame(rows, columns=[*keys, "headcount"]).astype(self.attendances.dtypes)
        others = self.attendances[~np.isin(self.person, traded)]
        return pd.concat([others, own]).sort_values(keys, kind="stable").reset_index(drop=True)


class _Listed:
    """Positions of each number in an array; negative numbers are left out."""

    def __init__(self, numbers: np.ndarray, count: int) -> None:
        self._order = np.argsort(numbers, kind="stable")
        self._first = np.searchsorted(numbers[self._order], np.arange(count + 1))

    def of(self, number: int) -> list[int]:
        """The positions of one number, in order."""
        found: list[int] = self._order[self._first[number] : self._first[number + 1]].tolist()
        return found
