"""What the papers that went out have told: to which unit of which session, and with which content."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

Pair = tuple[str, str]
"""Unit and session."""

NOTHING = ""
"""The facts of a unit that sends nobody any more, and of a session that nobody attends."""


class PaperKind(StrEnum):
    """The sorts of papers; the seat table of a year has the year in place of a session."""

    NOTICE = "notice"
    CHANGE = "change"
    WORKBOOK = "workbook"
    CALENDAR = "calendar"
    LIST = "list"
    TABLE = "table"


@dataclass(frozen=True)
class Told:
    """What a unit was last told of a session: by which version, which facts, and how many papers have told it."""

    version: int
    facts: str
    times: int


class SoFar:
    """The papers of the register, read once.

    Parameters
    ----------
    papers
        As ``Register.papers`` gives them.
    """

    def __init__(self, papers: pd.DataFrame) -> None:
        self.calls: dict[Pair, Told] = {}
        self._last: dict[tuple[str, str, str], str] = {}
        self.next_number = int(papers["number"].max()) + 1 if len(papers) else 1
        columns = ("kind", "unit_id", "session_id", "version", "hash")
        for kind, unit, session, version, facts in zip(*(papers[name].tolist() for name in columns), strict=True):
            self._last[kind, unit, session] = facts
            if kind in (PaperKind.NOTICE, PaperKind.CHANGE):
                before = self.calls.get((unit, session))
                self.calls[unit, session] = Told(version, facts, 1 + (before.times if before else 0))

    def facts(self, pair: Pair) -> str:
        """What a unit was last told of a session."""
        return self.calls[pair].facts if pair in self.calls else NOTHING

    def times(self, pair: Pair) -> int:
        """How many papers have told a unit of a session."""
        return self.calls[pair].times if pair in self.calls else 0

    def has_told(self, kind: PaperKind, unit_id: str, session_id: str, facts: str) -> bool:
        """Whether the last paper of this sort told the same; that nothing is the case goes without saying."""
        return self._last.get((kind.value, unit_id, session_id), NOTHING) == facts

    @property
    def listed(self) -> set[str]:
        """Sessions of which a list went out that has somebody in it."""
        return {
            session for (kind, _, session), facts in self._last.items() if kind == PaperKind.LIST and facts != NOTHING
        }
