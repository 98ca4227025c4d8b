"""The cells of one sheet: read as text, and written without touching any other cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from xml.etree.ElementTree import Element, SubElement

from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, get_column_letter, range_boundaries

from allocator.inputs.annotate.ooxml_package import OFFICE, XML, Package, Tree, allowed, main
from allocator.inputs.annotate.part_order import child

LONGEST = 32_000  # characters that one cell holds
LINE, HIGHEST = 15, 400  # points: one line of text, the highest row


@dataclass
class Grid:
    """One sheet of a workbook by its title."""

    package: Package
    title: str

    @cached_property
    def position(self) -> int:
        """Which sheet of the workbook it is, from 0."""
        return [sheet.get("name") for sheet in self._sheets].index(self.title)

    @cached_property
    def part(self) -> str:
        """Name of the sheet's part."""
        return self.package.target(self.package.workbook, self._sheets[self.position].get(f"{{{OFFICE}}}id", ""))

    @property
    def _sheets(self) -> list[Element]:
        return self.package.look(self.package.workbook).root.findall(f"{main('sheets')}/{main('sheet')}")

    @cached_property
    def _tree(self) -> Tree:
        return self.package.look(self.part)

    @property
    def root(self) -> Element:
        """The sheet."""
        return self._tree.root

    def touch(self) -> None:
        """From now on changes are kept; a sheet that was only read stays byte for byte."""
        self.package.keep(self.part, self._tree)

    @cached_property
    def rows(self) -> dict[int, Element]:
        """Every row there is, by its number."""
        rows: dict[int, Element] = {}
        for row in child(self.root, "sheetData"):
            rows[int(row.get("r", max(rows, default=0) + 1))] = row
        return rows

    def cells(self, number: int) -> dict[int, Element]:
        """The cells of a row by column, from 1."""
        cells: dict[int, Element] = {}
        for cell in self.rows.get(number, ()):
            place = cell.get("r")
            column = column_index_from_string(coordinate_from_string(place)[0]) if place else max(cells, default=0) + 1
            cells[column] = cell
        return cells

    def text(self, cell: Element) -> str:
        """What a cell shows, as far as a heading needs it."""
        kind, value = cell.get("t", "n"), cell.findtext(main("v"), "")
        if kind == "s":
            return self._shared[int(value)]
        return _words(cell.find(main("is"))) if kind == "inlineStr" else value

    @cached_property
    def _shared(self) -> list[str]:
        part = next((name for _, name in self.package.related(self.package.workbook, "sharedStrings")), None)
        return [] if part is None else [_words(one) for one in self.package.look(part).root]

    def write(self, row: int, column: int, text: str, style: int) -> None:
        """A text that is never anything but text; the row must be there."""
        cells = self.cells(row)
        cell = cells.get(column)
        if cell is None:
            cell = Element(main("c"), r=f"{get_column_letter(column)}{row}")
            after = sum(1 for other in cells if other < column)
            self.rows[row].insert(after, cell)
            self.rows[row].attrib.pop("spans", None)  # A hint only, and no longer true.
        for inner in list(cell):
            cell.remove(inner)
        cell.set("s", str(style))
        cell.set("t", "inlineStr")
        inner = SubElement(SubElement(cell, main("is")), main("t"))
        inner.set(f"{{{XML}}}space", "preserve")
        text = allowed(text)
        inner.text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

    def clear(self, column: int) -> list[int]:
        """Take away all cells of a column; the rows that had one."""
        cleared = []
        for number, row in self.rows.items():
            cell = self.cells(number).get(column)
            if cell is not None:
                row.remove(cell)
                cleared.append(number)
        return cleared

    def heighten(self, row: int, lines: int | None) -> None:
        """Give a row room for so many lines, or leave its height to the program again; a height set by hand stays."""
        element = self.rows[row]
        if element.get("customHeight") in ("1", "true"):
            return
        if lines is None:
            element.attrib.pop("ht", None)
        elif lines > 1:
            element.set("ht", f"{max(float(element.get('ht', '0')), min(LINE * lines + 2, HIGHEST)):g}")

    def widen(self, column: int, width: float) -> None:
        """Give one column a width and leave the others as they are."""
        columns = child(self.root, "cols")
        for one in list(columns):
            first, last = int(one.get("min", "1")), int(one.get("max", "1"))
            if not first <= column <= last:
                continue
            columns.remove(one)
            for low, high in ((first, column - 1), (column + 1, last)):
                if low <= high:
                    columns.append(Element(main("col"), {**one.attrib, "min": str(low), "max": str(high)}))
        columns.append(Element(main("col"), min=str(column), max=str(column), width=f"{width:g}", customWidth="1"))
        columns[:] = sorted(columns, key=lambda one: int(one.get("min", "1")))

    def cover(self, column: int) -> None:
        """Say in the size of the sheet that it reaches the column; some readers go no further than that."""
        stated = self.root.find(main("dimension"))
        if stated is None:
            return
        left, top, right, bottom = range_boundaries(stated.get("ref", "A1"))
        if column > right:
            stated.set("ref", f"{get_column_letter(left)}{top}:{get_column_letter(column)}{bottom}")


def _words(element: Element | None) -> str:
    """The text of a string, its runs put together, without the phonetic aids that stand beside them."""
    if element is None:
        return ""
    runs = [element, *element.findall(main("r"))]
    return "".join(run.findtext(main("t"), "") for run in runs)
