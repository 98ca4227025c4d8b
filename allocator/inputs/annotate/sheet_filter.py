"""The filter over the header, the table around it, and the colour of bad cells."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement

from openpyxl.utils.cell import get_column_letter, range_boundaries

from allocator.inputs.annotate.grid import Grid
from allocator.inputs.annotate.ooxml_package import main
from allocator.inputs.annotate.part_order import child, insert

CONDITION = 'N("allocator")=0'
"""Always true; by it our colours are found again, whatever program saved the file since."""

AREAS_AT_ONCE = 200
_FILTER = "_xlnm._FilterDatabase"

Cell = tuple[int, int]


def colour(grid: Grid, cells: Iterable[Cell], look: int) -> None:
    """Lay a colour over the cells, in place of the colours of an earlier check; their own formats stay as they are."""
    root = grid.root
    for area in root.findall(main("conditionalFormatting")):
        rules = area.findall(main("cfRule"))
        ours = [rule for rule in rules if rule.findtext(main("formula"), "").replace(" ", "") == CONDITION]
        for rule in ours:
            area.remove(rule)
        if ours and len(ours) == len(rules):
            root.remove(area)
    areas = list(_areas(cells))
    rank = 1 + max((int(rule.get("priority", "0")) for rule in root.iter(main("cfRule"))), default=0)
    for start in range(0, len(areas), AREAS_AT_ONCE):
        made = Element(main("conditionalFormatting"), sqref=" ".join(areas[start : start + AREAS_AT_ONCE]))
        rule = SubElement(made, main("cfRule"), type="expression", dxfId=str(look), priority=str(rank))
        SubElement(rule, main("formula")).text = CONDITION
        insert(root, made)
        rank += 1


def _areas(cells: Iterable[Cell]) -> Iterable[str]:
    """The cells as areas of one column each, as long as cells follow each other."""
    ordered = sorted({(column, row) for row, column in cells})
    position = 0
    while position < len(ordered):
        column, first = ordered[position]
        last = first
        while position + 1 < len(ordered) and ordered[position + 1] == (column, last + 1):
            position, last = position + 1, last + 1
        letter = get_column_letter(column)
        yield f"{letter}{first}" if first == last else f"{letter}{first}:{letter}{last}"
        position += 1


def table_around(grid: Grid, header: int) -> str | None:
    """The part of the table (as Excel calls it) whose header is the sheet's header row."""
    for _, part in grid.package.related(grid.part, "table"):
        if range_boundaries(grid.package.look(part).root.get("ref", "A1"))[1] == header:
            return part
    return None


def table_end(grid: Grid, part: str) -> int:
    """Last column of a table."""
    return int(range_boundaries(grid.package.look(part).root.get("ref", "A1"))[2])


def extend_table(grid: Grid, part: str, column: int, heading: str) -> None:
    """Let the table take in the column, which stands next to it or in it, under the heading."""
    root = grid.package.change(part).root
    left, top, right, bottom = range_boundaries(root.get("ref", "A1"))
    columns = child(root, "tableColumns")
    if column <= right:
        columns[column - left].set("name", heading)
        return
    number = 1 + max((int(one.get("id", "0")) for one in columns), default=0)
    SubElement(columns, main("tableColumn"), id=str(number), name=heading)
    columns.set("count", str(len(columns)))
    root.set("ref", _area(left, top, column, bottom))
    own = root.find(main("autoFilter"))
    if own is not None:
        own.set("ref", _area(left, top, column, range_boundaries(own.get("ref", "A1"))[3]))


def filter_over(grid: Grid, header: int, column: int, last: int) -> None:
    """A filter over the header that reaches the column; what the user filtered by stays."""
    root = grid.root
    there = root.find(main("autoFilter"))
    left, bottom = 1, max(last, header)
    if there is not None:
        left, top, right, end = range_boundaries(there.get("ref", "A1"))
        if top != header:
            return  # Another filter of the user's; a sheet has one.
        column, bottom = max(right, column), max(bottom, end)
    area = _area(left, header, column, bottom)
    child(root, "autoFilter").set("ref", area)
    protection = root.find(main("sheetProtection"))
    if protection is not None:
        protection.set("autoFilter", "0")  # 0: allowed although the sheet is protected.
    _name_filter(grid, area)


def _name_filter(grid: Grid, area: str) -> None:
    """The hidden name by which Excel knows the filter of a sheet."""
    names = child(grid.package.change(grid.package.workbook).root, "definedNames")
    place = str(grid.position)
    name = next((one for one in names if one.get("name") == _FILTER and one.get("localSheetId") == place), None)
    if name is None:
        name = SubElement(names, main("definedName"), name=_FILTER, localSheetId=place, hidden="1")
    title = grid.title.replace("'", "''")
    first, _, end = area.partition(":")
    name.text = f"'{title}'!{_fixed(first)}:{_fixed(end or first)}"


def _fixed(place: str) -> str:
    letters = place.rstrip("0123456789")
    return f"${letters}${place[len(letters) :]}"


def _area(left: int, top: int, right: int, bottom: int) -> str:
    return f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom}"
