"""Answers that can be read: the same words in the terminal and in a notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any, ClassVar

from allocator.language.message import Language
from allocator.language.text_table import html, markdown
from allocator.language.texts import Texts, language


def texts_in(lang: str | None = None) -> Texts:
    """The catalogue in ``zh`` or ``en``; else in the language of ``ALLOCATOR_LANG`` or the system.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    return Texts(language(lang or os.environ.get("ALLOCATOR_LANG")))


def speak(lang: Language) -> None:
    """Choose the language of this process, whatever the system's: of answers, mistakes, figures, workbooks and written runs.

    Parameters
    ----------
    lang
        ``zh`` or ``en``.

    Raises
    ------
    ValueError
        If there is no such language.

    Examples
    --------
    >>> allocator.speak("zh")  # doctest: +SKIP
    """
    os.environ["ALLOCATOR_LANG"] = language(lang)


class Spoken:
    """An answer that can be put into words, and into a workbook, a figure or a CSV file where its room has one.

    The record knows no renderer: ``views`` names the package whose modules ``text``, ``workbook``, ``figure`` … take the record. They are
    loaded when asked for. At the prompt and in a notebook an answer shows its words, not its fields; so a record that
    inherits this is declared with ``repr=False``.
    """

    views: ClassVar[str]
    text: ClassVar[str] = "text"

    def view(self, name: str) -> Any:
        """The module ``name`` of the package that renders this record."""
        return import_module(f"{self.views}.{name}")

    def said(self, lang: Language | None = None) -> str:
        """The answer in words, as the terminal shows it; ``lang`` as in ``texts_in``."""
        return self.words(texts_in(lang))

    def words(self, texts: Texts) -> str:
        """The answer in the words of a catalogue."""
        return "\n".join(self.lines(texts))

    def lines(self, texts: Texts) -> Iterable[str]:
        """The answer line by line in the words of a catalogue; a ``Table`` stands for several."""
        lines: Iterable[str] = self.view(self.text).lines(self, texts)
        return lines

    def __str__(self) -> str:
        return self.said()

    def __repr__(self) -> str:
        return self.said()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html(self.lines(texts_in()))

    def _repr_markdown_(self) -> str:
        """What a document shows that is made from a notebook."""
        return markdown(self.lines(texts_in()))
