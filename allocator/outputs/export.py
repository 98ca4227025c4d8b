"""Files of single units, years and sessions from a finished run, into a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from allocator.domain.errors import OutputError
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units import CALENDAR, NOTICES, WORKBOOK, Template, narrowed, unit_contents, unit_files
from allocator.outputs.units.file_names import index
from allocator.outputs.units.unit_record import UnitContent
from allocator.system.atomic_folder import written_whole

RECORD = "export.json"
"""The file by which a folder of this sort is known; written last."""


@dataclass(frozen=True)
class Wanted:
    """What to export; nothing named means all. Years and sessions narrow calendars and notices, not the workbooks."""

    endings: tuple[str, ...] = (WORKBOOK, CALENDAR, NOTICES)
    units: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    sessions: tuple[str, ...] = ()


def export(material: Material, folder: Path, wanted: Wanted, template: Template | None, *, force: bool = False) -> int:
    """Write the files asked for, whole or not at all; how many files there are.

    Raises
    ------
    OutputError
        If a unit, year or session is not one of the run, if nothing is left to write, or if the folder cannot be
        written.
    """
    texts = material.texts
    _check(material, wanted)
    contents = _chosen(unit_contents(material), wanted)
    if not contents:
        raise OutputError(texts("export.nothing"))
    with written_whole(folder, texts, force=force, mark=RECORD) as unfinished:
        (unfinished / "index.csv").write_bytes(index([unit.line for unit in contents], endings=wanted.endings))
        files = unit_files(unfinished, material, template, wanted.endings)
        for unit in contents:
            files.write(unit)
        count = len(list(unfinished.iterdir())) - 1
        record = {
            "scenario": material.inputs.scenario.id,
            "plan": {"sha256": material.plan.sha256},
            "files": count,
            "units": len(contents),
            "years": list(wanted.years),
            "sessions": list(wanted.sessions),
        }
        text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
        (unfinished / RECORD).write_text(text, encoding="utf-8", newline="")
    return count


def _chosen(units: Iterable[UnitContent], wanted: Wanted) -> list[UnitContent]:
    """The units that have something of what is wanted."""
    chosen = []
    for unit in units:
        if not wanted.units or unit.unit_id in wanted.units:
            own = narrowed(unit, wanted.years, wanted.sessions)
            if WORKBOOK in wanted.endings or own.notices:
                chosen.append(own)
    return chosen


def _check(material: Material, wanted: Wanted) -> None:
    inputs, texts = material.inputs, material.texts
    _known(wanted.units, inputs.units["unit_id"].tolist(), "export.unknown-unit", texts)
    _known(wanted.sessions, inputs.sessions["session_id"].tolist(), "export.unknown-session", texts)
    _known(map(str, wanted.years), list(map(str, inputs.years)), "export.unknown-year", texts)


def _known(asked: Iterable[str], there: Sequence[str], code: str, texts: Texts) -> None:
    known = set(there)
    for value in asked:
        if value not in known:
            near = get_close_matches(value, there, n=3, cutoff=0.6)
            hint = texts("export.near", near=texts.listed(near)) if near else ""
            raise OutputError(texts(code, value=value, hint=hint))
