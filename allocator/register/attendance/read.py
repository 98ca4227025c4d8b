"""A name list that came back from a host: read, checked against who was expected, all mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from allocator.domain.errors import InputError
from allocator.inputs.defects import Findings
from allocator.inputs.tables.cells import typed
from allocator.inputs.tables.read_tables import Sheet
from allocator.language.message import Message
from allocator.register.attendance.check import row_faults, session_fault
from allocator.register.attendance.roll import Roll, Seat
from allocator.register.records import Attendance
from allocator.register.sheets import Fault, filled_in

MARKS = {
    "√": "是", "✓": "是", "✔": "是", "到": "是", "已到": "是", "到班": "是", "结业": "是", "已结业": "是", "y": "是", "present": "是",
    "×": "否", "✗": "否", "✘": "否", "x": "否", "未到": "否", "未到班": "否", "缺席": "否", "未结业": "否", "n": "否", "absent": "否",
}  # fmt: skip
"""How hosts write yes and no besides what every table takes."""

REPORTED = ("present", "leave_days", "hours", "completed")
"""Columns that a host fills in; a row in which all are empty has not been reported yet."""


@dataclass(frozen=True)
class Reported:
    """A list as it was read.

    Parameters
    ----------
    rows
        What the host says of each seat, ``hours`` missing where the cell is empty.
    is_completed
        Whether the host says that the session was completed, missing where the cell is empty.
    blank
        How many rows are not filled in.
    """

    rows: tuple[Attendance, ...]
    is_completed: tuple[bool | None, ...]
    blank: int


def read_attendance(path: Path | str, roll: Roll, *, correct: bool = False) -> Reported:
    """The rows of a name list (CSV or Excel, headings in either language) that are filled in.

    Parameters
    ----------
    correct
        Seats that were recorded before may be recorded again.

    Raises
    ------
    InputError
        With every mistake: bad cells, unknown ids, seats that nobody holds, contradictions, more than the session has.
    """
    findings = Findings()
    written = filled_in("attendance", path, findings)
    sheet = _reported(written)
    table = typed(sheet, findings)
    bad = {defect.row for defect in findings.defects}
    rows: list[Attendance] = []
    said: list[bool | None] = []
    first: dict[Seat, int] = {}
    told: set[str] = set()
    for position, record in enumerate(table.frame.to_dict("records")):
        row = table.row(position)
        if row in bad:
            continue
        is_completed = None if pd.isna(record["completed"]) else bool(record["completed"])
        one = Attendance(
            record["session_id"], record["cadre_id"], bool(record["present"]), float(record["leave_days"]),
            None if pd.isna(record["hours"]) else float(record["hours"]), bool(is_completed), str(record["remark"]),
        )  # fmt: skip
        for fault in [*_twice(one, row, first), *_faults(one, is_completed, roll, told, correct=correct)]:
            findings.defect(table.file, row, fault.column, fault.message, hint=fault.hint, code=fault.code)
        rows.append(one)
        said.append(is_completed)
    if not sheet.rows and not findings.defects:
        hint = Message("attendance.hint-blank")
        findings.defect(sheet.file, 0, "", Message("attendance.blank"), hint=hint, code="nothing-reported")
    if findings.defects:
        raise InputError(findings.defects)
    return Reported(tuple(rows), tuple(said), len(written.rows) - len(sheet.rows))


def _reported(sheet: Sheet) -> Sheet:
    """The sheet without rows that are not filled in, its marks for yes and no as every table takes them."""
    columns = {**sheet.columns}
    for name in ("present", "completed"):
        if name in columns:
            columns[name] = [MARKS.get(text.lower(), text) for text in columns[name]]
    filled = [columns[name] for name in REPORTED if name in columns]
    kept = [at for at in range(len(sheet.rows)) if any(texts[at] for texts in filled)]
    return replace(
        sheet,
        columns={name: [texts[at] for at in kept] for name, texts in columns.items()},
        rows=[sheet.rows[at] for at in kept],
    )


def _twice(one: Attendance, row: int, first: dict[Seat, int]) -> Iterator[Fault]:
    seat = one.session_id, one.cadre_id
    if seat in first:
        message = Message("attendance.twice", cadre=one.cadre_id, session=one.session_id, row=first[seat])
        yield Fault("cadre_id", message, Message("event.hint-same"), "recorded-twice")
    first.setdefault(seat, row)


def _faults(
    one: Attendance, is_completed: bool | None, roll: Roll, told: set[str], *, correct: bool
) -> Iterable[Fault]:
    """The mistakes of a row; what is wrong with its session is told once."""
    fault = session_fault(one.session_id, roll)
    if fault is None:
        return row_faults(one, is_completed, roll, correct=correct)
    is_new = one.session_id not in told
    told.add(one.session_id)
    return [fault] if is_new else []
