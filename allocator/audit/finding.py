"""What one rule's measure says: rows for ``audit.csv``, one line of totals, and what it adds to the goals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pandas as pd

from allocator.domain.names import heading
from allocator.domain.rules import Goal, RuleKind, Strength
from allocator.language.message import Message, said

MORE_SEATS = "more seats than people"

Status = Literal["kept", "breached", "reported"]

ALL = "all"
"""Scope of a row that sums up all scopes of a rule in a year."""


class Row(NamedTuple):
    """One judged thing. ``shortfall`` is the distance from what is required, never negative, in ``unit``.

    ``is_told`` marks what even a hard rule only reports, such as the load of a host.
    """

    year: int | None
    scope: str
    required: float | None
    achieved: float | None
    unit: str
    shortfall: float = 0.0
    is_told: bool = False


class Difference(NamedTuple):
    """One cell of a plan that says something else than the tables.

    ``place`` is the position of the placement in the plan, ``why`` what is wrong in a few words for ``audit.csv``. Nothing
    is expected where the tables have nothing, or where an id is unknown and none looks like it.
    """

    place: int
    column: str
    found: str
    expected: str
    why: str

    def message(self, row: int) -> Message:
        """The difference as a sentence; ``row`` is the one of the file."""
        parts = {"row": row, "column": heading(self.column), "found": self.found, "expected": self.expected}
        if self.why.startswith("unknown"):
            return Message("audit.looks-like", **parts) if self.expected else Message("audit.unknown-id", **parts)
        if self.why == MORE_SEATS:
            return Message("audit.more-seats", **parts)
        return Message("audit.differs", **parts) if self.expected else Message("audit.differs-from-none", **parts)


@dataclass(frozen=True)
class Finding:
    """What a measure found for one rule.

    Parameters
    ----------
    rows
        Rows of ``audit.csv``: for each year one of scope ``all``, and one for every scope that misses.
    people
        People the rule touches; a group counts with its headcount.
    required, achieved, unit
        Totals over all years; ``None`` where the rule asks for nothing or nothing can be measured.
    shortfall
        Distance from what is required, in ``unit``.
    goals
        What the rule adds to each goal; of sessions the goals count seats.
    overdue, owed
        Lists of people: see ``AuditReport``.
    scopes
        Every group and year judged, kept ones too.
    note, warnings
        What else there is to say of the rule.
    differences
        Cells of the plan that say something else than the tables.
    """

    rows: tuple[Row, ...]
    people: int
    unit: str
    required: float | None
    achieved: float | None
    shortfall: float = 0.0
    goals: Mapping[Goal, float] = field(default_factory=dict)
    note: str = ""
    overdue: pd.DataFrame | None = None
    owed: pd.DataFrame | None = None
    scopes: tuple[Row, ...] = ()
    warnings: tuple[Message, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def note_zh(self) -> str:
        """The note in Chinese."""
        return said(self.note, "zh")


def strength_of(rule: RuleKind) -> Strength:
    """The strength a rule is judged with: kinds without a soft form are hard unless they only report."""
    return "hard" if rule.is_strict and rule.strength == "soft" else rule.strength


def status_of(strength: Strength, shortfall: float) -> Status:
    """Kept, breached (a hard rule that misses) or reported (a soft miss, or a rule that only reports)."""
    if strength == "report":
        return "reported"
    if shortfall <= 1e-9:
        return "kept"
    return "breached" if strength == "hard" else "reported"


def counted(rule: RuleKind, amount: float) -> dict[Goal, float]:
    """What a shortfall adds to the goals: violation when hard, the rule's own goal when soft, nothing when reported."""
    strength = strength_of(rule)
    if strength == "report":
        return {}
    return {"violation" if strength == "hard" else rule.goal: float(amount)}


def totals(rows: Iterable[Row]) -> tuple[float, float]:
    """Required and achieved summed over the rows of scope ``all``."""
    kept = [row for row in rows if row.scope == ALL]
    return sum(row.required or 0.0 for row in kept), sum(row.achieved or 0.0 for row in kept)
