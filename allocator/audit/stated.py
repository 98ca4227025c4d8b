"""What a plan states about its placements beside what the tables say: every column of the contract, cell by cell.

Who, where, when and how long are facts of the tables: a plan that states them otherwise breaches ``sessions-known``, since
the rest is judged, and letters are sent, by the tables. ``fixed`` and ``rules`` only say why a seat was given, and every
rule is judged without them: in a file they are noted. An empty cell states nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from allocator.audit.finding import MORE_SEATS, Difference
from allocator.audit.records import Array, Records, iso, ordinals
from allocator.domain.names import heading
from allocator.domain.rules import Fixed
from allocator.language.message import Message

DIFFERENCE_COLUMNS = (
    "rule_id", "file", "row", "column", "cadre_id", "session_id", "found", "expected", "status", "message", "message_zh",
)  # fmt: skip
"""Columns of ``AuditReport.differences``."""

CLOSE = 1e-6
"""Days and hours that differ by less are equal: spreadsheets round."""


def facts(records: Records) -> list[Difference]:
    """The cells that state an unknown cadre or session, or something else about it than the tables."""
    table, inputs = records.plan.placements, records.inputs
    cadre, session = records.placed["cadre"].to_numpy(), records.placed["session"].to_numpy()
    found = [
        *_unknown("cadre", cadre, table, records.cadre_ids),
        *_unknown("session", session, table, records.session_ids),
    ]
    programme = np.where(session >= 0, _taken(records.session_programme, session), -1)
    for source, row, whose, columns in (
        (inputs.sessions, session, "session", ("programme_id", "year", "start_date", "end_date")),
        (inputs.programmes, programme, "programme", ("days", "hours")),
        (inputs.cadres, cadre, "cadre", ("unit_id", "team_id")),
    ):
        for column in columns:
            found += _differing(column, f"{column} is not the {whose}'s", table[column], source[column], row)
    return sorted(found)


def _taken(values: Array, row: Array) -> Array:
    """Values by row; of row -1 whatever stands first, and nothing of no values."""
    return values[np.maximum(row, 0)] if len(values) else np.full(len(row), -1)


def _unknown(sort: str, row: Array, table: pd.DataFrame, known: Array) -> Iterator[Difference]:
    column = f"{sort}_id"
    missing = np.flatnonzero(row < 0)
    looks = {plain(text): text for text in known} if len(missing) else {}
    for place in missing:
        text = str(table[column].iloc[place])
        yield Difference(int(place), column, text, looks.get(plain(text), ""), f"unknown {sort}")


def _differing(column: str, why: str, stated: pd.Series, source: pd.Series, row: Array) -> Iterator[Difference]:
    """The cells of one column that differ from the table's, where the table's row is known."""
    known = np.flatnonzero(row >= 0)
    ours, theirs = stated.iloc[known], source.iloc[row[known]]
    if column.endswith("_date"):
        said, true = ordinals(pd.to_datetime(ours)), ordinals(theirs)
        wrong = said != true
        said_texts, true_texts = _days(said[wrong]), _days(true[wrong])
    elif column in ("days", "hours"):
        said, true = ours.to_numpy(np.float64), theirs.to_numpy(np.float64)
        wrong = ~(np.abs(said - true) < CLOSE)
        said_texts, true_texts = ([f"{value:.10g}" for value in values[wrong]] for values in (said, true))
    else:
        said, true = ours.to_numpy(object), theirs.to_numpy(object)
        wrong = said != true
        said_texts, true_texts = (list(map(str, values[wrong])) for values in (said, true))
    for place, text, expected in zip(known[wrong], said_texts, true_texts, strict=True):
        yield Difference(int(place), column, text, expected, why)


def _days(ordinals_: Array) -> list[str]:
    return [iso(day) if day > np.iinfo(np.int64).min else "" for day in ordinals_]


def seats_beyond(records: Records) -> list[Difference]:
    """Where cadres have more seats of one session than there are people: the last row of each such pair."""
    cadre, session, seats = records.seats_taken
    most, placed = records.headcount[cadre], records.placed
    found = []
    for pair in np.flatnonzero(seats > most):
        rows = (placed["cadre"] == cadre[pair]) & (placed["session"] == session[pair])
        last = int(np.flatnonzero(rows)[-1])
        found.append(Difference(last, "headcount", str(seats[pair]), str(most[pair]), MORE_SEATS))
    return sorted(found)


def reasons(records: Records) -> list[Difference]:
    """The cells of a file that mark a seat as called up, or as serving a rule, where the policy says otherwise."""
    origin, placed = records.plan.origin, records.placed
    if origin is None:
        return []
    known = np.flatnonzero((placed["cadre"] >= 0) & (placed["session"] >= 0))
    table = records.plan.placements.iloc[known]
    called, serving = _owed_to(records, known)
    found = []
    for i in np.flatnonzero(origin.says_fixed[known] & (table["fixed"].to_numpy(bool) != called)):
        expected = bool(called[i])
        found.append(Difference(int(known[i]), "fixed", str(not expected).lower(), str(expected).lower(), "fixed"))
    for place, text, served in zip(known.tolist(), table["rules"].astype(str), serving, strict=True):
        if text and set(text.split(";")) != set(served):
            found.append(Difference(place, "rules", text, ";".join(served), "rules"))
    return sorted(found)


def _owed_to(records: Records, known: Array) -> tuple[Array, list[list[str]]]:
    """Whether a rule calls up each of the placements, and the rules that each serves, in the order of the policy."""
    cadre, session = (records.placed[column].to_numpy()[known] for column in ("cadre", "session"))
    programme, year = records.session_programme[session], records.session_year[session]
    seats = list(zip(records.cadre_ids[cadre], records.session_ids[session], strict=True))
    days = records.inputs.programmes["days"].to_numpy()
    called, serving = np.zeros(len(known), dtype=bool), [list[str]() for _ in known]
    for rule in records.inputs.policy.rules:
        if rule.demands != "attendance":  # Of the others no seat says that it serves them.
            continue
        counting = records.programmes(rule.programmes) & (days >= getattr(rule, "least_days", 0))
        serves = records.audience(rule.audience)[cadre] & counting[programme]
        if rule.years:
            serves &= np.isin(year, rule.years)
        if isinstance(rule, Fixed):
            named = {(item.cadre_id, item.session_id) for item in rule.call_ups}
            serves = (serves & rule.everyone) | np.array([seat in named for seat in seats], dtype=bool)
            called |= serves
        if rule.strength != "report":
            for i in np.flatnonzero(serves):
                serving[i].append(rule.id)
    return called, serving


def plain(text: object) -> str:
    """A text without what the eye does not see: marks of no width, blanks, full-width forms, upper case.

    Examples
    --------
    >>> plain("Ｔ\\u200b 19"), plain("t19")
    ('t19', 't19')
    """
    folded = unicodedata.normalize("NFKC", str(text)).casefold()
    return "".join(mark for mark in folded if unicodedata.category(mark)[0] not in "CZ")


def row_of(records: Records, place: int) -> int:
    """The row of a placement as a spreadsheet shows it: of its file, else of the plan as we would write it."""
    origin = records.plan.origin
    return int(origin.rows[place]) if origin is not None else place + 2


def described(records: Records, differences: Iterable[Difference], rule_id: str, status: str) -> pd.DataFrame:
    """The differences as rows of ``AuditReport.differences``."""
    origin, table = records.plan.origin, records.plan.placements
    rows = [
        (
            rule_id, origin.file if origin else "plan", row := row_of(records, one.place), one.column,
            table["cadre_id"].iloc[one.place], table["session_id"].iloc[one.place], one.found, one.expected, status,
            str(message := one.message(row)), message.said("zh"),
        )
        for one in differences
    ]  # fmt: skip
    types = {column: "int64" if column == "row" else "str" for column in DIFFERENCE_COLUMNS}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def notes(records: Records, differences: Iterable[Difference]) -> Iterator[Message]:
    """What a file says beside the point: wrong reasons for seats, columns that are not read, years nobody plans."""
    origin, table = records.plan.origin, records.plan.placements
    if origin is None:
        return
    for heading_, near in origin.unread:
        yield Message("audit.not-read", file=origin.file, heading=heading_, near=near)
    for column in ("fixed", "rules"):
        own = [one for one in differences if one.column == column]
        if own:
            first = own[0].message(row_of(records, own[0].place))
            parts = {"file": origin.file, "column": heading(column), "count": len(own), "first": first}
            yield Message("audit.noted-fixed", **parts) if column == "fixed" else Message("audit.noted-rules", **parts)
    outside = np.flatnonzero(~np.isin(table["year"].to_numpy(), records.years))
    if len(outside):
        row = row_of(records, int(outside[0]))
        yield Message("audit.outside-years", file=origin.file, count=len(outside), row=row)
