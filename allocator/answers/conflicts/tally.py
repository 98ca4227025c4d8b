"""What a conflict asks for in numbers: attendances wanted, the people who may attend, and the seats that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.answers.conflicts.demands import Part, people_of
from allocator.answers.conflicts.feasibility_oracle import Trials
from allocator.domain.rules import Coverage, Interval, MakeUp, Quota, ShareFloor


@dataclass(frozen=True)
class Tally:
    """Figures of some demands together; one attendance may serve several of them.

    Parameters
    ----------
    wanted
        Attendances that the demands ask for, added up demand by demand.
    people
        People of whom they are asked and who may attend something that counts.
    seats, sessions
        Seats of the sessions that count in the years in question, and these sessions.
    """

    wanted: int
    people: int
    seats: int
    sessions: int


def tally(trials: Trials, parts: Sequence[Part]) -> Tally | None:
    """The figures of some demands; ``None`` where they ask for nothing that is counted in attendances."""
    asking = [part for part in parts if part.side != "most"]
    if not asking or any(_is_uncounted(part) for part in asking):
        return None
    inputs = trials.inputs
    table, heads = inputs.sessions, inputs.cadres["headcount"].to_numpy(np.int64)
    ids = inputs.programmes["programme_id"].to_numpy()
    people, counts, wanted = np.zeros(len(heads), dtype=bool), np.zeros(len(table), dtype=bool), 0
    for part in asking:
        own = people_of(part, inputs)
        counting = trials.programmes_of(part, own)
        people |= own & trials.able(counting)
        counts |= np.asarray(table["programme_id"].isin(ids[counting]) & table["year"].isin(_years(part)))
        wanted += _wanted(part, own, trials)
    return Tally(wanted, int(heads[people].sum()), int(table["usable_seats"][counts].sum()), int(counts.sum()))


def _is_uncounted(part: Part) -> bool:
    return part.rule.owed_in == "hours" or not isinstance(part.rule, (Quota, ShareFloor, Coverage, Interval, MakeUp))


def _wanted(part: Part, own: np.ndarray, trials: Trials) -> int:
    rule, inputs = part.rule, trials.inputs
    heads = inputs.cadres["headcount"].to_numpy(np.int64)
    if isinstance(rule, Quota):
        return rule.amount * len(part.years)
    if isinstance(rule, ShareFloor):
        groups = inputs.roster[rule.group_by].astype(str).to_numpy(object)
        sizes = (int(heads[own & (groups == name)].sum()) for name in set(groups[own]) - {""})
        return sum(-(-rule.share.numerator * size // rule.share.denominator) for size in sizes) * len(part.years)
    return int(heads[own].sum()) if isinstance(rule, Coverage) else int((own & (heads == 1)).sum())


def _years(part: Part) -> set[int]:
    """Years in which attending serves a demand."""
    rule = part.rule
    reach = rule.every_years if isinstance(rule, Interval) else rule.after_years if isinstance(rule, MakeUp) else 1
    return {year - back for year in part.years for back in range(reach)}
