"""Words and figures of a comparison in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.reports.texts import Texts
from allocator.wording import Message

if TYPE_CHECKING:
    from allocator.compare.record import Comparison

CHANGE: Mapping[str, Message] = {
    "new": Message("compare.change-new"),
    "gone": Message("compare.change-gone"),
    "programme": Message("compare.change-programme"),
    "year": Message("compare.change-year"),
    "date": Message("compare.change-date"),
}
"""What is said of each way in which a person's classes differ."""


def title_of(rule: Any, texts: Texts) -> str:
    """Title of a rule in the reader's language, its id where there is none."""
    return texts.title(rule) or str(rule.rule_id)


def goal_name(goal: str, unit: str, texts: Texts) -> str:
    """A goal with the unit it is counted in."""
    return f"{texts.known('goal', goal)} ({unit_name(unit, texts)})"


def unit_name(unit: str, texts: Texts) -> str:
    """A unit of measure in the reader's language."""
    return texts.unit(unit)


def differing_units(comparison: Comparison) -> pd.DataFrame:
    """Units whose seats differ, those with the greatest difference first."""
    seats = comparison.units.iloc[:, 3:]
    spread = (seats.max(axis=1) - seats.min(axis=1)).rename("spread")
    table = comparison.units.assign(spread=spread)
    return table[table["spread"] > 0].sort_values(["spread", "unit_id"], ascending=[False, True]).drop(columns="spread")
