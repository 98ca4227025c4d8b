"""How Typer draws help pages and mistakes, with our words and with lines that Chinese can be broken into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.columns import Columns
from rich.text import Text
from typer import rich_utils


class Folded(Columns):
    """Help of one option, broken where the column ends: Chinese has no spaces, and Rich would cut it off with an ellipsis."""

    def __init__(self, renderables: Any = None, *arguments: Any, **settings: Any) -> None:
        parts = list(renderables or ())
        for part in parts:
            if isinstance(part, Text):
                part.overflow = "fold"
        super().__init__(parts, *arguments, **settings)


_rich_text = rich_utils._make_rich_text


def _folded_text(**settings: Any) -> Any:
    """Help of one command, broken where the column ends."""
    text = _rich_text(**settings)
    if isinstance(text, Text):
        text.overflow = "fold"
    return text


@contextmanager
def dressed(words: Mapping[str, str]) -> Iterator[None]:
    """Until the end of the block the words of Typer, by the names it gives them, are these."""
    ours: dict[str, Any] = {**words, "Columns": Folded, "_make_rich_text": _folded_text}
    before = {name: getattr(rich_utils, name) for name in ours}
    try:
        vars(rich_utils).update(ours)
        yield
    finally:
        vars(rich_utils).update(before)
