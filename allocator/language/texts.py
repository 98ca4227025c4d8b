"""The catalogue in one language, and figures, names and units as its readers write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, cast

from allocator.language.message import LANGUAGES, Language, Message, catalogue, language, render, said
from allocator.language.message import value as value_of

__all__ = ["LANGUAGES", "Language", "Texts", "cell_len", "fit", "language"]


STYLES: Mapping[str, str] = MappingProxyType({"share": "share", "share of people": "share", "year": "plain"})
"""Units whose figures are not shown as plain numbers, and the style of their cells in a workbook."""


@dataclass(frozen=True)
class Texts:
    """The catalogue in one language; call it with a code and the parameters of the text.

    Examples
    --------
    >>> Texts("en")("goal.owed")
    'Still owed at the end'
    """

    lang: Language

    def __call__(self, code: str, /, **parameters: object) -> str:
        """The text of that code (``KeyError`` when there is none)."""
        return render(code, self.lang, parameters)

    def said(self, text: object) -> str:
        """A message in this language; any other text as it is."""
        return said(text, self.lang)

    def known(self, family: str, value: str) -> str:
        """The text of ``family.value``, or the value itself when the catalogue does not know it."""
        entry = catalogue().get(f"{family}.{value}")
        return entry[self.lang] if entry else self.said(value_of(family, value))

    def unit(self, name: str) -> str:
        """A unit of measure in the reader's language."""
        return self(f"unit.{name}") if f"unit.{name}" in catalogue() else name.replace("-", " ")

    def join(self, parts: Iterable[str]) -> str:
        """Several things in one line."""
        return self("separator").join(parts)

    def listed(self, parts: Iterable[str]) -> str:
        """Names or numbers in a row, closer to each other than what is joined."""
        return self("between").join(parts)

    def within(self, text: str, inside: str) -> str:
        """A text with something in brackets behind it; nothing leaves no brackets."""
        return self("in-brackets", text=text, inside=inside) if inside else text

    def title(self, record: Any) -> str:
        """Title of a rule, a policy or a scenario (anything with ``title`` and ``title_zh``)."""
        chinese, english = str(record.title_zh), str(record.title)
        return (chinese or english) if self.lang == "zh" else (english or chinese)

    def name(self, chinese: str, english: str = "") -> str:
        """A name from the tables, in the reader's language where it has one."""
        return english if self.lang == "en" and english else chinese

    def number(self, value: object) -> str:
        """A figure for the reader: whole numbers with thousands, others with at most two decimals, a dash for none."""
        if value is None or value != value:
            return "—"
        if isinstance(value, str):
            return value
        number = round(float(cast(float, value)), 2)
        return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}".rstrip("0")

    def marked(self, value: float | None, certainty: str, sense: str) -> str:
        """A goal's value with the mark of what is not proven: a limit of the best plan's value, or only tried (``result.Certainty``).

        Examples
        --------
        >>> Texts("en").marked(7, "limit", "min"), Texts("en").marked(7, "tried", "max"), Texts("en").marked(7, "proven", "min")
        ('≤7', '~7', '7')
        """
        sign = {"limit": "≤" if sense == "min" else "≥", "tried": "~"}.get(certainty, "")
        return sign + self.number(value)

    def mark_note(self, certainties: Iterable[str]) -> str:
        """What the marks of ``marked`` mean, of those that occur; empty where everything is proven."""
        kinds = set(certainties)
        notes = (("limit", Message("word.mark-limit")), ("tried", Message("word.mark-tried")))
        return ("；" if self.lang == "zh" else "; ").join(self.said(note) for kind, note in notes if kind in kinds)

    def figure(self, value: float | None, unit: str) -> str:
        """A figure that is counted in a unit: a share in per cent, a year as people write it, else as ``number`` does."""
        style = STYLES.get(unit)
        if style is None or value is None or value != value:
            return self.number(value)
        return self.percent(value) if style == "share" else f"{value:.0f}"

    def percent(self, share: float | None) -> str:
        """A share in per cent; what is small but not nothing never reads as 0."""
        if share is None:
            return "—"
        if share == 0:
            return "0 %"
        return "<0.01 %" if abs(share) < 1e-4 else f"{share * 100:.2f} %"


def cell_len(text: str) -> int:
    """Terminal cells of a text: a Chinese character takes two."""
    from rich.cells import cell_len as cells  # Here, since who plans without a terminal never asks.

    return cells(text)


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """``text`` in exactly ``width`` terminal cells (a Chinese character takes two); cut with an ellipsis.

    Examples
    --------
    >>> fit("名额", 6), fit("seats", 4), fit("7", 3, "right"), fit("每年约40人", 8)
    ('名额  ', 'sea…', '  7', '每年约… ')
    """
    if cell_len(text) > width:
        kept = ""
        for character in text:
            if cell_len(kept) + cell_len(character) > width - 1:
                break
            kept += character
        if text[len(kept)].isdigit():
            kept = kept.rstrip("0123456789,.")  # Part of a number would read as another number.
        text = kept + "…"
    padding = " " * (width - cell_len(text))
    return padding + text if align == "right" else text + padding
