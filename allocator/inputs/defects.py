"""What reading has found so far: defects to be raised together, notes for the summary, suggestions for slips of the pen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from allocator.domain.errors import Defect
from allocator.language.message import Message

ROWS_NAMED = 8
"""Rows that a note names; of more it gives the number."""


@dataclass
class Findings:
    """Collects defects and notes while the files are read; nothing is raised before all files were looked at."""

    defects: list[Defect] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)

    def defect(self, file: str, row: int, column: str, message: Message, *, hint: Message, code: str) -> None:
        """Add one defect; ``row`` is the row as a spreadsheet shows it, or the line of a TOML file."""
        self.defects.append(Defect(file, int(row), column, message, hint, code))

    def note(self, text: Message) -> None:
        """Add a line on what was trimmed or assumed."""
        if text not in self.notes:
            self.notes.append(text)

    def touches(self, *files: str) -> bool:
        """Whether one of the files has a defect."""
        return any(defect.file in files for defect in self.defects)


def nearest(value: str, choices: Iterable[str], cutoff: float = 60) -> str | None:
    """The choice most like ``value``, or ``None`` when none is like it (similarity in per cent below ``cutoff``)."""
    from rapidfuzz import fuzz, process, utils  # Here, since only a slip asks for the nearest name.

    found = process.extractOne(
        value, list(choices), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=cutoff
    )
    return None if found is None else str(found[0])


def did_you_mean(value: str, choices: Iterable[str], otherwise: Message, cutoff: float = 60) -> Message:
    """A hint with the nearest choice, or ``otherwise``.

    Examples
    --------
    >>> print(did_you_mean("qouta", ["quota", "report"], Message("hint.one-of-these")))
    did you mean 'quota'?
    """
    near = nearest(value, choices, cutoff)
    return otherwise if near is None else Message("hint.did-you-mean", near=near)
