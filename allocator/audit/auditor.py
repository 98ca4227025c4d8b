"""Judge a plan: every built-in rule and every rule of the policy, from the plan and the inputs alone."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from allocator.audit.built_in import BUILT_IN
from allocator.audit.finding import strength_of
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.audit.stated import described, notes, reasons
from allocator.audit.verdicts import AuditReport, Verdict
from allocator.domain.plan import Plan
from allocator.domain.rules import GOALS, Fixed, Goal, Interval, MakeUp, Report, RuleKind
from allocator.domain.tables import Inputs
from allocator.language.message import Message

COUNTED: tuple[Goal, ...] = tuple(goal for goal in GOALS if goal != "change")
"""Goals that a plan has by itself; ``change`` needs a second one."""


def audit(plan: Plan, inputs: Inputs) -> AuditReport:
    """Judge a plan against every rule.

    Raises
    ------
    FilterError
        If a rule filters on a column that its table does not have.
    ModelError
        If a rule groups by a column that the roster does not have.
    """
    records = Records(plan, inputs)
    verdicts = [
        Verdict(
            rule.id, rule.clause, rule.kind, rule.title.said("en"), rule.title.said("zh"), "hard", rule.measure(records)
        )
        for rule in BUILT_IN
    ]
    warnings: list[Message] = []
    for rule in inputs.policy.rules:
        finding = MEASURES[type(rule)](rule, records)
        verdicts.append(Verdict(rule.id, rule.clause, rule.kind, rule.title, rule.title_zh, strength_of(rule), finding))
        warnings += [*_idle(rule, records, finding.people), *finding.warnings]
    goals: dict[Goal, float] = dict.fromkeys(COUNTED, 0.0)
    for verdict in verdicts:
        for goal, amount in verdict.finding.goals.items():
            goals[goal] = goals.get(goal, 0.0) + float(amount)
    told = reasons(records)
    tables = [
        described(records, verdict.finding.differences, verdict.rule_id, verdict.status)
        for verdict in verdicts
        if verdict.finding.differences
    ]
    differences = pd.concat([*tables, described(records, told, "", "noted")], ignore_index=True)
    return AuditReport(tuple(verdicts), goals, (*warnings, *notes(records, told)), differences)


def _idle(rule: RuleKind, records: Records, people: int) -> Iterator[Message]:
    """What suggests that a rule does not say what its author meant: it judges nothing."""
    if isinstance(rule, Report) and rule.measure in ("document", "deadline"):
        return
    if not people:
        yield Message("audit.touches-nobody", rule=rule.id)
    if (not isinstance(rule, Fixed) or rule.everyone) and not records.programmes(rule.programmes).any():
        yield Message("audit.touches-no-programme", rule=rule.id)
    if not records.years_of(rule):
        yield Message("audit.no-year", rule=rule.id)
    if isinstance(rule, Interval | MakeUp):
        for content in rule.contents:
            offered = records.programmes(rule.programmes) & records.carries(content)
            if not offered.any() and not records.counting(rule.programmes, content).any():
                yield Message("audit.no-content", rule=rule.id, content=content)
