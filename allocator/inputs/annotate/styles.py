"""The looks of the marks, added to the styles a workbook has; a look that is there already is used again."""

from __future__ import annotations

import copy
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from allocator.inputs.annotate.ooxml_package import MAIN, Package, main

HEADING, FINDING = "heading", "finding"
_FILLS = {HEADING: "FFC00000", FINDING: "FFFFF2CC"}
_COLOURS = {HEADING: "FFFFFFFF", FINDING: "FF9C0006"}
_BAD_CELL = f"""<dxf xmlns="{MAIN}"><font><color rgb="FF9C0006"/></font>
<fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/><bgColor rgb="FFFFC7CE"/></patternFill></fill></dxf>"""
_ORDER = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors", "extLst",
)  # fmt: skip
_BARE = f"""<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>"""


class Styles:
    """The style sheet of a workbook, which only grows: what cells refer to keeps its number."""

    def __init__(self, package: Package) -> None:
        name = next((part for _, part in package.related(package.workbook, "styles")), None)
        if name is None:
            kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
            name = package.add("xl/styles{}.xml", _BARE.encode(), kind)
            package.relate(package.workbook, "styles", name)
        self._root = package.change(name).root

    def cell(self, look: str) -> int:
        """Number of the cell format of a look: text that wraps, in the font of the workbook."""
        fonts = self._list("fonts")
        font = copy.deepcopy(fonts[0]) if len(fonts) else Element(main("font"))
        for old in font.findall(main("color")) + font.findall(main("b")):
            font.remove(old)
        at = next((i for i, one in enumerate(font) if one.tag == main("sz")), -1)
        font.insert(at + 1, Element(main("color"), rgb=_COLOURS[look]))
        if look == HEADING:
            font.insert(0, Element(main("b")))
        fill = Element(main("fill"))
        pattern = SubElement(fill, main("patternFill"), patternType="solid")
        SubElement(pattern, main("fgColor"), rgb=_FILLS[look])
        SubElement(pattern, main("bgColor"), indexed="64")
        made = Element(main("xf"), numFmtId="49", borderId="0", xfId="0")
        made.set("fontId", str(self._number("fonts", font)))
        made.set("fillId", str(self._number("fills", fill)))
        made.attrib.update({f"apply{part}": "1" for part in ("NumberFormat", "Font", "Fill", "Alignment")})
        SubElement(made, main("alignment"), vertical="center" if look == HEADING else "top", wrapText="1")
        return self._number("cellXfs", made)

    def bad_cell(self) -> int:
        """Number of the look that a condition lays over a bad cell; the cell's own format stays."""
        return self._number("dxfs", ElementTree.fromstring("".join(_BAD_CELL.splitlines())))

    def _number(self, name: str, wanted: Element) -> int:
        """Position of an entry in one of the lists, added when it is not there."""
        listed = self._list(name)
        sought = _bare(wanted)
        for position, one in enumerate(listed):
            if _bare(one) == sought:
                return position
        listed.append(wanted)
        listed.set("count", str(len(listed)))
        return len(listed) - 1

    def _list(self, name: str) -> Element:
        found = self._root.find(main(name))
        if found is not None:
            return found
        made = Element(main(name), count="0")
        later = {main(one) for one in _ORDER[_ORDER.index(name) + 1 :]}
        at = next((i for i, one in enumerate(self._root) if one.tag in later), len(self._root))
        self._root.insert(at, made)
        return made


def _bare(element: Element) -> tuple[object, ...]:
    """An element without what does not matter for being equal: order of attributes, blanks between elements."""
    return (element.tag, tuple(sorted(element.items())), (element.text or "").strip(), *map(_bare, element))
