"""Sheets that come back filled in, of events or of attendance: read as forgivingly as any table, every mistake in its cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from allocator.domain.errors import Defect, InputError
from allocator.inputs.defects import Findings
from allocator.inputs.files import Files
from allocator.inputs.scenario.layers import shown_path
from allocator.inputs.tables.read_tables import Sheet, read_sheet
from allocator.language.message import Message


@dataclass(frozen=True)
class Fault:
    """One mistake in a row: the column, what is wrong, and the next step."""

    column: str
    message: Message
    hint: Message
    code: str


def filled_in(name: str, path: Path | str, findings: Findings) -> Sheet:
    """The sheet of that name in a CSV file or workbook, as text.

    Raises
    ------
    InputError
        If there is no such file, or it cannot be read as a table.
    """
    file = shown_path(Path(path))
    content = Files().read(file)
    if content is None:
        message = Message("defect.missing-file", file=file)
        raise InputError([Defect(file, 0, "", message, Message("hint.name-and-folder"), "missing-file")])
    sheet = read_sheet(name, file, content, findings)
    if sheet is None:
        raise InputError(findings.defects)
    return sheet
