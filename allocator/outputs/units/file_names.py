"""Names of the units' files, and the list of them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterable

from allocator.outputs.units.unit_record import IndexLine

_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d|index)$")
_LONGEST = 100  # characters; Windows allows 260 for the whole path, most systems 255 bytes for a name

WORKBOOK, CALENDAR, NOTICES = ".xlsx", ".ics", ".docx"


def file_stems(unit_ids: Iterable[str]) -> dict[str, str]:
    """A safe file name (without ending) per unit id: no path in it, none reserved, no two alike where case does not count.

    Examples
    --------
    >>> file_stems(["410100", "con", "a/b"])
    {'410100': '410100', 'con': 'con~1143da2b', 'a/b': 'a_b~c14cddc0'}
    """
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for unit_id in unit_ids:
        stem = re.sub(r"[^\w.-]", "_", unit_id).strip(".")
        if (
            stem != unit_id
            or not stem
            or stem.casefold() in taken
            or _RESERVED.match(stem.split(".")[0])
            or len(stem) > _LONGEST
            or len(stem.encode()) > 2 * _LONGEST
        ):
            stem = f"{_cut(stem.replace('.', '_'))}~{hashlib.sha256(unit_id.encode()).hexdigest()[:8]}"
        taken.add(stem.casefold())
        stems[unit_id] = stem
    return stems


def _cut(stem: str) -> str:
    """At most 80 characters and 160 bytes, whole characters only."""
    return stem[:80].encode()[:160].decode(errors="ignore")


def index(
    lines: Iterable[IndexLine],
    without: Iterable[tuple[str, str]] = (),
    endings: Collection[str] = (WORKBOOK, CALENDAR, NOTICES),
) -> bytes:
    """The list of files as CSV, safe to open in a spreadsheet: a name never starts a formula.

    ``without`` are units with nobody on the roster, as (unit id, name); they get no files.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["unit_id", "name", "file", "people", "seats", "calendar", "notices"])
    for line in lines:
        has = {WORKBOOK: True, CALENDAR: line.has_calendar, NOTICES: line.has_notices}
        files = {ending: line.stem + ending if has[ending] and ending in endings else "" for ending in has}
        row = (files[WORKBOOK], line.people, line.seats, files[CALENDAR], files[NOTICES])
        writer.writerow([_defused(line.unit_id), _defused(line.name), *row])
    for unit_id, name in without:
        writer.writerow([_defused(unit_id), _defused(name), "", 0, 0, "", ""])
    return text.getvalue().encode("utf-8-sig")


def _defused(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
