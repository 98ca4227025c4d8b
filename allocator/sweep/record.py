"""A sweep as notebooks have it: tables, and the words, figure and workbook of the command."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.reports.texts import Texts
from allocator.spoken import Spoken, texts_in
from allocator.sweep.book import workbook
from allocator.sweep.tables import SweepTables
from allocator.sweep.text import text
from allocator.wording import Language


@dataclass(frozen=True)
class Sweep(SweepTables, Spoken):
    """A sweep and what came out; see ``SweepTables`` for its fields and tables."""

    def words(self, texts: Texts) -> str:
        """What the command prints, in the words of a catalogue."""
        return text(self, texts)

    def text(self, lang: Language | None = None) -> str:
        """What the command prints; the same as ``said``."""
        return self.said(lang)

    def workbook(self, lang: Language | None = None) -> bytes:
        """The workbook as a file."""
        return workbook(self, texts_in(lang))

    def figure(self, lang: Language | None = None) -> bytes:
        """The figure as a PNG file."""
        from allocator.sweep.figure import figure  # Drawing is slow to load and seldom wanted.

        return figure(self, texts_in(lang))
