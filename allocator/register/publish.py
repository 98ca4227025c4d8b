"""Publish: a run, or some of its sessions or years, becomes the plan in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

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
        If the audit is not clean and no reason is given, or a session was issued with other people.
    UsageError
        If a year or session is not in the run.
    """
    if not run.audit.is_clean and not reason:
        raise RegisterError(Message("register.not-clean", count=len(run.audit.breaches)))
    chosen = _chosen(run, years, sessions)
    after, plan = 0, Plan(run.plan.placements)
    if not register.is_empty:
        latest = register.latest()
        if latest.scenario != run.inputs.scenario.id and not reason:
            raise RegisterError(
                Message("register.other-scenario", register=latest.scenario, run=run.inputs.scenario.id)
            )
        after = latest.version
    if after or len(chosen) < len(set(run.plan.placements["session_id"])):
        plan = _joined(register, run, chosen, on, after)
    if after and plan.to_csv() == register.plan(after).to_csv():
        raise RegisterError(Message("register.nothing-new", version=after))
    details = {"years": sorted(years), "sessions": sorted(sessions), "clean": run.audit.is_clean}
    return register.add_version(
        plan, run.inputs, by=by, on=on, why=reason, after=after, what="publish", details=details
    )


def _chosen(run: Run, years: Sequence[int], sessions: Sequence[str]) -> set[str]:
    """The sessions to publish."""
    table = run.plan.placements
    unknown = sorted(set(sessions) - set(run.inputs.sessions["session_id"]))
    if unknown:
        raise UsageError(Message("register.no-session", sessions=tuple(unknown)))
    wrong = sorted(set(years) - set(run.inputs.years))
    if wrong:
        raise UsageError(Message("register.no-year", years=tuple(map(str, wrong))))
    wanted = table["session_id"].isin(sessions) if sessions else pd.Series(True, index=table.index)
    if years:
        wanted &= table["year"].isin(years)
    return set(table["session_id"][wanted])


def _joined(register: Register, run: Run, chosen: set[str], on: date, after: int) -> Plan:
    """The chosen sessions of a run beside what is in force."""
    new = run.plan.placements
    new = new[new["session_id"].isin(chosen)]
    if not after:
        return ordered(new)
    states = register.sessions(on=on).set_index("session_id")["state"]
    fixed = set(states.index[states != SessionState.DRAFT])
    seats = register.seats(held=True)
    now = {(a, b) for a, b in zip(seats["session_id"], seats["cadre_id"], strict=True) if a in fixed}
    then = {(a, b) for a, b in zip(new["session_id"], new["cadre_id"], strict=True) if a in fixed}
    differ = sorted({session for session, _ in now ^ then if session in chosen})
    if differ:
        raise RegisterError(Message("register.already-issued", sessions=tuple(differ)))
    in_force = register.plan(after).placements
    return ordered(pd.concat([in_force[~in_force["session_id"].isin(chosen)], new], ignore_index=True))
