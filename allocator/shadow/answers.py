"""What a change does to each goal, and what of that is certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from allocator.kinds import Goal
from allocator.model.goals import SHAPES, signed
from allocator.result import GoalResult
from allocator.shadow.questions import Question
from allocator.wording import Message

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
        ``better`` and ``worse`` are proven for the best plans there are. Behind a goal that is ``open`` every goal is.
    """

    goal: Goal
    before: float
    after: float
    bound_before: float | None
    bound_after: float | None
    verdict: Verdict

    @property
    def sense(self) -> str:
        """``min`` or ``max``: which is better."""
        return SHAPES[self.goal].sense

    @property
    def unit(self) -> str:
        """The unit of the values."""
        return SHAPES[self.goal].unit

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
        That of the first goal that is not the same.
    facts
        What the change means, and why it buys nothing where it does not; each can be checked in the tables.
    """

    number: int
    question: Question
    verdict: Verdict
    goals: tuple[Change, ...] = ()
    facts: tuple[Message, ...] = field(default=())
    seconds: float = 0.0

    @property
    def first(self) -> Change | None:
        """The most important goal that is not the same."""
        return next((one for one in self.goals if one.verdict != "same"), None)


def changes_of(before: Sequence[GoalResult], after: Sequence[GoalResult]) -> tuple[Change, ...]:
    """Every goal before and after, in their order. A goal that only one of the two counts is 0 and proven in the other."""
    first, second = ({one.goal: one for one in goals} for goals in (before, after))
    longer, shorter = (second, first) if len(second) > len(first) else (first, second)
    found: list[Change] = []
    is_open = False
    for goal in [*longer, *(goal for goal in shorter if goal not in longer)]:
        own, other = first.get(goal, _none(goal)), second.get(goal, _none(goal))
        change = _change(goal, own, other, is_open=is_open)
        is_open |= not (own.is_proven and other.is_proven)
        found.append(change)
    return tuple(found)


def _none(goal: Goal) -> GoalResult:
    return GoalResult(goal, SHAPES[goal].sense, SHAPES[goal].unit, 0.0, 0.0)


def _change(goal: Goal, before: GoalResult, after: GoalResult, *, is_open: bool) -> Change:
    """The verdict on one goal: the best plans of the two scenarios lie between bounds and values."""
    values = before.value or 0.0, after.value or 0.0
    lost = signed(goal, values[1]) - signed(goal, values[0])
    is_exact = before.is_proven and after.is_proven
    verdict: Verdict = "open"
    if not is_open:
        least = None if after.bound is None else signed(goal, after.bound) - signed(goal, values[0])
        most = None if before.bound is None else signed(goal, values[1]) - signed(goal, before.bound)
        if is_exact and abs(lost) <= ENOUGH:
            verdict = "same"
        elif most is not None and most < -ENOUGH:
            verdict = "better"
        elif least is not None and least > ENOUGH:
            verdict = "worse"
    return Change(goal, values[0], values[1], before.bound, after.bound, verdict)


def verdict_of(goals: Sequence[Change]) -> Verdict:
    """The verdict of the first goal that is not the same."""
    return next((one.verdict for one in goals if one.verdict != "same"), "same")


def is_better(values: Mapping[Goal, float], others: Mapping[Goal, float], order: Sequence[Goal]) -> bool:
    """Whether goals are better than others, the more important first."""
    own, other = (tuple(round(signed(goal, one.get(goal, 0.0)), 6) for goal in order) for one in (values, others))
    return own < other
