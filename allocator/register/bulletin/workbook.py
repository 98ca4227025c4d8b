"""The bulletin as a workbook: summary, units, quotas, people called more than once or too long untrained, evaluation."""

from __future__ import annotations

from allocator.language.message import Message
from allocator.outputs.excel.workbook import Book
from allocator.register.bulletin.view import View


def workbook(view: View) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    texts = view.texts
    book = Book(view.title, texts("font"), texts("dispatch.footer"))
    cover = book.sheet(view.say(Message("bulletin.sheet-summary")), view.title)
    cover.line(view.title, "title")
    cover.line(view.subject)
    for sentence in view.sentences:
        cover.line(sentence, "wide")
    cover.line(view.say(Message("bulletin.words")))
    cover.settle(10)
    units = book.sheet(view.say(Message("bulletin.sheet-units")), view.title)
    units.line(view.say(Message("bulletin.units-note")))
    units.table(view.unit_titles, [view.total_row, *view.unit_rows], view.UNIT_STYLES, freeze_columns=3)
    quotas = book.sheet(view.say(Message("bulletin.sheet-quotas")), view.title)
    quotas.line(view.say(Message("bulletin.quotas-note", year=str(view.basis.period.year))))
    quotas.table(
        view.indicator_titles, [view.indicator_row(one) for one in view.quotas], view.INDICATOR_STYLES, freeze_columns=2
    )
    several = book.sheet(view.say(Message("bulletin.sheet-several")), view.title)
    several.line(view.say(Message("bulletin.several-note", count=len(view.several_rows))))
    several.table(view.several_titles, view.several_rows, ("text", "text", "text", "count", "long"), freeze_columns=2)
    overdue = book.sheet(view.say(Message("bulletin.sheet-overdue")), view.title)
    overdue.line(
        view.say(Message("bulletin.overdue-note", count=len(view.overdue_rows), year=str(view.basis.period.year)))
    )
    overdue.table(
        view.overdue_titles, view.overdue_rows, ("text", "text", "text", "long", "text", "text"), freeze_columns=2
    )
    evaluation = book.sheet(view.say(Message("bulletin.sheet-evaluation")), view.title)
    evaluation.line(view.evaluation_title, "title")
    evaluation.line(view.say(Message("bulletin.evaluation-note")))
    evaluation.table(
        view.indicator_titles,
        [view.indicator_row(one) for one in view.indicators],
        view.INDICATOR_STYLES,
        freeze_columns=2,
    )
    return book.content()
