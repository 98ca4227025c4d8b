"""The template of the call-up notice: a Word document in which words between double braces are filled in.

``{{单位}}`` or ``{{unit}}`` is replaced wherever it stands in the text. A table row (outside tables: a paragraph) that
names something of a person, such as ``{{姓名}}``, is repeated for every person. There is nothing else: no conditions, no
code. What is filled in is text and stays text, whatever it looks like.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

from allocator.domain.errors import OutputError
from allocator.language.texts import LANGUAGES, Texts
from allocator.outputs.units.unit_record import Notice

FIELDS = (
    "unit", "unit_id", "programme", "session_id", "year", "first_day", "last_day", "dates", "days", "place",
    "host_group", "people", "scenario", "policy", "title", "what", "now", "was_dates", "was_place", "paper", "version",
    "issued_on",
)  # fmt: skip
"""Placeholders of a notice, filled in once; from ``title`` on they are of papers that are issued, and empty in a run."""

PERSON_FIELDS = ("number", "name", "cadre_id", "post", "rank", "headcount", "reason", "effect", "why", "clause")
"""Placeholders of a person; the row or paragraph that holds them is repeated. From ``effect`` on they are of a change."""

_EMPTY = dict.fromkeys((*FIELDS, *PERSON_FIELDS), "")

DOCUMENT = "word/document.xml"
_KNOWN = 2**14  # texts kept as they are filled in; most stand in many notices
_LARGEST = 64 * 2**20  # bytes of a template when unpacked; a letter needs a few hundred thousand
_PLACEHOLDER = re.compile(
    "[{\uff5b]{2}\\s*([^{}\uff5b\uff5d]*?)\\s*[}\uff5d]{2}"
)  # Chinese keyboards type wide braces.
_BRACES = re.compile("[{\uff5b]{2}|[}\uff5d]{2}")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_TAG = re.compile(r"<[^>]*>")

# Marks that stand in the document while it is cut into pieces; no text may contain these characters.
_OPEN, _CLOSE, _REPEAT, _UNTIL, _BODY = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
_SERIAL = "#"  # stands for a number that differs in every copy, as Word asks of its pictures
_HOLE = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")

_PAGE_BREAK = '<w:p><w:pPr><w:pageBreakBefore/><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'  # fmt: skip

Piece = tuple[str, ...]  # text, name, text, name … text
Part = tuple[Piece, bool]  # a piece, and whether it is repeated for every person


def known_placeholders() -> dict[str, str]:
    """Every name a template may use, in all languages and as code, with the field it stands for."""
    names = {field: field for field in (*FIELDS, *PERSON_FIELDS)}
    for field in (*FIELDS, *PERSON_FIELDS):
        names |= {Texts(lang)(f"placeholder.{field}").casefold(): field for lang in LANGUAGES}
    return names


@dataclass(frozen=True)
class Template:
    """A template cut into pieces, so that filling it in is joining strings.

    Parameters
    ----------
    package
        The Word file without its document: a zip archive that the document is added to.
    before, after
        The document around the notices.
    first, following
        One notice; the following ones begin on a new page.
    """

    package: bytes
    before: str
    after: str
    first: tuple[Part, ...]
    following: tuple[Part, ...]

    def fill(self, notices: Sequence[Notice]) -> bytes:
        """A Word file with one page (or more) for every notice; equal notices give equal bytes."""
        serial = iter(range(1, 2**31))
        body = (
            _filled(self.following if number else self.first, notice, serial) for number, notice in enumerate(notices)
        )
        text = "".join((self.before, *body, self.after))
        packed = io.BytesIO(self.package)
        with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_entry(DOCUMENT), text.encode())
        return packed.getvalue()


def _filled(parts: Sequence[Part], notice: Notice, serial: Iterator[int]) -> str:
    out: list[str] = []
    for piece, repeated in parts:
        for person in notice.people if repeated else ({},):
            values = {**_EMPTY, **notice.fields, **person}
            out += (
                text if place % 2 == 0 else str(next(serial)) if text == _SERIAL else _safe(values[text])
                for place, text in enumerate(piece)
            )
    return "".join(out)


@lru_cache(_KNOWN)
def _safe(text: str) -> str:
    """Text that is only text: no tags, no characters XML forbids; line breaks become spaces."""
    return escape(_ILLEGAL.sub("", " ".join(text.splitlines())))


def read_template(content: bytes, name: str, texts: Texts) -> Template:
    """Check a template and cut it into pieces.

    Parameters
    ----------
    content
        The file.
    name
        What to call it in messages.

    Raises
    ------
    OutputError
        If it is no Word document, or has placeholders nobody knows; all of them are named.
    """
    parts = _unpacked(content, name, texts)
    try:
        document = minidom.parseString(parts[DOCUMENT])
        body = document.getElementsByTagName("w:body")[0]
    except (ExpatError, IndexError, ValueError) as error:
        raise OutputError(texts("notices.not-word", file=name)) from error
    faults = [*_placeholders_elsewhere(parts, texts), *_mark(body, texts)]
    if not faults and _OPEN not in body.toxml():
        faults = [texts("notices.no-placeholder")]
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise OutputError(texts("notices.faults", file=name, faults=listed, known=" ".join(placeholders(texts))))
    blocks, first, following = _notice(body)
    for block in blocks:
        body.removeChild(block)
    body.insertBefore(document.createTextNode(_BODY), body.firstChild)
    before, _, after = document.toxml(encoding=None).partition(_BODY)
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    before = declaration + before.removeprefix('<?xml version="1.0" ?>')
    return Template(_packed(parts), before, after, first, following)


def placeholders(texts: Texts) -> list[str]:
    """The placeholders one may use, in the reader's language."""
    return ["{{" + texts(f"placeholder.{field}") + "}}" for field in (*FIELDS, *PERSON_FIELDS)]


def _unpacked(content: bytes, name: str, texts: Texts) -> dict[str, bytes]:
    """The parts of the file, the list of contents first as Word wants it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > _LARGEST:
                raise OutputError(texts("notices.too-large", file=name))
            parts = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise OutputError(texts("notices.not-word", file=name)) from error
    first = "[Content_Types].xml"
    if first not in parts or DOCUMENT not in parts or b"<!DOCTYPE" in parts[DOCUMENT]:
        raise OutputError(texts("notices.not-word", file=name))
    return {first: parts.pop(first), **parts}


def _packed(parts: Mapping[str, bytes]) -> bytes:
    """All parts but the document as an archive; packed once, since they are the same in every file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            if part != DOCUMENT:
                archive.writestr(_entry(part), content)
    return packed.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry of the archive with a fixed date: two equal runs write equal files."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _placeholders_elsewhere(parts: Mapping[str, bytes], texts: Texts) -> Iterator[str]:
    """Headers, footers and notes stand once in a file with many notices, so nothing can be filled in there."""
    for part, content in parts.items():
        if part != DOCUMENT and part.startswith("word/") and part.endswith(".xml"):
            found = _PLACEHOLDER.search(_TAG.sub("", content.decode("utf-8", "replace")))
            if found:
                yield texts("notices.elsewhere", placeholder=found.group(), part=part.removeprefix("word/"))


def _mark(body: Any, texts: Texts) -> list[str]:
    """Put marks for the placeholders into the text; what is wrong with them, as sentences."""
    names, faults = known_placeholders(), []
    for paragraph in body.getElementsByTagName("w:p"):
        nodes = [node for element in _texts_of(paragraph) for node in [_text_node(element)]]
        whole = "".join(node.data for node in nodes)
        places: list[tuple[int, int, str]] = []
        for found in _PLACEHOLDER.finditer(whole):
            field = names.get(found.group(1).casefold())
            if field is None:
                near = get_close_matches(found.group(1).casefold(), names, n=1)
                hint = texts("notices.near", near="{{" + near[0] + "}}") if near else ""
                faults.append(texts("notices.unknown", placeholder=found.group(), hint=hint))
            else:
                places.append((*found.span(), field))
        if _BRACES.search(_PLACEHOLDER.sub("", whole)):
            faults.append(texts("notices.open", text=whole.strip()[:60]))
        for start, end, field in reversed(places):
            _put(nodes, start, end, f"{_OPEN}{field}{_CLOSE}")
        if any(field in PERSON_FIELDS for _, _, field in places):
            _repeat(paragraph, body)
    return faults


def _texts_of(paragraph: Any) -> Iterator[Any]:
    """The texts of a paragraph, without those of paragraphs inside it (text boxes)."""
    for child in paragraph.childNodes:
        if child.nodeName == "w:t":
            yield child
        elif child.nodeType == child.ELEMENT_NODE and child.nodeName != "w:p":
            yield from _texts_of(child)


def _text_node(element: Any) -> Any:
    """The one text node of an element; text may come in several, or in none."""
    element.normalize()
    if element.firstChild is None:
        element.appendChild(element.ownerDocument.createTextNode(""))
    node = element.firstChild
    node.data = _ILLEGAL.sub("", node.data)
    return node


def _put(nodes: Sequence[Any], start: int, end: int, mark: str) -> None:
    """Replace a stretch of the joined text; Word may have cut it anywhere, and the first part's format wins."""
    at = 0
    for node in nodes:
        size = len(node.data)
        first, last = max(start - at, 0), min(end - at, size)
        if first < last:
            node.data = node.data[:first] + mark + node.data[last:]
            node.parentNode.setAttribute("xml:space", "preserve")
            mark = ""
        at += size


def _repeat(paragraph: Any, body: Any) -> None:
    """Put marks around the table row that holds the paragraph, else around the paragraph."""
    wanted, above = paragraph, paragraph
    while above is not body:
        if above.previousSibling is not None and getattr(above.previousSibling, "data", "") == _REPEAT:
            return
        if above.nodeName == "w:tr" and wanted is paragraph:
            wanted = above
        above = above.parentNode
    _unmark(wanted)
    make = body.ownerDocument.createTextNode
    wanted.parentNode.insertBefore(make(_REPEAT), wanted)
    wanted.parentNode.insertBefore(make(_UNTIL), wanted.nextSibling)


def _unmark(element: Any) -> None:
    """Take marks of repeating away inside an element: what is repeated is the whole of it."""
    for child in list(element.childNodes):
        if getattr(child, "data", "") in (_REPEAT, _UNTIL):
            element.removeChild(child)
        else:
            _unmark(child)


def _notice(body: Any) -> tuple[list[Any], tuple[Part, ...], tuple[Part, ...]]:
    """The blocks of one notice, and their pieces for the first and for the following ones."""
    _make_unique(body)
    blocks = [node for node in body.childNodes if node.nodeName != "w:sectPr"]
    text = "".join(block.toxml() for block in blocks)
    first = next((block for block in blocks if block.nodeType == block.ELEMENT_NODE or block.data == _REPEAT), None)
    if first is not None and first.nodeName == "w:p":
        _break_before(first)
        broken = "".join(block.toxml() for block in blocks)
    else:
        broken = _PAGE_BREAK + text
    return blocks, _pieces(text), _pieces(broken)


def _make_unique(body: Any) -> None:
    """Take away or number anew what may stand only once in a document: bookmarks, paragraph and picture ids."""
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        for element in list(body.getElementsByTagName(tag)):
            element.parentNode.removeChild(element)
    for element in body.getElementsByTagName("*"):
        for attribute in ("w14:paraId", "w14:textId"):
            if element.hasAttribute(attribute):
                element.removeAttribute(attribute)
        if element.nodeName == "wp:docPr":
            element.setAttribute("id", f"{_OPEN}{_SERIAL}{_CLOSE}")


def _break_before(paragraph: Any) -> None:
    """Begin the paragraph on a new page; the place among its properties is fixed by the format."""
    document = paragraph.ownerDocument
    properties = next((child for child in paragraph.childNodes if child.nodeName == "w:pPr"), None)
    if properties is None:
        properties = paragraph.insertBefore(document.createElement("w:pPr"), paragraph.firstChild)
    for old in properties.getElementsByTagName("w:pageBreakBefore"):
        properties.removeChild(old)
    before = ("w:pStyle", "w:keepNext", "w:keepLines")
    behind = next((child for child in properties.childNodes if child.nodeName not in before), None)
    properties.insertBefore(document.createElement("w:pageBreakBefore"), behind)


def _pieces(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for number, stretch in enumerate(re.split(f"[{_REPEAT}{_UNTIL}]", text)):
        parts.append((tuple(_HOLE.split(stretch)), number % 2 == 1))
    return tuple(parts)
