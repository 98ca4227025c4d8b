"""A sweep as notebooks have it: tables, and the words, figure and workbook of the command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allocator.answers.sweep.tables import SweepTables
from allocator.answers.sweep.text import lines
from allocator.answers.sweep.workbook import workbook
from allocator.language.answer import Spoken, texts_in
from allocator.language.message import Language
from allocator.language.texts import Texts
from allocator.outputs.notebook_figures import Picture
from allocator.system.atomic_write import Workbook


@dataclass(frozen=True, repr=False)
class Sweep(SweepTables, Spoken):
    """A sweep and what came out; see ``SweepTables`` for its fields and tables."""

    def lines(self, texts: Texts) -> Iterator[str]:
        """What the command prints, line by line in the words of a catalogue."""
        return lines(self, texts)

    def workbook(self, lang: Language | None = None) -> Workbook:
        """The workbook of the command: ``.save("FILE.xlsx")`` writes it."""
        return Workbook(workbook(self, texts_in(lang)))

    def figure(self, lang: Language | None = None) -> Picture:
        """Each goal against what is varied, or the trade-off curve."""
        from allocator.answers.sweep.figure import drawn  # Drawing is slow to load and seldom wanted.

        return Picture(drawn(self, texts_in(lang)))
