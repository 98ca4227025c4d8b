"""Everything about a unit's workbook but its rows, made once by xlsxwriter for all units that have the same sheets.

Thousands of units get workbooks that differ only in names and figures. xlsxwriter would make the styles, panes, filters
and print settings of each anew, which takes most of the time of a small workbook. So a workbook of the same sheets is cut
where units differ, and filling it in is joining strings; every part is as xlsxwriter would have made it.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from xlsxwriter.sharedstrings import SharedStringTable

from allocator.outputs.excel.fast_rows import Texts, column_names, row_xml, shared_xml
from allocator.outputs.excel.workbook import Book, Sheet, header_of

_SHAPES = 64  # kept; a plan has a few
_WIDEST = 255  # characters; Excel knows no wider column
_DATE = (1980, 1, 1, 0, 0, 0)  # of every part: two equal runs write equal files

_PLAIN = re.compile("(?:(?!_x)[^&<>\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]){1,100}")
"""Titles that XML and the header of a page take as they stand."""

_HOLE = re.compile(
    r'(?<=<dimension ref=")(?P<used>[^"]*)'
    r"|(?<=<cols>)(?P<widths>.*?)(?=</cols>)"
    r"|(?<=<sheetData>)(?P<rows>.*?)(?=</sheetData>)"
    r'|(?<=<autoFilter ref=")(?P<filter>[^"]*)'
    r"|(?<=<oddHeader>)(?P<header>.*?)(?=</oddHeader>)"
    r"|(?<=<dc:title>)(?P<title>.*?)(?=</dc:title>)"
    r"|(?<=<sst )(?P<strings>.*)(?=</sst>)"
    r'|(?P<last>localSheetId="(?P<sheet>\d+)" hidden="1">[^<]*\$)\d+'
)
"""Where the workbooks of one shape differ; of ``last`` only the number behind it, the last row of a filter."""


class SheetShape(NamedTuple):
    """What a sheet has in common with those of other units: lines of free text in these styles, and a table below."""

    name: str
    lines: tuple[str, ...]
    columns: int
    freeze: int
    has_rows: bool


class Shape(NamedTuple):
    """What a workbook has in common with those of other units; the styles in the order in which they are first used."""

    font: str
    footer: str
    styles: tuple[str, ...]
    sheets: tuple[SheetShape, ...]


class Rows:
    """Takes the place of a sheet of xlsxwriter and keeps what is the unit's own: rows and widths of columns."""

    def __init__(self) -> None:
        self.merge: list[list[int]] = []  # The frame's own: lines are as wide as the table below them.
        self.widths: dict[int, int] = {}
        self._rows: dict[int, str] = {}

    def add_row(self, row: int, cells: str, _columns: int, height: float | None = None, level: int = 0) -> None:
        """Take a row as XML, as ``RenderedSheet`` does."""
        self._rows[row] = row_xml(row, cells, height, level)

    def set_column(self, column: int, _last: int, width: int) -> None:
        """Take the width of a column."""
        self.widths[column] = width

    def of_the_frame(self, *_: int) -> None:
        """Leave it to the frame."""

    freeze_panes = repeat_rows = autofilter = of_the_frame

    @property
    def last(self) -> int:
        """The last row, as people count them."""
        return max(self._rows) + 1

    @property
    def xml(self) -> str:
        """All rows in their order."""
        return "".join(self._rows[row] for row in sorted(self._rows))


class Draft:
    """A workbook without its frame, which is filled as a ``Book`` is."""

    def __init__(self) -> None:
        self.shared = SharedStringTable()
        self.texts = Texts(self.shared)
        self.styles: dict[str, int] = {}
        self.sheets: list[Rows] = []

    def style(self, name: str) -> int:
        """The number of the cell format of that name; xlsxwriter counts them from 1."""
        return self.styles.setdefault(name, len(self.styles) + 1)

    def sheet(self, _name: str, _header: str) -> Sheet:
        """A new sheet; name and header are the frame's."""
        self.sheets.append(Rows())
        return Sheet(self, self.sheets[-1])


@dataclass(frozen=True)
class Frame:
    """The workbook of one shape, cut.

    Parameters
    ----------
    package
        A zip archive of the parts that are the same in every workbook.
    parts
        Name and text of the others: text, hole, text, hole … text.
    """

    shape: Shape
    package: bytes
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def filled(self, draft: Draft, title: str) -> bytes:
        """The finished workbook; the title is one of which ``fits`` is true."""
        count, unique = draft.shared.count, draft.shared.unique_count
        texts = "".join(map(shared_xml, draft.shared.string_table))
        own = {
            "title": title,
            "header": header_of(title).replace("&", "&amp;"),
            "strings": f'{_STRINGS}count="{count}" uniqueCount="{unique}">{texts}',
        }
        for n, (rows, sheet) in enumerate(zip(draft.sheets, self.shape.sheets, strict=True)):
            right, last = column_names(sheet.columns)[-1], rows.last
            own[f"used{n}"] = f"A1:{right}{last}"
            own[f"widths{n}"] = _columns_xml(tuple(rows.widths[column] for column in range(sheet.columns)))
            own[f"rows{n}"] = rows.xml
            own[f"filter{n}"] = f"A{len(sheet.lines) + 1}:{right}{last}"
            own[f"last{n}"] = str(last)
        packed = io.BytesIO(self.package)
        with zipfile.ZipFile(packed, "a") as archive:
            for name, pieces in self.parts:
                text = "".join(piece if place % 2 == 0 else own[piece] for place, piece in enumerate(pieces))
                archive.writestr(_entry(name), text.encode())
        return packed.getvalue()


_STRINGS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '


def fits(title: str) -> bool:
    """Whether a frame can be filled in with this title."""
    return _PLAIN.fullmatch(title) is not None


@lru_cache(_SHAPES)
def frame(shape: Shape) -> Frame:
    """The frame of all workbooks of one shape."""
    book = Book("title", shape.font, shape.footer)
    for style in shape.styles:
        book.style(style)
    for one in shape.sheets:
        sheet = book.sheet(one.name, "title")
        for style in one.lines:
            sheet.line("line", style)
        cells = ("text",) * one.columns
        sheet.table(cells, [cells] if one.has_rows else [], cells, freeze_columns=one.freeze)
    packed = io.BytesIO()
    cut = []
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in _parts(book.content()):
            pieces = _cut(name, text)
            if len(pieces) > 1:
                cut.append((name, pieces))
            else:
                archive.writestr(_entry(name), text.encode())
    return Frame(shape, packed.getvalue(), tuple(cut))


def _parts(workbook: bytes) -> list[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return [(name, archive.read(name).decode()) for name in archive.namelist()]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _cut(name: str, text: str) -> tuple[str, ...]:
    """The part at its holes; those of a sheet end in the number of the sheet, counted from 0."""
    number = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
    pieces, at = [], 0
    for found in _HOLE.finditer(text):
        hole = str(found.lastgroup)
        if hole == "last":
            pieces += [text[at : found.end("last")], f"last{found['sheet']}"]
        else:
            is_own = number is not None and hole != "header"
            pieces += [text[at : found.start()], f"{hole}{int(number[1]) - 1}" if is_own and number else hole]
        at = found.end()
    return (*pieces, text[at:])


def _columns_xml(widths: tuple[int, ...]) -> str:
    """The widths of columns from the first on, those of equal neighbours together."""
    made, first = [], 1
    for width, columns in groupby(widths):
        last = first + len(list(columns)) - 1
        made.append(f'<col min="{first}" max="{last}"{_width_xml()[width - 1]}/>')
        first = last + 1
    return "".join(made)


@cache
def _width_xml() -> list[str]:
    """How xlsxwriter writes a column of 1, 2, 3 … characters."""
    book = Book("title")
    sheet = book.sheet("sheet", "title")
    sheet.line("line")
    sheet.settle()
    for width in range(1, _WIDEST + 1):
        sheet.raw.set_column(width - 1, width - 1, width)
    parts = dict(_parts(book.content()))
    return re.findall(r'<col min="\d+" max="\d+"([^/]*)/>', parts["xl/worksheets/sheet1.xml"])
