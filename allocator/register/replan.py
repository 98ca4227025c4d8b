"""Replan: the plan in force answers the events that wait, with as few changes as can be."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from allocator.domain.change import Published, seats_of
from allocator.domain.errors import RegisterError
from allocator.domain.plan import Plan, ordered
from allocator.domain.tables import Inputs
from allocator.engine.replan.fewest_changes import Replanned, replan
from allocator.engine.time_limit import Clock
from allocator.inputs import load
from allocator.language.message import Message
from allocator.register.events.apply import Applied, apply
from allocator.register.events.standing import events_of
from allocator.register.records import Event, SeatState, SessionState
from allocator.register.register import Register

OUT = (SessionState.ISSUED, SessionState.RUNNING, SessionState.CLOSED)


@dataclass(frozen=True)
class SeatChange:
    """What changes for one person: a seat ``dropped``, ``added``, or ``moved`` to another session of its programme.

    ``event_id`` names the event that forces it or that made room; ``why`` says it in the reader's language; ``rules`` are those that
    would be kept less well without it.
    """

    cadre_id: str
    unit_id: str
    kind: str
    before: str
    after: str
    event_id: str
    why: Message
    clause: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """How events are answered.

    Parameters
    ----------
    version
        The version that the plan became; ``None`` if it was only tried.
    events
        The events that it answers.
    changes
        Everybody whose seats change.
    made
        The plan, its values and what is proven of them.
    plan
        The whole plan, with the years that are not planned any more.
    left_out
        Rules that speak of nobody after the events.
    """

    version: int | None
    events: tuple[Event, ...]
    changes: tuple[SeatChange, ...]
    made: Replanned
    plan: Plan
    left_out: tuple[str, ...] = ()


def answer(
    register: Register,
    *,
    by: str,
    on: date,
    reason: str = "",
    clause: str = "",
    dry_run: bool = False,
    despite_breaches: bool = False,
    noted: Sequence[Event] = (),
    clock: Clock | None = None,
) -> Answered:
    """Answer every event that waits by a plan that changes as little as can be, and put it in force.

    Parameters
    ----------
    reason, clause
        Why, for the journal; without it the reasons of the events.
    dry_run
        Only say what would change.
    despite_breaches
        Put it in force though the audit found breaches.
    noted
        Events that were found sound and are written down together with the version, which answers them too.

    Raises
    ------
    RegisterError
        If no event waits, if the plan breaks rules, or if a state forbids it.
    ModelError
        If a rule cannot be expressed.
    """
    latest = register.latest()
    table = register.events()
    waiting = tuple(events_of(table[table["applied_in"].isna()]))
    events = (*waiting, *noted)
    if not events:
        raise RegisterError(Message("replan.no-events", version=latest.version))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        inputs = load(register.write_inputs(latest.version, folder / "in-force"))
        before = register.plan(latest.version)
        applied = apply(inputs, events, before, folder / "after", version=latest.version + 1)
        inside = before.placements["year"].isin(applied.inputs.years) & ~before.placements["year"].isin(
            register.closed_years()
        )
        in_force = published_plan(register, before.placements[inside], inputs, applied.inputs, on)
        forced, called = frozenset(applied.forced), frozenset(applied.called)
        made = replan(applied.inputs, replace(in_force, forced=forced, called=called), clock)
        kept = before.placements[~inside]
        plan = ordered(pd.concat([kept, made.plan.placements], ignore_index=True)) if len(kept) else made.plan
        changes = tuple(_changes(before.placements[inside], made, applied, events))
        _refuse(made, despite_breaches=despite_breaches or dry_run)
        if dry_run:
            return Answered(None, events, changes, made, plan, applied.left_out)
        why = reason or "；".join(dict.fromkeys(one.reason for one in events if one.reason))
        told: dict[str, object] = {
            "change": made.change,
            "bound": made.bound,
            "proven": made.is_proven,
            "clean": made.audit.is_clean,
        }
        told["changes"] = [_recorded(one) for one in changes]
        version = register.add_version(
            plan, applied.inputs, by=by, on=on, why=why, after=latest.version, clause=clause,
            left=_left(changes), events=[one.event_id for one in waiting], noted=noted, cancelled=applied.cancelled, details=told,
        )  # fmt: skip
    return Answered(version, events, changes, made, plan, applied.left_out)


def _refuse(made: Replanned, *, despite_breaches: bool) -> None:
    if despite_breaches or (made.audit.is_clean and not made.amiss):
        return
    rules = tuple(dict.fromkeys(made.audit.breaches["rule_id"]))
    raise RegisterError(Message("replan.not-clean", count=len(made.audit.breaches), rules=rules))


def published_plan(register: Register, placements: pd.DataFrame, before: Inputs, after: Inputs, on: date) -> Published:
    """The plan in force as the engine takes it, without what events force; ``before`` and ``after`` are the inputs before and after them."""
    sessions = register.sessions(on=on)
    state = dict(zip(sessions["session_id"], map(SessionState, sessions["state"]), strict=True))
    seats, now = (
        dict(zip(one.sessions["session_id"], one.sessions["usable_seats"], strict=True)) for one in (before, after)
    )
    posts = [
        one.cadres.set_index("cadre_id")[["unit_id", "team_id", "category", "rank", "post"]] for one in (before, after)
    ]
    same = posts[0].reindex(posts[1].index)
    return Published(
        placements, on,
        issued=frozenset(one for one, own in state.items() if own in OUT),
        begun=frozenset(one for one, own in state.items() if own in OUT[1:]),
        opened=frozenset(one for one, count in now.items() if count > seats.get(one, 0)),
        changed=frozenset(posts[1].index[(posts[1] != same).any(axis=1)]),
    )  # fmt: skip


def _changes(before: pd.DataFrame, made: Replanned, applied: Applied, events: Sequence[Event]) -> Iterator[SeatChange]:
    """What changes for whom, in the order of units and people, with the reason of each."""
    after = made.plan.placements
    old, new = seats_of(before), seats_of(after)
    unit_of = dict(zip(before["cadre_id"], before["unit_id"], strict=True)) | dict(
        zip(after["cadre_id"], after["unit_id"], strict=True)
    )
    programme_of = dict(zip(before["session_id"], before["programme_id"], strict=True))
    programme_of |= dict(zip(after["session_id"], after["programme_id"], strict=True))
    rules = {rule.id: rule for rule in applied.inputs.policy.rules}
    reasons = _Reasons(applied, events, {one.event_id: one for one in events}, rules)
    nothing: Counter[str] = Counter()
    for cadre in sorted(old.keys() | new.keys(), key=lambda one: (unit_of[one], one)):
        gone = old.get(cadre, nothing) - new.get(cadre, nothing)
        come = new.get(cadre, nothing) - old.get(cadre, nothing)
        for dropped, added in _pairs(sorted(gone.elements()), sorted(come.elements()), programme_of):
            kind = "moved" if dropped and added else "dropped" if dropped else "added"
            needed = made.needed_for.get(cadre, ())
            event, why, clause = reasons.of(cadre, dropped, added, needed)
            yield SeatChange(cadre, unit_of[cadre], kind, dropped, added, event, why, clause, needed)


def _pairs(gone: list[str], come: list[str], programme_of: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Seats given up and got of one programme together, the others alone."""
    waiting: dict[str, list[str]] = defaultdict(list)
    for session in come:
        waiting[programme_of[session]].append(session)
    for session in gone:
        same = waiting[programme_of[session]]
        yield session, same.pop(0) if same else ""
    yield from (("", session) for sessions in waiting.values() for session in sessions)


class _Reasons:
    """Why a seat changes: the event that forces it, the seat that came to be free, the rules that need it."""

    def __init__(
        self, applied: Applied, events: Sequence[Event], known: Mapping[str, Event], rules: Mapping[str, object]
    ) -> None:
        self.applied, self.known, self.rules = applied, known, rules
        self.of_session: dict[str, Event] = {}
        for (_, session), event in applied.forced.items():
            self.of_session.setdefault(session, event)
        for event in events:
            if event.session_id:
                self.of_session.setdefault(event.session_id, event)

    def of(self, cadre: str, dropped: str, added: str, needed: Sequence[str]) -> tuple[str, Message, str]:
        """The event, the reason and the clause of one change."""
        forced = self.applied.forced.get((cadre, dropped)) or self.applied.called.get((cadre, added))
        if forced is not None:
            return forced.event_id, Message("replan.why-event", reason=forced.reason), forced.clause
        clauses = "、".join(
            dict.fromkeys(
                str(getattr(self.rules[rule], "clause", ""))
                for rule in needed
                if getattr(self.rules[rule], "clause", "")
            )
        )
        taken, left = self.of_session.get(added), self.of_session.get(dropped)
        if taken is not None and taken.cadre_id and taken.cadre_id != cadre:
            return taken.event_id, Message("replan.why-substitute", cadre=taken.cadre_id), clauses or taken.clause
        event = taken or left
        if event is not None:
            return event.event_id, Message("replan.why-event", reason=event.reason), event.clause or clauses
        if needed:
            return "", Message("replan.why-rules", rules=tuple(needed)), clauses
        return "", Message("replan.why-room"), clauses


def _left(changes: Sequence[SeatChange]) -> dict[tuple[str, str], SeatState]:
    """What becomes of the seats given up: replaced where somebody else comes to the session."""
    coming = Counter(one.after for one in changes if one.after)
    found = {}
    for one in changes:
        if one.before:
            found[one.before, one.cadre_id] = SeatState.REPLACED if coming[one.before] > 0 else SeatState.WITHDRAWN
            coming[one.before] -= 1
    return found


def _recorded(one: SeatChange) -> dict[str, object]:
    """A change as the journal keeps it."""
    told = asdict(one)
    del told["why"]
    return {name: value for name, value in told.items() if value}
