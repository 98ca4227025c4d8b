r"""The integer program over alternatives: who takes which, so that the goals are best in their order and ``change`` in its place among them.

.. math::
    \sum_{k \in K_i} x_{ik} \le 1, \qquad
    m_s z_s \le n_s + \sum_{ik} d_{sik} x_{ik} \le c_s z_s, \qquad
    floor_{gy} \le n_{gy} + \sum_{ik} a_{gyik} x_{ik} + short_{gy} - over_{gy} \le ceiling_{gy}

:math:`x_{ik}` says that person ``i`` takes alternative ``k`` instead of the ground; :math:`n` are the counts of the ground. A person whose
ground is not allowed takes one (:math:`= 1`). On no day are more of a group away than its limit says, and posts that stay apart never are together.
The goals are minimised one after the other, each held at its value for the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm
from typing import ClassVar

import numpy as np
from ortools.sat.python import cp_model

from allocator.engine.dates.construct_and_chains import deterministic_solver
from allocator.engine.parameters import REPLAN, TOLERANCES
from allocator.engine.replan.alternatives import Alternatives, deltas
from allocator.engine.replan.situation import Situation

Term = tuple[int, float]
"""A variable, by its number, with its coefficient."""

Away = tuple[float, list[Term]]
"""Whether somebody is away on a day, and what changes that."""


@dataclass(frozen=True, eq=False)
class Solved:
    """What the program chose.

    Parameters
    ----------
    chosen
        Positions of the alternatives that are taken.
    group_seats
        Seats that unnamed groups get: group, session and number.
    amiss
        Seats, people and days beyond limits that nothing on offer can keep.
    values
        Each goal of the situation, and the cost in changes, minimised.
    is_optimal
        Whether every level was solved to its end.
    """

    chosen: np.ndarray
    group_seats: tuple[tuple[int, int, int], ...]
    amiss: float
    values: np.ndarray
    change: float
    is_optimal: bool


class Levels:
    """A program of whole numbers with several objectives, the *levels*, minimised one after the other by CP-SAT.

    CP-SAT calculates in whole numbers, so what it calls optimal is so. Variables are told apart by their number.
    """

    def __init__(self) -> None:
        self.model = cp_model.CpModel()
        self.most: list[int] = []
        self.costs: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.values: list[int] = []
        self.is_solved, self.is_open = (
            False,
            False,
        )  # whether there is a solution, and whether the last question had no answer
        self._variables: list[cp_model.IntVar] = []

    def variable(self, most: float = REPLAN.most, *, levels: Iterable[tuple[int, float]] = ()) -> int:
        """A new whole number from 0 to ``most``, with its cost in some levels."""
        self._variables.append(self.model.new_int_var(0, int(most), ""))
        self.most.append(int(most))
        for level, cost in levels:
            if cost:
                self.costs[level].append((len(self.most) - 1, round(cost)))
        return len(self.most) - 1

    def row(self, least: float, most: float, terms: Sequence[Term]) -> None:
        """A new row over variables with their coefficients; where shares make fractions of them, the row is multiplied to whole numbers."""
        scale = _scale([*(value for _, value in terms), *(x for x in (least, most) if np.isfinite(x))])
        whole = cp_model.LinearExpr.weighted_sum(
            [self._variables[v] for v, _ in terms], [round(value * scale) for _, value in terms]
        )
        if np.isfinite(least):
            self.model.add(whole >= ceil(least * scale - TOLERANCES.whole))
        if np.isfinite(most):
            self.model.add(whole <= floor(most * scale + TOLERANCES.whole))

    def minimise(self, level: int, work: float) -> tuple[bool, float] | None:
        """Minimise a level, then hold it at its value; whether that is proven the least, and the proven bound. ``None`` without a solution."""
        terms = self.costs[level]
        cost = cp_model.LinearExpr.weighted_sum([self._variables[v] for v, _ in terms], [value for _, value in terms])
        self.model.minimize(cost)
        solver = deterministic_solver(work)
        status = solver.solve(self.model)
        self.is_open = status == cp_model.UNKNOWN
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        self.is_solved = True
        self.values = [solver.value(variable) for variable in self._variables]
        self.model.clear_objective()  # type: ignore[no-untyped-call]
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for variable, value in zip(self._variables, self.values, strict=True):
            self.model.add_hint(variable, value)
        if terms:
            self.model.add(cost <= round(solver.objective_value))
        return status == cp_model.OPTIMAL, solver.best_objective_bound

    def total(self, level: int) -> int:
        """What the last solution comes to in a level."""
        return sum(cost * self.values[v] for v, cost in self.costs[level])


def _scale(values: Sequence[float]) -> int:
    """The least whole number that makes all of the values whole; they are sums of shares of people."""
    scale = 1
    for value in set(values):
        scale = lcm(scale, Fraction(value).limit_denominator(REPLAN.share_denominator).denominator)
    return scale


class Neighbourhood:
    """The program; see the module.

    Parameters
    ----------
    must
        People who take one of their alternatives.
    unfit
        Alternatives that break a rule, to be taken only where there is no other; boolean (n,).
    group_seats
        Seats that unnamed groups could get: group, session, the most, and what one costs in changes.
    only_these
        Look only at what the alternatives touch, and not at sessions that hold too many or too few as it is.
    filled
        A session that somebody is to come to.
    """

    AMISS: ClassVar[int] = 0
    """The level of what cannot be kept. Then come the goals before changes, the changes, the other goals."""

    def __init__(
        self,
        now: Situation,
        own: Alternatives,
        *,
        must: frozenset[int] = frozenset(),
        unfit: np.ndarray | None = None,
        group_seats: Sequence[tuple[int, int, int, int]] = (),
        only_these: bool = False,
        filled: int | None = None,
    ) -> None:
        self.now, self.own, self.group_seats = now, own, group_seats
        self.rows = rows = Levels()
        unfit = np.zeros(len(own), dtype=bool) if unfit is None else unfit
        self.change_level = 1 + now.above
        grounds = {i: now.change_cost(i, now.ground.get(i, ())) for i in set(own.person.tolist())}
        for k, (i, cost) in enumerate(zip(own.person.tolist(), own.change.tolist(), strict=True)):
            levels = [(self.AMISS, float(unfit[k])), (self.change_level, float(cost - grounds[i]))]
            levels += [(self._level(g), float(cost)) for g, cost in enumerate(own.personal[k])]
            rows.variable(1.0, levels=levels)
        self.x = np.arange(len(own))
        self.y = [
            rows.variable(float(most), levels=[(self.change_level, float(cost))]) for _, _, most, cost in group_seats
        ]
        by_person: dict[int, list[int]] = defaultdict(list)
        for k, i in enumerate(own.person.tolist()):
            by_person[i].append(k)
        for i, mine in by_person.items():
            rows.row(1.0 if i in must else 0.0, 1.0, [(k, 1.0) for k in mine])
        for (i, _), parts in self._groups().items():
            room = int(now.instance.headcount[i])
            rows.row(-np.inf, float(room), [(v, 1.0) for v in parts])
        self._sessions(only_these=only_these)
        if filled is not None:
            people = own.person.tolist()
            comes = [
                k
                for k, some in enumerate(own.sessions.tolist())
                if filled in some and filled not in now.ground.get(people[k], ())
            ]
            rows.row(1.0, 1.0, [(k, 1.0) for k in comes])
        self._families()
        self._away(by_person)

    def _level(self, goal: int) -> int:
        return 1 + goal if goal < self.now.above else 2 + goal

    def _groups(self) -> dict[tuple[int, int], list[int]]:
        """Seats on offer to each unnamed group in each year."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for (i, s, _, _), v in zip(self.group_seats, self.y, strict=True):
            found[i, int(self.now.year[s])].append(v)
        return found

    def _sessions(self, *, only_these: bool) -> None:
        now, rows = self.now, self.rows
        change: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for k, (i, sessions) in enumerate(zip(self.own.person.tolist(), self.own.sessions.tolist(), strict=True)):
            new, old = {s for s in sessions if s >= 0}, set(now.ground.get(i, ()))
            for s in new - old:
                change[s].append((k, 1.0))
            for s in old - new:
                change[s].append((k, -1.0))
        for (_, s, _, _), v in zip(self.group_seats, self.y, strict=True):
            change[s].append((v, 1.0))
        low = np.flatnonzero((now.load > 0) & (now.load < now.timetable.least) & ~now.is_past)
        high = np.flatnonzero((now.load > now.timetable.seats) & ~now.is_past)
        others = () if only_these else (*low.tolist(), *high.tolist())
        for s in sorted({*change, *others}):
            load, seats, least = int(now.load[s]), int(now.timetable.seats[s]), int(now.timetable.least[s])
            spill = (rows.variable(levels=[(self.AMISS, 1.0)]), -1.0)
            if least <= 1 or now.is_past[s]:
                rows.row(-np.inf, float(seats - load), [*change[s], spill])
                continue
            z = rows.variable(1.0)
            lack = (rows.variable(levels=[(self.AMISS, 1.0)]), 1.0)
            rows.row(-np.inf, float(-load), [*change[s], spill, (z, -float(max(seats, 1)))])
            rows.row(float(-load), np.inf, [*change[s], lack, (z, -float(least))])

    def _families(self) -> None:
        now, rows = self.now, self.rows
        entries: list[dict[tuple[int, int], list[tuple[int, float]]]] = [defaultdict(list) for _ in now.families]
        for f, delta in enumerate(deltas(now, self.own.person, self.own.held)):
            k, y = np.nonzero(delta)
            g = np.maximum(now.families[f].group[self.own.person[k]], 0)
            cells = zip(g.tolist(), y.tolist(), k.tolist(), delta[k, y].tolist(), strict=True)
            for group, year, v, amount in cells:
                entries[f][group, year].append((v, amount))
        for (i, s, _, _), v in zip(self.group_seats, self.y, strict=True):
            for f, family in enumerate(now.families):
                part = float(now.part(family, np.array([i]))[0])
                if family.programmes[now.programme[s]] and part:
                    entries[f][max(int(family.group[i]), 0), int(now.year[s])].append((v, part))
        self.constant = now.totals()
        for f, own in enumerate(entries):
            family = now.families[f]
            for (group, year), terms in own.items():
                count, floor, ceiling = (
                    float(part[group, year]) for part in (now.counts[f], family.floor, family.ceiling)
                )
                for goal, distance in now.missed(f, np.array([count]), (np.array([group]), np.array([year]))).items():
                    self.constant[now.goals.index(goal)] -= float(distance[0])
                for goal, slack in family.short_goals if np.isfinite(floor) else ():
                    v = rows.variable(levels=[(self._level(now.goals.index(goal)), 1.0)])
                    rows.row(floor - slack - count, np.inf, [*terms, (v, 1.0)])
                for goal, slack in family.over_goals if np.isfinite(ceiling) else ():
                    v = rows.variable(levels=[(self._level(now.goals.index(goal)), 1.0)])
                    rows.row(-np.inf, ceiling + slack - count, [*terms, (v, -1.0)])

    def _away(self, by_person: dict[int, list[int]]) -> None:
        """Rows of the days on which a group could come near its limit, and of posts that could be away together."""
        now = self.now
        posts = now.inputs.roster["post"].tolist()
        seats_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (i, s, _, _), v in zip(self.group_seats, self.y, strict=True):
            seats_of[i].append((s, v))
        for rule, member, most, counts in now.away:
            touched = {int(member[i]) for i in (*by_person, *seats_of) if member[i] >= 0}
            people: dict[int, list[int]] = defaultdict(list)
            for i in dict.fromkeys((*now.ground, *now.groups, *by_person, *seats_of)):
                if int(member[i]) in touched:
                    people[int(member[i])].append(i)
            for g, mine in people.items():
                for away in self._days(mine, counts, by_person, seats_of):
                    self._limit(rule.share is not None, float(most[g]), away)
                    for one, other in rule.posts_apart:
                        sides = [i for i in away if posts[i] == one], [i for i in away if posts[i] == other != one]
                        self._apart(*sides, away)

    def _days(
        self,
        people: list[int],
        counts: np.ndarray,
        by_person: dict[int, list[int]],
        seats_of: dict[int, list[tuple[int, int]]],
    ) -> Iterator[dict[int, Away]]:
        """Who of some people is away on the first day of each part of their sessions; on other days no more are."""
        now, segments = self.now, self.now.timetable.segments
        present = {i: now.groups.get(i) or dict.fromkeys(now.ground.get(i, ()), 1) for i in people}
        offers = {
            i: [(k, {s for s in self.own.sessions[k].tolist() if s >= 0}) for k in by_person.get(i, [])] for i in people
        }
        sessions = {s for own in present.values() for s in own} | {
            s for own in offers.values() for _, some in own for s in some
        }
        sessions |= {s for i in people for s, _ in seats_of[i]}
        sessions = {s for s in sessions if counts[s]}
        for day in sorted({first for s in sessions for first, _ in segments[s]}):
            on = {s for s in sessions if any(a <= day <= b for a, b in segments[s])}
            away: dict[int, Away] = {}
            for i in people:
                base = sum(n for s, n in present[i].items() if s in on)
                terms = [(k, float(len(some & on) - base)) for k, some in offers[i]]
                terms = [(k, amount) for k, amount in terms if amount] + [(v, 1.0) for s, v in seats_of[i] if s in on]
                if base or terms:
                    away[i] = float(base), terms
            yield away

    def _limit(self, is_limited: bool, most: float, terms: dict[int, Away]) -> None:
        moved = [one for _, own in terms.values() for one in own]
        base = sum(base for base, _ in terms.values())
        if is_limited and moved and base + sum(max(amount, 0.0) * self.rows.most[v] for v, amount in moved) > most:
            self.rows.row(-np.inf, most - base, [*moved, (self.rows.variable(levels=[(self.AMISS, 1.0)]), -1.0)])

    def _apart(self, ones: list[int], others: list[int], terms: dict[int, Away]) -> None:
        for i in ones:
            for j in others:
                moved = [*terms[i][1], *terms[j][1]]
                if moved:
                    spill = (self.rows.variable(levels=[(self.AMISS, 1.0)]), -1.0)
                    self.rows.row(-np.inf, 1.0 - terms[i][0] - terms[j][0], [*moved, spill])

    def can_reach(self, values: np.ndarray, work: float) -> bool | None:
        """Whether some choice keeps everything and brings the goals before changes to some values or below; ``None`` if that stayed open."""
        for g, value in enumerate(values.tolist()):
            terms = [(v, float(cost)) for v, cost in self.rows.costs[self._level(g)]]
            self.rows.row(-np.inf, value - self.constant[g] + TOLERANCES.value, terms)
        answer = self.rows.minimise(self.AMISS, work)
        if answer is None:
            return None if self.rows.is_open else False
        return True if not self.rows.total(self.AMISS) else None if not answer[0] else False

    def solve(self, work: float) -> Solved | None:
        """Minimise level by level, with at most so much deterministic work for each. ``None`` if no solution was found."""
        rows, is_optimal = self.rows, True
        levels = range(2 + len(self.now.goals))
        for level in levels:
            if level == self.AMISS or rows.costs[level]:
                answer = rows.minimise(level, work)
                is_optimal &= answer is not None and answer[0]
                if answer is None:
                    break
        if not rows.is_solved:
            return None
        chosen = np.flatnonzero(np.array(rows.values[: len(self.own)], dtype=np.int64))
        seats = [
            (i, s, rows.values[v]) for (i, s, _, _), v in zip(self.group_seats, self.y, strict=True) if rows.values[v]
        ]
        totals = [rows.total(level) for level in levels]
        values = self.constant + np.array([totals[self._level(g)] for g in range(len(self.now.goals))])
        return Solved(chosen, tuple(seats), totals[self.AMISS], values, totals[self.change_level], is_optimal)
