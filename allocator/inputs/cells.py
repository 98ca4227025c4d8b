"""Cells to typed columns: every distinct text is read once, every bad cell becomes a defect with its row and column."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd

from allocator.entities import TABLES, Column
from allocator.inputs.findings import Findings
from allocator.inputs.sheets import Sheet

FLAGS: Mapping[str, bool] = MappingProxyType(
    {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False, "是": True, "否": False}
)
"""The only texts a true/false column takes, upper or lower case."""

DERIVED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cadres": frozenset({"unit_name", "unit_kind", "unit_tags", "authority", "parent_unit_id", "prefecture_id"}),
        "history": frozenset({"year"}),
        "sessions": frozenset({"usable_seats"}),
    }
)
"""Columns that the program adds itself; a column of the user's with such a name is not used."""

DATE_TYPE = "datetime64[us]"
LARGEST = 10**9


@dataclass(frozen=True)
class Table:
    """One table, typed, row by row as in its file; ``rows`` are the row numbers a spreadsheet shows."""

    name: str
    file: str
    frame: pd.DataFrame
    rows: np.ndarray

    @property
    def path(self) -> str:
        """The file without the sheet in brackets."""
        return self.file.removesuffix("]").rpartition("[")[0] if self.file.endswith("]") else self.file

    def row(self, position: int) -> int:
        """Spreadsheet row of the record at a position."""
        return int(self.rows[position])

    def texts(self, column: str) -> list[str]:
        """A text column as a list."""
        return [str(text) for text in self.frame[column].tolist()]

    def where(self, mask: pd.Series | np.ndarray) -> list[int]:
        """Positions of the records for which ``mask`` holds."""
        return [int(position) for position in np.flatnonzero(np.asarray(mask, dtype=bool))]


class BadCellError(Exception):
    """A text that is no value of its column's type; carries what the defect says."""

    def __init__(self, message: str, hint: str, code: str) -> None:
        self.message, self.hint, self.code = message, hint, code
        super().__init__(message)


def typed(sheet: Sheet, findings: Findings) -> Table:
    """The sheet with every column of its table typed and defaults filled in, the user's extra columns behind them.

    Cells with defects hold the column's default (or zero, an empty text, no date), so that later checks can go on.
    """
    columns: dict[str, object] = {}
    for column in TABLES[sheet.name]:
        texts = sheet.columns.get(column.name, [""] * len(sheet.rows))
        if column.required and column.name in sheet.columns:
            _refuse_empty(sheet, column, texts, findings)
        columns[column.name] = _column(sheet, column, texts, findings)
    for name, texts in sheet.columns.items():
        if name in columns:
            continue
        if name in DERIVED.get(sheet.name, ()):
            findings.note(f"{sheet.file}: column {name!r} is worked out by the program; the file's own is not used")
            continue
        columns[name] = pd.array(texts, dtype="str")
    return Table(sheet.name, sheet.file, pd.DataFrame(columns), np.array(sheet.rows, dtype=np.int64))


def _refuse_empty(sheet: Sheet, column: Column, texts: list[str], findings: Findings) -> None:
    for row, text in zip(sheet.rows, texts, strict=True):
        if not text:
            findings.defect(
                sheet.file, row, column.name, f"the cell is empty, but {column.name!r} is required",
                hint=f"fill in {_EXPECTED[column.type]}", code="empty-cell",
            )  # fmt: skip


_EXPECTED = {
    "id": "the id",
    "text": "a text",
    "list": "one or more values separated by ';'",
    "date": "a date such as 2019-03-04",
    "integer": "a whole number",
    "number": "a number",
    "flag": "true or false",
}


def _column(sheet: Sheet, column: Column, texts: list[str], findings: Findings) -> object:
    read = READERS[column.type]
    values: dict[str, object] = {"": column.default}
    bad: dict[str, BadCellError] = {}
    if column.type == "text" and not column.default:
        return pd.array(texts, dtype="str")
    for text in set(texts) - {""}:
        try:
            values[text] = read(text)
            _refuse_small(column, values[text])
        except BadCellError as problem:
            bad[text] = problem
            values[text] = column.default
    if bad:
        for row, text in zip(sheet.rows, texts, strict=True):
            if text in bad:
                cell = bad[text]
                findings.defect(sheet.file, row, column.name, cell.message, hint=cell.hint, code=cell.code)
    return _array(column, [values[text] for text in texts])


def _array(column: Column, values: list[object]) -> object:
    if column.type in ("id", "text", "list"):
        return pd.array(["" if v is None else str(v) for v in values], dtype="str")
    if column.type == "date":
        return np.array([np.datetime64("NaT") if v is None else v for v in values], dtype=DATE_TYPE)
    if column.type == "flag":
        return np.array([bool(v) for v in values], dtype=bool)
    if column.type == "number":
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if column.default is None and not column.required:
        return pd.Series(values, dtype="Int64").array
    return np.array([0 if v is None else v for v in values], dtype=np.int64)


def _refuse_small(column: Column, value: object) -> None:
    if column.least is not None and isinstance(value, int | float) and value < column.least:
        raise BadCellError(
            f"{column.name!r} must be at least {column.least:g}, not {value:g}", f"write {column.least:g} or more",
            "too-small",
        )  # fmt: skip


def read_id(text: str) -> str:
    """An id, as text; a number that a spreadsheet has rounded is refused."""
    if re.fullmatch(r"\d(\.\d+)?E\+\d+", text):
        raise BadCellError(
            f"{text!r} is a number that a spreadsheet has shortened, not an id",
            "format the column as text and enter the id again", "damaged-id",
        )  # fmt: skip
    return text


def read_list(text: str) -> str:
    """Values separated by ``;`` without blanks between them."""
    if wide := next((mark for mark in "；，、" if mark in text), None):
        raise BadCellError(
            f"{text!r} contains {wide!r}; a list is separated by ';'",
            f"write {re.sub('[；，、]', ';', text)!r}",
            "bad-list",
        )
    return ";".join(part.strip() for part in text.split(";") if part.strip())


def read_date(text: str) -> date:
    """An ISO date of the years 1900 to 2200."""
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00:00)?", text, re.ASCII)
    if found is None:
        near = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", text, re.ASCII)
        hint = "write the date as year-month-day, such as 2019-03-04"
        if near:
            hint = f"write {int(near[1]):04}-{int(near[2]):02}-{int(near[3]):02}"
        elif re.fullmatch(r"\d{5}", text, re.ASCII):
            hint = "format the cell as a date in Excel and save again"
        raise BadCellError(f"{text!r} is not a date", hint, "bad-date")
    year, month, day = map(int, found.groups())
    if not 1900 <= year <= 2200:
        raise BadCellError(f"the year of {text!r} is not between 1900 and 2200", "correct the year", "bad-date")
    try:
        return date(year, month, day)
    except ValueError:
        hint = (
            f"{calendar.month_name[month]} {year} has {calendar.monthrange(year, month)[1]} days"
            if 1 <= month <= 12
            else "months run from 01 to 12"
        )
        raise BadCellError(f"the date {text!r} does not exist", hint, "no-such-date") from None


def read_number(text: str) -> float:
    """A plain number with a decimal point."""
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,2})?", text, re.ASCII):
        raise BadCellError(f"{text!r} is not a number", "write digits only, such as 12 or 7.5", "bad-number")
    value = float(text)
    if abs(value) > LARGEST:
        raise BadCellError(f"{text!r} is too large", f"write at most {LARGEST}", "bad-number")
    return value


def read_integer(text: str) -> int:
    """A whole number; ``3.0`` is one, because that is how spreadsheets may store it."""
    value = read_number(text)
    if not value.is_integer():
        raise BadCellError(f"{text!r} is not a whole number", "write a whole number", "bad-number")
    return int(value)


def read_flag(text: str) -> bool:
    """One of the texts of ``FLAGS``.

    Examples
    --------
    >>> read_flag("False"), read_flag("是")
    (False, True)
    """
    try:
        return FLAGS[text.lower()]
    except KeyError:
        raise BadCellError(
            f"{text!r} is neither true nor false", "write true/false, yes/no, 1/0 or 是/否", "bad-flag"
        ) from None


READERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "id": read_id, "text": str, "list": read_list, "date": read_date,
        "integer": read_integer, "number": read_number, "flag": read_flag,
    }
)  # fmt: skip
"""How one cell of each column type is read."""
