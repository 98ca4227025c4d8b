"""Cells to typed columns: every distinct text is read once, every bad cell becomes a defect with its row and column."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from allocator.domain.names import heading
from allocator.domain.tables import EVERY_TABLE, Column
from allocator.inputs.defects import Findings
from allocator.inputs.tables.read_tables import Sheet
from allocator.language.message import Message

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
RUN = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet runs as a formula."""


@dataclass(frozen=True)
class Table:
    """One table, typed, row by row as in its file; ``rows`` are the row numbers a spreadsheet shows."""

    name: str
    file: str
    frame: pd.DataFrame
    rows: np.ndarray
    headings: Mapping[str, str] = field(default_factory=dict)  # heading as written -> column it was read as

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

    def __init__(self, message: Message, hint: Message, code: str) -> None:
        self.message, self.hint, self.code = message, hint, code
        super().__init__(message)


def typed(sheet: Sheet, findings: Findings) -> Table:
    """The sheet with every column of its table typed and defaults filled in, the user's extra columns behind them.

    Cells with defects hold the column's default (or zero, an empty text, no date), so that later checks can go on.
    """
    columns: dict[str, object] = {}
    for column in EVERY_TABLE[sheet.name]:
        texts = sheet.columns.get(column.name, [""] * len(sheet.rows))
        if column.required and column.name in sheet.columns:
            _refuse_empty(sheet, column, texts, findings)
        columns[column.name] = read_column(sheet.file, sheet.rows, column, texts, findings)
    for name, texts in sheet.columns.items():
        if name in columns:
            continue
        if name in DERIVED.get(sheet.name, ()):
            findings.note(Message("note.derived", file=sheet.file, column=heading(name)))
            continue
        columns[name] = pd.array(texts, dtype="str")
    return Table(sheet.name, sheet.file, pd.DataFrame(columns), np.array(sheet.rows, dtype=np.int64), sheet.headings)


def _refuse_empty(sheet: Sheet, column: Column, texts: list[str], findings: Findings) -> None:
    for row, text in zip(sheet.rows, texts, strict=True):
        if not text:
            findings.defect(
                sheet.file, row, column.name, Message("defect.empty-cell", column=heading(column.name, sheet.name)),
                hint=Message("hint.fill-in", expected=_EXPECTED[column.type]), code="empty-cell",
            )  # fmt: skip


_EXPECTED = {
    "id": Message("word.an-id"),
    "text": Message("word.a-text"),
    "list": Message("word.a-list"),
    "date": Message("word.a-date"),
    "integer": Message("word.a-whole-number"),
    "number": Message("word.a-number"),
    "flag": Message("word.a-flag"),
}


def read_column(
    file: str, rows: Sequence[int] | np.ndarray, column: Column, texts: list[str], findings: Findings
) -> Any:
    """The texts of a column as values of its type; every bad cell becomes a defect and holds the column's default."""
    read = READERS[column.type]
    values: dict[str, object] = {"": column.default}
    bad: dict[str, BadCellError] = {}
    if not column.default and (column.type == "text" or (column.type == "id" and not _is_id_to_read(texts))):
        return pd.array(texts, dtype="str")  # Nothing to read.
    codes, found = pd.factorize(np.array(texts, dtype=object))
    distinct: list[str] = found.tolist()
    for text in filter(None, distinct):
        try:
            values[text] = read(text)
            _refuse_small(column, values[text])
        except BadCellError as problem:
            bad[text] = problem
            values[text] = column.default
    if bad:
        for row, text in zip(rows, texts, strict=True):
            if text in bad:
                cell = bad[text]
                findings.defect(file, row, column.name, cell.message, hint=cell.hint, code=cell.code)
    return _array(column, [values[text] for text in distinct]).take(codes)


def _is_id_to_read(texts: list[str]) -> bool:
    """Whether an id may be damaged: by a spreadsheet that rounded it, or for one that runs it."""
    return any("E+" in text or text[:1] in RUN for text in texts if text)


def _array(column: Column, values: list[object]) -> Any:
    if column.type in ("id", "text", "list"):
        return pd.array(["" if v is None else str(v) for v in values], dtype="str")
    if column.type == "date":
        return np.array([np.datetime64("NaT") if v is None else v for v in values], dtype=DATE_TYPE)
    if column.type == "flag" and column.default is None and not column.required:
        return pd.Series(values, dtype="boolean").array
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
            Message("defect.too-small", column=heading(column.name), least=column.least, value=value),
            Message("hint.write-or-more", least=column.least), "too-small",
        )  # fmt: skip


def read_id(text: str) -> str:
    """An id, as text; a number that a spreadsheet has rounded, or a text that it would run as a formula, is refused.

    Ids stand in every file that is handed out, and must be the same in all of them.
    """
    if re.fullmatch(r"\d(\.\d+)?E\+\d+", text):
        raise BadCellError(Message("defect.damaged-id", text=text), Message("hint.id-as-text"), "damaged-id")
    if text[:1] in RUN:
        hint = Message("hint.empty-id") if text in ("-", "=", "+", "@") else Message("hint.id-start")
        raise BadCellError(Message("defect.id-start", text=text, mark=text[:1]), hint, "damaged-id")
    return text


def read_list(text: str) -> str:
    """Values separated by ``;`` without blanks between them."""
    if wide := next((mark for mark in "；，、" if mark in text), None):
        raise BadCellError(
            Message("defect.bad-list", text=text, mark=wide),
            Message("hint.write", text=re.sub("[；，、]", ";", text)),
            "bad-list",
        )
    return ";".join(part.strip() for part in text.split(";") if part.strip())


def read_date(text: str) -> date:
    """An ISO date of the years 1900 to 2200."""
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00:00)?", text, re.ASCII)
    if found is None:
        near = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", text, re.ASCII)
        hint = Message("hint.date")
        if near:
            hint = Message("hint.write-date", date=f"{int(near[1]):04}-{int(near[2]):02}-{int(near[3]):02}")
        elif re.fullmatch(r"\d{5}", text, re.ASCII):
            hint = Message("hint.date-cell")
        raise BadCellError(Message("defect.bad-date", text=text), hint, "bad-date")
    year, month, day = map(int, found.groups())
    if not 1900 <= year <= 2200:
        raise BadCellError(Message("defect.bad-year", text=text), Message("hint.correct-year"), "bad-date")
    try:
        return date(year, month, day)
    except ValueError:
        hint = Message("hint.months")
        if 1 <= month <= 12:
            hint = Message("hint.month-days", year=year, month=month, days=calendar.monthrange(year, month)[1])
        raise BadCellError(Message("defect.no-such-date", text=text), hint, "no-such-date") from None


def read_number(text: str) -> float:
    """A plain number with a decimal point."""
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,2})?", text, re.ASCII):
        raise BadCellError(Message("defect.bad-number", text=text), Message("hint.digits"), "bad-number")
    value = float(text)
    if abs(value) > LARGEST:
        hint = Message("hint.write-at-most", most=LARGEST)
        raise BadCellError(Message("defect.too-large", text=text), hint, "bad-number")
    return value


def read_integer(text: str) -> int:
    """A whole number; ``3.0`` is one, because that is how spreadsheets may store it."""
    value = read_number(text)
    if not value.is_integer():
        raise BadCellError(Message("defect.not-whole", text=text), Message("hint.whole-number"), "bad-number")
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
        raise BadCellError(Message("defect.bad-flag", text=text), Message("hint.flag"), "bad-flag") from None


READERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "id": read_id, "text": str, "list": read_list, "date": read_date,
        "integer": read_integer, "number": read_number, "flag": read_flag,
    }
)  # fmt: skip
"""How one cell of each column type is read."""
