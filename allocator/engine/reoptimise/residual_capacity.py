"""Residual capacity: the seats, floors and ceilings that fixed people leave to those who are planned again."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from allocator.engine.columns.aggregation import Allotment
from allocator.model.cohorts import Cohorts

Attended = frozenset[tuple[str, int]]
"""Programmes and years that one cadre attends."""

NOWHERE = np.int64(1) << 40
"""A bit above those of all slots: an attended programme that is not open to the cadre any more."""


def residual_capacity(cohorts: Cohorts, attendances: pd.DataFrame) -> Allotment:
    """What named people leave by what they attend (``cadre_id``, ``programme_id``, ``year``, ``headcount``)."""
    instance = cohorts.instance
    person = instance.people(attendances["cadre_id"])
    programme = attendances["programme_id"].map(instance.programme_index).to_numpy(np.int64)
    year = attendances["year"].to_numpy(np.int64) - instance.years[0]
    seats = instance.calendar.seats.astype(float)
    np.subtract.at(seats, (programme, year), attendances["headcount"].to_numpy(float))
    floors, ceilings = [], []
    for family in cohorts.families:
        own = family.programmes[programme]
        if family.among is None:
            own &= family.group[person] >= 0
        i, y = person[own], year[own]
        if family.distinct:
            pairs = np.unique(i * len(instance.years) + y)
            i, y = pairs // len(instance.years), pairs % len(instance.years)
        amount = (family.group[i] >= 0).astype(float)
        if family.among is not None:
            amount -= family.among[1] * family.among[0][i]
        used = np.zeros(family.floor.shape)
        np.add.at(used, (np.maximum(family.group[i], 0), y), amount)
        floors.append(family.floor - used)
        ceilings.append(family.ceiling - used)
    nothing = tuple(np.zeros_like(ceiling) for ceiling in ceilings)
    return Allotment(seats, tuple(floors), tuple(ceilings), nothing)


def counted(cohorts: Cohorts, attendances: pd.DataFrame) -> list[np.ndarray]:
    """Attendances that each family counts, by group and year, shape (G, Y) each; once per person and year where people are counted.

    A row of an unnamed group counts once, however many seats it has.
    """
    instance = cohorts.instance
    person = instance.people(attendances["cadre_id"])
    programme = attendances["programme_id"].map(instance.programme_index).to_numpy(np.int64)
    year = attendances["year"].to_numpy(np.int64) - instance.years[0]
    found = []
    for family in cohorts.families:
        own = family.programmes[programme] & (family.group[person] >= 0)
        i, y = person[own], year[own]
        if family.distinct:
            pairs = np.unique(i * len(instance.years) + y)
            i, y = pairs // len(instance.years), pairs % len(instance.years)
        count = np.zeros(family.floor.shape, dtype=np.int64)
        np.add.at(count, (family.group[i], y), 1)
        found.append(count)
    return found


def columns_of(
    cohorts: Cohorts, which: np.ndarray, attendances: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns for what the named people of some cohorts attend, as far as it is still open: subproblem, trajectory, people.

    Parameters
    ----------
    which
        Cohort of each subproblem.
    """
    _, subproblem, trajectory = followed(cohorts, which, attendances)
    known = trajectory >= 0
    pairs, count = np.unique(np.column_stack([subproblem[known], trajectory[known]]), axis=0, return_counts=True)
    return pairs[:, 0], pairs[:, 1], count


def still_open(cohorts: Cohorts, attendances: pd.DataFrame) -> np.ndarray:
    """Whether each named person may still follow what he or she attends; true for unnamed groups. Boolean (I,)."""
    people, _, trajectory = followed(cohorts, np.arange(len(cohorts.members)), attendances)
    found = np.ones(len(cohorts.instance.headcount), dtype=bool)
    found[people] = trajectory >= 0
    return found


def followed(
    cohorts: Cohorts, which: np.ndarray, attendances: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Named people of some cohorts, the subproblem of each, and the trajectory attended, -1 if it is not open (any more).

    The attended slots of a year are read as bits of one number, and the menus of all years as digits of another, so that two look-ups find the
    trajectory.
    """
    instance = cohorts.instance
    years = len(instance.years)
    stratum_of = np.full(len(instance.headcount), -1)
    for r, c in enumerate(which.tolist()):
        stratum_of[cohorts.members[c]] = r
    person = instance.people(attendances["cadre_id"])
    programme = attendances["programme_id"].map(instance.programme_index).to_numpy(np.int64)
    year = attendances["year"].to_numpy(np.int64) - instance.years[0]
    people = np.flatnonzero((stratum_of >= 0) & instance.is_named)
    place = np.full(len(stratum_of), -1)
    place[people] = np.arange(len(people))
    subproblem = stratum_of[people]
    own = place[person] >= 0
    slots = cohorts.cohort_slots[which[subproblem]]
    is_slot = slots[place[person[own]]] == programme[own][:, None]
    held = np.zeros((len(people), years), dtype=np.int64)
    bit = np.where(is_slot.any(axis=1), np.int64(1) << is_slot.argmax(axis=1), NOWHERE)
    np.add.at(held, (place[person[own]], year[own]), bit)
    trajectory = np.full(len(people), -1)
    person_type = cohorts.cohort_type[which[subproblem]]
    for table_index in np.unique(cohorts.type_table[person_type]).tolist():
        table = cohorts.tables[table_index]
        mine = np.flatnonzero(cohorts.type_table[person_type] == table_index)
        menu = _found(table.menus @ (np.int64(1) << np.arange(len(table.slots))), held[mine])
        radix = np.int64(len(table.menus)) ** np.arange(years)
        row = _found(table.index.astype(np.int64) @ radix, menu @ radix)
        trajectory[mine] = np.where((menu >= 0).all(axis=1), row, -1)
    for s in np.unique(person_type).tolist():
        allowed = cohorts.type_allowed[s]
        if allowed is not None:
            mine = np.flatnonzero((person_type == s) & (trajectory >= 0))
            trajectory[mine] = _found(allowed, trajectory[mine])
    return people, subproblem, trajectory


def _found(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Position of each wanted value among distinct values, -1 for none."""
    order = np.argsort(values)
    place = np.minimum(np.searchsorted(values[order], wanted), len(values) - 1)
    return np.where(values[order][place] == wanted, order[place], -1)


def names_kept(cohorts: Cohorts, which: np.ndarray, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The plan ``after``, with as many people of each cohort as possible attending what they did ``before``.

    People of one cohort are alike, so exchanging what they attend changes only names.
    """
    old, new = _sets(before), _sets(after)
    nothing: Attended = frozenset()
    ids = cohorts.instance.cadre_ids
    named = cohorts.instance.is_named
    changed: dict[str, Attended] = {}
    for c in which.tolist():
        people = [str(ids[i]) for i in cohorts.members[c] if named[i]]
        left = Counter(new.get(one, nothing) for one in people)
        if all(new.get(one, nothing) == old.get(one, nothing) for one in people):
            continue
        others = []
        for one in people:
            if left[old.get(one, nothing)]:
                left[old.get(one, nothing)] -= 1
                changed[one] = old.get(one, nothing)
            else:
                others.append(one)
        changed |= dict(zip(others, sorted(left.elements(), key=sorted), strict=True))
    rows = [(one, programme, year, 1) for one, pairs in changed.items() for programme, year in pairs]
    same = after[~after["cadre_id"].isin(changed)]
    return pd.concat([same, pd.DataFrame(rows, columns=after.columns).astype(after.dtypes)])


def _sets(attendances: pd.DataFrame) -> dict[str, Attended]:
    """What each cadre attends."""
    columns = (attendances[c] for c in ("cadre_id", "programme_id", "year"))
    found: dict[str, set[tuple[str, int]]] = {}
    for cadre, programme, year in zip(*columns, strict=True):
        found.setdefault(cadre, set()).add((programme, int(year)))
    return {cadre: frozenset(pairs) for cadre, pairs in found.items()}
