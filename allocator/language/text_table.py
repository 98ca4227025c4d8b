"""The lines of an answer for a terminal, and the same as HTML and Markdown, where tables are tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from allocator.language.texts import cell_len, fit

if TYPE_CHECKING:
    from rich.text import Text

ALIGN = ("right", "left")
_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~$])")
"""What Markdown would not show as it stands."""


class Table(str):
    """Rows below their headings as a terminal shows them: a text of several lines that knows its cells.

    Parameters
    ----------
    titles, rows
        The cells, as many in each row as there are titles.
    left
        Columns that begin at the left; the others end at the right.
    indent
        Terminal cells before the first column.
    widest
        Terminal cells of a column at most; what is longer is cut. A notebook shows all of it.
    head
        Terminal cells of a heading before it goes on in the next line.

    Examples
    --------
    >>> print(Table(("", "A", "B"), [("quota", "4", "15")]))
             A   B
      quota  4  15
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: frozenset[int]

    def __new__(
        cls,
        titles: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        left: Iterable[int] = (0,),
        indent: int = 2,
        widest: int = 46,
        head: int = 100,
    ) -> Table:
        begins = frozenset(left)
        table = super().__new__(cls, "\n".join(_aligned(titles, rows, begins, indent, widest, head)))
        table.titles, table.rows, table.left = tuple(titles), tuple(map(tuple, rows)), begins
        return table


class Aligned(str):
    """Lines that blanks put one below the other: shown as they stand, in a type in which a Chinese character takes two cells."""


def highlighted(summary: str) -> Text:
    """The summary with colours for a terminal; the marks say the same without them."""
    from rich.text import Text  # Here, since who plans without a terminal sees no colours.

    shown = Text(summary)
    for pattern, style in (("✓", "green"), (r"✗[\d,.]*", "bold red"), (r"(?m)^■.*$", "bold cyan")):
        shown.highlight_regex(pattern, style)
    return shown


def html(lines: Iterable[str]) -> str:
    """The lines for a notebook: what stands at the margin in bold, what stands in set in, tables as tables."""
    return f'<div style="line-height:1.5;max-width:64em">{"".join(map(_block, _single(lines)))}</div>'


def _single(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those of a text of several apart."""
    for line in lines:
        yield from (line,) if isinstance(line, Table | Aligned) else line.split("\n")


def _block(line: str) -> str:
    match line:
        case Table():
            return _table(line)
        case Aligned():
            return f'<pre style="line-height:1.35;white-space:pre;overflow-x:auto">{_spaced(line)}</pre>'
        case "":
            return '<div style="height:0.7em"></div>'
    text = line.lstrip(" ")
    if text == line:
        return f'<div style="font-weight:600;margin-top:0.3em">{escape(text)}</div>'
    start = 0.6 * (len(line) - len(text)) + 1  # The lines that follow are set in by one em more than the first.
    return f'<div style="padding-left:{start:.1f}em;text-indent:-1em">{escape(text)}</div>'


def _table(table: Table) -> str:
    head = "".join(_cell("th", title, i in table.left) for i, title in enumerate(table.titles))
    rows = ("".join(_cell("td", cell, i in table.left) for i, cell in enumerate(row)) for row in table.rows)
    body = "".join(f"<tr>{cells}</tr>" for cells in rows)
    return f'<table style="margin:0.3em 0 0.5em 1.2em"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(tag: str, text: str, is_left: bool) -> str:
    return f'<{tag} style="text-align:{ALIGN[is_left]}">{escape(text)}</{tag}>'


def _spaced(text: str) -> str:
    """Text in which every wide character takes two cells whatever type the reader's machine shows it in."""
    pieces: list[tuple[bool, str]] = []
    for sign in text:
        is_wide = cell_len(sign) == 2
        if pieces and pieces[-1][0] == is_wide:
            pieces[-1] = (is_wide, pieces[-1][1] + sign)
        else:
            pieces.append((is_wide, sign))
    shown = (
        f'<span style="letter-spacing:calc(2ch - 1em)">{escape(part)}</span>' if is_wide else escape(part)
        for is_wide, part in pieces
    )
    return "".join(shown)


def markdown(lines: Iterable[str]) -> str:
    """The lines as Markdown, for documents that are made from a notebook."""
    return "\n".join(part for line in _single(lines) for part in _marked(line))


def _marked(line: str) -> Iterator[str]:
    if isinstance(line, Table):
        bars = (":--" if i in line.left else "--:" for i in range(len(line.titles)))
        yield from (
            "",
            _piped(line.titles, escaped=True),
            _piped(bars),
            *(_piped(row, escaped=True) for row in line.rows),
            "",
        )
    elif isinstance(line, Aligned):
        yield from ("", "```text", line, "```", "")
    elif line.startswith(" "):
        text = line.lstrip(" ")
        yield " " * (len(line) - len(text) - 2) + "- " + _literal(text.removeprefix("· "))
    elif line:
        yield from ("", f"**{_literal(line)}**", "")


def _piped(cells: Iterable[str], *, escaped: bool = False) -> str:
    return "| " + " | ".join(_literal(cell) if escaped else cell for cell in cells) + " |"


def _literal(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return _MARKS.sub(r"\\\1", text)


def _aligned(
    titles: Sequence[str], rows: Sequence[Sequence[str]], left: frozenset[int], indent: int, widest: int, head: int
) -> Iterator[str]:
    heads = [wrapped(title, head) for title in titles]
    widths = [max(0, *map(cell_len, own), *(cell_len(row[i]) for row in rows)) for i, own in enumerate(heads)]
    last = len(titles) - 1
    for i, width in enumerate(widths):
        if i < last or i not in left:  # Nothing stands behind a last column that begins at the left.
            widths[i] = min(width, widest)
    height = max(map(len, heads))
    above = [tuple(own[i - height] if len(own) >= height - i else "" for own in heads) for i in range(height)]
    for row in (*above, *rows):
        cells = (
            fit(cell, width, "left" if i in left else "right")
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield (" " * indent + "  ".join(cells)).rstrip()


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many cells, broken between words, and between characters where there are no words.

    Examples
    --------
    >>> wrapped("Quota shortfall (people)", 12), wrapped("期末尚欠（学时）", 12)
    (['Quota', 'shortfall', '(people)'], ['期末尚欠', '（学时）'])
    """
    lines = [""]
    for word in text.replace("（", " （").split(" ") if cell_len(text) > width else [text]:
        between = "" if word.startswith("（") else " "
        joined = f"{lines[-1]}{between}{word}" if lines[-1] else word
        if cell_len(joined) <= width or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return [part for line in lines for part in _cut(line, width)]


def _cut(line: str, width: int) -> Iterator[str]:
    if all(ord(sign) < 0x2E80 for sign in line):
        yield line  # A long word of letters, such as a key, stays whole.
        return
    part = ""
    for sign in line:
        if cell_len(part + sign) > width:
            yield part
            part = ""
        part += sign
    yield part
