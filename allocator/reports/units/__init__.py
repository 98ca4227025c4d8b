"""``units/``: for every unit a workbook, a calendar file and the call-up notices, with only its own people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from allocator.errors import OutputError
from allocator.reports.material import Material
from allocator.reports.texts import Texts
from allocator.reports.units.content import UnitContent
from allocator.reports.units.gather import Gathering
from allocator.reports.units.letter import letter
from allocator.reports.units.names import CALENDAR, NOTICES, WORKBOOK, file_stems, index
from allocator.reports.units.template import Template, placeholders, read_template
from allocator.reports.units.work import Helpers, Task

__all__ = ["CALENDAR", "NOTICES", "WORKBOOK", "Template", "default_template", "file_stems", "letter", "narrowed",
           "placeholders", "read_template", "task", "template_of", "unit_contents", "write_units"]  # fmt: skip

MANY = 300  # units for which a helper process pays: it needs a second to start


def default_template(texts: Texts) -> Template:
    """The template of the call-up notice that is used when the office brings none."""
    return read_template(letter(texts), "", texts)


def template_of(path: Path | None, texts: Texts) -> Template:
    """The office's template, or the plain letter where there is none.

    Raises
    ------
    OutputError
        If the file cannot be read, is no Word document, or has placeholders nobody knows.
    """
    if path is None:
        return default_template(texts)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OutputError(texts("notices.unreadable", file=path, detail=error.strerror or error)) from error
    return read_template(content, str(path), texts)


def unit_contents(material: Material) -> list[UnitContent]:
    """What every unit with people gets, in the order of unit ids."""
    return list(Gathering(material))


def narrowed(unit: UnitContent, years: Iterable[int] = (), sessions: Iterable[str] = ()) -> UnitContent:
    """The unit with the events and notices of these years and sessions only; none named: of all."""
    years, sessions = frozenset(years), frozenset(sessions)

    def wanted(year: int, session_id: str) -> bool:
        return (not years or year in years) and (not sessions or session_id in sessions)

    return replace(
        unit,
        events=tuple(event for event in unit.events if wanted(event.year, event.session_id)),
        notices=tuple(notice for notice in unit.notices if wanted(notice.year, notice.session_id)),
    )


def write_units(folder: Path, material: Material, template: Template | None, tell: Callable[[float], None]) -> None:
    """Write the files of all units and ``index.csv`` into a folder that exists.

    Parameters
    ----------
    template
        Of the call-up notices; the plain letter when absent.
    tell
        Gets the share done.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    workers = material.inputs.scenario.limits.workers if material.inputs.cadres["unit_id"].nunique() >= MANY else 1
    with Helpers(workers - 1) as helpers:
        gathering = Gathering(material)
        contents = tuple(gathering)
        (folder / "index.csv").write_bytes(index(contents, gathering.nobody))
        helpers.write(task(folder, material, contents, template), tell)


def task(
    folder: Path,
    material: Material,
    contents: Iterable[UnitContent],
    template: Template | None,
    endings: tuple[str, ...] = (WORKBOOK, CALENDAR, NOTICES),
) -> Task:
    """The work of writing these units into a folder."""
    texts, years = material.texts, material.inputs.years
    template = template or default_template(texts)
    return Task(folder, tuple(contents), texts("font"), texts("dispatch.footer"), years[0], template, endings)
