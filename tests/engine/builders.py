"""A small builder of ``Inputs`` for tests of the solving stages: only what a test says, the rest as the tables default it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from allocator.domain.rules import Rule
from allocator.domain.tables import TABLES, Inputs, Policy, Scenario

_TYPES = {"integer": "int64", "number": "float64", "flag": "bool", "date": "datetime64[us]"}
_RULES: TypeAdapter[Rule] = TypeAdapter(Rule)
_BLANK = {"integer": 0, "number": 0.0, "flag": False, "date": pd.NaT}


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One input table with every column of the contract, sorted by its ids."""
    rows = list(rows)
    columns = {}
    for column in TABLES[name]:
        blank = _BLANK.get(column.type, "") if column.default is None else column.default
        values = [row.get(column.name, blank) for row in rows]
        columns[column.name] = pd.array(values, dtype=_TYPES.get(column.type, "str"))
    frame = pd.DataFrame(columns, copy=False)
    ids = [c for c in frame.columns if c.endswith("_id")][:1]
    return frame.sort_values(ids, kind="stable", ignore_index=True)


def rule(kind: str, **fields: Any) -> Rule:
    """A rule of a kind; its id is the kind unless given."""
    return _RULES.validate_python({"id": kind, "kind": kind, "title": kind, "title_zh": kind} | fields)


def make_inputs(
    *,
    cadres: Iterable[Mapping[str, Any]],
    sessions: Iterable[Mapping[str, Any]],
    rules: Iterable[Rule] = (),
    programmes: Iterable[Mapping[str, Any]] | None = None,
    units: Iterable[Mapping[str, Any]] = ({"unit_id": "U"},),
    history: Iterable[Mapping[str, Any]] = (),
    horizon: tuple[int, ...] = (2020,),
) -> Inputs:
    """Inputs of the rows given.

    Everybody works in unit ``U``; a session lasts from ``start_date`` to ``end_date``, in the year of its start, with 10 seats;
    ``segments`` as in the contract. Programmes that are only named by sessions last 5 days and carry theory.
    """
    session_rows = [
        {"programme_id": "p", "year": pd.Timestamp(row["start_date"]).year, "seats": 10, **row} for row in sessions
    ]
    named = {row["programme_id"]: {"programme_id": row["programme_id"]} for row in session_rows}
    named |= {row["programme_id"]: dict(row) for row in programmes or ()}
    programme_rows = [
        {"name": p, "host_id": "H", "host_group": "central", "content": "theory", "days": 5.0, "hours": 40.0, **row}
        for p, row in named.items()
    ]
    cadre_rows = [
        {"name": row["cadre_id"], "unit_id": "U", "category": "cadre", "rank": "rank", **row} for row in cadres
    ]
    unit_rows = [{"name": row["unit_id"], "kind": "unit", **row} for row in units]
    session_table = table("sessions", session_rows)
    past = table("history", history)
    return Inputs(
        scenario=Scenario(id="test", horizon=horizon),
        policy=Policy(id="test", title="test", title_zh="test", rules=tuple(rules)),
        units=table("units", unit_rows),
        cadres=table("cadres", cadre_rows),
        history=past.assign(year=past["start_date"].dt.year.astype("int64")),
        programmes=table("programmes", programme_rows),
        sessions=session_table.assign(usable_seats=session_table["seats"]),
        segments=_segments(session_table),
    )


def _segments(sessions: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for s in sessions.itertuples():
        parts = s.segments.split(";") if s.segments else [f"{s.start_date:%Y-%m-%d}/{s.end_date:%Y-%m-%d}"]
        for part in parts:
            days, _, host = part.partition("@")
            first, _, last = days.partition("/")
            rows.append((s.session_id, pd.Timestamp(first), pd.Timestamp(last), host))
    frame = pd.DataFrame(rows, columns=["session_id", "start_date", "end_date", "host_id"])
    return frame.astype({"session_id": "str", "host_id": "str"})


def attendances(rows: Iterable[tuple[str, str, int] | tuple[str, str, int, int]]) -> pd.DataFrame:
    """Wanted attendances: cadre, programme, year and, for groups, seats."""
    full = [(*row, 1)[:4] for row in rows]
    frame = pd.DataFrame(full, columns=["cadre_id", "programme_id", "year", "headcount"])
    return frame.astype({"cadre_id": "str", "programme_id": "str", "year": "int64", "headcount": "int64"})
