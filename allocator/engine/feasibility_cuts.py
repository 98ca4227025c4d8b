"""Feedback: what the dates cannot hold goes back to the years, until everybody sent has a seat."""

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
from allocator.engine.swaps import Exchange
from allocator.engine.time_limit import Clock, OutOfTime
from allocator.engine.yearly_stage import Refused, YearlyStage, YearPlan
from allocator.model.instance import Limit

PLACED = ["cadre_id", "session_id", "headcount", "fixed"]
"""Columns of placements that dates are found from."""

TRADES = 12
"""Rounds of trades at most."""

ROUNDS, ROUNDS_OF_BLOCKS = 10, 2
"""Times the years are planned again at most; in problems planned in blocks each takes as long as all trades."""

MANY = 3
"""So many without a seat in one programme and year show that it holds fewer than its sessions have."""

WIDE = 3
"""So many times a limit is on all programmes of a group that meet, so that the years may choose which of them is left; then on the one refused."""

FEW = 20
"""Up to so many seats lacking, others move for them before anybody's years change; more of them never all find one."""

WORK = 3.0
"""Work limit of one dated schedule; planning the years again costs less than proving that a seat cannot be given."""


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
    """Place everybody of a yearly plan in sessions, and plan again without what the dates could not give.

    First the cadre without a seat trades with one alike of another team, which costs nothing. When nobody can, the programme is
    closed, to more people of a group whose away-limit refused, else to the cadre, and the years are planned again for those it
    concerns. What is left then goes to somebody else who costs little.
    When the time is over, the schedule at hand is the last. The schedule with fewest seats lost is kept, the latest of equals.

    Parameters
    ----------
    start
        Placements to keep where they still fit.
    is_sound
        Whether all of them still fit: sessions and rules about dates are as they were.
    exclusions
        Of the same inputs, when they are known already.
    """
    exchange: Exchange | None = None
    knows = False  # Whether who could trade with whom has been worked out for these years.
    exclusions = Exclusions(inputs, Timetable(inputs)) if exclusions is None else exclusions
    timetable = exclusions.timetable
    best: tuple[YearPlan, Schedule] | None = None
    deeply = was_deep = False  # Whether whole programmes and years are, and were, placed again for who lacks a seat.
    replans, patience, fewest = 0, 0.0, len(years.attendances) + 1
    rounds, wide = (ROUNDS, WIDE) if stage.is_joint else (ROUNDS_OF_BLOCKS, 0)
    before = start[PLACED] if start is not None and is_sound else None
    for attempt in range(TRADES + 2 * ROUNDS):
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
            break  # Call-ups that strict rules forbid: the years never asked for them.
        if not knows:
            exchange = None  # Not two of them at a time: each knows everybody's attendances.
            exchange, knows = stage.exchange(years), True
        helps, fewest, deeply = len(lost) < fewest, min(fewest, len(lost)), False
        if helps and exchange is not None and sum([exchange.move(*seat) for seat in lost]):
            years = replace(years, attendances=exchange.table())
        elif not was_deep and exchange is not None and len(lost) <= FEW:
            deeply = was_deep = True
        elif not patience and exchange is None:
            patience = WORK  # Nobody can trade: now the exact repair of the dates is worth its work.
        elif replans < rounds:
            refused = _refused(inputs, dated, timetable if replans < wide else None)
            replans, patience = replans + 1, WORK
            try:
                years = stage.without(years, refused)
            except OutOfTime:
                break
            except ModelError as error:
                if error.args[0] not in (UNHELD, NONE_FOUND):
                    raise
                break  # What one schedule refuses may leave no years at all; that says nothing of other dates.
            knows, was_deep, fewest = False, False, len(lost) + 1
        elif exchange is not None and sum([exchange.substitute(*seat) for seat in lost]):
            years = replace(years, attendances=exchange.table())
        else:
            break
    assert best is not None
    return best


def _asked(unplaced: pd.DataFrame, attendances: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Seats not given (cadre, programme, year) that the yearly plan asks for."""
    keys = ["cadre_id", "programme_id", "year"]
    found = unplaced[keys].merge(attendances[keys])
    return list(zip(*(found[key] for key in keys), strict=True))


def _refused(inputs: Inputs, dated: Schedule, timetable: Timetable | None) -> Refused:
    """What a schedule shows to be out of reach; where many find no seat in a programme and year, it is its seats that are fewer.

    Parameters
    ----------
    timetable
        With it, a group that cannot hold a seat is limited in all programmes that it attends on the same days; else in that one only.
    """
    closed: list[tuple[str, str, int]] = []
    limits: dict[tuple[tuple[str, ...], tuple[str, ...], int], Limit] = {}
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
        if rule_id == SESSIONS_SEATS and full[programme, year] >= MANY:
            seats[programme, int(year)] = int(inside["headcount"].sum())
            continue
        # A seat lacking among many of one team may be its limit in another guise: closing one after another would take for ever.
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
        limits[members, programmes, int(year)] = Limit(members, programmes, int(year), most)
    return Refused(tuple(closed), tuple(limits.values()), seats)


def _meeting(placed: pd.DataFrame, programme: str, year: int, timetable: Timetable) -> set[str]:
    """Programmes of placements that share a day with some session of a programme in a year."""
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
