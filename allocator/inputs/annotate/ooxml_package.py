"""The parts of an Excel workbook as they lie in its archive: those that nobody changes are handed on byte for byte."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
XML = "http://www.w3.org/XML/1998/namespace"

TYPES_PART = "[Content_Types].xml"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def main(name: str) -> str:
    """The full name of an element of a spreadsheet."""
    return f"{{{MAIN}}}{name}"


def allowed(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


class _Builder(ElementTree.TreeBuilder):
    """Builds the elements and keeps the name spaces, which the elements themselves do not know by their prefixes."""

    def __init__(self) -> None:
        super().__init__()
        self.spaces: dict[str, str] = {}  # prefix -> name space, as first declared

    def start_ns(self, prefix: str | None, space: str) -> None:
        """Take a declaration."""
        self.spaces.setdefault(prefix or "", space)


@dataclass
class Tree:
    """One XML part with the name spaces it declares, which are written back under the same prefixes."""

    root: Element
    spaces: dict[str, str]  # prefix -> name space

    @classmethod
    def parse(cls, content: bytes) -> Tree:
        """Read a part."""
        builder = _Builder()
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=builder))
        return cls(root, builder.spaces)

    def content(self) -> bytes:
        """The part as bytes; prefixes that only attribute values speak of are declared too."""
        spaces = {"xml": XML, **self.spaces}
        of_elements: dict[str, str] = {}
        of_attributes: dict[str, str] = {}
        for prefix, space in spaces.items():
            of_elements.setdefault(space, prefix)
            if prefix:
                of_attributes.setdefault(space, prefix)
        for element in self.root.iter():
            for name, known in ((element.tag, of_elements), *((key, of_attributes) for key in element.attrib)):
                if name[0] == "{" and (space := name[1:].partition("}")[0]) not in known:
                    prefix = of_attributes.setdefault(space, f"own{len(spaces)}")
                    known[space], spaces[prefix] = prefix, space
        out = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n']
        heads = "".join(f" xmlns{':' * bool(p)}{p}={quoteattr(s)}" for p, s in spaces.items() if p != "xml")
        _write(self.root, of_elements, of_attributes, heads, out)
        return "".join(out).encode("utf-8")


def _write(
    element: Element, of_elements: dict[str, str], of_attributes: dict[str, str], heads: str, out: list[str]
) -> None:
    name = _shown(element.tag, of_elements)
    values = "".join(
        f" {_shown(key, of_attributes)}={quoteattr(value, {chr(10): '&#10;', chr(13): '&#13;', chr(9): '&#9;'})}"
        for key, value in element.items()
    )
    if len(element) or element.text:
        out.append(f"<{name}{heads}{values}>{escape(element.text or '', _RETURN)}")
        for inner in element:
            _write(inner, of_elements, of_attributes, "", out)
        out.append(f"</{name}>")
    else:
        out.append(f"<{name}{heads}{values}/>")
    if element.tail:
        out.append(escape(element.tail, _RETURN))


_RETURN = {"\r": "&#13;"}


def _shown(name: str, prefixes: dict[str, str]) -> str:
    if name[0] != "{":
        return name
    space, _, local = name[1:].partition("}")
    prefix = prefixes[space]
    return f"{prefix}:{local}" if prefix else local


@dataclass
class Package:
    """A workbook in memory; ``content`` writes it again with the parts that were changed."""

    parts: dict[str, bytes]
    _trees: dict[str, Tree] = field(default_factory=dict)

    @classmethod
    def parse(cls, content: bytes) -> Package:
        """Open the archive."""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return cls({one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()})

    def content(self) -> bytes:
        """The archive; equal parts give equal bytes."""
        for name, tree in self._trees.items():
            self.parts[name] = tree.content()
        self._trees.clear()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.parts.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def look(self, name: str) -> Tree:
        """A part to read from; it is not written again."""
        return self._trees[name] if name in self._trees else Tree.parse(self.parts[name])

    def change(self, name: str) -> Tree:
        """A part to be changed: it is written again from the tree."""
        if name not in self._trees:
            self._trees[name] = Tree.parse(self.parts[name])
        return self._trees[name]

    def keep(self, name: str, tree: Tree) -> None:
        """Write a part again from a tree that was looked at and is to be changed now."""
        self._trees[name] = tree

    def related(self, part: str, kind: str) -> Iterator[tuple[str, str]]:
        """Id and part of every relation whose type ends with ``kind``."""
        name = _relations_of(part)
        if name not in self.parts:
            return
        for one in self.look(name).root:
            if one.get("Type", "").rpartition("/")[2] == kind and one.get("TargetMode") != "External":
                yield one.get("Id", ""), _resolved(part, one.get("Target", ""))

    def target(self, part: str, relation: str) -> str:
        """The part a relation leads to (``KeyError`` when there is none)."""
        for one in self.look(_relations_of(part)).root:
            if one.get("Id") == relation:
                return _resolved(part, one.get("Target", ""))
        raise KeyError(relation)

    def relate(self, part: str, kind: str, target: str) -> str:
        """A new relation from a part to another; its id."""
        name = _relations_of(part)
        if name not in self.parts:
            self.parts[name] = f'<Relationships xmlns="{RELATIONS}"/>'.encode()
        root = self.change(name).root
        used = {one.get("Id") for one in root}
        number = next(i for i in range(1, len(used) + 2) if f"rId{i}" not in used)
        path = posixpath.relpath(target, posixpath.dirname(part))
        SubElement(root, f"{{{RELATIONS}}}Relationship", Id=f"rId{number}", Type=f"{OFFICE}/{kind}", Target=path)
        return f"rId{number}"

    def add(self, pattern: str, content: bytes, content_type: str) -> str:
        """A new part under the first free number of ``pattern``; its name."""
        number = next(i for i in range(1, len(self.parts) + 2) if pattern.format(i) not in self.parts)
        name = pattern.format(number)
        self.parts[name] = content
        root = self.change(TYPES_PART).root
        SubElement(root, f"{{{TYPES}}}Override", PartName=f"/{name}", ContentType=content_type)
        return name

    @property
    def workbook(self) -> str:
        """The name of the workbook part."""
        return next(name for _, name in self.related("", "officeDocument"))


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(part: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
