"""Ask the questions: each scenario is planned from the plan of the run, in several processes where that takes long."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from allocator.audit import BUILT_IN, AuditReport, audit
from allocator.copies import can_copy, copies
from allocator.entities import Inputs
from allocator.errors import AllocatorError, InputError, ModelError
from allocator.inputs import changed
from allocator.pipeline import run_of
from allocator.planner import Planner, Run
from allocator.result import GoalResult, OnProgress, Progress, SolveStatus, silent
from allocator.shadow.answers import Answer, Change, changes_of, is_better, verdict_of
from allocator.shadow.choice import full_list, seats_taken, short_list
from allocator.shadow.facts import facts
from allocator.shadow.questions import POINTS, Question, is_stricter, questions
from allocator.shadow.record import NoAnswerError, Shadow
from allocator.shadow.steps import StepsError, checked_steps, read_steps
from allocator.shadow.subjects import subjects
from allocator.solve.clock import Clock
from allocator.wording import Message

PAYS = 6.0
"""Seconds of work left from which further processes are worth their start."""

STRICT = frozenset({"eligibility", "spacing", "away-limit", "fixed"})
"""Kinds that have no soft form: what breaks one of them is no plan."""

MOST_QUESTIONS = 2_000
"""Questions of one call at most, unless everything is asked."""

Left = Callable[[float], None]
"""Gets the seconds that the rest will take, once they are known."""


class TooManyError(AllocatorError):
    """More questions than anybody waits for."""


def shadow(
    run: Run | Path | str,
    of: str | Iterable[str] = (),
    steps: str | Iterable[int | Fraction] | None = None,
    *,
    everything: bool = False,
    row: int | None = None,
    prove: bool = False,
    workers: int | None = None,
    on_progress: OnProgress = silent,
    on_left: Left = lambda _: None,
    stop: threading.Event | None = None,
    planner: Planner | None = None,
) -> Shadow:
    """Say what one more seat, session, share or year buys, by planning each change anew.

    Parameters
    ----------
    run
        A finished run, from ``plan`` or ``load_run``.
    of
        Ids of rules, sessions, programmes and hosts, ``RULE.field`` for another number of a rule, or ``quotas``, ``floors``,
        ``windows``, ``limits``, ``sessions``, ``hosts``. Empty: what is tight in the plan.
    steps
        How much more: ``"-10:50:10"``, or numbers; shares in percentage points, seats for each session. Absent: one more and
        one less, and of sessions, programmes and hosts also one session fewer.
    everything
        Ask about everything there is.
    row
        Ask the question of this number alone.
    prove
        Plan every scenario from nothing too where that is needed for bounds: slower by far for a large one.
    workers
        Processes; the answers do not depend on it. Absent: those of the scenario, where the machine has them.
    on_progress
        Gets a ``Progress`` after every answer.
    on_left
        Gets the seconds that the rest will take.
    stop
        Set it from another thread to keep the answers found so far.
    planner
        A planner that stands on the run (``Planner.of``), so that what earlier questions worked out is used again.

    Raises
    ------
    InputError
        If something named is not known, or cannot be one more.
    StepsError
        If the steps cannot be read, are none, too many, or not whole where they must be.
    TooManyError
        If there are too many questions.
    NoAnswerError
        If there is no question of the number ``row``.
    """
    run = run_of(run)
    names = (of,) if isinstance(of, str) else of
    asked = list(enumerate(asked_of(run, names, steps, everything=everything), start=1))
    if row is not None:
        if not 1 <= row <= len(asked):
            raise NoAnswerError(Message("shadow.no-row", number=row, count=len(asked)))
        asked = [asked[row - 1]]
    asker = _Asker(run, planner or Planner.of(run), stop or threading.Event(), prove=prove)
    limits = run.inputs.scenario.limits
    count = min(limits.workers if workers is None else workers, os.cpu_count() or 1)
    began = time.monotonic()

    def tell(done: int) -> None:
        on_progress(Progress("shadow", time.monotonic() - began, done=done / len(asked)))

    answers = sorted(_answered(asker, asked, count, tell, on_left), key=lambda one: one.number)
    is_curve = steps is not None and row is None and len({one.step for _, one in asked}) > 1
    return Shadow(run, tuple(answers), len(asked), is_curve)


def asked_of(
    run: Run, of: Iterable[str], steps: str | Iterable[int | Fraction] | None, *, everything: bool = False
) -> tuple[Question, ...]:
    """The questions that ``shadow`` asks, in order; nothing is planned."""
    named = subjects(run.inputs, of)
    taken = seats_taken(run)
    read = None if steps is None else read_steps(steps) if isinstance(steps, str) else checked_steps(steps, "")
    if named:
        amounts = read or (Fraction(1), Fraction(-1))
        found = [
            one for subject in named for one in questions(run.inputs, subject, amounts, taken, with_held=read is None)
        ]
    else:
        found = list(full_list(run, taken) if everything else short_list(run, taken))
        if read is not None:
            chosen = dict.fromkeys(_named(one) for one in found)
            again = subjects(run.inputs, chosen)
            found = [one for subject in again for one in questions(run.inputs, subject, read, taken, with_held=False)]
    if any(one.step.denominator > 1 for one in found if one.field not in POINTS):
        raise StepsError(Message("shadow.whole-steps", text=str(steps)))
    if len(found) > MOST_QUESTIONS and not everything:
        raise TooManyError(Message("shadow.too-many", count=len(found), most=MOST_QUESTIONS))
    return tuple(found)


def _named(question: Question) -> str:
    """How ``of`` names the subject of a question."""
    if question.is_of_rule:
        return f"rule:{question.of}.{question.field}"
    return f"{question.sort}:{question.of}"


class _Asker:
    """Answers questions about one run, each from the same base."""

    def __init__(self, run: Run, planner: Planner, stop: threading.Event, *, prove: bool) -> None:
        self.run, self.planner, self.stop, self.prove = run, planner, stop, prove
        self.taken = seats_taken(run)

    def __call__(self, number: int, question: Question) -> Answer:
        """The answer; a change that makes no valid scenario is refused with the reason."""
        since = time.monotonic()
        answer = self._answer(number, question)
        return replace(answer, seconds=time.monotonic() - since)

    def _answer(self, number: int, question: Question) -> Answer:
        try:
            inputs = changed(self.run.inputs, question.changes)
            other = self._planned(inputs)
        except InputError as error:
            reasons = tuple(Message("shadow.refused", reason=defect.message) for defect in error.defects[:3])
            return Answer(number, question, "refused", facts=reasons)
        except ModelError as error:
            return Answer(number, question, "refused", facts=(Message("shadow.refused", reason=error),))
        if other is None:
            return Answer(number, question, "unfinished")
        goals, notes = self._compared(other, inputs, is_stricter=is_stricter(self.run.inputs, question))
        said = (*facts(question, self.run, other, goals, self.taken), *notes)
        return Answer(number, question, verdict_of(goals), goals, said)

    def _planned(self, inputs: Inputs) -> Run | None:
        """The changed scenario planned; with proofs also from nothing where bounds are missing. ``None`` when stopped."""
        seconds = inputs.scenario.limits.seconds
        quick = self.planner.trial(inputs, Clock(seconds, self.stop))
        if quick.result.status is SolveStatus.INTERRUPTED:
            return None
        if not self.prove or all(one.bound is not None for one in quick.result.goals):
            return quick
        whole = Planner().plan(inputs, Clock(seconds, self.stop))
        if whole.result.status is SolveStatus.INTERRUPTED:
            return None
        better = _exchanged(whole.result.goals, quick.audit)
        return whole if better is None else replace(quick, result=replace(quick.result, goals=better))

    def _compared(
        self, other: Run, inputs: Inputs, *, is_stricter: bool
    ) -> tuple[tuple[Change, ...], tuple[Message, ...]]:
        """Goals before and after. Neither plan need be the best of its scenario, so each may stand in for the other."""
        before, after = self.run.result.goals, other.result.goals
        goals = changes_of(before, after, is_stricter=is_stricter)
        if verdict_of(goals) != "open":
            return goals, ()
        kept = _exchanged(after, audit(self.run.plan, inputs))
        if kept is not None:
            return changes_of(before, kept, is_stricter=is_stricter), (Message("shadow.plan-stays"),)
        anyway = _exchanged(before, audit(other.plan, self.run.inputs))
        if anyway is not None:
            return changes_of(anyway, after, is_stricter=is_stricter), (Message("shadow.found-anyway"),)
        return goals, ()


def _exchanged(own: Sequence[GoalResult], judged: AuditReport) -> tuple[GoalResult, ...] | None:
    """The goals of another plan judged in the same scenario, when it is better and breaks nothing strict; else ``None``.

    Bounds hold for plans as good in the goals before, so those behind the first difference are not known of it.
    """
    values = judged.goals
    order = [one.goal for one in own]
    strict = {check.id for check in BUILT_IN} | {rule.rule_id for rule in judged.verdicts if rule.kind in STRICT}
    if any(rule.is_breached for rule in judged.verdicts if rule.rule_id in strict):
        return None
    if not is_better(values, {one.goal: one.value or 0.0 for one in own}, order):
        return None
    found: list[GoalResult] = []
    differs = False
    for one in own:
        found.append(replace(one, value=float(values[one.goal]), bound=None if differs else one.bound))
        differs |= abs(float(values[one.goal]) - (one.value or 0.0)) > 1e-6
    return tuple(found)


def _answered(
    asker: _Asker, asked: Sequence[tuple[int, Question]], workers: int, tell: Callable[[int], None], on_left: Left
) -> Iterator[Answer]:
    """Answers as they come: the first here, the others in further processes when that pays."""
    tell(0)
    rest = list(asked)
    done = 0
    longest = 0.0
    while rest:
        number, question = rest.pop(0)
        answer = asker(number, question)
        if asker.stop.is_set():
            return
        # The second question tells how long one takes: the first may have had to prepare what all of them use.
        longest = answer.seconds if done < 2 else max(longest, answer.seconds)
        done += 1
        yield answer
        tell(done)
        pays = done >= 2 and workers > 1 and longest * len(rest) >= PAYS
        if rest and done >= 2:
            on_left(longest * len(rest) / (min(workers, len(rest)) if pays else 1))
        if pays and can_copy():
            for one in _in_processes(asker, rest, workers):
                done += 1
                yield one
                tell(done)
            return


def _in_processes(asker: _Asker, rest: Sequence[tuple[int, Question]], workers: int) -> Iterator[Answer]:
    """Answers of further processes; what a process that dies leaves is answered here."""
    lost: list[tuple[int, Question]] = []
    with copies(asker, min(workers, len(rest))) as hand:
        waiting = {hand(number, question): (number, question) for number, question in rest}
        while waiting and not asker.stop.is_set():
            for future in wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED).done:
                asked = waiting.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    lost.append(asked)
    for number, question in sorted(lost, key=lambda one: one[0]):
        answer = asker(number, question)
        if asker.stop.is_set():
            return
        yield answer
