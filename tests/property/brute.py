"""The best plan of a tiny problem by enumeration, in plain Python and straight from the definitions in ``allocator/domain/rules.py``.

Every person's record is listed in full; all ways to put the people together are gone through, merging only what is equal in
every count. Nothing of ``allocator/model``, ``allocator/engine`` or ``allocator/audit`` is used.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np

from allocator.domain.filters import LIST_COLUMNS, Filter, Range
from allocator.domain.rules import GOALS
from tests.property.worlds import World

Trajectory = tuple[frozenset[str], ...]
"""Programmes attended in each plan year."""

MOST_STATES = 400_000


class TooLargeError(Exception):
    """The problem has more distinct plans than a test should go through."""


class BrokenLimitError(Exception):
    """A plan that the strict rules or the seats do not allow."""


def holds_for(wanted: Filter, row: dict[str, Any]) -> bool:
    """Whether a filter holds for one row; an absent column is empty text."""
    for column, values in wanted.conditions.items():
        own = row.get(column, "")
        if isinstance(values, Range):
            if values.min is not None and own < values.min:
                return False
            if values.max is not None and own > values.max:
                return False
        elif column in LIST_COLUMNS:
            if not set(own.split(";")) & {str(v) for v in values}:
                return False
        elif own not in values:
            return False
    if wanted.exclude is not None and holds_for(wanted.exclude, row):
        return False
    return not wanted.any_of or any(holds_for(part, row) for part in wanted.any_of)


class Brute:
    """The definitions applied to one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.years = world.years
        self.programmes = {p["programme_id"]: p for p in world.programmes}
        self.rules = {kind: [r for r in world.rules if r.kind == kind] for kind in {r.kind for r in world.rules}}
        self.seats = sorted(world.sessions)  # (programme, year): one session each
        self.shared = [
            (r, g)
            for kind in ("quota", "share-floor", "representation", "apportion")
            for r in self.of(kind)
            for g in self.groups(r)
        ]

    def of(self, kind: str) -> list[Any]:
        """Rules of a kind that are to be kept."""
        return [
            r for r in self.rules.get(kind, []) if r.strength != "report" or kind in ("spacing", "fixed", "away-limit")
        ]

    def judged(self, r: Any) -> list[int]:
        """Plan years a rule holds in."""
        return [y for y in self.years if not r.years or y in r.years]

    def counting(self, r: Any, least_days: float = 0, content: str | None = None) -> set[str]:
        """Programmes that count for a rule."""
        return {
            p for p, row in self.programmes.items()
            if holds_for(r.programmes, row) and row["days"] >= least_days
            and (content is None or content in row["content"].split(";"))
        }  # fmt: skip

    def record(
        self, person: dict[str, Any], r: Any, least_days: float = 0, content: str | None = None
    ) -> list[dict[str, Any]]:
        """Entries of a person's history that count for a rule; what a class carried is what the entry says."""
        return [
            h for h in self.world.history
            if h["cadre_id"] == person["cadre_id"]
            and holds_for(r.programmes, self.programmes.get(h["programme_id"], h))
            and h["days"] >= least_days
            and (content is None or content in h["content"].split(";"))
        ]  # fmt: skip

    # ---------------------------------------------------------------- what one person may attend

    def trajectories(self, person: dict[str, Any]) -> list[Trajectory]:
        """Everything the strict rules let one person attend over the years."""
        per_year = []
        for y in self.years:
            open_ = [p for p, year in self.seats if year == y and self.may_attend(person, p, y)]
            sets = [frozenset(c) for n in range(len(open_) + 1) for c in itertools.combinations(open_, n)]
            per_year.append([menu for menu in sets if self.fits_in_year(person, menu, y)])
        return [t for t in itertools.product(*per_year) if self.fits_over_years(person, t)]

    def line(self, unit: str) -> set[str]:
        """A unit and all above it."""
        above = {row["unit_id"]: row["parent_unit_id"] for row in self.world.units}
        found = set()
        while unit:
            found.add(unit)
            unit = above[unit]
        return found

    def may_attend(self, person: dict[str, Any], p: str, y: int) -> bool:
        admitting = [*self.rules.get("eligibility", []), *(r for r in self.rules.get("quota", []) if r.admits)]
        row = self.programmes[p]
        if not any(
            holds_for(r.audience, person) and holds_for(r.programmes, row) and y in self.judged(r) for r in admitting
        ):
            return False
        if row["serves_unit_id"] and row["serves_unit_id"] not in self.line(person["unit_id"]):
            return False
        first, last, *_ = self.world.sessions[p, y]
        for r in self.of("away-limit"):
            touched = any(b.from_date <= last and first <= b.to_date for b in r.blocked)
            if touched and holds_for(r.audience, person) and p in self.counting(r):
                return False
        for r in self.of("fixed"):
            for f in r.forbidden:
                same = f.cadre_id == person["cadre_id"] and f.programme_id in (None, p) and f.year in (None, y)
                if same and f.session_id in (None, f"{p}-{y}"):
                    return False
            for u in r.unavailable:
                if u.cadre_id == person["cadre_id"] and u.from_date <= last and first <= u.to_date:
                    return False
        return True

    def fits_in_year(self, person: dict[str, Any], menu: frozenset[str], y: int) -> bool:
        for p, q in itertools.combinations(sorted(menu), 2):
            a, b = sorted([self.world.sessions[p, y][:2], self.world.sessions[q, y][:2]])
            free = (b[0] - a[1]).days - 1
            if free < 0:
                return False
            for r in self.spacing(person):
                if r.rest_days is not None and {p, q} <= self.counting(r) and free < r.rest_days:
                    return False
        for r in self.spacing(person):
            if r.classes_per_year is not None and len(menu & self.counting(r)) > r.classes_per_year:
                return False
        for r in self.of("fixed"):
            wanted = {
                c.session_id for c in r.call_ups if c.cadre_id == person["cadre_id"] and c.session_id.endswith(str(y))
            }
            if not wanted <= {f"{p}-{y}" for p in menu}:
                return False
            held = {p for p in self.counting(r) if (p, y) in self.world.sessions}
            if r.everyone and holds_for(r.audience, person) and y in self.judged(r) and not held <= menu:
                return False
        return True

    def spacing(self, person: dict[str, Any]) -> list[Any]:
        """The spacing rules that speak about a person."""
        return [r for r in self.of("spacing") if holds_for(r.audience, person)]

    def fits_over_years(self, person: dict[str, Any], trajectory: Trajectory) -> bool:
        planned = [
            (y, p, self.programmes[p]["days"]) for y, menu in zip(self.years, trajectory, strict=True) for p in menu
        ]
        for r in self.spacing(person):
            counting = self.counting(r)
            past = [(h["start_date"].year, h["programme_id"], h["days"]) for h in self.record(person, r)]
            ours = [one for one in planned if one[1] in counting]
            pairs = [*itertools.combinations(ours, 2), *itertools.product(past, ours)]
            for (y, p, long_p), (z, q, long_q) in pairs:
                apart = abs(z - y)
                if r.same_programme_years is not None and p == q and apart < r.same_programme_years:
                    return False
                if r.long_days is not None and min(long_p, long_q) >= r.long_days and apart < r.long_years:
                    return False
        return True

    # ---------------------------------------------------------------- what one person owes

    def personal(self, person: dict[str, Any], trajectory: Trajectory) -> Counter[str]:
        """What a trajectory of a named person adds to each goal by personal rules."""
        cost: Counter[str] = Counter()

        def attended(counting: set[str], years: range) -> bool:
            return any(menu & counting for y, menu in zip(self.years, trajectory, strict=True) if y in years)

        def without(r: Any, span: int, y: int, content: str | None, least_days: float) -> bool:
            window = range(y - span + 1, y + 1)
            past = any(h["start_date"].year in window for h in self.record(person, r, least_days, content))
            return not past and not attended(self.counting(r, least_days, content), window)

        def add(r: Any, amount: int) -> None:
            cost["violation" if r.strength == "hard" else r.goal] += amount

        for r in self.of("coverage"):
            if holds_for(r.audience, person):
                for span in self.spans(r):
                    add(r, not attended(self.counting(r, r.least_days), span))
        for r in self.of("priority"):
            if holds_for(r.audience, person):
                cost["priority"] += self.points(r, {
                    (p, y): 1 for y, menu in zip(self.years, trajectory, strict=True) for p in menu
                })  # fmt: skip
        if person["headcount"] > 1:
            return cost
        for r in self.of("interval"):
            if holds_for(r.audience, person):
                for y, content in itertools.product(self.judged(r), r.contents or (None,)):
                    add(r, without(r, r.every_years, y, content, r.least_days))
        for r in self.of("make-up"):
            if holds_for(r.audience, person):
                for y in self.judged(r):
                    add(r, any(without(r, r.after_years, y, content, 0) for content in r.contents))
        for r in self.of("waiting"):
            if holds_for(r.audience, person):
                add(r, self.waits(person, trajectory, r))
        for r in self.of("cumulative"):
            if holds_for(r.audience, person):
                add(r, self.owed(person, trajectory, r))
        return cost

    def spans(self, r: Any) -> list[range]:
        """Whole spans of plan years that a coverage rule judges."""
        n, found = r.window_years, []
        for start in range(0, len(self.years) - n + 1, n):
            span = range(self.years[start], self.years[start] + n)
            if set(span) <= set(self.judged(r)):
                found.append(span)
        return found

    def points(self, r: Any, seats: dict[tuple[str, int], int]) -> int:
        counting, judged = self.counting(r), self.judged(r)
        return sum(
            n * r.weight_by_year.get(y, r.weight) for (p, y), n in seats.items() if p in counting and y in judged
        )

    def waits(self, person: dict[str, Any], trajectory: Trajectory, r: Any) -> int:
        attended = {h["start_date"].year for h in self.record(person, r, r.least_days)}
        counting = self.counting(r, r.least_days)
        attended |= {y for y, menu in zip(self.years, trajectory, strict=True) if menu & counting}
        total = 0
        for y in self.judged(r):
            last = max((x for x in attended if x <= y), default=None)
            total += r.cap_years if last is None else min(r.cap_years, y - last)
        return total

    def owed(self, person: dict[str, Any], trajectory: Trajectory, r: Any) -> int:
        windows = (
            [(y, y) for y in self.judged(r)]
            if r.per_year
            else [(r.from_year or self.years[0], r.to_year or self.years[-1])]
        )
        total = 0
        for first, last in windows:
            rows = [h for h in self.record(person, r) if first <= h["start_date"].year <= last]
            rows += [
                self.programmes[p]
                for y, menu in zip(self.years, trajectory, strict=True) if first <= y <= last
                for p in menu & self.counting(r)
            ]  # fmt: skip
            days = sum(Fraction(row["days"]) for row in rows)
            hours = sum(Fraction(row["hours"]) for row in rows) + r.credit_hours * sum(
                first <= y <= last for y in self.years
            )
            limbs = []
            if r.days is not None:
                per_day = Fraction(r.hours, r.days) if r.hours is not None else Fraction("7.5")
                limbs.append(max(0, math.ceil((r.days - days) * per_day)))
            if r.hours is not None:
                limbs.append(max(0, math.ceil(r.hours - hours)))
            total += min(limbs)
        return total

    # ---------------------------------------------------------------- what many people share

    def groups(self, r: Any) -> list[Any]:
        """Groups a shared rule counts: their names, or for a representation the audience and those it is a part of."""
        if r.kind == "quota":
            return ["all"]
        if r.kind == "representation":
            return ["all"]
        named = {p[r.group_by] for p in self.world.people if holds_for(r.audience, p)}
        return sorted(named - {""})

    def size(self, r: Any, group: Any) -> int:
        """People of a group."""
        return sum(p["headcount"] for p in self.world.people if holds_for(r.audience, p) and p[r.group_by] == group)

    def counts(self, person: dict[str, Any], seats: dict[tuple[str, int], int]) -> list[int]:
        """What a row of the roster with these seats adds to every shared count, year by year."""
        found = []
        for r, group in self.shared:
            inside = holds_for(r.audience, person)
            if r.kind in ("share-floor", "apportion"):
                inside = inside and person[r.group_by] == group
            among = r.kind == "representation" and holds_for(r.among, person)
            counting = self.counting(r, getattr(r, "least_days", 0))
            for y in self.years:
                used = sum(n for (p, year), n in seats.items() if year == y and p in counting)
                people = min(person["headcount"], used)
                if r.kind == "representation":
                    found += [people * (inside and among), people * among]
                else:
                    found.append((used if r.kind == "apportion" else people) * inside)
        return found

    def shared_goals(self, states: np.ndarray) -> dict[str, np.ndarray]:
        """Goals that shared rules count to, for many plans at once; ``states`` are the shared counts, (plans, counts)."""
        goals = {goal: np.zeros(len(states), dtype=np.int64) for goal in GOALS}
        columns = iter(range(states.shape[1]))
        for r, group in self.shared:
            own = "violation" if r.strength == "hard" else r.goal
            for y in self.years:
                count = states[:, next(columns)]
                everyone = states[:, next(columns)] if r.kind == "representation" else count
                if y not in self.judged(r):
                    continue
                if r.kind == "quota":
                    short = np.maximum(0, r.amount - count) * (r.modality != "at-most")
                    over = np.maximum(0, count - r.amount) * (r.modality != "at-least")
                    band = max(r.band_least, math.ceil(r.band_share * r.amount)) if r.modality == "about" else 0
                    goals["quota-shortfall"] += short
                    goals["quota-excess"] += over
                    if r.strength == "hard":
                        goals["violation"] += np.maximum(0, short - band) + np.maximum(0, over - band)
                elif r.kind == "share-floor":
                    goals[own] += np.maximum(0, math.ceil(r.share * self.size(r, group)) - count)
                elif r.kind == "representation":
                    share = r.share if r.share is not None else self.part_of_roster(r)
                    need = -(-everyone * share.numerator // share.denominator)
                    goals[own] += np.maximum(0, need - count)
                else:
                    least, most = self.due(r, group)
                    goals[own] += np.maximum(0, least - count) + np.maximum(0, count - most)
        return goals

    def part_of_roster(self, r: Any) -> Fraction:
        """Share of the audience among the roster's people of ``among``."""
        among = [p for p in self.world.people if holds_for(r.among, p)]
        inside = sum(p["headcount"] for p in among if holds_for(r.audience, p))
        return Fraction(inside, max(1, sum(p["headcount"] for p in among)))

    def due(self, r: Any, group: Any) -> tuple[int, int]:
        """Least and most seats of a group; the limits named by the rule win over the proportion."""
        everyone = sum(self.size(r, g) for g in self.groups(r))
        exact = Fraction(r.amount * self.size(r, group), everyone)
        least = max(r.least, math.floor(exact) - r.tolerance)
        most = max(r.least, math.ceil(exact) + r.tolerance)
        return (least, most) if r.most is None else (min(least, max(r.most, r.least)), min(most, max(r.most, r.least)))

    # ---------------------------------------------------------------- all plans

    def choices(self, person: dict[str, Any]) -> np.ndarray:
        """Every distinct way to send a row of the roster: seats used, shared counts, personal goals; (ways, numbers)."""
        ways = set()
        members = self.trajectories(person)
        if person["headcount"] == 1:
            ways = {self.numbers(person, t) for t in members}
        else:
            used = {(0,) * len(self.seats)}
            own = {tuple(int(p in t[self.years.index(y)]) for p, y in self.seats) for t in members}
            for _ in range(person["headcount"]):
                used = {tuple(map(sum, zip(a, b, strict=True))) for a in used for b in own}
            ways = {self.group_numbers(person, dict(zip(self.seats, n, strict=True))) for n in used}
        width = (
            len(self.seats)
            + sum(1 + (r.kind == "representation") for r, _ in self.shared) * len(self.years)
            + len(GOALS)
        )
        return np.array(sorted(ways), dtype=np.int64).reshape(-1, width)

    def numbers(self, person: dict[str, Any], trajectory: Trajectory) -> tuple[int, ...]:
        seats = {(p, y): int(p in trajectory[self.years.index(y)]) for p, y in self.seats}
        cost = self.personal(person, trajectory)
        return (*seats.values(), *self.counts(person, seats), *(cost[goal] for goal in GOALS))

    def group_numbers(self, person: dict[str, Any], seats: dict[tuple[str, int], int]) -> tuple[int, ...]:
        """Of an unnamed group as many people are covered as seats are used in a span, up to its headcount."""
        cost: Counter[str] = Counter()
        for r in self.of("coverage"):
            if holds_for(r.audience, person):
                for span in self.spans(r):
                    counting = self.counting(r, r.least_days)
                    used = sum(n for (p, y), n in seats.items() if y in span and p in counting)
                    cost["violation" if r.strength == "hard" else r.goal] += max(0, person["headcount"] - used)
        for r in self.of("priority"):
            if holds_for(r.audience, person):
                cost["priority"] += self.points(r, seats)
        return (*seats.values(), *self.counts(person, seats), *(cost[goal] for goal in GOALS))

    def plans(self, *, least_size: bool = True) -> np.ndarray:
        """The goals of every plan that keeps all strict rules and the seats, shape (plans, goals); priority counts negative."""
        most = np.array([self.world.sessions[s][3] for s in self.seats], dtype=np.int64)
        least = np.array([self.world.sessions[s][2] for s in self.seats], dtype=np.int64)
        most[most < least] = 0  # Such a class can never be held.
        states: np.ndarray | None = None
        for person in self.world.people:
            ways = self.choices(person)
            if states is None:
                states = ways
            elif len(states) * len(ways) > MOST_STATES:
                raise TooLargeError
            else:
                states = (states[:, None, :] + ways[None, :, :]).reshape(-1, ways.shape[1])
            states = np.unique(states[(states[:, : len(most)] <= most).all(axis=1)], axis=0)
        assert states is not None
        used = states[:, : len(most)]
        if least_size:
            states = states[((used == 0) | (used >= least)).all(axis=1)]
        return self.goals_of(states)

    def goals_of(self, states: np.ndarray) -> np.ndarray:
        """Goals in the order of ``GOALS`` from the numbers added up over people, all the smaller the better."""
        shared = self.shared_goals(states[:, len(self.seats) : states.shape[1] - len(GOALS)])
        personal = states[:, states.shape[1] - len(GOALS) :]
        signs = [-1 if goal == "priority" else 1 for goal in GOALS]
        return np.stack(
            [sign * (shared[g] + personal[:, k]) for k, (g, sign) in enumerate(zip(GOALS, signs, strict=True))], axis=1
        )

    def values_of(self, attendances: Any, *, least_size: bool = True) -> dict[str, int]:
        """The goals of a plan given as a table of attendances.

        Raises
        ------
        BrokenLimitError
            If the plan breaks a strict rule or has too many or too few in a session.
        """
        total: np.ndarray | None = None
        for person in self.world.people:
            own = attendances[attendances["cadre_id"] == person["cadre_id"]]
            rows = list(zip(own["programme_id"], own["year"], own["headcount"], strict=True))
            if person["headcount"] == 1:
                trajectory = tuple(frozenset(p for p, year, _ in rows if year == y) for y in self.years)
                if trajectory not in self.trajectories(person):
                    raise BrokenLimitError(f"{person['cadre_id']} may not follow {trajectory}")
                numbers = np.array(self.numbers(person, trajectory))
            else:
                seats = dict.fromkeys(self.seats, 0) | {(p, int(y)): int(n) for p, y, n in rows}
                numbers = np.array(self.group_numbers(person, seats))
                if not (self.choices(person)[:, : len(self.seats)] == numbers[: len(self.seats)]).all(axis=1).any():
                    raise BrokenLimitError(f"the group {person['cadre_id']} may not use {seats}")
            total = numbers if total is None else total + numbers
        assert total is not None
        for used, key in zip(total[: len(self.seats)].tolist(), self.seats, strict=True):
            _, _, least, seats_there = self.world.sessions[key]
            if used > seats_there or (least_size and 0 < used < least):
                raise BrokenLimitError(f"{used} people in {key}, which takes {least} to {seats_there}")
        goals = self.goals_of(total[None, :])[0]
        return {goal: int(value) for goal, value in zip(GOALS, goals, strict=True)}


def lexicographic_best(plans: np.ndarray, order: tuple[str, ...]) -> dict[str, int]:
    """The best values of all plans, goal by goal in an order."""
    found = {}
    for goal in order:
        column = plans[:, GOALS.index(goal)]  # type: ignore[arg-type]
        found[goal] = int(column.min())
        plans = plans[column == column.min()]
    return found


def best_given(plans: np.ndarray, order: tuple[str, ...], goal: str, values: dict[str, float]) -> int:
    """The best value of a goal among plans whose earlier goals are no worse than some values."""
    for earlier in order[: order.index(goal)]:
        plans = plans[plans[:, GOALS.index(earlier)] <= values[earlier]]  # type: ignore[arg-type]
    return int(plans[:, GOALS.index(goal)].min())  # type: ignore[arg-type]
