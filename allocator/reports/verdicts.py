"""The auditor's tables, arranged as the outputs need them; nothing is judged again here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

STATUSES = ("kept", "breached", "reported")


class Verdict(Protocol):
    """What the outputs read of an ``AuditReport``."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per rule, year and scope, as in ``audit.csv``."""

    @property
    def rules(self) -> pd.DataFrame:
        """One row per rule."""

    @property
    def touched(self) -> Mapping[str, int]:
        """People (or programmes) each rule speaks about."""

    @property
    def warnings(self) -> Sequence[Any]:
        """What the planner should look at, such as rules that touched nobody."""

    @property
    def overdue(self) -> pd.DataFrame:
        """cadre_id, year, last, reason."""

    @property
    def owed(self) -> pd.DataFrame:
        """rule_id, cadre_id, required, achieved, owed."""


def whole_plan(table: pd.DataFrame) -> pd.Series:
    """Which rows speak about the whole plan and not about one year."""
    return pd.to_numeric(table["year"], errors="coerce").fillna(0).eq(0)


def in_year(table: pd.DataFrame, year: int) -> pd.Series:
    """Which rows speak about that year."""
    return pd.to_numeric(table["year"], errors="coerce").eq(year)


def scopes_kept(rows: pd.DataFrame) -> tuple[int, int]:
    """Scopes of these rows that are not breached, and all of them."""
    return int((rows["status"] != "breached").sum()), len(rows)


def tightest(rows: pd.DataFrame) -> pd.Series | None:
    """The row with the least to spare over what it requires, relative to what it requires."""
    required = pd.to_numeric(rows["required"], errors="coerce")
    achieved = pd.to_numeric(rows["achieved"], errors="coerce")
    spare = ((achieved - required) / required.where(required > 0)).dropna()
    return None if spare.empty else rows.loc[[spare.idxmin()]].iloc[0]


def status_of(rows: pd.DataFrame) -> str:
    """One status for several rows: breached when one is, else kept when one is, else reported."""
    present = set(rows["status"])
    return next((status for status in ("breached", "kept") if status in present), "reported")
