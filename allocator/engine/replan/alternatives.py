"""Alternatives: other sessions that single people could have, and what each of them does.

An alternative of a person is a set of sessions that the strict rules, the dates and the record allow, and that leaves alone what stands
still. Small problems list all of them (``every``). In large ones people near an event get those that give up at most one seat and take at most one
(``near``), and other people those that take a seat worth something (``takers``), or leave one that somebody else needs (``leavers``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from allocator.engine.parameters import REPLAN
from allocator.engine.replan.situation import Sessions, Situation


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Some alternatives, one entry of each array for each.

    Parameters
    ----------
    person
        Whose it is, shape (n,).
    sessions
        The sessions, -1 behind the last, shape (n, m).
    held
        What is attended in each year, as bits of slots, shape (n, Y).
    row
        Row of the person's trajectory table, shape (n,).
    effect
        What it alone changes in each goal, minimised, shape (n, goals).
    change
        Its cost in changes, shape (n,).
    """

    person: np.ndarray
    sessions: np.ndarray
    held: np.ndarray
    row: np.ndarray
    personal: np.ndarray
    effect: np.ndarray
    change: np.ndarray

    def __len__(self) -> int:
        return len(self.person)

    def only(self, chosen: np.ndarray) -> Alternatives:
        """Those at some positions."""
        return Alternatives(*(part[chosen] for part in vars(self).values()))

    def order(self, above: int) -> np.ndarray:
        """Positions, the best first: by the goals before changes, the changes, the other goals; ties by person."""
        keys = [*self.effect.T[:above], self.change, *self.effect.T[above:], self.person, *self.sessions.T]
        return np.lexsort(keys[::-1])


def joined(parts: Sequence[Alternatives]) -> Alternatives:
    """Several as one, each set of sessions of a person once."""
    width = max(part.sessions.shape[1] for part in parts)
    wide = [np.pad(p.sessions, ((0, 0), (0, width - p.sessions.shape[1])), constant_values=-1) for p in parts]
    arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in vars(parts[0]) if name != "sessions"}
    found = Alternatives(sessions=np.concatenate(wide), **arrays)
    key = np.column_stack([found.person, np.sort(found.sessions, axis=1)])
    return found.only(np.sort(np.unique(key, axis=0, return_index=True)[1]))


def promising(now: Situation, found: Alternatives) -> Alternatives:
    """The best of each person (see ``order``), and those that only give something up; there are hundreds of near ones of each."""
    order = found.order(now.above)
    place = np.empty(len(found), dtype=np.int64)
    seen: Counter[int] = Counter()
    for k in order.tolist():
        person = int(found.person[k])
        place[k] = seen[person]
        seen[person] += 1
    seats = np.array([len(now.ground.get(i, ())) for i in found.person.tolist()], dtype=np.int64)
    takes_nothing = (found.sessions >= 0).sum(axis=1) < seats
    return found.only(np.flatnonzero((place < REPLAN.near_up_to) | takes_nothing))


def packed(sets: Sequence[Iterable[int]]) -> np.ndarray:
    """Sets of sessions as a table, -1 behind the last of each."""
    lists = [list(one) for one in sets]
    width = max(map(len, lists), default=0)
    return np.array([one + [-1] * (width - len(one)) for one in lists], dtype=np.int64).reshape(len(lists), width)


def checked(now: Situation, person: np.ndarray, sessions: np.ndarray, *, strictly: bool = True) -> Alternatives:
    """Those of some sets of sessions that the person can have, with what they do.

    Parameters
    ----------
    strictly
        Leave out what is not allowed. Else each set is taken as it is; one without a trajectory costs what the ground costs.
    """
    good, held = _fits(now, person, sessions)
    if strictly:
        person, sessions, held = person[good], sessions[good], held[good]
    row = now.rows(person, held)
    if strictly:
        open_ = row >= 0
        person, sessions, held, row = person[open_], sessions[open_], held[open_], row[open_]
    personal = np.where((row >= 0)[:, None], now.personal(person, row) - now.ground_costs[person], 0)
    effect = personal + _shared_effect(now, person, held)
    change = np.array(
        [now.change_cost(i, own[own >= 0].tolist()) for i, own in zip(person.tolist(), sessions, strict=True)],
        dtype=np.int64,
    )
    return Alternatives(person, sessions, held, row, personal, effect, change)


def fits(now: Situation, people: np.ndarray) -> np.ndarray:
    """Whether what named people attend on the ground is allowed to them, by strict rules and by dates, shape (n,).

    To lack a class that a fixed rule asks for is a violation, and no plan that cannot be.
    """
    sessions = packed([now.ground.get(i, ()) for i in people.tolist()])
    good, held = _fits(now, people, sessions, calls=False)
    return np.asarray(good & ((now.rows(people, held) >= 0) | (now.lacking(people, held) > 0)))


def _fits(
    now: Situation, person: np.ndarray, sessions: np.ndarray, *, calls: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Whether dates, record and fixed rules allow sets of sessions, and the bits of their years."""
    n, width = sessions.shape
    held = np.zeros((n, len(now.inputs.years)), dtype=np.int64)
    good = np.ones(n, dtype=bool)
    keeps = np.zeros(
        (n, width), dtype=bool
    )  # seats that stand still and are the person's own: nobody asks whether they are allowed
    for column in range(width):
        own = np.flatnonzero(sessions[:, column] >= 0)
        i, s = person[own], sessions[own, column]
        bit, year, has = now.bit(i, s), now.year[s], now.has(i, s)
        keeps[own, column] = has & now.stands[s]
        allowed = now.open_to(i, s) & (has | now.takes[s])
        good[own] &= ((bit > 0) & ((held[own, year] & bit) == 0) & allowed) | keeps[own, column]
        held[own, year] |= bit
        for other in range(column):
            both = np.flatnonzero(sessions[own, other] >= 0)
            k = own[both]
            clash = now.clash(person[k], s[both], sessions[k, other]) & ~(keeps[k, column] & keeps[k, other])
            good[k] &= ~clash
    called = now.called_to
    if called and calls:
        for one in np.flatnonzero(np.isin(person, list(called))).tolist():
            good[one] &= called[int(person[one])] <= set(sessions[one].tolist())
    return good, held


def _shared_effect(now: Situation, person: np.ndarray, held: np.ndarray) -> np.ndarray:
    """What each person's new years alone change in the goals by the rows of shared rules, shape (n, goals)."""
    effect = np.zeros((len(person), len(now.goals)))
    for f, delta in enumerate(deltas(now, person, held)):
        k, y = np.nonzero(delta)
        if not len(k):
            continue
        g = np.maximum(now.families[f].group[person[k]], 0)
        count = now.counts[f][g, y]
        before, after = (now.missed(f, c, (g, y)) for c in (count, count + delta[k, y]))
        for goal in after:
            np.add.at(effect[:, now.goals.index(goal)], k, after[goal] - before[goal])
    return effect


def deltas(now: Situation, person: np.ndarray, held: np.ndarray) -> list[np.ndarray]:
    """What new years of people add to the rows of each family, over the ground, shape (n, Y) each."""
    before = now.amounts(person, now.bits[person])
    return [new - old for new, old in zip(now.amounts(person, held), before, strict=True)]


# Which alternatives.


def every(now: Situation, most: int) -> Alternatives | None:
    """All alternatives of all named people; ``None`` if they are more than ``most``."""
    people: list[int] = []
    sets: list[Sessions] = []
    for i in np.flatnonzero(now.instance.is_named).tolist():
        for one in _of_person(now, i):
            people.append(i)
            sets.append(one)
            if len(sets) > most:
                return None
    return checked(now, np.array(people, dtype=np.int64), packed(sets))


def count_every(now: Situation) -> int:
    """Trajectories open to all named people: at least so many alternatives there are."""
    types = now.type_of[now.instance.is_named]
    return sum(
        now.cohorts.rows_of(int(one)) * int(n) for one, n in zip(*np.unique(types, return_counts=True), strict=True)
    )


def _of_person(now: Situation, i: int) -> Iterator[Sessions]:
    """Sets of sessions on the trajectories open to a person; what stands still stays."""
    own = now.ground.get(i, ())
    still = {(int(now.programme[s]), int(now.year[s])): s for s in own if now.stands[s]}
    past = [
        still.pop(place) for place in list(still) if place[0] not in now.slots[i]
    ]  # Of programmes that are not open any more.
    closed, person_type = now.closed(i), int(now.type_of[i])
    table = now.cohorts.tables[now.cohorts.type_table[person_type]]
    slots = now.slots[i]
    choices: dict[tuple[int, int], list[int]] = {}
    for p in slots[slots >= 0].tolist():
        for y in range(len(now.inputs.years)):
            here = np.flatnonzero((now.programme == p) & (now.year == y)).tolist()
            free = [s for s in here if s not in closed and (now.takes[s] or s in own)]
            choices[p, y] = [still[p, y]] if (p, y) in still else free
    for row in now.cohorts.take(person_type, table.index):
        wanted = [(int(slots[k]), y) for y, menu in enumerate(row) for k in np.flatnonzero(table.menus[menu])]
        if still.keys() <= set(wanted):
            for chosen in product(*(choices[one] for one in wanted)):
                yield tuple(sorted((*chosen, *past)))


def near(now: Situation, people: Sequence[int]) -> Alternatives:
    """Of some people: give up one seat or none, take one or none; who lost several may get as many in the same programmes."""
    persons: list[int] = []
    sets: list[Sessions] = []
    for i in people:
        own = now.ground.get(i, ())
        movable = [s for s in own if not now.stands[s]]
        takes = np.flatnonzero(now.takes & np.isin(now.programme, now.slots[i][now.slots[i] >= 0])).tolist()
        lost = _lost_programmes(now, i)
        several = (
            [[s for s in takes if now.programme[s] == p] for p in lost]
            if 2 <= len(lost) <= REPLAN.lost_together
            else []
        )
        closed = now.closed(i)
        kept = tuple(s for s in own if now.stands[s] or (now.programme[s] in now.slots[i] and s not in closed))
        found = {own}
        for base in {own, kept}:  # Of several seats that are not open any more all must be given up.
            for gone in (None, *(s for s in movable if s in base)):
                rest = tuple(s for s in base if s != gone)
                found |= {rest, *(tuple(sorted((*rest, s))) for s in takes if s not in rest)}
        if several and np.prod([len(one) for one in several]) <= REPLAN.sets_of_one:
            found |= {tuple(sorted({*own, *chosen})) for chosen in product(*several)}
        persons += [i] * len(found)
        sets += sorted(found)
    return checked(now, np.array(persons, dtype=np.int64), packed(sets))


def _lost_programmes(now: Situation, i: int) -> list[int]:
    """Programme of each seat that a person lost to the events."""
    lost = [int(now.programme[s]) for s in now.before.get(i, ()) if s not in now.ground[i]]
    index = now.instance.programme_index
    return lost + [index[p] for p, _, _ in now.gone.get(i, []) if p in index]


def takers(now: Situation, programme: int, year: int, without: np.ndarray, most: int) -> Alternatives:
    """The best who could take a free seat of a programme and year, besides what they have or instead of one seat of it.

    Parameters
    ----------
    without
        People left out, boolean (I,).
    most
        People chosen, each with every session that has a free seat.
    """
    here = (now.programme == programme) & (now.year == year) & now.takes
    free = np.flatnonzero(here & (now.load < now.timetable.seats))
    bits = np.where(now.slots == programme, np.int64(1) << np.arange(now.slots.shape[1]), 0).sum(axis=1)
    could = now.instance.is_named & ~without & (bits > 0) & ((now.bits[:, year] & bits) == 0)
    people = np.flatnonzero(could & (now.bits >= 0).all(axis=1))
    if not len(free) or not len(people):
        return checked(now, people[:0], packed([]))
    held = now.bits[people].copy()
    held[:, year] |= bits[people]
    row = now.rows(people, held)
    people, held, row = people[row >= 0], held[row >= 0], row[row >= 0]
    effect = now.personal(people, row) - now.ground_costs[people] + _shared_effect(now, people, held)
    order = np.lexsort([people, *effect.T[::-1]])
    order = order[: most * REPLAN.looked_at]
    chosen = people[order]
    sessions = free[np.argsort(now.load[free] - now.timetable.seats[free], kind="stable")][: REPLAN.sessions_of_one]
    sets = [(*now.ground.get(i, ()), s) for i in chosen.tolist() for s in sessions.tolist()]
    found = checked(now, np.repeat(chosen, len(sessions)), packed(sets))
    keep = np.isin(found.person, [i for i in chosen.tolist() if i in set(found.person.tolist())][:most])
    return found.only(np.flatnonzero(keep))


def movers(now: Situation, programme: int, year: int, without: np.ndarray, most: int) -> Alternatives:
    """The best who could take a free seat of a programme and year in exchange for another seat of theirs."""
    here = (now.programme == programme) & (now.year == year) & now.takes
    free = np.flatnonzero(here & (now.load < now.timetable.seats))
    open_to = (now.slots == programme).any(axis=1) & ~without
    people = [i for i in now.ground if open_to[i]]
    pairs = [(i, s) for i in people for s in now.ground[i] if not now.stands[s]]
    pairs = [(i, s) for i, s in pairs if now.programme[s] == programme or now.year[s] == year]
    pairs = pairs[: REPLAN.movers_tried]
    sessions = free[np.argsort(now.load[free] - now.timetable.seats[free], kind="stable")][: REPLAN.sessions_of_one]
    sets = [
        (i, (*(t for t in now.ground[i] if t != gone), s))
        for i, gone in pairs
        for s in sessions.tolist()
        if s not in now.ground[i]
    ]
    found = checked(now, np.array([i for i, _ in sets], dtype=np.int64), packed([one for _, one in sets]))
    return found.only(found.order(now.above)[:most])


def leavers(now: Situation, programme: int, year: int, without: np.ndarray, most: int) -> Alternatives:
    """The best who could leave the full sessions of a programme and year, for a free seat of the programme at another date or for none."""
    here = np.flatnonzero(
        (now.programme == programme) & (now.year == year) & ~now.stands & (now.load >= now.timetable.seats)
    )
    inside = set(here.tolist())
    pairs = [(i, s) for i, own in now.ground.items() if not without[i] for s in own if s in inside]
    others = np.flatnonzero(now.takes & (now.load < now.timetable.seats) & (now.programme == programme)).tolist()
    sets: list[tuple[int, Sessions]] = []
    for i, gone in pairs[: REPLAN.movers_tried]:
        rest = tuple(t for t in now.ground[i] if t != gone)
        sets += [(i, rest), *((i, (*rest, s)) for s in others if s not in now.ground[i])]
    found = checked(now, np.array([i for i, _ in sets], dtype=np.int64), packed([one for _, one in sets]))
    return found.only(found.order(now.above)[:most])
