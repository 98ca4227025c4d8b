"""The list of a session that goes to its host: who comes from where, and columns in which the host reports back."""

from __future__ import annotations

from collections.abc import Sequence

from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book
from allocator.outputs.units import Call

OWN = ("session_id", "cadre_id", "unit", "name", "post", "rank", "seats")
"""Columns that are filled in, as the catalogue of the outputs names them."""


def session_list(calls: Sequence[Call], title: str, lines: Sequence[str], texts: Texts) -> bytes:
    """The workbook, ready to be written.

    Parameters
    ----------
    calls
        What every unit is told of the session, in the order in which units are shown.
    title
        Programme and session.
    lines
        What stands on the second sheet: number, version and date of the paper, days and place.
    """
    book = Book(title, texts("font"), texts("dispatch.footer"))
    sheet = book.sheet(texts("sheet.names"), f"{title}　{lines[0]}")
    to_fill = (
        Message("papers.present"), Message("papers.leave-days"), Message("papers.hours"), Message("papers.completed"),
        Message("papers.remark"),
    )  # fmt: skip
    titles = [*(texts(f"column.{name}") for name in OWN), *(texts.said(one) for one in to_fill)]
    rows = [
        (call.session_id, one["cadre_id"], call.notice.fields["unit"], one["name"], one["post"], one["rank"], call.people[one["cadre_id"]],
         "", "", "", "", "")
        for call in calls for one in call.notice.people
    ]  # fmt: skip
    sheet.table(titles, rows, (*("text",) * 6, "count", *("text",) * 5), freeze_columns=4)
    notes = book.sheet(texts.said(Message("papers.sheet-notes")), title)
    notes.line(title, "title")
    for line in lines:
        notes.line(line, "wide")
    notes.settle()
    return book.content()
