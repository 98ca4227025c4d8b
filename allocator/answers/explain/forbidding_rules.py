"""Rules that keep somebody out of a session whatever else is planned, each found by the auditor."""

from __future__ import annotations

from typing import Any

import pandas as pd

from allocator.answers.explain.person import Alone
from allocator.answers.explain.rule_sentences import Broken, reason
from allocator.answers.explain.swap_effect import OTHERS, difference, with_seats
from allocator.audit import AuditReport
from allocator.domain.plan import Plan
from allocator.domain.rules import record_of

COLUMNS = ("session_id", "rule_id", "clause", "title", "title_zh", "kind", "year", "scope", "required", "achieved", "unit",
           "reason")  # fmt: skip


def forbidding(alone: Alone, plan: Plan, sessions: list[str]) -> pd.DataFrame:
    """What forbids each session to a person, columns as ``COLUMNS``; nothing for a session that is open.

    The auditor judges the person alone: with the seats that are settled by name, and with the session added. What is breached
    then is breached whatever the others do. Besides, a session cannot take a person when its least size is more than its seats, or
    when all of them are settled by name for others.
    """
    before = alone.report(alone.fixed)
    found: list[tuple[Any, ...]] = []
    for session in sessions:
        after = alone.report(with_seats(alone.inputs, alone.fixed, into=[(alone.cadre_id, session)]))
        change = difference(before, after, alone.inputs)
        broken = change.rules[(change.rules["goal"] == "violation") & (change.rules["change"] > 0)]
        can_break = (
            broken["kind"].map(lambda kind: record_of(kind).is_strict).astype(bool)
        )  # A seat alone breaks no other.
        broken = broken[can_break & ~broken["rule_id"].isin(OTHERS)]
        for rule in broken.itertuples():
            found += [(session, *row) for row in _rows(str(rule.rule_id), change.rows, after)]
        found += [(session, *row) for row in _seats(alone, plan, session, after)]
    reasons = [reason(alone, Broken(row[0], row[1], row[5], *row[7:])) for row in found]
    table = pd.DataFrame(found, columns=list(COLUMNS[:-1]))
    # Set by itself: a message that pandas takes for a text forgets its other language.
    return table.assign(reason=pd.Series(reasons, dtype="object"))


def _rows(rule_id: str, rows: pd.DataFrame, after: AuditReport) -> list[tuple[object, ...]]:
    """The auditor's rows for one rule that is broken; the rule alone where they tell no more than before."""
    head = _head(after, rule_id)
    own = rows[(rows["rule_id"] == rule_id) & (rows["scope"] != "all")]
    told = [(row.year, row.scope, row.required, row.achieved, row.unit) for row in own.itertuples()]
    return [(*head, *row) for row in told or [(None, "", None, None, "")]]


def _seats(alone: Alone, plan: Plan, session: str, report: AuditReport) -> list[tuple[object, ...]]:
    """Whether a session has no seat to give."""
    held: Any = alone.inputs.sessions.set_index("session_id").loc[session]
    year, usable, least = int(held["year"]), int(held["usable_seats"]), int(held["min_seats"])
    placed = plan.placements
    settled = placed[(placed["session_id"] == session) & placed["fixed"].astype(bool)]
    taken = int(settled.loc[settled["cadre_id"] != alone.cadre_id, "headcount"].sum())
    rows: list[tuple[object, ...]] = []
    if usable < least:
        rows.append((*_head(report, "sessions-least"), year, session, least, usable, "seats"))
    if taken >= usable:
        rows.append((*_head(report, "sessions-seats"), year, session, usable, taken + 1, "seats"))
    return rows


def _head(report: AuditReport, rule_id: str) -> tuple[str, str, str, str, str]:
    verdict = report[rule_id]
    return rule_id, verdict.clause, verdict.title, verdict.title_zh, verdict.kind
