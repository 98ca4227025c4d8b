"""The answers on one screen: a paragraph for each question, a table for each curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from allocator.answers.sensitivity.answer import Answer
from allocator.answers.sensitivity.phrases import Names, joined, signed_figure, value_of, verdict_lines
from allocator.answers.sensitivity.question import Question, gives_room
from allocator.answers.sensitivity.result import Shadow
from allocator.domain.result import GoalResult
from allocator.domain.rules import Goal
from allocator.engine.run import Run
from allocator.language.message import Message
from allocator.language.text_table import Table
from allocator.language.texts import Texts

ENOUGH = 1e-6


def lines(found: Shadow, texts: Texts) -> Iterator[str]:
    """The plan at hand, then every answer."""
    yield from head(found.run, texts)
    yield from body(found, texts)


def head(run: Run, texts: Texts) -> Iterator[str]:
    """Title, and the goals that are compared."""
    scenario, goals = run.inputs.scenario, run.result.goals
    yield "■ " + texts.said(Message("shadow.title", title=texts.title(scenario) or scenario.id))
    yield "  " + texts.said(Message("shadow.present", goals=joined((_goal(one, texts) for one in goals), texts)))
    if not all(one.is_proven for one in goals):
        yield "  " + texts.said(Message("shadow.gap-note"))


def _goal(one: GoalResult, texts: Texts) -> str:
    """A goal of the plan at hand, with its bound where that is not its value."""
    words = {
        "goal": texts.known("goal", one.goal),
        "value": texts.number(one.value),
        "unit": texts.unit(one.unit),
    }
    if one.is_proven:
        return texts.said(Message("shadow.goal-value", **words))
    return texts.said(Message("shadow.goal-open", bound=texts.number(one.bound), **words))


def body(found: Shadow, texts: Texts) -> Iterator[str]:
    """The answers, and how many there are of those asked when not all were finished."""
    names = Names(found.run, texts)
    if found.is_curve:
        for _, own in groupby(found.answers, key=lambda one: (one.question.sort, one.question.of, one.question.field)):
            yield ""
            yield from _curve(list(own), names, texts)
    else:
        for answer in found.answers:
            yield ""
            yield from _paragraph(answer, names, texts)
        moved = [goal for one in found.answers for goal in one.goals if abs(goal.difference) > ENOUGH]
        if note := texts.mark_note(kind for goal in moved for kind in (goal.before_is, goal.after_is)):
            yield ""
            yield note
    if len(found.answers) < found.asked:
        yield ""
        yield texts.said(Message("shadow.stopped", asked=found.asked, done=len(found.answers)))


def listing_of(asked: Sequence[Question], names: Names) -> str:
    """The questions alone, a line for each."""
    return "\n".join(f"{number}. {names.heading(question)}" for number, question in enumerate(asked, start=1))


def _paragraph(answer: Answer, names: Names, texts: Texts) -> Iterator[str]:
    yield f"{answer.number}. {names.heading(answer.question)}"
    for line in verdict_lines(answer, texts):
        yield "    " + line
    for fact in answer.facts:
        yield "    · " + texts.said(fact)


def _curve(answers: list[Answer], names: Names, texts: Texts) -> Iterator[str]:
    """One line for each step, the plan at hand among them, and the goals that change anywhere in the range."""
    first = answers[0].question
    yield names.curve(first)
    solved = [one for one in answers if one.goals]
    moving = [
        goal.goal
        for place, goal in enumerate(solved[0].goals if solved else ())
        if any(abs(one.goals[place].difference) > ENOUGH for one in solved)
    ]
    if not moving and solved:
        yield "    " + texts.said(Message("shadow.no-goal-moves"))
    before: dict[Goal, str] = {
        one.goal: texts.marked(one.before, one.before_is, one.sense) for one in (solved[0].goals if solved else ())
    }
    lines = [(0.0, _line(0, first.before, before, moving, texts, first, ""))]
    for one in answers:
        values = {goal.goal: texts.marked(goal.after, goal.after_is, goal.sense) for goal in one.goals}
        mark = "*" if one.verdict == "open" else ""
        question = one.question
        lines.append((float(question.step), _line(one.number, question.after, values, moving, texts, question, mark)))
    titles = ("", texts.said(Message("shadow.column-step")), texts.said(Message("shadow.column-after")),
              *(texts.known("goal", goal) for goal in moving))  # fmt: skip
    rows = [line for _, line in sorted(lines, key=lambda one: one[0])]
    yield Table(titles, rows, left=(), indent=4)
    shown = [goal for one in solved for goal in one.goals if goal.goal in moving]
    if note := texts.mark_note(kind for goal in shown for kind in (goal.before_is, goal.after_is)):
        yield "    " + note
    yield from _notes(answers, texts)


def _line(
    number: int,
    value: Fraction,
    values: Mapping[Goal, str],
    moving: Sequence[Goal],
    texts: Texts,
    question: Question,
    mark: str,
) -> tuple[str, ...]:
    shown = [values.get(goal, "—") for goal in moving]
    if mark and shown:
        shown[-1] += mark
    step = texts.said(Message("shadow.now")) if number == 0 else signed_figure(question.step, texts)
    return (
        str(number) if number else "",
        step,
        value_of(question.field, value, texts) + (mark if not shown else ""),
        *shown,
    )


def _notes(answers: Sequence[Answer], texts: Texts) -> Iterator[str]:
    """From where on more buys nothing, what is within the gap, and steps that make no valid scenario."""
    rising = [one for one in answers if one.question.step > 0 and one.goals]
    flat = _plateau(rising)
    if flat is not None:
        if any(abs(goal.difference) > ENOUGH for one in answers for goal in one.goals):
            after = value_of(flat.question.field, flat.question.after, texts)
            level = [one for one in rising if one.question.step >= flat.question.step]
            yield "    " + texts.said(_plateau_note(after, level))
        for fact in rising[-1].facts:
            if isinstance(fact, Message) and fact.code.startswith("shadow.why"):
                yield "    · " + texts.said(fact)
    if any(one.verdict == "open" for one in answers):
        yield "    " + texts.said(Message("shadow.open-mark"))
    refused = [one for one in answers if one.verdict == "refused"]
    if refused:
        reasons = tuple(dict.fromkeys(fact for one in refused for fact in one.facts[:1]))[:2]
        yield "    " + texts.said(Message("shadow.refused-mark", reasons=reasons))


def _plateau_note(after: str, level: Sequence[Answer]) -> Message:
    """That the steps of a plateau are alike: more room buys nothing there, and what is asked for costs no more; proven, or as found."""
    is_proven = all(one.after_is_proven for one in level)
    if gives_room(level[0].question):
        return Message("shadow.plateau", after=after) if is_proven else Message("shadow.plateau-found", after=after)
    if is_proven:
        return Message("shadow.plateau-cost", after=after)
    return Message("shadow.plateau-cost-found", after=after)


def _plateau(rising: Sequence[Answer]) -> Answer | None:
    """The first of at least two last steps upwards between which no goal changes."""
    last = None
    for one, after in zip(reversed(rising[:-1]), reversed(rising[1:]), strict=True):
        if [goal.after for goal in one.goals] != [goal.after for goal in after.goals]:
            break
        last = one
    return last
