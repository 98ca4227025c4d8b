"""Cells that can be read and still cannot be meant: impossible ones are defects, unlikely ones notes that name their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from allocator.domain.names import heading
from allocator.domain.tables import Parameters
from allocator.inputs.defects import ROWS_NAMED, Findings
from allocator.inputs.tables.cells import Table
from allocator.language.message import Message, listing

HOURS_MOST = 24
"""Hours of a day."""

HOURS_USUAL = 12
"""Class hours of a day of class that are worth no note."""

YOUNGEST, OLDEST = 16, 100
"""Years of age beyond which a person on the roster, or in a class, is worth a note."""

FAR_YEARS = 50
"""So many years off the plan, no class was or will be."""

SEATS_MOST, PEOPLE_MOST = 10**6, 10**7
"""More seats in one session, or people in one group, than there are officials."""

PARTS_OF_HOURS = ("theory_hours", "party_spirit_hours", "leader_lecture_hours", "interactive_hours")

ONLINE_DAYS = 31
"""An online session of more days is hardly meant to keep people from their posts all the time."""


def check_plausible(
    tables: Mapping[str, Table], parameters: Parameters, horizon: tuple[int, ...], findings: Findings
) -> None:
    """Everything that a look at the figures of all five tables shows."""
    _check_people(tables["cadres"], horizon, findings)
    _check_history(tables["history"], tables["cadres"], horizon, findings)
    _check_programmes(tables["programmes"], parameters, findings)
    _check_sessions(tables["sessions"], tables["programmes"], tables["cadres"], horizon, findings)


def note_rows(code: str, table: Table, mask: np.ndarray | pd.Series, findings: Findings, **told: object) -> None:
    """One note for all rows that a mask holds for, naming the first of them."""
    rows = [table.row(position) for position in table.where(np.asarray(mask, dtype=bool))]
    if rows:
        text = partial(Message, code)
        findings.note(text(file=table.file, count=len(rows), rows=listing(rows, ROWS_NAMED), **told))


def _refuse(table: Table, column: str, mask: pd.Series | np.ndarray, code: str, findings: Findings, **columns: pd.Series) -> None:  # fmt: skip
    text = partial(Message, code)
    for position in table.where(np.asarray(mask, dtype=bool)):
        told: dict[str, object] = {name: _plain(values.iloc[position]) for name, values in columns.items()}
        findings.defect(
            table.file, table.row(position), column, text(column=heading(column), **told),
            hint=Message("hint.implausible"), code=code.removeprefix("defect."),
        )  # fmt: skip


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float | np.floating):
        return f"{float(value):g}"
    return value.item() if isinstance(value, np.generic) else value


def _span(frame: pd.DataFrame) -> pd.Series:
    return (frame["end_date"] - frame["start_date"]).dt.days + 1


def _check_people(table: Table, horizon: tuple[int, ...], findings: Findings) -> None:
    cadres = table.frame
    born = cadres["birth_year"].astype("float64")
    appointed = cadres["appointed_on"].dt.year
    age = horizon[0] - born
    _refuse(table, "birth_year", age < 0, "defect.born-later", findings, born=born, year=born * 0 + horizon[0])
    _refuse(
        table,
        "appointed_on",
        appointed < born,
        "defect.appointed-unborn",
        findings,
        date=cadres["appointed_on"],
        born=born,
    )
    note_rows(
        "note.age", table, ((age >= 0) & (age < YOUNGEST)) | (age > OLDEST), findings, least=YOUNGEST, most=OLDEST
    )
    many = cadres["headcount"] > PEOPLE_MOST
    _refuse(
        table,
        "headcount",
        many,
        "defect.too-many",
        findings,
        value=cadres["headcount"],
        most=cadres["headcount"] * 0 + PEOPLE_MOST,
    )
    note_rows("note.group-in-team", table, (cadres["headcount"] > 1) & (cadres["team_id"] != ""), findings)


def _check_history(table: Table, people: Table, horizon: tuple[int, ...], findings: Findings) -> None:
    past = table.frame
    days, hours, span = past["days"], past["hours"], _span(past)
    is_class = ~past["online"]
    _refuse(table, "days", (days > span) & (span > 0), "defect.days-above-span", findings, days=days, span=span)
    note_rows("note.span-above-days", table, is_class & (days > 0) & (span > 3 * days + 7), findings)
    of_days = days.where(days > 0, span.clip(lower=1))
    _refuse(
        table,
        "hours",
        is_class & (hours > HOURS_MOST * of_days),
        "defect.hours-above-days",
        findings,
        hours=hours,
        days=of_days,
    )
    tight = is_class & (hours > HOURS_USUAL * of_days) & (hours <= HOURS_MOST * of_days)
    note_rows("note.hours-a-day", table, tight, findings, most=HOURS_USUAL)
    ids = people.frame["cadre_id"]
    born = past["cadre_id"].map(
        dict(zip(ids, people.frame["birth_year"].astype("float64"), strict=True))
    ).astype("float64")  # fmt: skip
    year = past["start_date"].dt.year
    _refuse(table, "start_date", year < born, "defect.class-unborn", findings, date=past["start_date"], born=born)
    note_rows("note.class-young", table, (year >= born) & (year < born + YOUNGEST), findings, least=YOUNGEST)
    last = year * 0 + horizon[-1]
    _refuse(
        table,
        "start_date",
        year > horizon[-1] + FAR_YEARS,
        "defect.class-far",
        findings,
        date=past["start_date"],
        year=last,
    )
    after = (year > horizon[-1]) & (year <= horizon[-1] + FAR_YEARS)
    note_rows("note.class-later", table, after, findings, year=horizon[-1])
    doubled = past.duplicated(keep="first")
    note_rows("note.doubled-history", table, doubled, findings)
    groups = ids[people.frame["headcount"] > 1]
    _note_overlaps(table, np.asarray(is_class & ~doubled & ~past["cadre_id"].isin(groups)), findings)


def _note_overlaps(table: Table, wanted: np.ndarray, findings: Findings) -> None:
    """Classes of one person that another one of the same days goes before."""
    past = table.frame[wanted & np.asarray(table.frame["end_date"].notna() & table.frame["start_date"].notna())]
    ordered = past.sort_values(["cadre_id", "start_date", "end_date"], kind="stable")
    latest = ordered.groupby("cadre_id", sort=False)["end_date"].cummax().shift()
    same = ordered["cadre_id"] == ordered["cadre_id"].shift()
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[ordered.index[np.asarray(same & (ordered["start_date"] <= latest), dtype=bool)]] = True
    note_rows("note.overlapping-history", table, mask, findings)


def _check_programmes(table: Table, parameters: Parameters, findings: Findings) -> None:
    programmes = table.frame
    days = programmes["days"]
    stated = programmes["hours"]
    hours = stated.where(stated.notna(), days * parameters.hours_per_day)
    for column in PARTS_OF_HOURS:
        above = programmes[column] > hours + 1e-9
        _refuse(table, column, above, "defect.part-above-hours", findings, part=programmes[column], hours=hours)
    is_class = ~programmes["online"] & (days > 0)
    _refuse(
        table,
        "hours",
        is_class & (stated > HOURS_MOST * days),
        "defect.hours-above-days",
        findings,
        hours=stated,
        days=days,
    )
    tight = is_class & (stated > HOURS_USUAL * days) & (stated <= HOURS_MOST * days)
    note_rows("note.hours-a-day", table, tight, findings, most=HOURS_USUAL)
    _refuse(table, "days", days > 366, "defect.days-many", findings, days=days)


def _check_sessions(
    table: Table, programmes: Table, people: Table, horizon: tuple[int, ...], findings: Findings
) -> None:
    sessions = table.frame
    seats = sessions["seats"]
    _refuse(table, "seats", seats > SEATS_MOST, "defect.too-many", findings, value=seats, most=seats * 0 + SEATS_MOST)
    heads = int(people.frame["headcount"].clip(upper=PEOPLE_MOST).sum())
    note_rows(
        "note.seats-above-people",
        table,
        (seats > max(1000, 10 * heads)) & (seats <= SEATS_MOST),
        findings,
        people=heads,
    )
    year = sessions["start_date"].dt.year
    far = (year > horizon[-1] + FAR_YEARS) | (year < horizon[0] - FAR_YEARS)
    _refuse(
        table, "start_date", far, "defect.class-far", findings, date=sessions["start_date"], year=year * 0 + horizon[-1]
    )
    by_id = programmes.frame.drop_duplicates("programme_id").set_index("programme_id")
    days = sessions["programme_id"].map(by_id["days"]).astype("float64")
    held = {*by_id.index[~by_id["online"].astype(bool)]}
    is_class = sessions["programme_id"].isin(held) & (days > 0)
    whole = sessions["segments"] == ""
    span = _span(sessions)
    note_rows("note.session-short", table, is_class & whole & (span < days), findings)
    note_rows("note.session-long", table, is_class & whole & (span > 2 * days + 7), findings)
    parts = pd.Series([*map(_days_of_segments, sessions["segments"])], index=sessions.index, dtype="float64")
    unlike = is_class & ~whole & ((parts < days) | (parts > 1.5 * days + 4))
    note_rows("note.segments-unlike", table, unlike, findings)
    from_afar = sessions["programme_id"].isin({*by_id.index} - held)
    note_rows("note.online-away", table, from_afar & whole & (span > ONLINE_DAYS), findings, most=ONLINE_DAYS)


def _days_of_segments(text: str) -> float:
    """Calendar days of all segments; not a number where the text has a defect of its own."""
    total = 0.0
    try:
        for part in filter(None, map(str.strip, text.split(";"))):
            first, last = (date.fromisoformat(end.strip()) for end in part.partition("@")[0].split("/"))
            total += (last - first).days + 1
    except ValueError:
        return np.nan
    return total or np.nan


def note_outside(file: str, read: Iterable[str], findings: Findings) -> None:
    """Files that a scenario reads from outside its own folder, as paths seen from there."""
    folders = {path.rpartition("/")[0] or "/" for path in read if path.startswith(("../", "/")) or ":" in path}
    if folders:
        findings.note(Message("note.outside", file=file, paths=listing(sorted(folders))))
