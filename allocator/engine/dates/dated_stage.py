"""The dated stage: everybody whom the yearly stage sends gets a seat in a dated session, or the rule in the way is named.

``schedule`` places people in order of hardness, then by chains of moves; where somebody is still left, the connected piece around
is solved exactly. A seat is reported as missing only when that is proven, or when the work limit is named in the reason.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.domain.result import OnProgress, Progress, silent
from allocator.domain.tables import Inputs
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.dates.attendances import Pinned
from allocator.engine.dates.construct_and_chains import fill, open_sessions, reach_least, rearrange
from allocator.engine.dates.cp_sat_repair import complete
from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from allocator.engine.dates.unplaced_reasons import reason
from allocator.engine.parameters import DATES


@dataclass(frozen=True)
class Schedule:
    """Dated seats, and those that could not be given.

    Attributes
    ----------
    placements
        Columns cadre_id, session_id, headcount, fixed (a fixed rule asks for the seat); sorted by session and cadre.
    unplaced
        Columns cadre_id, programme_id, year, headcount, rule_id, reason (a ``Message``). ``rule_id`` is the rule in the way: of the
        policy, or ``sessions-seats``, ``sessions-least`` or ``no-overlap``.
    """

    placements: pd.DataFrame
    unplaced: pd.DataFrame


def schedule(
    inputs: Inputs,
    attendances: pd.DataFrame,
    *,
    seed: str,
    on_progress: OnProgress = silent,
    work: float = DATES.repair_work,
    start: pd.DataFrame | None = None,
    exclusions: Exclusions | None = None,
    pinned: Pinned | None = None,
    taken: Mapping[str, int] | None = None,
) -> Schedule:
    """Place every attendance in dated sessions.

    Parameters
    ----------
    inputs
        The checked inputs; sessions, segments and the rules of the kinds spacing, away-limit and fixed are read.
    attendances
        Columns cadre_id, programme_id, year, headcount: seats, 1 for a named cadre; those of an unnamed group may be split
        over sessions.
    seed
        Published seed of the tie-break, see ``ties``.
    on_progress
        Receives the share of attendances placed.
    work
        Work limit of the exact repair and its proofs in CP-SAT's deterministic seconds; it counts work, not time, so that the
        answer is the same on every machine.
    start
        Placements of an earlier schedule (``Schedule.placements``): who attends the same keeps the session where it still fits.
    exclusions
        Those of the inputs, when they are known already.
    pinned
        Attendances of which the sessions are settled, see ``dated_problem.build``; nothing is proven then.
    taken
        Seats that other people hold in each session (``problem.build``); then only sessions that somebody attends are held.

    Raises
    ------
    ModelError
        If an attendance names an unknown id, or a limit groups by a column that the roster does not have.
    """
    began = time.perf_counter()

    def tell(done: float) -> None:
        on_progress(Progress("dates", time.perf_counter() - began, done=done))

    tell(0.0)
    problem = build(inputs, attendances, seed=seed, exclusions=exclusions, pinned=pinned, taken=taken)
    tell(0.2)
    state = State(problem)
    proven = _solve(state, seed, work, tell, start=start, is_part=taken is not None)
    soft_was_used = any(rule.kind == "away-limit" and rule.strength == "soft" for rule in problem.exclusions.rules)
    if soft_was_used and any(state.missing(a) for a in range(len(problem.attendances))):
        # A wish gives way to a seat: whoever is left is placed without soft away-limits.
        relaxed = State(build(inputs, attendances, seed=seed, hard_only=True, pinned=pinned, taken=taken))
        for a, places in enumerate(state.where):
            for s, seats in places.items():
                relaxed.put(a, s, seats)
        state = relaxed
        proven = _solve(state, seed, work, tell, is_filled=True, is_part=taken is not None)
    tell(1.0)
    return Schedule(_placements(state), _unplaced(state, proven if pinned is None else set()))


def _solve(
    state: State,
    seed: str,
    work: float,
    tell: Callable[[float], None],
    *,
    is_filled: bool = False,
    start: pd.DataFrame | None = None,
    is_part: bool = False,
) -> set[int]:
    """Place everybody; returns the attendances whose missing seats are proven to be impossible.

    ``is_part``: others attend the same sessions, so those are held that others attend.
    """
    problem = state.problem
    blocks = range(len(problem.blocks))
    most: dict[int, int] = {}
    if is_part:
        attended = set() if start is None else set(start["session_id"])
        sessions = zip(problem.timetable.ids, problem.taken, strict=True)
        state.is_open = [others > 0 or session in attended for session, others in sessions]
    else:
        most = {block: open_sessions(state, block, seed) for block in blocks}
    if start is not None:
        _keep(state, start)
    for s, load in enumerate(state.load):
        state.is_open[s] = state.is_open[s] or load > 0
    left = [a for a in range(len(problem.attendances)) if state.missing(a)] if is_filled else fill(state, seed)
    tell(0.6)
    for _ in range(2):
        left = rearrange(state, left)
        short = [block for block in blocks if _is_short(state, block)]
        for block in short:
            reach_least(state, block)
        left = [a for a in range(len(problem.attendances)) if state.missing(a)]
        if not left and not short:
            break
    _empty_small(state)
    tell(0.8)
    return complete(state, most, work)


def _keep(state: State, start: pd.DataFrame) -> None:
    """Give seats of an earlier schedule again where session, limits and free seats allow it."""
    problem = state.problem
    place = {session: s for s, session in enumerate(problem.timetable.ids)}
    known: dict[str, list[tuple[int, int]]] = defaultdict(list)
    columns = (start[c] for c in ("cadre_id", "session_id", "headcount"))
    for cadre, session, seats in zip(*columns, strict=True):
        if session in place:
            known[cadre].append((place[session], int(seats)))
    for a, one in enumerate(problem.attendances):
        for s, seats in known.get(problem.cadre_ids[one.person], ()):
            wanted = min(seats, state.missing(a))
            if wanted > 0 and s in one.options and min(state.free(s), state.room(a, s)) >= wanted:
                state.put(a, s, wanted)


def _is_short(state: State, block: int) -> bool:
    """Whether a held session of the block is below its least size."""
    return any(0 < state.load[s] < state.problem.least[s] for s in state.problem.sessions[block])


def _empty_small(state: State) -> None:
    """Empty every session below its least size, whatever that costs; the exact repair starts from there."""
    for s, load in enumerate(state.load):
        if 0 < load < state.problem.least[s]:
            for a, seats in list(state.people[s].items()):
                state.put(a, s, -seats)
            state.is_open[s] = False


def _placements(state: State) -> pd.DataFrame:
    """Seats given: session, cadre, seats, and whether a fixed rule asks for the seat."""
    problem = state.problem
    attendances = problem.attendances
    rows = [
        (s, attendances[a].person, count, attendances[a].is_fixed)
        for a, places in enumerate(state.where)
        for s, count in places.items()
    ]
    session, person, seats, fixed = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    table = pd.DataFrame({"session": session, "person": person, "headcount": seats, "fixed": fixed == 1})
    # Sessions and cadres are in the order of their ids.
    table = table.groupby(["session", "person"]).agg({"headcount": "sum", "fixed": "any"}).reset_index()
    cadres, sessions = problem.inputs.cadres["cadre_id"], problem.timetable.table["session_id"]
    return pd.DataFrame(
        {
            "cadre_id": cadres.take(table["person"].to_numpy()).reset_index(drop=True).astype("str"),
            "session_id": sessions.take(table["session"].to_numpy()).reset_index(drop=True).astype("str"),
            "headcount": table["headcount"],
            "fixed": table["fixed"].astype("bool"),
        }
    )


def _unplaced(state: State, proven: set[int]) -> pd.DataFrame:
    """Seats not given, with the rule in the way and the reason."""
    problem = state.problem
    programmes = problem.inputs.programmes["programme_id"].tolist()
    rows = []
    for a, one in enumerate(problem.attendances):
        if missing := state.missing(a):
            rule_id, why = reason(state, a, a in proven)
            who, what = problem.cadre_ids[one.person], programmes[one.programme]
            rows.append((who, what, one.year, missing, rule_id, why))
    types = {
        "cadre_id": "str", "programme_id": "str", "year": "int64", "headcount": "int64",
        "rule_id": "str", "reason": "object",
    }  # fmt: skip
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    # Column by column: a message that pandas takes for a text forgets its other language.
    table = pd.DataFrame({name: pd.Series(list(c), dtype=types[name]) for name, c in zip(types, columns, strict=True)})
    return table.sort_values(["year", "programme_id", "cadre_id"], kind="stable").reset_index(drop=True)
