"""Writing the files of units, share by share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from allocator.outputs.output_data import Material
from allocator.outputs.units.calendars import calendar
from allocator.outputs.units.file_names import CALENDAR, NOTICES, WORKBOOK, index
from allocator.outputs.units.notice_template import Template
from allocator.outputs.units.unit_data import Gathering
from allocator.outputs.units.unit_record import IndexLine, UnitContent
from allocator.outputs.units.workbook import workbook

SHARE = 100  # units written at once


@dataclass(frozen=True)
class UnitFiles:
    """What the files of units are made with, and where they go; the endings say which files."""

    folder: Path
    font: str
    footer: str
    first_year: int
    template: Template
    endings: tuple[str, ...] = (WORKBOOK, CALENDAR, NOTICES)

    def write(self, unit: UnitContent) -> None:
        """Write the files of one unit.

        Raises
        ------
        OSError
            If a file cannot be written.
        """
        for ending in self.endings:
            content = self._content(unit, ending)
            if content is not None:
                (self.folder / f"{unit.stem}{ending}").write_bytes(content)

    def _content(self, unit: UnitContent, ending: str) -> bytes | None:
        """The bytes of one file; None where the unit has none, since nobody goes anywhere."""
        if ending == WORKBOOK:
            return workbook(unit, self.font, self.footer)
        if ending == CALENDAR:
            return calendar(unit, self.first_year) if unit.events else None
        return self.template.fill(unit.notices) if unit.notices else None


@dataclass(frozen=True)
class AllUnits:
    """The files of all units of a run, in shares that can be written in any order and by different processes."""

    material: Material
    files: UnitFiles

    @property
    def shares(self) -> list[tuple[int, int]]:
        """Every share: the place of its first unit in the order of unit ids, and of the one behind its last."""
        count = self.material.inputs.cadres["unit_id"].nunique()
        return [(first, min(first + SHARE, count)) for first in range(0, count, SHARE)]

    def write(self, share: tuple[int, int]) -> list[IndexLine]:
        """Write the files of a share; its lines in the list of files.

        Raises
        ------
        OSError
            If a file cannot be written.
        """
        lines = []
        for unit in self._gathering.some(*share):
            self.files.write(unit)
            lines.append(unit.line)
        return lines

    def list(self, lines: Iterable[IndexLine]) -> None:
        """Write the list of files, from the lines of all shares in their order."""
        material = self.material
        peopled = set(material.inputs.cadres["unit_id"])
        nobody = [(u, name) for u, name in sorted(material.unit_names.items()) if u not in peopled]
        (self.files.folder / "index.csv").write_bytes(index(lines, nobody))

    @cached_property
    def _gathering(self) -> Gathering:
        return Gathering(self.material)
