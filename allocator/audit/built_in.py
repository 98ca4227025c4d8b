"""Rules that hold whatever the policy says: seats, sessions and people are real, and nobody is in two places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from allocator.audit.finding import ALL, Finding, Row, totals
from allocator.audit.measures.eligibility import judge_admission
from allocator.audit.records import Array, Records, iso, running
from allocator.audit.stated import facts, seats_beyond
from allocator.domain.rules import Eligibility
from allocator.language.message import Message


@dataclass(frozen=True)
class BuiltIn:
    """A rule without a clause; judged like a hard rule of the policy."""

    id: str
    title: Message
    measure: Callable[[Records], Finding]
    kind: str = "built-in"
    clause: str = ""
    strength: str = "hard"


def _finding(records: Records, rows: list[Row], unit: str, breaches: float) -> Finding:
    """A finding with the totals of its rows; ``breaches`` is what the goal counts."""
    required, achieved = totals(rows)
    people = len(np.unique(records.placed.loc[records.placed["cadre"] >= 0, "cadre"]))
    return Finding(tuple(rows), people, unit, required, achieved, required - achieved, {"violation": breaches})


def measure_known(records: Records) -> Finding:
    """Count the rows of the plan whose cadre or session does not exist, or that state what the tables do not say."""
    table, differences = records.plan.placements, facts(records)
    why: dict[int, list[str]] = {}
    for one in differences:
        why.setdefault(one.place, []).append(one.why)
    rows: list[Row] = []
    year = table["year"].to_numpy(np.int64)
    wrong = np.array(sorted(why), dtype=np.int64)
    for y in sorted({*records.years, *map(int, year[wrong])}):
        this, bad = int((year == y).sum()), wrong[year[wrong] == y]
        rows.append(Row(y, ALL, this, this - len(bad), "placements", len(bad)))
        for i in bad:
            scope = f"{table['cadre_id'].iloc[i]}@{table['session_id'].iloc[i]}: {'; '.join(why[i])}"
            rows.append(Row(y, scope, 1, 0, "placements", 1))
    return replace(_finding(records, rows, "placements", len(wrong)), differences=tuple(differences))


def _used(records: Records) -> Array:
    """Seats the plan uses in each session, as written."""
    placed = records.placed.loc[records.placed["session"] >= 0]
    used: Array = np.bincount(placed["session"], weights=placed["seats"], minlength=len(records.session_ids))
    return used.astype(np.int64)


def measure_seats(records: Records) -> Finding:
    """Count the sessions over their usable seats; the goal counts the seats."""
    return _against_bound(records, "usable_seats", 1)


def measure_least(records: Records) -> Finding:
    """Count the opened sessions under their least size; the goal counts the seats they lack."""
    return _against_bound(records, "min_seats", -1)


def _against_bound(records: Records, column: str, sign: int) -> Finding:
    used, bound = _used(records), records.inputs.sessions[column].to_numpy(np.int64)
    open_ = used > 0
    off = np.where(open_, np.maximum(0, sign * (used - bound)), 0)
    rows: list[Row] = []
    for y in sorted({*records.years, *map(int, records.session_year[off > 0])}):
        this = records.session_year == y
        bad = np.flatnonzero(this & (off > 0))
        held = int((this & open_).sum())
        rows.append(Row(y, ALL, held, held - len(bad), "sessions", len(bad)))
        rows += [Row(y, records.session_ids[s], int(bound[s]), int(used[s]), "seats", int(off[s])) for s in bad]
    return _finding(records, rows, "sessions", int(off.sum()))


def measure_headcount(records: Records) -> Finding:
    """Count the placements with more seats than the headcount, 1 for a named cadre; the goal counts the seats beyond."""
    cadre, session, seats = records.seats_taken
    beyond = np.maximum(0, seats - records.headcount[cadre])
    year = records.session_year[session]
    rows: list[Row] = []
    for y in sorted({*records.years, *map(int, year[beyond > 0])}):
        bad = np.flatnonzero((year == y) & (beyond > 0))
        total = int((year == y).sum())
        rows.append(Row(y, ALL, total, total - len(bad), "placements", len(bad)))
        rows += [
            Row(y, f"{records.cadre_ids[cadre[i]]}@{records.session_ids[session[i]]}",
                int(records.headcount[cadre[i]]), int(seats[i]), "seats", int(beyond[i]))
            for i in bad
        ]  # fmt: skip
    finding = _finding(records, rows, "placements", int(beyond.sum()))
    return replace(finding, differences=tuple(seats_beyond(records)))


def measure_overlap(records: Records) -> Finding:
    """Count the placements on days when the cadre is already elsewhere; of a group, when nobody is left at home.

    Days are those of the segments, and classes on record count. The class that starts later is at fault.
    """
    a = records.attendances
    attendance, day = records.days_away
    past = records.blocks.loc[~a.planned[records.blocks["attendance"].to_numpy()]]
    if len(day):
        past = past.loc[(past["last"] >= day.min()) & (records.headcount[past["cadre"].to_numpy()] == 1)]
        days = [np.arange(f, t + 1) for f, t in zip(past["first"], past["last"], strict=True)]
        attendance = np.concatenate([attendance, np.repeat(past["attendance"].to_numpy(), [len(d) for d in days])])
        day = np.concatenate([day, *days])
    _, once = np.unique(np.stack([attendance, day]), axis=1, return_index=True)  # Segments may share a day.
    attendance, day = attendance[once], day[once]
    cadre = a.cadre[attendance]
    # Classes on record come first: the plan is at fault for meeting them, whichever starts earlier.
    order = np.lexsort((records.rank[attendance], a.planned[attendance], day, cadre))
    attendance, day, cadre = attendance[order], day[order], cadre[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(cadre) != 0) | (np.diff(day) != 0)
    taken = running(a.seats[attendance], begins)
    beyond = np.flatnonzero((taken > records.headcount[cadre]) & a.planned[attendance])
    wrong, first = np.unique(attendance[beyond], return_index=True)
    rows: list[Row] = []
    planned = a.year[a.planned]
    for y in sorted({*records.years, *map(int, a.year[wrong])}):
        bad = np.flatnonzero(a.year[wrong] == y)
        total = int((planned == y).sum())
        rows.append(Row(y, ALL, total, total - len(bad), "placements", len(bad)))
        for i in bad:
            where = beyond[first[i]]
            scope = f"{records.cadre_ids[cadre[where]]}@{records.session_ids[a.session[wrong[i]]]} {iso(day[where])}"
            most = int(records.headcount[cadre[where]])
            rows.append(Row(y, scope, most, int(taken[where]), "seats", int(taken[where]) - most))
    return _finding(records, rows, "placements", len(wrong))


def measure_admission(records: Records) -> Finding:
    """Count the placements of cadres nobody admits, in the programmes that no eligibility rule names."""
    programmes = np.ones(len(records.programme_ids), dtype=bool)
    for rule in records.inputs.policy.rules:
        if isinstance(rule, Eligibility):
            programmes &= ~records.programmes(rule.programmes)
    rows, breaches = judge_admission(records, programmes)
    return _finding(records, list(rows), "placements", breaches)


BUILT_IN: tuple[BuiltIn, ...] = (
    BuiltIn("sessions-known", Message("audit.sessions-known"), measure_known),
    BuiltIn("sessions-eligible", Message("audit.sessions-eligible"), measure_admission),
    BuiltIn("sessions-seats", Message("audit.sessions-seats"), measure_seats),
    BuiltIn("sessions-least", Message("audit.sessions-least"), measure_least),
    BuiltIn("headcount", Message("audit.headcount"), measure_headcount),
    BuiltIn("no-overlap", Message("audit.no-overlap"), measure_overlap),
)
"""Rules that hold whatever the policy says, in the order they are printed, before the policy's own."""
