"""Can these demands be kept together? Asked of the people and classes they concern, answered by planning or by the auditor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.answers.conflicts.demands import Part, limbs, people_of
from allocator.audit import audit
from allocator.domain.errors import ModelError
from allocator.domain.result import OnProgress, Progress, silent
from allocator.domain.rules import KINDS, AwayLimit, Fixed, Goal, RuleKind
from allocator.domain.tables import Inputs, Policy
from allocator.engine.build_plan import assemble
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.language.message import Message
from allocator.model.instance import build

STRICTLY_JUDGED = frozenset({"no-overlap", "sessions-seats", "sessions-eligible", "headcount"})
"""Built-in rules that further placements never mend, as those of strict kinds."""


class OutOfTimeError(Exception):
    """The time for questions is over."""


class _Proven(Exception):  # noqa: N818 - no error: the answer is known before the plan is finished.
    """Every plan misses the demands."""


BOUNDED = frozenset({"prices", "cohorts", "solve"})
"""Phases whose bound, where violation is the only goal, is one of the violation. Years planned again for the dates tell none."""

SURE = 1e-3
"""People above which a bound is more than the trace of floating point."""


def _leave_when_proven(progress: Progress) -> None:
    if progress.phase in BOUNDED and progress.bound is not None and progress.bound > SURE:
        raise _Proven


@dataclass(frozen=True)
class Answer:
    """Whether some demands can be kept.

    Parameters
    ----------
    can
        True: a plan keeps them. False: none does. ``None``: neither is known.
    lacking
        By how much every plan misses them, in people (hours of a cumulative rule); 0 where they can be kept or it is not known.
    """

    can: bool | None
    lacking: float = 0.0


class Trials:
    """Asks about demands of one policy, and remembers the answers.

    Whoever drops a demand never loses a plan: what can be kept together can be kept with fewer, and what cannot, cannot with more.

    Parameters
    ----------
    ends
        Time (``time.monotonic``) at which no further question is asked.
    """

    def __init__(self, inputs: Inputs, ends: float | None = None, stop: Callable[[], bool] = lambda: False) -> None:
        self.inputs, self.ends, self.stop = inputs, ends, stop
        self.asked = 0
        self.limbs = limbs(inputs)
        self._instance = build(inputs, calendar(inputs))
        self._background = _background(inputs)
        self._known: dict[frozenset[object], Answer] = {}

    def seconds_left(self) -> float | None:
        """Seconds until ``ends``."""
        return None if self.ends is None else self.ends - time.monotonic()

    def ask(self, parts: Sequence[Part], strict: Sequence[Part] | None = None) -> Answer:
        """Whether some demands can be kept, together with strict limbs (all of the policy when absent) and nothing else.

        Raises
        ------
        OutOfTimeError
            When the time is over.
        """
        strict = self.limbs if strict is None else strict
        asked = frozenset([*parts, *strict])
        for known, answer in self._known.items():
            if (answer.can is True and asked <= known) or (answer.can is False and asked >= known) or asked == known:
                return answer
        self.refuse_when_over()
        self.asked += 1
        answer = self._answer(parts, strict)
        self._known[asked] = answer
        return answer

    def refuse_when_over(self) -> None:
        """Raise when the time is over."""
        left = self.seconds_left()
        if self.stop() or (left is not None and left <= 0):
            raise OutOfTimeError

    def _answer(self, parts: Sequence[Part], strict: Sequence[Part]) -> Answer:
        inputs = self.cut(parts, strict)
        if any(rule.call_ups for rule in inputs.policy.rules if isinstance(rule, Fixed)):
            broken = broken_by_calls(inputs)
            if broken:
                return Answer(False, broken)
        try:
            run = planned(inputs, self.seconds_left(), _leave_when_proven)
        except _Proven:
            return Answer(False)  # By how much is another question: seats that do not exist count in this bound.
        if run is None:
            return Answer(False)
        if isinstance(run, str):
            return Answer(None)
        if run.audit.is_clean:
            return Answer(True)
        bound = next((goal.bound for goal in run.result.goals if goal.goal == "violation"), 0.0) or 0.0
        return Answer(False, bound) if bound > SURE else Answer(None)

    def least(self, parts: Sequence[Part], strict: Sequence[Part]) -> float:
        """By how much every plan misses some demands, as far as planning them to the end tells."""
        inputs = self.cut(parts, strict)
        run = planned(inputs, self.seconds_left())
        if not isinstance(run, Run):
            return 0.0
        return max(next((goal.bound for goal in run.result.goals if goal.goal == "violation"), 0.0) or 0.0, 0.0)

    def cut(self, parts: Sequence[Part], strict: Sequence[Part]) -> Inputs:
        """The inputs with these demands only, and with the people and classes that they and the strict limbs concern."""
        keep, programmes = self._concerned([*parts, *(part for part in strict if isinstance(part.rule, Fixed))])
        keep |= self._groups_of(keep, strict)
        rules = (*self._background, *told_apart([*parts, *strict]))
        return _reduced(self.inputs, keep, programmes, rules, ("violation",))

    def _concerned(self, parts: Iterable[Part]) -> tuple[np.ndarray, np.ndarray]:
        """People (boolean (I,)) and programmes (boolean (P,)) that some parts look at, and whoever may attend these too."""
        instance = self._instance
        people = np.zeros(len(instance.headcount), dtype=bool)
        programmes = np.zeros(len(instance.days), dtype=bool)
        for part in parts:
            own = people_of(part, self.inputs)
            people |= own
            programmes |= self.programmes_of(part, own)
        people |= instance.admission.any_of(programmes)
        people[:1] |= not people.any()  # Without anybody there is nothing to plan.
        return people, programmes

    def _groups_of(self, people: np.ndarray, strict: Iterable[Part]) -> np.ndarray:
        """Everybody in the groups of some people of whom only a share may be away, boolean (I,): it is a share of all of them."""
        found = np.zeros_like(people)
        for part in strict:
            if isinstance(part.rule, AwayLimit) and part.rule.share is not None:
                groups = self.inputs.roster[part.rule.group_by].astype(str).to_numpy(object)
                audience = self.inputs.audience(part.rule.audience)
                found |= audience & np.isin(groups, list(set(groups[people & audience]) - {""}))
        return found

    def programmes_in(self, parts: Sequence[Part]) -> int:
        """How many programmes count for some parts."""
        return int(self._concerned(parts)[1].sum())

    def able(self, programmes: np.ndarray) -> np.ndarray:
        """Who may attend any of some programmes (boolean (P,)), boolean (I,)."""
        return self._instance.admission.any_of(programmes)

    def programmes_of(self, part: Part, people: np.ndarray | None = None) -> np.ndarray:
        """Programmes that count for a part and are open to those it speaks about, boolean (P,)."""
        instance, rule = self._instance, part.rule
        if isinstance(rule, Fixed) and not rule.everyone:
            called = self.inputs.sessions["session_id"].isin({call.session_id for call in rule.call_ups})
            return np.asarray(self.inputs.programmes["programme_id"].isin(self.inputs.sessions["programme_id"][called]))
        own = people_of(part, self.inputs) if people is None else people
        counting = instance.counting(rule.programmes, getattr(rule, "least_days", 0))
        return np.asarray(counting & instance.admission.programmes_of(own, len(counting)))


def _background(inputs: Inputs) -> tuple[RuleKind, ...]:
    """What says who may attend what, and demands nothing."""
    return tuple(
        rule if rule.demands == "admission" else rule.model_copy(update={"strength": "report"})
        for rule in inputs.policy.rules
        if rule.is_admitting
    )


def told_apart(parts: Sequence[Part]) -> tuple[RuleKind, ...]:
    """The rules of some parts, each with an id of its own."""
    rules: list[RuleKind] = []
    taken: set[str] = set()
    for part in parts:
        names = (part.rule.id, f"{part.rule.id}-{'-'.join(map(str, part.years))}")
        name = next((one for one in names if one not in taken), f"{part.rule.id}-{len(rules)}")
        taken.add(name)
        rules.append(part.rule.model_copy(update={"id": name}))
    return tuple(rules)


def with_rules(policy: Policy, rules: Sequence[Any]) -> Policy:
    """A policy with other rules. (A copy would keep what the old one remembers of its rules.)"""
    stated = {name: getattr(policy, name) for name in Policy.model_fields if name != "rules"}
    return Policy(**stated, rules=tuple(rules))


def _reduced(
    inputs: Inputs, people: np.ndarray, programmes: np.ndarray, rules: Sequence[RuleKind], goals: tuple[Goal, ...]
) -> Inputs:
    cadres = inputs.cadres[people].reset_index(drop=True)
    history = inputs.history[inputs.history["cadre_id"].isin(set(cadres["cadre_id"]))].reset_index(drop=True)
    held = set(inputs.programmes["programme_id"][programmes])
    sessions = inputs.sessions[inputs.sessions["programme_id"].isin(held)].reset_index(drop=True)
    ids = set(sessions["session_id"])
    segments = inputs.segments[inputs.segments["session_id"].isin(ids)].reset_index(drop=True)
    return replace(
        inputs,
        policy=with_rules(inputs.policy, rules),
        scenario=inputs.scenario.model_copy(update={"goals": goals}),
        cadres=cadres,
        history=history,
        sessions=sessions,
        segments=segments,
        source=None,
    )


def planned(inputs: Inputs, seconds: float | None = None, on_progress: OnProgress = silent) -> Run | str | None:
    """A plan; ``None`` where it is proven that the seats of those called up cannot be held, a text where the question cannot be answered."""
    try:
        return Planner().plan(inputs, Clock(None if seconds is None else max(seconds, 1.0), on_progress=on_progress))
    except ModelError as error:
        reason = error.args[0]
        is_unheld = isinstance(reason, Message) and reason.code == "error.unheld"
        return None if is_unheld else error.said("en")


def broken_by_calls(inputs: Inputs) -> float:
    """How many strict rules the named call-ups break by themselves: whoever else is sent cannot mend it."""
    calls = {
        (call.cadre_id, call.session_id)
        for rule in inputs.policy.rules
        if isinstance(rule, Fixed)
        for call in rule.call_ups
    }
    named = pd.DataFrame(sorted(calls), columns=["cadre_id", "session_id"]).astype("str")
    report = audit(assemble(inputs, named.assign(headcount=1, fixed=True)), inputs)
    whole = {
        rule.id for rule in inputs.policy.rules if isinstance(rule, Fixed) and rule.everyone
    }  # Others may be sent too.
    judged = [verdict for verdict in report.verdicts if verdict.rule_id not in whole]
    return sum(verdict.shortfall for verdict in judged if _is_strict(verdict.kind, verdict.rule_id))


def _is_strict(kind: str, rule_id: str) -> bool:
    return rule_id in STRICTLY_JUDGED or (kind in KINDS and KINDS[kind].is_strict)
