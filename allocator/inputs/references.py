"""What needs two tables: references from one to the other, and columns that are worked out from both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from allocator.domain.names import heading
from allocator.domain.tables import Parameters
from allocator.inputs.defects import Findings, did_you_mean
from allocator.inputs.tables.cells import Table
from allocator.inputs.tables.table_checks import IDS, ORDER, read_segments
from allocator.language.message import Message

SUGGESTIONS = 40
"""Unknown ids of one column that get a suggestion; a column that is wrong throughout need not be searched in full."""

REFERENCES = (
    ("units", "parent_unit_id", "units"),
    ("cadres", "unit_id", "units"),
    ("history", "cadre_id", "cadres"),
    ("programmes", "serves_unit_id", "units"),
    ("sessions", "programme_id", "programmes"),
)
"""Table, column and the table whose id the column holds; an empty cell refers to nothing."""

THINGS = {"unit": Message("word.unit"), "cadre": Message("word.cadre"), "programme": Message("word.programme"),
          "session": Message("word.session")}  # fmt: skip


def check_references(tables: Mapping[str, Table], findings: Findings) -> None:
    """A defect for every id that its table does not have."""
    for name, column, target in REFERENCES:
        if name in tables and target in tables:
            _refuse_unknown(tables[name], column, tables[target], None, findings)
    if "history" in tables and "programmes" in tables:
        _check_past_programmes(tables["history"], tables["programmes"], findings)


def _refuse_unknown(
    table: Table,
    column: str,
    target: Table,
    only: np.ndarray | None,
    findings: Findings,
    otherwise: Message | None = None,
) -> None:
    ids = target.frame[IDS[target.name]]
    unknown = np.asarray(table.frame[column] != "") & ~_is_among(table.frame[column], ids)
    if only is not None:
        unknown = unknown & only
    if not unknown.any():
        return
    values = table.texts(column)
    hints: dict[str, Message] = {}
    choices: list[str] = []
    thing = target.name.removesuffix("s")
    otherwise = otherwise or Message("hint.add-to-table", file=target.file)
    for position in table.where(unknown):
        value = values[position]
        if value not in hints and len(hints) < SUGGESTIONS:
            choices = choices or target.texts(IDS[target.name])
            hints[value] = did_you_mean(value, choices, otherwise, 75)
        findings.defect(
            table.file, table.row(position), column,
            Message("defect.unknown-id", thing=THINGS[thing], value=value, file=target.file),
            hint=hints.get(value, otherwise), code=f"unknown-{thing}",
        )  # fmt: skip


def _is_among(values: pd.Series, ids: pd.Series) -> np.ndarray:
    """Which values are ids; as objects, since tables of texts turn each into one and back."""
    return values.astype(object).isin(ids.astype(object)).to_numpy()


def _check_past_programmes(history: Table, programmes: Table, findings: Findings) -> None:
    """A programme of the past may be gone; then its content and host must stand in the history itself."""
    past = history.frame
    gone = np.asarray(past["programme_id"] != "") & ~_is_among(past["programme_id"], programmes.frame["programme_id"])
    told = np.asarray((past["content"] != "") & (past["host_group"] != ""))
    advice = Message("hint.add-past-programme", file=programmes.file)
    _refuse_unknown(history, "programme_id", programmes, gone & ~told, findings, advice)
    if count := int((gone & told).sum()):
        findings.note(Message("note.gone-programme", file=history.file, count=count, programmes=programmes.file))


def complete(tables: Mapping[str, Table], parameters: Parameters, findings: Findings) -> dict[str, pd.DataFrame]:
    """The tables with everything filled in that follows from others, sorted; with the table of segments.

    Hours come from days where they are not stated, content and host of the history from the programme, usable seats
    leave one to the observer.
    """
    frames = {name: table.frame for name, table in tables.items()}
    programmes = frames["programmes"]
    by_id = programmes.drop_duplicates("programme_id").set_index("programme_id")
    frames["programmes"] = _with_hours(programmes, tables["programmes"].file, parameters, findings)

    past = frames["history"].drop_duplicates()  # Nobody attends one class twice; a note has said so.
    past = _with_hours(past, tables["history"].file, parameters, findings)
    past = past.assign(year=past["start_date"].dt.year.fillna(0).astype("int64"))
    for column in ("content", "host_group"):
        known = past["programme_id"].map(by_id[column]).astype(object).fillna("").astype("str")
        blank = (past[column] == "") & (known != "")
        if blank.any():
            file, count = tables["history"].file, int(blank.sum())
            findings.note(Message("note.from-programme", file=file, count=count, column=heading(column)))
            past[column] = past[column].where(~blank, known)
    frames["history"] = past

    table = tables["sessions"]
    sessions = table.frame
    days = sessions["programme_id"].map(by_id["days"]).fillna(0.0)
    observed = np.zeros(len(sessions), dtype=bool)
    if parameters.observer_days is not None:
        observed = np.asarray(days >= parameters.observer_days)
    usable = sessions["seats"] - observed.astype(np.int64)
    for position in table.where(
        observed & (sessions["min_seats"] > usable) & (sessions["min_seats"] <= sessions["seats"])
    ):
        findings.defect(
            table.file, table.row(position), "min_seats",
            Message(
                "defect.min-above-usable", least=sessions["min_seats"].iat[position],
                seats=sessions["seats"].iat[position],
            ), hint=Message("hint.write-at-most", most=usable.iat[position]), code="min-above-seats",
        )  # fmt: skip
    frames["sessions"] = sessions.assign(usable_seats=usable)
    segments = read_segments(
        table, dict(zip(by_id.index.astype(str), by_id["host_id"].astype(str), strict=True)), findings
    )
    ordered = {name: _in_order(frames[name], ORDER[name]) for name in ORDER}
    return {**ordered, "segments": segments}


def _with_hours(table: pd.DataFrame, file: str, parameters: Parameters, findings: Findings) -> pd.DataFrame:
    blank = table["hours"].isna()
    if not blank.any():
        return table
    findings.note(Message("note.hours", file=file, count=int(blank.sum()), rate=parameters.hours_per_day))
    return table.assign(hours=table["hours"].where(~blank, table["days"] * parameters.hours_per_day))


def _in_order(table: pd.DataFrame, keys: Iterable[str]) -> pd.DataFrame:
    """Sorted by the keys, then by all other columns, so that the order in the file never shows."""
    keys = list(keys)
    if table.duplicated(keys).any():
        keys += [column for column in table.columns if column not in keys]
    return table.sort_values(keys, kind="stable").reset_index(drop=True)
