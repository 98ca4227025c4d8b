"""A scenario as it is after all layers: every value with the file that set it, every rule changed with old and new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allocator.domain.filters import Filter
from allocator.domain.rules import KINDS
from allocator.domain.tables import Policy, Scenario
from allocator.inputs.scenario.layers import Merged
from allocator.inputs.scenario.policy import PolicySource
from allocator.inputs.scenario.serialise import merged_form, origin_of


@dataclass(frozen=True)
class Value:
    """One value of the merged scenario: its dotted key, and the file that set it (``default`` when none did)."""

    key: str
    value: object
    origin: str


@dataclass(frozen=True)
class RuleChange:
    """A field of a rule that the scenario replaces.

    Parameters
    ----------
    old
        What the policy says; the default of the field where it says nothing, ``None`` where that is empty too.
    """

    rule_id: str
    clause: str
    title: str
    title_zh: str
    field: str
    old: object
    new: object
    origin: str


@dataclass(frozen=True)
class RuleLeftOut:
    """A rule of the policy that the scenario does not use."""

    rule_id: str
    clause: str
    title: str
    title_zh: str
    origin: str


@dataclass(frozen=True)
class RuleAdded:
    """A rule that the scenario adds to the policy, with its fields as they are written."""

    rule_id: str
    clause: str
    title: str
    title_zh: str
    fields: Mapping[str, object]
    origin: str


@dataclass(frozen=True)
class Shown:
    """The merged scenario for reading.

    Parameters
    ----------
    chain
        The scenario's file, then the one it extends, and so on.
    values
        Everything but the overrides, in the order of the merged form.
    """

    scenario: Scenario
    policy: Policy
    chain: tuple[str, ...]
    values: tuple[Value, ...]
    changes: tuple[RuleChange, ...]
    left_out: tuple[RuleLeftOut, ...]
    added: tuple[RuleAdded, ...] = ()


def shown(merged: Merged, scenario: Scenario, policy: Policy, source: PolicySource, chain: tuple[str, ...]) -> Shown:
    """What the layers of a scenario come to."""
    values, origins = merged_form(merged, scenario)
    plain = tuple(
        Value(key, value, origins[key])
        for key, value in _flat(values, origins)
        if key != "rules" and not key.startswith("overrides.")
    )
    tables = {rule_id: rule.table for rule_id, rule in source.rules.items()}
    order = list(tables)
    changes = [
        RuleChange(
            rule_id, *_names(tables[rule_id]), field, _stated(tables[rule_id], field), one.value,
            origin_of(one.document, merged),
        )
        for rule_id in sorted(source.overrides, key=order.index)
        for field, one in sorted(source.overrides[rule_id].items())
    ]  # fmt: skip
    left_out = [
        RuleLeftOut(rule_id, *_names(tables[rule_id]), origin_of(merged.disabled[rule_id], merged))
        for rule_id in sorted(merged.disabled, key=order.index)
    ]
    added = [
        RuleAdded(rule.id, *_names(rule.table), _own(rule.table), origin_of(rule.document, merged))
        for rule in merged.rules
    ]
    return Shown(scenario, policy, chain, plain, tuple(changes), tuple(left_out), tuple(added))


def _own(table: Mapping[str, Any]) -> dict[str, object]:
    return {key: value for key, value in table.items() if key not in ("id", "clause", "title", "title_zh")}


def _flat(values: Mapping[str, Any], origins: Mapping[str, str], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted keys as far as origins know them; a value that is a table itself stays whole."""
    for key, value in values.items():
        dotted = f"{prefix}{key}"
        if dotted in origins:
            yield dotted, value
        else:
            yield from _flat(value, origins, f"{dotted}.")


def _names(table: Mapping[str, Any]) -> tuple[str, str, str]:
    clause, title, title_zh = (str(table.get(key, "")) for key in ("clause", "title", "title_zh"))
    return clause, title, title_zh


def _stated(table: Mapping[str, Any], field: str) -> object:
    """A field as the policy states it, or the default of the kind."""
    if field in table:
        return table[field]
    one = KINDS[str(table["kind"])].model_fields[field]
    default = None if one.is_required() else one.get_default(call_default_factory=True)
    is_silent = isinstance(default, Filter) or (isinstance(default, tuple | Mapping | str) and not default)
    return None if is_silent else default
