"""What a bulletin is made from: the plan in force and as first published, who attended, and how far each year has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import pandas as pd

from allocator.audit import AuditReport, audit
from allocator.domain.errors import UsageError
from allocator.domain.plan import Plan, ordered
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.register.records import SeatState, SessionState
from allocator.register.register import Register

KEY = ["session_id", "cadre_id"]


class Progress(StrEnum):
    """How far a year, or the whole plan, has come."""

    TO_COME = "to-come"
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True)
class Period:
    """A year or a quarter of it; a session belongs to the one in which it begins."""

    year: int
    quarter: int | None = None

    @property
    def first(self) -> date:
        """First day."""
        return date(self.year, 3 * (self.quarter or 1) - 2, 1)

    @property
    def last(self) -> date:
        """Last day."""
        month = 12 if self.quarter is None else 3 * self.quarter
        return date(self.year, month, 31 if month in (3, 12) else 30)

    def holds(self, start_dates: pd.Series) -> pd.Series:
        """Which sessions belong to it, by their first days as ISO texts."""
        return start_dates.between(self.first.isoformat(), self.last.isoformat())


@dataclass(frozen=True)
class Basis:
    """The parts of a register that a bulletin needs.

    Parameters
    ----------
    version, inputs, plan
        The newest version that plans the year.
    first_version, first_plan
        The first version of the same scenario that has seats in the year: what units were promised.
    sessions, seats, attendance
        As the register has them; seats with the start_date and state of their session, and with hours and completed where the
        host has reported.
    """

    period: Period
    on: date
    version: int
    inputs: Inputs
    plan: Plan
    first_version: int
    first_plan: Plan
    planned: AuditReport
    sessions: pd.DataFrame
    seats: pd.DataFrame

    @cached_property
    def attended_plan(self) -> Plan:
        """Only the seats that were attended to the end."""
        came = self.seats[self.seats["state"] == SeatState.ATTENDED][KEY]
        return ordered(self.plan.placements.merge(came, on=KEY))

    @cached_property
    def expected_plan(self) -> Plan:
        """The seats that were attended, and those of which nobody has reported yet."""
        lost = self.seats["state"].isin([SeatState.ABSENT, SeatState.LEFT_EARLY])
        gone = pd.MultiIndex.from_frame(self.seats[lost][KEY])
        table = self.plan.placements
        return ordered(table[~pd.MultiIndex.from_frame(table[KEY]).isin(gone)])

    @cached_property
    def attended(self) -> AuditReport:
        """The auditor's verdict on what was attended."""
        return audit(self.attended_plan, self.inputs)

    @cached_property
    def expected(self) -> AuditReport:
        """The auditor's verdict on what is attended if the rest of the plan is carried out."""
        return audit(self.expected_plan, self.inputs)

    def material(self, texts: Texts) -> Material:
        """The plan as outputs take it."""
        return Material(self.inputs, self.plan, self.attended, None, texts)

    @cached_property
    def progress(self) -> Mapping[int, Progress]:
        """How far each year of the plan has come; a year is over when it has ended, or its sessions have, and every seat is reported."""
        return {year: self._progress_of(year) for year in self.inputs.years}

    @property
    def whole(self) -> Progress:
        """How far the whole plan has come."""
        found = set(self.progress.values())
        return found.pop() if len(found) == 1 else Progress.RUNNING

    def _progress_of(self, year: int) -> Progress:
        own = self.sessions[(self.sessions["year"] == year) & (self.sessions["state"] != SessionState.CANCELLED)]
        has_ended = self.on > date(year, 12, 31) or (len(own) > 0 and (own["state"] == SessionState.CLOSED).all())
        seats = self.seats[self.seats["session_id"].isin(own["session_id"])]
        if has_ended and not seats["state"].isin([SeatState.PLANNED, SeatState.CONFIRMED]).any():
            return Progress.OVER
        has_begun = len(own) > 0 and own["start_date"].min() <= self.on.isoformat()
        return Progress.RUNNING if has_ended or has_begun or self.on.year == year else Progress.TO_COME


def basis(register: Register, period: Period, on: date, folder: Path) -> Basis:
    """Read a register.

    Parameters
    ----------
    on
        The day as of which is judged.
    folder
        Where the inputs of versions are written, to be read from there.

    Raises
    ------
    UsageError
        If no version plans the year.
    """
    newest = register.latest().version
    for number in range(newest, 0, -1):
        inputs = load(register.write_inputs(number, folder / str(number)))
        if period.year in inputs.years:
            break
    else:
        raise UsageError(Message("bulletin.no-year", year=str(period.year)))
    plan = register.plan(number)
    first, first_plan = _first(register, number, period.year)
    first_inputs = inputs if first == number else load(register.write_inputs(first, folder / str(first)))
    sessions = register.sessions(on=on)
    told = register.attendance()[[*KEY, "hours", "completed"]]
    seats = register.seats().merge(sessions[["session_id", "start_date", "state"]].rename(columns={"state": "session_state"}), on="session_id")  # fmt: skip
    return Basis(
        period, on, number, inputs, plan, first, first_plan, audit(first_plan, first_inputs), sessions,
        seats.merge(told, on=KEY, how="left"),
    )  # fmt: skip


def _first(register: Register, number: int, year: int) -> tuple[int, Plan]:
    """The first version of the scenario with seats in the year."""
    scenario = register.version(number).scenario
    for earlier in range(1, number):
        if register.version(earlier).scenario == scenario:
            plan = register.plan(earlier)
            if (plan.placements["year"] == year).any():
                return earlier, plan
    return number, register.plan(number)
