"""Words and figures of a comparison in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from allocator.answers.compare.result import Comparison
from allocator.domain.rules import record_of
from allocator.language.message import Message
from allocator.language.texts import STYLES, Texts

CHANGE: Mapping[str, Message] = {
    "new": Message("compare.change-new"),
    "gone": Message("compare.change-gone"),
    "more": Message("compare.change-more"),
    "fewer": Message("compare.change-fewer"),
    "programme": Message("compare.change-programme"),
    "year": Message("compare.change-year"),
    "date": Message("compare.change-date"),
}
"""What is said of each way in which a person's classes differ."""


def is_told(kind: str) -> bool:
    """Whether a kind asks for nothing by itself, or for as much as there can be."""
    return record_of(kind).demands == "nothing"


def title_of(rule: Any, texts: Texts) -> str:
    """Title of a rule in the reader's language, its id where there is none."""
    return texts.title(rule) or str(rule.rule_id)


def goal_word(goal: str, texts: Texts) -> str:
    """The name of a goal."""
    return texts.known("goal", goal)


def goal_name(goal: str, unit: str, texts: Texts) -> str:
    """A goal with the unit it is counted in."""
    return texts.within(goal_word(goal, texts), texts.unit(unit))


def counted(value: float, unit: str, texts: Texts) -> str:
    """A figure with what it counts."""
    return texts.said(Message("word.counted", figure=texts.figure(value, unit), unit=texts.unit(unit)))


def weightiest_first(clauses: pd.DataFrame) -> pd.DataFrame:
    """Rules with those first that some run misses, those that only tell figures last."""
    misses = clauses.filter(like="shortfall | ").gt(0).any(axis=1)
    told = clauses["kind"].map(is_told).astype(bool)
    order = (told.astype(int) + 1).mask(misses & ~told, 0)
    return clauses.loc[order.sort_values(kind="stable").index]


def differing_units(comparison: Comparison) -> pd.DataFrame:
    """Units whose seats differ, those with the greatest difference first."""
    seats = comparison.units.iloc[:, 3:]
    spread = (seats.max(axis=1) - seats.min(axis=1)).rename("spread")
    table = comparison.units.assign(spread=spread)
    return table[table["spread"] > 0].sort_values(["spread", "unit_id"], ascending=[False, True]).drop(columns="spread")


def figure_of(value: Any) -> float | None:
    """A figure as a cell of a workbook; nothing for one that is missing."""
    return None if value is None or value != value else float(value)


def cell_in(value: Any, unit: str) -> float | tuple[float, str] | None:
    """A figure that is counted in a unit, as a cell: shares in per cent, years as people write them."""
    figure, style = figure_of(value), STYLES.get(unit)
    return figure if figure is None or style is None else (figure, style)
