"""All counting checks over one set of inputs."""

from __future__ import annotations

import numpy as np

from allocator.checks.finding import CHECKS, CheckReport, Finding, finding, span
from allocator.checks.open_seats import Openings
from allocator.checks.shared import check_rows, check_together
from allocator.domain.rules import (
    Fixed,
    Quota,
    RuleKind,
)
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.language.message import Message
from allocator.model.cohorts import group
from allocator.model.instance import Instance, build
from allocator.model.shared import collect


def count(inputs: Inputs) -> CheckReport:
    """Prove by counting that rules cannot be kept.

    Returns
    -------
    CheckReport
        Findings in the order of the policy. An error is a proof: no plan keeps that hard rule. No finding proves nothing.

    Raises
    ------
    ModelError
        When planning would stop because one person could follow too many trajectories.
    """
    instance = build(inputs, calendar(inputs))
    group(instance, collect(instance))  # Stops where planning would, with the same count.
    openings = Openings(instance)
    found: list[Finding] = []
    for rule in inputs.policy.rules:
        if rule.strength == "report":
            continue
        of_rule = check_rule(openings, rule)
        found += of_rule
        if not of_rule and not touches(openings, rule):
            found.append(finding(Message("counting.touches-nobody"), rule, "warning"))
    lost = {one.rule_id for one in found if one.severity == "error"}
    quotas = [rule for rule in instance.rules(Quota) if rule.strength == "hard" and rule.id not in lost]
    found += check_together(openings, quotas)
    return CheckReport((*found, *_small_classes(openings)), inputs.notes)


def check_rule(openings: Openings, rule: RuleKind) -> list[Finding]:
    """What counting finds of a rule; that nothing was counted where there is no argument for its kind."""
    check = CHECKS.get(type(rule), check_rows)
    found = check(openings, rule)
    if found is None and rule.strength == "hard" and rule.asks_attendance() and touches(openings, rule):
        return [finding(Message("counting.not-counted"), rule, "warning")]
    return found or []


def touches(openings: Openings, rule: RuleKind) -> bool:
    """Whether a rule bears on anybody in the plan years."""
    instance = openings.instance
    if not instance.holds(rule).any():
        return False
    if rule.sort in ("data", "measure"):
        return True
    if isinstance(rule, Fixed):
        return bool(rule.call_ups or rule.forbidden or rule.unavailable or (rule.everyone and openings.called.any()))
    people = instance.audience(rule.audience)
    if rule.only_named:
        people &= instance.is_named
    if rule.grouped_by:
        people &= instance.inputs.roster[rule.grouped_by].astype(str).to_numpy() != ""
    if rule.only_able:
        people &= _may_attend(instance, rule)
    return bool(people.any())


def _may_attend(instance: Instance, rule: RuleKind) -> np.ndarray:
    """Who is eligible for a programme of the rule, boolean (I,)."""
    counting = instance.counting(rule.programmes, getattr(rule, "least_days", 0))
    return instance.admission.any_of(counting)


def _small_classes(openings: Openings) -> list[Finding]:
    """Programmes for which there are fewer people than their smallest session needs."""
    inputs = openings.instance.inputs
    ids = inputs.programmes["programme_id"].tolist()
    least = openings.instance.calendar.least
    alike: dict[tuple[str, int, int], list[int]] = {}
    for p, y in np.argwhere(openings.too_small).tolist():
        alike.setdefault((ids[p], int(least[p, y]), int(openings.heads[p, y])), []).append(inputs.years[y])
    return [
        finding(
            Message(
                "counting.class-too-small", programme=openings.names.programme(programme), years=span(years),
                least=smallest, people=heads,
            ), None, "warning",
        )
        for (programme, smallest, heads), years in alike.items()
    ]  # fmt: skip
