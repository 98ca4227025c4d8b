"""The order in which the format wants the parts of a sheet; Excel calls a file damaged when they stand otherwise."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from allocator.inputs.annotate.ooxml_package import main

_SHEET = """sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios
autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks
printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing
legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst"""
_BOOK = """fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences definedNames
calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing fileRecoveryPr webPublishObjects extLst"""


def insert(root: Element, element: Element) -> None:
    """Put a child into a sheet or a workbook where the format wants it, behind others of its name."""
    order = {main(name): i for i, name in enumerate((_BOOK if root.tag == main("workbook") else _SHEET).split())}
    place = order[element.tag]
    at = next((i for i, one in enumerate(root) if order.get(one.tag, -1) > place), len(root))
    root.insert(at, element)


def child(root: Element, name: str) -> Element:
    """The child of that name, made in its place when it is not there."""
    found = root.find(main(name))
    if found is None:
        found = Element(main(name))
        if root.tag in (main("worksheet"), main("workbook")):
            insert(root, found)
        else:
            found = SubElement(root, main(name))
    return found
