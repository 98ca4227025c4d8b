"""What a rule gives up, and the change of the scenario that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from allocator.answers.conflicts.demands import Side, by_year, narrowed, scope_column, whole, without
from allocator.answers.conflicts.toml_fragments import filter_written, rule_written
from allocator.audit import AuditReport
from allocator.audit.finding import ALL
from allocator.checks.finding import span
from allocator.domain.filters import Filter
from allocator.domain.rules import Quota, RuleKind, ShareFloor
from allocator.domain.tables import Inputs
from allocator.language.message import Message


@dataclass(frozen=True)
class Give:
    """One thing that gives: a rule in a year, for a group or a person, or a class that gets more seats.

    Parameters
    ----------
    rule
        The rule as it stands; ``None`` where a session gets more seats.
    years, scope, side
        Where it gives: plan years, group, person or session (empty: everybody), least or most of a quota.
    before, after
        What it asks for now and then (people, seats; of a limit its figure); ``None`` where it does not ask at all.
    people
        How many people (seats, for a session) it gives by; 0 for limits on dates.
    limb
        Which limit of a strict rule; empty for others.
    """

    rule: RuleKind | None
    years: tuple[int, ...] = ()
    scope: str = ""
    side: Side = ""
    before: Any = None
    after: Any = None
    people: int = 0
    limb: str = ""


def gives_of(report: AuditReport, inputs: Inputs) -> list[Give]:
    """What the hard demands of a policy must give so that a plan keeps them all: its breaches."""
    rules = {r.id: r for r in inputs.policy.rules if r.asks_attendance() and r.strength == "hard"}
    gives = []
    for row in report.breaches.to_dict("records"):
        rule = rules.get(row["rule_id"])
        is_sum = row["scope"] == ALL
        if rule is None or (is_sum and (rule.asks_each_person() or rule.grouped_by)):
            continue
        years = () if row["year"] != row["year"] else (int(row["year"]),)
        scope = "" if is_sum else str(row["scope"])
        if rule.asks_each_person():
            scope = scope.split(" ")[0]
        gives.append(_give(rule, years, scope, row))
    return _joined(gives)


def _give(rule: RuleKind, years: tuple[int, ...], scope: str, row: Mapping[Any, Any]) -> Give:
    achieved = None if row["achieved"] != row["achieved"] else int(row["achieved"])
    if isinstance(rule, Quota):
        assert achieved is not None
        side: Side = "least" if achieved < rule.amount else "most"
        asked = _allowed(rule, rule.amount)[0 if side == "least" else 1]
        return Give(rule, years, "", side, asked, achieved, abs(int(asked) - achieved))
    if rule.asks_each_person():
        people = 1 if row["unit"] in ("hours", "attendances", "years") else max(1, int(row["shortfall"]))
        return Give(rule, years, scope, "", int(row["required"]), achieved, people)
    return Give(rule, years, scope, "", int(row["required"]), achieved, int(row["shortfall"]))


def _joined(gives: Iterable[Give]) -> list[Give]:
    """A person excused from a rule in some years counts once; several contents of one year are one."""
    found: dict[tuple[object, ...], Give] = {}
    for give in gives:
        key = (give.rule.id if give.rule else "", give.years, give.scope, give.side)
        found.setdefault(key, give)
    return list(found.values())


def changes_of(gives: Sequence[Give], inputs: Inputs) -> dict[str, Any]:
    """The change of a scenario that says what some rules give, and nothing else."""
    changes: dict[str, Any] = {}
    names = {rule.id for rule in inputs.policy.rules}
    by_rule: dict[str, list[Give]] = {}
    for give in gives:
        if give.rule is not None and not give.limb:
            by_rule.setdefault(give.rule.id, []).append(give)
    for own in by_rule.values():
        rule = own[0].rule
        assert rule is not None
        stated: Stated
        if isinstance(rule, Quota):
            stated = _of_quota(rule, own, inputs)
        elif scope_column(rule):
            stated = _of_scopes(rule, own, inputs)
        else:  # What is asked of one hangs on the others.
            stated = {"strength": "soft", "goal": rule.usual_goal()}, []
        _state(changes, rule, stated, names)
    return changes


Stated = tuple[dict[str, Any] | None, list[RuleKind]]
"""Fields of a rule to be replaced (``None``: it is left out altogether), and copies of it beside it."""


def _state(changes: dict[str, Any], rule: RuleKind, stated: Stated, names: set[str]) -> None:
    """Add what becomes of one rule."""
    fields, copies = stated
    if fields is None:
        changes.setdefault("disable", []).append(rule.id)
    for field, value in (fields or {}).items():
        changes[f"overrides.{rule.id}.{field}"] = value
    for copy in copies:
        name = next(n for k in range(1, len(names) + 2) if (n := f"{rule.id}-{k}") not in names)
        names.add(name)
        written = rule_written(copy.model_copy(update={"id": name, "covers": rule.covers or (rule.id,)}))
        changes.setdefault("rules", []).append(written)


def _allowed(rule: Quota, amount: int) -> tuple[int, int]:
    """Least and most that keep a quota of an amount."""
    band = max(rule.band_least, ceil(rule.band_share * amount)) if rule.modality == "about" else 0
    return max(0, amount - band), amount + band


def amount_for(rule: Quota, side: Side, achieved: int) -> int:
    """The amount nearest to that of a quota which ``achieved`` people keep.

    Examples
    --------
    >>> about = Quota(id="q", kind="quota", title="", title_zh="", amount=40)
    >>> amount_for(about, "least", 30), amount_for(about, "most", 45)
    (32, 42)
    """
    amount = rule.amount
    if side == "least":
        while _allowed(rule, amount)[0] > achieved:
            amount -= 1
    else:
        while _allowed(rule, amount)[1] < achieved:
            amount += 1
    return amount


def _of_quota(rule: Quota, gives: Sequence[Give], inputs: Inputs) -> Stated:
    held = [y for y in inputs.years if not rule.years or y in rule.years]
    amount = dict.fromkeys(held, rule.amount)
    for give in gives:
        amount[give.years[0]] = amount_for(rule, give.side, int(give.after))
    years: dict[int, list[int]] = {}
    for year, number in amount.items():
        years.setdefault(number, []).append(year)
    if len(years) == 1:
        return {"amount": amount[held[0]]}, []
    own = rule.amount if rule.amount in years else next(iter(years))
    fields: dict[str, Any] = {"years": years[own]} | ({} if own == rule.amount else {"amount": own})
    copies = [_dated(rule, of, {"amount": number}) for number, of in years.items() if number != own]
    return fields, copies


def _dated(rule: RuleKind, years: Sequence[int], fields: Mapping[str, Any]) -> RuleKind:
    """A copy of a rule for some years, named after them."""
    title = Message(
        "conflict.title-years",
        years=span(years),
        en=_renamed(rule, rule.title, fields),
        zh=_renamed(rule, rule.title_zh, fields),
    )
    titles = {"title": title.said("en"), "title_zh": title.said("zh")}
    return rule.model_copy(update={"years": tuple(years), **titles, **fields})


def _renamed(rule: RuleKind, title: str, fields: Mapping[str, Any]) -> str:
    """A title that names the amount, with another amount."""
    old, new = getattr(rule, "amount", None), fields.get("amount")
    named = re.compile(rf"(?<![\d.]){old}(?![\d.])")
    return named.sub(str(new), title) if new is not None and len(named.findall(title)) == 1 else title


def _of_scopes(rule: Any, gives: Sequence[Give], inputs: Inputs) -> Stated:
    """A rule on groups or persons: those that give are taken out and get copies of their own for what is left of it."""
    column = scope_column(rule)
    names = tuple(sorted({give.scope for give in gives}))
    audience = without(rule.audience, column, names)
    fields = {"audience": filter_written(audience)} if inputs.audience(audience).any() else None
    copies: list[RuleKind] = []
    (part,) = whole(rule, inputs)
    spans = [one.years for one in by_year(part, inputs)]
    kept: dict[tuple[int, ...], list[str]] = {}
    for name in names:
        gone = {year for give in gives if give.scope == name for year in give.years}
        left = tuple(year for span in spans if not gone & set(span) for year in span)
        if left:
            kept.setdefault(left, []).append(name)
    for years, of in kept.items():
        copies.append(_dated(_narrowed(rule, column, of, inputs), years, {}))
    if isinstance(rule, ShareFloor):
        copies += _lower_floors(rule, gives, inputs)
    elif rule.lowered:
        copies += _lowered(rule, column, gives, inputs)
    if rule.owed_in == "hours":
        soft = {"strength": "soft", "goal": rule.usual_goal()}
        copies.append(_narrowed(rule, column, names, inputs).model_copy(update=soft))
    return fields, copies


def _lower_floors(rule: ShareFloor, gives: Sequence[Give], inputs: Inputs) -> list[RuleKind]:
    """Copies for the groups that send fewer: the share that comes to the number they can send."""
    groups = inputs.roster[rule.group_by].astype(str).to_numpy()
    heads = inputs.cadres["headcount"].to_numpy()
    audience = inputs.audience(rule.audience)
    alike: dict[tuple[tuple[int, ...], Fraction], list[str]] = {}
    for give in gives:
        if give.after:
            size = int(heads[audience & (groups == give.scope)].sum())
            alike.setdefault((give.years, Fraction(int(give.after), size)), []).append(give.scope)
    return [
        _dated(_narrowed(rule, rule.group_by, names, inputs), years, {"share": share})
        for (years, share), names in alike.items()
    ]


def _lowered(rule: RuleKind, column: str, gives: Sequence[Give], inputs: Inputs) -> list[RuleKind]:
    """Copies for the groups or persons that do less: the number comes down to what they do."""
    alike: dict[tuple[tuple[int, ...], Any], list[str]] = {}
    for give in gives:
        if give.after:
            alike.setdefault((give.years, give.after), []).append(give.scope)
    return [
        _dated(_narrowed(rule, column, names, inputs), years, {rule.lowered: number})
        for (years, number), names in alike.items()
    ]


def _narrowed(rule: Any, column: str, names: Sequence[str], inputs: Inputs) -> Any:
    audience = narrowed(rule.audience, column, tuple(names))
    if audience is None:  # The audience has a range on the column: its people are named.
        own = inputs.audience(rule.audience) & np.asarray(inputs.roster[column].astype(str).isin(names))
        audience = Filter(conditions={"cadre_id": tuple(inputs.cadres["cadre_id"][own])})
    return rule.model_copy(update={"audience": audience})
