"""The state of a schedule while dates are being found: who sits where, what still fits, and moves that can be taken back."""

from __future__ import annotations

from allocator.engine.dates.constraints import Apart, Away, Sides
from allocator.engine.dates.problem import DatedProblem


class State:
    """Placements of a dated problem, and the counts that follow from them.

    Attributes
    ----------
    where
        Sessions of each attendance with the seats it has there.
    people
        Attendances in each session with their seats.
    load
        Seats taken in each session.
    months
        Months of each session, by position in ``host_month``, with its days; equal ones are one tuple.
    host_month
        Person-days of each host's months.
    is_open
        Sessions that are held; only these take people.
    target
        Load each session should come to, for even filling.
    """

    def __init__(self, problem: DatedProblem) -> None:
        sessions = range(len(problem.seats))
        self.problem = problem
        self.where: list[dict[int, int]] = [{} for _ in problem.attendances]
        self.people: list[dict[int, int]] = [{} for _ in sessions]
        self.load = [0 for _ in sessions]
        self.is_open = [problem.can_open(s) for s in sessions]
        self.target = [float(max(1, n)) for n in problem.seats]
        self.held: list[list[tuple[int, int]]] = [[] for _ in problem.limits]  # attendance and session
        self.journal: list[tuple[int, int, int]] = []
        self._lacking = [one.seats for one in problem.attendances]
        number: dict[tuple[str, int, int], int] = {}  # of a host's month
        parts: dict[int, tuple[tuple[int, int], ...]] = {}  # Sessions that share their months share them here too.
        for days in problem.timetable.months:
            if id(days) not in parts:
                parts[id(days)] = tuple((number.setdefault(month, len(number)), n) for month, n in days.items())
        self.months = [parts[id(days)] for days in problem.timetable.months]
        self.length = [max(1, sum(n for _, n in months)) for months in self.months]
        self.host_month = [0] * len(number)

    def missing(self, a: int) -> int:
        """Seats an attendance still lacks."""
        return self._lacking[a]

    def put(self, a: int, s: int, seats: int = 1) -> None:
        """Give seats of a session to an attendance; negative numbers take them back."""
        self.journal.append((a, s, seats))
        before = self.where[a].get(s, 0)
        now = before + seats
        if now:
            self.where[a][s] = self.people[s][a] = now
        else:
            del self.where[a][s], self.people[s][a]
        for r in self.problem.limits_of[a]:
            if not before:
                self.held[r].append((a, s))
            elif not now:
                self.held[r].remove((a, s))
        self.load[s] += seats
        self._lacking[a] -= seats
        for month, days in self.months[s]:
            self.host_month[month] += days * seats

    def undo(self, mark: int) -> None:
        """Take back every move since the journal had ``mark`` entries."""
        while len(self.journal) > mark:
            a, s, seats = self.journal.pop()
            self.put(a, s, -seats)
            self.journal.pop()

    def room(self, a: int, s: int, leaving: int | None = None) -> int:
        """Seats the limits would still let an attendance take in a session, seats of the session apart.

        ``leaving`` names a session it would leave at the same time, one seat of it.
        """
        wanted = self.problem.attendances[a].seats
        for r in self.problem.limits_of[a]:
            limit = self.problem.limits[r]
            if isinstance(limit, Away):
                wanted = min(wanted, limit.most - self.away(r, a, s, leaving))
            elif any(b != a for b, _ in self.clashes(r, a, s)):
                return 0
            if wanted <= 0:
                return 0
        return wanted

    def clashes(self, r: int, a: int, s: int) -> list[tuple[int, int]]:
        """Entries of a limit that would meet an attendance placed in a session."""
        limit = self.problem.limits[r]
        kind = self.problem.kind
        row = limit.rows[kind[s]]
        if isinstance(limit, Sides):
            side = limit.side
            return [(b, t) for b, t in self.held[r] if row[kind[t]] and side[b] != side[a]]
        if isinstance(limit, Apart):
            return [(b, t) for b, t in self.held[r] if row[kind[t]] and b != a]
        return [(b, t) for b, t in self.held[r] if row[kind[t]]]

    def away(self, r: int, a: int, s: int, leaving: int | None = None) -> int:
        """Most seats of an away-limit's entries on one day of a session, without those of ``leaving``."""
        limit = self.problem.limits[r]
        weights = [(t, self.where[b][t] - (b == a and t == leaving)) for b, t in self.clashes(r, a, s)]
        total = sum(weight for _, weight in weights)
        if not isinstance(limit, Away) or total <= limit.most - self.problem.attendances[a].seats:
            return total
        segments, deepest = self.problem.timetable.segments, 0
        for first, last in segments[s]:
            # The most are away on the first day, or on a day when somebody's segment begins.
            days = {first} | {d for t, _ in weights for d, _ in segments[t] if first < d <= last}
            for day in days:
                depth = sum(w for t, w in weights if any(d <= day <= e for d, e in segments[t]))
                deepest = max(deepest, depth)
        return deepest

    def free(self, s: int) -> int:
        """Seats left in a session; none if it is not held."""
        return self.problem.seats[s] - self.load[s] if self.is_open[s] else 0

    def ratio(self, s: int) -> float:
        """Load of a session with one more person, relative to its target."""
        return (self.load[s] + 1) / self.target[s]

    def host_load(self, s: int) -> float:
        """Person-days its host has in the months of a session, averaged over the session's days."""
        total = 0
        for month, days in self.months[s]:
            total += self.host_month[month] * days
        return total / self.length[s]

    def placed(self, block: int) -> int:
        """Seats given out in a programme and year."""
        return sum(self.load[s] for s in self.problem.sessions[block])
