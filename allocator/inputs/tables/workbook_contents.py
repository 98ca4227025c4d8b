"""Excel workbooks: the filled cells of one sheet, its merged cells and what is hidden, whatever else the file holds.

Charts, pictures, comments and formats are not looked at, so they cannot stand in the way; a formatted cell without a value costs
nothing, wherever it stands. Whatever keeps a damaged file from being read comes out as one ``WorkbookError``.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import range_boundaries
from openpyxl.worksheet._reader import WorkSheetParser

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
"""As far as a sheet reaches."""

UNPACKED_MOST = 100 * 2**20
UNPACKED_SHARE = 200
"""A part of more bytes than the first, and more than so many times its packed size, is no table: tables shrink to a tenth."""


class WorkbookError(Exception):
    """Why a workbook cannot be read, in the words of what read it."""


@dataclass(frozen=True)
class Cell:
    """One filled cell: its value, and whether a formula stands there."""

    row: int
    column: int
    value: Any
    is_formula: bool = False


@dataclass(frozen=True)
class Block:
    """Merged cells: first row and column, last row, and the range as Excel writes it."""

    row: int
    column: int
    last_row: int
    shown: str


@dataclass(frozen=True)
class Contents:
    """What one sheet holds."""

    rows: dict[int, list[Cell]]  # filled cells by row, in the order of the sheet
    merged: tuple[Block, ...]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    is_hidden: bool


class _Parts(ExcelReader):  # type: ignore[misc]
    """Opens a workbook as far as cells need it: texts, sheets and number formats."""

    def read(self) -> None:
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)

    @cached_property
    def sheets(self) -> dict[str, tuple[str, bool]]:
        """Title of every sheet with cells to its part and whether it is hidden; sheets that are a chart have none."""
        return {
            sheet.name: (rel.target, sheet.state != "visible")
            for sheet, rel in self.parser.find_sheets()
            if rel.target in self.valid_files and rel.Type.rpartition("/")[2] == "worksheet"
        }


@dataclass(frozen=True)
class Book:
    """An opened workbook."""

    parts: Any = field(repr=False)

    @property
    def titles(self) -> list[str]:
        """The sheets that hold cells, in the order of the workbook."""
        return list(self.parts.sheets)

    def contents(self, title: str) -> Contents:
        """What a sheet holds, formulas as formulas.

        Raises
        ------
        WorkbookError
            If it is damaged.
        """
        rows: dict[int, list[Cell]] = {}
        with damage_explained():
            parser = self._parser(title, computed=False)
            for number, cells in parser.parse():
                found = [cell for cell in map(_cell, cells) if cell is not None]
                if found:
                    rows.setdefault(number, []).extend(found)
            ranges = parser.merged_cells.mergeCell if parser.merged_cells else ()
            merged = tuple(sorted(map(_block, ranges), key=lambda block: (block.row, block.column)))
            hidden_rows = frozenset(int(row) for row, one in parser.row_dimensions.items() if _is_hidden(one))
            hidden_columns = frozenset(
                column
                for one in parser.column_dimensions.values()
                if _is_hidden(one)
                for column in range(int(one["min"]), min(int(one["max"]), LAST_COLUMN) + 1)
            )
            return Contents(rows, merged, hidden_rows, hidden_columns, self.parts.sheets[title][1])

    def computed(self, title: str) -> dict[tuple[int, int], Any]:
        """Values that Excel stored for the cells of a sheet, those of formulas too."""
        with damage_explained():
            return {
                (cell["row"], cell["column"]): cell["value"]
                for _, cells in self._parser(title, computed=True).parse()
                for cell in cells
                if cell["value"] is not None
            }

    def _parser(self, title: str, *, computed: bool) -> Any:
        book = self.parts.wb
        return WorkSheetParser(
            self.parts.archive.open(self.parts.sheets[title][0]), self.parts.shared_strings, computed, book.epoch,
            book._date_formats, book._timedelta_formats,
        )  # fmt: skip


def _cell(raw: dict[str, Any]) -> Cell | None:
    if raw["value"] is None and raw["data_type"] != "f":
        return None
    if not (1 <= raw["row"] <= LAST_ROW and 1 <= raw["column"] <= LAST_COLUMN):
        raise ValueError(f"there is no cell in row {raw['row']}, column {raw['column']}")
    return Cell(raw["row"], raw["column"], raw["value"], raw["data_type"] == "f")


def _block(raw: Any) -> Block:
    first_column, first_row, _, last_row = range_boundaries(raw.ref)
    if first_column is None or first_row is None or last_row is None:
        raise ValueError(f"merged cells {raw.ref}")
    return Block(first_row, first_column, last_row, raw.ref)


def _is_hidden(dimension: dict[str, str]) -> bool:
    return dimension.get("hidden", "0") in ("1", "true")


@lru_cache(maxsize=1)
def opened(content: bytes) -> Book:
    """A workbook; the tables of one file are read after each other and open it once.

    Raises
    ------
    WorkbookError
        If it is none, or damaged.
    """
    with damage_explained():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.infolist():
                if one.file_size > max(UNPACKED_MOST, UNPACKED_SHARE * one.compress_size):
                    raise ValueError(f"{one.filename} would unpack to {one.file_size:,} bytes")
        parts = _Parts(io.BytesIO(content), keep_links=False)
        parts.read()
        assert parts.sheets is not None
        return Book(parts)


def forget_workbooks() -> None:
    """Give the memory of the workbook read last back."""
    opened.cache_clear()


@contextmanager
def damage_explained() -> Iterator[None]:
    """Damage can show itself anywhere in the libraries that unpack and parse, by any exception: all mean the same here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Of what cannot be kept on writing; nothing is written here.
        try:
            yield
        except (MemoryError, WorkbookError):
            raise
        except Exception as error:
            told = str(error).strip().splitlines()
            raise WorkbookError(told[0] if told else type(error).__name__) from error
