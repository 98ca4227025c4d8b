"""What Excel would repair or refuse in a workbook, found in the file itself: Excel is stricter than the programs tests can run."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
BOX = "{urn:schemas-microsoft-com:office:excel}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ORDER = re.findall(
    r"\w+",
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios autoFilter "
    "sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks "
    "printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags "
    "drawing legacyDrawing legacyDrawingHF picture oleObjects controls webPublishItems tableParts extLst",
)
"""Elements of a sheet in the order the format prescribes; Excel does not open another one."""

Area = tuple[int, int, int, int]  # first column, first row, last column, last row; counted from 1


def faults(content: bytes) -> list[str]:
    """Everything in a workbook (.xlsx) that Excel would complain about, as sentences."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = package.namelist()
        parts = {name: package.read(name) for name in names}
    found = [f"the part {name} stands twice" for name, count in Counter(map(str.casefold, names)).items() if count > 1]
    for name, text in parts.items():
        if name.endswith((".xml", ".rels", ".vml")):
            try:
                ET.fromstring(text)
            except ET.ParseError as error:
                return [*found, f"{name} is no XML: {error}"]
    found += _relations(parts)
    book = ET.fromstring(parts["xl/workbook.xml"])
    targets = _targets(parts, "xl/workbook.xml")
    sheets = [(str(one.get("name")), targets[str(one.get(RELATION))]) for one in book.iter(f"{MAIN}sheet")]
    found += _sheet_names([name for name, _ in sheets])
    found += _defined_names(book, [name for name, _ in sheets])
    styles = ET.fromstring(parts["xl/styles.xml"])
    formats = len(styles.find(f"{MAIN}cellXfs") or ())
    if formats > 64000:
        found.append(f"{formats} cell formats; Excel knows 64,000")
    strings = ET.fromstring(parts["xl/sharedStrings.xml"]) if "xl/sharedStrings.xml" in parts else ()
    texts = ["".join(part.text or "" for part in one.iter(f"{MAIN}t")) for one in strings]
    found += [f"a text of {len(text)} characters; a cell holds 32,767" for text in texts if len(text) > 32767]
    for name, path in sheets:
        found += [f"{name}: {fault}" for fault in _sheet(ET.fromstring(parts[path]), formats, len(texts))]
        found += [f"{name}: {fault}" for fault in _comments(parts, path)]
    return found


def _targets(parts: dict[str, bytes], path: str) -> dict[str, str]:
    """Parts that a part relates to, by the id of the relation."""
    folder, name = posixpath.split(path)
    text = parts.get(f"{folder}/_rels/{name}.rels")
    if text is None:
        return {}
    return {
        str(one.get("Id")): posixpath.normpath(posixpath.join("/", folder, str(one.get("Target")))).lstrip("/")
        for one in ET.fromstring(text)
        if one.get("TargetMode") != "External"
    }


def _relations(parts: dict[str, bytes]) -> Iterator[str]:
    types = ET.fromstring(parts["[Content_Types].xml"])
    endings = {one.get("Extension") for one in types}
    named = {str(one.get("PartName", "")).lstrip("/") for one in types}
    for path in parts:
        if path != "[Content_Types].xml" and path not in named and path.rpartition(".")[2] not in endings:
            yield f"{path} has no content type"
        yield from (
            f"{path} relates to {to}, which is not there" for to in _targets(parts, path).values() if to not in parts
        )
    yield from (f"a content type is given for {path}, which is not there" for path in named - {""} if path not in parts)


def _sheet_names(names: list[str]) -> Iterator[str]:
    for name in names:
        if not 1 <= len(name) <= 31 or re.search(r"[\[\]:*?/\\]", name) or name[0] == "'" or name[-1] == "'":
            yield f"{name!r} cannot be the name of a sheet"
    if len({name.casefold() for name in names}) < len(names):
        yield "two sheets have one name"


def _defined_names(book: ET.Element, sheets: list[str]) -> Iterator[str]:
    seen = set()
    for one in book.iter(f"{MAIN}definedName"):
        name, sheet, refers_to = str(one.get("name")), one.get("localSheetId"), one.text or ""
        if (name.casefold(), sheet) in seen:
            yield f"the name {name} is defined twice"
        seen.add((name.casefold(), sheet))
        if not re.fullmatch(r"[\w\\][\w.\\]*", name) or re.fullmatch(r"[A-Za-z]{1,3}\d+|[RrCc]", name):
            yield f"{name!r} cannot be a name"
        if sheet is not None and int(sheet) >= len(sheets):
            yield f"the name {name} is of a sheet that is not there"
        for quoted, plain in re.findall(r"(?:'((?:[^']|'')+)'|([\w.]+))!", refers_to):
            if (quoted.replace("''", "'") or plain) not in sheets:
                yield f"the name {name} refers to {refers_to}, a sheet that is not there"


def _sheet(sheet: ET.Element, formats: int, texts: int) -> Iterator[str]:
    order = [ORDER.index(one.tag.removeprefix(MAIN)) for one in sheet]
    if order != sorted(order):
        yield "the elements are not in the order of the format"
    yield from _rows(sheet, formats, texts)
    for one in sheet.iter(f"{MAIN}col"):
        if float(one.get("width", 0)) > 255:
            yield f"a column is {one.get('width')} wide"
    for part in sheet.find(f"{MAIN}headerFooter") or ():
        if len(part.text or "") > 255:
            yield "header or footer is longer than 255 characters"
    merged = [_area(str(one.get("ref"))) for one in sheet.iter(f"{MAIN}mergeCell")]
    yield from (
        "merged cells overlap" for i, one in enumerate(merged) if any(_meet(one, other) for other in merged[:i])
    )
    filters = [_area(str(one.get("ref"))) for one in sheet.iter(f"{MAIN}autoFilter")]
    if any(_meet(one, other) for one in filters for other in merged):
        yield "the filter runs over merged cells"
    yield from _validations(sheet)
    if sum(1 for _ in sheet.iter(f"{MAIN}hyperlink")) > 65530:
        yield "more links than a sheet can have"


def _rows(sheet: ET.Element, formats: int, texts: int) -> Iterator[str]:
    last_row = 0
    for row in sheet.iter(f"{MAIN}row"):
        number, last_column = int(str(row.get("r"))), 0
        if not last_row < number <= 1048576:
            yield f"row {number} stands out of order"
        last_row = number
        if float(row.get("ht", 0)) > 409.5 or int(row.get("outlineLevel", 0)) > 7:
            yield f"row {number} is too high or too deep"
        for cell in row:
            column, first, _, _ = _area(str(cell.get("r")))
            if first != number or not last_column < column <= 16384:
                yield f"cell {cell.get('r')} stands out of order"
            last_column = column
            value = cell.findtext(f"{MAIN}v")
            if int(cell.get("s", 0)) >= formats:
                yield f"cell {cell.get('r')} has a format that is not there"
            if cell.get("t") == "s" and int(str(value)) >= texts:
                yield f"cell {cell.get('r')} has a text that is not there"
            if cell.get("t", "n") == "n" and value is not None and not _is_number(value):
                yield f"cell {cell.get('r')} holds {value!r} as a number"


def _validations(sheet: ET.Element) -> Iterator[str]:
    for one in sheet.iter(f"{MAIN}dataValidation"):
        choice = one.findtext(f"{MAIN}formula1") or ""
        if choice.startswith('"') and len(choice) - 2 > 255:
            yield f"a drop-down of {len(choice) - 2} characters"
        longest = {"promptTitle": 32, "errorTitle": 32, "prompt": 255, "error": 225}
        yield from (f"a {key} is too long" for key, most in longest.items() if len(one.get(key, "")) > most)
        if not one.get("sqref"):
            yield "a drop-down of no cells"


def _comments(parts: dict[str, bytes], path: str) -> Iterator[str]:
    related = list(_targets(parts, path).values())
    comments = [one for one in related if "comment" in posixpath.basename(one) and one.endswith(".xml")]
    shapes = [
        one for name in related if name.endswith(".vml") for one in ET.fromstring(parts[name]).iter(f"{BOX}ClientData")
    ]
    anchors = {(one.findtext(f"{BOX}Row"), one.findtext(f"{BOX}Column")) for one in shapes}
    if comments and f"{MAIN}legacyDrawing" not in {one.tag for one in ET.fromstring(parts[path])}:
        yield "comments without their drawing"
    for name in comments:
        tree = ET.fromstring(parts[name])
        authors = sum(1 for _ in tree.iter(f"{MAIN}author"))
        seen = set()
        for one in tree.iter(f"{MAIN}comment"):
            column, row, _, _ = _area(str(one.get("ref")))
            if one.get("ref") in seen:
                yield f"two comments at {one.get('ref')}"
            seen.add(one.get("ref"))
            if (str(row - 1), str(column - 1)) not in anchors:
                yield f"the comment at {one.get('ref')} has no anchor"
            if int(str(one.get("authorId"))) >= authors:
                yield f"the comment at {one.get('ref')} has no author"


def _area(ref: str) -> Area:
    found = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?", ref)
    assert found is not None, ref
    first, top, last, bottom = found.groups()
    return _column(first), int(top), _column(last or first), int(bottom or top)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _meet(one: Area, other: Area) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _is_number(text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return number == number and abs(number) != float("inf")
