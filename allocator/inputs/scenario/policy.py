"""The policy file: rules of the kinds, with the scenario's overrides laid over them before they are checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocator.domain.rules import KINDS, RuleKind
from allocator.domain.tables import Parameters, Policy
from allocator.inputs.defects import Findings, did_you_mean
from allocator.inputs.scenario.toml_document import Document, KeyPath, Locate, record, refuse_unknown
from allocator.language.message import Message, listing

KEYS = ["id", "title", "title_zh", "source", "parameters", "rules"]


@dataclass(frozen=True)
class Stated:
    """A value and the document that states it."""

    value: Any
    document: Document


@dataclass(frozen=True)
class RuleTable:
    """One rule as written, and its position among the rules of the document that states it: the policy or a scenario."""

    table: Mapping[str, Any]
    document: Document
    position: int

    @property
    def id(self) -> str:
        """Its id, or its position where it has none."""
        return str(self.table.get("id", f"#{self.position + 1}"))

    def line(self, *path: str | int) -> int:
        """Line of one of its fields."""
        return self.document.line("rules", self.position, *path)


Overrides = Mapping[str, Mapping[str, Stated]]
"""Rule id, then field, to the value that replaces the policy's."""


@dataclass(frozen=True)
class PolicySource:
    """Where each rule and field was stated, for defects that are found later."""

    document: Document  # the policy
    rules: Mapping[str, RuleTable]  # by id, in the order of the policy, those of the scenario behind them
    overrides: Overrides

    def locate(self, rule_id: str, path: KeyPath = ()) -> tuple[str, int, str]:
        """File, line and shown key of a field of a rule."""
        shown = ".".join(["rules", rule_id, *map(str, path)])
        stated = self.overrides.get(rule_id, {}).get(str(path[0])) if path else None
        if stated is not None:
            line = stated.document.line("overrides", rule_id, *path)
            return stated.document.file, line, ".".join(["overrides", rule_id, *map(str, path)])
        rule = self.rules[rule_id]
        return rule.document.file, rule.line(*path), shown

    @property
    def files(self) -> set[str]:
        """Every file that states a rule or a field of one."""
        stated = {one.document.file for fields in self.overrides.values() for one in fields.values()}
        return {self.document.file, *(rule.document.file for rule in self.rules.values()), *stated}


def build_policy(
    document: Document,
    overrides: Overrides,
    disabled: Mapping[str, Document],
    parameters: Mapping[str, Stated],
    findings: Findings,
    added: Sequence[RuleTable] = (),
) -> tuple[Policy | None, PolicySource]:
    """The policy as the scenario wants it: its rules behind the others, overrides laid over them, disabled ones left out.

    Parameters
    ----------
    overrides
        Fields of rules that the scenario replaces.
    disabled
        Ids of rules that the scenario leaves out, with the document that says so.
    parameters
        Policy parameters that the scenario replaces.
    added
        Rules that the scenario adds.
    """
    values = document.values
    refuse_unknown(document, (), values, KEYS, findings)
    before = len(findings.defects)
    tables = [*_rule_tables(document, findings), *added]
    by_id: dict[str, RuleTable] = {}
    for one in tables:
        if not isinstance(one.table.get("id"), str):
            continue
        if one.id in by_id:
            findings.defect(
                one.document.file, one.line("id"), f"rules.{one.id}", _doubled(one, by_id[one.id]),
                hint=Message("hint.rule-id"), code="doubled-id",
            )  # fmt: skip
        by_id.setdefault(one.id, one)
    source = PolicySource(document, by_id, overrides)
    _refuse_unknown_rules(source, disabled, findings)
    rules = [_rule(one, source, findings) for one in tables]
    made = record(Parameters, *_parameters(document, parameters), findings)
    head = {key: values[key] for key in ("id", "title", "title_zh", "source") if key in values}

    def locate_head(path: KeyPath) -> tuple[str, int, str]:
        return document.file, document.line(*path), ".".join(map(str, path))

    kept = tuple(rule for rule in rules if rule is not None and rule.id not in disabled)
    policy = record(Policy, {**head, "rules": kept, "parameters": made or Parameters()}, locate_head, findings)
    return (policy if len(findings.defects) == before else None), source


def _doubled(rule: RuleTable, earlier: RuleTable) -> Message:
    if rule.document is earlier.document:
        return Message("defect.doubled-rule", rule=rule.id, line=earlier.line("id"))
    return Message("defect.doubled-rule-of", rule=rule.id, file=earlier.document.file, line=earlier.line("id"))


def _rule_tables(document: Document, findings: Findings) -> list[RuleTable]:
    rules = document.values.get("rules", [])
    if isinstance(rules, list) and rules and all(isinstance(rule, dict) for rule in rules):
        return [RuleTable(rule, document, position) for position, rule in enumerate(rules)]
    findings.defect(
        document.file, document.line("rules"), "rules", Message("defect.no-rules"), hint=Message("hint.rules"),
        code="missing-key",
    )  # fmt: skip
    return []


def _refuse_unknown_rules(source: PolicySource, disabled: Mapping[str, Document], findings: Findings) -> None:
    known = list(source.rules)
    wrong: list[tuple[str, str, Document, KeyPath]] = [
        ("disable", i, document, ("disable",)) for i, document in disabled.items() if i not in source.rules
    ]
    for rule_id, fields in source.overrides.items():
        for name, stated in fields.items():
            if rule_id not in source.rules:
                wrong.append(("overrides", rule_id, stated.document, ("overrides", rule_id)))
                break
            if name in ("id", "kind"):
                findings.defect(
                    stated.document.file, stated.document.line("overrides", rule_id, name),
                    f"overrides.{rule_id}.{name}", Message("defect.bad-override", field=name),
                    hint=Message("hint.disable-or-change"), code="bad-override",
                )  # fmt: skip
    for key, rule_id, document, path in wrong:
        line = next(
            (document.line(key, i) for i, one in enumerate(document.values.get(key, ())) if one == rule_id),
            document.line(*path),
        )
        findings.defect(
            document.file, line, f"{key}.{rule_id}", Message("defect.unknown-rule", rule=rule_id),
            hint=did_you_mean(rule_id, known, Message("hint.its-rules", rules=listing(known))), code="unknown-rule",
        )  # fmt: skip


def _rule(rule: RuleTable, source: PolicySource, findings: Findings) -> RuleKind | None:
    table, rule_id = rule.table, rule.id
    kind = str(table.get("kind"))
    replaced = {k: v for k, v in source.overrides.get(rule_id, {}).items() if k not in ("id", "kind")}

    def locate(path: KeyPath) -> tuple[str, int, str]:
        if path and path[0] in replaced:
            return source.locate(rule_id, path)
        return rule.document.file, rule.line(*path), ".".join(["rules", rule_id, *map(str, path)])

    if kind not in KINDS:
        known = list(KINDS)
        message = Message("defect.missing-key", key="kind")
        if "kind" in table:
            message = Message("defect.unknown-kind", kind=kind)
        hint = did_you_mean(kind, known, Message("hint.kinds", kinds=listing(known, 20)))
        findings.defect(
            *locate(("kind",)), message, hint=hint, code="unknown-kind" if "kind" in table else "missing-key"
        )
        return None
    changes = {k: v.value for k, v in replaced.items()}
    return record(KINDS[kind], {**table, **_retitled(table, changes), **changes}, locate, findings)


def _retitled(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, str]:
    """Titles that name the amount, with the amount of the scenario: 每年约40人 becomes 每年约3人."""
    old, new = table.get("amount"), changes.get("amount", table.get("amount"))
    if type(old) is not int or type(new) is not int or old == new:
        return {}
    titles = {key: str(table[key]) for key in ("title", "title_zh") if key in table}
    named = re.compile(rf"(?<![\d.]){old}(?![\d.])")
    return {key: named.sub(str(new), title) for key, title in titles.items() if len(named.findall(title)) == 1}


def _parameters(document: Document, stated: Mapping[str, Stated]) -> tuple[dict[str, Any], Locate]:
    own = document.values.get("parameters", {})
    values = {
        **(own if isinstance(own, dict) else {"parameters": own}),
        **{key: one.value for key, one in stated.items()},
    }

    def locate(path: KeyPath) -> tuple[str, int, str]:
        one = stated.get(str(path[0]))
        if one is not None:
            return one.document.file, one.document.line("policy_parameters", *path), f"policy_parameters.{path[0]}"
        return document.file, document.line("parameters", *path), f"parameters.{path[0]}"

    return values, locate
