"""The same people under slightly other rules: a partition into cohorts taken over instead of worked out again.

A partition stays right when rules change in amounts, or fall away: people alike before are alike after. It may then be finer than
need be, which costs a little time and never anything else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.instance import Instance
from allocator.kinds import Fixed, Priority, Spacing
from allocator.model.cohorts import Cohorts, MeasuredRule
from allocator.model.personal import MEASURED
from allocator.model.shared import collect
from allocator.model.shared.rows import RowFamily


def adapted(cohorts: Cohorts, instance: Instance) -> Cohorts | None:
    """The cohorts for another instance of the same people; ``None`` when it may part them otherwise.

    Roster, history, programmes, who may attend what, spacing and fixed rules and points must be the same, what the dates put out
    of reach too, and no class may have come: else a trajectory that is open now would stay closed, and a bound be too tight.
    Quotas, floors and other shared rules may change amounts or fall away, and so may measured personal rules.
    """
    old = cohorts.instance
    if not (_same_tables(old, instance) and _same_strict_rules(old, instance)):
        return None
    families = _families(cohorts.families, collect(instance))
    measured = _measured(cohorts, instance)
    if families is None or measured is None:
        return None
    rules, kept = measured
    return replace(
        cohorts,
        instance=instance,
        families=families,
        measured=rules,
        sort_states=cohorts.sort_states[:, kept],
    )


def _same_tables(old: Instance, new: Instance) -> bool:
    before, after = old.inputs, new.inputs
    tables = ("units", "cadres", "history", "programmes")
    return (
        old.years == new.years
        and all(getattr(before, name).equals(getattr(after, name)) for name in tables)
        and bool(((old.calendar.seats > 0) | (new.calendar.seats == 0)).all())
        and np.array_equal(old.calendar.pairs, new.calendar.pairs)
        and old.calendar.unreachable == new.calendar.unreachable
        and old.calendar.limits == new.calendar.limits
    )


def _same_strict_rules(old: Instance, new: Instance) -> bool:
    def strict(instance: Instance) -> list[object]:
        rules: list[object] = [*instance.rules(Spacing), *instance.rules(Fixed), *instance.rules(Priority)]
        return [*rules, instance.inputs.policy.parameters]

    before, after = old.admission, new.admission
    return (
        strict(old) == strict(new)
        and np.array_equal(before.slots[before.profile], after.slots[after.profile])
        and (before.years is None) == (after.years is None)
        and (before.years is None or after.years is None
             or np.array_equal(before.years[before.profile], after.years[after.profile]))
    )  # fmt: skip


def _families(before: tuple[RowFamily, ...], after: tuple[RowFamily, ...]) -> tuple[RowFamily, ...] | None:
    """The families in their old places with their new limits; one whose rule fell away asks for nothing."""
    known = {family.rule.id: family for family in after if family.rule is not None}
    found = []
    for family in before:
        now = known.pop(family.rule.id, None) if family.rule is not None else family  # A limit of the dates stays.
        if now is None:
            free = np.full_like(family.floor, np.inf)
            found.append(replace(family, floor=-free, ceiling=free, short_goals=(), over_goals=()))
        elif _counts_alike(family, now):
            found.append(now)
        else:
            return None
    return None if known else tuple(found)


def _counts_alike(family: RowFamily, other: RowFamily) -> bool:
    among = (family.among is None) == (other.among is None)
    if among and family.among is not None and other.among is not None:
        among = family.among[1] == other.among[1] and np.array_equal(family.among[0], other.among[0])
    return (
        among
        and family.distinct == other.distinct
        and family.names == other.names
        and np.array_equal(family.group, other.group)
        and np.array_equal(family.programmes, other.programmes)
    )


def _measured(cohorts: Cohorts, instance: Instance) -> tuple[tuple[MeasuredRule, ...], list[int]] | None:
    """The measured rules that are left, and their places among the old ones."""
    place = {measured.rule.id: k for k, measured in enumerate(cohorts.measured)}
    rules, kept = [], []
    for rule in instance.inputs.policy.rules:
        side = MEASURED.get(type(rule))
        if side is None or rule.strength == "report" or isinstance(rule, Priority):
            continue
        old = cohorts.measured[place[rule.id]] if rule.id in place else None
        if old is not None and old.rule == rule:
            states = old.states
        else:
            states = side.states(instance, rule)
            if not (states.code >= 0).any():
                continue
            if old is None or not np.array_equal(old.states.code, states.code):
                return None
        rules.append(MeasuredRule(rule, "violation" if rule.strength == "hard" else rule.goal, states))
        kept.append(place[rule.id])
    return tuple(rules), kept
