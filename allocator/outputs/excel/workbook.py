"""One style for all workbooks: text stays text, Chinese fits its column, every sheet prints on A4 landscape."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple, Protocol

import xlsxwriter
from rich.cells import cell_len

from allocator.outputs.excel.fast_rows import RenderedSheet, Texts, column_names

NARROWEST, WIDEST = 6, 40  # column widths in characters of the default font
_OWN_WIDEST = {
    "long": 60,
    "brief": 28,
}  # the widest of these styles, for what says much and for what is said again in every row
LINE = 14.5  # points that a line of text is high in the taller Chinese fonts
_USUAL = 0.95  # share of its cells for which a column is made wide enough; the few longer ones are wrapped
_WRAPPED = 3  # lines at most for the longer ones, as far as the widest column allows
_NOTE = 60  # characters at least in a line of a note, however narrow the table
_TALLEST = 400  # points; Excel shows no row higher than 409
_FILLS = {"kept": "#D9EAD3", "breached": "#F4C7C3", "reported": "#E8EAED"}
_BORDER = {"valign": "top", "border": 1, "border_color": "#BFBFBF"}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {**_BORDER, "text_wrap": True, "num_format": "@"},
    "clip": {**_BORDER, "shrink": True, "num_format": "@"},
    "number": {**_BORDER, "align": "center", "num_format": "#,##0.0#"},
    "plain": {**_BORDER, "align": "center", "num_format": "0"},
    "count": {**_BORDER, "align": "center", "num_format": "#,##0"},
    "share": {**_BORDER, "align": "center", "num_format": "0.0%"},
    "middle": {**_BORDER, "align": "center", "num_format": "@"},
    "wide": {"valign": "top", "num_format": "@"},
    "head": {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#1F3864", "font_color": "white"},
    "title": {"bold": True, "font_size": 14},
    "section": {"bold": True, "font_size": 12, "font_color": "#1F3864"},
    "note": {"font_color": "#595959"},
    "wrapped": {"font_color": "#595959", "text_wrap": True, "valign": "top"},
    "block": {"bold": True, "bg_color": "#DDE6F3", "top": 1, "bottom": 1, "valign": "top", "num_format": "@"},
    "block-wrapped": {"bold": True, "bg_color": "#DDE6F3", "top": 1, "bottom": 1, "valign": "top", "text_wrap": True, "num_format": "@"},
    "block-count": {"bold": True, "bg_color": "#DDE6F3", "top": 1, "bottom": 1, "valign": "top", "align": "center", "num_format": "#,##0"},
    "busy": {"bg_color": "#9DC3E6", "font_size": 8, "shrink": True, "align": "center", "valign": "top", "border": 1, "border_color": "#D9D9D9", "num_format": "#,##0"},
    "free": {"border": 1, "border_color": "#E7E6E6"},
    "small": {"font_size": 8, "align": "center", "bold": True, "border": 1, "bg_color": "#DDE6F3", "num_format": "@"},
    **{status: {**_BORDER, "bg_color": fill, "num_format": "@"} for status, fill in _FILLS.items()},
}  # fmt: skip


class Book:
    """A workbook in memory; equal content gives equal bytes."""

    def __init__(self, title: str, font: str = "宋体", footer: str = "&P / &N") -> None:
        self._bytes = io.BytesIO()
        options = {"in_memory": True, "default_format_properties": {"font_name": font, "font_size": 10}}
        self._book = xlsxwriter.Workbook(self._bytes, options)
        # A fixed date: two runs with the same plan write the same workbook.
        self._book.set_properties({"title": title, "created": datetime(2000, 1, 1)})
        self._formats: dict[str, int] = {}
        self._font = font
        self._footer = footer
        self.texts = Texts(self._book.str_table)

    def style(self, name: str) -> int:
        """The number of the cell format of that name."""
        number = self._formats.get(name)
        if number is None:
            made = self._book.add_format({"font_name": self._font, "font_size": 10, **_FORMATS[name]})
            number = self._formats[name] = int(made._get_xf_index())
        return number

    def sheet(self, name: str, header: str) -> Sheet:
        """A new sheet that prints on A4 landscape, one page wide, with ``header`` and page numbers."""
        raw = self._book.add_worksheet(name, RenderedSheet)
        raw.set_landscape()
        raw.set_paper(9)
        raw.fit_to_pages(1, 0)
        raw.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        raw.set_header(header_of(header))
        raw.set_footer("&L&A&R" + self._footer)
        return Sheet(self, raw)

    def content(self) -> bytes:
        """The finished workbook."""
        self._book.close()
        return self._bytes.getvalue()


def header_of(text: str) -> str:
    """The text in the middle above every page, as Excel wants it."""
    return "&C" + text.replace("&", "&&")[:200]


class Binding(Protocol):
    """What a sheet asks of its workbook."""

    texts: Texts

    def style(self, name: str) -> int:
        """The number of the cell format of that name."""


@dataclass(frozen=True)
class Heading:
    """A row among those of a table that is made of (value, style) cells of its own, such as a unit above its rows."""

    cells: Sequence[tuple[Any, str]]


class _Column(NamedTuple):
    """One column of a table: every cell as XML, and how wide it is."""

    cells: list[str]
    widths: list[int]


@dataclass
class Sheet:
    """One sheet, filled from the top."""

    book: Binding
    raw: Any
    row: int = 0
    _widths: dict[int, int] = field(default_factory=dict)
    _lines: list[tuple[int, str, str]] = field(default_factory=list)

    def lines_of(self, *texts: str) -> int:
        """How many lines a row is high whose first cells hold these texts, wrapped at the widths given so far."""
        widths = [self._widths.get(column, NARROWEST) for column in range(len(texts))]
        return max(_lines(cell_len(text), width) for text, width in zip(texts, widths, strict=True))

    def line(self, text: str, style: str = "note") -> None:
        """A line of free text above a table; a note is wrapped to the width of the table, when there is one."""
        self._lines.append((self.row, text, style))
        self.row += 1

    def cells(self, cells: Sequence[tuple[Any, str]], lines: int = 1, gap: float = 0) -> None:
        """The next row, as (value, style) pairs; a style of "" leaves the cell out.

        ``lines`` is how many lines of text it is high, ``gap`` the points left free below them.
        """
        parts = [
            self._xml(name, self.book.style(style), self.book.texts.cell(value)[0])
            for name, (value, style) in zip(column_names(len(cells)), cells, strict=True)
            if style
        ]
        self._add("".join(parts), len(cells), lines, gap=gap)

    def widen(self, column: int, width: int, most: int = WIDEST) -> None:
        """Make the column at least so wide, within the limits of all columns."""
        known = self._widths.get(column, NARROWEST)
        self._widths[column] = max(known, min(width, most))

    def head(self, titles: Sequence[str]) -> None:
        """The header of a table."""
        for column, title in enumerate(titles):
            self.widen(column, cell_len(title) + 4)  # room for the filter's arrow
        self.cells([(title, "head") for title in titles], lines=self.lines_of(*titles))

    def table(
        self,
        titles: Sequence[str],
        rows: Iterable[Sequence[Any] | Heading],
        styles: Sequence[str],
        freeze_columns: int = 0,
    ) -> None:
        """A table with frozen header, filter and print title.

        A style ``status`` takes ``(text, status)`` cells, and a column of figures ``(value, style)`` ones among others; ``clip``
        shrinks text instead of wrapping it, ``long`` gives text more room and ``brief`` less. Rows below a ``Heading`` can be
        folded away.
        """
        top = self.row
        self.head(titles)
        body = list(rows)
        places = [place for place, row in enumerate(body, start=self.row) if not isinstance(row, Heading)]
        plain = [row for row in body if not isinstance(row, Heading)]
        values = list(zip(*plain, strict=True)) if plain else [()] * len(styles)
        names = column_names(len(titles))
        columns = [self._column(values[n], n, style, names[n], places) for n, style in enumerate(styles)]
        wrapped = [n for n, style in enumerate(styles) if style != "clip" and self._overflows(columns[n].widths, n)]
        heights = [[_lines(width, self._widths[n]) for width in columns[n].widths] for n in wrapped]
        level = int(len(plain) < len(body))
        done = zip(
            map("".join, zip(*(column.cells for column in columns), strict=True)),
            map(max, zip(*heights, strict=True)) if heights else [1] * len(plain),
            strict=True,
        )
        for row in body:
            if isinstance(row, Heading):
                self.cells(
                    row.cells, lines=self.lines_of(str(row.cells[0][0]))
                )  # What follows may run on to the right.
            else:
                xml, lines = next(done)
                self._add(xml, len(names), lines, level=level)
        if level:
            self.raw.set_row(top, None, None, {"level": 0})
            self.raw.outline_settings(True, False, True, False)
            self.raw.outline_row_level = 1
        self.close(top, len(titles), freeze_columns)

    def close(self, top: int, columns: int, freeze_columns: int = 0) -> None:
        """Freeze, repeat in print and filter a table whose header is the row ``top``; apply the widths."""
        self.raw.freeze_panes(top + 1, freeze_columns)
        self.raw.repeat_rows(top)
        if self.row > top + 1:
            self.raw.autofilter(top, 0, self.row - 1, columns - 1)
        self.settle(columns)

    def settle(self, columns: int = 0) -> None:
        """Apply the widths gathered so far, and set the lines above the table, notes as wide as so many columns."""
        for column, width in self._widths.items():
            self.raw.set_column(column, column, width)
        room = max(_NOTE, sum(self._widths.get(column, NARROWEST) for column in range(columns)) - 2)
        below, last = self.row, max(columns - 1, 0)
        for row, text, style in self._lines:
            self.row = row
            if style == "note" and last > 0:
                self.raw.merge.append([row, 0, row, last])
                self.cells([(text, "wrapped")], lines=-(-cell_len(text) // room), gap=4)
            else:
                self.cells([(text, style)])
        self.row = below
        self._lines.clear()

    def _column(self, values: Sequence[Any], column: int, style: str, name: str, rows: Sequence[int]) -> _Column:
        """The cells of one column in these rows; the column is made wide enough."""
        numbers: Iterable[int]
        if style == "status":
            numbers = [self.book.style(status) for _, status in values]
            made = self.book.texts.cells([text for text, _ in values])
        elif style in ("text", "clip", *_OWN_WIDEST):
            numbers = repeat(self.book.style("clip" if style == "clip" else "text"))
            made = self.book.texts.cells(values)
        else:
            numbers = self._numbers(values, style)
            made = self.book.texts.cells([value[0] if isinstance(value, tuple) else value for value in values])
        widths = [width for _, width in made]
        # A text can be wrapped or shrunk, a number that does not fit is not shown at all.
        is_text = style in ("text", "status", "clip", *_OWN_WIDEST)
        self.widen(
            column, (_fitting(widths) if is_text else max(widths, default=0)) + 1, _OWN_WIDEST.get(style, WIDEST)
        )
        placed = zip(rows, numbers, made, strict=False)  # One number may be repeated for ever.
        return _Column([f'<c r="{name}{row + 1}" s="{own}"{tail}' for row, own, (tail, _) in placed], widths)

    def _numbers(self, values: Sequence[Any], style: str) -> list[int]:
        """The formats of a column of figures, among which texts and figures of another style may stand."""
        number = self.book.style
        own, text = number(style), number("text")
        # Excel would show a whole number with a bare decimal point.
        whole = number("count") if style == "number" else own
        return [
            number(value[1]) if isinstance(value, tuple)
            else text if isinstance(value, str) else whole if is_whole(value) else own
            for value in values
        ]  # fmt: skip

    def _overflows(self, widths: Sequence[int], column: int) -> bool:
        return max(widths, default=0) >= self._widths[column]

    def _xml(self, name: str, number: int, tail: str) -> str:
        return f'<c r="{name}{self.row + 1}" s="{number}"{tail}'

    def _add(self, cells: str, columns: int, lines: int, level: int = 0, gap: float = 0) -> None:
        # Not every program makes a row as high as its wrapped text by itself.
        height = min(LINE * lines + (gap or 3), _TALLEST) if lines > 1 or gap else None
        self.raw.add_row(self.row, cells, columns, height, level)
        self.row += 1


def _fitting(widths: list[int]) -> int:
    """Characters of a column in which nearly every cell is one line and no cell many; one long name widens no list."""
    if not widths:
        return 0
    usual = sorted(widths)[math.ceil(_USUAL * len(widths)) - 1]
    return max(usual, -(-max(widths) // _WRAPPED))


def _lines(width: int, room: int) -> int:
    """Lines of a text so wide in a column so wide."""
    return max(1, -(-width // (room - 1)))


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number."""
    return isinstance(value, int | float) and float(value).is_integer()
