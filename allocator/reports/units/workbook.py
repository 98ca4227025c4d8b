"""The workbook of one unit."""

from __future__ import annotations

from allocator.reports.sheets import Book
from allocator.reports.units.content import UnitContent


def workbook(unit: UnitContent, font: str, footer: str) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    book = Book(unit.title, font, footer)
    for content in unit.sheets:
        sheet = book.sheet(content.name, unit.title)
        for number, line in enumerate(content.lines):
            sheet.line(line, "title" if number == 0 and len(content.lines) > 1 else "note")
        sheet.table(content.columns, content.rows, content.styles, freeze_columns=content.freeze)
    return book.content()
