"""Answers that can be read: the same words in the terminal and in a notebook."""

from __future__ import annotations

import html
import os
from abc import ABC, abstractmethod

from allocator.reports.texts import Texts, language
from allocator.wording import Language


def texts_in(lang: str | None = None) -> Texts:
    """The catalogue in ``zh`` or ``en``; else in the language of ``ALLOCATOR_LANG`` or the system.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    return Texts(language(lang or os.environ.get("ALLOCATOR_LANG")))


class Spoken(ABC):
    """An answer that can be put into words."""

    def said(self, lang: Language | None = None) -> str:
        """The answer in words, as the terminal shows it; ``lang`` as in ``texts_in``."""
        return self.words(texts_in(lang))

    @abstractmethod
    def words(self, texts: Texts) -> str:
        """The answer in the words of a catalogue."""

    def __str__(self) -> str:
        return self.said()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return f"<pre>{html.escape(self.said())}</pre>"
