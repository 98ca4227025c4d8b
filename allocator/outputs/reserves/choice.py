"""The reserves of every session: who may, in which order, and how many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from allocator.audit.records import NEVER, Array, Records
from allocator.domain.rules import RuleKind, Waiting
from allocator.domain.tables import Inputs
from allocator.domain.tie_break import draw
from allocator.outputs.reserves.calendars import Calendars, Day, Limited
from allocator.outputs.reserves.seats import Counted, Seats, fits, key_of

SEATS_A_RESERVE = 10  # one reserve for so many seats …
LEAST = 2  # … and so many at least


class Reserve(NamedTuple):
    """One reserve of a session."""

    session_id: str
    number: int  # place in the order, from 1
    cadre_id: str
    last: int | None  # year of the last class up to the year of the session, in the plan or on record
    draw: int
    stands_in: tuple[str, ...]  # cadre ids of the seats he or she may take


class Candidate(NamedTuple):
    """Somebody who might have had a seat, with what decides the order."""

    cadre_id: str
    last: int | None  # as of a reserve
    draw: int


@dataclass(frozen=True)
class Queue:
    """Everybody whom a programme admits and who has no seat in one of its sessions, as candidates for one seat there.

    Parameters
    ----------
    may, bound, busy
        How many may take the seat; would leave some rule worse off that counts people or those away together; have no room for
        the session in their own calendar.
    first, first_bound, first_busy
        The first of each in the published order.
    """

    may: int
    bound: int
    busy: int
    first: tuple[Candidate, ...]
    first_bound: tuple[Candidate, ...]
    first_busy: tuple[Candidate, ...]


class Reserves:
    """Who could step in for whom, year by year."""

    def __init__(self, inputs: Inputs, records: Records) -> None:
        self._inputs = inputs
        self._records = records
        self._years: dict[int, list[Reserve]] = {}
        self._tables: dict[int, _Year] = {}

    def of_year(self, year: int) -> list[Reserve]:
        """The reserves of all sessions of a year, by session and order."""
        if year not in self._years:
            self._years[year] = list(self._table(year).all())
        return self._years[year]

    def queue(self, cadre_id: str, session_id: str, count: int) -> Queue:
        """Who could have the seat of a named cadre in a session, the first so many of each sort by name."""
        records = self._records
        session = int(np.flatnonzero(records.session_ids == session_id)[0])
        cadre = int(np.flatnonzero(records.cadre_ids == cadre_id)[0])
        own = records.plan.placements
        row = np.flatnonzero((own["cadre_id"] == cadre_id) & (own["session_id"] == session_id))[0]
        year = int(records.session_year[session])
        return self._table(year).queue(session, cadre, str(own["rules"].iat[row]), count)

    def _table(self, year: int) -> _Year:
        if year not in self._tables:
            self._tables[year] = _Year(self._records, year)
        return self._tables[year]


class _Year:
    """The tables one year's choice looks into."""

    def __init__(self, records: Records, year: int) -> None:
        self._records = records
        self._year = year
        self._calendars = Calendars(records, year)
        self._seats = Seats(records, year)
        self._seed = records.inputs.scenario.seed

    def all(self) -> Iterator[Reserve]:
        records, table = self._records, self._records.plan.placements
        rows = np.flatnonzero(table["year"].to_numpy() == self._year)
        session, cadre = (records.placed[c].to_numpy()[rows] for c in ("session", "cadre"))
        named = (session >= 0) & (cadre >= 0) & ~table["fixed"].to_numpy(bool)[rows]
        named[named] = records.headcount[cadre[named]] == 1
        rows, session, cadre = rows[named], session[named], cadre[named]
        rules = table["rules"].to_numpy(object)[rows]
        for number in np.unique(session):
            own = np.flatnonzero(session == number)
            yield from self._of_session(int(number), cadre[own], [str(text) for text in rules[own]])

    def _of_session(self, session: int, cadres: Array, rules: Sequence[str]) -> Iterator[Reserve]:
        records = self._records
        day = Day(session, int(records.session_programme[session]), self._parts[session])
        open_to = self._admitted[day.programme] & ~self._calendars.busy(day)
        people = np.flatnonzero(open_to)
        if not len(people):
            return
        counted = self._seats.counted(self._counting(day.programme))
        may = self._who_may(cadres, rules, people, counted, self._calendars.away(day, people))
        chosen = self._choose(may, people, str(records.session_ids[session]))
        for number, (n, drawn) in enumerate(chosen, start=1):
            last = int(self._last[people[n]])
            stands_in = tuple(str(records.cadre_ids[c]) for c in cadres[may[:, n]])
            yield Reserve(
                str(records.session_ids[session]), number, str(records.cadre_ids[people[n]]),
                None if last == NEVER else last, drawn, stands_in,
            )  # fmt: skip

    def queue(self, session: int, cadre: int, rules: str, count: int) -> Queue:
        """Who could have one seat: the rules it serves are those a reserve would have to serve."""
        records = self._records
        day = Day(session, int(records.session_programme[session]), self._parts[session])
        placed = records.placed
        admitted = self._admitted[day.programme].copy()
        admitted[placed.loc[placed["session"] == session, "cadre"].to_numpy()] = False
        busy = self._calendars.busy(day)
        free = np.flatnonzero(admitted & ~busy)
        may = np.zeros(len(free), dtype=bool)
        if len(free):
            counted = self._seats.counted(self._counting(day.programme))
            may = self._who_may(np.array([cadre]), [rules], free, counted, self._calendars.away(day, free))[0]
        sorts = [free[may], free[~may], np.flatnonzero(admitted & busy)]
        first, bound, busy_first = (
            self._candidates(people, str(records.session_ids[session]), count) for people in sorts
        )
        return Queue(len(sorts[0]), len(sorts[1]), len(sorts[2]), first, bound, busy_first)

    def _candidates(self, people: Array, session_id: str, count: int) -> tuple[Candidate, ...]:
        drawn = self._first(np.arange(len(people)), people, session_id, count) if len(people) else {}
        found = []
        for n, number in drawn.items():
            last = int(self._last[people[n]])
            found.append(Candidate(str(self._records.cadre_ids[people[n]]), None if last == NEVER else last, number))
        return tuple(found)

    def _who_may(
        self,
        cadres: Array,
        rules: Sequence[str],
        people: Array,
        counted: list[Counted],
        limited: list[Limited],
    ) -> Array:
        """Which people may take which seats, shape (seats, people)."""
        may = np.zeros((len(cadres), len(people)), dtype=bool)
        known: dict[tuple[object, ...], Array] = {}
        for row, (seat, text) in enumerate(zip(cadres, rules, strict=True)):
            key = (text, *(key_of(rule, seat) for rule in counted), *(int(limit.seat[seat]) for limit in limited))
            if key not in known:
                mask = self._serving(text)[people]
                for rule in counted:
                    mask = mask & fits(rule, seat, people)
                for limit in limited:
                    mask = mask & (~limit.who | (limit.group == limit.seat[seat]))
                known[key] = mask
            may[row] = known[key]
        return may

    def _choose(self, may: Array, people: Array, session_id: str) -> list[tuple[int, int]]:
        """(number among the people, draw) of the reserves, in their order."""
        useful = np.flatnonzero(may.any(axis=0))
        wanted = max(LEAST, -(-len(may) // SEATS_A_RESERVE))
        chosen = self._first(useful, people, session_id, wanted)
        covered = np.asarray(may[:, list(chosen)].any(axis=1))
        for row in range(len(may)):
            if not covered[row] and may[row].any():
                more = self._first(np.flatnonzero(may[row]), people, session_id, 1)
                chosen |= more
                covered |= may[:, list(more)].any(axis=1)
        order = sorted(chosen, key=lambda n: (self._last[people[n]], chosen[n], self._records.cadre_ids[people[n]]))
        return [(n, chosen[n]) for n in order]

    def _first(self, which: Array, people: Array, session_id: str, count: int) -> dict[int, int]:
        """The first so many of them in the order: last class longest ago, then the smaller draw."""
        last = self._last[people[which]]
        if len(which) > count:
            # Draws are only made for those whom they can decide between.
            latest = np.partition(last, count - 1)[count - 1]
            which, last = which[last <= latest], last[last <= latest]
        ids = self._records.cadre_ids
        drawn = {int(n): draw(self._seed, str(ids[people[n]]), session_id) for n in which}
        order = sorted(drawn, key=lambda n: (self._last[people[n]], drawn[n], ids[people[n]]))
        return {n: drawn[n] for n in order[:count]}

    # ------------------------------------------------------------------ made once for the year

    @cached_property
    def _admitted(self) -> Array:
        """Which named cadres each programme admits, shape (programmes, cadres)."""
        records = self._records
        everybody, everything = np.arange(len(records.headcount)), np.arange(len(records.programme_ids))
        admitted: Array = np.ascontiguousarray(records.eligible_pairs(everybody, everything, self._year).T)
        admitted &= records.headcount == 1
        return admitted

    @cached_property
    def _last(self) -> Array:
        """Year of everybody's last class up to this year, as the policy's rule on waiting counts classes."""
        records = self._records
        rule = next((rule for rule in records.inputs.policy.rules if isinstance(rule, Waiting)), None)
        a = records.attendances
        counting = ~a.online if rule is None else records.counting(rule.programmes, least_days=rule.least_days)
        last: Array = records.last_year(counting)[:, records.years.index(self._year)]
        return last

    @cached_property
    def _parts(self) -> dict[int, tuple[tuple[int, int], ...]]:
        parts: dict[int, list[tuple[int, int]]] = {}
        table = self._records.segments
        for session, first, last in zip(table["session"], table["first"], table["last"], strict=True):
            parts.setdefault(int(session), []).append((int(first), int(last)))
        return {session: tuple(own) for session, own in parts.items()}

    def _counting(self, programme: int) -> list[RuleKind]:
        """Rules that count people of the programme; where a proportion is only wished for, anybody may step in."""
        return [rule for rule, covers in self._rules if covers[programme]]

    @cached_property
    def _rules(self) -> list[tuple[RuleKind, Array]]:
        """The rules that count people this year, each with the programmes it counts."""
        records = self._records
        days = records.inputs.programmes["days"].to_numpy()
        counting: list[tuple[RuleKind, Array]] = []
        for rule in records.inputs.policy.rules:
            wished = rule.usual_goal() == "fairness" and rule.sort == "shared" and rule.strength != "hard"
            if rule.strength == "report" or wished or self._year not in records.years_of(rule):
                continue
            covers = records.programmes(rule.programmes) & (days >= getattr(rule, "least_days", 0))
            counting.append((rule, covers))
        return counting

    def _serving(self, rules: str) -> Array:
        """Cadres in the audience of every rule a seat serves."""
        if rules not in self._known_serving:
            serving = np.ones(len(self._records.headcount), dtype=bool)
            for rule_id in rules.split(";"):
                if rule_id in self._by_id:
                    serving &= self._records.audience(self._by_id[rule_id].audience)
            self._known_serving[rules] = serving
        return self._known_serving[rules]

    @cached_property
    def _known_serving(self) -> dict[str, Array]:
        return {}

    @cached_property
    def _by_id(self) -> dict[str, RuleKind]:
        return {rule.id: rule for rule in self._records.inputs.policy.rules}
