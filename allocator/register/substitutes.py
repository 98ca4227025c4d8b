"""Substitutes: who could take a seat of the plan in force; and one of them put there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from allocator.domain.change import Published
from allocator.domain.errors import RegisterError
from allocator.domain.tables import Inputs
from allocator.engine.replan.situation import Situation
from allocator.engine.replan.substitutes import Found, Substitute, substitutes
from allocator.inputs import load
from allocator.language.message import Message
from allocator.register import states
from allocator.register.events.apply import apply
from allocator.register.events.read import one_event
from allocator.register.events.standing import events_of, standing
from allocator.register.records import EventKind, SessionState
from allocator.register.register import Register
from allocator.register.replan import Answered, answer, published_plan


@dataclass(frozen=True)
class Asked:
    """A question for substitutes and its answer; ``is_given_up`` says that an event has freed the seat already."""

    session_id: str
    cadre_id: str
    is_given_up: bool
    inputs: Inputs
    found: Found


def ask(register: Register, session_id: str, cadre_id: str = "", *, on: date, most: int = 10) -> Asked:
    """Who could take the seat of somebody, or a free seat, in a session.

    Parameters
    ----------
    cadre_id
        Whose seat; empty for a seat that is free.
    most
        How many, at most.

    Raises
    ------
    RegisterError
        If there is no such seat, or the state of the session forbids that anybody comes.
    """
    with _situation(register, session_id, cadre_id, on) as (now, inputs, is_given_up):
        return Asked(session_id, cadre_id, is_given_up, inputs, substitutes(now, session_id, most))


def accept(
    register: Register,
    session_id: str,
    cadre_id: str,
    who: str,
    *,
    by: str,
    on: date,
    reason: str,
    clause: str = "",
    despite_breaches: bool = False,
) -> Answered:
    """Put one of the substitutes in the seat: the agreement is an event, which the next version of the plan answers.

    Who can come only by leaving another seat is followed there by the second of the chain.

    Raises
    ------
    RegisterError
        If he or she is not among those who could come.
    InputError
        If the register knows better.
    """
    asked = ask(register, session_id, cadre_id, on=on, most=ALL)
    chosen = next((one for one in asked.found.substitutes if one.cadre_id == who), None)
    if chosen is None:
        raise RegisterError(Message("substitutes.not-able", cadre=who, session=session_id))
    steps = [*_chain(chosen), (cadre_id if not asked.is_given_up else "", session_id, who)]
    with tempfile.TemporaryDirectory() as scratch:
        version = register.latest().version
        inputs = load(register.write_inputs(version, Path(scratch)))
        now = standing(register, inputs, on)
        events = []
        for leaves, session, comes in steps:
            kind = EventKind.SUBSTITUTE if leaves else EventKind.CALL_UP
            cells = {
                "kind": kind.value,
                "cadre_id": leaves or comes,
                "session_id": session,
                "value": comes if leaves else "",
            }
            events.append(one_event({**cells, "reason": reason, "clause": clause, "by": by}, now))
    return answer(register, by=by, on=on, reason=reason, clause=clause, noted=events, despite_breaches=despite_breaches)


ALL = 1_000_000
"""As many substitutes as there are."""


def _chain(chosen: Substitute) -> Sequence[tuple[str, str, str]]:
    return [(chosen.cadre_id, chosen.gives_up, chosen.then)] if chosen.gives_up and chosen.then else []


@contextmanager
def _situation(
    register: Register, session_id: str, cadre_id: str, on: date
) -> Iterator[tuple[Situation, Inputs, bool]]:
    """How things stand with the seat given up."""
    latest = register.latest()
    plan = register.plan(latest.version)
    table = register.events()
    events = tuple(events_of(table[table["applied_in"].isna()]))
    with tempfile.TemporaryDirectory() as scratch:
        inputs = load(register.write_inputs(latest.version, Path(scratch) / "in-force"))
        if session_id not in set(inputs.sessions["session_id"]):
            raise RegisterError(Message("substitutes.no-session", session=session_id))
        after, forced, called = inputs, frozenset[tuple[str, str]](), frozenset[tuple[str, str]]()
        if events:
            applied = apply(inputs, events, plan, Path(scratch) / "after", version=latest.version + 1)
            after, forced, called = applied.inputs, frozenset(applied.forced), frozenset(applied.called)
        known = register.sessions(on=on).set_index("session_id")["state"]
        states.seats_change(session_id, SessionState(known.get(session_id, "draft")), comes=True)
        own = plan.placements[plan.placements["session_id"] == session_id]
        is_given_up = (cadre_id, session_id) in forced
        if cadre_id and cadre_id not in set(own["cadre_id"]):
            raise RegisterError(Message("register.no-seat", cadre=cadre_id, session=session_id))
        inside = plan.placements["year"].isin(after.years) & ~plan.placements["year"].isin(register.closed_years())
        in_force: Published = published_plan(register, plan.placements[inside], inputs, after, on)
        freed = forced | ({(cadre_id, session_id)} if cadre_id else set())
        now = Situation(after, replace(in_force, forced=freed, called=called))
        s = now.session_at[session_id]
        if now.is_past[s]:  # A draft may have begun though no paper says so.
            states.seats_change(session_id, SessionState.RUNNING, comes=True)
        if now.load[s] >= now.timetable.seats[s]:
            raise RegisterError(Message("substitutes.full", session=session_id))
        now.takes[s] = True  # The planner asks, so the notice period is his or her business.
        yield now, after, is_given_up
