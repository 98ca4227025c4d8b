"""Plain counts of a plan for headlines: people, seats, sessions; verdicts are the auditor's."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from allocator.domain.plan import Plan
from allocator.domain.tables import Inputs


@dataclass(frozen=True)
class Facts:
    """Counts over all years, and ``by_year`` with people, seats, sessions and person_days as columns."""

    by_year: pd.DataFrame
    named: int  # people of the roster with a name
    unnamed: int  # people in unnamed groups
    never: int  # named people who attend nothing in the plan
    offered: int  # sessions in the plan years
    held: int
    fill: float | None  # seats filled as a share of the usable seats of the sessions held
    least_filled: float | None  # the same of the emptiest session held


def facts(inputs: Inputs, plan: Plan) -> Facts:
    """Count the plan."""
    placements, cadres = plan.placements, inputs.cadres
    is_named = cadres["headcount"] == 1
    named_ids = set(cadres.loc[is_named, "cadre_id"])
    sessions = inputs.sessions[inputs.sessions["year"].isin(inputs.years)].set_index("session_id")
    filled = placements.groupby("session_id")["headcount"].sum()
    held = sessions.loc[sessions.index.isin(filled.index)]
    taken = filled.reindex(held.index)
    return Facts(
        by_year=_by_year(inputs, placements, named_ids),
        named=int(is_named.sum()),
        unnamed=int(cadres.loc[~is_named, "headcount"].sum()),
        never=len(named_ids - set(placements["cadre_id"])),
        offered=len(sessions),
        held=len(held),
        fill=float(taken.sum() / held["usable_seats"].sum()) if len(held) else None,
        least_filled=float((taken / held["usable_seats"]).min()) if len(held) else None,
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
