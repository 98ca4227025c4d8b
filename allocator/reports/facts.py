"""Plain counts of a plan for headlines: seats, sessions, double bookings; the auditor's verdicts are not repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.entities import Inputs
from allocator.plan import Plan


@dataclass(frozen=True)
class Facts:
    """Counts over all years, and ``by_year`` with people, groups_seats, seats, sessions and person_days as columns."""

    by_year: pd.DataFrame
    named: int  # people of the roster with a name
    unnamed: int  # people in unnamed groups
    never: int  # named people who attend nothing in the plan
    offered: int  # sessions in the plan years
    held: int
    over_seats: int  # sessions with more people than usable seats
    under_least: int  # sessions held with fewer people than their least
    fill: float | None  # seats filled as a share of the usable seats of the sessions held
    double_booked: int  # pairs of classes of one person with a day in common


def facts(inputs: Inputs, plan: Plan) -> Facts:
    """Count the plan."""
    placements = plan.placements
    cadres = inputs.cadres
    is_named = cadres["headcount"] == 1
    named_ids = set(cadres.loc[is_named, "cadre_id"])
    sessions = inputs.sessions[inputs.sessions["year"].isin(inputs.years)].set_index("session_id")
    filled = placements.groupby("session_id")["headcount"].sum()
    used = sessions.loc[sessions.index.isin(filled.index)]
    taken = filled.reindex(used.index)
    return Facts(
        by_year=_by_year(inputs, placements, named_ids),
        named=int(is_named.sum()),
        unnamed=int(cadres.loc[~is_named, "headcount"].sum()),
        never=len(named_ids - set(placements["cadre_id"])),
        offered=len(sessions),
        held=len(used),
        over_seats=int((taken > used["usable_seats"]).sum()),
        under_least=int((taken < used["min_seats"]).sum()),
        fill=float(taken.sum() / used["usable_seats"].sum()) if len(used) else None,
        double_booked=double_bookings(inputs, placements[placements["cadre_id"].isin(named_ids)]),
    )


def _by_year(inputs: Inputs, placements: pd.DataFrame, named_ids: set[str]) -> pd.DataFrame:
    named = placements[placements["cadre_id"].isin(named_ids)]
    by_year = placements.groupby("year")
    table = pd.DataFrame(
        {
            "people": named.groupby("year")["cadre_id"].nunique(),
            "seats": by_year["headcount"].sum(),
            "sessions": by_year["session_id"].nunique(),
            "person_days": (placements["days"] * placements["headcount"]).groupby(placements["year"]).sum(),
        }
    )
    return table.reindex(list(inputs.years)).fillna(0).round().astype("int64")


def double_bookings(inputs: Inputs, placements: pd.DataFrame) -> int:
    """Pairs of neighbouring segments of one cadre that share a day."""
    parts = placements[["cadre_id", "session_id"]].merge(
        inputs.segments[["session_id", "start_date", "end_date"]], on="session_id"
    )
    parts = parts.sort_values(["cadre_id", "start_date", "end_date"], kind="stable")
    same = parts["cadre_id"].to_numpy()[1:] == parts["cadre_id"].to_numpy()[:-1]
    # The latest end so far, not the end of the row before: a long class may reach past a short one.
    latest = parts.groupby("cadre_id")["end_date"].cummax().to_numpy()[:-1]
    return int(np.sum(same & (parts["start_date"].to_numpy()[1:] <= latest)))
