"""One style for all workbooks: text stays text, Chinese fits its column, every sheet prints on A4 landscape."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import xlsxwriter
from rich.cells import cell_len

NARROWEST, WIDEST, LONGEST = 6, 28, 44  # column widths in characters of the default font; the last for style "long"
LINE = 13  # points that a line of text is high
_FILLS = {"kept": "#D9EAD3", "breached": "#F4C7C3", "reported": "#E8EAED"}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {"valign": "top", "text_wrap": True, "border": 1, "border_color": "#BFBFBF", "num_format": "@"},
    "clip": {"valign": "top", "shrink": True, "border": 1, "border_color": "#BFBFBF", "num_format": "@"},
    "number": {"valign": "top", "align": "center", "border": 1, "border_color": "#BFBFBF", "num_format": "#,##0.0#"},
    "plain": {"valign": "top", "align": "center", "border": 1, "border_color": "#BFBFBF", "num_format": "0"},
    "count": {"valign": "top", "align": "center", "border": 1, "border_color": "#BFBFBF", "num_format": "#,##0"},
    "share": {"valign": "top", "align": "center", "border": 1, "border_color": "#BFBFBF", "num_format": "0.0%"},
    "head": {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#1F3864", "font_color": "white"},
    "title": {"bold": True, "font_size": 14},
    "note": {"font_color": "#595959"},
    "block": {"bold": True, "bg_color": "#DDE6F3", "top": 1, "bottom": 1, "num_format": "@"},
    "busy": {"bg_color": "#9DC3E6", "font_size": 8, "align": "center", "border": 1, "border_color": "#D9D9D9", "num_format": "#,##0"},
    "free": {"border": 1, "border_color": "#E7E6E6"},
    "small": {"font_size": 8, "align": "center", "bold": True, "border": 1, "bg_color": "#DDE6F3", "num_format": "@"},
    **{
        status: {"valign": "top", "border": 1, "border_color": "#BFBFBF", "bg_color": fill, "num_format": "@"}
        for status, fill in _FILLS.items()
    },
}  # fmt: skip


class Book:
    """A workbook in memory; equal content gives equal bytes."""

    def __init__(self, title: str, font: str = "宋体") -> None:
        self._bytes = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": font, "font_size": 10},
        }
        self._book = xlsxwriter.Workbook(self._bytes, options)
        # A fixed date: two runs with the same plan write the same workbook.
        self._book.set_properties({"title": title, "created": datetime(2000, 1, 1)})
        self._formats: dict[str, Any] = {}
        self._font = font

    def style(self, name: str) -> Any:
        """The cell format of that name."""
        if name not in self._formats:
            self._formats[name] = self._book.add_format({"font_name": self._font, "font_size": 10, **_FORMATS[name]})
        return self._formats[name]

    def sheet(self, name: str, header: str) -> Sheet:
        """A new sheet that prints on A4 landscape, one page wide, with ``header`` and page numbers."""
        raw = self._book.add_worksheet(name)
        raw.set_landscape()
        raw.set_paper(9)
        raw.fit_to_pages(1, 0)
        raw.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        raw.set_header("&C" + header.replace("&", "&&")[:200])
        raw.set_footer("&L&A&R&P / &N")
        return Sheet(self, raw)

    def content(self) -> bytes:
        """The finished workbook."""
        self._book.close()
        return self._bytes.getvalue()


@dataclass
class Sheet:
    """One sheet, filled from the top; strings are only ever written as strings."""

    book: Book
    raw: Any
    row: int = 0
    _widths: dict[int, int] = field(default_factory=dict)

    def line(self, text: str, style: str = "note") -> None:
        """A line of free text across the sheet."""
        self.raw.write_string(self.row, 0, text, self.book.style(style))
        self.row += 1

    def cell(self, column: int, value: Any, style: str) -> None:
        """One cell of the current row; nothing stays empty, a number is a number, all else is text."""
        if style == "number" and isinstance(value, int | float) and value == value and value == int(value):
            style = "count"  # Excel would show a whole number with a bare decimal point.
        cell_format = self.book.style(style)
        if value is None or value == "" or value != value:
            self.raw.write_blank(self.row, column, None, cell_format)
        elif isinstance(value, str):
            # Excel refuses longer cells; nothing planned comes near, but a name from data may.
            self.raw.write_string(self.row, column, value[:32_000], cell_format)
        else:
            self.raw.write_number(self.row, column, value, cell_format)

    def widen(self, column: int, width: int, most: int = WIDEST) -> None:
        """Make the column at least so wide, within the limits of all columns."""
        known = self._widths.get(column, NARROWEST)
        self._widths[column] = max(known, min(width, most))

    def head(self, titles: Sequence[str]) -> None:
        """The header of a table."""
        for column, title in enumerate(titles):
            self.cell(column, title, "head")
            self.widen(column, cell_len(title) + 4)  # room for the filter's arrow
        self.row += 1

    def table(
        self, titles: Sequence[str], rows: Iterable[Sequence[Any]], styles: Sequence[str], freeze_columns: int = 0
    ) -> None:
        """A table with frozen header, filter and print title.

        A style ``status`` takes ``(text, status)`` cells, ``clip`` shrinks text instead of wrapping it, and ``long``
        gives text more room.
        """
        top = self.row
        self.head(titles)
        body = [list(values) for values in rows]
        for column, style in enumerate(styles):
            for values in body:
                value = values[column][0] if style == "status" else values[column]
                width = cell_len(value) + 1 if isinstance(value, str) else 8
                self.widen(column, width, LONGEST if style == "long" else WIDEST)
        for values in body:
            lines = 1
            for column, (value, style) in enumerate(zip(values, styles, strict=True)):
                if style == "status":
                    value, style = value
                elif isinstance(value, str) and style != "clip":
                    style = "text"
                    lines = max(lines, -(-cell_len(value) // self._widths[column]))
                self.cell(column, value, style)
            self.height(lines)
            self.row += 1
        self.raw.freeze_panes(top + 1, freeze_columns)
        self.raw.repeat_rows(top)
        if self.row > top + 1:
            self.raw.autofilter(top, 0, self.row - 1, len(titles) - 1)
        self.settle()

    def height(self, lines: int) -> None:
        """Make the current row so many lines high; not every program does so by itself for wrapped text."""
        if lines > 1:
            self.raw.set_row(self.row, min(LINE * lines + 3, 400))

    def settle(self) -> None:
        """Apply the widths gathered so far."""
        for column, width in self._widths.items():
            self.raw.set_column(column, column, width)
