"""Which questions to ask when nobody names any: where the plan at hand is tight, the tightest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from allocator.answers.sensitivity.question import (
    Question,
    Subject,
    held_question,
    questions,
    seats_question,
    sessions_of,
)
from allocator.answers.sensitivity.subjects import ALL, family
from allocator.audit.measures.quota import allowed
from allocator.domain.rules import Quota
from allocator.engine.run import Run

ONE = (Fraction(1),)
MOST: Mapping[str, int] = {"quotas": 4, "sessions": 2, "floors": 2, "hosts": 2, "windows": 2}
"""Subjects of each sort in the short list; those of other sorts are asked about when named."""


def short_list(run: Run, taken: Mapping[str, int]) -> Iterator[Question]:
    """One more of what is tight in the plan: quotas, sessions, floors, hosts and windows; the fullest session also not held."""
    for name, most in MOST.items():
        chosen = _tightest(run, name, taken)[:most]
        for number, subject in enumerate(chosen):
            with_held = name == "sessions" and number == 0
            yield from questions(run.inputs, subject, ONE, taken, with_held=with_held)


def full_list(run: Run, taken: Mapping[str, int]) -> Iterator[Question]:
    """One more of everything, and every session not held."""
    for name in ALL:
        for subject in family(run.inputs, name):
            if name == "sessions":
                yield seats_question(run.inputs, subject, ONE[0])
                yield held_question(run.inputs, subject, taken)
            else:
                yield from questions(run.inputs, subject, ONE, taken, with_held=False)


def count_all(run: Run) -> int:
    """How many questions ``full_list`` has."""
    others = (name for name in ALL if name != "sessions")
    numbers = sum(
        1
        for name in others
        for one in family(run.inputs, name)
        for _ in questions(run.inputs, one, ONE, {}, with_held=False)
    )
    return numbers + 2 * len(run.inputs.sessions)


def seats_taken(run: Run) -> dict[str, int]:
    """People in each session of a plan that somebody attends."""
    counted = run.plan.placements.groupby("session_id")["headcount"].sum()
    return {str(session): int(people) for session, people in counted.items()}


def _tightest(run: Run, name: str, taken: Mapping[str, int]) -> list[Subject]:
    """Subjects of a sort, the tightest first and in the order of the document among equals.

    Of sessions and hosts only those that are full in part are listed, of sessions one of each programme.
    """
    subjects = family(run.inputs, name)
    if name == "sessions":
        return _fullest_sessions(run, subjects, taken)
    if name == "hosts":
        full = {one: _full_share(run, one, taken) for one in subjects}
        return sorted((one for one in subjects if full[one] > 0), key=lambda one: -full[one])
    if name == "quotas":
        return sorted(subjects, key=lambda one: -_missing(run, one.of))
    return sorted(subjects, key=lambda one: _tightness(run, one.of))


def _missing(run: Run, rule_id: str) -> float:
    """How tight a quota is: people missing count most, then people beyond the number, then years exactly at a limit."""
    rule = run.inputs.policy.rule(rule_id)
    assert isinstance(rule, Quota)
    least, most = allowed(rule)
    sent = [row.achieved or 0.0 for row in run.audit[rule_id].finding.rows]
    below = sum(max(0.0, rule.amount - one) for one in sent) if rule.modality != "at-most" else 0.0
    above = sum(max(0.0, one - rule.amount) for one in sent) if rule.modality != "at-least" else 0.0
    at_limit = sum(one in (least, most) for one in sent)
    return 1e6 * below + 1e3 * above + at_limit


def _tightness(run: Run, rule_id: str) -> tuple[int, float, int]:
    """Order of another rule: what is missing for the most important goal first, then groups with no more than they need."""
    rule, finding, goals = run.inputs.policy.rule(rule_id), run.audit[rule_id].finding, run.inputs.scenario.goals
    goal = "violation" if rule.strength == "hard" else rule.goal
    bare = sum(row.achieved == row.required for row in finding.scopes)
    return (goals.index(goal) if finding.shortfall else len(goals), -finding.shortfall, -bare)


def _fullest_sessions(run: Run, subjects: tuple[Subject, ...], taken: Mapping[str, int]) -> list[Subject]:
    """Full sessions, those first whose programme has no free seat in the year, then the largest; one of each programme."""
    sessions = run.inputs.sessions
    used = np.array([taken.get(one, 0) for one in sessions["session_id"]])
    free = sessions["usable_seats"].to_numpy() - used
    left = sessions.assign(free=free, used=used)
    left = left.assign(elsewhere=left.groupby(["programme_id", "year"])["free"].transform("sum"))
    left = left[(left["free"] <= 0) & (left["used"] > 0)]
    left = left.sort_values(["elsewhere", "used", "session_id"], ascending=[True, False, True], kind="stable")
    first = left.drop_duplicates("programme_id")["session_id"]
    by_id = {one.of: one for one in subjects}
    return [by_id[str(session)] for session in first]


def _full_share(run: Run, subject: Subject, taken: Mapping[str, int]) -> float:
    """Part of a host's seats that the plan uses, 0 when none of its sessions is full."""
    own = run.inputs.sessions[run.inputs.sessions["session_id"].isin(sessions_of(run.inputs, subject))]
    used = np.array([taken.get(one, 0) for one in own["session_id"]])
    usable = own["usable_seats"].to_numpy()
    return float(used.sum() / max(1, usable.sum())) if (used >= usable).any() else 0.0
