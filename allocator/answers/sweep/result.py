"""A sweep as notebooks have it: tables, and the words, figure and workbook of the command."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.answers.answer import InFigure, InWorkbook
from allocator.answers.sweep.tables import SweepTables


@dataclass(frozen=True, repr=False)
class Sweep(SweepTables, InWorkbook, InFigure):
    """A sweep and what came out; see ``SweepTables`` for its fields and tables."""

    views = "allocator.answers.sweep"
