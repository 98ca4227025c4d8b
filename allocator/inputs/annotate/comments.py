"""Cell comments of our own beside those of the user, in the two parts where Excel keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from openpyxl.utils.cell import column_index_from_string as column_number
from openpyxl.utils.cell import coordinate_from_string, get_column_letter

from allocator.inputs.annotate.ooxml_package import MAIN, OFFICE, TYPES, TYPES_PART, XML, Package, allowed, main
from allocator.inputs.annotate.part_order import insert

AUTHOR = "allocator check"
MOST, LONGEST = 300, 600
"""Comments on one sheet, and characters in one; more would make the file slow and the boxes unreadable."""

_MARK = f"{AUTHOR}:"

Cell = tuple[int, int]
"""Row and column, from 1."""

_DRAWING = """<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"
 xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>"""
_SPACES = {space: prefix for prefix, space in re.findall(r'xmlns:(\w)="([^"]+)"', _DRAWING)}
_SHAPE_TYPE = """<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">
<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>"""
_SHAPE = """<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;\
width:270pt;height:{height}pt;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>
<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">
<div style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>
<x:Anchor>{column}, 12, {top}, 2, {right}, 40, {bottom}, 8</x:Anchor><x:AutoFill>False</x:AutoFill>
<x:Row>{row}</x:Row><x:Column>{at}</x:Column></x:ClientData></v:shape>"""
_ONE_SHAPE = re.compile(r"<v:shape\b(?!type).*?</v:shape>", re.DOTALL)


def replace_comments(package: Package, sheet: str, wanted: Mapping[Cell, str]) -> int:
    """Take our comments off a sheet and put the wanted ones on; how many were put.

    A cell on which the user has a comment keeps it and gets none of ours.
    """
    part = next((name for _, name in package.related(sheet, "comments")), None)
    if part is None and not wanted:
        return 0
    if part is None:
        bare = f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
        part = package.add("xl/comments{}.xml", bare, kind)
        package.relate(sheet, "comments", part)
    root = package.change(part).root
    authors, listed = root.find(main("authors")), root.find(main("commentList"))
    assert authors is not None and listed is not None, "the parts of the comments are always there"
    gone = _remove(listed, {str(i) for i, author in enumerate(authors) if author.text == AUTHOR})
    taken = {_cell(one) for one in listed}
    put = {cell: text for cell, text in wanted.items() if cell not in taken}
    put = dict(list(put.items())[:MOST])
    if put:
        _append(authors, listed, put)
    _redraw(package, sheet, gone, put)
    return len(put)


def _remove(listed: Element, ours: set[str]) -> set[Cell]:
    # Some programs forget authors, so a comment also says in its text whose it is.
    removed = [
        one
        for one in listed
        if one.get("authorId") in ours or "".join(part.text or "" for part in one.iter(main("t"))).startswith(_MARK)
    ]
    for one in removed:
        listed.remove(one)
    return {_cell(one) for one in removed}


def _cell(comment: Element) -> Cell:
    letters, row = coordinate_from_string(comment.get("ref", "A1"))
    return int(row), int(column_number(letters))


def _append(authors: Element, listed: Element, put: Mapping[Cell, str]) -> None:
    known = [author.text for author in authors]
    if AUTHOR not in known:
        SubElement(authors, main("author")).text = AUTHOR
        known.append(AUTHOR)
    for (row, column), text in put.items():
        place = f"{get_column_letter(column)}{row}"
        comment = SubElement(listed, main("comment"), ref=place, authorId=str(known.index(AUTHOR)))
        piece = SubElement(SubElement(SubElement(comment, main("text")), main("r")), main("t"))
        piece.set(f"{{{XML}}}space", "preserve")
        text = f"{_MARK}\n{text}"
        piece.text = allowed(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _redraw(package: Package, sheet: str, gone: set[Cell], put: Mapping[Cell, str]) -> None:
    """Boxes of the comments; the part is text with marks of its own and is edited as such."""
    name = _drawing(package, sheet)
    text = _familiar(package.parts[name].decode("utf-8-sig"))
    text = _ONE_SHAPE.sub(lambda shape: "" if _at(shape[0]) in gone else shape[0], text)
    shapes = [] if "_x0000_t202" in text.replace("#_x0000_t202", "") else [_SHAPE_TYPE]
    number = max([1024, *map(int, re.findall(r'id="_x0000_s(\d+)"', text))])
    for (row, column), words in put.items():
        number += 1
        height = 28 + 14 * (len(words[:LONGEST]) // 24 + words[:LONGEST].count("\n"))
        top = max(row - 2, 0)
        shapes.append(
            _SHAPE.format(
                number=number, height=height, column=column, top=top, right=column + 4,
                bottom=top + 1 + height // 14, row=row - 1, at=column - 1,
            )
        )  # fmt: skip
    end = text.rindex("</xml>")
    package.parts[name] = (text[:end] + "".join(shapes) + text[end:]).encode("utf-8")


def _familiar(text: str) -> str:
    """A drawing with the prefixes that Excel writes; other programs choose their own, and ours would stand beside them unbound."""
    for prefix, space in re.findall(r'xmlns:(\w+)="([^"]+)"', text):
        wanted = _SPACES.get(space, prefix)
        if wanted != prefix:
            text = re.sub(rf"(?<=[</\s]){prefix}:", f"{wanted}:", text).replace(f"xmlns:{prefix}=", f"xmlns:{wanted}=")
    missing = (f' xmlns:{prefix}="{space}"' for space, prefix in _SPACES.items() if f"xmlns:{prefix}=" not in text)
    return text.replace("<xml", "<xml" + "".join(missing), 1)


def _at(shape: str) -> Cell | None:
    row, column = (re.search(rf"<x:{what}>\s*(\d+)\s*</x:{what}>", shape) for what in ("Row", "Column"))
    return (int(row[1]) + 1, int(column[1]) + 1) if row and column else None


def _drawing(package: Package, sheet: str) -> str:
    """The drawing of the comment boxes of a sheet, made when there is none; the sheet refers to it."""
    root = package.change(sheet).root
    referred = root.find(main("legacyDrawing"))
    if referred is not None:
        return package.target(sheet, referred.get(f"{{{OFFICE}}}id", ""))
    number = next(i for i in range(1, len(package.parts) + 2) if f"xl/drawings/vmlDrawing{i}.vml" not in package.parts)
    name = f"xl/drawings/vmlDrawing{number}.vml"
    package.parts[name] = _DRAWING.encode()
    types = package.change(TYPES_PART).root
    if not any(one.get("Extension", "").lower() == "vml" for one in types):
        kind = "application/vnd.openxmlformats-officedocument.vmlDrawing"
        types.insert(0, Element(f"{{{TYPES}}}Default", Extension="vml", ContentType=kind))
    relation = package.relate(sheet, "vmlDrawing", name)
    insert(root, Element(main("legacyDrawing"), {f"{{{OFFICE}}}id": relation}))
    return name
