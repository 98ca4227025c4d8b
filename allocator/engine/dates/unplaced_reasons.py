"""Why a seat is missing: what closes each session to the person, and the rule that closes most of them."""

from __future__ import annotations

from collections import Counter
from functools import reduce

from allocator.engine.calendar.closed_sessions import BUILT_IN, NO_OVERLAP, SESSIONS_LEAST, SESSIONS_SEATS
from allocator.engine.dates.constraints import Apart, Limit
from allocator.engine.dates.state import State
from allocator.language.message import Message

_WORDS = {
    NO_OVERLAP: Message("dates.overlap"),
    SESSIONS_LEAST: Message("dates.least"),
    SESSIONS_SEATS: Message("dates.full"),
}


def reason(state: State, a: int, is_proven: bool) -> tuple[str, Message]:
    """The rule that closes most sessions to an attendance, and the whole picture in words.

    Each session counts for the first thing in its way: a rule on the person, the least size, the seats, a limit shared with others.
    """
    problem = state.problem
    one = problem.attendances[a]
    sessions = problem.sessions[one.block]
    if not sessions:
        return SESSIONS_SEATS, Message("dates.no-session", year=one.year)
    count = Counter(_in_the_way(state, a, s) for s in sessions)
    order = [rule.id for rule in problem.inputs.policy.rules] + list(BUILT_IN)
    ranked = sorted(count.items(), key=lambda item: (-item[1], order.index(item[0])))
    causes = [Message("dates.cause", count=n, what=_words(state, rule_id)) for rule_id, n in ranked]
    joined = reduce(lambda first, rest: Message("dates.causes", first=first, rest=rest), causes)
    proof = Message("dates.proven") if is_proven else Message("dates.stopped")
    return ranked[0][0], Message("dates.in-the-way", year=one.year, count=len(sessions), causes=joined, proof=proof)


def _in_the_way(state: State, a: int, s: int) -> str:
    """The first rule in the way of an attendance in a session."""
    problem = state.problem
    if s in problem.attendances[a].closed:
        return problem.attendances[a].closed[s]
    for r in problem.limits_of[a]:
        limit = problem.limits[r]
        entries = [(b, t) for b, t in state.clashes(r, a, s) if b != a]
        if isinstance(limit, Apart) and entries:
            return _cause(limit, problem.kind[s], problem.kind[entries[0][1]])
    if state.load[s] < problem.least[s]:
        return SESSIONS_LEAST
    if state.load[s] >= problem.seats[s]:
        return SESSIONS_SEATS
    for r in problem.limits_of[a]:
        limit = problem.limits[r]
        if not isinstance(limit, Apart) and state.room(a, s) <= 0:
            return limit.rule_id
    return SESSIONS_SEATS


def _cause(limit: Limit, k: int, other: int) -> str:
    """The first rule that keeps sessions of two kinds apart for one person."""
    causes = limit.causes if isinstance(limit, Apart) else ()
    return next((rule_id for rule_id, rows in causes if rows[k][other]), NO_OVERLAP)


def _words(state: State, rule_id: str) -> Message:
    """A rule in words."""
    if rule_id in _WORDS:
        return _WORDS[rule_id]
    rule = state.problem.inputs.policy.rule(rule_id)
    title = Message("word.name", zh=rule.title_zh or rule.title, en=rule.title or rule.title_zh)
    return Message("dates.closed", rule=rule_id, title=title)
