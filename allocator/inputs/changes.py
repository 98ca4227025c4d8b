"""Changes of the calendar that a scenario states: sessions closed and made up later, cancelled, or with fewer seats."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from allocator.entities import SessionChange
from allocator.inputs.findings import Findings
from allocator.wording import Message

WEEK = 7
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NO_CHANGE = -1


def change_sessions(
    sessions: pd.DataFrame,
    segments: pd.DataFrame,
    programmes: pd.DataFrame,
    changes: Sequence[SessionChange],
    findings: Findings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sessions and their parts as the changes leave them; what each change did is noted.

    Seats first, by every change that asks for it. Then the first change whose days a session touches cancels or moves it; what
    still touches days on which sessions of its programme are not held moves on by whole weeks until it does not.
    """
    for change in changes:
        if change.seats_share is not None:
            sessions = _with_fewer_seats(sessions, _chosen(sessions, segments, programmes, change), change, findings)
    dated = [change for change in changes if change.cancel or change.shift_days]
    touched = {change: _chosen(sessions, segments, programmes, change) for change in dated}
    first = np.full(len(sessions), NO_CHANGE)
    for number in reversed(range(len(dated))):
        first[touched[dated[number]]] = number
    cancelled = np.isin(first, [number for number, change in enumerate(dated) if change.cancel])
    asked = np.array([change.shift_days for change in dated] + [0])[first]
    days, pushed = _until_clear(sessions, segments, asked, programmes, dated)
    for number, change in enumerate(dated):
        mine = first == number
        dates = {"first": change.from_date, "last": change.to_date}
        if mine.any():
            done = {"moved": int((mine & ~cancelled).sum()), "cancelled": int((mine & cancelled).sum())}
            findings.note(Message("note.sessions-changed", **dates, **done))
        if pushed[number]:
            findings.note(Message("note.sessions-pushed", **dates, count=pushed[number]))
        elif not mine.any():
            findings.note(_idle(change))
    return _moved(sessions[~cancelled], segments[~segments["session_id"].isin(sessions["session_id"][cancelled])],
                  dict(zip(sessions["session_id"], days, strict=True)))  # fmt: skip


def _chosen(
    sessions: pd.DataFrame, segments: pd.DataFrame, programmes: pd.DataFrame, change: SessionChange
) -> np.ndarray:
    """Sessions of the change's programmes with a day between its dates, boolean."""
    wanted = set(programmes["programme_id"][change.programmes.mask(programmes)])
    parts = np.ones(len(segments), dtype=bool)
    if change.from_date is not None:
        parts &= np.asarray(segments["end_date"] >= pd.Timestamp(change.from_date))
    if change.to_date is not None:
        parts &= np.asarray(segments["start_date"] <= pd.Timestamp(change.to_date))
    inside = set(segments["session_id"][parts])
    return np.asarray(sessions["session_id"].isin(inside) & sessions["programme_id"].isin(wanted))


def _with_fewer_seats(
    sessions: pd.DataFrame, chosen: np.ndarray, change: SessionChange, findings: Findings
) -> pd.DataFrame:
    """Seats rounded down, one at least; the least size follows, and the observer keeps the seat."""
    share = change.seats_share
    assert share is not None
    before = sessions["seats"].to_numpy()
    seats = np.where(chosen, np.maximum(1, before * share.numerator // share.denominator), before)
    usable = np.maximum(seats - (before - sessions["usable_seats"].to_numpy()), 1)
    least = np.where(chosen, np.minimum(sessions["min_seats"], usable), sessions["min_seats"])
    lost = int((before - seats).sum())
    note = Message("note.seats-changed", count=int(chosen.sum()), share=str(share), lost=lost)
    findings.note(note if chosen.any() else _idle(change))
    return sessions.assign(
        seats=seats, usable_seats=np.where(chosen, usable, sessions["usable_seats"]), min_seats=least
    )


def _idle(change: SessionChange) -> Message:
    return Message("note.change-idle", change=str(change.title or change.from_date or change.seats_share))


def _until_clear(
    sessions: pd.DataFrame,
    segments: pd.DataFrame,
    days: np.ndarray,
    programmes: pd.DataFrame,
    changes: Sequence[SessionChange],
) -> tuple[np.ndarray, list[int]]:
    """Days by which each session moves: those asked for, and whole weeks until no part is on days that are closed.

    Beside them how many sessions the days of each change pushed on.
    """
    row = pd.Index(sessions["session_id"]).get_indexer(segments["session_id"])
    start, end = (segments[c].to_numpy().astype("datetime64[D]") for c in ("start_date", "end_date"))
    closed = [
        (np.asarray(sessions["programme_id"].isin(set(programmes["programme_id"][c.programmes.mask(programmes)]))),
         np.datetime64(c.from_date), np.datetime64(c.to_date))
        for c in changes
    ]  # fmt: skip
    days = days.copy()
    moves = days > 0
    pushed = np.zeros((len(closed), len(sessions)), dtype=bool)
    while True:
        by = days[row].astype("timedelta64[D]")
        hit = np.zeros(len(sessions), dtype=bool)
        for number, (of, first, last) in enumerate(closed):
            parts = of[row] & moves[row] & (start + by <= last) & (end + by >= first)
            hit[row[parts]] = pushed[number, row[parts]] = True
        if not hit.any():
            return days, pushed.sum(axis=1).tolist()
        days[hit] += WEEK


def _moved(sessions: pd.DataFrame, segments: pd.DataFrame, days: dict[str, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with every date of a session later by its days, and the year that follows from it."""

    def later(table: pd.DataFrame) -> pd.DataFrame:
        by = pd.to_timedelta(table["session_id"].map(days), unit="D")
        return table.assign(start_date=table["start_date"] + by, end_date=table["end_date"] + by)

    sessions, segments = later(sessions), later(segments)
    texts = [
        DATE.sub(lambda found, by=by: str(np.datetime64(found[0]) + by), text) if by else text  # type: ignore[misc]
        for text, by in zip(sessions["segments"], sessions["session_id"].map(days), strict=True)
    ]
    year = sessions["start_date"].dt.year.astype("int64")
    sessions = sessions.assign(segments=pd.Series(texts, index=sessions.index, dtype="str"), year=year)
    return sessions.reset_index(drop=True), segments.reset_index(drop=True)
