"""How far units have filled their seats: allotted, called up, attended, with rates and a ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import pandas as pd

from allocator.register.bulletin.basis import Basis
from allocator.register.records import HELD, SeatState, SessionState

CONFIRMED = (SeatState.CONFIRMED, SeatState.ATTENDED, SeatState.ABSENT, SeatState.LEFT_EARLY)
"""States of a seat whose notice has gone out."""


@dataclass(frozen=True)
class Figures:
    """The figures of a unit, or of all; people and seats are counted with their headcount.

    Parameters
    ----------
    people
        On the roster.
    allotted
        Seats of the plan as first published, but for sessions that were cancelled.
    held
        Seats of the plan in force.
    confirmed, attended, absent, left_early
        Of these: whose notice went out; attended to the end; not come; come and not completed.
    hours
        Hours of those who attended to the end.
    several
        Named people with more than one seat.
    overdue
        People too long without training by the policy at the end of the year, even if the rest of the plan is carried out.
    rank
        Place among the units of its kind by attendance, then use of seats, then hours per head; missing where nothing was reported.
    """

    people: int = 0
    allotted: int = 0
    held: int = 0
    confirmed: int = 0
    attended: int = 0
    absent: int = 0
    left_early: int = 0
    hours: float = 0.0
    several: int = 0
    overdue: int = 0
    rank: int | None = None

    @property
    def reported(self) -> int:
        """Seats of which the host has reported."""
        return self.attended + self.absent + self.left_early

    @property
    def confirmation(self) -> float | None:
        """Share of the seats in force whose notice went out."""
        return self.confirmed / self.held if self.held else None

    @property
    def attendance(self) -> float | None:
        """Share of the reported seats that were attended to the end."""
        return self.attended / self.reported if self.reported else None

    @property
    def use(self) -> float | None:
        """Share of the allotted seats that were attended to the end; missing while nothing is reported."""
        return self.attended / self.allotted if self.allotted and self.reported else None

    @property
    def hours_per_head(self) -> float | None:
        """Hours for each person on the roster."""
        return self.hours / self.people if self.people else None


def figures(basis: Basis) -> dict[str, Figures]:
    """The figures of every unit with people or seats, by unit id."""
    cadres = basis.inputs.cadres
    seats = _of_period(basis)
    first = basis.first_plan.placements
    kept = first["session_id"].isin(basis.sessions["session_id"][_kept(basis)])
    first = first[kept & basis.period.holds(first["start_date"].dt.strftime("%Y-%m-%d"))]
    counts = {
        "people": cadres.groupby("unit_id")["headcount"].sum(),
        "allotted": first.groupby("unit_id")["headcount"].sum(),
        "held": _count(seats, HELD),
        "confirmed": _count(seats, CONFIRMED),
        "attended": _count(seats, (SeatState.ATTENDED,)),
        "absent": _count(seats, (SeatState.ABSENT,)),
        "left_early": _count(seats, (SeatState.LEFT_EARLY,)),
        "hours": (seats["hours"] * seats["headcount"]).where(seats["state"] == SeatState.ATTENDED, 0.0).groupby(seats["unit_id"]).sum(),
        "several": several(basis).groupby("unit_id").size(),
        "overdue": overdue(basis).groupby("unit_id").size(),
    }  # fmt: skip
    table = pd.DataFrame(counts).fillna(0)
    whole = [name for name in counts if name != "hours"]
    table[whole] = table[whole].astype("int64")
    units = zip(table.index, table.to_dict("records"), strict=True)
    made = {str(unit): Figures(**{str(name): value for name, value in row.items()}) for unit, row in units}
    return _ranked(made, dict(zip(basis.inputs.units["unit_id"], basis.inputs.units["kind"], strict=True)))


def total(units: dict[str, Figures]) -> Figures:
    """The figures of all units together."""
    names = [field.name for field in fields(Figures) if field.name != "rank"]
    return Figures(**{name: sum(getattr(one, name) for one in units.values()) for name in names})


def several(basis: Basis) -> pd.DataFrame:
    """Named people with more than one seat in the period: cadre_id, unit_id, count, sessions."""
    seats = _of_period(basis)
    single = set(basis.inputs.cadres["cadre_id"][basis.inputs.cadres["headcount"] == 1])
    seats = seats[seats["state"].isin(HELD) & seats["cadre_id"].isin(single)].sort_values(["start_date", "session_id"])
    grouped = seats.groupby("cadre_id")
    found = pd.DataFrame(
        {"unit_id": grouped["unit_id"].first(), "count": grouped.size(), "sessions": grouped["session_id"].agg(list)}
    )
    return found[found["count"] > 1].reset_index()


def overdue(basis: Basis) -> pd.DataFrame:
    """People too long without training at the end of the year: cadre_id, unit_id, rule_id, last, with their next seat, if any."""
    found = basis.expected.overdue
    found = found[found["year"] == basis.period.year]
    units = basis.inputs.cadres.set_index("cadre_id")["unit_id"]
    found = found.drop_duplicates("cadre_id").assign(unit_id=lambda table: table["cadre_id"].map(units))
    plan = basis.expected_plan.placements
    ahead = plan[plan["start_date"] > pd.Timestamp(basis.on)].sort_values(["start_date", "session_id"])
    following = ahead.drop_duplicates("cadre_id").set_index("cadre_id")["session_id"]
    return found.assign(ahead=found["cadre_id"].map(following)).sort_values(["unit_id", "cadre_id"])


def not_reported(basis: Basis) -> int:
    """Seats of sessions that are over by the day and of which nobody has reported."""
    seats = _of_period(basis)
    ends = seats["session_id"].map(basis.sessions.set_index("session_id")["end_date"])
    waiting = seats["state"].isin([SeatState.PLANNED, SeatState.CONFIRMED]) & (ends < basis.on.isoformat())
    return int(seats["headcount"][waiting].sum())


def _of_period(basis: Basis) -> pd.DataFrame:
    """Seats of sessions of the period that were not cancelled."""
    seats = basis.seats
    return seats[basis.period.holds(seats["start_date"]) & (seats["session_state"] != SessionState.CANCELLED)]


def _kept(basis: Basis) -> pd.Series:
    return basis.sessions["state"] != SessionState.CANCELLED


def _count(seats: pd.DataFrame, states: tuple[SeatState, ...]) -> pd.Series:
    return seats[seats["state"].isin(states)].groupby("unit_id")["headcount"].sum()


def _ranked(units: dict[str, Figures], kinds: Mapping[str, str]) -> dict[str, Figures]:
    """The same with ranks among units of one kind; those with equal figures share one."""
    keys = {
        unit: (one.attendance, one.use or 0.0, one.hours_per_head or 0.0)
        for unit, one in units.items() if one.attendance is not None
    }  # fmt: skip
    places: dict[tuple[str, tuple[float, float, float]], int] = {}
    seen: Counter[str] = Counter()
    for key, kind in sorted(((key, kinds.get(unit, "")) for unit, key in keys.items()), reverse=True):
        seen[kind] += 1
        places.setdefault((kind, key), seen[kind])
    return {
        unit: replace(one, rank=places[kinds.get(unit, ""), keys[unit]] if unit in keys else None)
        for unit, one in units.items()
    }  # fmt: skip
