"""The workbook of one unit."""

from __future__ import annotations

from allocator.outputs.excel.workbook import Book
from allocator.outputs.units.unit_record import TableSheet, UnitContent
from allocator.outputs.units.workbook_skeleton import Draft, Shape, SheetShape, fits, frame


def workbook(unit: UnitContent, font: str, footer: str) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    if not fits(unit.title):
        return in_full(unit, font, footer)
    draft = Draft()
    _write(unit, draft)
    sheets = (
        SheetShape(one.name, _line_styles(one), len(one.columns), one.freeze, bool(one.rows)) for one in unit.sheets
    )
    return frame(Shape(font, footer, tuple(draft.styles), tuple(sheets))).filled(draft, unit.title)


def in_full(unit: UnitContent, font: str, footer: str) -> bytes:
    """The workbook with every part made by xlsxwriter: the same parts, in several times the time."""
    book = Book(unit.title, font, footer)
    _write(unit, book)
    return book.content()


def _write(unit: UnitContent, book: Book | Draft) -> None:
    for content in unit.sheets:
        sheet = book.sheet(content.name, unit.title)
        for line, style in zip(content.lines, _line_styles(content), strict=True):
            sheet.line(line, style)
        sheet.table(content.columns, content.rows, content.styles, freeze_columns=content.freeze)


def _line_styles(sheet: TableSheet) -> tuple[str, ...]:
    """The styles of the lines above a table: the first of several is a title."""
    count = len(sheet.lines)
    return ("title", *["note"] * (count - 1)) if count > 1 else ("note",) * count
