"""Answers that come as a workbook and as a figure too: what all rooms of answers share."""

from __future__ import annotations

from allocator.language.answer import Spoken, texts_in
from allocator.language.message import Language
from allocator.outputs.notebook_figures import Picture
from allocator.system.atomic_write import Workbook


class InWorkbook(Spoken):
    """An answer whose room has a module ``workbook``."""

    def workbook(self, lang: Language | None = None) -> Workbook:
        """The workbook of the command: ``.save("FILE.xlsx")`` writes it."""
        return Workbook(self.view("workbook").workbook(self, texts_in(lang)))


class InFigure(Spoken):
    """An answer whose room has a module ``figure``, which is loaded when somebody draws: drawing is slow to load and seldom wanted."""

    def figure(self, lang: Language | None = None) -> Picture:
        """The figure of the command; a notebook shows it, ``.save("FILE.png")`` writes it."""
        return Picture(self.view("figure").drawn(self, texts_in(lang)))
