"""Read a plan from any file: ours, or one made by hand in a spreadsheet.

Only ``cadre_id`` and ``session_id`` are needed; what the file leaves out or blank comes from the inputs, and what it
states is kept with its row, so that the audit can tell where it differs. A cell that its column cannot hold is a defect;
one that states what is not so, an id that does not exist among them, is found by the audit (``sessions-known``).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from allocator.audit.tables import rows_of
from allocator.domain.errors import Defect, InputError
from allocator.domain.names import heading
from allocator.domain.plan import COLUMNS, Origin, Plan, ordered
from allocator.domain.tables import TABLES, Inputs
from allocator.language.message import Message, listing

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        **{column.name_zh: column.name for table in TABLES.values() for column in table if column.name in COLUMNS},
        **{column: column for column in COLUMNS},
        "指定": "fixed",
        "规则": "rules",
    }
)
"""Headers understood, in Chinese and English."""

REQUIRED = ("cadre_id", "session_id")

FLAGS: Mapping[str, bool] = MappingProxyType(
    {"": False, **dict.fromkeys(("true", "yes", "1", "是"), True), **dict.fromkeys(("false", "no", "0", "否"), False)}
)

MOST: Mapping[str, int] = MappingProxyType({"year": 9999, "headcount": 10**9, "days": 10**6, "hours": 10**6})
"""The largest number each column holds: what is larger is no slip of a planner but of a program."""

Cell = str | int | float | bool | date | datetime | None


def read_plan(plan: Path | str | pd.DataFrame, inputs: Inputs) -> Plan:
    """Read a plan from a file: CSV (UTF-8, with or without a byte-order mark), Excel or Parquet; or from a table in hand.

    Parameters
    ----------
    plan
        The file, or a data frame of the same columns. Of a workbook the first sheet whose header has the required columns is read.
    inputs
        Where everything else comes from. A blank ``headcount`` is that of the roster.

    Raises
    ------
    InputError
        If the file cannot be read as a table, lacks a required column, or has a cell that is not what its column
        holds; all defects at once, with file, row and column.
    """
    name, header, rows = _in_hand("plan", plan) if isinstance(plan, pd.DataFrame) else _table(Path(plan))
    columns = _header(name, header)
    defects: list[Defect] = []
    numbers = [number for number, row in enumerate(rows, start=2) if any(_text(cell) for cell in row)]
    cells = {
        column: [rows[number - 2][at] if at < len(rows[number - 2]) else None for number in numbers]
        for column, at in columns.items()
    }
    for number in numbers:
        extra = [cell for cell in rows[number - 2][len(header) :] if _text(cell)]
        if extra:
            defects.append(
                Defect(name, number, "", Message("defect.plan-wide-row", text=_text(extra[0])),
                       Message("hint.comma-in-text"), "cells")
            )  # fmt: skip
    if not numbers:
        defects.append(Defect(name, 0, "", Message("defect.plan-no-rows"), Message("hint.row-per-seat"), "empty"))

    def blank() -> list[Cell]:
        return [None] * len(numbers)

    read = _Reader(name, numbers, defects)
    texts = {
        column: read.texts(column, cells.get(column, blank()), required=column in REQUIRED)
        for column in ("cadre_id", "session_id", "programme_id", "unit_id", "team_id", "rules")
    }
    given = {
        **{column: read.integers(column, cells.get(column, blank())) for column in ("year", "headcount")},
        **{column: read.numbers(column, cells.get(column, blank())) for column in ("days", "hours")},
        **{column: read.dates(column, cells.get(column, blank())) for column in ("start_date", "end_date")},
    }
    flags = read.flags("fixed", cells.get("fixed", blank()))
    if defects:
        raise InputError(defects)
    says_fixed = np.array([bool(_text(cell)) for cell in cells.get("fixed", blank())], dtype=bool)
    return ordered(
        _filled(texts, given, flags, inputs), Origin(name, np.array(numbers), says_fixed, _unread(header, columns))
    )


def _unread(header: Sequence[str], columns: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Headings that look like that of a column the file lacks, each with it: their columns are not read."""
    lacking = {text: column for text, column in HEADERS.items() if column not in columns}
    found = []
    for at, cell in enumerate(header):
        if cell and at not in columns.values():
            found += [(cell, near) for near in get_close_matches(cell.lower(), lacking, 1, 0.75)]
    return tuple(found)


def _filled(
    texts: Mapping[str, pd.Series], given: Mapping[str, pd.Series], flags: pd.Series, inputs: Inputs
) -> pd.DataFrame:
    """The placements with everything that the file leaves blank taken from the inputs."""
    cadre = rows_of(inputs.cadres["cadre_id"], texts["cadre_id"])
    session = rows_of(inputs.sessions["session_id"], texts["session_id"])
    own = inputs.cadres.take(np.maximum(cadre, 0)) if len(inputs.cadres) else inputs.cadres.reindex(range(len(cadre)))
    held = inputs.sessions.merge(
        inputs.programmes[["programme_id", "days", "hours"]], on="programme_id", how="left", validate="many_to_one"
    )
    held = held.take(np.maximum(session, 0)) if len(held) else held.reindex(range(len(session)))

    def text(column: str, source: pd.DataFrame, known: np.ndarray) -> pd.Series:
        theirs = source[column].reset_index(drop=True).astype(str).where(known, "")
        return texts[column].where(texts[column] != "", theirs)

    def number(column: str, source: pd.DataFrame, known: np.ndarray, unknown: float) -> pd.Series:
        theirs = source[column].reset_index(drop=True).astype(np.float64).where(known, unknown)
        return given[column].where(given[column].notna(), theirs)

    def day(column: str) -> pd.Series:
        theirs = held[column].reset_index(drop=True).where(session >= 0)
        return given[column].where(given[column].notna(), theirs.astype("datetime64[ns]"))

    return pd.DataFrame(
        {
            "year": number("year", held, session >= 0, 0).astype(np.int64),
            "session_id": texts["session_id"],
            "programme_id": text("programme_id", held, session >= 0),
            "cadre_id": texts["cadre_id"],
            "unit_id": text("unit_id", own, cadre >= 0),
            "team_id": text("team_id", own, cadre >= 0),
            "headcount": number("headcount", own, cadre >= 0, 1).astype(np.int64),
            "start_date": day("start_date"),
            "end_date": day("end_date"),
            "days": number("days", held, session >= 0, 0),
            "hours": number("hours", held, session >= 0, 0),
            "fixed": flags,
            "rules": texts["rules"],
        }
    )


# ---------------------------------------------------------------------- files


def _table(path: Path) -> tuple[str, list[str], list[Sequence[Cell]]]:
    """Name for messages, header, and the rows below it in file order."""
    name = str(path)
    if not path.is_file():
        of_run = path / "plan.csv"
        hint = Message("hint.plan-of-folder", file=of_run) if of_run.is_file() else Message("hint.plan-path")
        raise _refused(name, 0, Message("defect.plan-missing"), hint, "missing-file")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv(name, path.read_bytes())
    if suffix in (".xlsx", ".xlsm"):
        return _workbook(name, path)
    if suffix == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            message = Message("defect.plan-not-parquet", detail=str(error))
            raise _refused(name, 0, message, Message("hint.parquet"), "unreadable") from None
        return _in_hand(name, frame)
    raise _refused(name, 0, Message("defect.plan-file-type", suffix=suffix), Message("hint.plan-types"), "format")


def _in_hand(name: str, frame: pd.DataFrame) -> tuple[str, list[str], list[Sequence[Cell]]]:
    frame = frame.astype(object).where(frame.notna(), None)
    return name, [str(column) for column in frame.columns], list(frame.itertuples(index=False, name=None))


def _refused(name: str, row: int, message: Message, hint: Message, code: str) -> InputError:
    return InputError([Defect(name, row, "", message, hint, code)])


def _csv(name: str, content: bytes) -> tuple[str, list[str], list[Sequence[Cell]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise _refused(name, row, Message("defect.plan-not-utf-8"), Message("hint.csv-utf-8"), "encoding") from None
    try:
        rows: list[Sequence[Cell]] = [*csv.reader(io.StringIO(text, newline=""), strict=True)]
    except csv.Error as error:
        message = Message("defect.plan-not-csv", detail=str(error))
        raise _refused(name, 0, message, Message("hint.quotes"), "unreadable") from None
    if not rows:
        hint = Message("hint.needs-columns", columns=tuple(map(heading, REQUIRED)))
        raise _refused(name, 0, Message("defect.empty-file"), hint, "empty")
    return name, [_text(cell) for cell in rows[0]], rows[1:]


def _workbook(name: str, path: Path) -> tuple[str, list[str], list[Sequence[Cell]]]:
    from openpyxl import load_workbook  # Here, since few plans are workbooks.
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, InvalidFileException) as error:
        message = Message("defect.plan-not-excel", detail=str(error))
        raise _refused(name, 0, message, Message("hint.save-xlsx"), "unreadable") from None
    try:
        for sheet in book.worksheets:
            rows: list[Sequence[Cell]] = [*sheet.iter_rows(values_only=True)]
            header = [_text(cell) for cell in rows[0]] if rows else []
            if set(REQUIRED) <= {HEADERS.get(cell) for cell in header}:
                return f"{name}[{sheet.title}]", header, rows[1:]
    finally:
        book.close()
    message = Message("defect.plan-no-sheet", columns=tuple(map(heading, REQUIRED)))
    raise _refused(name, 1, message, Message("hint.plan-header"), "missing-column")


def _header(name: str, header: Sequence[str]) -> dict[str, int]:
    """Where each column of a plan stands; other columns are left alone."""
    defects, columns = [], {}
    for at, cell in enumerate(header):
        column = HEADERS.get(cell) or HEADERS.get(cell.lower())
        if column is not None and column in columns:
            message = Message("defect.plan-doubled-column", column=heading(column))
            defects.append(Defect(name, 1, cell, message, Message("hint.remove-column"), "double-column"))
        elif column is not None:
            columns[column] = at
    for column in REQUIRED:
        if column not in columns:
            there = listing(cell for cell in header if cell) if any(header) else Message("word.nothing")
            chinese = next(zh for zh, en in HEADERS.items() if en == column)
            defects.append(
                Defect(name, 1, column, Message("defect.plan-missing-column", there=there),
                       Message("hint.plan-add-column", column=column, chinese=chinese), "missing-column")
            )  # fmt: skip
    if defects:
        raise InputError(defects)
    return columns


# ---------------------------------------------------------------------- cells


def _text(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # Excel keeps ids of digits as numbers.
    if isinstance(cell, datetime):
        return cell.date().isoformat() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell.isoformat(" ")
    return str(cell).strip()


class _Reader:
    """Columns of cells as typed series; what does not fit becomes a defect."""

    def __init__(self, name: str, rows: Sequence[int], defects: list[Defect]) -> None:
        self._name, self._rows, self._defects = name, rows, defects

    def _refuse(self, row: int, column: str, message: Message, hint: Message, code: str) -> None:
        self._defects.append(Defect(self._name, row, column, message, hint, code))

    def _cells(self, cells: Sequence[Cell]) -> Iterator[tuple[int, str]]:
        return zip(self._rows, map(_text, cells), strict=True)

    def texts(self, column: str, cells: Sequence[Cell], required: bool) -> pd.Series:
        values = []
        for row, text in self._cells(cells):
            if required and not text:
                self._refuse(
                    row, column, Message("defect.plan-empty-cell"), Message("hint.plan-write-id"), "empty-cell"
                )
            values.append(text)
        return pd.Series(values, dtype=str)

    def numbers(self, column: str, cells: Sequence[Cell], whole: bool = False, least: float = 0) -> pd.Series:
        values, sort = [], Message("word.a-whole-number") if whole else Message("word.a-number")
        for row, text in self._cells(cells):
            try:
                value = float(text) if text else np.nan
            except ValueError:
                value = -np.inf
            if text and (not least <= value < np.inf or (whole and not value.is_integer())):
                message = Message("defect.plan-number", text=text, sort=sort, least=least)
                self._refuse(row, column, message, Message("hint.write-this", what=sort), "number")
                value = np.nan
            elif value > MOST[column]:
                message = Message("defect.plan-number-large", text=text, most=MOST[column])
                self._refuse(row, column, message, Message("hint.write-this", what=sort), "number")
                value = np.nan
            values.append(value)
        return pd.Series(values, dtype=np.float64)

    def integers(self, column: str, cells: Sequence[Cell]) -> pd.Series:
        return self.numbers(column, cells, whole=True, least=1)

    def dates(self, column: str, cells: Sequence[Cell]) -> pd.Series:
        known: dict[str, np.datetime64] = {"": np.datetime64("NaT", "ns")}
        values = []
        for row, text in self._cells(cells):
            if text not in known:
                try:
                    known[text] = np.datetime64(date.fromisoformat(text), "ns")
                except ValueError:
                    self._refuse(row, column, Message("defect.bad-date", text=text), Message("hint.plan-date"), "date")
            values.append(known.get(text, known[""]))
        return pd.Series(np.array(values, dtype="datetime64[ns]"))

    def flags(self, column: str, cells: Sequence[Cell]) -> pd.Series:
        values = []
        for row, text in self._cells(cells):
            if text.lower() not in FLAGS:
                self._refuse(row, column, Message("defect.bad-flag", text=text), Message("hint.plan-flag"), "flag")
            values.append(FLAGS.get(text.lower(), False))
        return pd.Series(values, dtype=bool)
