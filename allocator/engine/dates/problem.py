"""The dated problem in whole numbers: who needs which seats, which sessions are open to whom, and what is shared.

An *attendance* (``attendances``) is one cadre in one programme and year; it needs one seat, or several for an unnamed group, in
sessions of that programme and year. Attendances meet in the seats and least sizes of sessions and in *limits* (``constraints``):

* ``Apart``: no two entries of one person in sessions that share a day or leave too little rest;
* ``Sides``: entries of different posts of one group never share a day;
* ``Away``: on no day are more than ``most`` of one group away.

A limit is kept only if it could bind at all. Most never do, so few are left. Index letters: ``a``, ``b``
attendance, ``s``, ``t`` session, ``r`` limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from allocator.domain.tables import Inputs
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.calendar.timetable import Timetable
from allocator.engine.dates.attendances import Attendance, Pinned, attendances_of
from allocator.engine.dates.constraints import Limit, binding


@dataclass(eq=False)
class DatedProblem:
    """Attendances, sessions and limits; see the module."""

    inputs: Inputs
    timetable: Timetable
    exclusions: Exclusions
    attendances: list[Attendance]
    blocks: list[tuple[int, int]]  # programme and year
    sessions: list[list[int]]  # sessions of each block
    members: list[list[int]]  # attendances of each block
    limits: list[Limit] = field(default_factory=list)
    limits_of: list[list[int]] = field(default_factory=list)  # of each attendance
    seats: list[int] = field(default_factory=list)
    least: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)  # seats of each session held by people outside the problem

    @cached_property
    def kind(self) -> list[int]:
        """Kind of each session; the rows of limits are tables over kinds."""
        kinds: list[int] = self.timetable.kind.tolist()
        return kinds

    @cached_property
    def cadre_ids(self) -> list[str]:
        """Id of each person."""
        ids: list[str] = self.inputs.cadres["cadre_id"].tolist()
        return ids

    def can_open(self, s: int) -> bool:
        """Whether the seats of a session reach its least size."""
        return self.seats[s] >= self.least[s]


def build(
    inputs: Inputs,
    wanted: pd.DataFrame,
    *,
    seed: str,
    hard_only: bool = False,
    exclusions: Exclusions | None = None,
    pinned: Pinned | None = None,
    taken: Mapping[str, int] | None = None,
) -> DatedProblem:
    """The problem of the wanted attendances.

    Parameters
    ----------
    wanted
        Columns cadre_id, programme_id, year, headcount; in any order, repeated rows add up.
    seed
        Published seed of the tie-break.
    hard_only
        Leave out away-limits that are only wished for.
    exclusions
        Those of the inputs, when they are known already.
    pinned
        Attendances of which the sessions are settled, when only a part of all is wanted. Their programme and year may be there in
        part only, so its sessions have a least size of 1 here.
    taken
        Seats of sessions (by id) that people have who are not wanted here and stay where they are.

    Raises
    ------
    ModelError
        If an id is unknown or a limit groups by a column that the roster does not have.
    """
    if exclusions is None or hard_only:
        exclusions = Exclusions(inputs, Timetable(inputs), hard_only=hard_only)
    timetable = exclusions.timetable
    found = attendances_of(exclusions, wanted, seed, pinned)
    problem = DatedProblem(
        inputs, timetable, exclusions, found.attendances, found.blocks, found.sessions, found.members
    )
    problem.seats, problem.least = timetable.seats.tolist(), timetable.least.tolist()
    problem.taken = [0 if taken is None else taken.get(session, 0) for session in timetable.ids]
    if taken is not None:
        problem.seats = [seats - others for seats, others in zip(problem.seats, problem.taken, strict=True)]
        problem.least = [max(1, least - others) for least, others in zip(problem.least, problem.taken, strict=True)]
    for s in found.settled:
        problem.least[s] = 1
    problem.limits_of = [[] for _ in problem.attendances]
    for limit in binding(exclusions, problem.attendances):
        for a in limit.entries:
            problem.limits_of[a].append(len(problem.limits))
        problem.limits.append(limit)
    return problem
