"""Seats added to as few classes as it takes, so that all hard rules can be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from allocator.answers.conflicts.demands import Part
from allocator.answers.conflicts.feasibility_oracle import Trials, planned
from allocator.answers.conflicts.minimal_conflicts import Conflict
from allocator.engine.run import Run


def seats_more(trials: Trials, conflicts: Sequence[Conflict], must: Sequence[Part], most: int) -> dict[str, int] | None:
    """How many seats each session gets more so that some demands can be kept; ``None`` where that is not enough.

    Parameters
    ----------
    conflicts
        Only sessions of their years and programmes get more.
    must
        The demands.
    most
        Seats that a session may get more.

    Raises
    ------
    OutOfTimeError
        When the time of the trials is over.
    """
    sessions = _contended(trials, conflicts)
    if not must or not sessions:
        return None
    extra, size = None, 1
    while extra is None:
        extra = _used(trials, must, dict.fromkeys(sessions, size))
        if extra is None and size >= most:
            return None
        size = min(2 * size, most)
    return _trimmed(trials, must, extra)


def _contended(trials: Trials, conflicts: Sequence[Conflict]) -> list[str]:
    """Sessions of the years and programmes in conflict."""
    table = trials.inputs.sessions
    wanted = np.zeros(len(table), dtype=bool)
    ids = trials.inputs.programmes["programme_id"].to_numpy()
    for conflict in conflicts:
        for part in conflict.parts:
            counting = set(ids[trials.programmes_of(part)])
            wanted |= np.asarray(table["programme_id"].isin(counting) & table["year"].isin(part.years))
    return [str(one) for one in table["session_id"][wanted]]


def _used(trials: Trials, must: Sequence[Part], extra: Mapping[str, int]) -> dict[str, int] | None:
    """Of some extra seats those that a plan uses which keeps everything; ``None`` where none does."""
    trials.refuse_when_over()
    cut = trials.cut(must, trials.limbs)
    more = cut.sessions["session_id"].map(dict(extra)).fillna(0).astype("int64")
    table = cut.sessions.assign(seats=cut.sessions["seats"] + more, usable_seats=cut.sessions["usable_seats"] + more)
    run = planned(replace(cut, sessions=table), trials.seconds_left())
    if not isinstance(run, Run) or run.audit.goals["violation"] >= 0.5:
        return None
    taken = run.plan.placements.groupby("session_id")["headcount"].sum()
    usable = cut.sessions.set_index("session_id")["usable_seats"]
    beyond = (taken - usable.reindex(taken.index)).clip(lower=0)
    return {str(session): int(seats) for session, seats in beyond.items() if seats > 0}


def _trimmed(trials: Trials, must: Sequence[Part], extra: dict[str, int]) -> dict[str, int]:
    """The same with no seat too many: each was tried without."""
    for session in sorted(extra):
        while extra.get(session, 0):
            fewer = {**extra, session: extra[session] - 1}
            used = _used(trials, must, {s: n for s, n in fewer.items() if n})
            if used is None:
                break
            extra = used
    return extra
