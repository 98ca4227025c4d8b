"""Whether a folder is that of a run and still says what was written: figures of a run speak of its plan and scenario as they were then."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allocator.domain.errors import Defect, InputError
from allocator.language.message import Message

PLACES = ("policy", "tables")
"""Keys of a scenario that only say where files lie; a folder may be moved, and the files have hashes of their own."""


def fingerprint(scenario: str) -> str:
    """What the text of a scenario says, as a hash: comments, layout and the places of files do not matter.

    Raises
    ------
    ValueError
        If it is no TOML.

    Examples
    --------
    >>> fingerprint('seed = "a"\\npolicy = "p.toml"') == fingerprint('policy = "../p.toml" # moved\\nseed = "a"')
    True
    """
    said = {key: value for key, value in tomllib.loads(scenario).items() if key not in PLACES}
    return str(_hash(json.dumps(said, sort_keys=True, default=str)))


RUN_FILES = ("scenario.toml", "plan.csv", "run.json")
"""Files of a run folder without which it is none."""


def lacking(folder: Path, files: Sequence[str] = RUN_FILES) -> list[Defect]:
    """What is wrong with a path that should be the folder of a finished run; nothing when the files are there."""
    absent = tuple(name for name in files if not (folder / name).is_file())
    message = Message("compare.not-a-run", folder=str(folder), files=absent)
    return [_no_run(folder, message, "not-a-run")] if absent else []


@contextmanager
def broken_explained(folder: Path) -> Iterator[None]:
    """Say of a file of a run folder that is not as we write it that the folder cannot be read."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        message = Message("compare.broken-run", folder=str(folder), reason=str(fault))
        raise InputError([_no_run(folder, message, "broken-run")]) from None


def read_record(folder: Path) -> dict[str, Any]:
    """What ``run.json`` of a finished run holds, after a look at whether its plan and scenario are still as they were.

    Raises
    ------
    InputError
        With each file that was changed, or when it is not as we write it.
    """
    with broken_explained(folder):
        record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        refuse_edited(folder, record)
    return record


def refuse_edited(folder: Path, record: Mapping[str, Any]) -> None:
    """Refuse a run folder of which the plan or the scenario was changed after the run.

    Parameters
    ----------
    record
        What ``run.json`` holds; hashes that an older run did not write are not asked for.

    Raises
    ------
    InputError
        With each file that was changed.
    """
    defects = []
    written = (record.get("plan") or {}).get("sha256")
    if written is not None and _hash(_text(folder / "plan.csv")) != written:
        defects.append(_defect(folder / "plan.csv", Message("explain.audit-instead"), "plan-edited"))
    said = record.get("scenario_sha256")
    if said is not None and _said(_text(folder / "scenario.toml")) != said:
        defects.append(_defect(folder / "scenario.toml", Message("explain.extend-instead"), "scenario-edited"))
    if defects:
        raise InputError(defects)


def _no_run(folder: Path, message: Message, code: str) -> Defect:
    """What is wrong with a path that should be the folder of a finished run, with what to give instead."""
    hint = Message("compare.a-scenario", file=folder) if folder.suffix == ".toml" else Message("compare.plan-first")
    return Defect(str(folder), 0, "", message, hint, code)


def _defect(file: Path, hint: Message, code: str) -> Defect:
    return Defect(str(file), 0, "", Message("explain.edited-since"), hint, code)


def _text(file: Path) -> str | None:
    """The text of a file; ``None`` when it is not UTF-8, as after a spreadsheet has saved it."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return None


def _hash(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _said(text: str | None) -> str | None:
    try:
        return None if text is None else fingerprint(text)
    except ValueError:
        return None
