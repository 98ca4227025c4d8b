"""The workbook of one year, sheet by sheet."""

from __future__ import annotations

from collections.abc import Callable

from allocator.outputs.dispatch.clauses import clause_rows, clauses
from allocator.outputs.dispatch.cover import cover, title_of
from allocator.outputs.dispatch.lists import overdue, owed
from allocator.outputs.dispatch.names import NameLists, names, reserve_list
from allocator.outputs.dispatch.seats import seats, unit_totals
from allocator.outputs.dispatch.sessions import programmes, sessions
from allocator.outputs.dispatch.weeks import session_weeks, week_table
from allocator.outputs.excel.workbook import Book, Sheet
from allocator.outputs.output_data import Material


def dispatch(material: Material, year: int) -> bytes:
    """The workbook of one year, ready to be written to a file; equal content gives equal bytes."""
    texts = material.texts
    title = title_of(material, year)
    rows = clause_rows(material, year)
    book = Book(title, texts("font"), texts("dispatch.footer"))
    lists = NameLists(material, year)
    sheets: tuple[tuple[str, str, Callable[[Sheet], None]], ...] = (
        ("sheet.clauses", "contents.clauses", lambda sheet: clauses(sheet, material, rows)),
        ("sheet.programmes", "contents.programmes", lambda sheet: programmes(sheet, material, year)),
        ("sheet.sessions", "contents.sessions", lambda sheet: sessions(sheet, material, year)),
        ("sheet.seats", "contents.seats", lambda sheet: seats(sheet, material, year)),
        ("sheet.units", "contents.units", lambda sheet: unit_totals(sheet, material, year)),
        ("sheet.names", "contents.names", lambda sheet: names(sheet, lists)),
        ("sheet.reserves", "contents.reserves", lambda sheet: reserve_list(sheet, lists)),
        ("sheet.by-week", "contents.by-week", lambda sheet: week_table(sheet, material, year)),
        ("sheet.calendar", "contents.calendar", lambda sheet: session_weeks(sheet, material, year)),
        ("sheet.overdue", "contents.overdue", lambda sheet: overdue(sheet, material, year)),
        ("sheet.owed", "contents.owed", lambda sheet: owed(sheet, material, year)),
    )
    contents = [(texts(name), texts(use)) for name, use, _ in sheets]
    cover(book.sheet(texts("sheet.cover"), title), material, year, rows, contents)
    for name, _, write in sheets:
        write(book.sheet(texts(name), title))
    return book.content()
