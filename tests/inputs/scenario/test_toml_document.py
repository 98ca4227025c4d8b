"""Lines of TOML keys, however the document is laid out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from allocator.inputs.defects import Findings
from allocator.inputs.scenario.toml_document import KeyPath, key_lines, read_document

TEXT = (
    """# a comment with [brackets] and "quotes"
id = "x"  # = not a key
"quoted key" = 'it"""
    + """'
text = \"\"\"
line = 3
[not.a.table]
\"\"\"
dotted.name = 1
when = 2019-03-04 08:00:00

[table]
list = [
  1,
  # 2,
  { inner = "}", deep = [[1], [2]] },
]

[[rules]]
id = "one"
audience = { category = ["a]", "b"], not = { x = 1 } }
[rules.sub]
key = 1

[[rules]]
id = "two"
"""
)


def paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    """Every key and array element of parsed TOML."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in items for found in ((*path, key), *paths(inner, (*path, key)))]


def test_every_key_has_a_line() -> None:
    assert set(key_lines(TEXT)) == set(paths(tomllib.loads(TEXT)))


@pytest.mark.parametrize(
    ("path", "start"),
    [
        (("id",), 'id = "x"'),
        (("quoted key",), '"quoted key"'),
        (("dotted", "name"), "dotted.name"),
        (("when",), "when"),
        (("table",), "[table]"),
        (("table", "list", 0), "  1,"),
        (("table", "list", 1, "deep", 1, 0), "  { inner"),
        (("rules", 0, "audience", "not", "x"), "audience"),
        (("rules", 0, "sub", "key"), "key = 1"),
        (("rules", 1, "id"), 'id = "two"'),
    ],
)
def test_line_is_where_the_key_stands(path: KeyPath, start: str) -> None:
    assert TEXT.splitlines()[key_lines(TEXT)[path] - 1].startswith(start)


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"a = 1\nb = \n", 2, "broken-toml"),
        (b"a = 1\na = 2\n", 2, "broken-toml"),
        (b'a = "never closed\n', 1, "broken-toml"),
        (b"[[rules]\n", 1, "broken-toml"),
        (b"a = [1,\n2\n\n", 2, "broken-toml"),
        (b"\n \n", 0, "empty-file"),
        ("a = '河南'\n".encode("gbk"), 1, "encoding"),
    ],
)
def test_broken_document_is_located(content: bytes, line: int, code: str) -> None:
    findings = Findings()
    assert read_document(Path("p.toml"), "p.toml", content, findings) is None
    (defect,) = findings.defects
    assert (defect.file, defect.row, defect.code) == ("p.toml", line, code)


def test_document_with_byte_order_mark_and_windows_lines_is_read() -> None:
    findings = Findings()
    document = read_document(Path("p.toml"), "p.toml", b"\xef\xbb\xbfa = 1\r\nb = 2\r\n", findings)
    assert document is not None
    assert not findings.defects
    assert (document.values, document.line("b")) == ({"a": 1, "b": 2}, 2)
