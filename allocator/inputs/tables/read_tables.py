"""Tables as text: CSV, Excel and Parquet become the same columns of trimmed text with the row numbers of a spreadsheet."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.domain.names import heading
from allocator.domain.tables import EVERY_TABLE
from allocator.inputs.defects import ROWS_NAMED, Findings, did_you_mean, nearest
from allocator.inputs.tables.headings import DEEPEST, TITLES, column_names, header_position, is_result_column, sheets_of
from allocator.language.message import Message, listing, quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from allocator.inputs.tables.workbook_contents import Cell, Contents

SUFFIXES = (".csv", ".xlsx", ".parquet")
"""File types a table may come in."""

SPREADSHEETS = (".xls", ".xlsm", ".xlsb", ".et", ".ett", ".ods")
"""Other files of spreadsheet programs; they are refused with the advice to save them as ``.xlsx``."""

OLD_CONTAINER = bytes.fromhex("d0cf11e0a1b11ae1")  # how files of Excel 97 begin, and those locked with a password

RawRows = Iterator[tuple[int, Sequence[str]]]


@dataclass(frozen=True)
class Sheet:
    """One table as trimmed text: columns by their English name, in file order, and the row number of each record."""

    name: str  # which of the five tables
    file: str  # as shown in defects
    columns: dict[str, list[str]]
    rows: list[int]
    headings: dict[str, str] = field(default_factory=dict)  # as written, to the column each was read as


def read_sheet(name: str, file: str, content: bytes, findings: Findings, *, alone: bool = True) -> Sheet | None:
    """Read one table; ``None`` when it cannot be read at all (a defect says why).

    Parameters
    ----------
    name
        Which table, a key of ``EVERY_TABLE``.
    file
        The path as the user wrote it; its ending decides how ``content`` is read.
    alone
        The file serves this table only: a workbook with a single sheet of any name will do.
    """
    if not content:
        findings.defect(
            file,
            0,
            "",
            Message("defect.empty-file"),
            hint=Message("hint.header-row", columns=_required(name)),
            code="empty-file",
        )
        return None
    suffix = file[file.rfind(".") :].lower()
    if suffix == ".csv":
        text = decoded(file, content, findings)
        return None if text is None else _checked(name, file, _csv_rows(file, text, findings), findings, ragged=True)
    if suffix == ".xlsx":
        return _read_workbook(name, file, content, findings, alone=alone)
    if suffix == ".parquet":
        return _read_parquet(name, file, content, findings)
    other = (
        Message("hint.save-spreadsheet") if suffix in SPREADSHEETS else Message("hint.use-one-of", suffixes=SUFFIXES)
    )
    findings.defect(file, 0, "", Message("defect.file-type", suffix=suffix), hint=other, code="file-type")
    return None


def decoded(file: str, content: bytes, findings: Findings) -> str | None:
    """The text of a UTF-8 file, with or without byte-order mark; anything else is a defect that names the likely encoding."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        findings.defect(
            file, row, "", Message("defect.not-utf-8", encoding=_likely_encoding(content)),
            hint=Message("hint.csv-utf-8") if file.lower().endswith(".csv") else Message("hint.utf-8"), code="encoding",
        )  # fmt: skip
        return None


def _likely_encoding(content: bytes) -> str | Message:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    for encoding, title in (("gb18030", "GBK / GB 18030"), ("big5", "Big5")):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return title
    return Message("word.another-encoding")


def _csv_rows(file: str, text: str, findings: Findings) -> RawRows:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.defect(
                file, number + 1, "", Message("defect.broken-csv", detail=str(error)), hint=Message("hint.csv-quotes"),
                code="broken-csv",
            )  # fmt: skip
            return
        number += 1
        yield number, cells


def _read_workbook(name: str, file: str, content: bytes, findings: Findings, *, alone: bool) -> Sheet | None:
    if content.startswith(OLD_CONTAINER):
        findings.defect(
            file, 0, "", Message("defect.locked-workbook"), hint=Message("hint.save-unlocked"), code="unreadable-file",
        )  # fmt: skip
        return None
    from allocator.inputs.tables.workbook_contents import (  # Here, since who has CSV tables need not wait for it.
        WorkbookError,
        opened,
    )

    try:
        book = opened(content)
        title = _sheet_title(name, file, book.titles, findings, alone=alone)
        if title is None:
            return None
        return _read_cells(name, f"{file}[{title}]", book.contents(title), partial(book.computed, title), findings)
    except WorkbookError as error:
        findings.defect(
            file, 0, "", Message("defect.not-excel", detail=str(error)), hint=Message("hint.save-xlsx"),
            code="unreadable-file",
        )  # fmt: skip
        return None


Computed = Callable[[], Mapping[tuple[int, int], Any]]
"""What Excel stored for the cells of a sheet, looked up when there is a formula."""


def _read_cells(name: str, file: str, sheet: Contents, computed: Computed, findings: Findings) -> Sheet | None:
    from openpyxl.utils import get_column_letter

    from allocator.inputs.tables.workbook_contents import Cell

    first = [_row_texts(sheet.rows.get(number, ())) for number in range(1, DEEPEST + 1)]
    header = header_position(name, first) + 1
    results = [i for i, text in enumerate(first[header - 1], start=1) if is_result_column(text)]
    merged = [cells for cells in sheet.merged if cells.last_row >= header]  # Titles above the header may be merged.
    for cells in merged:
        is_header = cells.row <= header
        where = Message("word.header-has") if is_header else Message("word.there-are")
        findings.defect(
            file, cells.row, get_column_letter(cells.column),
            Message("defect.merged-cells", where=where, cells=cells.shown), hint=Message("hint.unmerge"),
            code="merged-header" if is_header else "merged-cells",
        )  # fmt: skip
    if any(cells.row <= header for cells in merged):
        return None
    values = {number: [] if number not in sheet.rows else first[number - 1] for number in range(1, header)}
    stored: Mapping[tuple[int, int], Any] | None = None
    for number in sorted({*range(header, DEEPEST + 1), *sheet.rows} - values.keys()):
        known = []
        for cell in sheet.rows.get(number, ()):
            value = cell.value
            if cell.column not in results:
                if cell.is_formula:
                    stored = computed() if stored is None else stored
                    value = stored.get((cell.row, cell.column))
                if (cell.is_formula and value is None) or (isinstance(value, str) and value in _EXCEL_ERRORS):
                    shown = Message("word.formula-without-value")
                    if value is not None:
                        shown = Message("word.excel-error", value=value)
                    findings.defect(
                        file, number, get_column_letter(cell.column), Message("defect.excel-error", shown=shown),
                        hint=Message("hint.formula"), code="excel-error",
                    )  # fmt: skip
            known.append(Cell(cell.row, cell.column, value))
        values[number] = _row_texts(known)
    _note_hidden(file, sheet, header, first[header - 1], findings)
    return _checked(name, file, iter(sorted(values.items())), findings)


def _row_texts(cells: Iterable[Cell]) -> list[str]:
    """A row of a sheet as texts, up to its last filled cell."""
    known = {cell.column: cell_text(cell.value) for cell in cells}
    return [known.get(column, "") for column in range(1, max(known, default=0) + 1)]


def _note_hidden(file: str, sheet: Contents, header: int, names: list[str], findings: Findings) -> None:
    """What the planner does not see in the sheet is read all the same, and pointed out."""
    if sheet.is_hidden:
        findings.note(Message("note.hidden-sheet", file=file))
    rows = sorted(row for row in sheet.hidden_rows if row > header and row in sheet.rows)
    if rows:
        findings.note(Message("note.hidden-rows", file=file, count=len(rows), rows=listing(rows, ROWS_NAMED)))
    columns = [text for i, text in enumerate(names, start=1) if i in sheet.hidden_columns and text.strip()]
    if columns:
        findings.note(Message("note.hidden-columns", file=file, columns=listing(map(quoted, columns))))


def _sheet_title(name: str, file: str, titles: list[str], findings: Findings, *, alone: bool) -> str | None:
    """The sheet of a table: the one with its name in either language, or the only sheet of a workbook of its own."""
    found = sheets_of(name, titles)
    if len(found) > 1:
        findings.defect(
            file, 0, "", Message("defect.ambiguous-sheet", name=name, titles=listing(map(quoted, found))),
            hint=Message("hint.keep-sheet-name", name=name, chinese=TITLES[name][0]), code="ambiguous-sheet",
        )  # fmt: skip
        return None
    if found or (alone and len(titles) == 1):
        return found[0] if found else titles[0]
    otherwise = Message("hint.name-sheet", name=name, chinese=TITLES[name][0])
    findings.defect(
        file, 0, "", Message("defect.missing-sheet", name=name, titles=listing(map(quoted, titles))),
        hint=did_you_mean(name, titles, otherwise), code="missing-sheet",
    )  # fmt: skip
    return None


_EXCEL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


def _read_parquet(name: str, file: str, content: bytes, findings: Findings) -> Sheet | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        findings.defect(
            file, 0, "", Message("defect.not-parquet", detail=str(error).splitlines()[0]), hint=Message("hint.parquet"),
            code="unreadable-file",
        )  # fmt: skip
        return None
    columns = [_column_texts(column) for column in table.columns]
    names = table.column_names
    start = zip(*(texts[codes[: DEEPEST - 1]].tolist() for texts, codes in columns), strict=True)
    if header_position(name, [names, *start]) == 0 and names and all(column_names(name, names)):
        return _checked_columns(name, file, names, columns, findings)
    records = zip(*(texts[codes].tolist() for texts, codes in columns), strict=True) if columns else iter(())
    return _checked(name, file, iter([(1, names), *enumerate(records, start=2)]), findings)


def _column_texts(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """A column of a Parquet file as texts, and which of them each row has; cells that are alike are turned into text once."""
    import pyarrow as pa

    if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
        texts = np.array([*map(cell_text, column.to_pylist()), ""], dtype=object)
        return texts, np.arange(len(texts) - 1)
    coded = column.combine_chunks().dictionary_encode()
    texts = np.array([*map(cell_text, coded.dictionary.to_pylist()), ""], dtype=object)
    return texts, coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)


def _checked_columns(
    name: str, file: str, names: list[str], columns: list[tuple[np.ndarray, np.ndarray]], findings: Findings
) -> Sheet:
    """What ``_checked`` does, column by column: of a table with its names in the first row and no column without one."""
    headers = _headers(name, file, 1, list(map(str.strip, names)), findings)
    clean = [np.array([*map(str.strip, texts)], dtype=object) for texts, _ in columns]
    is_filled = np.zeros(len(columns[0][1]), dtype=bool)
    for texts, (_, codes) in zip(clean, columns, strict=True):
        is_filled |= (texts != "")[codes]
    found: dict[str, list[str]] = {}
    trimmed = 0
    for header, texts, (told, codes) in zip(filter(None, headers), clean, columns, strict=True):
        trimmed += int((texts != told)[codes[is_filled]].sum())
        found.setdefault(header, texts[codes[is_filled]].tolist())
    if trimmed:
        findings.note(Message("note.trimmed", file=file, count=trimmed))
    return Sheet(name, file, found, (np.flatnonzero(is_filled) + 2).tolist(), _as_read(names, headers))


def cell_text(value: object) -> str:
    """A cell of a workbook or a Parquet file as the text a CSV would hold.

    Examples
    --------
    >>> [cell_text(v) for v in (1.0, 410000, True, None, date(2019, 3, 4), ["a", "b"])]
    ['1', '410000', 'true', '', '2019-03-04', 'a;b']
    """
    if value is None or value != value:  # NaN is how tables write an empty number.
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ";".join(map(cell_text, value))
    return str(value)


def _required(name: str) -> tuple[str, ...]:
    return tuple(heading(column.name, name) for column in EVERY_TABLE[name] if column.required)


def _checked(name: str, file: str, raw: RawRows, findings: Findings, *, ragged: bool = False) -> Sheet | None:
    """Check the header, skip blank rows (they keep their number), trim the cells."""
    start = list(itertools.islice(raw, DEEPEST))
    position = header_position(name, [cells for _, cells in start])
    top, first = start[position] if start else (1, ())
    raw = itertools.chain(start[position + 1 :], raw)
    width = len(first)
    while width and not first[width - 1].strip():
        width -= 1
    if not width:
        findings.defect(
            file, top, "", Message("defect.blank-header-row", row=top),
            hint=Message("hint.write-header-row", columns=_required(name)), code="empty-file",
        )  # fmt: skip
        return None
    headers = _headers(name, file, top, [text.strip() for text in first[:width]], findings)
    rows: list[int] = []
    records: list[Sequence[str]] = []
    results = {i for i, text in enumerate(first) if is_result_column(text)}
    for number, cells in raw:
        cells = ["" if i in results else text for i, text in enumerate(cells)] if results else cells
        if not any(map(str.strip, cells)):
            continue
        if len(cells) != width:
            extra = [text for text in cells[width:] if text.strip()]
            if extra or (ragged and len(cells) < width):
                findings.defect(
                    file, number, "", Message("defect.ragged-row", count=len(cells), width=width),
                    hint=Message("hint.quote-commas") if extra else Message("hint.fill-commas"), code="ragged-row",
                )  # fmt: skip
            cells = [*cells[:width], *[""] * (width - len(cells))]
        rows.append(number)
        records.append(cells)
    columns: dict[str, list[str]] = {}
    trimmed = 0
    cells_of = zip(*records, strict=True) if records else [()] * width
    for header, texts in zip(headers, cells_of, strict=True):
        if header is None:
            filled = next((row for row, text in zip(rows, texts, strict=True) if text.strip()), None)
            if filled is not None:
                findings.defect(
                    file, filled, "", Message("defect.blank-header"), hint=Message("hint.name-column", row=top),
                    code="blank-header",
                )  # fmt: skip
            continue
        clean = [text.strip() for text in texts]
        trimmed += sum(a is not b and a != b for a, b in zip(texts, clean, strict=True))
        columns.setdefault(header, clean)
    if trimmed:
        findings.note(Message("note.trimmed", file=file, count=trimmed))
    return Sheet(name, file, columns, rows, _as_read(first, headers))


def _as_read(written: Iterable[str], headers: list[str | None]) -> dict[str, str]:
    return {text.strip(): header for text, header in zip(written, headers, strict=False) if header}


def _headers(name: str, file: str, top: int, first: list[str], findings: Findings) -> list[str | None]:
    """The English column names of the header row (``None``: no name); missing and doubled columns become defects."""
    headers = column_names(name, first)
    known = {column.name for column in EVERY_TABLE[name]}
    for header, count in Counter(filter(None, headers)).items():
        if count > 1:
            again = tuple(
                quoted(t) for t in dict.fromkeys(t for t, h in zip(first, headers, strict=True) if h == header)
            )
            findings.defect(
                file, top, header, Message("defect.doubled-column", column=heading(header, name), count=count, titles=again),
                hint=Message("hint.keep-one-column"), code="doubled-column",
            )  # fmt: skip
    unknown = [text for text, header in zip(first, headers, strict=True) if header and header not in known]
    for column in EVERY_TABLE[name]:
        if column.required and column.name not in headers:
            if len(first) == 1 and (mark := next((m for m in ";\t" if m in first[0]), None)):
                hint = Message("hint.commas", mark=mark)
            else:
                hint = Message("hint.add-column", column=column.name, chinese=column.name_zh)
                near = nearest(column.name, unknown, 70) or nearest(column.name_zh, unknown, 60)
                hint = Message("hint.rename-column", add=hint, near=near) if near else hint
            message = Message("defect.missing-column", column=heading(column.name, name))
            findings.defect(file, top, column.name, message, hint=hint, code="missing-column")
    return headers
