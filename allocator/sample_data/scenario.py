"""The scenario beside generated tables: the size's own with its policy, or one that extends a given scenario; amounts in proportion."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from allocator.domain.rules import record_of
from allocator.sample_data.design import Size

POLICY, SCENARIO = "policy.toml", "scenario.toml"
HOME = Path(__file__).parent
OWN = {"tiny": ("tiny", "tiny"), "one-prefecture": ("one-prefecture", "henan"), "henan": ("henan-2019-2022", "henan")}
"""Scenario and policy of each size, copies of those that the project shows: `make data` keeps them alike, a test compares them."""
NOTE = """\
# 由 allocator generate 写出，可直接编制：allocator plan scenario.toml --out out
# Written by `allocator generate`, ready to be planned: allocator plan scenario.toml --out out

"""

Layer = Mapping[str, Any]


def write_own_scenario(size: Size, folder: Path, people: int | None, factor: float) -> Path:
    """Write ``policy.toml`` and ``scenario.toml`` of a size beside its tables: the folder needs nothing outside itself.

    ``people`` is the number of named people of a scaled size, whose amounts are multiplied by ``factor``; absent: the size's own.
    """
    name, policy = OWN[size]
    rules = HOME / "policies" / f"{policy}.toml"
    layers = [layer for _, layer in _layers(HOME / "scenarios" / f"{name}.toml")]
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        _overlay(merged, layer)
    merged.pop("extends", None)
    merged |= {"policy": POLICY, "tables": "."}
    if people is not None:
        merged |= _named(f"{name}-{people}", people)
        for rule_id, amount in _amounts(_read(rules), layers).items():
            merged.setdefault("overrides", {}).setdefault(rule_id, {})["amount"] = _scaled(amount, factor)
    _write(folder / POLICY, rules.read_text(encoding="utf-8"))
    return _write(folder / SCENARIO, NOTE + tomlkit.dumps(merged))


def write_extending_scenario(base: Path, folder: Path, people: int, factor: float, home: Path | None = None) -> Path:
    """Write ``scenario.toml`` beside tables that are ``factor`` times as large as those of ``base``, which it extends.

    ``home`` is where it is going to lie, if not in ``folder``.

    Raises
    ------
    OSError
        If the scenario, one that it extends, or the policy cannot be read.
    """
    layers = list(_layers(base))
    at, stated = next((path, layer) for path, layer in layers if "policy" in layer)
    amounts = _amounts(_read(at.parent / str(stated["policy"])), [layer for _, layer in layers])
    above = os.path.relpath(base.resolve(), (home or folder).resolve()).replace(os.sep, "/")
    document = {"extends": above, **_named(f"{base.stem}-{people}", people), "tables": "."}
    document["overrides"] = {rule_id: {"amount": _scaled(amount, factor)} for rule_id, amount in amounts.items()}
    return _write(folder / SCENARIO, NOTE + tomlkit.dumps(document))


def _named(name: str, people: int) -> dict[str, Any]:
    """What tells a scaled scenario from its base."""
    return {
        "id": name,
        "title": f"Invented province of {people:,} people",
        "title_zh": f"{people:,}人的虚拟数据",
        "seed": name,
    }


def _scaled(amount: int, factor: float) -> int:
    return max(1, round(amount * factor)) if amount else 0


def _amounts(policy: Layer, layers: Iterable[Layer]) -> dict[str, int]:
    """Amount of every rule to be scaled, as the layers of a scenario, nearest first, leave it, in the order of the policy."""
    amounts = {rule["id"]: rule["amount"] for rule in policy["rules"] if "amount" in record_of(rule["kind"]).scaled}
    for layer in reversed(list(layers)):  # The scenario itself stands first and has the last word.
        for rule_id, override in layer.get("overrides", {}).items():
            if rule_id in amounts:
                amounts[rule_id] = override.get("amount", amounts[rule_id])
    return amounts


def _overlay(below: dict[str, Any], above: Layer) -> None:
    """Put the values of one layer over those of the layer it extends."""
    for key, value in above.items():
        if isinstance(value, dict):
            _overlay(below.setdefault(key, {}), value)
        else:
            below[key] = value


def _layers(path: Path) -> Iterator[tuple[Path, Layer]]:
    """A scenario and those it extends, nearest first."""
    layer = _read(path)
    yield path, layer
    if "extends" in layer:
        yield from _layers(path.parent / str(layer["extends"]))


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path
