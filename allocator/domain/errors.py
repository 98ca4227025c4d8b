"""What can go wrong, as types; text and numbers only.

``InputError`` is for the user's files, ``ModelError`` for a rule that cannot be expressed.
An infeasible policy or a time limit is a result, not an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from allocator.language.message import LANGUAGES, Language, Message, language, listing, said


def chosen() -> Language:
    """The language that ``ALLOCATOR_LANG`` or ``allocator.speak`` chose; English where none was, whatever the system's, as logs want it."""
    option = os.environ.get("ALLOCATOR_LANG")
    return language(option) if option in LANGUAGES else "en"


class AllocatorError(Exception):
    """Base of everything this package raises on purpose; shown, it speaks the language that was chosen (``ALLOCATOR_LANG``), else English."""

    def __str__(self) -> str:
        return self.said(chosen())

    def said(self, lang: Language) -> str:
        """What went wrong, in a language."""
        return said(self.args[0], lang) if self.args else ""


@dataclass(frozen=True, order=True)
class Defect:
    """One mistake in a user's file, located as a spreadsheet shows it.

    Parameters
    ----------
    file
        Path as the user wrote it; a sheet is appended as ``roster.xlsx[cadres]``.
    row
        Row number with the header as row 1; for TOML the line; 0 when it concerns the whole file.
    column
        Column name or TOML key; empty when it concerns the whole row.
    message
        Value received and expectation; a ``Message``, which is its English text.
    hint
        The next step, in the imperative; a ``Message`` too.
    code
        Stable name of the sort of defect, for ``--json``.
    """

    file: str
    row: int
    column: str
    message: str
    hint: str = ""
    code: str = ""

    def __str__(self) -> str:
        return self.said(chosen())

    def said(self, lang: Language) -> str:
        """Place, message and, on a line of its own, the next step, in a language."""
        text = f"{self.file}:{self.row}:{self.column}: {said(self.message, lang)}"
        return f"{text}\n    {Message('talk.hint').said(lang)}: {said(self.hint, lang)}" if self.hint else text

    def as_record(self) -> dict[str, str | int]:
        """The defect as a flat record for ``--json``, with message and hint in both languages."""
        chinese = {"message_zh": said(self.message, "zh"), "hint_zh": said(self.hint, "zh")}
        return {**asdict(self), "message": str(self.message), "hint": str(self.hint), **chinese}


class InputError(AllocatorError):
    """All defects of all files, raised once."""

    def __init__(self, defects: Iterable[Defect]) -> None:
        self.defects: tuple[Defect, ...] = tuple(sorted(defects))
        super().__init__(self.defects)

    def said(self, lang: Language) -> str:
        """Every defect, in a language."""
        return "\n".join(defect.said(lang) for defect in self.defects)


class FilterError(AllocatorError):
    """A filter names a column its table does not have, or compares it with a value of another type."""

    def __init__(self, column: str, message: str, available: Iterable[str] = ()) -> None:
        self.column = column
        self.available = tuple(available)
        super().__init__(message)


class ModelError(AllocatorError):
    """A rule cannot be expressed, or the solver refused the model."""

    def __init__(self, what: str) -> None:
        super().__init__(what if isinstance(what, Message) else Message("error.model", detail=what))


class UnknownRuleError(AllocatorError, KeyError):
    """There is no rule of that id; says which one may be meant."""

    def __init__(self, rule_id: str, known: Iterable[str]) -> None:
        known = list(known)
        near = get_close_matches(rule_id, known, 3) or known
        super().__init__(Message("error.unknown-rule", rule=rule_id, near=listing(near)))


class OutputError(AllocatorError):
    """The run folder cannot be written; nothing was left half done."""


class UsageError(AllocatorError):
    """What was asked for cannot be done as it was asked; files are not to blame, and nothing was begun."""


class RegisterError(AllocatorError):
    """The register refuses: a state forbids it, somebody else wrote meanwhile, or it is not a register that this version can use."""
