"""Answers that can be read: the same words in the terminal and in a notebook."""

from __future__ import annotations

import html
import os

from allocator.reports.texts import Texts, language
from allocator.wording import Language


class Spoken:
    """An answer that can be put into words."""

    def said(self, lang: Language | None = None) -> str:
        """The answer in words, in ``zh`` or ``en``; else in the language of ``ALLOCATOR_LANG`` or the system."""
        return self.words(Texts(lang or language(os.environ.get("ALLOCATOR_LANG"))))

    def words(self, texts: Texts) -> str:
        """The answer in the words of a catalogue."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.said()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return f"<pre>{html.escape(self.said())}</pre>"
