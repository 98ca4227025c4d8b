"""``dispatch-YYYY.xlsx``: the clauses, who sends how many where, the name list of every session, the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from rich.cells import cell_len

from allocator.audit import Verdict
from allocator.reports.material import Material, records
from allocator.reports.sheets import LONGEST, Book, Sheet
from allocator.reports.verdicts import missing_scopes, summed

_NAMED = 5  # scopes named of those that miss
LEVELS = ("central", "provincial", "municipal", "unit")


def dispatch(material: Material, year: int) -> bytes:
    """The workbook of one year, ready to be written to a file."""
    texts = material.texts
    title = texts(
        "dispatch.title", title=texts.title(material.inputs.scenario) or texts.title(material.inputs.policy), year=year
    )
    book = Book(title, texts("font"))
    _clauses(book.sheet(texts("sheet.clauses"), title), material, year, title)
    _sessions(book.sheet(texts("sheet.sessions"), title), material, year)
    _seats(book.sheet(texts("sheet.seats"), title), material, year)
    _totals(book.sheet(texts("sheet.units"), title), material, year)
    _names(book.sheet(texts("sheet.names"), title), material, year)
    _calendar(book.sheet(texts("sheet.calendar"), title), material, year)
    _overdue(book.sheet(texts("sheet.overdue"), title), material, year)
    return book.content()


def heads(material: Material, *codes: str) -> list[str]:
    """Column titles of the reader's language."""
    return [material.texts(f"column.{code}") for code in codes]


def _clauses(sheet: Sheet, material: Material, year: int, title: str) -> None:
    texts = material.texts
    totals = material.facts.by_year.loc[year]
    sheet.line(title, "title")
    sheet.line(texts("dispatch.totals", **{str(key): texts.number(value) for key, value in totals.items()}))
    for line in proof_lines(material):
        sheet.line(line)
    sheet.line(texts("dispatch.clauses-note"))
    columns = heads(
        material,
        "clause",
        "title",
        "kind",
        "span",
        "required",
        "achieved",
        "measure",
        "status",
        "shortfall",
        "tightest",
    )
    styles = ("text", "text", "text", "text", "number", "number", "text", "status", "number", "long")
    sheet.table(columns, _clause_rows(material, year), styles, freeze_columns=2)


def proof_lines(material: Material) -> Iterator[str]:
    """What proves the plan: status, value, bound and gap of every goal, hash and seed."""
    texts, result, inputs = material.texts, material.result, material.inputs
    yield texts("dispatch.seed", seed=inputs.scenario.seed, hash=material.plan.sha256)
    if result is None:
        return
    for goal in result.goals:
        yield texts(
            "dispatch.goal", goal=texts.known("goal", goal.goal), value=texts.number(goal.value),
            bound=texts.number(goal.bound), gap=texts.percent(goal.gap),
        )  # fmt: skip


def _clause_rows(material: Material, year: int) -> Iterator[tuple[Any, ...]]:
    """For each rule its row of the year, else that of the whole plan, else its totals."""
    texts, audit = material.texts, material.audit
    rows = {str(key): part for key, part in summed(audit.table).groupby("rule_id", sort=False)}
    for verdict in audit.verdicts:
        own = rows.get(verdict.rule_id, audit.table.iloc[:0])
        span, part = str(year), own[own["year"].eq(year).fillna(False).astype(bool)]
        if part.empty:
            span, part = texts("span.plan"), own[own["year"].isna()]
        if part.empty:
            finding = verdict.finding
            figures = (finding.required, finding.achieved, finding.unit, verdict.status, finding.shortfall)
        else:
            row = part.iloc[0]
            figures = tuple(row[name] for name in ("required", "achieved", "unit", "status", "shortfall"))
        required, achieved, unit, status, shortfall = figures
        yield (
            verdict.clause, material.rule_titles[verdict.rule_id], texts.known("kind", verdict.kind), span, required,
            achieved, material.unit(str(unit)), (texts.known("status", str(status)), status), shortfall,
            _who_misses(material, verdict, None if span == texts("span.plan") else year),
        )  # fmt: skip


def _who_misses(material: Material, verdict: Verdict, year: int | None) -> str:
    """The scopes that miss, the worst first, behind the auditor's note."""
    texts = material.texts
    rows = missing_scopes(material.audit.table, verdict.rule_id, year)
    named = [
        f"{material.scope_name(row.scope)} {texts.number(row.achieved)}/{texts.number(row.required)}"
        for row in records(rows.head(_NAMED))
    ]
    if len(rows) > _NAMED:
        named.append(texts("dispatch.more", count=len(rows) - _NAMED))
    note = verdict.finding.note_zh if texts.lang == "zh" else verdict.finding.note
    return "; ".join(part for part in (note, *named) if part)


def _sessions(sheet: Sheet, material: Material, year: int) -> None:
    columns = heads(
        material,
        "session_id",
        "programme",
        "host_group",
        "place",
        "dates",
        "days",
        "min_seats",
        "seats_usable",
        "filled",
        "fill",
    )
    styles = ("text", "text", "text", "text", "text", "number", "count", "count", "count", "share")
    table = material.sessions[material.sessions["year"] == year].sort_values(["start_date", "session_id"])
    rows = (
        (s.session_id, s.programme, material.texts.known("host_group", s.host_group), s.place, s.dates, s.days, s.min_seats,
         s.usable_seats, s.filled, s.filled / s.usable_seats if s.usable_seats else None)
        for s in records(table)
    )  # fmt: skip
    sheet.table(columns, rows, styles, freeze_columns=2)


def _seats(sheet: Sheet, material: Material, year: int) -> None:
    """Long form: a matrix of units by sessions would be hundreds of columns wide and could not be printed."""
    seats = material.plan.seats
    seats = seats[seats["year"] == year]
    sessions = material.sessions.set_index("session_id")[["programme", "place", "dates"]]
    units = material.inputs.units.set_index("unit_id")
    table = seats.join(sessions, on="session_id").sort_values(["unit_id", "session_id"])
    above = table["unit_id"].map(units["parent_unit_id"])
    rows = (
        (u, material.unit_names.get(u, u), material.unit_names.get(parent, ""), s, programme, dates, place, n)
        for u, parent, s, programme, dates, place, n in zip(
            table["unit_id"], above, table["session_id"], table["programme"], table["dates"], table["place"],
            table["seats"], strict=True,
        )
    )  # fmt: skip
    columns = heads(material, "unit_id", "unit", "above", "session_id", "programme", "dates", "place", "seats")
    sheet.table(columns, rows, ("text",) * 7 + ("count",), freeze_columns=2)


def _totals(sheet: Sheet, material: Material, year: int) -> None:
    """Seats of every unit by level of programme, the units with most seats of their own authority together."""
    placements = material.plan.placements
    placements = placements[placements["year"] == year]
    levels = material.inputs.programmes.set_index("programme_id")["level"]
    level = placements["programme_id"].map(levels).fillna("")
    table = placements.assign(level=level).pivot_table(
        index="unit_id", columns="level", values="headcount", aggfunc="sum", fill_value=0
    )
    shown = [name for name in LEVELS if name in table.columns] + [name for name in table.columns if name not in LEVELS]
    staff = material.inputs.cadres.groupby("unit_id")["headcount"].sum()
    titles = [
        *heads(material, "unit_id", "unit", "kind_of_unit", "staff"),
        *(material.texts.known("level", n or "other") for n in shown),
    ]
    units = material.inputs.units
    kinds = dict(zip(units["unit_id"], units["kind"], strict=True))
    rows = (
        (u, material.unit_names.get(u, u), material.texts.known("unit_kind", kinds.get(u, "")), int(staff.get(u, 0)),
         *map(int, counts), int(sum(counts)))
        for u, *counts in records(table[shown].sort_index().reset_index())
    )  # fmt: skip
    styles = ("text", "text", "text") + ("count",) * (len(shown) + 2)
    sheet.table([*titles, material.texts("column.total")], rows, styles, freeze_columns=2)


_NAME_WIDTHS = {0: 18, 2: 14, 3: 12, 4: 28, 5: 16, 6: 12, 8: 44}
_NAME_LINES = {2: 28, 3: 16, 6: 44}  # unit, post and reason may wrap: field -> characters of a line


def _names(sheet: Sheet, material: Material, year: int) -> None:
    """One block per session; its id stands in every row, so the filter shows a session with its names."""
    texts = material.texts
    columns = heads(material, "session_id", "number", "cadre_id", "name", "unit", "post", "rank", "seats", "reason")
    sheet.head(columns)
    top = sheet.row
    table = material.seatings[material.seatings["year"] == year]
    order = material.sessions.sort_values(["start_date", "session_id"])
    blocks = dict(iter(table.groupby("session_id")))
    for session in records(order):
        block = blocks.get(session.session_id)
        if block is None:
            continue
        heading = texts(
            "dispatch.block", programme=session.programme, dates=session.dates, place=session.place,
            people=texts.number(int(block["headcount"].sum())),
        )  # fmt: skip
        for column in range(len(columns)):
            sheet.cell(column, (session.session_id, heading, *[None] * 7)[column], "block")
        sheet.row += 1
        people = block.sort_values(["unit_id", "cadre_id"], kind="stable")
        fields = ("cadre_id", "name", "unit", "post", "rank", "headcount", "reason")
        for number, values in enumerate(zip(*(people[f] for f in fields), strict=True), start=1):
            sheet.cell(0, session.session_id, "clip")
            sheet.cell(1, number, "count")
            for column, value in enumerate(values, start=2):
                sheet.cell(column, value, "count" if column == 7 else "text")
            sheet.height(max(-(-cell_len(str(values[n])) // width) for n, width in _NAME_LINES.items()))
            sheet.row += 1
    for column, width in _NAME_WIDTHS.items():
        sheet.widen(column, width, LONGEST)
    sheet.settle()
    sheet.raw.freeze_panes(top, 1)
    sheet.raw.repeat_rows(top - 1)
    if sheet.row > top:
        sheet.raw.autofilter(top - 1, 0, sheet.row - 1, len(columns) - 1)


def weeks_of(year: int) -> list[date]:
    """The Mondays of the weeks that touch the year."""
    first = date(year, 1, 1)
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range(54) if monday + timedelta(weeks=n) <= date(year, 12, 31)]


def _calendar(sheet: Sheet, material: Material, year: int) -> None:
    """Sessions down, weeks across; a cell holds the people away that week."""
    texts, weeks = material.texts, weeks_of(year)
    sheet.line(texts("dispatch.calendar-note"))
    names = heads(material, "session_id", "programme", "people")
    month_row = sheet.row
    for column in range(3):
        sheet.cell(column, names[column], "head")
    for n, monday in enumerate(weeks):
        # The month is named at its first week only, so that the narrow columns stay readable.
        shown = max(monday, date(year, 1, 1))
        is_first = n == 0 or weeks[n - 1].month != shown.month
        sheet.cell(3 + n, f"{shown.month}/{shown.day}" if is_first else str(shown.day), "small")
    sheet.row += 1
    held = material.sessions[(material.sessions["year"] == year) & (material.sessions["filled"] > 0)]
    held = held.sort_values(["start_date", "session_id"])
    busy = busy_weeks(material.inputs.segments, held["session_id"], weeks)
    filled = held["filled"].to_numpy()
    for code, totals in (
        ("calendar.sessions", busy.sum(axis=0)),
        ("calendar.people", (busy * filled[:, None]).sum(axis=0)),
    ):
        sheet.cell(0, "", "text")
        sheet.cell(1, texts(code), "text")
        sheet.cell(2, "", "text")
        for n, total in enumerate(totals):
            sheet.cell(3 + n, int(total) if total else None, "busy" if total else "free")
        sheet.row += 1
    top = sheet.row
    for runs, session in zip(busy, records(held), strict=True):
        sheet.cell(0, session.session_id, "clip")
        sheet.cell(1, session.programme, "clip")
        sheet.cell(2, int(session.filled), "count")
        for week in np.flatnonzero(runs):
            sheet.cell(3 + int(week), int(session.filled), "busy")
        sheet.row += 1
    sheet.widen(0, 14)
    sheet.widen(1, 28)
    sheet.settle()
    sheet.raw.set_column(3, 2 + len(weeks), 3.4)
    sheet.raw.freeze_panes(top, 3)
    sheet.raw.repeat_rows(month_row)


def busy_weeks(segments: pd.DataFrame, session_ids: pd.Series, weeks: list[date]) -> np.ndarray:
    """Which sessions run in which weeks, as a boolean array of shape (sessions, weeks)."""
    position = {session_id: n for n, session_id in enumerate(session_ids)}
    parts = segments[segments["session_id"].isin(position.keys())]
    row = parts["session_id"].map(position).to_numpy(dtype=np.int64)
    mondays = np.array(weeks, dtype="datetime64[D]")
    starts = parts["start_date"].to_numpy().astype("datetime64[D]")[:, None]
    ends = parts["end_date"].to_numpy().astype("datetime64[D]")[:, None]
    runs = (starts <= mondays + np.timedelta64(6, "D")) & (ends >= mondays)
    busy = np.zeros((len(position), len(weeks)), dtype=bool)
    np.logical_or.at(busy, row, runs)
    return busy


def _overdue(sheet: Sheet, material: Material, year: int) -> None:
    texts = material.texts
    overdue = material.audit.overdue
    overdue = overdue[overdue["year"] == year].sort_values("cadre_id")
    sheet.line(texts("dispatch.overdue-note", count=overdue["cadre_id"].nunique()))
    people = material.people[["name", "unit_id", "post", "rank"]]
    rows = (
        (c, name, material.unit_names.get(unit, ""), texts.known("post", post), rank,
         None if pd.isna(last) else str(last), texts.known("why", reason))
        for c, last, reason, name, unit, post, rank in records(
            overdue.join(people, on="cadre_id"), "cadre_id", "last", "reason", "name", "unit_id", "post", "rank"
        )
    )  # fmt: skip
    columns = heads(material, "cadre_id", "name", "unit", "post", "rank", "last", "why")
    sheet.table(columns, rows, ("text",) * 7, freeze_columns=2)
