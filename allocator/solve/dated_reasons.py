"""Why a seat is missing: what stands in the way of each session, and the rule that does so most often."""

from __future__ import annotations

from collections import Counter

from allocator.solve.dated_problem import Apart, Limit
from allocator.solve.dated_state import State
from allocator.solve.exclusions import BUILT_IN, NO_OVERLAP, SESSIONS_LEAST, SESSIONS_SEATS

_WORDS = {
    NO_OVERLAP: ("overlap another class of the same person", "与本人其他班次时间重叠"),
    SESSIONS_LEAST: ("would stay below their least size", "达不到最少开班人数"),
    SESSIONS_SEATS: ("are full", "名额已满"),
}


def reason(state: State, a: int, is_proven: bool) -> tuple[str, str, str]:
    """The rule that closes most sessions to an attendance, and the whole picture in English and Chinese.

    Each session counts for the first thing in its way: a rule on the person, the least size, the seats, a limit shared with others.
    """
    problem = state.problem
    one = problem.attendances[a]
    sessions = problem.sessions[one.block]
    if not sessions:
        return SESSIONS_SEATS, f"the programme has no session in {one.year}", f"该项目{one.year}年没有班次"
    count = Counter(_in_the_way(state, a, s) for s in sessions)
    order = [rule.id for rule in problem.inputs.policy.rules] + list(BUILT_IN)
    ranked = sorted(count.items(), key=lambda item: (-item[1], order.index(item[0])))
    english = "; ".join(f"{n} {_words(state, rule_id)[0]}" for rule_id, n in ranked)
    chinese = "；".join(f"{n}个{_words(state, rule_id)[1]}" for rule_id, n in ranked)
    proof = ("no schedule gives out more seats", "已证明无法安排更多") if is_proven else (
        "the search stopped at its work limit", "计算量已达上限，未能证明"
    )  # fmt: skip
    return (
        ranked[0][0],
        f"of {len(sessions)} sessions in {one.year}: {english} ({proof[0]})",
        f"{one.year}年共{len(sessions)}个班次：{chinese}（{proof[1]}）",
    )


def _in_the_way(state: State, a: int, s: int) -> str:
    problem = state.problem
    if s in problem.attendances[a].closed:
        return problem.attendances[a].closed[s]
    for r in problem.limits_of[a]:
        limit = problem.limits[r]
        entries = [(b, t) for b, t in state.clashes(r, a, s) if b != a]
        if isinstance(limit, Apart) and entries:
            return _cause(limit, s, entries[0][1])
    if state.load[s] < problem.least[s]:
        return SESSIONS_LEAST
    if state.load[s] >= problem.seats[s]:
        return SESSIONS_SEATS
    for r in problem.limits_of[a]:
        limit = problem.limits[r]
        if not isinstance(limit, Apart) and state.room(a, s) <= 0:
            return limit.rule_id
    return SESSIONS_SEATS


def _cause(limit: Limit, s: int, t: int) -> str:
    """The first rule that keeps two sessions of one person apart."""
    causes = limit.causes if isinstance(limit, Apart) else ()
    return next((rule_id for rule_id, rows in causes if rows[s][t]), NO_OVERLAP)


def _words(state: State, rule_id: str) -> tuple[str, str]:
    if rule_id in _WORDS:
        return _WORDS[rule_id]
    rule = state.problem.inputs.policy.rule(rule_id)
    return f"closed by {rule_id} ({rule.title})", f"受“{rule.title_zh}”（{rule_id}）限制"
