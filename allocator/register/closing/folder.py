"""The folder of a closed year: the scenario of the years that follow, the outcome as a workbook, the due list."""

from __future__ import annotations

import json
from pathlib import Path

from allocator.language.texts import Texts
from allocator.register.closing.close import Closed
from allocator.register.closing.workbook import due_csv, workbook
from allocator.register.register import Register
from allocator.register.versions import SCENARIO
from allocator.system.atomic_folder import check_target, written_whole

MARK = "closing.json"
"""The file by which such a folder is known; what it holds is what the journal says of the closing."""


def refuse(folder: Path, texts: Texts, *, force: bool) -> None:
    """Refuse a folder that cannot be written, before the year is closed.

    Raises
    ------
    OutputError
    """
    check_target(folder, force=force, lang=texts.lang, mark=MARK)


def write(register: Register, closed: Closed, folder: Path, texts: Texts, *, force: bool) -> Path:
    """Write the folder, whole or not at all, from what the register holds; the path of the scenario.

    Raises
    ------
    OutputError
    """
    with written_whole(folder, texts, force=force, mark=MARK) as made:
        register.write_inputs(closed.version, made)
        (made / f"{closed.year}.xlsx").write_bytes(workbook(closed.outcome, _reasons(register), texts))
        (made / "due.csv").write_bytes(due_csv(closed.outcome))
        record = {**closed.details, **closed.outcome.total}
        (made / MARK).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return folder / SCENARIO


def _reasons(register: Register) -> dict[tuple[str, str], str]:
    """Why somebody gave up a seat: the reason of the event that names both."""
    events = register.events()
    rows = zip(events["session_id"], events["cadre_id"], events["reason"], strict=True)
    return {(session, cadre): reason for session, cadre, reason in rows if session and cadre}
