"""The hard rules taken apart: one limb, one year, one group or person each, so that a conflict names no more than it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator.audit.measures.quota import allowed
from allocator.domain.filters import LIST_COLUMNS, Filter
from allocator.domain.rules import (
    AwayLimit,
    Fixed,
    Quota,
    Representation,
    RuleKind,
    Spacing,
)
from allocator.domain.tables import Inputs

Side = Literal["least", "most", ""]

MOST_SCOPES = 4000
"""Groups or people into which a part is taken apart at most."""


@dataclass(frozen=True)
class Part:
    """One demand of a rule that can be kept or dropped by itself.

    Parameters
    ----------
    rule
        The rule as far as this demand goes: narrowed to some years, a group, a person or a limb; it has the id of the whole rule.
    years
        Plan years it speaks of.
    scope
        Group or person it speaks of; empty: all of the audience.
    side
        Whether a quota asks for its least or for its most.
    limb
        Which limit of a strict rule it is, such as ``rest_days`` or ``call_ups.0``.
    """

    rule: Any
    years: tuple[int, ...]
    scope: str = ""
    side: Side = ""
    limb: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What tells one part from another."""
        return self.rule.id, self.side, self.years, self.scope, self.limb

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and self.key == other.key


def is_limit(rule: RuleKind) -> bool:
    """Whether no plan of ours breaks a rule, unless people are called up by name against it."""
    return rule.is_strict and rule.demands != "admission"


def scope_column(rule: RuleKind) -> str:
    """The roster column by which a demand can be taken apart, group by group or person by person; empty where it cannot."""
    return "cadre_id" if rule.asks_each_person() else rule.grouped_by if rule.asks_each_group() else ""


def demands(inputs: Inputs) -> list[Part]:
    """The hard demands of the policy, rule by rule; of a quota its least and its most apart."""
    return [
        part
        for rule in inputs.policy.rules
        if rule.asks_attendance() and rule.strength == "hard"
        for part in whole(rule, inputs)
    ]


def whole(rule: RuleKind, inputs: Inputs) -> list[Part]:
    """A rule that demands attendances as parts over all its years; none where it asks for nothing in the plan years."""
    years = tuple(y for y in inputs.years if not rule.years or y in rule.years)
    if not years:
        return []
    if (
        isinstance(rule, Representation) and rule.share is None
    ):  # The share is that of the whole roster, whoever is looked at.
        return [Part(rule.model_copy(update={"share": _part_of_roster(rule, inputs)}), years)]
    if not isinstance(rule, Quota):
        return [Part(rule, years)]
    least, most = allowed(rule)
    parts = []
    if least > 0:
        parts.append(Part(_quota(rule, "at-least", least), years, side="least"))
    if most is not None and rule.modality != "at-least":
        parts.append(Part(_quota(rule, "at-most", most), years, side="most"))
    return parts


def _part_of_roster(rule: Representation, inputs: Inputs) -> Fraction:
    heads, among = inputs.cadres["headcount"].to_numpy(), inputs.audience(rule.among)
    people = int(heads[among & inputs.audience(rule.audience)].sum())
    return Fraction(people, max(1, int(heads[among].sum())))


def _quota(rule: Quota, modality: str, amount: int) -> Quota:
    """One side of a quota without its band; who may attend is said by the rule itself."""
    return rule.model_copy(update={"modality": modality, "amount": amount, "admits": False, "strength": "hard"})


def by_year(part: Part, inputs: Inputs) -> list[Part]:
    """The part year by year, or span by span; as it is where its years hang together."""
    rule = part.rule
    if rule.period == "plan" and not getattr(rule, "per_year", False):
        return [part]
    if rule.period == "span":
        step, years = getattr(rule, "window_years"), inputs.years  # noqa: B009 (only kinds of spans have the field)
        spans = [years[i : i + step] for i in range(0, len(years) - step + 1, step)]
        return [_of_years(part, span) for span in spans if set(span) <= set(part.years)] or [part]
    return [_of_years(part, (year,)) for year in part.years]


def _of_years(part: Part, years: tuple[int, ...]) -> Part:
    return Part(part.rule.model_copy(update={"years": years}), years, part.scope, part.side, part.limb)


def by_scope(part: Part, inputs: Inputs) -> list[Part]:
    """The part group by group, or person by person; as it is where it cannot be taken apart so."""
    rule = part.rule
    if part.scope:
        return [part]
    column = scope_column(rule)
    if not column or column in LIST_COLUMNS or not pd.api.types.is_string_dtype(inputs.roster[column]):
        return [part]
    people = inputs.audience(rule.audience)
    if rule.only_named:
        people &= inputs.cadres["headcount"].to_numpy() == 1
    names = sorted(set(inputs.roster[column][people]) - {""})
    if len(names) > MOST_SCOPES:
        return [part]
    return [one for name in names if (one := of_scope(part, column, name)) is not None]


def of_scope(part: Part, column: str, name: str) -> Part | None:
    """The part of one group or person; ``None`` where the audience's own filter cannot be narrowed so."""
    audience = narrowed(part.rule.audience, column, (name,))
    if audience is None:
        return None
    return Part(part.rule.model_copy(update={"audience": audience}), part.years, name, part.side, part.limb)


def narrowed(audience: Filter, column: str, values: tuple[str, ...]) -> Filter | None:
    """Those of an audience with one of some values in a column; ``None`` where the audience has a range on it."""
    before = audience.conditions.get(column)
    if before is not None:
        if not isinstance(before, tuple):
            return None
        values = tuple(value for value in values if value in before)
        if not values:
            return None
    return Filter(conditions={**audience.conditions, column: values}, exclude=audience.exclude, any_of=audience.any_of)


def without(audience: Filter, column: str, values: tuple[str, ...]) -> Filter:
    """An audience less those with one of some values in a column."""
    out = Filter(conditions={column: values})
    exclude = out if audience.exclude is None else Filter(any_of=(audience.exclude, out))
    return Filter(conditions=audience.conditions, exclude=exclude, any_of=audience.any_of)


def limbs(inputs: Inputs) -> list[Part]:
    """The limits of all strict rules, one by one: each limb of spacing and away-limits, each named call-up or period."""
    return [
        part
        for rule in inputs.policy.rules
        if is_limit(rule) and rule.strength != "report"
        for part in _limbs(rule, tuple(y for y in inputs.years if not rule.years or y in rule.years))
    ]


def _limbs(rule: RuleKind, years: tuple[int, ...]) -> Iterator[Part]:
    if isinstance(rule, Spacing):
        bare: dict[str, Any] = dict.fromkeys(SPACING)
        for limb in ("rest_days", "same_programme_years", "classes_per_year", "long_years"):
            if getattr(rule, limb) is not None:
                own = {limb: getattr(rule, limb)} | ({"long_days": rule.long_days} if limb == "long_years" else {})
                yield Part(rule.model_copy(update={**bare, **own}), years, limb=limb)
        return
    if not isinstance(rule, AwayLimit | Fixed):  # Of another strict kind the rule is one limit.
        yield Part(rule, years, limb="strength")
        return
    names = ("posts_apart", "blocked") if isinstance(rule, AwayLimit) else ("call_ups", "forbidden", "unavailable")
    bare = dict.fromkeys(names, ())
    bare |= {"share": None, "host_month_share": None} if isinstance(rule, AwayLimit) else {"everyone": False}
    if isinstance(rule, AwayLimit) and rule.share is not None:
        yield Part(rule.model_copy(update={**bare, "share": rule.share}), years, limb="share")
    if isinstance(rule, Fixed) and rule.everyone:
        yield Part(rule.model_copy(update={**bare, "everyone": True}), years, limb="everyone")
    for name in names:
        for number, entry in enumerate(getattr(rule, name)):
            yield Part(rule.model_copy(update={**bare, name: (entry,)}), years, limb=f"{name}.{number}")


SPACING = ("rest_days", "same_programme_years", "classes_per_year", "long_days", "long_years")
"""Limbs of a spacing rule."""


def people_of(part: Part, inputs: Inputs) -> np.ndarray:
    """Whom a part speaks about, boolean (I,)."""
    people = inputs.audience(part.rule.audience)
    if isinstance(part.rule, Fixed) and not part.rule.everyone:
        entries: tuple[Any, ...] = (*part.rule.call_ups, *part.rule.forbidden, *part.rule.unavailable)
        return np.asarray(inputs.cadres["cadre_id"].isin({entry.cadre_id for entry in entries}))
    if isinstance(part.rule, Representation):
        people |= inputs.audience(part.rule.among)
    return people
