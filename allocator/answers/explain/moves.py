"""Moves of a plan made anew that have nothing to do with the seat asked about: they are taken back where nothing gets worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from allocator.audit import AuditReport, audit
from allocator.domain.plan import ordered
from allocator.domain.result import SolveResult
from allocator.engine.run import Run
from allocator.model.goals import signed

MOST_PARTS = 6
"""Groups of moves that are looked at one by one, at most; each is an audit."""

KEY = ["cadre_id", "session_id", "headcount"]


def fewest_moves(before: Run, after: Run, cadre_id: str) -> Run:
    """The plan after without the moves that share no session, directly or by others, with those of a person, where it is no worse so."""
    apart = list(_apart(before, after, cadre_id))
    if not apart:
        return after
    everybody = set().union(*apart)
    for people in [everybody, *(apart[:MOST_PARTS] if len(apart) > 1 else ())]:
        found = _with_seats_of(before, after, people)
        if found is not None:
            after = found
            if people is everybody:
                break
    return after


def _apart(before: Run, after: Run, cadre_id: str) -> Iterator[set[str]]:
    """People who move, in groups that have sessions in common; the group of the person is left out."""
    own = [run.plan.placements[KEY] for run in (before, after)]
    both = own[0].merge(own[1], "outer", KEY, indicator=True)
    moved = both[both["_merge"] != "both"]
    sessions = {str(cadre): set(rows) for cadre, rows in moved.groupby("cadre_id")["session_id"]}
    while sessions:
        first = cadre_id if cadre_id in sessions else next(iter(sessions))
        people, touched = {first}, sessions.pop(first)
        while near := [cadre for cadre, held in sessions.items() if held & touched]:
            for cadre in near:
                people.add(cadre)
                touched |= sessions.pop(cadre)
        if cadre_id not in people:
            yield people


def _with_seats_of(before: Run, after: Run, people: set[str]) -> Run | None:
    """The plan after with the seats that some people had before; ``None`` where a goal is worse or another rule breached."""
    old, new = before.plan.placements, after.plan.placements
    kept = pd.concat([new[~new["cadre_id"].isin(people)], old[old["cadre_id"].isin(people)]], ignore_index=True)
    plan = ordered(kept)
    report = audit(plan, after.inputs)
    order = after.inputs.scenario.goals
    values = [[signed(goal, one.goals.get(goal, 0.0)) for goal in order] for one in (report, after.audit)]
    if values[0] > values[1] or not _breached(report) <= _breached(after.audit):
        return None
    goals = tuple(replace(one, value=float(report.goals.get(one.goal, 0.0)), bound=None) for one in after.result.goals)
    return replace(after, plan=plan, audit=report, result=with_bounds(replace(after.result, goals=goals), after.result))


def _breached(report: AuditReport) -> set[str]:
    return {verdict.rule_id for verdict in report.verdicts if verdict.is_breached}


def with_bounds(own: SolveResult, other: SolveResult) -> SolveResult:
    """A result with the bounds of another of the same scenario, as far as they hold: up to the first goal in which the two differ."""
    known = {one.goal: one for one in other.goals}
    goals = []
    is_level = True
    for one in own.goals:
        theirs = known.get(one.goal)
        goals.append(replace(one, bound=theirs.bound) if theirs is not None and is_level else one)
        is_level &= theirs is not None and abs((one.value or 0.0) - (theirs.value or 0.0)) <= 1e-6
    return replace(own, goals=tuple(goals))
