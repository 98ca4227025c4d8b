"""Close: the one act that turns a year of the plan into history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd

from allocator.domain.errors import RegisterError
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message, listing
from allocator.register.closing.following import NEXT_PLAN, Following, following
from allocator.register.closing.outcome import YearOutcome, outcome_of
from allocator.register.events.standing import events_of
from allocator.register.records import Attendance, Event, EventKind, SeatState
from allocator.register.register import Register

Assumed = Literal["attended", "absent"]


@dataclass(frozen=True)
class Closed:
    """A closed year.

    Parameters
    ----------
    version
        The version whose inputs are those of the years that follow.
    is_new
        Whether it was closed now, and not before.
    details
        What the journal says of it.
    outcome
        The year as it was planned and as it was.
    """

    year: int
    version: int
    is_new: bool
    details: Mapping[str, object]
    outcome: YearOutcome


def close(
    register: Register,
    year: int,
    folder: Path,
    *,
    by: str,
    on: date,
    next_plan: bool = False,
    assumed: Assumed | None = None,
    reason: str = "",
) -> Closed:
    """Close a year, or look again at one that was closed before.

    Parameters
    ----------
    folder
        Where inputs are written; they are read from there.
    next_plan
        The next four years follow, not those left of the plan.
    assumed, reason
        What is taken as true of seats that nobody has recorded, and why.

    Raises
    ------
    RegisterError
        If an earlier year is open, attendance is not recorded, or no year follows.
    InputError
        If what follows does not pass the checks of every input.
    """
    before = register.closings().get(year)
    if before is not None:
        version = int(before["version"])
        inputs = load(register.write_inputs(version - 1, folder / "before"))
        return Closed(year, version, False, before, outcome_of(register, inputs, version - 1, year))
    journal = register.journal()
    latest = register.latest()
    inputs = load(register.write_inputs(latest.version, folder / "before"))
    years = _years(register, inputs, year, next_plan=next_plan)
    rows, states = _assumed(register, inputs, year, on, assumed)
    settled, carried = _waiting(register, year)
    leavers = _leavers(register, carried)
    attended = _attended(register, inputs, year, rows)
    plan = register.plan(latest.version)
    after = following(
        inputs,
        plan,
        attended,
        carried,
        leavers,
        years,
        _begun(register, year, next_plan=next_plan),
        folder / "after",
        latest.version + 1,
    )
    version = register.close_year(
        year, after.plan, after.inputs, by=by, on=on, seen=int(journal["seq"].iloc[-1]), why=reason, rows=rows,
        outcome=states, left=_left(after, plan.placements), cancelled=after.cancelled,
        events=[*settled, *(one.event_id for one in carried)], details={**_details(after, settled, carried, years), "next_plan": next_plan},
    )  # fmt: skip
    details = register.closings()[year]
    return Closed(year, version, True, details, outcome_of(register, inputs, latest.version, year))


def _years(register: Register, inputs: Inputs, year: int, *, next_plan: bool) -> tuple[int, ...]:
    """The years that follow."""
    if year not in inputs.years:
        raise RegisterError(Message("close.no-year", year=year, first=inputs.years[0], last=inputs.years[-1]))
    earlier = [one for one in inputs.years if one < year and one not in register.closed_years()]
    if earlier:
        raise RegisterError(Message("close.earlier-open", year=year, earlier=earlier[0]))
    rest = tuple(one for one in inputs.years if one > year)
    if next_plan:
        return tuple(range(year + 1, year + 1 + NEXT_PLAN))
    if not rest:
        raise RegisterError(Message("close.last-year", year=year))
    return rest


def _begun(register: Register, year: int, *, next_plan: bool) -> int:
    """The first year of the plan to which the years that follow belong."""
    if next_plan:
        return year + 1
    begun = year
    for earlier, told in sorted(register.closings().items(), reverse=True):
        if earlier != begun - 1 or told["next_plan"]:
            break
        begun = earlier
    return begun


def _assumed(
    register: Register, inputs: Inputs, year: int, on: date, assumed: Assumed | None
) -> tuple[list[Attendance], dict[tuple[str, str], SeatState]]:
    """What is assumed of seats that nobody has recorded; refused when nothing may be assumed, or a session is not over."""
    sessions = register.sessions()
    later = set(sessions["session_id"][sessions["end_date"] > on.isoformat()])
    seats = register.seats(held=True)
    seats = seats[(seats["year"] == year) & seats["state"].isin([SeatState.PLANNED, SeatState.CONFIRMED])]
    running = sorted(later & set(seats["session_id"]))
    if running:
        raise RegisterError(Message("close.not-over", year=year, sessions=listing(running), on=on))
    if assumed is None and len(seats):
        counts = seats.groupby("session_id").size()
        told = tuple(Message("close.seats-of", session=one, count=int(n)) for one, n in counts.items())
        raise RegisterError(Message("close.unrecorded", year=year, sessions=listing(told)))
    programme = inputs.sessions.set_index("session_id")["programme_id"]
    hours = inputs.programmes.set_index("programme_id")["hours"]
    came = assumed == "attended"
    rows = [
        Attendance(session, cadre, came, 0.0, float(hours[programme[session]]) if came else 0.0, came)
        for session, cadre in zip(seats["session_id"], seats["cadre_id"], strict=True)
    ]
    state = SeatState.ATTENDED if came else SeatState.ABSENT
    return rows, {(one.session_id, one.cadre_id): state for one in rows}


def _waiting(register: Register, year: int) -> tuple[list[str], list[Event]]:
    """Events that no version has answered: those about sessions up to the year, which are settled by what was recorded, and the others.

    What a unit asks for binds nobody, and waits for the next plan.
    """
    events = register.events()
    waiting = events_of(events[events["applied_in"].isna()])
    sessions = register.sessions()
    past = set(sessions["session_id"][sessions["year"] <= year])
    settled = [one.event_id for one in waiting if one.session_id in past]
    carried = [one for one in waiting if one.session_id not in past and one.kind is not EventKind.REQUEST]
    return settled, carried


def _leavers(register: Register, carried: Sequence[Event]) -> set[str]:
    """People who left and did not come back, by the events that were answered and those that are carried."""
    events = register.events()
    gone: dict[str, bool] = {}
    told = [*events_of(events[events["applied_in"].notna()]), *carried]
    for one in sorted(told, key=lambda event: event.date):
        if one.kind in (EventKind.LEAVE, EventKind.JOIN):
            gone[one.cadre_id] = one.kind is EventKind.LEAVE
    return {cadre for cadre, is_gone in gone.items() if is_gone}


def _attended(register: Register, inputs: Inputs, year: int, rows: Sequence[Attendance]) -> pd.DataFrame:
    """Seats completed up to the year, of sessions that the inputs know, those assumed included."""
    seats = register.seats()
    seats = seats[seats["year"] <= year]
    reports = register.attendance()
    reports = reports[reports["completed"].astype(bool)][["session_id", "cadre_id", "hours"]]
    assumed = [(one.session_id, one.cadre_id, one.hours) for one in rows if one.completed]
    if assumed:
        reports = pd.concat([reports, pd.DataFrame(assumed, columns=reports.columns)], ignore_index=True)
    found = seats[["session_id", "cadre_id", "headcount", "year"]].merge(reports, on=["session_id", "cadre_id"])
    return found[found["session_id"].isin(inputs.sessions["session_id"])].sort_values(["session_id", "cadre_id"])


def _left(after: Following, before: pd.DataFrame) -> dict[tuple[str, str], SeatState]:
    held = set(zip(before["session_id"], before["cadre_id"], strict=True))
    return {seat: state for seat, state in after.left.items() if seat in held}


def _details(
    after: Following, settled: Sequence[str], carried: Sequence[Event], years: Sequence[int]
) -> dict[str, object]:
    return {
        "years": list(years), "scenario": after.inputs.scenario.id, "history": after.added, "left_roster": list(after.gone),
        "settled": list(settled), "carried": [one.event_id for one in carried],
        "repeated": {str(year): base for year, base in after.repeated.items()},
    }  # fmt: skip
