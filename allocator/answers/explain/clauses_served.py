"""What a seat is for: the clauses it counts for, and what each has counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from allocator.answers.explain.person import Person
from allocator.answers.explain.swap_effect import Difference
from allocator.audit import AuditReport
from allocator.domain.rules import Coverage, Cumulative, Fixed, RuleKind
from allocator.domain.tables import Inputs

COLUMNS = ("session_id", "rule_id", "clause", "title", "title_zh", "kind", "group_by", "scope", "size", "asked", "required", "achieved", "unit",
           "content", "done", "latest", "owed", "owed_after", "goal", "loss")  # fmt: skip


def served(
    inputs: Inputs,
    report: AuditReport,
    person: Person,
    seat: Any,
    before: pd.DataFrame,
    after: pd.DataFrame,
    emptied: Difference,
) -> Iterator[dict[str, object]]:
    """A row of ``COLUMNS`` for each rule that a seat of the plan counts for, one for each content of a rule of one's own.

    Parameters
    ----------
    seat
        The row of the plan.
    before, after
        What is owed before the seat and after it, see ``Alone.account``.
    emptied
        What it does when the seat stays empty.
    """
    for rule_id in filter(None, str(seat.rules).split(";")):
        rule = inputs.policy.rule(rule_id)
        head = {"session_id": seat.session_id, **_loss(rule, emptied, inputs)}
        head |= {"rule_id": rule.id, **{name: getattr(rule, name) for name in ("clause", "title", "title_zh", "kind")}}
        if isinstance(rule, Fixed):
            if seat.fixed:
                yield head
        elif rule.sort == "shared":
            shared = _shared(rule, inputs, report, person, int(seat.year))
            if shared is not None:
                yield {**head, **shared}
        else:
            own, left = (table[table["rule_id"] == rule_id] for table in (before, after))
            if isinstance(rule, Coverage):
                own = own[own["latest"] == span_end(rule, inputs.years, int(seat.year))]
            elif isinstance(rule, Cumulative) and rule.per_year:
                own = own[own["latest"] == seat.year]
            yield from ({**head, **figures} for figures in _own(own, left))


def _loss(rule: RuleKind, emptied: Difference, inputs: Inputs) -> Mapping[str, object]:
    """The most important goal to which the rule loses something without the seat, and how much."""
    rows = emptied.rules[emptied.rules["rule_id"] == rule.id]
    moved = dict(zip(rows["goal"], rows["change"], strict=True))
    goal = next((goal for goal in inputs.scenario.goals if goal in moved), "")
    return {"goal": goal, "loss": moved.get(goal, 0.0)}


def _shared(
    rule: RuleKind, inputs: Inputs, report: AuditReport, person: Person, year: int
) -> Mapping[str, object] | None:
    """What was asked and is achieved in the year, of everybody or of the person's own group; ``None`` outside all groups."""
    asked: str
    if not rule.grouped_by:
        table, group_by, scope, size, asked = report.table, "", "all", np.nan, getattr(rule, "modality", "at-least")
    else:
        roster, group_by = inputs.roster, rule.grouped_by
        scope = str(roster.loc[roster["cadre_id"] == person.cadre_id, group_by].iloc[0])
        inside = inputs.audience(rule.audience) & (roster[group_by] == scope).to_numpy()
        table, size = report.scopes, float(inputs.cadres.loc[inside, "headcount"].sum())
        asked = "at-least" if rule.asks_each_group() else "due"
    row = table[(table["rule_id"] == rule.id) & (table["year"] == year) & (table["scope"] == scope)]
    if row.empty:
        return None
    counted = {name: row[name].iloc[0] for name in ("required", "achieved", "unit")}
    return {"group_by": group_by, "scope": scope, "size": size, "asked": asked, **counted}


def _own(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[Mapping[str, object]]:
    """What was owed before and after the seat, content by content; one row without figures when nothing was due."""
    if before.empty:
        yield {}
    for debt in before.itertuples():
        # What is due again later on is another debt.
        left = after.loc[(after["content"] == debt.content) & (after["latest"] == debt.latest), "owed"]
        figures = {name: getattr(debt, name) for name in ("content", "done", "latest", "owed")}
        yield {"unit": debt.unit_of, **figures, "owed_after": float(left.sum())}


def span_end(rule: Coverage, years: tuple[int, ...], year: int) -> int:
    """Last year of the span of a coverage in which a year lies."""
    number = years.index(year) // rule.window_years
    return years[min(len(years), (number + 1) * rule.window_years) - 1]
