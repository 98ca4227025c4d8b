"""A sweep as notebooks have it: tables, and the words, figure and workbook of the command."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.spoken import texts_in
from allocator.sweep.book import workbook
from allocator.sweep.tables import SweepTables
from allocator.sweep.text import text


@dataclass(frozen=True)
class Sweep(SweepTables):
    """A sweep and what came out; see ``SweepTables`` for its fields and tables."""

    def text(self, lang: str | None = None) -> str:
        """What the command prints; in the language of the system when none is named."""
        return text(self, texts_in(lang))

    def workbook(self, lang: str | None = None) -> bytes:
        """The workbook as a file."""
        return workbook(self, texts_in(lang))

    def figure(self, lang: str | None = None) -> bytes:
        """The figure as a PNG file."""
        from allocator.sweep.figure import (
            figure,
        )  # Here, since matplotlib takes as long to load as all the rest together.

        return figure(self, texts_in(lang))

    def __str__(self) -> str:
        return self.text()
