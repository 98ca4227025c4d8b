"""The folder of a bulletin: workbook, page and figures, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from allocator.register.bulletin.page import page
from allocator.register.bulletin.view import View
from allocator.register.bulletin.workbook import workbook
from allocator.system.atomic_folder import written_whole

RECORD = "bulletin.json"
"""The file by which a folder of this sort is known; written last."""


def write(view: View, folder: Path, *, force: bool = False) -> None:
    """Write workbook, page and figures.

    Raises
    ------
    OutputError
        If the folder cannot be written, or is there already and ``force`` is not set.
    """
    with written_whole(folder, view.texts, force=force, mark=RECORD) as unfinished:
        (unfinished / "bulletin.xlsx").write_bytes(workbook(view))
        (unfinished / "bulletin.html").write_text(page(view), encoding="utf-8", newline="")
        text = json.dumps(record(view), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        (unfinished / RECORD).write_text(text, encoding="utf-8", newline="")


def record(view: View) -> dict[str, object]:
    """Every figure, without names."""
    basis = view.basis
    return {
        "year": basis.period.year,
        "quarter": basis.period.quarter,
        "as_of": basis.on.isoformat(),
        "version": basis.version,
        "first_version": basis.first_version,
        "total": asdict(view.total),
        "units": {unit: asdict(one) for unit, one in sorted(view.units.items())},
        "indicators": [asdict(one) | {"verdict": one.verdict} for one in view.indicators],
    }
