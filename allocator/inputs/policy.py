"""The policy file: rules of the kinds, with the scenario's overrides laid over them before they are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allocator.entities import Parameters, Policy
from allocator.inputs.documents import Document, KeyPath, Locate, record, refuse_unknown
from allocator.inputs.findings import Findings, did_you_mean
from allocator.kinds import KINDS, RuleKind
from allocator.wording import Message, listing

KEYS = ["id", "title", "title_zh", "source", "parameters", "rules"]


@dataclass(frozen=True)
class Stated:
    """A value and the document that states it."""

    value: Any
    document: Document


Overrides = Mapping[str, Mapping[str, Stated]]
"""Rule id, then field, to the value that replaces the policy's."""


@dataclass(frozen=True)
class PolicySource:
    """Where each rule and field was stated, for defects that are found later."""

    document: Document
    positions: Mapping[str, int]  # rule id -> position among the file's rules
    overrides: Overrides

    def locate(self, rule_id: str, path: KeyPath = ()) -> tuple[str, int, str]:
        """File, line and shown key of a field of a rule."""
        shown = ".".join(["rules", rule_id, *map(str, path)])
        stated = self.overrides.get(rule_id, {}).get(str(path[0])) if path else None
        if stated is not None:
            line = stated.document.line("overrides", rule_id, *path)
            return stated.document.file, line, ".".join(["overrides", rule_id, *map(str, path)])
        return self.document.file, self.document.line("rules", self.positions[rule_id], *path), shown


def build_policy(
    document: Document,
    overrides: Overrides,
    disabled: Mapping[str, Document],
    parameters: Mapping[str, Stated],
    findings: Findings,
) -> tuple[Policy | None, PolicySource]:
    """The policy as the scenario wants it: overrides laid over the rules, disabled rules left out.

    Parameters
    ----------
    overrides
        Fields of rules that the scenario replaces.
    disabled
        Ids of rules that the scenario leaves out, with the document that says so.
    parameters
        Policy parameters that the scenario replaces.
    """
    values = document.values
    refuse_unknown(document, (), values, KEYS, findings)
    before = len(findings.defects)
    tables = _rule_tables(document, findings)
    positions: dict[str, int] = {}
    for position, table in enumerate(tables):
        rule_id = table.get("id")
        if not isinstance(rule_id, str):
            continue
        if rule_id in positions:
            findings.defect(
                document.file, document.line("rules", position, "id"), f"rules.{rule_id}",
                Message("defect.doubled-rule", rule=rule_id, line=document.line("rules", positions[rule_id], "id")),
                hint=Message("hint.rule-id"), code="doubled-id",
            )  # fmt: skip
        positions.setdefault(rule_id, position)
    source = PolicySource(document, positions, overrides)
    _refuse_unknown_rules(source, disabled, findings)
    rules = [_rule(document, position, table, source, findings) for position, table in enumerate(tables)]
    made = record(Parameters, *_parameters(document, parameters), findings)
    head = {key: values[key] for key in ("id", "title", "title_zh", "source") if key in values}

    def locate_head(path: KeyPath) -> tuple[str, int, str]:
        return document.file, document.line(*path), ".".join(map(str, path))

    kept = tuple(rule for rule in rules if rule is not None and rule.id not in disabled)
    policy = record(Policy, {**head, "rules": kept, "parameters": made or Parameters()}, locate_head, findings)
    return (policy if len(findings.defects) == before else None), source


def _rule_tables(document: Document, findings: Findings) -> list[Mapping[str, Any]]:
    rules = document.values.get("rules", [])
    if isinstance(rules, list) and rules and all(isinstance(rule, dict) for rule in rules):
        return rules
    findings.defect(
        document.file, document.line("rules"), "rules", Message("defect.no-rules"), hint=Message("hint.rules"),
        code="missing-key",
    )  # fmt: skip
    return []


def _refuse_unknown_rules(source: PolicySource, disabled: Mapping[str, Document], findings: Findings) -> None:
    known = list(source.positions)
    wrong: list[tuple[str, str, Document, KeyPath]] = [
        ("disable", i, document, ("disable",)) for i, document in disabled.items() if i not in source.positions
    ]
    for rule_id, fields in source.overrides.items():
        for name, stated in fields.items():
            if rule_id not in source.positions:
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


def _rule(
    document: Document, position: int, table: Mapping[str, Any], source: PolicySource, findings: Findings
) -> RuleKind | None:
    rule_id = str(table.get("id", f"#{position + 1}"))
    kind = str(table.get("kind"))
    replaced = {k: v for k, v in source.overrides.get(rule_id, {}).items() if k not in ("id", "kind")}

    def locate(path: KeyPath) -> tuple[str, int, str]:
        if path and path[0] in replaced:
            return source.locate(rule_id, path)
        return document.file, document.line("rules", position, *path), ".".join(["rules", rule_id, *map(str, path)])

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
    return record(KINDS[kind], {**table, **{k: v.value for k, v in replaced.items()}}, locate, findings)


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
