"""The plan: a table of placements, one row for each cadre (or unnamed group) in a dated session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = (
    "year", "session_id", "programme_id", "cadre_id", "unit_id", "team_id", "headcount",
    "start_date", "end_date", "days", "hours", "fixed", "rules",
)  # fmt: skip
"""Columns of ``plan.csv``. ``headcount`` is the seats used (1 for a named cadre), ``rules`` the ids the seat serves, ``;`` between."""

SEAT_COLUMNS = ("year", "session_id", "programme_id", "unit_id", "seats")


@dataclass(frozen=True, repr=False)
class Origin:
    """Where a plan was read: what its file is called, and for each placement its row there (the header is row 1).

    ``says_fixed`` tells where the column ``fixed`` was filled in, ``unread`` the headings that look like one of a plan and
    are none, each with the one it looks like.
    """

    file: str
    rows: np.ndarray
    says_fixed: np.ndarray
    unread: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, repr=False)
class Plan:
    """Placements in the order year, session, cadre; columns as ``COLUMNS``. ``origin`` is that of a plan from a file."""

    placements: pd.DataFrame
    origin: Origin | None = None

    def __repr__(self) -> str:
        people = self.placements["cadre_id"].nunique()
        return f"<Plan: {len(self.placements):,} placements of {people:,} people and groups>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the placements."""
        return str(self.placements._repr_html_())  # type: ignore[operator]

    @property
    def seats(self) -> pd.DataFrame:
        """Seats of every unit in every session, columns as ``SEAT_COLUMNS``."""
        keys = list(SEAT_COLUMNS[:-1])
        seats: pd.DataFrame = self.placements.groupby(keys)["headcount"].sum().rename("seats").reset_index()
        return seats

    def to_csv(self) -> str:
        """The text of ``plan.csv``; the same placements give the same bytes."""
        return self._text

    @cached_property
    def _text(self) -> str:
        # Few texts in a plan are different, so each is written once; row by row a million placements take a quarter of a minute.
        columns = [_written(self.placements[column]) for column in self.placements]
        rows = map(",".join, zip(*columns, strict=True))
        return "\n".join([",".join(self.placements.columns), *rows, ""])

    @property
    def sha256(self) -> str:
        """Hash of ``to_csv`` in UTF-8."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()

    def write(self, path: Path | str) -> None:
        """Write ``plan.csv`` with a byte-order mark, so that Excel shows Chinese."""
        Path(path).write_text(self.to_csv(), encoding="utf-8-sig", newline="")


def ordered(placements: pd.DataFrame, origin: Origin | None = None) -> Plan:
    """A plan of the placements in their one order; ``origin`` is put into the same."""
    table = placements.loc[:, list(COLUMNS)].reset_index(drop=True)
    table = table.sort_values(["year", "session_id", "cadre_id"], kind="stable")
    if origin is not None:
        at = table.index.to_numpy()
        origin = replace(origin, rows=origin.rows[at], says_fixed=origin.says_fixed[at])
    return Plan(table.reset_index(drop=True), origin)


def _written(column: pd.Series) -> list[str]:
    """The cells of a column as CSV."""
    codes, values = pd.factorize(column)
    if pd.api.types.is_datetime64_any_dtype(column):
        texts = [f"{value:%Y-%m-%d}" for value in pd.DatetimeIndex(values)]
    else:
        texts = [_quoted(str(value)) for value in values.tolist()]
    found: list[str] = np.array([*texts, ""], dtype=object)[codes].tolist()
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
