"""Plans of one range judged at each other's steps: what serves a step and is better than its own plan stands for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from allocator.answers.sensitivity.answer import Change, changes_of, is_better, verdict_of
from allocator.audit import AuditReport, audit
from allocator.domain.plan import Plan
from allocator.domain.result import GoalResult
from allocator.domain.rules import record_of
from allocator.domain.tables import Inputs
from allocator.engine.run import Run
from allocator.language.message import Message


@dataclass(frozen=True)
class Point:
    """The best plan known at one step.

    Parameters
    ----------
    goals
        What it comes to there, with the bounds of the step.
    report
        The auditor's judgement, where the plan is one of another step; ``source`` is that step.
    """

    step: Fraction
    inputs: Inputs
    plan: Plan
    goals: tuple[GoalResult, ...]
    report: AuditReport | None = None
    source: Fraction | None = None

    @property
    def is_proven(self) -> bool:
        """Whether no other plan can be better."""
        return all(one.is_proven for one in self.goals)


def envelope(points: Sequence[Point], is_stricter: Callable[[Fraction, Fraction], bool]) -> tuple[Point, ...]:
    """The points, each with the best of the plans of all steps, and with the bounds that hold there.

    A plan is handed on from each step to the next, upwards and then downwards: one that a tighter step allows is allowed at the looser ones,
    and one of a looser step often serves a tighter one as it is.

    Parameters
    ----------
    points
        In order of their steps, the plan at hand among them.
    is_stricter
        Whether whatever is allowed at the second of two steps is allowed at the first, and no better in any goal there.
    """
    found = list(points)
    for order in (range(len(found)), reversed(range(len(found)))):
        last: Point | None = None
        for number in order:
            if last is not None:
                found[number] = _handed_on(found[number], last)
            last = found[number]
    for order in (range(len(found)), reversed(range(len(found)))):
        last = None
        for number in order:
            if last is not None and is_stricter(last.step, found[number].step):
                found[number] = replace(found[number], goals=_bounded(found[number].goals, last.goals))
            last = found[number]
    return tuple(found)


def _handed_on(own: Point, other: Point) -> Point:
    """A point with the plan of another where that is better there."""
    if own.is_proven or own.plan.sha256 == other.plan.sha256:
        return own
    judged = audit(other.plan, own.inputs)
    goals = exchanged(own.goals, judged)
    if goals is None:
        return own
    source = other.step if other.source is None else other.source
    return replace(own, plan=other.plan, goals=goals, report=judged, source=source)


def _bounded(own: Sequence[GoalResult], looser: Sequence[GoalResult]) -> tuple[GoalResult, ...]:
    """Goals of a step with the bounds of a looser one, as far as both are equal in all goals before and the looser knows more."""
    known = {one.goal: one for one in looser}
    found: list[GoalResult] = []
    is_level = True
    for one in own:
        other = known.get(one.goal)
        is_level &= other is not None
        if is_level and other is not None and other.bound is not None:
            best = max if one.sense == "min" else min
            one = replace(one, bound=other.bound if one.bound is None else best(one.bound, other.bound))
        is_level &= other is not None and abs((one.value or 0.0) - (other.value or 0.0)) <= 1e-6
        found.append(one)
    return tuple(found)


def exchanged(own: Sequence[GoalResult], judged: AuditReport) -> tuple[GoalResult, ...] | None:
    """The goals of another plan judged in the same scenario, when it is better and breaks nothing strict; else ``None``.

    Bounds hold for plans as good in the goals before, so those behind the first difference are not known of it.
    """
    values = judged.goals
    order = [one.goal for one in own]
    if any(rule.is_breached for rule in judged.verdicts if record_of(rule.kind).is_strict):
        return None
    if not is_better(values, {one.goal: one.value or 0.0 for one in own}, order):
        return None
    found: list[GoalResult] = []
    differs = False
    for one in own:
        value = float(values.get(one.goal, 0.0))
        found.append(replace(one, value=value, bound=None if differs else one.bound))
        differs |= abs(value - (one.value or 0.0)) > 1e-6
    return tuple(found)


def better_of(proven: Run, quick: Run) -> Run:
    """The better of two plans of one scenario, with the bounds of the first as far as they hold for it."""
    better = exchanged(proven.result.goals, quick.audit)
    return proven if better is None else replace(quick, result=replace(quick.result, goals=better))


def compared(run: Run, other: Run, *, is_stricter: bool = False) -> tuple[tuple[Change, ...], tuple[Message, ...]]:
    """Goals before and after a change, and what to know of them.

    Neither plan need be the best of its scenario, so each may stand in for the other.
    """
    before, after = run.result.goals, other.result.goals
    goals = changes_of(before, after, is_stricter=is_stricter)
    if verdict_of(goals) != "open":
        return goals, ()
    kept = exchanged(after, audit(run.plan, other.inputs))
    if kept is not None:
        return changes_of(before, kept, is_stricter=is_stricter), (Message("shadow.plan-stays"),)
    anyway = exchanged(before, audit(other.plan, run.inputs))
    if anyway is not None:
        return changes_of(anyway, after, is_stricter=is_stricter), (Message("shadow.found-anyway"),)
    return goals, ()
