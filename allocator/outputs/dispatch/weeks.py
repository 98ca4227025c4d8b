"""The calendar by week: how much goes on in each week, and which session runs when."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from allocator.outputs.dispatch.common import heads
from allocator.outputs.excel.workbook import Sheet
from allocator.outputs.output_data import Material, records

_FIRST = (28, 30, 8)  # widths of session, programme and people in the calendar
_WEEK = 3.4  # least width of a week
_STARTING = 6  # programmes named of those that begin in a week


def weeks_of(year: int) -> list[date]:
    """The Mondays of the weeks that touch the year."""
    first = date(year, 1, 1)
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range(54) if monday + timedelta(weeks=n) <= date(year, 12, 31)]


def busy_weeks(segments: pd.DataFrame, session_ids: pd.Series, weeks: list[date]) -> np.ndarray:
    """Which sessions run in which weeks, as a boolean array of shape (sessions, weeks)."""
    position = {session_id: n for n, session_id in enumerate(session_ids)}
    parts = segments[segments["session_id"].isin(position.keys())]
    row = parts["session_id"].map(position).to_numpy(dtype=np.int64)
    busy = np.zeros((len(position), len(weeks)), dtype=bool)
    np.logical_or.at(busy, row, _runs(parts, weeks))
    return busy


def _runs(parts: pd.DataFrame, weeks: list[date]) -> np.ndarray:
    """Which parts of sessions run in which weeks, shape (parts, weeks)."""
    mondays = np.array(weeks, dtype="datetime64[D]")
    starts = parts["start_date"].to_numpy().astype("datetime64[D]")[:, None]
    ends = parts["end_date"].to_numpy().astype("datetime64[D]")[:, None]
    runs: np.ndarray = (starts <= mondays + np.timedelta64(6, "D")) & (ends >= mondays)
    return runs


def held_in(material: Material, year: int) -> pd.DataFrame:
    """The sessions of a year with people in them, by date."""
    table = material.sessions
    held: pd.DataFrame = table[(table["year"] == year) & (table["filled"] > 0)]
    return held.sort_values(["start_date", "session_id"])


def week_table(sheet: Sheet, material: Material, year: int) -> None:
    """One row for each week: sessions, hosts and people in it, and what begins."""
    texts, weeks = material.texts, weeks_of(year)
    held = held_in(material, year)
    busy = busy_weeks(material.inputs.segments, held["session_id"], weeks)
    people = (busy * held["filled"].to_numpy()[:, None]).sum(axis=0)
    hosts = _hosts(material.inputs.segments, held["session_id"], weeks)
    starting = _starting(held, weeks)
    sheet.line(texts("dispatch.weeks-note"))
    rows = (
        (n + 1, f"{monday:%Y-%m-%d}", f"{monday + timedelta(days=6):%Y-%m-%d}", int(busy[:, n].sum()) or None,
         hosts[n] or None, int(people[n]) or None, len(starting[n]) or None, _some(material, starting[n]))
        for n, monday in enumerate(weeks)
    )  # fmt: skip
    columns = heads(material, "week", "monday", "sunday", "running", "hosts", "in-class", "starting", "starting-names")
    sheet.table(columns, rows, ("plain", "text", "text", "count", "count", "count", "count", "long"), freeze_columns=3)


def _hosts(segments: pd.DataFrame, session_ids: pd.Series, weeks: list[date]) -> list[int]:
    """Different hosts that have people in each week."""
    parts = segments[segments["session_id"].isin(session_ids)]
    codes, _ = pd.factorize(parts["host_id"])
    runs = _runs(parts, weeks)
    return [len(np.unique(codes[runs[:, n]])) for n in range(len(weeks))]


def _starting(held: pd.DataFrame, weeks: list[date]) -> list[list[str]]:
    """Programmes of the sessions that begin in each week; a class that began in an earlier year begins in none."""
    starting: list[list[str]] = [[] for _ in weeks]
    for start, programme in records(held, "start_date", "programme"):
        starting[(start.date() - weeks[0]).days // 7].append(programme)
    return starting


def _some(material: Material, names: list[str]) -> str:
    different = list(dict.fromkeys(names))
    more = [material.texts("dispatch.more", count=len(different) - _STARTING)] if len(different) > _STARTING else []
    return material.texts.join(different[:_STARTING] + more)


def session_weeks(sheet: Sheet, material: Material, year: int) -> None:
    """Sessions down, weeks across; a cell holds the people away that week."""
    texts, weeks = material.texts, weeks_of(year)
    held = held_in(material, year)
    busy = busy_weeks(material.inputs.segments, held["session_id"], weeks)
    sheet.line(texts("dispatch.calendar-note"))
    for column, width in enumerate(_FIRST):
        sheet.widen(column, width)
    top = sheet.row
    names = [(title, "head") for title in heads(material, "session_id", "programme", "people")]
    sheet.cells([*names, *((label, "small") for label in _labels(weeks, year))])
    filled = [int(n) for n in held["filled"]]
    people_away = (busy * held["filled"].to_numpy()[:, None]).sum(axis=0)
    for code, totals in (("calendar.sessions", busy.sum(axis=0)), ("calendar.people", people_away)):
        shown = [(int(n) or None, "busy" if n else "free") for n in totals]
        sheet.cells([(None, "text"), (texts(code), "text"), (None, "text"), *shown])
    frozen = sheet.row
    for runs, session_id, programme, people in zip(busy, held["session_id"], held["programme"], filled, strict=True):
        last = int(np.flatnonzero(runs).max(initial=-1))
        cells = [(people, "busy") if is_busy else (None, "") for is_busy in runs[: last + 1]]
        row = [(session_id, "text"), (programme, "text"), (people, "count"), *cells]
        sheet.cells(row, lines=sheet.lines_of(session_id, programme))
    sheet.settle(3 + len(weeks) // 2)
    # A number that is wider than its cell would be shown as ###; these are in smaller type.
    digits = len(f"{max(map(int, people_away), default=0):,}")
    sheet.raw.set_column(3, 2 + len(weeks), max(_WEEK, 0.8 * digits + 1))
    sheet.raw.freeze_panes(frozen, 3)
    sheet.raw.repeat_rows(top, frozen - 1)
    # Half a year on a page: 53 weeks on one would be too small to read.
    sheet.raw.fit_to_pages(2, 0)
    sheet.raw.repeat_columns(0, 2)


def _labels(weeks: list[date], year: int) -> list[str]:
    """The month is named at its first week only, so that the narrow columns stay readable."""
    shown = [max(monday, date(year, 1, 1)) for monday in weeks]
    is_first = [True, *(before.month != day.month for before, day in pairwise(shown))]
    return [f"{day.month}/{day.day}" if first else str(day.day) for day, first in zip(shown, is_first, strict=True)]
