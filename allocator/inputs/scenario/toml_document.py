"""TOML documents with the line of every key, and records made from them with located defects."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from allocator.domain.filters import Filter
from allocator.inputs.defects import Findings, did_you_mean
from allocator.inputs.tables.cells import LARGEST
from allocator.inputs.tables.read_tables import decoded
from allocator.language.message import Message, listing

KeyPath = tuple[str | int, ...]
"""Where a value stands in a document: keys of tables and positions in arrays."""

Record = TypeVar("Record", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """One TOML file: its values and the line of every key."""

    file: str  # as shown in defects
    folder: Path  # relative paths in the document start here
    values: Mapping[str, Any]
    text: str = field(default="", repr=False)

    def line(self, *path: str | int) -> int:
        """Line of a key, or of the nearest table around it; 0 for values that are in no file."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1 if self.text else 0

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return key_lines(self.text)


def read_document(path: Path, file: str, content: bytes, findings: Findings) -> Document | None:
    """Parse one TOML file; ``None`` when it is not valid TOML (a defect says where)."""
    if not content.strip():
        findings.defect(file, 0, "", Message("defect.empty-file"), hint=Message("hint.write-keys"), code="empty-file")
        return None
    text = decoded(file, content, findings)
    if text is None:
        return None
    text = text.replace("\r\n", "\n")
    if (deep := _too_deep(text)) is not None:
        _refuse_depth(file, deep, "", findings)
        return None
    try:
        document = Document(file, path.parent, tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        line = int(found[1]) if found and found[1] else text.rstrip().count("\n") + 1
        message = str(error)[: found.start()] if found else str(error)
        column = f"character {found[2]}" if found and found[2] else ""
        findings.defect(
            file, line, column, Message("defect.broken-toml", detail=message), hint=Message("hint.toml"),
            code="broken-toml",
        )  # fmt: skip
        return None
    except ValueError:  # Python refuses to read a number of some thousand digits.
        outside = _BRACKETS.sub(lambda one: re.sub(r"[^\n]", " ", one[0]), text)  # Digits in texts are none of these.
        runs = sorted(re.finditer(r"[0-9_]+", outside), key=lambda run: len(run[0]))
        digits, line = (runs[-1][0], text.count("\n", 0, runs[-1].start()) + 1) if runs else ("", 0)
        told, hint = Message("defect.long-number", count=len(digits)), Message("hint.write-at-most", most=LARGEST)
        findings.defect(file, line, "", told, hint=hint, code="bad-number")
        return None
    if (way := _deepest(document.values)) is not None:
        _refuse_depth(file, document.line(*way), str(way[0]), findings)
        return None
    refuse_excessive(document, findings)
    return document


DEEPEST_VALUE = 40
"""Tables and lists inside each other; the deepest filter that means something has a few."""

_BRACKETS = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[{]|[\]}]', re.DOTALL
)


def _too_deep(text: str) -> int | None:
    """Line at which brackets lie deeper than ``DEEPEST_VALUE``, ``None`` when they nowhere do; parsing would go as deep."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += (found[0] in ("[", "{")) - (found[0] in ("]", "}"))
        if depth > DEEPEST_VALUE:
            return text.count("\n", 0, found.start()) + 1
    return None


def _deepest(values: Mapping[str, Any]) -> KeyPath | None:
    """The way to a table deeper than ``DEEPEST_VALUE``: dotted keys need no brackets."""
    return next((path for path, _ in _each(values) if len(path) > DEEPEST_VALUE), None)


def _each(values: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    """Every value inside a document with its path, tables and lists too, without going deeper than is allowed."""
    waiting: list[tuple[KeyPath, Any]] = [((), values)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if len(path) > DEEPEST_VALUE:
            continue
        if isinstance(value, Mapping):
            waiting += [((*path, key), one) for key, one in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, i), one) for i, one in enumerate(value)]


def _refuse_depth(file: str, line: int, key: str, findings: Findings) -> None:
    message = Message("defect.too-deep", most=DEEPEST_VALUE)
    findings.defect(file, line, key, message, hint=Message("hint.too-deep"), code="broken-toml")


def refuse_excessive(document: Document, findings: Findings) -> None:
    """A defect for every number that is none or out of all proportion; no key means anything by one."""
    for path, value in _each(document.values):
        if isinstance(value, int | float) and not abs(value) <= LARGEST:  # Also what is not a number.
            findings.defect(
                document.file, document.line(*path), ".".join(map(str, path)), Message("defect.excessive", value=value),
                hint=Message("hint.write-at-most", most=LARGEST), code="bad-number",
            )  # fmt: skip


def refuse_unknown(
    document: Document, path: KeyPath, keys: Mapping[str, Any], known: list[str], findings: Findings
) -> None:
    """A defect for every key that is not known, with a suggestion."""
    for key in keys:
        if key not in known:
            findings.defect(
                document.file, document.line(*path, key), ".".join(map(str, (*path, key))),
                Message("defect.unknown-key", key=key),
                hint=did_you_mean(key, known, Message("hint.keys", keys=listing(known, 30))), code="unknown-key",
            )  # fmt: skip


Locate = Callable[[KeyPath], tuple[str, int, str]]
"""From the path inside a record's table to file, line and key as shown."""


def record(model: type[Record], raw: Mapping[str, Any], locate: Locate, findings: Findings) -> Record | None:
    """The record a table of a document describes; ``None`` with located defects when it is not valid."""
    before = len(findings.defects)
    seen: set[KeyPath] = set()

    def defect(path: KeyPath, message: Message, hint: Message, code: str) -> None:
        place = locate(path)
        if path not in seen and not any((one.file, one.row, one.column) == place for one in findings.defects):
            seen.add(path)
            findings.defect(*place, message, hint=hint, code=code)

    made = None
    try:
        made = model.model_validate(raw)
    except ValidationError as error:
        for one in error.errors():
            path, value = _raw_path(one["loc"], raw)
            if isinstance(value, dict) and one["type"] == "tuple_type" and "conditions" in one["loc"]:
                continue  # A condition is a list or a range; a table was meant as a range, whose own errors follow.
            if one["type"] == "missing":
                key = str(one["loc"][-1])
                message, hint = Message("defect.missing-key", key=key), Message("hint.add-key", key=key)
                defect((*path, key), message, hint, "missing-key")
            elif one["type"] == "extra_forbidden":
                key, known = str(path[-1]), _known_keys(model, path)
                hint = did_you_mean(key, known, Message("hint.keys", keys=listing(known, 40)))
                defect(path, Message("defect.unknown-key", key=key), hint, "unknown-key")
            elif one["type"] == "literal_error":
                known = re.findall(r"'([^']*)'", one["ctx"]["expected"])
                hint = did_you_mean(str(value), known, Message("hint.one-of-these"))
                defect(
                    path, Message("defect.unknown-value", value=value, known=listing(known, 20)), hint, "unknown-value"
                )
            elif one["type"] == "value_error":
                fault = one["ctx"]["error"].args[0]  # Our own checks raise messages.
                message = fault if isinstance(fault, Message) else Message("defect.refused", reason=str(fault))
                defect(path, message, Message("hint.correct-value"), "bad-value")
            else:
                message = Message("defect.bad-value", value=value, expected=_expected(one))
                defect(path, message, Message("hint.correct-value"), "bad-value")
    if made is not None:
        for path, value in _converted(made, raw):
            defect(path, Message("defect.wrong-type", value=value), Message("hint.no-quotes"), "wrong-type")
    return made if len(findings.defects) == before else None


def _expected(error: Any) -> Message:
    """What the validator wanted; its own English words where the catalogue has none."""
    bound = next((error["ctx"][key] for key in ("ge", "gt", "le", "lt") if key in error.get("ctx", ())), None)
    words = {
        "greater_than_equal": Message("word.expected-at-least", bound=bound),
        "greater_than": Message("word.expected-above", bound=bound),
        "less_than_equal": Message("word.expected-at-most", bound=bound),
        "less_than": Message("word.expected-below", bound=bound),
    }
    for family, word in _EXPECTED.items():
        if str(error["type"]).startswith(family):
            return word
    other = error["msg"].replace("Input should be", "expected").split(", unable")[0]
    return words.get(error["type"]) or Message("word.expected-other", text=other)


_EXPECTED: Mapping[str, Message] = {  # beginning of the validator's sort of error -> what it wanted
    "int_": Message("word.expected-whole"),
    "float_": Message("word.expected-number"),
    "bool_": Message("word.expected-flag"),
    "string_type": Message("word.expected-text"),
    "date": Message("word.expected-date"),
    "list_": Message("word.expected-list"),
    "tuple_": Message("word.expected-list"),
    "dict_": Message("word.expected-table"),
    "model_": Message("word.expected-table"),
}


def _raw_path(location: tuple[str | int, ...], raw: Any) -> tuple[KeyPath, Any]:
    """The path in the user's table that a validation error speaks of; the validator's own steps are left out."""
    path: list[str | int] = []
    for step in location:
        is_own = isinstance(raw, dict) and step in raw
        key = step if is_own or isinstance(step, int) else {"exclude": "not", "any_of": "any"}.get(step, step)
        inside = (isinstance(raw, dict) and key in raw) or (
            isinstance(raw, list | tuple) and isinstance(key, int) and key < len(raw)
        )
        if inside:
            path.append(key)
            raw = raw[key]
    return tuple(path), raw


def _known_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Fields of the record that holds the last key of ``path``."""
    fields = model.model_fields
    for step in path[:-1]:
        if isinstance(step, str):
            inner = _record_of(fields[step].annotation) if step in fields else None
            if inner is None:  # A column of a filter: what stands there is a range.
                return ["min", "max"]
            fields = inner.model_fields
    return list(fields)


def _record_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _record_of(part))), None)


def _converted(made: Any, raw: Any, path: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    """Numbers and true/false values that the user wrote as another type; they are refused, not converted."""
    if isinstance(made, Filter) and isinstance(raw, dict):
        parts: dict[str, Any] = {**made.conditions, "not": made.exclude, "any": made.any_of}
        return [bad for key in raw for bad in _converted(parts.get(key), raw[key], (*path, key))]
    if isinstance(made, BaseModel):
        pairs = [(key, getattr(made, key)) for key in raw] if isinstance(raw, dict) else []
        return [bad for key, value in pairs for bad in _converted(value, raw[key], (*path, key))]
    if isinstance(made, tuple) and len(made) == 1 and not isinstance(raw, list | tuple):
        raw = [raw]  # A single value of a filter needs no brackets.
    if isinstance(made, tuple | list) and isinstance(raw, list | tuple):
        return [
            bad for i, (one, was) in enumerate(zip(made, raw, strict=False)) for bad in _converted(one, was, (*path, i))
        ]
    if isinstance(made, bool) or isinstance(raw, bool):
        return [(path, raw)] if type(made) is not type(raw) else []
    if isinstance(made, int) and isinstance(raw, float):
        return [(path, raw)]
    return [(path, raw)] if isinstance(made, int | float) and isinstance(raw, str) else []


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line of every key and array element of a valid TOML text.

    Examples
    --------
    >>> key_lines('a = 1\\n[[rules]]\\nid = "x"\\npairs = [\\n  { b = 2 },\\n]\\n')[("rules", 0, "pairs", 0, "b")]
    5
    """
    return _Lines(text).lines


class _Lines:
    """Walks once through a text known to be valid TOML, noting lines; values are skipped, not read."""

    _SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
    _KEY = re.compile(r"""[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*(\.?)""")
    _STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
    _PLAIN = re.compile(r"[^,\]}\n#]*")

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[KeyPath, int] = {}
        self._ends = [i for i, character in enumerate(text) if character == "\n"]
        counts: dict[KeyPath, int] = {}
        table: KeyPath = ()
        while self._skip_space() < len(text):
            if text[self.at] != "[":
                self._assignment(table)
                continue
            is_array = text.startswith("[[", self.at)
            line = self._line()
            self.at += 2 if is_array else 1
            table = ()
            keys = self._keys()
            for i, key in enumerate(keys):
                table = (*table, key)
                self.lines.setdefault(table, line)
                if is_array and i == len(keys) - 1:
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, counts[table])
                    self.lines.setdefault(table, line)
            self.at += 2 if is_array else 1

    def _line(self) -> int:
        return bisect_right(self._ends, self.at - 1) + 1 if self.at else 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _skip_space(self) -> int:
        return self._skip(self._SPACE)

    def _keys(self) -> list[str]:
        keys = []
        while found := self._KEY.match(self.text, self.at):
            keys.append(next(part for part in found.groups()[:3] if part is not None))
            self.at = found.end()
            if not found[4]:
                break
        return keys

    def _assignment(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at = self.text.index("=", self.at) + 1
        self._skip_space()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self._skip(self._STRING)
        elif opening == "[":
            self._items(path, "]")
        elif opening == "{":
            self._items(path, "}")
        else:
            self._skip(self._PLAIN)

    def _items(self, path: KeyPath, closing: str) -> None:
        self.at += 1
        position = 0
        while self.text[self._skip_space()] != closing:
            if closing == "}":
                self._assignment(path)
            else:
                self.lines[(*path, position)] = self._line()
                self._value((*path, position))
            position += 1
            if self.text[self._skip_space()] == ",":
                self.at += 1
        self.at += 1
