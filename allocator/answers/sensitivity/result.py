"""All answers of one call, as tables and as a scenario for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from allocator.answers.answer import InFigure, InWorkbook
from allocator.answers.sensitivity.answer import Answer, Change
from allocator.answers.sensitivity.phrases import Names
from allocator.answers.sensitivity.question import Question
from allocator.domain.errors import AllocatorError
from allocator.domain.tables import Inputs
from allocator.engine.run import Run
from allocator.inputs import write_variant
from allocator.language.message import Message
from allocator.language.texts import Texts

ROW_COLUMNS = {
    "number": "int64", "of": "str", "sort": "str", "field": "str", "step": "float64", "before": "float64",
    "after": "float64", "verdict": "str", "goal": "str", "difference": "float64", "unit": "str", "facts": "str",
    "facts_zh": "str", "seconds": "float64", "certainty": "str",
}  # fmt: skip
"""Columns of ``Shadow.rows`` and their types."""

GOAL_COLUMNS = {
    "number": "int64", "of": "str", "field": "str", "step": "float64", "goal": "str", "sense": "str", "unit": "str",
    "before": "float64", "after": "float64", "difference": "float64", "bound_before": "float64", "bound_after": "float64",
    "left_open": "float64", "verdict": "str", "before_is": "str", "after_is": "str",
}  # fmt: skip
"""Columns of ``Shadow.goals`` and their types."""


class NoAnswerError(AllocatorError):
    """A number that no answer has."""


@dataclass(frozen=True, repr=False)
class Shadow(InWorkbook, InFigure):
    """What one more buys.

    Parameters
    ----------
    run
        The run that was asked.
    answers
        One for each question, in order; fewer than asked when it was stopped.
    asked
        How many questions there were.
    is_curve
        Whether several steps were given, so that the answers of one subject belong into one table.
    """

    views = "allocator.answers.sensitivity"

    run: Run
    answers: tuple[Answer, ...]
    asked: int
    is_curve: bool

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row for each question; ``difference`` is that of ``goal``, the most important one that is not the same.

        ``certainty`` is that of its value after the change (``proven``, ``limit``: the best plan's is no worse, ``tried``: nothing is known), where
        no goal is told that of the least certain one; empty where there is no plan.

        ``step`` is in people, seats, sessions, years, days, hours, classes or percentage points; shares are parts of 1.
        """
        rows = []
        for one in self.answers:
            asked, first = one.question, one.first
            told = (first.goal, first.difference, first.unit) if first is not None else ("", 0.0, "")
            facts = tuple("\n".join(fact.said(lang) for fact in one.facts) for lang in ("en", "zh"))
            figures = (float(asked.step), float(asked.before), float(asked.after))
            rows.append(
                (
                    one.number,
                    asked.of,
                    asked.sort,
                    asked.field,
                    *figures,
                    one.verdict,
                    *told,
                    *facts,
                    round(one.seconds, 3),
                    _least_sure(one),
                )
            )
        return pd.DataFrame(rows, columns=list(ROW_COLUMNS)).astype(ROW_COLUMNS)

    @cached_property
    def goals(self) -> pd.DataFrame:
        """One row for each question and goal, in the order of the goals; columns as ``GOAL_COLUMNS``.

        ``before_is`` and ``after_is`` say how certain each value is: ``proven``, ``limit`` (the best plan's value is no worse) or ``tried``
        (a goal before is not proven, so nothing is known).
        """
        rows = [_goal_row(one, change) for one in self.answers for change in one.goals]
        return pd.DataFrame(rows, columns=list(GOAL_COLUMNS)).astype(GOAL_COLUMNS)

    def write_scenario(self, number: int, file: Path | str, *, force: bool = False) -> Inputs:
        """Write the scenario of one answer, so that anybody can plan it: ``allocator plan FILE``.

        Raises
        ------
        NoAnswerError
            If there is no answer of that number.
        OutputError
            If the file cannot be written, or is there and ``force`` is not set.
        """
        found = next((one for one in self.answers if one.number == number), None)
        if found is None:
            raise NoAnswerError(Message("shadow.no-row", number=number, count=len(self.answers)))
        return write_question(self.run, found.question, file, force=force)


def write_question(run: Run, question: Question, file: Path | str, *, force: bool = False) -> Inputs:
    """Write the scenario of a question, called after it in both languages."""
    scenario = run.inputs.scenario
    english, chinese = (
        f"{texts.title(scenario) or scenario.id}: {Names(run, texts).heading(question)}"
        for texts in (Texts("en"), Texts("zh"))
    )
    name = f"{scenario.id}-{question.of}-{question.field}"
    return write_variant(run.inputs, question.changes, file, id=name, title=english, title_zh=chinese, force=force)


def _least_sure(one: Answer) -> str:
    """How certain the value of the goal that decides is; that of all goals together where none does."""
    if one.first is not None:
        return one.first.after_is
    kinds = {goal.after_is for goal in one.goals}
    return next((kind for kind in ("tried", "limit", "proven") if kind in kinds), "")


def _goal_row(one: Answer, change: Change) -> tuple[object, ...]:
    asked = one.question
    return (
        one.number, asked.of, asked.field, float(asked.step), change.goal, change.sense, change.unit, change.before,
        change.after, change.difference, change.bound_before, change.bound_after, change.left_open, change.verdict, change.before_is, change.after_is,
    )  # fmt: skip
