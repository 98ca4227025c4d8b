"""Record: what a host reports is judged and written down with its entry in the journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import Any

from allocator.domain.errors import RegisterError
from allocator.language.message import Message
from allocator.register.attendance.judge import LIMIT, Judged
from allocator.register.attendance.read import Reported
from allocator.register.records import Attendance
from allocator.register.register import Register


def record(
    register: Register, reported: Reported, found: Judged, *, by: str, on: date, after: int, reason: str = "",
    clause: str = "", correct: bool = False,
) -> list[str]:  # fmt: skip
    """Write down what was judged; the journal keeps what was recorded before and what the host said beside what counts.

    Returns the sessions that are closed by it.

    Parameters
    ----------
    after
        The version of the plan against which the list was checked.
    reason
        Why something is recorded again.

    Raises
    ------
    RegisterError
        If nothing differs from what was recorded, a state forbids it, or somebody else was faster.
    """
    if not found.rows:
        raise RegisterError(Message("attendance.nothing-new"))
    is_mine = {(one.session_id, one.cadre_id): one for one in reported.rows}
    details: dict[str, Any] = {
        "states": dict(sorted(Counter(state.value for state in found.outcome.values()).items())),
        "limited": [_said(is_mine[seat]) for seat in found.limited],
        "before": [_said(one) for _, one in sorted(found.changed.items())],
        "now": [_said(one) for one in found.rows if (one.session_id, one.cadre_id) in found.changed],
    }
    return register.add_attendance(
        found.rows, found.outcome, by=by, on=on, after=after, why=reason, correct=correct,
        clause=clause or (LIMIT if found.limited else ""), details=details,
    )  # fmt: skip


def _said(one: Attendance) -> dict[str, Any]:
    return {name: cell for name, cell in asdict(one).items() if cell != ""}
