"""Trades: two cadres alike in record and programmes, but of different teams, take each other's trajectory.

Every shared row that speaks about their stratum counts the same before and after; only what differs inside a stratum, such as the
floors of single teams, is counted anew. So a seat that the dates cannot give to one team is moved to another at no cost.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pandas as pd

from allocator.model.cohorts import Cohorts
from allocator.ties import draw

Attended = frozenset[tuple[str, int]]
"""Programmes and years that one cadre attends."""


class Exchange:
    """The attendances of a yearly plan, and the groups that a trade must not hurt.

    Parameters
    ----------
    stratum
        Stratum of each cohort, shape (C,).
    attendances
        ``cadre_id``, ``programme_id``, ``year``, ``headcount``.
    """

    def __init__(self, cohorts: Cohorts, stratum: np.ndarray, attendances: pd.DataFrame, seed: str) -> None:
        self.cohorts, self.seed = cohorts, seed
        instance = cohorts.instance
        self.ids = instance.inputs.cadres["cadre_id"].tolist()
        self.index = instance.person_index
        self.attendances = attendances
        columns = (attendances[c] for c in ("cadre_id", "programme_id", "year"))
        attended: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for cadre, programme, year in zip(*columns, strict=True):
            attended[self.index[cadre]].add((programme, int(year)))
        self.attended: dict[int, Attended] = {i: frozenset(pairs) for i, pairs in attended.items()}
        self.stratum = np.zeros(len(self.ids), dtype=np.int64)
        self.cohort = np.zeros(len(self.ids), dtype=np.int64)
        for c, members in enumerate(cohorts.members):
            self.stratum[members], self.cohort[members] = stratum[c], c
        self.inside: dict[int, list[int]] = defaultdict(list)
        for i in np.flatnonzero(instance.is_named).tolist():
            self.inside[int(self.stratum[i])].append(i)
        self.uneven = self._uneven(stratum)
        self.count = [self._counts(f) for f in self.uneven]
        self.refused: set[tuple[int, Attended]] = set()
        self.team = self._teams()

    def _uneven(self, stratum: np.ndarray) -> list[int]:
        """Families whose groups differ inside some stratum."""
        group = self.cohorts.cohort_groups
        _, first = np.unique(stratum, return_index=True)
        return [f for f in range(len(self.cohorts.families)) if (group[:, f] != group[first][stratum][:, f]).any()]

    def _teams(self) -> Counter[tuple[int, str, int]]:
        """People of each group of the uneven families in each programme and year: (group, programme, year)."""
        teams: Counter[tuple[int, str, int]] = Counter()
        for i, pairs in self.attended.items():
            for group in self._groups(i):
                teams.update((group, programme, year) for programme, year in pairs)
        return teams

    def _groups(self, i: int) -> list[int]:
        """Groups of a person in the uneven families, as one number for family and group."""
        own = self.cohorts.cohort_groups[self.cohort[i]]
        return [f * 1_000_000 + int(own[f]) for f in self.uneven if own[f] >= 0]

    def _years(self, f: int, pairs: Attended) -> set[int]:
        family, instance = self.cohorts.families[f], self.cohorts.instance
        return {year for programme, year in pairs if family.programmes[instance.programme_index[programme]]}

    def _counts(self, f: int) -> Counter[tuple[int, int]]:
        """People counted in each group and year of an uneven family."""
        counts: Counter[tuple[int, int]] = Counter()
        for i, pairs in self.attended.items():
            group = int(self.cohorts.cohort_groups[self.cohort[i], f])
            if group >= 0:
                people = int(self.cohorts.instance.headcount[i])
                counts.update({(group, year): people for year in self._years(f, pairs)})
        return counts

    def move(self, cadre_id: str, programme_id: str, year: int) -> bool:
        """Trade the trajectory of a cadre whose seat cannot be given; whether anybody could take it."""
        i = self.index[cadre_id]
        own = self.attended.get(i, frozenset())
        self.refused.add((i, own))
        wanted = programme_id, year
        others = [
            j
            for j in self.inside[int(self.stratum[i])]
            if self.cohort[j] != self.cohort[i]
            and wanted not in self.attended.get(j, frozenset())
            and (j, own) not in self.refused
            and (i, self.attended.get(j, frozenset())) not in self.refused
        ]

        def crowd(j: int) -> tuple[int, int]:
            most = max((self.team[group, programme_id, year] for group in self._groups(j)), default=0)
            return most, draw(self.seed, self.ids[j])

        for j in sorted(others, key=crowd):
            if self._keeps_floors(i, j):
                self._swap(i, j)
                return True
        return False

    def _keeps_floors(self, i: int, j: int) -> bool:
        for f, count in zip(self.uneven, self.count, strict=True):
            family = self.cohorts.families[f]
            mine, theirs = (self._years(f, self.attended.get(k, frozenset())) for k in (i, j))
            groups = [int(self.cohorts.cohort_groups[self.cohort[k], f]) for k in (i, j)]
            for group, loses in zip(groups, (mine - theirs, theirs - mine), strict=True):
                for year in loses if group >= 0 and groups[0] != groups[1] else ():
                    floor = family.floor[group, self.cohorts.instance.years.index(year)]
                    if count[group, year] - 1 < floor:
                        return False
        return True

    def _swap(self, i: int, j: int) -> None:
        for k, sign in ((i, -1), (j, -1)):
            self._book(k, sign)
        mine, theirs = self.attended.get(i, frozenset()), self.attended.get(j, frozenset())
        self.attended[i], self.attended[j] = theirs, mine
        for k, sign in ((i, 1), (j, 1)):
            self._book(k, sign)

    def _book(self, i: int, sign: int) -> None:
        pairs = self.attended.get(i, frozenset())
        for group in self._groups(i):
            for programme, year in pairs:
                self.team[group, programme, year] += sign
        for f, count in zip(self.uneven, self.count, strict=True):
            group = int(self.cohorts.cohort_groups[self.cohort[i], f])
            if group >= 0:
                for year in self._years(f, pairs):
                    count[group, year] += sign

    def table(self) -> pd.DataFrame:
        """The attendances as they are now, in the order of the yearly plan."""
        is_named = self.cohorts.instance.is_named
        rows = [
            (self.ids[i], programme, year, 1)
            for i, pairs in self.attended.items()
            if is_named[i]
            for programme, year in pairs
        ]
        named = pd.DataFrame(rows, columns=["cadre_id", "programme_id", "year", "headcount"])
        unnamed = self.attendances[~is_named[self.attendances["cadre_id"].map(self.index).to_numpy()]]
        keys = ["cadre_id", "programme_id", "year"]
        return pd.concat([named, unnamed]).sort_values(keys, kind="stable").reset_index(drop=True)
