"""Substitutes: who could take one seat, and what that would change; where nobody can, a chain of two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.parameters import REPLAN
from allocator.engine.replan.alternatives import Alternatives, checked, deltas, joined, packed
from allocator.engine.replan.program import Neighbourhood
from allocator.engine.replan.situation import Situation


@dataclass(frozen=True)
class Effect:
    """What a rule gains or loses: its goal, and by how much it is missed more (or points fewer) than before; below 0 it gains."""

    rule_id: str
    goal: Goal
    amount: float


@dataclass(frozen=True)
class Substitute:
    """Somebody who could take the seat.

    Parameters
    ----------
    cadre_id, unit_id
        Who comes.
    effects
        What each rule gains or loses against the plan in force, in the order of the goals; the empty id stands for the points of all priorities.
    goals
        The sum by goal.
    last
        The last year with a class, on record or planned before the year of the seat; none if there is none.
    gives_up, then
        In a chain: the session that he or she leaves, and who takes the seat there.
    """

    cadre_id: str
    unit_id: str
    effects: tuple[Effect, ...]
    goals: dict[Goal, float]
    last: int | None
    gives_up: str = ""
    then: str = ""

    @property
    def is_harmless(self) -> bool:
        """Whether no rule is kept less well than before."""
        return all(one.amount <= 0 for one in self.effects)


@dataclass(frozen=True)
class Found:
    """Who could take a seat.

    Parameters
    ----------
    substitutes
        The best, the best first.
    admitted, able
        People whom the programme admits and who have no seat of it that year, and those of them whose rules and dates allow it.
    limited
        Of those looked at, how many an away-limit or the like keeps from it.
    """

    substitutes: tuple[Substitute, ...]
    admitted: int
    able: int
    limited: int


def substitutes(now: Situation, session_id: str, most: int = 10) -> Found:
    """The best who could take a seat of a session.

    Each is checked against the strict rules, dates, rest and away-limits. They stand in the order of what the plan gains or loses, goal by goal, against
    the plan in force; the seat in question is one that the ground of the situation leaves free.

    Parameters
    ----------
    most
        How many, at most. A chain is looked for only when nobody could simply come, or everybody would do harm to a goal before changes.
    """
    s = now.session_at[session_id]
    people = _admitted(now, s)
    own = checked(now, people, packed([(*now.ground.get(i, ()), s) for i in people.tolist()]))
    own = own.only(own.order(now.above))
    allowed, limited = _allowed(now, own, most)
    found = [_told(now, allowed.only(np.array([k]))) for k in range(len(allowed))]
    if not found or not any(_is_fine(now, one) for one in found):
        found = [*filter(None, [_chain(now, s)]), *found]
    return Found(tuple(found), len(people), len(own), limited)


def _is_fine(now: Situation, one: Substitute) -> bool:
    return all(one.goals.get(goal, 0.0) <= 0 for goal in now.goals[: now.above])


def _admitted(now: Situation, s: int) -> np.ndarray:
    """Named people to whom the programme is open and who have no seat of it in the year of the session."""
    programme, year = int(now.programme[s]), int(now.year[s])
    bits = np.where(now.slots == programme, np.int64(1) << np.arange(now.slots.shape[1]), 0).sum(axis=1)
    return np.flatnonzero(now.instance.is_named & (bits > 0) & ((now.bits[:, year] & bits) == 0))


def _allowed(now: Situation, own: Alternatives, most: int) -> tuple[Alternatives, int]:
    """The first of some alternatives that keep the limits over several people, and how many before them do not."""
    taken: list[int] = []
    limited = 0
    for k in range(min(len(own), REPLAN.looked_at * most + REPLAN.takers)):
        if len(taken) == most:
            break
        if _keeps_limits(now, own.only(np.array([k]))):
            taken.append(k)
        else:
            limited += 1
    return own.only(np.array(taken, dtype=np.int64)), limited


def _keeps_limits(now: Situation, one: Alternatives) -> bool:
    """Whether an alternative alone breaks no limit over several people."""
    person = int(one.person[0])
    solved = Neighbourhood(now, one, must=frozenset({person}), only_these=True).solve(REPLAN.work)
    return solved is not None and not solved.amiss


def _chain(now: Situation, s: int) -> Substitute | None:
    """The best pair of somebody who takes the seat by leaving another one, and somebody who takes that; ``None`` if there is none."""
    programme = int(now.programme[s])
    open_to = (now.slots == programme).any(axis=1)
    pairs = [
        (i, gone)
        for i, own in now.ground.items()
        if open_to[i] and s not in own
        for gone in own
        if not now.stands[gone]
    ]
    sets = [(*(t for t in now.ground[i] if t != gone), s) for i, gone in pairs]
    first = checked(now, np.array([i for i, _ in pairs], dtype=np.int64), packed(sets))
    first = first.only(first.order(now.above)[: REPLAN.takers])
    parts = [first]
    left = {
        t
        for i, own in zip(first.person.tolist(), first.sessions.tolist(), strict=True)
        for t in now.ground[i]
        if t not in own
    }
    for t in sorted(left):
        if now.takes[t]:
            people = _admitted(now, t)
            people = people[~np.isin(people, first.person)]
            then = checked(now, people, packed([(*now.ground.get(i, ()), t) for i in people.tolist()]))
            parts.append(then.only(then.order(now.above)[: REPLAN.least_takers]))
    if not len(first):
        return None
    own = joined(parts)
    solved = Neighbourhood(now, own, only_these=True, filled=s).solve(REPLAN.work)
    if solved is None or solved.amiss or not len(solved.chosen):
        return None
    chosen = own.only(solved.chosen)
    (comes,) = [
        k for k in range(len(chosen)) if s in chosen.sessions[k] and s not in now.ground.get(int(chosen.person[k]), ())
    ]
    one = _told(now, chosen)
    person = int(chosen.person[comes])
    gone = [t for t in now.ground[person] if t not in chosen.sessions[comes]]
    others = [str(now.instance.cadre_ids[int(i)]) for k, i in enumerate(chosen.person) if k != comes]
    return Substitute(
        str(now.instance.cadre_ids[person]), str(now.inputs.cadres["unit_id"].iat[person]), one.effects, one.goals,
        _last(now, person, s), now.timetable.ids[gone[0]] if gone else "", others[0] if others else "",
    )  # fmt: skip


def _told(now: Situation, chosen: Alternatives) -> Substitute:
    """What alternatives taken together change against the plan in force, told of the first person."""
    person = int(chosen.person[0])
    effects = [*_personal(now, chosen), *_shared(now, chosen)]
    amounts: dict[tuple[str, Goal], float] = {}
    for one in effects:
        amounts[one.rule_id, one.goal] = amounts.get((one.rule_id, one.goal), 0.0) + one.amount
    known = sorted(
        (Effect(*key, amount) for key, amount in amounts.items() if amount), key=lambda one: now.goals.index(one.goal)
    )
    goals: dict[Goal, float] = {}
    for one in known:
        goals[one.goal] = goals.get(one.goal, 0.0) + one.amount
    new = [s for s in chosen.sessions[0].tolist() if s >= 0 and s not in now.ground.get(person, ())]
    return Substitute(
        str(now.instance.cadre_ids[person]), str(now.inputs.cadres["unit_id"].iat[person]), tuple(known),
        {goal: amount for goal, amount in goals.items() if amount}, _last(now, person, new[0]),
    )  # fmt: skip


def _personal(now: Situation, chosen: Alternatives) -> Iterator[Effect]:
    """What the personal rules gain and lose: of those who come, and of those whom events have moved already."""
    came = now.personal_by_rule(chosen.person, chosen.row)
    stayed = now.personal_by_rule(chosen.person, now.ground_rows[chosen.person])
    rows_before = now.rows_before()
    known = (rows_before >= 0) & (now.ground_rows[now.moved] >= 0)
    moved = now.moved[known]
    ground = now.personal_by_rule(moved, now.ground_rows[moved])
    before = now.personal_by_rule(moved, rows_before[known])
    for (rule, goal, new), (_, _, old), (_, _, after), (_, _, first) in zip(came, stayed, ground, before, strict=True):
        yield Effect(rule, goal, float((new - old).sum() + (after - first).sum()))


def _shared(now: Situation, chosen: Alternatives) -> Iterator[Effect]:
    """What the shared rules gain and lose against the plan in force."""
    for f, delta in enumerate(deltas(now, chosen.person, chosen.held)):
        family = now.families[f]
        after = now.counts[f].copy()
        np.add.at(after, np.maximum(family.group[chosen.person], 0), delta)
        old = now.missed(f, now.counts_before[f])
        for goal, distance in now.missed(f, after).items():
            rule = "" if family.rule is None else family.rule.id
            yield Effect(rule, goal, float(distance.sum() - old[goal].sum()))


def _last(now: Situation, person: int, s: int) -> int | None:
    """The last year with a class before that of a session, on record or planned."""
    history = now.instance.history
    year = int(now.timetable.year[s])
    years = [int(y) for y in history.year[history.person == person] if y < year]
    years += [int(now.timetable.year[t]) for t in now.ground.get(person, ()) if now.timetable.year[t] < year]
    return max(years, default=None)
