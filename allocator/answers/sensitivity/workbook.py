"""The answers as a workbook or as CSV."""

from __future__ import annotations

from functools import partial

from allocator.answers.sensitivity.phrases import CERTAINTY, VERDICT, YEARS, Names, field_name, verdict_lines
from allocator.answers.sensitivity.question import POINTS
from allocator.answers.sensitivity.result import Shadow
from allocator.answers.sensitivity.text import head
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book, Sheet


def csv(found: Shadow) -> bytes:
    """The goals of every answer, with a byte-order mark so that Excel shows Chinese."""
    text = found.goals.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return str(text).encode("utf-8-sig")


def workbook(found: Shadow, texts: Texts) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    said = texts.said
    scenario = found.run.inputs.scenario
    title = said(Message("shadow.title", title=texts.title(scenario) or scenario.id))
    book = Book(title, texts("font"), texts("dispatch.footer"))
    for name, write in (
        (Message("shadow.sheet-answers"), partial(_answers, names=Names(found.run, texts))),
        (Message("shadow.sheet-goals"), _goals),
    ):
        sheet = book.sheet(said(name), title)
        sheet.line(title, "title")
        for line in list(head(found.run, texts))[1:]:
            sheet.line(line.strip())
        sheet.line(said(Message("shadow.note")))
        write(sheet, found, texts)
    return book.content()


def _answers(sheet: Sheet, found: Shadow, texts: Texts, names: Names) -> None:
    said = texts.said
    titles = [
        said(Message("shadow.column-number")), said(Message("shadow.column-of")), said(Message("shadow.column-subject")),
        said(Message("shadow.column-what")), said(Message("shadow.column-step")), said(Message("shadow.column-before")),
        said(Message("shadow.column-after")), said(Message("shadow.column-answer")),
    ]  # fmt: skip
    rows = []
    for one in found.answers:
        asked = one.question
        lines = [*verdict_lines(one, texts), *map(said, one.facts)]
        before, after = (_value(asked.field, float(value)) for value in (asked.before, asked.after))
        rows.append(
            (one.number, asked.of, names.subject(asked), said(field_name(asked.field)), float(asked.step), before, after,
             "。".join(lines) if texts.lang == "zh" else ". ".join(lines))
        )  # fmt: skip
    sheet.table(titles, rows, ("plain", "text", "text", "text", "number", "plain", "plain", "long"), freeze_columns=2)


def _value(field: str, value: float) -> float | str:
    if field in POINTS:
        return f"{value * 100:.4g} %"
    return int(value) if field in YEARS or value == int(value) else value


def _goals(sheet: Sheet, found: Shadow, texts: Texts) -> None:
    said = texts.said
    titles = [
        said(Message("shadow.column-number")), said(Message("shadow.column-of")), said(Message("shadow.column-what")),
        said(Message("shadow.column-step")), said(Message("shadow.column-goal")), said(Message("shadow.column-unit")),
        said(Message("shadow.column-value-before")), said(Message("shadow.column-value-after")),
        said(Message("shadow.column-difference")), said(Message("shadow.column-bound-before")),
        said(Message("shadow.column-bound-after")), said(Message("shadow.column-left-open")),
        said(Message("shadow.column-answer")), said(Message("shadow.column-before-is")), said(Message("shadow.column-after-is")),
    ]  # fmt: skip
    rows = [
        (one.number, one.question.of, said(field_name(one.question.field)), float(one.question.step),
         texts.known("goal", goal.goal), texts.unit(goal.unit), goal.before, goal.after, goal.difference,
         _known(goal.bound_before), _known(goal.bound_after), _known(goal.left_open), said(VERDICT[goal.verdict]),
         said(CERTAINTY[goal.before_is]), said(CERTAINTY[goal.after_is]))
        for one in found.answers for goal in one.goals
    ]  # fmt: skip
    numbers = ("number",) * 6
    sheet.table(
        titles,
        rows,
        ("plain", "text", "text", "number", "text", "text", *numbers, "text", "text", "text"),
        freeze_columns=2,
    )


def _known(value: float | None) -> float | str:
    return "—" if value is None else value
