"""Some attendances of the dated problem as a CP-SAT model, the rest of the plan standing still or left out.

.. math::
    \\max \\sum_{a, s} x_{as} \\quad
    \\sum_s x_{as} \\le w_a, \\qquad
    m_s z_s \\le \\sum_a x_{as} \\le n_s z_s, \\qquad
    x_{as} + \\sum_{t \\in N(s)} x_{bt} \\le 1, \\qquad
    \\sum_{a, s \\ni d} x_{as} \\le L_r

:math:`x_{as}` seats of attendance ``a`` in session ``s``, :math:`z_s` whether the session is held, :math:`w_a` seats wanted,
:math:`m_s, n_s` least and most seats, :math:`N(s)` sessions that exclude ``s`` for two entries of a person or of posts that stay
apart, :math:`L_r` the most of a group away on day ``d``. Attendances that no limit binds are alike when the same sessions are
open to them, so one whole number counts them all; this keeps the model small at the size of a province.

``place`` lets the rest stand still and looks for more seats. ``none_more`` leaves the rest out, which can only make things
easier: when even so no more find a seat, then as many seats as now must be missing here in every schedule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ortools.sat.python import cp_model

from allocator.engine.dates.constraints import Away, Limit, Sides
from allocator.engine.dates.construct_and_chains import deterministic_solver
from allocator.engine.dates.problem import DatedProblem
from allocator.engine.dates.state import State

Places = dict[int, dict[int, int]]


@dataclass(eq=False)
class _Piece:
    """The model under construction."""

    state: State
    free: frozenset[int]  # attendances that may move
    is_alone: bool  # the rest is left out
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    options: dict[int, tuple[int, ...]] = field(default_factory=dict)  # what the rest of the plan leaves open
    seat: dict[tuple[int, int], Any] = field(default_factory=dict)  # bound attendance and session
    flow: dict[tuple[int, tuple[int, ...], int], Any] = field(default_factory=dict)  # block, options, session
    alike: dict[tuple[int, tuple[int, ...]], list[int]] = field(default_factory=dict)

    def others(self, r: int) -> list[tuple[int, int]]:
        """Entries of a limit that stay where they are."""
        return [] if self.is_alone else [(b, t) for b, t in self.state.held[r] if b not in self.free]

    @property
    def placed(self) -> int:
        """Seats that the free attendances have now."""
        return sum(sum(self.state.where[a].values()) for a in self.free)

    @property
    def seats(self) -> Any:
        """Seats that the free attendances get, as an expression."""
        return sum(self.seat.values()) + sum(self.flow.values())


def place(state: State, free: Iterable[int], work: float) -> tuple[bool | None, float]:
    """Give out at least one seat more to some attendances while the rest stands still.

    Returns
    -------
    improved
        Whether more seats are given out now; ``None`` when the work limit left it open.
    spent
        Work done, in deterministic seconds.
    """
    return _one_more(_piece(state, free, is_alone=False), work)


def none_more(state: State, free: Iterable[int], work: float) -> tuple[bool, float]:
    """Whether these attendances could not get more seats than now even if nobody else attended anything; and the work done."""
    improved, spent = _one_more(_piece(state, free, is_alone=True), work)
    return improved is False, spent


def _one_more(piece: _Piece, work: float) -> tuple[bool | None, float]:
    # Asking for one seat more is far cheaper than asking for the most: what is impossible is seen before any search.
    """Ask for one seat more than now; ``None`` if the work limit was reached."""
    piece.model.add(piece.seats >= piece.placed + 1)
    solver = deterministic_solver(work)
    status = solver.solve(piece.model)
    spent = solver.response_proto.deterministic_time
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return (False if status == cp_model.INFEASIBLE else None), spent
    if not piece.is_alone:
        _apply(piece, solver)
    return True, spent


def _piece(state: State, free: Iterable[int], *, is_alone: bool) -> _Piece:
    """The model of some free attendances, with everybody else fixed, or left out (``is_alone``)."""
    members = sorted(free)
    piece = _Piece(state, frozenset(members), is_alone)
    _attendances(piece, members, _limits(piece, members))
    _sessions(piece)
    _hint(piece)
    return piece


def _limits(piece: _Piece, members: list[int]) -> list[tuple[int, list[int]]]:
    """Limits that two or more of the members share; the others only close sessions to one."""
    state, problem = piece.state, piece.state.problem
    for a in members:
        piece.options[a] = problem.attendances[a].options
    shared: list[tuple[int, list[int]]] = []
    for r in sorted({r for a in members for r in problem.limits_of[a]}):
        limit = problem.limits[r]
        ours = [a for a in limit.entries if a in piece.free]
        others = piece.others(r)
        is_shared = len(ours) > 1 or problem.attendances[ours[0]].seats > 1
        if is_shared:
            shared.append((r, ours))
        if others and not isinstance(limit, Away):
            for a in ours:
                piece.options[a] = tuple(s for s in piece.options[a] if not _meets(problem, limit, a, s, others))
        elif others and isinstance(limit, Away) and not is_shared:
            outside = _seats_of(state, others)
            piece.options[ours[0]] = tuple(
                s
                for s in piece.options[ours[0]]
                if all(n < limit.most for n in _depths(problem, [s], outside).values())
            )
    return shared


def _seats_of(state: State, entries: list[tuple[int, int]]) -> dict[int, int]:
    """Seats of some entries in each session."""
    seats: dict[int, int] = defaultdict(int)
    for b, t in entries:
        seats[t] += state.where[b][t]
    return seats


def _meets(problem: DatedProblem, limit: Limit, a: int, s: int, entries: list[tuple[int, int]]) -> bool:
    """Whether an attendance in a session would meet one of some entries."""
    row, kind = limit.rows[problem.kind[s]], problem.kind
    if isinstance(limit, Sides):
        return any(row[kind[t]] and limit.side[a] != limit.side[b] for b, t in entries)
    return any(row[kind[t]] for _, t in entries)


def _depths(problem: DatedProblem, sessions: Iterable[int], outside: dict[int, int]) -> dict[int, int]:
    """Seats already taken on each day that matters: a first day of one of the sessions, or of those outside within them."""
    segments = problem.timetable.segments
    spans = [span for s in sessions for span in segments[s]]
    days = {first for first, _ in spans}
    days |= {d for t in outside for d, _ in segments[t] if any(a <= d <= b for a, b in spans)}
    return {
        day: sum(n for t, n in outside.items() if any(a <= day <= b for a, b in segments[t])) for day in sorted(days)
    }


def _attendances(piece: _Piece, members: list[int], shared: list[tuple[int, list[int]]]) -> None:
    """Variables of the free attendances: one for each bound attendance and session, counts for the others."""
    problem, model = piece.state.problem, piece.model
    bound = {a for _, ours in shared for a in ours}
    for a in members:
        one = problem.attendances[a]
        if a not in bound:
            piece.alike.setdefault((one.block, piece.options[a]), []).append(a)
            continue
        for s in piece.options[a]:
            piece.seat[a, s] = model.new_int_var(0, min(one.seats, problem.seats[s]), "")
        if piece.options[a]:
            model.add(sum(piece.seat[a, s] for s in piece.options[a]) <= one.seats)
    for (block, options), alike in piece.alike.items():
        count = sum(problem.attendances[a].seats for a in alike)
        for s in options:
            piece.flow[block, options, s] = model.new_int_var(0, min(count, problem.seats[s]), "")
        if options:
            model.add(sum(piece.flow[block, options, s] for s in options) <= count)
    for r, ours in shared:
        if isinstance(problem.limits[r], Away):
            _away_rows(piece, r, ours)
        else:
            _apart_rows(piece, problem.limits[r], ours)


def _apart_rows(piece: _Piece, limit: Limit, ours: list[int]) -> None:
    """Rows of a limit on entries that exclude each other."""
    model, kind = piece.model, piece.state.problem.kind
    present: dict[tuple[int, int], Any] = {}
    for a in ours:
        for s in piece.options[a]:
            wanted = piece.state.problem.attendances[a].seats
            if wanted == 1:
                present[a, s] = piece.seat[a, s]
            else:
                present[a, s] = model.new_bool_var("")
                model.add(piece.seat[a, s] <= wanted * present[a, s])
    for k, a in enumerate(ours):
        for b in ours[k + 1 :]:
            if isinstance(limit, Sides) and limit.side[a] == limit.side[b]:
                continue
            one_seat = piece.state.problem.attendances[b].seats == 1
            for s in piece.options[a]:
                near = [present[b, t] for t in piece.options[b] if limit.rows[kind[s]][kind[t]]]
                if near and one_seat:
                    model.add(present[a, s] + sum(near) <= 1)
                for other in near if not one_seat else ():
                    model.add(present[a, s] + other <= 1)


def _away_rows(piece: _Piece, r: int, ours: list[int]) -> None:
    """Rows of a limit on how many are away on one day."""
    state, problem = piece.state, piece.state.problem
    limit = problem.limits[r]
    assert isinstance(limit, Away)
    segments = problem.timetable.segments
    outside = _seats_of(state, piece.others(r))
    sessions = sorted({s for a in ours for s in piece.options[a]})
    by_session: dict[int, list[int]] = {s: [a for a in ours if s in piece.options[a]] for s in sessions}
    done: set[tuple[int, ...]] = set()
    for day, taken in _depths(problem, sessions, outside).items():
        on_day = tuple(s for s in sessions if any(first <= day <= last for first, last in segments[s]))
        seats = [piece.seat[a, s] for s in on_day for a in by_session[s]]
        most = sum(problem.attendances[a].seats for a in {a for s in on_day for a in by_session[s]})
        if seats and (taken, *on_day) not in done and taken + most > limit.most:
            done.add((taken, *on_day))
            piece.model.add(sum(seats) <= max(0, limit.most - taken))


def _sessions(piece: _Piece) -> None:
    """Rows of seats and least sizes."""
    state, problem, model = piece.state, piece.state.problem, piece.model
    loads: dict[int, list[Any]] = defaultdict(list)
    for (_, s), n in piece.seat.items():
        loads[s].append(n)
    for (_, _, s), n in piece.flow.items():
        loads[s].append(n)
    for block in sorted({problem.attendances[a].block for a in piece.free}):
        is_whole = all(a in piece.free for a in problem.members[block] if problem.attendances[a].options)
        for s in problem.sessions[block]:
            if s not in loads:
                continue
            load, others = sum(loads[s]), 0
            if not piece.is_alone:
                others = state.load[s] - sum(n for a, n in state.people[s].items() if a in piece.free)
            if others:
                model.add(load >= problem.least[s] - others)
            if others or problem.least[s] == 1 or (piece.is_alone and not is_whole):
                # Somebody who stays keeps the session open; without those left out its least size says nothing.
                model.add(load <= problem.seats[s] - others)
                continue
            is_open = model.new_bool_var("")
            model.add(load <= problem.seats[s] * is_open)
            model.add(load >= problem.least[s] * is_open)
            model.add_hint(is_open, state.load[s] > 0)


def _hint(piece: _Piece) -> None:
    """Start the search from where people are now."""
    for (a, s), n in piece.seat.items():
        piece.model.add_hint(n, piece.state.where[a].get(s, 0))
    for (block, options), alike in piece.alike.items():
        for s in options:
            seated = sum(piece.state.where[a].get(s, 0) for a in alike)
            piece.model.add_hint(piece.flow[block, options, s], seated)


def _apply(piece: _Piece, solver: cp_model.CpSolver) -> None:
    """Move people to where the solution wants them; among people who are alike, whoever is there already stays."""
    state, problem = piece.state, piece.state.problem
    wanted: Places = defaultdict(dict)
    for (a, s), n in piece.seat.items():
        if solver.value(n):
            wanted[a][s] = solver.value(n)
    for (block, options), alike in piece.alike.items():
        counts = {s: solver.value(piece.flow[block, options, s]) for s in options}
        for a in sorted(alike, key=lambda a: problem.attendances[a].draw):
            for s, n in sorted(state.where[a].items()):
                stays = min(n, counts.get(s, 0))
                if stays:
                    wanted[a][s] = stays
                    counts[s] -= stays
        for a in sorted(alike, key=lambda a: (problem.attendances[a].seats > 1, problem.attendances[a].draw)):
            lacks = problem.attendances[a].seats - sum(wanted[a].values())
            for s in sorted(counts, key=lambda s: (-counts[s], s)):
                comes = min(lacks, counts[s])
                if comes:
                    wanted[a][s] = wanted[a].get(s, 0) + comes
                    counts[s] -= comes
                    lacks -= comes
    for a in sorted(piece.free):
        for s, n in list(state.where[a].items()):
            state.put(a, s, -n)
    for a in sorted(piece.free):
        for s, n in sorted(wanted[a].items()):
            state.put(a, s, n)
    for block in {problem.attendances[a].block for a in piece.free}:
        for s in problem.sessions[block]:
            state.is_open[s] = problem.can_open(s) and (state.load[s] > 0 or problem.least[s] == 1)
