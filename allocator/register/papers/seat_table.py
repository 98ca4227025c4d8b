"""The seat table of a year: how many every unit sends to which session, and the sessions; it names nobody."""

from __future__ import annotations

from allocator.language.message import Message
from allocator.outputs.dispatch.seats import seats, unit_totals
from allocator.outputs.dispatch.sessions import sessions
from allocator.outputs.excel.workbook import Book
from allocator.outputs.output_data import Material


def seat_table(material: Material, year: int, mark: str) -> bytes:
    """The workbook, ready to be written; every sheet bears the mark of the paper."""
    texts = material.texts
    title = texts.said(Message("papers.table-title", year=str(year)))
    book = Book(title, texts("font"), texts("dispatch.footer"))
    for name, write in (("sheet.seats", seats), ("sheet.units", unit_totals), ("sheet.sessions", sessions)):
        sheet = book.sheet(texts(name), title)
        sheet.line(f"{title}　{mark}")
        write(sheet, material, year)
    return book.content()
