"""Weaker forms of the strict limits, and the change of the scenario that states them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from allocator.answers.conflicts.demands import Part
from allocator.answers.conflicts.relaxations import Give
from allocator.answers.conflicts.toml_fragments import rule_written
from allocator.domain.tables import Inputs

SHARES = (Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(1))
"""Shares of a team away at once, from the strictest."""


def weaker(limb: Part) -> Iterator[tuple[Give, Part | None]]:
    """What a strict limit can come down to, the nearest first; ``None``: it is dropped."""
    rule, name = limb.rule, limb.limb
    field = name.split(".")[0]
    value = getattr(rule, field)
    if field in ("rest_days",):
        steps: list[Any] = sorted({value * k // 4 for k in range(4)} - {value}, reverse=True)
    elif field in ("same_programme_years", "long_years"):
        steps = list(range(value - 1, 0, -1))
    elif field == "classes_per_year":
        steps = [value + 1, value + 2]
    elif field == "share":
        steps = [share for share in SHARES if share > value]
    else:  # A pair of posts, a blocked period, a call-up: there is nothing between it and none.
        yield _give(limb, value[0] if isinstance(value, tuple) else value, None), None
        return
    for step in steps:
        weak = replace(limb, rule=rule.model_copy(update={field: step}), limb=f"{name}={step}")
        yield _give(limb, value, step), weak


def _give(limb: Part, before: Any, after: Any) -> Give:
    return Give(limb.rule, limb.years, "", "", before, after, 0, limb.limb)


def eased(give: Give, before: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    """The change of a scenario that states a weaker limit, on top of other changes of the same sort."""
    assert give.rule is not None
    rule = inputs.policy.rule(give.rule.id)
    field, _, number = give.limb.partition(".")
    key = f"overrides.{rule.id}.{field}"
    if not number:
        after = give.after
        return {
            key: False
            if field == "everyone"
            else "report"
            if field == "strength"
            else str(after)
            if isinstance(after, Fraction)
            else after
        }
    entries = rule_written(rule)[field]
    kept = before.get(key, entries)
    dropped = entries[int(number)]
    return {key: [one for one in kept if one != dropped]}
