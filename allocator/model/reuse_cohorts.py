"""The same people under slightly other rules: a partition into cohorts taken over instead of worked out again.

A partition stays right when rules change in amounts, or fall away: people alike before are alike after. It may then be finer than
need be, which costs a little time and never anything else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.domain.rules import Fixed, Priority, Spacing
from allocator.model.cohorts import Cohorts, MeasuredRule
from allocator.model.instance import Calendar, Instance
from allocator.model.personal import MEASURED
from allocator.model.shared import collect
from allocator.model.shared.rows import RowFamily


def adapted(cohorts: Cohorts, instance: Instance, *, at_most: bool = False) -> Cohorts | None:
    """The cohorts for another instance of the same people; ``None`` when it may part them otherwise.

    Roster, history, programmes, who may attend what, spacing and fixed rules and points must be the same, what the dates put out
    of reach too, the classes that people are called up to must be held, and no class may have come: else a trajectory that is open now would stay closed, and a bound be too tight.
    Quotas, floors and other shared rules may change amounts or fall away, and so may measured personal rules.

    ``at_most``: for bounds only. The instance may also allow single people less (classes that no longer fit into one year, seats out of
    reach, call-ups and other fixed rules that came), which these cohorts then do not know.
    """
    old = cohorts.instance
    calendars = _narrower if at_most else _same_calendar
    if not (
        _same_tables(old, instance)
        and calendars(old.calendar, instance.calendar)
        and _same_strict_rules(old, instance)
        and _calls(old, old) == _calls(old, instance)
        and (_fixed_more if at_most else _fixed_alike)(old, instance)
    ):
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
        measured=cohorts.measured if rules == cohorts.measured else rules,
        type_states=cohorts.type_states[:, kept],
    )


def _same_tables(old: Instance, new: Instance) -> bool:
    before, after = old.inputs, new.inputs
    tables = ("units", "cadres", "history", "programmes")
    return (
        old.years == new.years
        and all(getattr(before, name).equals(getattr(after, name)) for name in tables)
        and bool(((old.calendar.seats > 0) | (new.calendar.seats == 0)).all())
    )


def _same_calendar(old: Calendar, new: Calendar) -> bool:
    """Whether two calendars allow single people the same."""
    return np.array_equal(old.pairs, new.pairs) and old.unreachable == new.unreachable and old.limits == new.limits


def _narrower(old: Calendar, new: Calendar) -> bool:
    """Whether single people and limited groups can do no more under the new calendar than under the old one."""
    most = {replace(limit, most=0): limit.most for limit in new.limits}
    return (
        bool((old.pairs | ~new.pairs).all())
        and old.unreachable <= new.unreachable
        and all(most.get(replace(one, most=0), np.inf) <= one.most for one in old.limits)
    )


def _fixed_alike(old: Instance, new: Instance) -> bool:
    """Whether the fixed rules say the same."""
    return old.rules(Fixed) == new.rules(Fixed)


def _fixed_more(old: Instance, new: Instance) -> bool:
    """Whether every fixed rule still says what it did, and perhaps more of single people."""
    now = {rule.id: rule for rule in new.rules(Fixed)}
    for rule in old.rules(Fixed):
        other = now.get(rule.id)
        lists = ("call_ups", "forbidden", "unavailable")
        if other is None or any(not set(getattr(rule, name)) <= set(getattr(other, name)) for name in lists):
            return False
        if other.model_copy(update={name: getattr(rule, name) for name in lists}) != rule:
            return False
    return all(not rule.everyone for rule_id, rule in now.items() if rule_id not in {r.id for r in old.rules(Fixed)})


def _calls(asking: Instance, held_in: Instance) -> list[set[tuple[object, ...]]]:
    """Classes that the fixed rules of one instance call people up to, as they are held in another: one that is not held is no task."""
    sessions = held_in.inputs.sessions
    rows = zip(*(sessions[column] for column in ("session_id", "programme_id", "year")), strict=True)
    held = {session: (programme, year) for session, programme, year in rows}
    found: list[set[tuple[object, ...]]] = []
    for rule in asking.rules(Fixed):
        found.append({(call.cadre_id, *held.get(call.session_id, ())) for call in rule.call_ups})
        if rule.everyone:
            offered = asking.counting(rule.programmes)[:, None] & (held_in.calendar.seats > 0)
            found.append({(p, y) for p, y in np.argwhere(offered).tolist()})
    return found


def _same_strict_rules(old: Instance, new: Instance) -> bool:
    def strict(instance: Instance) -> list[object]:
        rules: list[object] = [*instance.rules(Spacing), *instance.rules(Priority)]
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
    """The families in their old positions with their new limits; a family whose rule fell away asks for nothing."""
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
    """The measured rules that remain, and their positions among the old ones."""
    place = {measured.rule.id: k for k, measured in enumerate(cohorts.measured)}
    rules, kept = [], []
    for rule in instance.inputs.policy.rules:
        side = MEASURED.get(type(rule))
        if side is None or rule.strength == "report" or isinstance(rule, Priority):
            continue
        old = cohorts.measured[place[rule.id]] if rule.id in place else None
        if old is not None and old.rule == rule:
            now = old
        else:
            states = side.states(instance, rule)
            if not (states.code >= 0).any():
                continue
            if old is None or not np.array_equal(old.states.code, states.code):
                return None
            now = MeasuredRule(rule, "violation" if rule.strength == "hard" else rule.goal, states)
        rules.append(now)
        kept.append(place[rule.id])
    return tuple(rules), kept
