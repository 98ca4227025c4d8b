"""Sheets whose rows are written as finished XML: the workbooks of a province hold a million cells.

xlsxwriter keeps an object for every cell and turns it into XML at the end, which takes most of the time of a large
workbook. Here a text is turned into its piece of XML once, however often it stands in the workbook.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from html import escape
from typing import Any

import pandas as pd
from rich.cells import cell_len
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

LONGEST_TEXT = 32_000  # Excel refuses longer cells; nothing planned comes near, but a name from data may.
_NUMBER, _DECIMALS = 6, 3  # characters: a share as per cent or a small number; a point and two digits behind it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile("(_x[0-9a-fA-F]{4}_)")
_KNOWN = 2**16  # texts and numbers kept as rendered; those of a province, where every text stands in several workbooks

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
        self._rendered[row] = row_xml(row, cells, height, level)
        self._check_dimensions(row, max(columns - 1, 0))

    def _write_rows(self) -> None:
        """Stands in for the method of the same name that walks through objects."""
        assert not self.table, "cells are written through Sheet only"
        self.fh.write("".join(self._rendered[row] for row in sorted(self._rendered)))


def row_xml(row: int, cells: str, height: float | None, level: int) -> str:
    """A row of finished cells, ``height`` in points; ``level`` is how deep it can be folded away."""
    high = f' ht="{height:g}" customHeight="1"' if height else ""
    outline = f' outlineLevel="{level}"' if level else ""
    return f'<row r="{row + 1}"{high}{outline}>{cells}</row>'


class Texts:
    """The shared texts of one workbook; every value becomes a text or a number, never a formula."""

    def __init__(self, shared: Any) -> None:
        self._known = _Known(shared._get_shared_string_index)

    def cell(self, value: Any) -> Cell:
        """The piece of XML of a value; nothing stays empty, a number is a number, all else is text."""
        return self._known[value] if isinstance(value, str) else _number(value)

    def cells(self, values: Sequence[Any]) -> list[Cell]:
        """The pieces of many values, the same as one after the other."""
        kinds = set(map(type, values))
        if kinds == {str}:
            return list(map(self._known.__getitem__, values))
        has_text = any(issubclass(kind, str) for kind in kinds)
        return list(map(self.cell if has_text else _number, values))


class _Known(dict[str, Cell]):
    """The pieces of the texts met so far; a text met for the first time is added to the shared ones."""

    def __init__(self, index: Callable[[str], int]) -> None:
        super().__init__({"": BLANK})
        self._index = index

    def __missing__(self, text: str) -> Cell:
        shown, width = _shown(text)
        if shown.startswith("<r>") and shown.endswith("</r>"):
            # xlsxwriter would take such a shared text for its own markup and write it as it stands.
            tail = f' t="inlineStr"><is><t>{escape(shown, quote=False)}</t></is></c>'
        else:
            tail = f' t="s"><v>{self._index(shown)}</v></c>'
        cell = self[text] = (tail, width)
        return cell


@lru_cache(_KNOWN)
def _shown(text: str) -> tuple[str, int]:
    """The text as a cell can hold it, and its width."""
    shown = _CONTROL.sub(" ", text)[:LONGEST_TEXT]
    return shown, max(map(cell_len, shown.split("\n")))


@lru_cache(_KNOWN)
def shared_xml(shown: str) -> str:
    """A shared text as xlsxwriter writes it: what would read as an escaped character is escaped itself."""
    space = ' xml:space="preserve"' if shown != shown.strip() else ""
    text = escape(_ESCAPED.sub(r"_x005F\1", shown), quote=False)
    return f"<si><t{space}>{text}</t></si>"


@lru_cache(_KNOWN, typed=True)
def _number(value: Any) -> Cell:
    if value is None or value is pd.NA or not math.isfinite(value):
        return BLANK
    width = max(_NUMBER, len(f"{value:,.0f}") + (0 if value == int(value) else _DECIMALS))
    # Adding nothing takes the sign off a zero, which equals the one without.
    return (f"><v>{value if type(value) is int else float(value) + 0.0!r}</v></c>", width)


@cache
def column_names(count: int) -> tuple[str, ...]:
    """``A``, ``B`` … of so many columns."""
    return tuple(xl_col_to_name(n) for n in range(count))
