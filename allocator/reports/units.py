"""``units/``: one workbook per unit with only its own people."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from allocator.kinds import ShareFloor
from allocator.reports.dispatch import heads
from allocator.reports.material import Material, records
from allocator.reports.sheets import Book, Sheet

_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d|index)$")


@dataclass(frozen=True)
class _Tables:
    """The tables of all units, split once."""

    seatings: dict[str, pd.DataFrame]
    members: dict[str, pd.DataFrame]
    owed: dict[str, str]  # cadre -> hours by rule
    overdue: dict[str, str]  # cadre -> years
    teams: dict[str, list[tuple[Any, ...]]]  # team -> (title, year, size, required, achieved, status)


def unit_workbooks(material: Material) -> Iterator[tuple[str, bytes]]:
    """File name and content for every unit with people, in the order of unit ids, then ``index.csv``."""
    tables = _tables(material)
    names = file_names(list(tables.members))
    for unit_id, members in tables.members.items():
        yield names[unit_id], _workbook(material, tables, unit_id, members)
    yield "index.csv", _index(material, tables, names)


def file_names(unit_ids: list[str]) -> dict[str, str]:
    """A safe file name per unit id: no path in it, none reserved, and no two alike where case does not count."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for unit_id in unit_ids:
        stem = re.sub(r"[^\w.-]", "_", unit_id).strip(".")
        if (
            stem != unit_id
            or not stem
            or stem.casefold() in taken
            or _RESERVED.match(stem.split(".")[0])
            or len(stem) > 100
        ):
            stem = f"{stem[:80]}~{hashlib.sha256(unit_id.encode()).hexdigest()[:8]}"
        taken.add(stem.casefold())
        names[unit_id] = f"{stem}.xlsx"
    return names


def _tables(material: Material) -> _Tables:
    titles, audit = material.rule_titles, material.audit
    owed: dict[str, list[str]] = {}
    for rule_id, cadre_id, year, hours in records(audit.owed, "rule_id", "cadre_id", "year", "owed"):
        text = material.texts("units.owes", title=titles[rule_id], year=year, owed=material.texts.number(hours))
        owed.setdefault(cadre_id, []).append(text)
    overdue: dict[str, list[str]] = {}
    for cadre_id, year in records(audit.overdue, "cadre_id", "year"):
        overdue.setdefault(cadre_id, []).append(str(year))
    team_rules = [r.id for r in material.inputs.policy.rules if isinstance(r, ShareFloor) and r.group_by == "team_id"]
    floors = material.floors[material.floors["rule_id"].isin(team_rules)].sort_values(["rule_id", "group", "year"])
    teams: dict[str, list[tuple[Any, ...]]] = {}
    for rule_id, team, *figures in records(floors, "rule_id", "group", "year", "size", "required", "achieved"):
        missed = audit[rule_id].status
        teams.setdefault(team, []).append((titles[rule_id], *figures, "kept" if figures[2] <= figures[3] else missed))
    members = material.inputs.cadres.sort_values(["unit_id", "principal", "cadre_id"], ascending=[True, False, True])
    seatings = material.seatings.sort_values(["unit_id", "start_date", "session_id", "cadre_id"])
    return _Tables(
        seatings={str(key): rows for key, rows in seatings.groupby("unit_id")},
        members={str(key): rows for key, rows in members.groupby("unit_id")},
        owed={cadre_id: "; ".join(parts) for cadre_id, parts in owed.items()},
        overdue={cadre_id: ", ".join(years) for cadre_id, years in overdue.items()},
        teams=teams,
    )


def _workbook(material: Material, tables: _Tables, unit_id: str, members: pd.DataFrame) -> bytes:
    texts = material.texts
    years = material.inputs.years
    title = texts("units.title", unit=material.unit_names[unit_id], first=years[0], last=years[-1])
    book = Book(title, texts("font"))
    seatings = tables.seatings.get(unit_id)
    _schedule(book.sheet(texts("sheet.schedule"), title), material, seatings, title)
    _members(book.sheet(texts("sheet.members"), title), material, tables, members, seatings)
    teams = [team for team in dict.fromkeys(members["team_id"]) if team in tables.teams]
    if teams:
        _teams(book.sheet(texts("sheet.teams"), title), material, tables, teams)
    return book.content()


def _schedule(sheet: Sheet, material: Material, seatings: pd.DataFrame | None, title: str) -> None:
    sheet.line(title, "title")
    sheet.line(material.texts("units.schedule-note" if seatings is not None else "units.nobody"))
    fields = (
        "year",
        "cadre_id",
        "name",
        "post",
        "programme",
        "session_id",
        "dates",
        "place",
        "days",
        "headcount",
        "reason",
    )
    rows = zip(*(seatings[f].tolist() for f in fields), strict=True) if seatings is not None else ()
    columns = heads(
        material, "year", "cadre_id", "name", "post", "programme", "session_id", "dates", "place", "days", "seats", "reason"
    )  # fmt: skip
    styles = ("plain", *("text",) * 7, "number", "count", "long")
    sheet.table(columns, rows, styles, freeze_columns=3)


def _members(
    sheet: Sheet, material: Material, tables: _Tables, members: pd.DataFrame, seatings: pd.DataFrame | None
) -> None:
    """Everybody of the unit: the programmes of every year, years overdue, what is still owed."""
    texts, years = material.texts, material.inputs.years
    attended: dict[tuple[str, int], list[str]] = {}
    if seatings is not None:
        for cadre_id, year, programme in zip(
            seatings["cadre_id"], seatings["year"], seatings["programme"], strict=True
        ):
            attended.setdefault((cadre_id, year), []).append(programme)
    columns = [
        *heads(material, "cadre_id", "name", "post", "rank", "staff"),
        *map(str, years),
        *heads(material, "overdue", "owed"),
    ]
    rows = (
        (c, name, texts.known("post", post), rank, headcount, *("; ".join(attended.get((c, y), ())) for y in years),
         tables.overdue.get(c, ""), tables.owed.get(c, ""))
        for c, name, post, rank, headcount in records(members, "cadre_id", "name", "post", "rank", "headcount")
    )  # fmt: skip
    styles = ("text", "text", "text", "text", "count", *("text",) * (len(years) + 1), "long")
    sheet.table(columns, rows, styles, freeze_columns=2)


def _teams(sheet: Sheet, material: Material, tables: _Tables, teams: list[str]) -> None:
    texts = material.texts
    rows = (
        (team, title, year, size, required, achieved, (texts("status." + status), status))
        for team in teams
        for title, year, size, required, achieved, status in tables.teams[team]
    )
    columns = heads(material, "team_id", "title", "year", "size", "required", "achieved", "status")
    sheet.table(columns, rows, ("text", "text", "plain", "count", "count", "count", "status"))


def _index(material: Material, tables: _Tables, names: dict[str, str]) -> bytes:
    """The list of files, safe to open in a spreadsheet: a name never starts a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["unit_id", "name", "file", "people", "seats"])
    for unit_id, members in tables.members.items():
        seatings = tables.seatings.get(unit_id)
        seats = 0 if seatings is None else int(seatings["headcount"].sum())
        name = material.unit_names[unit_id]
        safe = f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
        writer.writerow([unit_id, safe, names[unit_id], int(members["headcount"].sum()), seats])
    return text.getvalue().encode("utf-8-sig")
