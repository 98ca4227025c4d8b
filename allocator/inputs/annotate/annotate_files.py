"""From the defects of a scenario to marked workbooks beside the planner's own files."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from rich.cells import cell_len

from allocator.domain.errors import Defect, OutputError
from allocator.inputs.annotate.grid import LONGEST, Grid
from allocator.inputs.annotate.marks import mark_sheet
from allocator.inputs.annotate.ooxml_package import Package, allowed, main
from allocator.inputs.defects import Findings
from allocator.inputs.scenario.layers import merge_layers, shown_path
from allocator.inputs.tables.headings import TITLES, sheets_of
from allocator.inputs.tables.read_tables import cell_text, decoded
from allocator.inputs.tables.workbook_contents import WorkbookError, damage_explained
from allocator.language.message import Language, Message, said
from allocator.language.texts import Texts
from allocator.system.atomic_write import write_whole

SUFFIX = ".xlsx"
WIDEST = 40  # characters of a column made from a CSV file


@dataclass(frozen=True)
class Annotated:
    """What became of the defects."""

    files: tuple[Path, ...]  # workbooks written
    elsewhere: tuple[Defect, ...]  # in no table: of the scenario, the policy, or a file that cannot be opened
    notes: tuple[Message, ...] = ()


def annotate(
    scenario: Path,
    defects: Sequence[Defect],
    *,
    to: Path | None = None,
    force: bool = False,
    lang: Language = "zh",
) -> Annotated:
    """Write every table file with defects again, as a workbook in which they are marked.

    Parameters
    ----------
    scenario
        The scenario whose tables were read.
    defects
        What reading them found.
    to
        Workbook to write, or folder for several; absent: beside each file, under a name of its own.
    force
        Replace a workbook that is there; an input is never replaced.

    Raises
    ------
    OutputError
        If a workbook is there already, is open elsewhere, or cannot be written; nothing is half written.
    """
    files = _table_files(scenario)
    made: dict[Path, bytes] = {}
    placed: set[Defect] = set()
    notes = []
    for path, names in files.items():
        shown = shown_path(path)
        here = [defect for defect in defects if defect.file == shown or defect.file.startswith(f"{shown}[")]
        try:
            with damage_explained():
                content = _marked(path, names, here, lang) if here else None
        except WorkbookError as error:
            if any(defect.row for defect in here):  # Else the reader has said why the file cannot be opened.
                notes.append(Message("annotate.damaged", file=shown, reason=str(error)))
            continue
        if content is None:
            continue
        made[path], marked = content
        placed |= marked
        if _lock(path).exists():
            notes.append(Message("annotate.open", file=shown))
    targets = _targets(list(made), to, lang)
    inputs = {path.resolve() for path in files}
    for target in targets.values():
        if target.resolve() in inputs:
            raise OutputError(Message("annotate.own", file=target))
        _refuse_taken(target, force=force)
    for path, target in targets.items():
        write_whole(target, made[path])
    elsewhere = tuple(defect for defect in defects if defect not in placed)
    return Annotated(tuple(targets.values()), elsewhere, tuple(notes))


def _table_files(scenario: Path) -> dict[Path, list[str]]:
    """Every file that holds tables, with the tables it holds."""

    def read(file: str) -> bytes | None:
        path = Path(file)
        return path.read_bytes() if path.is_file() else None

    files: dict[Path, list[str]] = {}
    for name, one in merge_layers(scenario, {}, read, Findings()).below("tables").items():
        files.setdefault(Path(shown_path(one.value)), []).append(name)
    return files


def _marked(
    path: Path, names: list[str], defects: Sequence[Defect], lang: Language
) -> tuple[bytes, set[Defect]] | None:
    """The file with defects marked, and which are; ``None`` when there is no sheet to mark them on."""
    is_book = path.suffix.lower() == SUFFIX
    content = path.read_bytes() if is_book else _as_workbook(path, names[0], lang)
    if content is None:
        return None
    package = Package.parse(content)
    titles = [sheet.get("name", "") for sheet in package.look(package.workbook).root.iter(main("sheet"))]
    marked: set[Defect] = set()
    for name in names:
        found = sheets_of(name, titles) or (titles if len(names) == len(titles) == 1 else [])
        place = f"{shown_path(path)}[{found[0]}]" if is_book and found else shown_path(path)
        own = [defect for defect in defects if defect.file == place]
        if len(found) == 1:
            mark_sheet(Grid(package, found[0]), name, own, lang)
            marked.update(own)
    return (package.content(), marked) if marked else None


def _as_workbook(path: Path, name: str, lang: Language) -> bytes | None:
    """A CSV or Parquet table as a workbook, every cell as the text it is; rows keep their numbers."""
    content = path.read_bytes()
    if path.suffix.lower() == ".csv":
        text = decoded(str(path), content, Findings())
        if text is None:
            return None
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error:
            return None
    else:
        table = pq.read_table(pa.BufferReader(content))
        records = zip(*(map(cell_text, column.to_pylist()) for column in table.columns), strict=True)
        rows = [list(table.column_names), *map(list, records)]
    if not rows:
        return None
    return _written_as_text(rows, TITLES[name][0] if lang == "zh" else name, Texts(lang)("font"))


def _written_as_text(rows: list[list[str]], title: str, font: str) -> bytes:
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_format_properties": {"font_name": font, "font_size": 10},
    }
    book = xlsxwriter.Workbook(out, options)
    text = book.add_format({"num_format": "@", "font_name": font, "font_size": 10})
    head = book.add_format(
        {"num_format": "@", "font_name": font, "font_size": 10, "bold": True, "bottom": 1, "bg_color": "#DDE6F3"}
    )
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    widths: Counter[int] = Counter()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write_string(number, column, allowed(value[:LONGEST]), text if number else head)
            widths[column] = max(widths[column], min(cell_len(value) + 2, WIDEST))
    for column, width in widths.items():
        sheet.set_column(column, column, width, text)
    book.close()
    return out.getvalue()


def _targets(paths: list[Path], to: Path | None, lang: Language) -> dict[Path, Path]:
    """Where each marked file goes."""
    if to is None or to.suffix.lower() != SUFFIX:
        return {path: _new_name(path if to is None else to / path.name, lang) for path in paths}
    if len(paths) > 1:
        raise OutputError(Message("annotate.several", count=len(paths), file=to))
    return dict.fromkeys(paths, to)


def _new_name(path: Path, lang: Language) -> Path:
    """The name of a marked file: the old one with a word behind it, and a number when it had that word already."""
    word = said(Message("annotate.suffix"), lang)
    found = re.fullmatch(rf"(.*)-{re.escape(word)}(?:-(\d+))?", path.stem)
    if found is None:
        return path.with_name(f"{path.stem}-{word}{SUFFIX}")
    return path.with_name(f"{found[1]}-{word}-{int(found[2] or 1) + 1}{SUFFIX}")


def _lock(path: Path) -> Path:
    """The file that Excel keeps beside a workbook as long as it is open."""
    return path.with_name(f"~${path.name}")


def _refuse_taken(target: Path, *, force: bool) -> None:
    if target.is_dir() or (target.exists() and not force):
        raise OutputError(Message("annotate.exists", file=target))
    if target.exists() and _lock(target).exists():
        raise OutputError(Message("annotate.locked", file=target))
