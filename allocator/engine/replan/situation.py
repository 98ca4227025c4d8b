"""How things stand when a published plan is planned again: who still sits where, what may change, and what every goal comes to.

The *ground* is the published plan without the seats that events take away and with those that they call for. Everybody follows a trajectory of
the yearly model, so what one person's change does to personal goals is looked up there, and what it does to shared rules is counted in the
rows of the same model. Index letters are those of the engine: ``i`` person, ``s`` session, ``p`` programme, ``y`` plan year, ``f`` row family,
``g`` group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np

from allocator.domain.change import ChangeCosts, Published, seats_of
from allocator.domain.rules import AwayLimit, Fixed, Goal, Spacing
from allocator.domain.tables import Inputs
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.calendar.timetable import Timetable, as_days
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.parameters import TOLERANCES
from allocator.engine.reoptimise.residual_capacity import NOWHERE
from allocator.engine.replan.lookup import Lookup, is_among
from allocator.model import instance
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import in_use
from allocator.model.personal import STRICT
from allocator.model.shared import collect
from allocator.model.shared.rows import RowFamily

Sessions = tuple[int, ...]
"""Sessions of one person, in their order."""


class Situation:
    """How things stand; see the module.

    Parameters
    ----------
    inputs
        The inputs after the events.
    published
        The plan in force, and what has become of it.

    Attributes
    ----------
    goals
        The goals in use in rank order, without ``change``.
    before, ground
        Sessions of each named person in the plan in force and on the ground.
    groups
        Seats of each unnamed group in each session, on the ground.
    gone
        Seats of each named person in sessions that are not held any more: programme, year, whether papers are out.
    lost
        Seats that each unnamed group lost: session, programme and year, with their number.
    left
        Seats of people who are not on the roster any more: person and session.
    stands
        Sessions whose seats stand still, boolean (S,).
    takes
        Sessions that can take people, boolean (S,).
    """

    def __init__(self, inputs: Inputs, published: Published) -> None:
        self.inputs, self.published = inputs, published
        self.costs: ChangeCosts = inputs.scenario.change
        self.exclusions = Exclusions(inputs, Timetable(inputs))
        self.timetable = self.exclusions.timetable
        self.instance = instance.build(inputs, calendar(inputs, self.exclusions))
        self.families = collect(self.instance)
        self.cohorts: Cohorts = group(self.instance, self.families)
        order = inputs.scenario.goals
        self.goals = tuple(g for g in in_use(order, self.cohorts, self.families) if g != "change")
        rank = order.index("change") if "change" in order else len(order)
        self.above = sum(order.index(g) < rank for g in self.goals)  # goals ranked before changes
        self.session_at = {session: s for s, session in enumerate(self.timetable.ids)}
        self.year = self.timetable.year - inputs.years[0]
        self.programme = self.timetable.programme
        self._seats()
        self._standing()

    # Who sits where.

    def _seats(self) -> None:
        position, named = self.inputs.cadre_position, self.instance.is_named
        forced = self.published.forced
        self.before: dict[int, Sessions] = {}
        self.gone: dict[int, list[tuple[str, int, bool]]] = {}
        self.ground: dict[int, Sessions] = {}
        self.groups: dict[int, dict[int, int]] = {}
        self.lost: dict[int, dict[tuple[str, str, int], int]] = {}
        self.left: list[tuple[str, str]] = []
        table = self.published.placements
        first_year = self.inputs.years[0]
        places = zip(table["programme_id"], (table["year"] - first_year).tolist(), strict=True)
        place_of = dict(zip(table["session_id"], places, strict=True))
        for cadre, seats in seats_of(table).items():
            i = position.get(cadre)
            if i is None:
                self.left += [(cadre, session) for session in seats]
                continue
            here = {self.session_at[s]: n for s, n in seats.items() if s in self.session_at}
            kept = {s: n for s, n in here.items() if (cadre, self.timetable.ids[s]) not in forced}
            if named[i]:
                self.before[i], self.ground[i] = tuple(sorted(here)), tuple(sorted(kept))
                out = [s for s in seats if s not in self.session_at]
                self.gone[i] = [(*place_of[s], s in self.published.issued) for s in out]
            else:
                self.groups[i] = kept
                missing = {(s, *place_of[s]): n for s, n in seats.items() if self.session_at.get(s) not in kept}
                if missing:
                    self.lost[i] = missing
        for cadre, session in sorted(self.published.called):
            i, s = position[cadre], self.session_at[session]
            if named[i]:
                self.ground[i] = tuple(sorted({*self.ground.get(i, ()), s}))
                self.before.setdefault(i, ())
            else:
                own = self.groups.setdefault(i, {})
                own[s] = max(own.get(s, 0), 1)

    def _standing(self) -> None:
        """What stands still: what has begun, and what begins within the notice period, unless an event takes a seat there or calls to one."""
        today = int(as_days([self.published.on])[0])
        start = self.timetable.start
        begun = (start <= today) | np.array([one in self.published.begun for one in self.timetable.ids], dtype=bool)
        near = start <= today + self.costs.notice_days
        touched = {session for _, session in (*self.published.forced, *self.published.called)}
        is_touched = np.array([one in touched for one in self.timetable.ids], dtype=bool)
        self.is_past = begun
        self.stands = begun | near
        shut = np.zeros(len(start), dtype=bool)
        shut[list(self.exclusions.everyone())] = True
        in_years = (self.year >= 0) & (self.year < len(self.inputs.years))
        self.takes = ~begun & (~near | is_touched) & ~shut & in_years
        self.issued = np.array([one in self.published.issued for one in self.timetable.ids], dtype=bool)

    @cached_property
    def load(self) -> np.ndarray:
        """Seats taken in each session on the ground, shape (S,)."""
        load = np.zeros(len(self.timetable.ids), dtype=np.int64)
        for own in self.ground.values():
            load[list(own)] += 1
        for seats in self.groups.values():
            for s, n in seats.items():
                load[s] += n
        return load

    # Trajectories.

    @cached_property
    def lookups(self) -> dict[int, Lookup]:
        """Lookups made so far, by trajectory table."""
        return {}

    @cached_property
    def type_of(self) -> np.ndarray:
        """Person type of everybody, shape (I,)."""
        return np.asarray(self.cohorts.cohort_type[self.cohorts.cohort_of])

    @cached_property
    def slots(self) -> np.ndarray:
        """Programmes of everybody's slots, -1 behind the last, shape (I, n)."""
        return np.asarray(self.cohorts.cohort_slots[self.cohorts.cohort_of])

    @cached_property
    def bits(self) -> np.ndarray:
        """What everybody attends on the ground in each year, as bits of slots, shape (I, Y); -1 where it is no slot of theirs.

        What stands still of a programme that is not open to the person any more, as after a transfer, is left out.
        """
        bits = np.zeros((len(self.slots), len(self.inputs.years)), dtype=np.int64)
        pairs = [(i, s) for i, own in self.ground.items() for s in own]
        if not pairs:
            return bits
        i, s = np.array(pairs, dtype=np.int64).T
        bit = self.bit(i, s)
        np.bitwise_or.at(bits, (i, self.year[s]), np.where(bit > 0, bit, 0))
        strange = (bit == 0) & ~self.stands[s]
        bits[i[strange], self.year[s[strange]]] = -1
        return bits

    def bit(self, people: np.ndarray, sessions: np.ndarray) -> np.ndarray:
        """The bit of the slot that each session's programme is to each person; 0 where it is none."""
        hit = self.slots[people] == self.programme[sessions][:, None]
        return np.where(hit.any(axis=1), np.int64(1) << hit.argmax(axis=1), 0)

    def rows(self, people: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Row of each person's trajectory table for the bits of its years, -1 where a strict rule forbids it, shape (n,)."""
        found = np.full(len(people), -1)
        types = self.type_of[people]
        tables = self.cohorts.type_table[types]
        for table in np.unique(tables).tolist():
            own = np.flatnonzero((tables == table) & (held >= 0).all(axis=1))
            if table not in self.lookups:
                self.lookups[table] = Lookup.of(self.cohorts.tables[table])
            found[own] = self.lookups[table].rows(held[own])
        for person_type in np.unique(types).tolist():
            allowed = self.cohorts.type_allowed[person_type]
            if allowed is not None:
                own = np.flatnonzero((types == person_type) & (found >= 0))
                found[own] = np.where(np.isin(found[own], allowed), found[own], -1)
        return found

    def personal(self, people: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Cost of trajectories (rows of the people's tables) in each goal, minimised, shape (n, goals); 0 where there is no row."""
        cost = np.zeros((len(people), len(self.goals)), dtype=np.int64)
        for _, goal, part in self.personal_by_rule(people, rows):
            cost[:, self.goals.index(goal)] += part
        return cost

    def personal_by_rule(self, people: np.ndarray, rows: np.ndarray) -> Iterator[tuple[str, Goal, np.ndarray]]:
        """The same by rule: its id (empty for the points of all priorities), its goal and the cost of each person, shape (n,)."""
        types = self.type_of[people]
        known = rows >= 0
        tables = self.cohorts.type_table[types]
        for position, measured in enumerate(self.cohorts.measured):
            cost = np.zeros(len(people), dtype=np.int64)
            state = self.cohorts.type_states[types, position]
            for table, one in np.unique(np.column_stack([tables, state])[known & (state >= 0)], axis=0).tolist():
                own = known & (tables == table) & (state == one)
                cost[own] = self.cohorts.cost(table, position, one)[rows[own]]
            yield measured.rule.id, measured.goal, cost
        if "priority" in self.goals:
            cost, weights = np.zeros(len(people), dtype=np.int64), self.cohorts.type_weights[types]
            for table, one in np.unique(np.column_stack([tables, weights])[known], axis=0).tolist():
                own = known & (tables == table) & (weights == one)
                menus, width = self.cohorts.tables[table], len(self.cohorts.tables[table].slots)
                worth = menus.menus @ self.cohorts.weights[one][:, :width].T  # (M, Y)
                years = np.arange(worth.shape[1])
                cost[own] = -worth[menus.index[rows[own]].astype(np.int64), years].sum(axis=1)
            yield "", "priority", cost

    @cached_property
    def ground_rows(self) -> np.ndarray:
        """Row of everybody's trajectory on the ground, -1 for who follows none, shape (I,)."""
        everyone = np.arange(len(self.slots))
        rows = self.rows(everyone, self.bits)
        rows[~self.instance.is_named] = -1
        return rows

    @cached_property
    def ground_costs(self) -> np.ndarray:
        """Everybody's personal costs on the ground, shape (I, goals); who lacks a class that a fixed rule asks for is counted as violated."""
        everyone = np.arange(len(self.slots))
        costs = self.personal(everyone, self.ground_rows)
        if "violation" in self.goals:
            outside = np.flatnonzero((self.ground_rows < 0) & self.instance.is_named)
            costs[outside, self.goals.index("violation")] = self.lacking(outside, self.bits[outside])
        return costs

    # Dates.

    @cached_property
    def _rest(self) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
        rules = [rule for rule in self.exclusions.rules if isinstance(rule, Spacing) and rule.rest_days]
        return [
            (self.inputs.audience(rule.audience), self.timetable.too_close(rule)) for rule in rules
        ], self.timetable.overlap

    def clash(self, people: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Whether two sessions, shape (n,) each, cannot both be attended by each person."""
        rests, overlap = self._rest
        kind = self.timetable.kind
        a, b = kind[one], kind[other]
        found = overlap[a, b].copy()
        for audience, close in rests:
            found |= audience[people] & close[a, b]
        return np.asarray(found)

    def closed(self, i: int) -> set[int]:
        """Sessions closed to a person whatever others do."""
        return {*self.exclusions.own.get(i, {}), *self.exclusions.blocked_for(i), *self._given_up.get(i, ())}

    @cached_property
    def _given_up(self) -> dict[int, list[int]]:
        """Sessions in which each person must give up a seat."""
        found: dict[int, list[int]] = {}
        for cadre, session in sorted(self.published.forced):
            if cadre in self.inputs.cadre_position and session in self.session_at:
                found.setdefault(self.inputs.cadre_position[cadre], []).append(self.session_at[session])
        return found

    @cached_property
    def _ground_pairs(self) -> np.ndarray:
        """Person and session of every seat on the ground, one number each (``i * S + s``); sorted."""
        count = len(self.timetable.ids)
        return np.sort(np.array([i * count + s for i, own in self.ground.items() for s in own], dtype=np.int64))

    def has(self, people: np.ndarray, sessions: np.ndarray) -> np.ndarray:
        """Whether each person has a seat in each session on the ground."""
        return is_among(self._ground_pairs, people * len(self.timetable.ids) + sessions)

    @cached_property
    def closed_pairs(self) -> np.ndarray:
        """Person and session, one number each (``i * S + s``), that are closed for a reason of the person's own; sorted."""
        count = len(self.timetable.ids)
        pairs = [
            i * count + s for own in (self.exclusions.own, self._given_up) for i, seats in own.items() for s in seats
        ]
        return np.sort(np.array(pairs, dtype=np.int64))

    def open_to(self, people: np.ndarray, sessions: np.ndarray) -> np.ndarray:
        """Whether each session is open to each person as far as dates, records and fixed rules say."""
        count = len(self.timetable.ids)
        open_ = ~is_among(self.closed_pairs, people * count + sessions)
        profile = self.exclusions.profile[people]
        for one in np.unique(profile).tolist():
            own = np.flatnonzero(profile == one)
            blocked = list(self.exclusions.blocked_for(int(people[own[0]])))
            open_[own] &= ~np.isin(sessions[own], blocked)
        return np.asarray(open_)

    @cached_property
    def called_to(self) -> Mapping[int, frozenset[int]]:
        """Sessions that fixed rules call each person to."""
        found: dict[int, set[int]] = {}
        for rule in self.exclusions.rules:
            for call in rule.call_ups if isinstance(rule, Fixed) else ():
                found.setdefault(self.inputs.cadre_position[call.cadre_id], set()).add(self.session_at[call.session_id])
        return {i: frozenset(own) for i, own in found.items()}

    @cached_property
    def _required(self) -> np.ndarray:
        """Classes that fixed rules ask of everybody in each year, as bits of slots, shape (I, Y)."""
        found = np.zeros(self.bits.shape, dtype=np.int64)
        bits = np.int64(1) << np.arange(self.slots.shape[1])
        for rule in self.instance.rules(Fixed):
            found |= STRICT[Fixed].required(self.instance, rule, self.slots) @ bits
        return found

    def lacking(self, people: np.ndarray, held: np.ndarray) -> np.ndarray:
        """How many classes that fixed rules ask for are not among what is attended, shape (n,)."""
        return np.asarray(np.bitwise_count(np.where(held < 0, 0, self._required[people] & ~held)).sum(axis=1), np.int64)

    # Shared rules.

    def amounts(self, people: np.ndarray, held: np.ndarray) -> list[np.ndarray]:
        """What each person's years add to the rows of each family, shape (n, Y) each; ``held`` as bits of slots, (n, Y)."""
        found = []
        width = self.slots.shape[1]
        unpacked = (held[:, :, None] >> np.arange(width)) & 1  # (n, Y, slots)
        unpacked = np.where(held[:, :, None] < 0, 0, unpacked)
        slots = self.slots[people]
        for family in self.families:
            counting = np.append(family.programmes, False)[slots]  # (n, slots)
            count = (unpacked * counting[:, None, :]).sum(axis=2)
            count = np.minimum(count, 1) if family.distinct else count
            found.append(count * self.part(family, people)[:, None])
        return found

    def part(self, family: RowFamily, people: np.ndarray) -> np.ndarray:
        """The factor with which each person's attendances enter a family's row."""
        part = (family.group[people] >= 0).astype(float)
        if family.among is not None:
            part -= family.among[1] * family.among[0][people]
        return np.asarray(part)

    @cached_property
    def counts(self) -> list[np.ndarray]:
        """Count of each family's rows on the ground, shape (G, Y) each."""
        named = np.flatnonzero(self.instance.is_named & (self.bits != 0).any(axis=1))
        found = []
        for family, amount in zip(self.families, self.amounts(named, self.bits[named]), strict=True):
            count = np.zeros(family.floor.shape)
            np.add.at(count, np.maximum(family.group[named], 0), amount)
            for i, seats in self.groups.items():
                for s, n in seats.items():
                    if family.programmes[self.programme[s]] and 0 <= self.year[s] < len(self.inputs.years):
                        count[max(family.group[i], 0), self.year[s]] += n * self.part(family, np.array([i]))[0]
            found.append(count)
        return found

    @cached_property
    def moved(self) -> np.ndarray:
        """Named people whose seats on the ground are not those of the published plan, shape (n,)."""
        found = [i for i, own in self.ground.items() if own != self.before.get(i, ()) or self.gone.get(i)]
        return np.array(sorted(found), dtype=np.int64)

    def held_before(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the moved people attended by the published plan: position among them, programme and year of each seat."""
        index, years = self.instance.programme_index, len(self.inputs.years)
        rows = []
        for k, i in enumerate(self.moved.tolist()):
            rows += [(k, int(self.programme[s]), int(self.year[s])) for s in self.before.get(i, ())]
            rows += [(k, index.get(programme, -1), year) for programme, year, _ in self.gone.get(i, [])]
        table = np.array([row for row in rows if row[1] >= 0 and 0 <= row[2] < years], np.int64).reshape(-1, 3)
        return table[:, 0], table[:, 1], table[:, 2]

    @cached_property
    def counts_before(self) -> list[np.ndarray]:
        """Count of each family's rows by the published plan."""
        k, p, y = self.held_before()
        found = []
        for family, count, now in zip(
            self.families, self.counts, self.amounts(self.moved, self.bits[self.moved]), strict=True
        ):
            before = np.zeros(now.shape)
            np.add.at(before, (k, y), family.programmes[p])
            before = (np.minimum(before, 1) if family.distinct else before) * self.part(family, self.moved)[:, None]
            total = count.copy()
            np.add.at(total, np.maximum(family.group[self.moved], 0), before - now)
            for i, lost in self.lost.items():
                for (_, programme, year), n in lost.items():
                    if family.programmes[self.instance.programme_index.get(programme, -1)]:
                        total[max(family.group[i], 0), year] += n * self.part(family, np.array([i]))[0]
            found.append(total)
        return found

    def missed(
        self, f: int, count: np.ndarray, at: tuple[np.ndarray, np.ndarray] | None = None
    ) -> dict[Goal, np.ndarray]:
        """What counts of a family's rows miss in each goal; of all rows, shape (G, Y), or of those ``at`` groups and years."""
        family = self.families[f]
        floor, ceiling = (family.floor, family.ceiling) if at is None else (family.floor[at], family.ceiling[at])
        found: dict[Goal, np.ndarray] = {}
        short, over = np.maximum(floor - count, 0.0), np.maximum(count - ceiling, 0.0)
        for distance, goals in ((short, family.short_goals), (over, family.over_goals)):
            for goal, slack in goals:
                beyond = np.maximum(distance - slack, 0.0)
                if family.among is not None:  # A share of people is rounded up to whole people.
                    beyond = np.ceil(beyond - TOLERANCES.whole)
                found[goal] = found.get(goal, 0.0) + beyond
        return found

    def totals(self) -> np.ndarray:
        """What the ground comes to in each goal, minimised, shape (goals,)."""
        total = self.ground_costs.sum(axis=0).astype(float)
        for f, count in enumerate(self.counts):
            for goal, distance in self.missed(f, count).items():
                total[self.goals.index(goal)] += float(distance.sum())
        return np.asarray(total)

    def rows_before(self) -> np.ndarray:
        """Row of the trajectory of each of the moved people by the published plan, -1 where it is open no more, shape (n,)."""
        k, p, y = self.held_before()
        held = np.zeros((len(self.moved), len(self.inputs.years)), dtype=np.int64)
        hit = self.slots[self.moved[k]] == p[:, None]
        np.bitwise_or.at(held, (k, y), np.where(hit.any(axis=1), np.int64(1) << hit.argmax(axis=1), NOWHERE))
        return self.rows(self.moved, held)

    def personal_before(self) -> tuple[np.ndarray, np.ndarray]:
        """What the moved people cost in personal goals by the published plan, shape (n, goals), and whether that is known, (n,)."""
        rows = self.rows_before()
        return self.personal(self.moved, rows), rows >= 0

    # Away-limits.

    @cached_property
    def away(self) -> list[tuple[AwayLimit, np.ndarray, np.ndarray, np.ndarray]]:
        """Away-limits with each person's group (-1: none), the most of each group, and sessions they speak of, boolean (S,)."""
        found = []
        headcount = self.instance.headcount
        for rule in self.exclusions.rules:
            if isinstance(rule, AwayLimit) and (rule.share is not None or rule.posts_apart):
                code, names = self.inputs.coded(rule.group_by)
                member = np.where(self.inputs.audience(rule.audience), code, -1)
                size = np.bincount(member[member >= 0], weights=headcount[member >= 0], minlength=len(names))
                most = np.full(len(names), np.inf)
                if rule.share is not None:
                    most = np.array([max(1, int(rule.share * int(n))) for n in size.tolist()], dtype=float)
                found.append((rule, member, most, self.timetable.of(rule) & self.timetable.in_years(rule)))
        return found

    def change_cost(self, i: int, sessions: Iterable[int]) -> int:
        """What it costs in changes that a named person has these sessions."""
        old, new = set(self.before.get(i, ())), set(sessions)
        if not self.gone.get(i) and old == new:
            return 0
        names = self.instance.programme_ids

        def told(seats: set[int]) -> list[tuple[str, bool]]:
            return [(str(names[self.programme[s]]), bool(self.issued[s])) for s in seats]

        gone = [(programme, is_out) for programme, _, is_out in self.gone.get(i, [])]
        return self.costs.of([*told(old - new), *gone], told(new - old))
