"""The plan: a table of placements, one row for each cadre (or unnamed group) in a dated session."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

COLUMNS = (
    "year", "session_id", "programme_id", "cadre_id", "unit_id", "team_id", "headcount",
    "start_date", "end_date", "days", "hours", "fixed", "rules",
)  # fmt: skip
"""Columns of ``plan.csv``. ``headcount`` is the seats used (1 for a named cadre), ``rules`` the ids the seat serves, ``;`` between."""

SEAT_COLUMNS = ("year", "session_id", "programme_id", "unit_id", "seats")


@dataclass(frozen=True)
class Plan:
    """Placements in the order year, session, cadre; columns as ``COLUMNS``."""

    placements: pd.DataFrame

    @property
    def seats(self) -> pd.DataFrame:
        """Seats of every unit in every session, columns as ``SEAT_COLUMNS``."""
        keys = list(SEAT_COLUMNS[:-1])
        seats: pd.DataFrame = self.placements.groupby(keys)["headcount"].sum().rename("seats").reset_index()
        return seats

    def to_csv(self) -> str:
        """The text of ``plan.csv``; the same placements give the same bytes."""
        text = io.StringIO()
        self.placements.to_csv(text, index=False, lineterminator="\n", date_format="%Y-%m-%d")
        return text.getvalue()

    @property
    def sha256(self) -> str:
        """Hash of ``to_csv`` in UTF-8."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Write ``plan.csv`` with a byte-order mark, so that Excel shows Chinese."""
        path.write_text(self.to_csv(), encoding="utf-8-sig", newline="")


def ordered(placements: pd.DataFrame) -> Plan:
    """A plan of the placements in their one order."""
    table = placements.loc[:, list(COLUMNS)].sort_values(["year", "session_id", "cadre_id"], kind="stable")
    return Plan(table.reset_index(drop=True))
