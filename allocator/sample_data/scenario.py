"""The scenario of a scaled size: everything as in the size's own scenario, the amounts of its quotas in proportion."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from allocator.domain.rules import record_of


def write_scenario(base: Path, folder: Path, people: int, factor: float) -> Path:
    """Write ``scenario.toml`` beside tables that are ``factor`` times as large as those of ``base``.

    Raises
    ------
    OSError
        If the scenario, one that it extends, or the policy cannot be read.
    """
    above = os.path.relpath(base.resolve(), folder.resolve()).replace(os.sep, "/")
    name = f"{base.stem}-{people}"
    lines = [
        "# Written by `allocator generate`: the same rules for another number of people, amounts in proportion.",
        f"extends = {_text(above)}",
        f"id = {_text(name)}",
        f'title = "Invented province of {people:,} people"',
        f'title_zh = "{people:,}人的虚拟数据"',
        'tables = "."',
        f"seed = {_text(name)}",
    ]
    for rule_id, amount in _amounts(base).items():
        lines += ["", f"[overrides.{rule_id}]", f"amount = {max(1, round(amount * factor)) if amount else 0}"]
    path = folder / "scenario.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def _amounts(base: Path) -> dict[str, int]:
    """Amount of every rule to be scaled, as the scenario leaves it, in the order of the policy."""
    layers = list(_layers(base))
    policy_of = next((path, layer) for path, layer in layers if "policy" in layer)
    policy = _read(policy_of[0].parent / str(policy_of[1]["policy"]))
    amounts = {rule["id"]: rule["amount"] for rule in policy["rules"] if "amount" in record_of(rule["kind"]).scaled}
    for _, layer in reversed(layers):  # The scenario itself stands first and has the last word.
        for rule_id, override in layer.get("overrides", {}).items():
            if rule_id in amounts:
                amounts[rule_id] = override.get("amount", amounts[rule_id])
    return amounts


def _layers(path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """A scenario and those it extends, nearest first."""
    layer = _read(path)
    yield path, layer
    if "extends" in layer:
        yield from _layers(path.parent / str(layer["extends"]))


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
