"""Sheets whose rows are written as finished XML: the workbooks of a province hold a million cells.

xlsxwriter keeps an object for every cell and turns it into XML at the end, which takes most of the time of a large
workbook. Here a text is turned into its piece of XML once, however often it stands in the workbook.
"""

from __future__ import annotations

import math
import re
from functools import cache
from html import escape
from typing import Any

import pandas as pd
from rich.cells import cell_len
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_000  # Excel refuses longer cells; nothing planned comes near, but a name from data may.
_NUMBER, _DECIMALS = 6, 3  # characters: a share as per cent or a small number; a point and two digits behind it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

Cell = tuple[str, int]
"""What stands behind the address and the format of a cell in XML, and how wide the cell is in characters."""

BLANK: Cell = ("/>", 0)


class RenderedSheet(Worksheet):  # type: ignore[misc]
    """A sheet of xlsxwriter that takes whole rows; all about columns, panes, filters and print is as ever."""

    def __init__(self) -> None:
        super().__init__()
        self._rendered: dict[int, str] = {}

    def add_row(self, row: int, cells: str, columns: int, height: float | None = None, level: int = 0) -> None:
        """Take a row of so many columns as XML, ``height`` in points."""
        high = f' ht="{height:g}" customHeight="1"' if height else ""
        outline = f' outlineLevel="{level}"' if level else ""
        self._rendered[row] = f'<row r="{row + 1}"{high}{outline}>{cells}</row>'
        self._check_dimensions(row, max(columns - 1, 0))

    def _write_rows(self) -> None:
        """Stands in for the method of the same name that walks through objects."""
        assert not self.table, "cells are written through Sheet only"
        self.fh.write("".join(self._rendered[row] for row in sorted(self._rendered)))


class Texts:
    """The shared texts of one workbook; every value becomes a text or a number, never a formula."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared
        self._known: dict[str, Cell] = {}

    def cell(self, value: Any) -> Cell:
        """The piece of XML of a value; nothing stays empty, a number is a number, all else is text."""
        if isinstance(value, str):
            known = self._known.get(value)
            if known is None:
                known = self._known[value] = self._text(value) if value else BLANK
            return known
        if value is None or value is pd.NA or not math.isfinite(value):
            return BLANK
        width = max(_NUMBER, len(f"{value:,.0f}") + (0 if value == int(value) else _DECIMALS))
        return (f"><v>{value if type(value) is int else float(value)!r}</v></c>", width)

    def _text(self, text: str) -> Cell:
        text = _CONTROL.sub(" ", text)[:LONGEST_TEXT]
        width = max(map(cell_len, text.split("\n")))
        if text.startswith("<r>") and text.endswith("</r>"):
            # xlsxwriter would take such a shared text for its own markup and write it as it stands.
            return (f' t="inlineStr"><is><t>{escape(text, quote=False)}</t></is></c>', width)
        return (f' t="s"><v>{self._shared._get_shared_string_index(text)}</v></c>', width)


@cache
def column_names(count: int) -> tuple[str, ...]:
    """``A``, ``B`` … of so many columns."""
    return tuple(xl_col_to_name(n) for n in range(count))
