"""The defects of one table laid onto its sheet: a column that says them, colours and comments on the cells they are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.utils.cell import column_index_from_string
from rich.cells import cell_len

from allocator.domain.errors import Defect
from allocator.inputs.annotate.comments import replace_comments
from allocator.inputs.annotate.grid import Grid
from allocator.inputs.annotate.sheet_filter import colour, extend_table, filter_over, table_around, table_end
from allocator.inputs.annotate.styles import FINDING, HEADING, Styles
from allocator.inputs.tables.headings import DEEPEST, RESULT_COLUMN, column_names, header_position, is_result_column
from allocator.language.message import Language, Message, said

WIDTH = 72  # of the column with the findings, in characters
LONGEST_HEADING = 250  # characters; Excel's tables allow a few more


@dataclass(frozen=True)
class Layout:
    """Where the columns of a table stand on its sheet."""

    header: int  # row of the header
    columns: dict[str, int]  # English name -> column, from 1
    headings: dict[int, str]  # column -> heading as the user wrote it
    results: tuple[int, ...]  # columns of earlier checks

    @classmethod
    def of(cls, grid: Grid, name: str) -> Layout:
        """Find the header among the first rows."""
        rows = []
        for number in range(1, DEEPEST + 1):
            cells = grid.cells(number)
            rows.append([grid.text(cells[i]) if i in cells else "" for i in range(1, max(cells, default=0) + 1)])
        position = header_position(name, rows)
        headings = rows[position]
        columns: dict[str, int] = {}
        for i, column in enumerate(column_names(name, headings), start=1):
            if column is not None:
                columns.setdefault(column, i)
        return cls(
            position + 1,
            columns,
            {i: text.strip() for i, text in enumerate(headings, start=1) if text.strip()},
            tuple(i for i, text in enumerate(headings, start=1) if is_result_column(text)),
        )

    def column(self, name: str) -> int | None:
        """The column a defect names, by its English name or by its letter."""
        if name in self.columns:
            return self.columns[name]
        is_letter = name.isascii() and name.isalpha() and name.isupper() and len(name) <= 3
        return column_index_from_string(name) if is_letter else None


def mark_sheet(grid: Grid, name: str, defects: Sequence[Defect], lang: Language) -> None:
    """Replace the marks of an earlier check on a sheet by those of the defects.

    Parameters
    ----------
    grid
        The sheet.
    name
        Which of the five tables it holds.
    defects
        All defects of that table; those in no row of the sheet are said in the header of the new column.
    """
    layout = Layout.of(grid, name)
    if not defects and not layout.results:
        return
    grid.touch()
    place = _place(grid, layout)
    for old in layout.results:
        for row in grid.clear(old):
            grid.heighten(row, None)
    by_row: dict[int, list[str]] = defaultdict(list)
    by_cell: dict[tuple[int, int], list[str]] = defaultdict(list)
    for defect in sorted(defects, key=lambda one: (one.row, layout.column(one.column) or 0)):
        row = defect.row if defect.row in grid.rows and defect.row > layout.header else layout.header
        column, text = layout.column(defect.column), _sentence(defect)
        heading = layout.headings.get(column or 0, "" if column else defect.column)
        by_row[row].append(_named(heading, text))
        if column is not None and defect.row in grid.rows and column in grid.cells(defect.row):
            by_cell[defect.row, column].append(text)
        elif row == layout.header:
            by_cell[row, place].append(_named(heading, text))
        elif column is not None:
            by_cell[row, column].append(text)
    _write(grid, layout, place, by_row, lang)
    coloured = [cell for cell in by_cell if cell != (layout.header, place)]
    colour(grid, coloured, Styles(grid.package).bad_cell())
    replace_comments(
        grid.package, grid.part, {cell: "\n".join(said(one, lang) for one in found) for cell, found in by_cell.items()}
    )


def _sentence(defect: Defect) -> str:
    """What is wrong and what to do, without the place: the sentence stands in it."""
    if not defect.hint:
        return defect.message
    return Message("annotate.finding", message=defect.message, hint=defect.hint)


def _named(heading: str, sentence: str) -> str:
    return Message("annotate.of-column", column=heading, sentence=sentence) if heading else sentence


def _place(grid: Grid, layout: Layout) -> int:
    """The column of the findings: that of an earlier check, else the first one free to the right."""
    if layout.results:
        return layout.results[0]
    table = table_around(grid, layout.header)
    last = 0 if table is None else table_end(grid, table)
    for number in grid.rows:
        filled = [column for column, cell in grid.cells(number).items() if len(cell)]
        last = max(last, max(filled, default=0))
    return last + 1


def _write(grid: Grid, layout: Layout, place: int, by_row: dict[int, list[str]], lang: Language) -> None:
    styles = Styles(grid.package)
    of_heading, of_finding = styles.cell(HEADING), styles.cell(FINDING)
    heading = RESULT_COLUMN[lang]
    if general := by_row.pop(layout.header, []):
        sentences = said(Message("annotate.between"), lang).join(said(one, lang) for one in general)
        heading = " ".join(said(Message("annotate.heading", heading=heading, sentences=sentences), lang).split())
        heading = heading if len(heading) <= LONGEST_HEADING else heading[: LONGEST_HEADING - 1] + "…"
    if layout.header in grid.rows:
        grid.write(layout.header, place, heading, of_heading)
    for row, found in by_row.items():
        lines = [said(one, lang) for one in found]
        text = "\n".join(f"{i}. {line}" for i, line in enumerate(lines, start=1)) if len(lines) > 1 else lines[0]
        grid.write(row, place, text, of_finding)
        grid.heighten(row, sum(-(-cell_len(line) // WIDTH) or 1 for line in text.split("\n")))
    grid.widen(place, WIDTH)
    table = table_around(grid, layout.header)
    if table is not None:
        extend_table(grid, table, place, heading)
    else:
        filter_over(grid, layout.header, place, max(grid.rows, default=layout.header))
    grid.cover(place)
