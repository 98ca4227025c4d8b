"""Ask the questions: each scenario is planned from the plan of the run, in several processes where that takes long."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path

from allocator.answers.runs import run_of
from allocator.answers.sensitivity.answer import Answer, changes_of, verdict_of
from allocator.answers.sensitivity.envelope import Point, better_of, compared, envelope
from allocator.answers.sensitivity.question import POINTS, Question, is_stricter, questions, stricter_step
from allocator.answers.sensitivity.reasons import facts
from allocator.answers.sensitivity.result import NoAnswerError, Shadow
from allocator.answers.sensitivity.step_range import StepsError, checked_steps, read_steps
from allocator.answers.sensitivity.subjects import subjects
from allocator.answers.sensitivity.tightest import full_list, seats_taken, short_list
from allocator.domain.errors import InputError, ModelError, UsageError
from allocator.domain.result import OnProgress, Progress, SolveResult, SolveStatus, silent
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import changed
from allocator.language.message import Message
from allocator.system.fork_pool import can_copy, copies

PAYS = 6.0
"""Seconds of work left from which further processes are worth their start."""

MOST_QUESTIONS = 2_000
"""Questions of one call at most, unless everything is asked."""

Left = Callable[[float], None]
"""Gets the seconds that the rest will take, once they are known."""


class TooManyError(UsageError):
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
    ranges = Counter(subject_of(one) for _, one in asked)
    asker = _Asker(run, planner or Planner.of(run), stop or threading.Event(), ranges, prove=prove)
    limits = run.inputs.scenario.limits
    count = min(limits.workers if workers is None else workers, os.cpu_count() or 1)
    began = time.monotonic()

    def tell(done: int) -> None:
        on_progress(Progress("shadow", time.monotonic() - began, done=done / len(asked)))

    answers = sorted(_answered(asker, asked, count, tell, on_left), key=lambda one: one.number)
    if not asker.stop.is_set():
        answers = [
            better
            for _, own in groupby(answers, lambda one: subject_of(one.question))
            for better in asker.beside(list(own))
        ]
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


Subject = tuple[str, str, str]


def subject_of(question: Question) -> Subject:
    """What makes several questions one range: sort, id and field."""
    return question.sort, question.of, question.field


def _named(question: Question) -> str:
    """How ``of`` names the subject of a question."""
    if question.is_of_rule:
        return f"rule:{question.of}.{question.field}"
    return f"{question.sort}:{question.of}"


class _Asker:
    """Answers questions about one run, each from the same base."""

    def __init__(
        self, run: Run, planner: Planner, stop: threading.Event, ranges: Mapping[Subject, int], *, prove: bool
    ) -> None:
        self.run, self.planner, self.stop, self.prove, self.ranges = run, planner, stop, prove, ranges
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
        goals, notes = compared(self.run, other, is_stricter=is_stricter(self.run.inputs, question))
        said = (*facts(question, self.run, other, goals, self.taken), *notes)
        plan = other.plan if self.ranges[subject_of(question)] > 1 else None  # Of use to other steps only.
        return Answer(number, question, verdict_of(goals), goals, said, found=other.result.goals, plan=plan)

    def beside(self, answers: list[Answer]) -> list[Answer]:
        """Answers to one range of questions, each with the best of the plans found for any of them."""
        solved = {one.question.step: one for one in answers if one.plan is not None}
        if len(solved) < 2 or all(one.after_is_proven for one in solved.values()):
            return answers
        base = Point(Fraction(0), self.run.inputs, self.run.plan, self.run.result.goals)
        points = [base] + [
            Point(step, changed(self.run.inputs, one.question.changes), one.plan, one.found)
            for step, one in solved.items() if one.plan is not None
        ]  # fmt: skip
        question = answers[0].question
        found = envelope(
            sorted(points, key=lambda one: one.step),
            lambda one, other: stricter_step(self.run.inputs, question, other - one),
        )
        known = {one.step: one for one in found}
        return [
            self._again(one, known[one.question.step], known[Fraction(0)]) if one.question.step in solved else one
            for one in answers
        ]

    def _again(self, answer: Answer, own: Point, base: Point) -> Answer:
        """An answer with the plan that stands for it and the one that stands for the present."""
        question, facts_told = answer.question, answer.facts
        goals = changes_of(base.goals, own.goals, is_stricter=is_stricter(self.run.inputs, question))
        if own.report is not None and own.source is not None:
            result = SolveResult(SolveStatus.LIMIT, own.goals)
            other = Run(own.inputs, own.plan, own.report, result, {}, 0)
            note = Message("shadow.plan-stays") if not own.source else Message("shadow.other-step")
            facts_told = (*facts(question, self.run, other, goals, self.taken), note)
        if base.source == question.step:
            facts_told = (*facts_told, Message("shadow.found-anyway"))
        return replace(answer, goals=goals, verdict=verdict_of(goals), facts=tuple(dict.fromkeys(facts_told)))

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
        return better_of(whole, quick)


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
