"""Publish: a run, or some of its sessions or years, becomes the plan in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from allocator.audit import BUILT_IN, audit
from allocator.domain.errors import RegisterError, UsageError
from allocator.domain.plan import Plan, ordered
from allocator.engine.run import Run
from allocator.language.message import Message
from allocator.register.records import SessionState
from allocator.register.register import Register


def publish(
    register: Register,
    run: Run,
    *,
    by: str,
    on: date,
    years: Sequence[int] = (),
    sessions: Sequence[str] = (),
    reason: str = "",
) -> int:
    """Take a run into the register and return the version of the plan.

    What is not chosen stays as it is in force. Sessions of which papers went out cannot be published over: they change by
    events, or by taking in a plan.

    Parameters
    ----------
    years, sessions
        What of the run is published; everything when both are empty.
    reason
        Why; needed when the audit found a breach.

    Raises
    ------
    RegisterError
        If no reason is given and the audit is not clean, what is in force beside a part of the run clashes with it, or the register is of
        another scenario; or if a session was issued with other people.
    UsageError
        If a year or session is not in the run.
    """
    if not run.audit.is_clean and not reason:
        raise RegisterError(Message("register.not-clean", count=len(run.audit.breaches)))
    chosen = _chosen(run, years, sessions)
    after, plan = 0, run.plan
    if not register.is_empty:
        latest = register.latest()
        if latest.scenario != run.inputs.scenario.id and not reason:
            raise RegisterError(
                Message("register.other-scenario", register=latest.scenario, run=run.inputs.scenario.id)
            )
        after = latest.version
        _refuse_issued(register, run, chosen, on)
    if chosen is not None:
        plan = _joined(register.plan(after).placements if after else None, run, chosen)
        clashes = audit(plan, run.inputs).breaches
        clashes = clashes[clashes["rule_id"].isin([rule.id for rule in BUILT_IN])]
        if len(clashes) and not reason:
            raise RegisterError(Message("register.clash", count=len(clashes)))
    if after and plan.to_csv() == register.plan(after).to_csv():
        raise RegisterError(Message("register.nothing-new", version=after))
    details = {"years": sorted(years), "sessions": sorted(sessions), "clean": run.audit.is_clean}
    return register.add_version(
        plan, run.inputs, by=by, on=on, why=reason, after=after, what="publish", details=details
    )


def _chosen(run: Run, years: Sequence[int], sessions: Sequence[str]) -> frozenset[str] | None:
    """The sessions to publish; ``None`` for the whole run."""
    table = run.inputs.sessions
    unknown = sorted(set(sessions) - set(table["session_id"]))
    if unknown:
        raise UsageError(Message("register.no-session", sessions=tuple(unknown)))
    wrong = sorted(set(years) - set(run.inputs.years))
    if wrong:
        raise UsageError(Message("register.no-year", years=tuple(map(str, wrong))))
    if not years and not sessions:
        return None
    is_wanted = table["session_id"].isin(sessions) if sessions else pd.Series(True, index=table.index)
    return frozenset(table["session_id"][is_wanted & table["year"].isin(years or run.inputs.years)])


def _refuse_issued(register: Register, run: Run, chosen: frozenset[str] | None, on: date) -> None:
    """Refuse other people in sessions that are no drafts any more."""
    known = register.sessions(on=on)
    is_past = known["year"].isin(
        register.closed_years()
    )  # What became of their seats stands, whatever a run says of them.
    settled = set(known["session_id"][(known["state"] != SessionState.DRAFT) & ~is_past])
    settled = settled if chosen is None else settled & chosen
    now, then = (
        {seat for seat in zip(table["session_id"], table["cadre_id"], strict=True) if seat[0] in settled}
        for table in (register.seats(held=True), run.plan.placements)
    )
    if now != then:
        raise RegisterError(Message("register.already-issued", sessions=tuple(sorted({one for one, _ in now ^ then}))))


def _joined(in_force: pd.DataFrame | None, run: Run, chosen: frozenset[str]) -> Plan:
    """The chosen sessions of a run beside the others that are in force."""
    new = run.plan.placements
    new = new[new["session_id"].isin(chosen)]
    if in_force is None:
        return ordered(new)
    return ordered(pd.concat([in_force[~in_force["session_id"].isin(chosen)], new], ignore_index=True))
