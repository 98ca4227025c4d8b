"""``units/``: for every unit a workbook, a calendar file and the call-up notices, with only its own people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from allocator.domain.errors import OutputError
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units.calls import Call, Calls
from allocator.outputs.units.change_notice import change_letter
from allocator.outputs.units.default_notice import letter
from allocator.outputs.units.file_names import CALENDAR, NOTICES, WORKBOOK, file_stems
from allocator.outputs.units.notice_template import Template, placeholders, read_template
from allocator.outputs.units.unit_data import Gathering
from allocator.outputs.units.unit_record import UnitContent
from allocator.outputs.units.write_units import AllUnits, UnitFiles

__all__ = ["CALENDAR", "NOTICES", "WORKBOOK", "AllUnits", "Call", "Calls", "Template", "change_letter", "change_template_of", "default_template", "file_stems", "letter", "narrowed",
           "placeholders", "read_template", "template_of", "unit_contents", "unit_files"]  # fmt: skip


def default_template(texts: Texts, *, is_issued: bool = False) -> Template:
    """The template of the call-up notice that is used when the office brings none."""
    return read_template(letter(texts, is_issued=is_issued), "", texts)


def template_of(path: Path | None, texts: Texts, *, is_issued: bool = False) -> Template:
    """The office's template, or the plain letter where there is none.

    Raises
    ------
    OutputError
        If the file cannot be read, is no Word document, or has placeholders nobody knows.
    """
    if path is None:
        return default_template(texts, is_issued=is_issued)
    return _own_template(path, texts)


def change_template_of(path: Path | None, texts: Texts) -> Template:
    """The office's template of the change notice, or the plain one where there is none; refused as ``template_of`` does."""
    return read_template(change_letter(texts), "", texts) if path is None else _own_template(path, texts)


def _own_template(path: Path, texts: Texts) -> Template:
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


def unit_files(
    folder: Path,
    material: Material,
    template: Template | None,
    endings: tuple[str, ...] = (WORKBOOK, CALENDAR, NOTICES),
) -> UnitFiles:
    """What writes the files of units into a folder that exists; the plain letter where there is no template."""
    texts = material.texts
    template = template or default_template(texts)
    return UnitFiles(folder, texts("font"), texts("dispatch.footer"), material.inputs.years[0], template, endings)
