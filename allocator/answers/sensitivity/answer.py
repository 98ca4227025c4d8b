"""What a change does to each goal, and what of that is certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from allocator.answers.sensitivity.question import Question
from allocator.domain.plan import Plan
from allocator.domain.result import Certainty, GoalResult, certainty
from allocator.domain.rules import Goal
from allocator.language.message import Message
from allocator.model.goals import SHAPES, signed

Verdict = Literal["better", "worse", "same", "open", "refused", "unfinished"]
"""``open``: the difference is within what the gaps of the two plans leave open. ``refused``: there is no such scenario."""

ENOUGH = 1e-6
"""Values of goals are whole; this far apart they are equal."""


@dataclass(frozen=True)
class Change:
    """One goal before and after.

    Parameters
    ----------
    before, after
        Values of the two plans, in ``unit``.
    bound_before, bound_after
        What no plan can beat; ``None``: not known.
    verdict
        ``better`` and ``worse`` are proven for the best plans there are, given the goals before.
    before_is, after_is
        How certain the two values are.
    """

    goal: Goal
    before: float
    after: float
    bound_before: float | None
    bound_after: float | None
    verdict: Verdict
    before_is: Certainty = "tried"
    after_is: Certainty = "tried"
    counted: str = ""

    @property
    def sense(self) -> str:
        """``min`` or ``max``: which is better."""
        return SHAPES[self.goal].sense

    @property
    def unit(self) -> str:
        """The unit of the values, both where they count two things."""
        return self.counted or SHAPES[self.goal].unit

    @property
    def difference(self) -> float:
        """After less before, in ``unit``."""
        return self.after - self.before

    @property
    def left_open(self) -> float | None:
        """How far the two plans together may be from the best ones; ``None`` where a bound is not known."""
        if self.bound_before is None or self.bound_after is None:
            return None
        return abs(self.before - self.bound_before) + abs(self.after - self.bound_after)


@dataclass(frozen=True)
class Answer:
    """One question and what planning again says.

    Parameters
    ----------
    number
        Place in the list of answers, from 1.
    verdict
        That of the most important goal that is certainly better or worse; ``open`` when none is and some could be.
    facts
        What the change means, and why it buys nothing where it does not; each can be checked in the tables.
    found, plan
        The goals and the plan found for this question alone; the plan only where other steps are asked about too.
    """

    number: int
    question: Question
    verdict: Verdict
    goals: tuple[Change, ...] = ()
    facts: tuple[Message, ...] = field(default=())
    seconds: float = 0.0
    found: tuple[GoalResult, ...] = field(default=(), repr=False, compare=False)
    plan: Plan | None = field(default=None, repr=False, compare=False)

    @property
    def after_is_proven(self) -> bool:
        """Whether no plan of the changed scenario can be better in any goal."""
        return all(one.after_is == "proven" for one in self.goals)

    @property
    def first(self) -> Change | None:
        """The goal that decides; ``None`` when all are the same."""
        return decisive(self.goals)


def changes_of(before: Sequence[GoalResult], after: Sequence[GoalResult], *, is_stricter: bool) -> tuple[Change, ...]:
    """Every goal before and after, in their order. A goal that only one of the two counts is 0 in the other.

    After a change that only makes things stricter no plan is better than the best one before, so its bounds hold too.
    """
    first, second = ({one.goal: one for one in goals} for goals in (before, after))
    longer, shorter = (second, first) if len(second) > len(first) else (first, second)
    found: list[Change] = []
    chain = _Chain()
    for goal in [*longer, *(goal for goal in shorter if goal not in longer)]:
        own, other = _counted(goal, first.get(goal)), _counted(goal, second.get(goal))
        if is_stricter and chain.is_level and other.bound is None:
            other = replace(other, bound=own.bound)
        found.append(_change(goal, own, other, chain))
        chain = chain.after(own, other)
    return tuple(found)


@dataclass(frozen=True)
class _Chain:
    """What holds for all goals so far: the values are the same; those before, those after are proven."""

    is_level: bool = True
    is_proven_before: bool = True
    is_proven_after: bool = True

    def after(self, before: GoalResult, after: GoalResult) -> _Chain:
        """The same with one goal more."""
        is_same = abs((before.value or 0.0) - (after.value or 0.0)) <= ENOUGH
        return _Chain(
            self.is_level and is_same,
            self.is_proven_before and before.is_proven,
            self.is_proven_after and after.is_proven,
        )


def _counted(goal: Goal, result: GoalResult | None) -> GoalResult:
    """A goal that is not counted is 0; nothing to be counted is less than none of it."""
    shape = SHAPES[goal]
    if result is None:
        return GoalResult(goal, shape.sense, shape.unit, 0.0, 0.0)
    is_none = shape.sense == "min" and result.bound is None and not result.value
    return replace(result, bound=0.0) if is_none else result


def _change(goal: Goal, before: GoalResult, after: GoalResult, chain: _Chain) -> Change:
    """The verdict on one goal: the best plans of the two scenarios lie between bounds and values.

    As long as all goals so far are level, a plan after the change beats the best one before if it beats the bound there, whatever
    else is possible after the change; and the other way round.
    """
    values = before.value or 0.0, after.value or 0.0
    is_exact = before.is_proven and after.is_proven
    is_known = chain.is_proven_before and chain.is_proven_after
    verdict: Verdict = "open"
    if is_known and is_exact and abs(values[0] - values[1]) <= ENOUGH:
        verdict = "same"
    elif (is_known or (chain.is_level and chain.is_proven_before)) and _beats(goal, values[1], before.bound):
        verdict = "better"
    elif (is_known or (chain.is_level and chain.is_proven_after)) and _beats(goal, values[0], after.bound):
        verdict = "worse"
    sure = certainty(before, is_known=chain.is_proven_before), certainty(after, is_known=chain.is_proven_after)
    return Change(goal, values[0], values[1], before.bound, after.bound, verdict, *sure, after.unit)


def _beats(goal: Goal, value: float, bound: float | None) -> bool:
    """Whether a value is better than what no plan of the other scenario can beat."""
    return bound is not None and signed(goal, value) < signed(goal, bound) - ENOUGH


def decisive(goals: Sequence[Change]) -> Change | None:
    """The most important goal that is certainly better or worse, else the first of which nothing is certain."""
    certain = next((one for one in goals if one.verdict in ("better", "worse")), None)
    return certain or next((one for one in goals if one.verdict == "open"), None)


def verdict_of(goals: Sequence[Change]) -> Verdict:
    """The verdict of the goal that decides."""
    one = decisive(goals)
    return "same" if one is None else one.verdict


def is_better(values: Mapping[Goal, float], others: Mapping[Goal, float], order: Sequence[Goal]) -> bool:
    """Whether goals are better than others, the more important first."""
    own, other = (tuple(round(signed(goal, one.get(goal, 0.0)), 6) for goal in order) for one in (values, others))
    return own < other
