"""The list of a session that goes to its host: who comes from where, and columns in which the host reports back."""

from __future__ import annotations

from collections.abc import Sequence

from allocator.domain.tables import SHEETS
from allocator.inputs.tables.headings import TITLES
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book
from allocator.outputs.units import Call
from allocator.register.attendance.form import FILLED

OWN = ("session_id", "cadre_id", "unit", "name", "post", "rank", "seats")
"""Columns that are filled in; those of the sheet that comes back have its headings, so that ``record`` reads it."""


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
    sheet = book.sheet(TITLES["attendance"][0] if texts.lang == "zh" else "attendance", f"{title}　{lines[0]}")
    back = {column.name: column.name_zh if texts.lang == "zh" else column.name for column in SHEETS["attendance"]}
    titles = [back.get(name) or texts(f"column.{name}") for name in (*OWN, *FILLED)]
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
