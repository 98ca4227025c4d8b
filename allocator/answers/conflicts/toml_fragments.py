"""Rules and filters as a scenario file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from allocator.domain.filters import Filter, Range
from allocator.domain.rules import RuleKind

NAMED = ("id", "kind", "clause", "title", "title_zh")
"""Fields that are written whatever they say."""


def rule_written(rule: RuleKind) -> dict[str, Any]:
    """A rule as a table of ``[[rules]]``; what stands at its default is left out.

    Examples
    --------
    >>> from allocator.domain.rules import ShareFloor
    >>> rule_written(ShareFloor(id="a", kind="share-floor", title="A", title_zh="甲", share="1/5"))["share"]
    '1/5'
    """
    made: dict[str, Any] = {}
    for name, field in type(rule).model_fields.items():
        value = getattr(rule, name)
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if name in NAMED or field.is_required() or value != default:
            made[name] = _written(value)
    return made


def filter_written(wanted: Filter) -> dict[str, Any]:
    """A filter as a table.

    Examples
    --------
    >>> filter_written(Filter.model_validate({"rank": "a", "not": {"birth_year": {"max": 1960}}}))
    {'rank': 'a', 'not': {'birth_year': {'max': 1960}}}
    """
    made: dict[str, Any] = {}
    for column, values in wanted.conditions.items():
        if isinstance(values, Range):
            bounds = {"min": values.min, "max": values.max}
            made[column] = {name: bound for name, bound in bounds.items() if bound is not None}
        else:
            made[column] = values[0] if len(values) == 1 else list(values)
    if wanted.any_of:
        made["any"] = [filter_written(part) for part in wanted.any_of]
    if wanted.exclude is not None:
        made["not"] = filter_written(wanted.exclude)
    return made


def _written(value: object) -> Any:
    match value:
        case Filter():
            return filter_written(value)
        case BaseModel():
            stated = {name: getattr(value, name) for name in type(value).model_fields}
            return {name: _written(one) for name, one in stated.items() if one is not None and one != ""}
        case Fraction():
            return str(value)
        case Mapping():
            return {str(key): _written(one) for key, one in value.items()}
        case tuple() | list():
            return [_written(one) for one in value]
        case date() | bool() | int() | float() | str():
            return value
    raise TypeError(type(value).__name__)
