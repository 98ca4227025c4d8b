"""The template of the change notice that is used when the office brings none: what changed, for whom, why, and what holds now."""

from __future__ import annotations

from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.units.default_notice import INDENT, ending, heading, paragraph, people_table, word_file

_WIDTHS = (("number", 850), ("name", 1250), ("post", 1800), ("effect", 1850), ("why", 1750), ("clause", 1050))
"""Columns of the list of people with their widths in twentieths of a point."""


def change_letter(texts: Texts) -> bytes:
    """The template as a Word file, in the reader's language."""
    titles = {
        "number": texts("column.number"), "name": texts("column.name"), "post": texts("column.post"),
        "effect": texts.said(Message("papers.change")), "why": texts.said(Message("papers.reason")),
        "clause": texts.said(Message("papers.clause")),
    }  # fmt: skip
    return word_file(texts, [
        *heading(texts, "{{" + texts("placeholder.title") + "}}", is_issued=True),
        paragraph(texts("letter.to")),
        paragraph(texts.said(Message("papers.letter-body")), INDENT),
        paragraph(texts.said(Message("papers.letter-what")), INDENT),
        paragraph(texts.said(Message("papers.letter-who")), f'<w:keepNext/><w:spacing w:after="120"/>{INDENT}'),
        people_table([(titles[name], texts(f"placeholder.{name}"), width) for name, width in _WIDTHS]),
        paragraph(texts.said(Message("papers.letter-now")), f'<w:spacing w:before="240"/>{INDENT}'),
        paragraph(texts.said(Message("papers.letter-ask")), INDENT),
        *ending(texts, is_issued=True),
    ])  # fmt: skip
