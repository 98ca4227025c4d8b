"""Changes of the calendar that a scenario states: sessions closed and made up later, cancelled, or with other seats."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from allocator.domain.tables import SessionChange
from allocator.inputs.defects import Findings, did_you_mean
from allocator.language.message import Message

WEEK = 7
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NO_CHANGE = -1

Place = tuple[str, int, str]
"""File, line and key as a defect shows them."""

Locate = Callable[..., Place]
"""From the number of a change and a path inside it to its place."""


def change_sessions(
    sessions: pd.DataFrame,
    segments: pd.DataFrame,
    programmes: pd.DataFrame,
    changes: Sequence[SessionChange],
    findings: Findings,
    locate: Locate,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sessions and their parts as the changes leave them; what each change did is noted.

    ``locate`` tells file, line and key of a part of the change of a number.

    Seats first, by every change that asks for it. Then the first change whose days a session touches cancels or moves it; what
    still touches days on which sessions of its programme are not held moves on by whole weeks until it does not.
    """
    for number, change in enumerate(changes):
        if change.seats_share is not None or change.seats_more is not None:
            chosen = _chosen(sessions, segments, programmes, change)
            sessions = _with_other_seats(sessions, chosen, change, findings, partial(locate, number))
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
        dates: dict[str, object] = {"first": change.from_date, "last": change.to_date}
        if mine.any():
            done = {"moved": int((mine & ~cancelled).sum()), "cancelled": int((mine & cancelled).sum())}
            is_dated = change.from_date is not None
            note = Message("note.sessions-changed", **dates, **done)
            findings.note(note if is_dated else Message("note.named-sessions-changed", **done))
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
    if change.sessions:
        inside &= set(change.sessions)
    return np.asarray(sessions["session_id"].isin(inside) & sessions["programme_id"].isin(wanted))


def _with_other_seats(
    sessions: pd.DataFrame, chosen: np.ndarray, change: SessionChange, findings: Findings, locate: Callable[..., Place]
) -> pd.DataFrame:
    """A share of the seats, rounded down and one at least, or some more or fewer; the observer keeps the seat.

    The least size follows where fewer seats are left.
    """
    before = sessions["seats"].to_numpy()
    seats = np.where(chosen, _seats(before, change), before)
    for row in np.flatnonzero(seats < 1):
        message = Message(
            "defect.no-seats-left",
            session=sessions["session_id"][row],
            seats=int(before[row]),
            fewer=-int(change.seats_more or 0),
        )
        findings.defect(*locate("seats_more"), message, hint=Message("hint.cancel-session"), code="no-seats-left")
    seats = np.maximum(seats, 1)
    usable = np.maximum(seats - (before - sessions["usable_seats"].to_numpy()), 1)
    least = np.where(chosen, np.minimum(sessions["min_seats"], usable), sessions["min_seats"])
    findings.note(
        _seats_note(change, int(chosen.sum()), int((before - seats).sum())) if chosen.any() else _idle(change)
    )
    return sessions.assign(
        seats=seats, usable_seats=np.where(chosen, usable, sessions["usable_seats"]), min_seats=least
    )


def _seats(before: np.ndarray, change: SessionChange) -> np.ndarray:
    if change.seats_share is None:
        return np.asarray(before + (change.seats_more or 0))
    return np.asarray(np.maximum(1, before * change.seats_share.numerator // change.seats_share.denominator))


def _seats_note(change: SessionChange, count: int, lost: int) -> Message:
    if change.seats_share is None:
        return Message("note.seats-added", count=count, more=change.seats_more or 0)
    return Message("note.seats-changed", count=count, share=str(change.seats_share), lost=lost)


def _idle(change: SessionChange) -> Message:
    said = (change.title, change.from_date, change.seats_share, change.seats_more, ", ".join(change.sessions))
    return Message("note.change-idle", change=str(next(one for one in said if one is not None and one != "")))


def refuse_unknown_sessions(
    changes: Sequence[SessionChange], sessions: pd.DataFrame, findings: Findings, locate: Locate
) -> None:
    """A defect for every session that a change names and the table does not have."""
    known = [str(one) for one in sessions["session_id"]]
    there = set(known)
    for number, change in enumerate(changes):
        for i, session in enumerate(change.sessions):
            if session not in there:
                thing = Message("word.session")
                findings.defect(
                    *locate(number, "sessions", i), Message("defect.unknown-named", thing=thing, value=session),
                    hint=did_you_mean(session, known, Message("hint.use-an-id", thing=thing), 75), code="unknown-session",
                )  # fmt: skip


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
        (np.asarray(sessions["programme_id"].isin(set(programmes["programme_id"][c.programmes.mask(programmes)])))
         & (np.asarray(sessions["session_id"].isin(c.sessions)) | (not c.sessions)),
         *_closed_days(c))
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


def _closed_days(change: SessionChange) -> tuple[np.datetime64, np.datetime64]:
    """First and last day without classes; sessions that are only named leave all days open, which ends before it begins."""
    if change.from_date is None or change.to_date is None:
        return np.datetime64("9999-12-31"), np.datetime64("0001-01-01")
    return np.datetime64(change.from_date), np.datetime64(change.to_date)


def _moved(sessions: pd.DataFrame, segments: pd.DataFrame, days: dict[str, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with every date of a session later by its days, and the year that follows from it."""

    def later(table: pd.DataFrame) -> pd.DataFrame:
        by = pd.to_timedelta(table["session_id"].map(days), unit="D")
        return table.assign(start_date=table["start_date"] + by, end_date=table["end_date"] + by)

    sessions, segments = later(sessions), later(segments)
    moves = zip(sessions["segments"], sessions["session_id"].map(days), strict=True)
    texts = [_dates_later(text, by) if by else text for text, by in moves]
    year = sessions["start_date"].dt.year.astype("int64")
    sessions = sessions.assign(segments=pd.Series(texts, index=sessions.index, dtype="str"), year=year)
    return sessions.reset_index(drop=True), segments.reset_index(drop=True)


def _dates_later(text: str, days: int) -> str:
    return DATE.sub(lambda found: str(np.datetime64(found[0]) + days), text)
