"""Feasibility cuts: what the dates cannot hold goes back to the years as a limit, until everybody sent has a seat.

The years are the master and the dates the subproblem of a logic-based Benders decomposition (Hooker and Ottosson 2003). The dates are
solved by heuristics as well, so a cut may forbid more than it must; that costs quality, never validity, and no bound uses it.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from allocator.domain.errors import ModelError
from allocator.domain.rules import AwayLimit
from allocator.domain.tables import Inputs
from allocator.engine.calendar.closed_sessions import SESSIONS_SEATS, Exclusions
from allocator.engine.calendar.timetable import Timetable
from allocator.engine.columns.aggregate_relaxation import NONE_FOUND, UNHELD
from allocator.engine.dates.dated_stage import Schedule, schedule
from allocator.engine.dates.partial_reschedule import reschedule
from allocator.engine.parameters import FEASIBILITY_CUTS
from allocator.engine.swaps import Swaps
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.engine.yearly_stage import FeasibilityCuts, YearlyStage, YearPlan
from allocator.model.instance import Cut

PLACED = ["cadre_id", "session_id", "headcount", "fixed"]
"""Columns of placements that dates are found from."""


def dates_kept(
    stage: YearlyStage,
    inputs: Inputs,
    clock: Clock,
    years: YearPlan,
    start: pd.DataFrame | None = None,
    *,
    is_sound: bool = False,
    exclusions: Exclusions | None = None,
) -> tuple[YearPlan, Schedule]:
    """Place everybody of a yearly plan in sessions, and plan the years again with cuts while seats are missing.

    First a cadre without a seat swaps with one alike of another team, which costs nothing. If nobody can, a cut closes the programme: to
    more people of the group if an away-limit refused the seat, else to the cadre; then the years are planned again for the people affected. What
    is still missing goes to somebody else at least cost. The schedule with the fewest missing seats is returned, the latest of equals.

    Parameters
    ----------
    start
        Placements to keep where they still fit.
    is_sound
        Whether all of them still fit: sessions and rules about dates are as they were.
    exclusions
        Of the same inputs, if they are known already.

    Returns
    -------
    tuple
        The yearly plan and its schedule. When the time is over, they are the best so far.
    """
    swaps: Swaps | None = None
    knows = False  # Whether possible swaps have been worked out for these years.
    exclusions = Exclusions(inputs, Timetable(inputs)) if exclusions is None else exclusions
    timetable = exclusions.timetable
    best: tuple[YearPlan, Schedule] | None = None
    deeply = was_deep = False  # Whether whole programmes and years are, and were, placed again for who lacks a seat.
    replans, patience, fewest = 0, 0.0, len(years.attendances) + 1
    numbers = FEASIBILITY_CUTS
    rounds, wide = (numbers.rounds, numbers.wide_rounds) if stage.is_joint else (numbers.rounds_of_blocks, 0)
    before = start[PLACED] if start is not None and is_sound else None
    for attempt in range(numbers.swap_rounds + 2 * numbers.rounds):
        since = time.monotonic()
        if before is None or stage.is_small:
            dated = schedule(
                inputs, years.attendances, seed=inputs.scenario.seed, on_progress=clock.on_progress,
                work=min(patience, clock.left()), start=start, exclusions=exclusions,
            )  # fmt: skip
            start = None if start is None else dated.placements
        else:
            dated = reschedule(
                years.attendances, before, exclusions,
                seed=inputs.scenario.seed, work=min(patience, clock.left()), deeply=deeply,
            )  # fmt: skip
        before = dated.placements
        clock.add("dates", since)
        if best is None or dated.unplaced["headcount"].sum() <= best[1].unplaced["headcount"].sum():
            best = years, dated
        if dated.unplaced.empty or clock.is_over():
            break
        stage.work["feedback-rounds"] = attempt + 1.0
        lost = _asked(dated.unplaced, years.attendances)
        if not lost:
            break  # Only call-ups that strict rules forbid are missing; planning the years again cannot help.
        if not knows:
            swaps = None  # Free the old one first: each holds everybody's attendances.
            swaps, knows = stage.swaps(years), True
        helps, fewest, deeply = len(lost) < fewest, min(fewest, len(lost)), False
        if helps and swaps is not None and sum([swaps.swap(*seat) for seat in lost]):
            years = replace(years, attendances=swaps.table())
        elif not was_deep and swaps is not None and len(lost) <= FEASIBILITY_CUTS.moved_for:
            deeply = was_deep = True
        elif not patience and swaps is None:
            patience = FEASIBILITY_CUTS.work  # Nobody can swap: now the exact repair of the dates is worth its work.
        elif replans < rounds:
            cuts = _cuts_of(inputs, dated, timetable if replans < wide else None)
            replans, patience = replans + 1, FEASIBILITY_CUTS.work
            try:
                years = stage.without(years, cuts)
            except OutOfTime:
                break
            except ModelError as error:
                if error.args[0] not in (UNHELD, NONE_FOUND):
                    raise
                break  # What one schedule refuses may leave no years at all; that says nothing of other dates.
            knows, was_deep, fewest = False, False, len(lost) + 1
        elif swaps is not None and sum([swaps.substitute(*seat) for seat in lost]):
            years = replace(years, attendances=swaps.table())
        else:
            break
    assert best is not None
    return best


def _asked(unplaced: pd.DataFrame, attendances: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Missing seats (cadre, programme, year) that the yearly plan asks for. Others are call-ups that strict rules forbid."""
    keys = ["cadre_id", "programme_id", "year"]
    found = unplaced[keys].merge(attendances[keys])
    return list(zip(*(found[key] for key in keys), strict=True))


def _cuts_of(inputs: Inputs, dated: Schedule, timetable: Timetable | None) -> FeasibilityCuts:
    """The cuts that a schedule shows.

    If many find no seat in one programme and year, its seats are cut. If a group was at its away-limit, the group's number is cut. Else the single
    cadre's attendance is.

    Parameters
    ----------
    timetable
        If given, a group is limited in all programmes that it attends on the same days together; else in the refused one only.
    """
    closed: list[tuple[str, str, int]] = []
    limits: dict[tuple[tuple[str, ...], tuple[str, ...], int], Cut] = {}
    seats: dict[tuple[str, int], int] = {}
    unplaced = dated.unplaced
    of_session = inputs.sessions[["session_id", "programme_id", "year"]]
    everything = dated.placements.merge(of_session, on="session_id")
    placed = everything.merge(unplaced[["programme_id", "year"]].drop_duplicates())
    blocks = dict(iter(placed.groupby(["programme_id", "year"])))
    rules = [rule for rule in inputs.policy.rules if isinstance(rule, AwayLimit) and rule.share is not None]
    groups = {rule.id: _groups(inputs, rule, unplaced["cadre_id"]) for rule in rules}
    full = unplaced[unplaced["rule_id"] == SESSIONS_SEATS].groupby(["programme_id", "year"]).size()
    lost = zip(*(unplaced[c] for c in ("cadre_id", "programme_id", "year", "rule_id")), strict=True)
    for cadre, programme, year, rule_id in lost:
        inside = blocks.get((programme, year), placed.iloc[:0])
        if rule_id == SESSIONS_SEATS and full[programme, year] >= FEASIBILITY_CUTS.full_from:
            seats[programme, int(year)] = int(inside["headcount"].sum())
            continue
        # Several members of one team without a seat often mean the team's away-limit. Closing seat after seat would take too many rounds.
        asked = (groups[rule_id],) if rule_id in groups else tuple(groups.values())
        members = next((found[cadre] for found in asked if cadre in found), ())
        held = inside["cadre_id"].isin(members)
        if not members or (rule_id not in groups and not held.any()):
            closed.append((cadre, programme, int(year)))
            continue
        own = everything[everything["cadre_id"].isin(members) & (everything["year"] == year)]
        met = {programme} if timetable is None else {programme, *_meeting(own, programme, int(year), timetable)}
        programmes = tuple(sorted(met))
        most = int(own.loc[own["programme_id"].isin(programmes), "headcount"].sum())
        limits[members, programmes, int(year)] = Cut(members, programmes, int(year), most)
    return FeasibilityCuts(tuple(closed), tuple(limits.values()), seats)


def _meeting(placed: pd.DataFrame, programme: str, year: int, timetable: Timetable) -> set[str]:
    """Programmes of some placements that share a day with a session of the programme in the year."""
    sessions = timetable.table
    is_own = ((sessions["programme_id"] == programme) & (sessions["year"] == year)).to_numpy()
    kind = pd.Series(timetable.kind, index=timetable.ids)
    meets = timetable.overlap[kind[placed["session_id"]].to_numpy(np.int64)][:, np.unique(timetable.kind[is_own])]
    return set(placed.loc[meets.any(axis=1), "programme_id"])


def _groups(inputs: Inputs, rule: AwayLimit, cadres: pd.Series) -> dict[str, tuple[str, ...]]:
    """The people of each cadre's group under an away-limit; cadres outside any group are left out."""
    roster: pd.DataFrame = inputs.roster
    values = roster[rule.group_by].astype(str)
    own = dict(zip(roster["cadre_id"], values, strict=True))
    wanted = {own[cadre] for cadre in cadres} - {""}
    inside = inputs.audience(rule.audience) & values.isin(wanted).to_numpy()
    members = {str(name): tuple(ids) for name, ids in roster.loc[inside, "cadre_id"].groupby(values[inside])}
    return {cadre: found for cadre in cadres if (found := members.get(own[cadre]))}
