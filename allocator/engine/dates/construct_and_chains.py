"""Construction and ejection chains (Glover 1996): place people in sessions, the hardest first, then make room by moving others.

1. ``open_sessions`` chooses the sessions held in each programme and year, so that least sizes can be met.
2. ``fill`` places people in this order: named seats, people under some limit, people under none, unnamed groups; within these, fewest open
   sessions first, then the published draw. Each takes the session that is emptiest relative to its target.
3. ``rearrange`` seats those who are left by moving others: along a path of sessions to a free seat, or past a limit by moving whoever stands in
   the way.
4. ``reach_least`` fills sessions to their least size, or empties them.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from itertools import groupby
from math import inf

from ortools.sat.python import cp_model

from allocator.domain.tie_break import digest, draw
from allocator.engine.dates.constraints import Away
from allocator.engine.dates.problem import DatedProblem
from allocator.engine.dates.state import State
from allocator.engine.parameters import DATES, SOLVER


def open_sessions(state: State, block: int, seed: str) -> int:
    """Choose the sessions that are held and their targets; returns a bound on the seats that can be given out."""
    problem = state.problem
    sessions = [s for s in problem.sessions[block] if problem.can_open(s)]
    wanted: dict[tuple[int, ...], int] = {}
    for a in problem.members[block]:
        attendance = problem.attendances[a]
        if attendance.options:
            wanted[attendance.options] = wanted.get(attendance.options, 0) + attendance.seats
    total = sum(wanted.values())
    held, most = sessions, total
    if not _pours(problem, wanted, sessions):
        held, most = _choose(state, wanted, sessions, seed)
    for s in sessions:
        state.is_open[s] = s in held
    for s, target in _targets(problem, held, total).items():
        state.target[s] = target
    return most


def _pours(problem: DatedProblem, wanted: dict[tuple[int, ...], int], sessions: list[int]) -> bool:
    """Whether placing people evenly, the most restricted first, fills every session to its least size."""
    total = sum(wanted.values())
    target = _targets(problem, sessions, total)
    if len(wanted) == 1 and len(next(iter(wanted))) == len(sessions) and _fills(target, total):
        return total <= sum(problem.seats[s] for s in sessions)
    load = dict.fromkeys(sessions, 0)
    for options in sorted(wanted, key=lambda options: (len(options), options)):
        heap = [((load[s] + 1) / target[s], s) for s in options]
        heapq.heapify(heap)
        for _ in range(wanted[options]):
            while heap and load[heap[0][1]] >= problem.seats[heap[0][1]]:
                heapq.heappop(heap)
            if not heap:
                return False
            s = heap[0][1]
            load[s] += 1
            heapq.heapreplace(heap, ((load[s] + 1) / target[s], s))
    return all(load[s] >= problem.least[s] for s in sessions)


def _fills(target: Mapping[int, float], total: int) -> bool:
    """Whether pouring so many people into sessions that are open to all of them brings each to its target, rounded down.

    The next one goes where load and one more are least against the target, so nobody gets more than the target before all others
    have theirs. Targets are no less than least sizes; they add up to more people where those do.
    """
    return sum(int(n) + ((int(n) + 1) / n <= 1) for n in target.values()) <= total


def _choose(state: State, wanted: dict[tuple[int, ...], int], sessions: list[int], seed: str) -> tuple[list[int], int]:
    """Sessions to hold so that most people find a seat; then as many as possible, the less loaded months first."""
    problem = state.problem
    model = cp_model.CpModel()
    is_open = {s: model.new_bool_var("") for s in sessions}
    flow = {
        (options, s): model.new_int_var(0, min(count, problem.seats[s]), "")
        for options, count in sorted(wanted.items())
        for s in options
    }
    for options, count in wanted.items():
        model.add(sum(flow[options, s] for s in options) <= count)
    for s in sessions:
        load = sum(n for (_, t), n in flow.items() if t == s)
        model.add(load <= problem.seats[s] * is_open[s])
        model.add(load >= problem.least[s] * is_open[s])
    ids = problem.timetable.ids
    rank = sorted(sessions, key=lambda s: (state.host_load(s), draw(seed, ids[s])), reverse=True)
    worth = {s: len(sessions) ** 2 + k for k, s in enumerate(rank)}  # One more session outweighs every rank.
    scale = sum(worth.values()) + 1
    model.maximize(scale * sum(flow.values()) + sum(worth[s] * is_open[s] for s in sessions))
    solver = deterministic_solver(DATES.sessions_work)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return sessions, sum(wanted.values())
    return [s for s in sessions if solver.value(is_open[s])], int(solver.best_objective_bound // scale)


def deterministic_solver(work: float) -> cp_model.CpSolver:
    """A solver whose answer does not depend on the machine: one worker, one seed, a limit of work and not of time."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SOLVER.random_seed
    solver.parameters.max_deterministic_time = work
    # Seats and days make a nearly integral linear program: with all of it in the relaxation, questions that the clauses alone
    # left open after 4 deterministic seconds are answered in 0.1.
    solver.parameters.linearization_level = 2
    solver.parameters.catch_sigint_signal = False  # Or Ctrl-C would end the process after the first solve.
    return solver


def _targets(problem: DatedProblem, sessions: list[int], total: int) -> dict[int, float]:
    """Loads in proportion to seats, none below its least size."""
    target: dict[int, float] = {}
    rest, left = float(total), sorted(sessions)
    while left:
        seats = sum(problem.seats[s] for s in left)
        low = [s for s in left if rest * problem.seats[s] / seats < problem.least[s]]
        if not low:
            return target | {s: rest * problem.seats[s] / seats for s in left}
        for s in low:
            target[s] = float(problem.least[s])
            rest -= problem.least[s]
        left = [s for s in left if s not in target]
        rest = max(0.0, rest)
    return target


def fill(state: State, seed: str) -> list[int]:
    """Place everybody who finds a seat without moving anybody; returns the others, hardest first."""
    problem = state.problem

    def is_easy(a: int) -> bool:
        one = problem.attendances[a]
        return not (one.is_called or one.seats > 1 or problem.limits_of[a])

    def hardness(a: int) -> tuple[bool, bool, bool, int, tuple[int, ...], int]:
        one = problem.attendances[a]
        together = one.options if is_easy(a) else ()
        return not one.is_called, one.seats > 1, not problem.limits_of[a], len(one.options), together, one.draw

    filling = _Filling(state, seed)
    left = []
    order = sorted(range(len(problem.attendances)), key=hardness)
    for options, alike in groupby(order, key=lambda a: problem.attendances[a].options if is_easy(a) else None):
        several = list(alike)
        if options is not None:
            filling.pour([a for a in several if state.missing(a)], options)
        for a in several:
            if options is None:
                filling.place(a)
            if state.missing(a):
                left.append(a)
    return left


_Level = tuple[float, float, int]
"""How far a session is filled, what its host has to do in its months, and the session."""


class _Filling:
    """Places people one by one, each in the session that is filled least for its target.

    Of sessions filled alike the one whose host has least to do in its months comes first, then the smaller draw. Limits are
    asked last, since they take longest. People without limits who may attend the same sessions are placed all at once, in the order
    of their draws.
    """

    def __init__(self, state: State, seed: str) -> None:
        self.state, self.seed = state, seed
        self.ratio = [self._ratio(s) for s in range(len(state.load))]
        self.heaps: dict[int, list[_Level]] = {}  # By the identity of the sessions, which are kept once each.

    def _ratio(self, s: int) -> float:
        return self.state.ratio(s) if self.state.free(s) > 0 else inf

    def pour(self, several: list[int], options: tuple[int, ...]) -> None:
        """Give each attendance a seat in some sessions, as long as there are any. No limits are checked: nothing binds these attendances."""
        state, at = self.state, 0
        while at < len(several):
            least = min((self.ratio[s] for s in options), default=inf)
            if least == inf:
                return
            equal = [s for s in options if self.ratio[s] == least]
            by_load = self._by_load(equal) if len(equal) > 1 else {0.0: equal}
            while by_load and at < len(several):
                light = by_load.pop(min(by_load))
                while light and at < len(several):
                    a = several[at]
                    s = light[0] if len(light) == 1 else min(light, key=lambda s: self._draw(a, s))
                    light.remove(s)
                    state.put(a, s)
                    self.ratio[s] = self._ratio(s)
                    at += 1

    def place(self, a: int) -> None:
        """Give an attendance the seats it lacks, evenly over sessions with free seats."""
        state = self.state
        options = state.problem.attendances[a].options
        draws: dict[int, bytes] = {}
        while missing := state.missing(a):
            s = self._best(a, options, draws)
            if s is None:
                return
            # A large group is dealt out in a few rounds, small enough to stay even.
            chunk = max(1, missing // (8 * len(options)))
            state.put(a, s, min(chunk, state.free(s), state.room(a, s), missing))
            self.ratio[s] = self._ratio(s)

    def _best(self, a: int, options: tuple[int, ...], draws: dict[int, bytes]) -> int | None:
        """The session to take; ``None`` when no session with a free seat has room. ``draws`` keeps those made for the attendance."""
        heap = self._heap(options)
        asked: list[_Level] = []
        found = None
        while found is None and (alike := self._least(heap)):
            asked += alike
            found = self._first_with_room(a, [s for _, _, s in alike], draws)
        for level in asked:
            heapq.heappush(heap, level)
        return found

    def _heap(self, options: tuple[int, ...]) -> list[_Level]:
        """Some sessions as a heap of how far they were filled once; while people are only added, they are filled no less now."""
        heap = self.heaps.get(id(options))
        if heap is None:
            heap = self.heaps[id(options)] = [(self.ratio[s], self.state.host_load(s), s) for s in options]
            heapq.heapify(heap)
        return heap

    def _least(self, heap: list[_Level]) -> list[_Level]:
        """Pop the sessions that are emptiest; of these, keep the ones whose hosts have the least to do. Empty when all are full."""
        alike: list[_Level] = []
        while heap:
            was, load, s = heap[0]
            now = self.ratio[s]
            if now == inf:
                heapq.heappop(heap)
            elif now != was or self.state.host_load(s) != load:
                heapq.heapreplace(heap, (now, self.state.host_load(s), s))
            elif not alike or alike[0][:2] == (was, load):
                alike.append(heapq.heappop(heap))
            else:
                break
        return alike

    def _first_with_room(self, a: int, alike: list[int], draws: dict[int, bytes]) -> int | None:
        """Of equal sessions, the one with the smallest draw that has room for an attendance."""
        if len(alike) > 1:
            for s in alike:
                if s not in draws:
                    draws[s] = self._draw(a, s)
            alike.sort(key=draws.__getitem__)
        if not self.state.problem.limits_of[a]:
            return alike[0]
        return next((s for s in alike if self.state.room(a, s) > 0), None)

    def _by_load(self, sessions: list[int]) -> dict[float, list[int]]:
        """Sessions by how much their hosts have to do in the months of the session."""
        by_load: dict[float, list[int]] = {}
        for s in sessions:
            by_load.setdefault(self.state.host_load(s), []).append(s)
        return by_load

    def _draw(self, a: int, s: int) -> bytes:
        """The published draw of a person and a session."""
        problem = self.state.problem
        return digest(self.seed, problem.cadre_ids[problem.attendances[a].person], problem.timetable.ids[s])


class EjectionChains:
    """Chains of moves that make a seat for one attendance."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.steps = 0

    def seat(self, a: int, depth: int = DATES.chain_depth) -> bool:
        """Find a seat for an attendance by moving others; if there is none, nothing changes."""
        self.steps = DATES.chain_steps
        return self._seat(a, depth, frozenset())

    def _seat(self, a: int, depth: int, locked: frozenset[int]) -> bool:
        state = self.state
        options = state.problem.attendances[a].options
        starts = [s for s in options if state.is_open[s] and state.room(a, s) > 0]
        if self._along_a_path(a, starts, locked):
            return True
        if depth == 0:
            return False
        for s in sorted(options, key=lambda s: (state.ratio(s), s)):
            if not state.is_open[s]:
                continue
            for ejected in self._in_the_way(a, s, locked):
                self.steps -= 1
                if self.steps < 0:
                    return False
                mark = len(state.journal)
                for b, t in ejected:
                    state.put(b, t, -1)
                now_locked = locked | {a, *(b for b, _ in ejected)}
                if (
                    state.room(a, s) > 0
                    and self._along_a_path(a, [s], now_locked)
                    and all(self._seat(b, depth - 1, now_locked - {b}) for b, _ in ejected)
                ):
                    return True
                state.undo(mark)
        return False

    def _in_the_way(self, a: int, s: int, locked: frozenset[int]) -> list[tuple[tuple[int, int], ...]]:
        """Sets of at most two entries whose leaving might let an attendance into a session."""
        state = self.state
        apart: dict[tuple[int, int], None] = {}
        choices: list[list[tuple[int, int]]] = []
        for r in state.problem.limits_of[a]:
            limit = state.problem.limits[r]
            clashes = [(b, t) for b, t in state.clashes(r, a, s) if b != a]
            if not isinstance(limit, Away):
                apart |= dict.fromkeys(clashes)
            elif state.away(r, a, s) >= limit.most:
                choices.append(sorted(clashes))
        sets = [tuple(apart)]
        for choice in choices:
            sets = [tuple(dict.fromkeys((*chosen, entry))) for chosen in sets for entry in choice][: DATES.chain_sets]
        return [
            chosen
            for chosen in sets
            if 0 < len(chosen) <= 2
            and not any(b in locked or state.problem.attendances[b].is_called for b, _ in chosen)
        ]

    def _along_a_path(self, a: int, starts: list[int], locked: frozenset[int]) -> bool:
        """Seat an attendance in one of the starts; each full session passes one person on to the next."""
        state = self.state
        queue = sorted(starts, key=lambda s: (state.ratio(s), s))
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(queue)
        for s in queue:
            if state.free(s) > 0:
                return self._pass_on(a, s, came)
            for b in state.people[s]:
                other = state.problem.attendances[b]
                if b == a or b in locked or other.is_called:
                    continue
                for t in other.options:
                    if t not in came and state.is_open[t] and state.room(b, t, leaving=s) > 0:
                        came[t] = (s, b)
                        queue.append(t)
        return False

    def _pass_on(self, a: int, s: int, came: dict[int, tuple[int, int] | None]) -> bool:
        state, mark = self.state, len(self.state.journal)
        while (step := came[s]) is not None:
            before, b = step
            state.put(b, before, -1)
            if state.room(b, s) <= 0:  # Two of one group moved on the same path.
                state.undo(mark)
                return False
            state.put(b, s)
            s = before
        if state.room(a, s) <= 0:
            state.undo(mark)
            return False
        state.put(a, s)
        return True


def rearrange(state: State, left: list[int]) -> list[int]:
    """Seat who is left by moving others; returns who still lacks a seat."""
    chains = EjectionChains(state)
    for a in left:
        while state.missing(a) and chains.seat(a):
            pass
    return [a for a in left if state.missing(a)]


def reach_least(state: State, block: int) -> None:
    """Bring the held sessions of a programme and year to their least size, or empty them.

    First from fuller sessions of the block, each passing somebody on; else everybody leaves and the session is not held.
    """
    problem, chains = state.problem, EjectionChains(state)
    for s in sorted(problem.sessions[block], key=lambda s: (problem.least[s] - state.load[s], s)):
        while 0 < state.load[s] < problem.least[s] and _draw_in(state, block, s):
            pass
        if 0 < state.load[s] < problem.least[s]:
            state.is_open[s] = False
            for a in sorted(state.people[s]):
                while a in state.people[s]:
                    state.put(a, s, -1)
                    if not chains.seat(a):
                        break
                if a in state.people[s]:
                    state.put(a, s, -state.people[s][a])


def _draw_in(state: State, block: int, s: int) -> bool:
    """Bring one person into a session from another that can spare one, in at most a few steps."""
    problem = state.problem
    queue: list[int] = [s]
    goes: dict[int, tuple[int, int] | None] = {s: None}  # session → who leaves it, and where to
    for t in queue:
        if t != s and state.load[t] > problem.least[t]:
            mark = len(state.journal)
            while (step := goes[t]) is not None:
                b, to = step
                state.put(b, t, -1)
                if state.room(b, to) <= 0:
                    state.undo(mark)
                    return False
                state.put(b, to)
                t = to
            return True
        for u in sorted(problem.sessions[block], key=lambda u: (-state.load[u], u)):
            if u in goes or not state.load[u]:
                continue
            for b in state.people[u]:
                one = problem.attendances[b]
                if not one.is_called and t in one.options and state.room(b, t, leaving=u) > 0:
                    goes[u] = (b, t)
                    queue.append(u)
                    break
    return False
