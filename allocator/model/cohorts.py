"""Cohorts: cadres alike in everything the policy looks at, counted together.

There are two levels. A *person type* is everybody with the same trajectory table (slots and strict rules), the same record and the same part in
shared rules, wherever they serve. A *cohort* ``c`` is the part of a type with the same programmes and the same groups (team, unit,
prefecture), so that local limits see it. First prices are found on types, plans are made on cohorts.

People of one cohort are interchangeable: exchanging what two of them attend changes no row and no cost. So the model counts people
per cohort and trajectory, :math:`n_{ck}`, and names are dealt afterwards without loss (``engine.assign_names``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import Fixed, Goal, Priority, RuleKind, Spacing
from allocator.language.message import Message
from allocator.model.instance import Instance, distinct_rows
from allocator.model.personal import MEASURED, STRICT, States
from allocator.model.personal.fixed import unreachable
from allocator.model.shared.rows import RowFamily
from allocator.model.trajectories import (
    MOST_TRAJECTORIES,
    Room,
    Strictness,
    TooManyError,
    TrajectoryTable,
    classes_that_fit,
    enumerate_trajectories,
)


@dataclass(frozen=True, eq=False)
class MeasuredRule:
    """A personal rule that costs something: the goal it counts to, and everyone's state."""

    rule: RuleKind
    goal: Goal
    states: States


@dataclass(frozen=True, eq=False)
class Cohorts:
    """The people of an instance, grouped.

    Person types: ``type_table`` (index of the trajectory table), ``type_allowed`` (open rows of the table, ``None`` for all), ``type_states`` (state in
    each measured rule, -1 if untouched), ``type_weights`` (row of ``weights``), ``type_people``. Cohorts ``c``: ``cohort_type``,
    ``cohort_slots`` (programmes, shape (C, n), -1 for none), ``cohort_groups`` (group in each row family, -1 for none), ``cohort_people``,
    ``members`` (rows of the roster).
    """

    instance: Instance
    measured: tuple[MeasuredRule, ...]
    families: tuple[RowFamily, ...]
    tables: tuple[TrajectoryTable, ...]
    type_table: np.ndarray
    type_allowed: tuple[np.ndarray | None, ...]
    type_states: np.ndarray
    type_weights: np.ndarray  # position in ``weights``
    type_audience: np.ndarray  # bool (S, families): counted by the family
    type_among: np.ndarray  # bool (S, families): part of those among whom a share is held
    type_people: np.ndarray
    weights: np.ndarray  # int (W, Y, n)
    programme_class: np.ndarray  # (P,): programmes of one class are equal to every rule
    cohort_type: np.ndarray
    cohort_slots: np.ndarray
    cohort_groups: np.ndarray
    cohort_people: np.ndarray
    members: tuple[np.ndarray, ...]

    @cached_property
    def _cost_cache(self) -> dict[tuple[int, int, int], np.ndarray]:
        """Costs by trajectory table, measured rule and state."""
        return {}

    def rows_of(self, person_type: int) -> int:
        """Number of trajectories open to a person type."""
        allowed = self.type_allowed[person_type]
        return len(self.tables[self.type_table[person_type]]) if allowed is None else len(allowed)

    def take(self, person_type: int, values: np.ndarray) -> np.ndarray:
        """Values over a type's trajectory table, for the open trajectories."""
        allowed = self.type_allowed[person_type]
        return values if allowed is None else values[allowed]

    def menus(self, person_type: int, trajectory: int) -> np.ndarray:
        """Menu of each year of one open trajectory, shape (Y,)."""
        allowed = self.type_allowed[person_type]
        row = self.tables[self.type_table[person_type]].index[trajectory if allowed is None else allowed[trajectory]]
        return np.asarray(row)

    def costs(self, person_type: int, goal: Goal) -> np.ndarray:
        """Cost of each open trajectory for one person of the type in a goal (priority: minus the points), shape (≤ T,)."""
        table_index = int(self.type_table[person_type])
        table = self.tables[table_index]
        total = np.zeros(len(table), dtype=np.int64)
        for position, measured in enumerate(self.measured):
            state = int(self.type_states[person_type, position])
            if measured.goal != goal or state < 0:
                continue
            total = total + self.cost(table_index, position, state)
        if goal == "priority":
            total = total - table.weighted(self.weights[self.type_weights[person_type]][:, : len(table.slots)])
        return self.take(person_type, total)

    def cost(self, table_index: int, position: int, state: int) -> np.ndarray:
        """Cost of every trajectory of a table for people in one state of a measured rule."""
        key = (table_index, position, state)
        found = self._cost_cache.get(key)
        if found is None:
            measured = self.measured[position]
            side = MEASURED[type(measured.rule)]
            cost = side.measure(self.instance, measured.rule, measured.states.values[state], self.tables[table_index])
            found = self._cost_cache[key] = cost.astype(np.int32)
        return found

    @cached_property
    def cohort_of(self) -> np.ndarray:
        """Cohort of each person, shape (I,)."""
        of = np.zeros(len(self.instance.headcount), dtype=np.int64)
        of[np.concatenate([*self.members, of[:0]])] = np.repeat(
            np.arange(len(self.members)), [len(members) for members in self.members]
        )
        return of

    @cached_property
    def is_touched(self) -> np.ndarray:
        """Families that have anybody in their groups, boolean (F,)."""
        return np.asarray((self.cohort_groups >= 0).any(axis=0))

    @cached_property
    def cohorts_of_type(self) -> tuple[np.ndarray, ...]:
        """Cohorts of each person type."""
        order = np.argsort(self.cohort_type, kind="stable")
        return tuple(np.split(order, np.cumsum(np.bincount(self.cohort_type, minlength=len(self.type_table)))[:-1]))


def group(instance: Instance, families: tuple[RowFamily, ...]) -> Cohorts:
    """Group the people of an instance.

    Raises
    ------
    ModelError
        When one person could follow too many trajectories.
    """
    people, years = len(instance.headcount), len(instance.years)
    classes = _programme_classes(instance, families)
    of_profile, admitted = _slots(instance, classes)
    profile, n = instance.admission.profile, of_profile.shape[1]
    slots = of_profile[profile]
    spacing, fixed = instance.rules(Spacing), instance.rules(Fixed)
    blocked = unreachable(instance, slots)
    if admitted is not None:
        blocked |= (~admitted & (of_profile >= 0)[:, None, :])[profile]
    required = np.zeros((people, years, n), dtype=bool)
    for rule in spacing:
        blocked |= STRICT[Spacing].blocked(instance, rule, slots)
    for pinned in fixed:
        blocked |= STRICT[Fixed].blocked(instance, pinned, slots)
    everyone = np.zeros_like(required)
    for pinned in fixed:
        needed = STRICT[Fixed].required(instance, pinned, slots)
        (everyone if pinned.everyone else required).__ior__(needed)
    blocked &= ~everyone  # A class for everyone stands outside the spacing rules of its audience's record.
    spaced = np.array([instance.audience(rule.audience) for rule in spacing], dtype=np.int64).reshape(-1, people).T
    _, slots_of = distinct_rows(of_profile)
    slot_class = np.where(of_profile >= 0, classes[of_profile], -1)
    _, shape = distinct_rows(slot_class, _together(instance, of_profile))
    table_indices, type_table_of = distinct_rows(shape[profile], spaced, _flat(everyone))
    tables = tuple(
        _table(
            instance,
            spacing,
            slots[first],
            spaced[first].astype(bool),
            everyone[first],
            instance.cadre_ids[first],
            people_of,
        )
        for first, people_of in zip(
            table_indices, np.bincount(type_table_of, weights=instance.headcount).astype(int).tolist(), strict=True
        )
    )

    measured, weights_of, weights = _measures(instance, slots, slots_of[profile])
    states, groups = [one.states.code for one in measured], [family.group for family in families]
    nobody = np.zeros(people, dtype=bool)
    among = [nobody if family.among is None else family.among[0] for family in families]
    recorded = [STRICT[Spacing].recorded(instance, rule) for rule in spacing]
    limit_first, limit_of = distinct_rows(_flat(blocked), _flat(required), *(of for of in recorded if of.any()))
    counted = _beside([of >= 0 for of in groups], nobody)
    sort_first, type_of_person = distinct_rows(
        type_table_of, limit_of, weights_of, *states, counted, _beside(among, nobody)
    )
    cohort_first, cohort_of = distinct_rows(type_of_person, slots_of[profile], *groups)

    known: dict[tuple[int, int], np.ndarray | None] = {}
    allowed: list[np.ndarray | None] = []
    for i in sort_first:
        key = int(type_table_of[i]), int(limit_of[i])
        if key not in known:
            table, width = tables[key[0]], len(tables[key[0]].slots)
            first = limit_first[key[1]]
            closed, called = blocked[first][:, :width], required[first][:, :width]
            room = _room(instance, spacing, recorded, int(i), slots[i][:width], everyone[i][:, :width])
            open_ = table.without(closed, called, room)
            if not len(open_):  # A call-up that other strict rules forbid gives way; the auditor reports it.
                open_ = table.without(closed, np.zeros_like(called), room)
            known[key] = None if len(open_) == len(table) else open_
        allowed.append(known[key])
    order = np.argsort(cohort_of, kind="stable")
    ends = np.cumsum(np.bincount(cohort_of, minlength=len(cohort_first))).tolist()
    members = tuple(order[begin:end] for begin, end in pairwise([0, *ends]))
    return Cohorts(
        instance=instance,
        measured=measured,
        families=families,
        tables=tables,
        type_table=type_table_of[sort_first],
        type_allowed=tuple(allowed),
        type_states=_beside([of[sort_first] for of in states], sort_first),
        type_weights=weights_of[sort_first],
        type_audience=counted[sort_first],
        type_among=_beside([of[sort_first] for of in among], nobody[sort_first]),
        type_people=np.bincount(type_of_person, weights=instance.headcount, minlength=len(sort_first)).astype(np.int64),
        weights=weights,
        programme_class=classes,
        cohort_type=type_of_person[cohort_first],
        cohort_slots=slots[cohort_first],
        cohort_groups=_beside([of[cohort_first] for of in groups], cohort_first),
        cohort_people=np.bincount(cohort_of, weights=instance.headcount, minlength=len(cohort_first)).astype(np.int64),
        members=members,
    )


def _flat(table: np.ndarray) -> np.ndarray:
    """What a table says of each person beside each other, shape (I, all)."""
    return table.reshape(len(table), -1)


def _beside(columns: list[np.ndarray], alike: np.ndarray) -> np.ndarray:
    """Columns as a table; where there is none, one without columns, as long and of the type as ``alike``."""
    return np.column_stack(columns) if columns else np.zeros((len(alike), 0), alike.dtype)


def _programme_classes(instance: Instance, families: tuple[RowFamily, ...]) -> np.ndarray:
    """Class of each programme: equal hours, days, contents, calendar pattern and part in every rule."""
    programmes = instance.inputs.programmes
    parts: list[pd.Series | np.ndarray] = [programmes["days"], programmes["hours"], programmes["content"]]
    parts += [instance.counting(rule.programmes) for rule in instance.inputs.policy.rules if rule.programmes]
    parts += [family.programmes for family in families]
    parts += list((instance.calendar.seats > 0).T)
    table = pd.DataFrame({str(k): np.asarray(part) for k, part in enumerate(parts)})
    return table.groupby(list(table.columns), sort=False).ngroup().to_numpy()


def _slots(instance: Instance, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Programmes of each profile, by class then position, -1 behind the last, shape (F, n); and the years they are open in."""
    admission = instance.admission
    rank = np.empty(len(classes) + 1, dtype=np.int64)
    rank[np.lexsort([np.arange(len(classes)), classes])] = np.arange(len(classes))
    rank[-1] = len(classes)
    order = np.argsort(rank[admission.slots], axis=1, kind="stable")
    slots = np.take_along_axis(admission.slots, order, axis=1)
    years = admission.years
    return slots, None if years is None else np.take_along_axis(years, order[:, None, :], axis=2)


def _together(instance: Instance, slots: np.ndarray) -> np.ndarray:
    """Which of a profile's programmes fit into one year, shape (F, pairs and years).

    Programmes of one class may lie on other dates, so people with like slots need not be able to combine them alike.
    """
    fits = instance.calendar.pairs[slots[:, :, None], slots[:, None, :]]
    fits &= ((slots >= 0)[:, :, None] & (slots >= 0)[:, None, :])[:, :, :, None]
    return _flat(fits)


def _table(
    instance: Instance,
    rules: tuple[Spacing, ...],
    slots: np.ndarray,
    spaced: np.ndarray,
    everyone: np.ndarray,
    cadre: str,
    people: int,
) -> TrajectoryTable:
    """All trajectories of the type that a person belongs to; ``cadre`` is one of its people, for a message."""
    slots = slots[slots >= 0]
    n = len(slots)
    apart = np.zeros((n, n, len(instance.years)), dtype=np.int64)
    most = []
    for rule in (rule for rule, touched in zip(rules, spaced, strict=True) if touched):
        apart = np.maximum(apart, STRICT[Spacing].apart(instance, rule, slots))
        if rule.classes_per_year is not None:
            most.append((instance.counting(rule.programmes)[slots], rule.classes_per_year, instance.holds(rule)))
    strict = Strictness(
        together=instance.calendar.pairs[np.ix_(slots, slots)],
        offered=instance.calendar.seats[slots] > 0,
        mandatory=everyone[:, :n].T,
        most=most,
        apart=apart,
    )
    try:
        return enumerate_trajectories(slots, strict)
    except TooManyError as error:
        told: dict[str, object] = {"programmes": n, "years": len(instance.years), "fitting": error.fitting}
        told |= {"people": people, "cadre": cadre, "classes": classes_that_fit(slots, strict)}
        raise ModelError(Message("error.too-many-trajectories", most=f"{MOST_TRAJECTORIES:,}", **told)) from None


def _room(
    instance: Instance,
    rules: tuple[Spacing, ...],
    recorded: list[np.ndarray],
    i: int,
    slots: np.ndarray,
    everyone: np.ndarray,
) -> list[Room]:
    """What the classes on record in the plan years leave of the classes a year of one person."""
    return [
        (
            instance.counting(rule.programmes)[slots] & ~everyone,
            np.where(used[i] > 0, np.maximum(rule.classes_per_year - used[i], 0), len(slots)),
        )
        for rule, used in zip(rules, recorded, strict=True)
        if rule.classes_per_year is not None and used[i].any()
    ]


def _measures(
    instance: Instance, slots: np.ndarray, slots_of: np.ndarray
) -> tuple[tuple[MeasuredRule, ...], np.ndarray, np.ndarray]:
    """Measured rules with everyone's state; points per year and slot are summed over all priority rules."""
    measured, priorities = [], []
    for rule in instance.inputs.policy.rules:
        side = MEASURED.get(type(rule))
        if side is None or rule.strength == "report":
            continue
        if isinstance(rule, Priority):
            priorities.append(rule)
            continue
        states = side.states(instance, rule)
        if (states.code >= 0).any():
            measured.append(MeasuredRule(rule, "violation" if rule.strength == "hard" else rule.goal, states))
    weights_of, weights = _points(instance, priorities, slots, slots_of)
    return tuple(measured), weights_of, weights


def _points(
    instance: Instance, rules: list[Priority], slots: np.ndarray, slots_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Everyone's row of the distinct points per year and slot, and these, shape (W, Y, n)."""
    preferred = np.zeros((len(slots), len(rules)), dtype=bool)
    for r, rule in enumerate(rules):
        preferred[:, r] = instance.audience(rule.audience)
    some, alike = distinct_rows(slots_of, preferred)
    points = np.zeros((len(some), len(instance.years), slots.shape[1]), dtype=np.int64)
    for r, rule in enumerate(rules):
        weight = np.array([rule.weight_by_year.get(y, rule.weight) for y in instance.years]) * instance.holds(rule)
        counting = np.append(instance.counting(rule.programmes), False)[slots[some]]
        points += preferred[some, r][:, None, None] * weight[None, :, None] * counting[:, None, :]
    first, weights_of = distinct_rows(points.reshape(len(some), -1))
    return weights_of[alike], points[first]
