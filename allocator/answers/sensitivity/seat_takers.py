"""Who could take a further seat of a session, and what keeps the others off: counted by the auditor's measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.audit import MEASURES
from allocator.audit.built_in import BUILT_IN
from allocator.audit.measures.quota import allowed
from allocator.audit.records import Array, Records
from allocator.domain.plan import Plan, ordered
from allocator.domain.rules import Cumulative, Fixed, MakeUp, Quota, Spacing
from allocator.engine.run import Run

PERSONAL = ("no-overlap",)
"""Checks built into the auditor that look at one person's calendar."""

MOST_TRIED = 5_000
"""People put into the session at a time to see which rules forbid it."""


@dataclass(frozen=True)
class Opening:
    """Who else could attend a session.

    Parameters
    ----------
    others
        People whom some rule admits to the programme that year and who do not attend it that year.
    barred
        How many of them each strict rule about one person keeps off, by rule, most first.
    barred_people
        How many are kept off by at least one.
    owing
        How many of those who are not still owe hours or a make-up that the programme would count for.
    full_quotas
        Quotas whose audience all of those belong to and that may not, or should not, have more people that year.
    """

    year: int
    others: int
    barred: Mapping[str, int]
    barred_people: int
    owing: int
    full_quotas: tuple[str, ...]


def opening(run: Run, session_id: str) -> Opening:
    """Who else could attend a session, as the plan stands."""
    records = Records(run.plan, run.inputs)
    session = int(np.flatnonzero(records.session_ids == session_id)[0])
    programme, year = int(records.session_programme[session]), int(records.session_year[session])
    everybody = np.arange(len(records.headcount))
    may = records.any_eligible(everybody, np.array([programme]), year)
    a = records.attendances
    there = np.unique(a.cadre[a.planned & (a.programme == programme) & (a.year == year)])
    others = np.flatnonzero(may & ~np.isin(everybody, there))
    barred = _barred(run, records, others[records.headcount[others] == 1][:MOST_TRIED], session)
    kept_off = {cadre for cadres in barred.values() for cadre in cadres}
    left = others[~np.isin(others, sorted(kept_off))]
    counts = dict(sorted(((rule, len(cadres)) for rule, cadres in barred.items()), key=lambda one: -one[1]))
    return Opening(
        year, records.people(others), counts, len(kept_off), len(_owing(run, records, left, programme, year)),
        _full(run, records, left, programme, year),
    )  # fmt: skip


def _barred(run: Run, records: Records, others: Array, session: int) -> dict[str, set[int]]:
    """Of named people those whom a strict rule keeps off the session, by rule: the auditor judges the plan with all of them in it."""
    with_all = Records(_with(run.plan, records, others, session), run.inputs)
    strict = [
        rule for rule in run.inputs.policy.rules if isinstance(rule, Spacing | Fixed) and rule.strength != "report"
    ]
    judged = {rule.id: MEASURES[type(rule)](rule, with_all) for rule in strict}
    judged |= {check.id: check.measure(with_all) for check in BUILT_IN if check.id in PERSONAL}
    row = {str(cadre): i for i, cadre in enumerate(records.cadre_ids)}
    wanted = set(others.tolist())
    found: dict[str, set[int]] = {}
    for rule_id, finding in judged.items():
        before = {scope.scope for scope in run.audit[rule_id].finding.rows}
        fresh = (scope.scope for scope in finding.rows if scope.shortfall > 0 and scope.scope not in before)
        cadres = {row[cadre] for scope in fresh for cadre in _cadres(scope) if cadre in row} & wanted
        if cadres:
            found[rule_id] = cadres
    return found


def _cadres(scope: str) -> tuple[str, str]:
    """The person that a scope such as ``CADRE@SESSION`` or ``CADRE 2019-03-04/2019-03-08`` may begin with."""
    return scope.partition("@")[0], scope.partition(" ")[0]


def _with(plan: Plan, records: Records, others: Array, session: int) -> Plan:
    """The plan with people added to a session."""
    inputs = records.inputs
    held = inputs.sessions.iloc[session]
    programme = inputs.programmes.iloc[int(records.session_programme[session])]
    people = inputs.cadres.iloc[others]
    added = pd.DataFrame(
        {
            "year": int(records.session_year[session]), "session_id": held["session_id"],
            "programme_id": held["programme_id"], "cadre_id": people["cadre_id"], "unit_id": people["unit_id"],
            "team_id": people["team_id"], "headcount": 1, "start_date": held["start_date"], "end_date": held["end_date"],
            "days": float(programme["days"]), "hours": float(programme["hours"]), "fixed": False, "rules": "",
        }
    )  # fmt: skip
    types = plan.placements.dtypes.to_dict()
    return ordered(pd.concat([plan.placements, added.astype(types)], ignore_index=True))


def _owing(run: Run, records: Records, people: Array, programme: int, year: int) -> set[int]:
    """People who still owe hours under a rule, or are overdue, that a class of the programme in the year counts for."""
    rows = {str(cadre): i for i, cadre in enumerate(records.cadre_ids)}
    owing: set[int] = set()
    for rule in run.inputs.policy.rules:
        if not isinstance(rule, Cumulative | MakeUp) or rule.strength == "report":
            continue
        if not records.programmes(rule.programmes)[programme]:
            continue
        finding = run.audit[rule.id].finding
        table = finding.owed if isinstance(rule, Cumulative) else finding.overdue
        if table is not None:
            counted = (
                table[table["year"] >= year]
                if isinstance(rule, MakeUp) or not rule.per_year
                else table[table["year"] == year]
            )
            owing |= {rows[cadre] for cadre in counted["cadre_id"]}
    return owing & set(people.tolist())


def _full(run: Run, records: Records, people: Array, programme: int, year: int) -> tuple[str, ...]:
    """Quotas that each of the people would be one too many of."""
    found = []
    for rule in run.inputs.policy.rules:
        if not isinstance(rule, Quota) or rule.strength == "report" or rule.modality == "at-least":
            continue
        if not records.programmes(rule.programmes)[programme] or year not in records.years_of(rule):
            continue
        sent = next(int(row.achieved or 0) for row in run.audit[rule.id].finding.rows if row.year == year)
        most = rule.amount if rule.modality != "exactly" else allowed(rule)[1] or 0
        if sent >= most and len(people) and records.audience(rule.audience)[people].all():
            found.append(rule.id)
    return tuple(found)
