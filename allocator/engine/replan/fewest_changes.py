"""Replan: a plan for changed inputs that keeps the rules as well as can be and changes a published plan as little as can be.

Small problems are decided whole: every alternative of everybody stands in one integer program, and its values are proven. In large ones the people
whom the events touch get all their near alternatives; then, round by round, the best who could take the seats that are needed, and those who
could make room. ``bound.fewest_changes`` tells how few changes any plan needs that keeps the rules as well.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from allocator.audit import AuditReport, audit
from allocator.domain.change import Published, cost_of_change
from allocator.domain.plan import Plan
from allocator.domain.rules import Goal
from allocator.domain.tables import Inputs
from allocator.engine.build_plan import assemble
from allocator.engine.parameters import REPLAN, TOLERANCES
from allocator.engine.replan.alternatives import (
    Alternatives,
    checked,
    count_every,
    every,
    fits,
    joined,
    leavers,
    movers,
    near,
    packed,
    promising,
    takers,
)
from allocator.engine.replan.bound import fewest_changes
from allocator.engine.replan.outcome import needed_for, seats
from allocator.engine.replan.program import Neighbourhood, Solved
from allocator.engine.replan.situation import Situation
from allocator.engine.time_limit import Clock
from allocator.model.goals import signed

Place = tuple[int, int]
"""Programme and year."""


@dataclass(frozen=True, eq=False)
class Replanned:
    """A plan made from a published one.

    Parameters
    ----------
    plan, audit
        The plan and what the auditor says of it.
    change
        Its value of the goal ``change``.
    bound
        No plan that comes as near to the goals ranked before changes has a lower one; ``None`` where nothing is known.
    values
        Every goal in use besides, as the auditor counts it.
    optimal
        Goals of which the values are proven to be the best possible, each with those before it held.
    needed_for
        Rules that would be kept less well if one person's change were taken back, by person.
    amiss
        Seats or days beyond a limit that nothing could keep; 0 in a plan that can be published.
    """

    plan: Plan
    audit: AuditReport
    change: int
    bound: float | None
    values: dict[Goal, float]
    optimal: frozenset[Goal]
    needed_for: dict[str, tuple[str, ...]]
    amiss: float

    @property
    def is_proven(self) -> bool:
        """Whether no plan that keeps the rules as well changes less."""
        return self.bound is not None and self.bound >= self.change


def replan(inputs: Inputs, published: Published, clock: Clock | None = None) -> Replanned:
    """Plan again from a published plan.

    Parameters
    ----------
    inputs
        The inputs after the events.
    published
        The plan in force; what is past, issued, forced and called.

    Raises
    ------
    ModelError
        If a rule cannot be expressed or the solver fails.
    """
    clock = clock or Clock(inputs.scenario.limits.seconds)
    since = time.monotonic()
    now = Situation(inputs, published)
    clock.add("instance", since)
    since = time.monotonic()
    search = _Search(now)
    solved, own = search.whole() or search.around()
    clock.add("replan", since)
    plan = assemble(inputs, seats(now, own, solved))
    since = time.monotonic()
    report = audit(plan, inputs)
    clock.add("audit", since)
    programme_of = dict(zip(published.placements["session_id"], published.placements["programme_id"], strict=True))
    programme_of |= dict(zip(inputs.sessions["session_id"], inputs.sessions["programme_id"], strict=True))
    change = cost_of_change(now.costs, published.placements, plan.placements, programme_of, published.issued)
    values: dict[Goal, float] = {goal: float(report.goals[goal]) for goal in now.goals}
    since = time.monotonic()
    bound, optimal = search.proven(solved, values, change)
    clock.add("bounds", since)
    return Replanned(plan, report, change, bound, values, optimal, needed_for(now, own, solved), solved.amiss)


class _Search:
    """Looks for the best alternatives, in a small problem among all, in a large one around the events."""

    def __init__(self, now: Situation) -> None:
        self.now = now
        self.is_whole = False
        named = np.array(sorted(now.ground), dtype=np.int64)
        self.unfit = frozenset(named[~fits(now, named)].tolist()) if len(named) else frozenset()
        self.moved = frozenset(now.moved.tolist())
        self.must = self.unfit | self.moved
        self.asked: set[Place] = set()

    def whole(self) -> tuple[Solved, Alternatives] | None:
        """The best of all plans, if there are few enough alternatives; unnamed groups stand in the way of deciding upon all."""
        now = self.now
        if not now.instance.is_named.all() or count_every(now) > REPLAN.all_up_to:
            return None
        found = every(now, REPLAN.all_up_to)
        if found is None:
            return None
        solved, own = self._solve(found)
        self.is_whole = solved is not None and solved.is_optimal
        return None if solved is None else (solved, own)

    def around(self) -> tuple[Solved, Alternatives]:
        """The best plan among alternatives near the events.

        Further people are asked only as long as a goal before changes is worse than in the published plan.
        """
        now = self.now
        close = {*self.must, *self._of_crowded()} | {now.inputs.cadre_position[one] for one in now.published.changed}
        close = {i for i in close if now.instance.is_named[i]}
        parts = [promising(now, near(now, sorted(close)))]
        is_near = np.zeros(len(now.slots), dtype=bool)
        is_near[list(close)] = True
        best = self._solve(parts[0])
        if self._is_worse(*best):  # Those who could take a seat that was given up.
            parts += self._offers(self._vacant(), is_near)
            best = self._better(best, parts)
        if self._is_worse(*best):  # Those whom a row counts that is missed now.
            places, members = self._missed(is_near)
            is_near[members] = True
            offered = [promising(now, near(now, members)), *self._offers(places, is_near)]
            parts += offered
            best = self._better(best, parts)
            if self._is_worse(*best):  # Those who could take what these would leave.
                parts += self._offers(self._left_behind(offered), is_near)
                best = self._better(best, parts)
        return best

    def _better(self, best: tuple[Solved, Alternatives], parts: list[Alternatives]) -> tuple[Solved, Alternatives]:
        """The best plan with more people asked, or the one at hand where that came out no better; of too many alternatives the best are looked at."""
        if len(parts) == 1:
            return best
        above, first, others = self.now.above, parts[0], joined(parts[1:])
        room = max(REPLAN.columns_up_to - len(first), REPLAN.columns_up_to // 4)
        if len(others) > room:
            others = others.only(np.sort(others.order(above)[:room]))
        other = self._solve(joined([first, others]))

        def value(one: tuple[Solved, Alternatives]) -> tuple[float, ...]:
            solved = one[0]
            return (solved.amiss, *solved.values[:above], solved.change, *solved.values[above:])

        return min(best, other, key=value)

    def _is_worse(self, solved: Solved, own: Alternatives) -> bool:
        """Whether a goal before changes is worse than in the published plan, and than those must make it who cannot do what they did."""
        now, above = self.now, self.now.above
        target = now.totals()
        for f, (count, before) in enumerate(zip(now.counts, now.counts_before, strict=True)):
            for counted, sign in ((count, -1.0), (before, 1.0)):
                for goal, distance in now.missed(f, counted).items():
                    target[now.goals.index(goal)] += sign * float(distance.sum())
        for i, before, is_known in zip(now.moved.tolist(), *now.personal_before(), strict=True):
            change = own.personal[own.person == i].min(axis=0, initial=0)  # What this one could have at best.
            target += np.maximum(change, before - now.ground_costs[i]) if is_known else change
        return bool(solved.amiss) or tuple(solved.values[:above]) > tuple(target[:above] + TOLERANCES.value)

    def _solve(self, found: Alternatives) -> tuple[Solved, Alternatives]:
        """The best choice; who must change may stay as on the ground, at the price of what is amiss then."""
        now = self.now
        lost = np.array(sorted(self.must), dtype=np.int64)
        grounds = checked(now, lost, packed([now.ground[i] for i in lost.tolist()]), strictly=False)
        own = joined([found, grounds]) if len(found) else grounds
        is_ground = np.array(
            [tuple(s for s in row if s >= 0) == now.ground.get(i, ()) for i, row in zip(own.person.tolist(), own.sessions.tolist(), strict=True)],
            dtype=bool,
        )  # fmt: skip
        unfit = is_ground & np.isin(own.person, list(self.unfit))
        program = Neighbourhood(now, own, must=self.must, unfit=unfit, group_seats=self._group_seats())
        solved = program.solve(REPLAN.work)
        assert solved is not None, "what cannot be kept is amiss"
        return solved, own

    def _of_crowded(self) -> frozenset[int]:
        """People in sessions that hold more than they have seats, or fewer than they need; and in groups of whom too many are away."""
        now = self.now
        wrong = (now.load > now.timetable.seats) | ((now.load > 0) & (now.load < now.timetable.least))
        sessions = set(np.flatnonzero(wrong & ~now.is_past).tolist())
        found = {i for i, own in now.ground.items() if sessions.intersection(own)}
        touched = {s for i in self.must for s in now.ground.get(i, ())} | self._with_new_dates()
        for _, member, most, counts in now.away:
            people: dict[int, list[int]] = {}
            for i, own in now.ground.items():
                if own and member[i] >= 0:
                    people.setdefault(int(member[i]), []).append(i)
            for g, mine in people.items():
                is_touched = any(touched.intersection(now.ground[i]) for i in mine)
                if is_touched and self._is_over(mine, most[g], counts):
                    found |= set(mine)
        return frozenset(found)

    def _with_new_dates(self) -> set[int]:
        """Sessions whose dates are not those of the published plan."""
        now = self.now
        days = ["session_id", "start_date", "end_date"]
        old = now.published.placements.drop_duplicates("session_id")[days]
        both = old.merge(now.timetable.table[days], on="session_id", suffixes=("", "_now"))
        moved = (both["start_date"] != both["start_date_now"]) | (both["end_date"] != both["end_date_now"])
        return {now.session_at[session] for session in both["session_id"][moved]}

    def _is_over(self, people: Sequence[int], most: float, counts: np.ndarray) -> bool:
        """Whether more people than ``most`` are away on some day."""
        segments = self.now.timetable.segments
        seats = Counter(s for i in people for s in self.now.ground[i] if counts[s])
        days = {first for s in seats for first, _ in segments[s]}
        return any(
            sum(n for s, n in seats.items() if any(a <= day <= b for a, b in segments[s])) > most for day in days
        )

    def _vacant(self) -> set[Place]:
        """Programmes and years of seats that somebody had to give up, or that came to be free by an event."""
        now = self.now
        lost = {s for i in self.moved for s in now.before.get(i, ()) if s not in now.ground[i]}
        lost |= {now.session_at[one] for one in now.published.opened if one in now.session_at}
        index = now.instance.programme_index
        gone = {(index[p], year) for seats in now.gone.values() for p, year, _ in seats if p in index}
        return {(int(now.programme[s]), int(now.year[s])) for s in lost} | gone

    def _missed(self, is_near: np.ndarray) -> tuple[set[Place], list[int]]:
        """What rows count that are missed by more than in the published plan, or speak of people who changed.

        Of a small group these are its people, of a large one the programmes and years of seats that it could take.
        """
        now, found = self.now, set[Place]()
        members = np.zeros(len(is_near), dtype=bool)
        above = set(now.goals[: now.above])
        changed = np.array([now.inputs.cadre_position[one] for one in sorted(now.published.changed)], dtype=np.int64)
        for family, count, before, f in zip(
            now.families, now.counts, now.counts_before, range(len(now.counts)), strict=True
        ):
            old, of_changed = now.missed(f, before), np.zeros(len(count), dtype=bool)
            of_changed[family.group[changed][family.group[changed] >= 0]] = True
            for goal, distance in now.missed(f, count).items():
                worse = (distance > old[goal] + TOLERANCES.whole) | (
                    of_changed[:, None] & (distance > TOLERANCES.whole)
                )
                for g, y in np.argwhere(worse).tolist() if goal in above else ():
                    mine = now.instance.is_named & (family.group == g)
                    places = {(p, y) for p in np.flatnonzero(family.programmes).tolist()}
                    if mine.sum() <= REPLAN.members_up_to:
                        members |= mine
                        places &= self._full(mine)
                    found |= places
        return found, np.flatnonzero(members & ~is_near).tolist()

    def _full(self, people: np.ndarray) -> set[Place]:
        """Programmes and years open to some people in which no session has a free seat."""
        now = self.now
        mine = np.isin(now.programme, np.unique(now.slots[people])) & now.takes
        free = mine & (now.load < now.timetable.seats)
        every, some = (set(zip(now.programme[of].tolist(), now.year[of].tolist(), strict=True)) for of in (mine, free))
        return every - some

    def _offers(self, places: set[Place], without: np.ndarray) -> list[Alternatives]:
        """Who could take seats of programmes and years; where all are taken, who could leave one."""
        now, found = self.now, []
        open_ = {(int(p), int(y)) for p, y in zip(now.programme[now.takes], now.year[now.takes], strict=True)}
        fresh = sorted(places & open_ - self.asked)
        self.asked |= set(fresh)
        most = max(REPLAN.least_takers, REPLAN.takers * REPLAN.places // max(REPLAN.places, len(fresh)))
        for p, y in fresh:
            here = (now.programme == p) & (now.year == y) & now.takes
            if (here & (now.load < now.timetable.seats)).any():
                found += [takers(now, p, y, without, most), movers(now, p, y, without, most)]
            else:
                found.append(leavers(now, p, y, without, most))
        return found

    def _left_behind(self, offered: list[Alternatives]) -> set[Place]:
        """Programmes and years that those who were offered something would leave."""
        now = self.now
        found = set()
        for part in offered:
            for i, sessions in zip(part.person.tolist(), part.sessions.tolist(), strict=True):
                found |= {(int(now.programme[s]), int(now.year[s])) for s in now.ground.get(i, ()) if s not in sessions}
        return found

    def _group_seats(self) -> list[tuple[int, int, int, int]]:
        """Seats for unnamed groups that lost some: in the same programmes, at what they cost more than the loss itself."""
        now, found = self.now, []
        costs = now.costs
        for i, lost in now.lost.items():
            closed = now.closed(i)
            for (session, programme, _), n in lost.items():
                p = now.instance.programme_index.get(programme, -1)
                for s in np.flatnonzero((now.programme == p) & now.takes).tolist():
                    if s not in closed and now.timetable.ids[s] != session:
                        times = costs.issued if now.issued[s] or session in now.published.issued else 1
                        found.append((i, s, n, times * costs.moved - costs.dropped))
        return found

    def proven(self, solved: Solved, values: dict[Goal, float], change: int) -> tuple[float | None, frozenset[Goal]]:
        """What is proven: a bound of the changes, and goals at their best. Nothing, where the auditor counts the goals otherwise."""
        now = self.now
        above = now.goals[: now.above]
        told = np.array([signed(goal, values[goal]) for goal in above])
        if solved.amiss or np.abs(told - solved.values[: now.above]).max(initial=0.0) > TOLERANCES.value:
            return None, frozenset()
        if self.is_whole:
            return float(change), frozenset(now.goals)
        best = takewhile(lambda goal: not values[goal], above)  # Nothing is better than 0, as long as all before it is.
        return fewest_changes(now, sorted(self.must), self.unfit, told, change), frozenset(best)
