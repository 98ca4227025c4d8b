"""``run.json`` and ``scenario.toml``: what was run, on what, with which result."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from tomlkit.items import AoT

from allocator.domain.tables import Inputs
from allocator.language.message import Message
from allocator.outputs.output_data import Material
from allocator.system.memory import peak_memory

LIBRARIES = {"allocator": "quota-allocator"} | {
    name: name for name in ("ortools", "numpy", "pandas", "pydantic", "pyarrow", "xlsxwriter")
}
"""What is imported, with the name under which it is installed: that of the program is taken on the public index."""


def run_record(
    material: Material, seconds: Mapping[str, float], extras: Mapping[str, Any], told: Sequence[str] = ()
) -> str:
    """The text of ``run.json``.

    ``extras`` are added at the top level and win over what is found here, so that a caller who measured more
    (the memory of its worker processes) can say so. ``told`` are further messages, of the writing itself.
    """
    inputs, result, audit = material.inputs, material.result, material.audit
    statuses = audit.rules["status"].value_counts()
    record: dict[str, Any] = {
        "scenario": inputs.scenario.id,
        "policy": inputs.policy.id,
        "horizon": list(inputs.years),
        "seed": inputs.scenario.seed,
        "status": None if result is None else result.status.value,
        "goals": [] if result is None else [goal_record(goal) for goal in result.goals],
        "audit": {status: int(statuses.get(status, 0)) for status in ("kept", "breached", "reported")},
        "rules": {
            rule.id: {"kind": rule.kind, "touched": int(audit.touched.get(rule.id, 0))} for rule in inputs.policy.rules
        },
        "warnings": [str(warning) for warning in audit.warnings],
        "messages": [*(() if result is None else map(str, result.messages)), *told],
        "notes": [str(note) for note in inputs.notes],
        "texts": {
            "messages": [text_record(text) for text in (() if result is None else result.messages)],
            "warnings": [text_record(text) for text in audit.warnings],
            "notes": [text_record(text) for text in inputs.notes],
        },
        "weights": {} if result is None or result.prices is None else dict(result.prices.weights),
        "work": {} if result is None else dict(result.work),
        "seconds": {**({} if result is None else result.seconds), **seconds},
        "peak_memory_bytes": peak_memory(),
        "versions": versions(),
        "plan": {"sha256": material.plan.sha256, "placements": len(material.plan.placements)},
        "inputs": dict(sorted(inputs.hashes.items())),
    }
    record.update(extras)
    return json.dumps(record, ensure_ascii=False, indent=2, default=_plain) + "\n"


def text_record(text: str) -> dict[str, Any]:
    """A message with its code, parameters and both texts; of a text without a code only the text."""
    return text.as_record() if isinstance(text, Message) else {"code": "", "parameters": {}, "en": text, "zh": text}


def goal_record(goal: Any) -> dict[str, Any]:
    """One goal with its gap; ``proven`` is true only when value equals bound."""
    return {
        "goal": goal.goal, "sense": goal.sense, "unit": goal.unit, "value": goal.value, "bound": goal.bound,
        "gap": goal.gap, "proven": goal.is_proven,
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Python, system and the libraries whose version may move a number."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for library, distribution in LIBRARIES.items():
        try:
            found[library] = metadata.version(distribution)
        except metadata.PackageNotFoundError:  # Run from a checkout that was never installed.
            found[library] = "unknown"
    return found


def scenario_text(inputs: Inputs, folder: Path) -> str:
    """The merged scenario as TOML, each value with the file it came from.

    Paths are written as seen from ``folder``, so that the file there can be run and audited as it is.
    """
    merged = _plain_tree(inputs.merged)
    if "policy" in merged and "policy" in inputs.files:
        merged["policy"] = _seen_from(folder, inputs.files["policy"])
    if isinstance(merged.get("tables"), dict):
        merged["tables"] = {
            name: _seen_from(folder, inputs.files[name]) if name in inputs.files else path
            for name, path in merged["tables"].items()
        }
    document = tomlkit.document()
    _write(document, merged, "", inputs.origins)
    return tomlkit.dumps(document)


def _write(table: Any, values: Mapping[str, Any], above: str, origins: Mapping[str, str]) -> None:
    # TOML needs plain values before tables.
    for key, value in sorted(values.items(), key=lambda item: isinstance(item[1], dict)):
        path = f"{above}.{key}" if above else key
        if isinstance(value, dict):
            inner = tomlkit.table()
            _write(inner, value, path, origins)
            table.add(key, inner)
            continue
        item = tomlkit.item(value)
        if path in origins and not isinstance(item, AoT):
            item.comment(origins[path])
        table.add(key, item)


def _seen_from(folder: Path, path: Path) -> str:
    """``path`` from the folder, with forward slashes; absolute where there is no way from one to the other."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # Two drives of Windows have no relative path.
        return path.absolute().as_posix()


def _plain_tree(value: Any) -> Any:
    """The same tree in types TOML knows; TOML has no null, so an absent value leaves no key."""
    if isinstance(value, Mapping):
        return {str(key): _plain_tree(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain_tree(inner) for inner in value if inner is not None]
    return value if isinstance(value, bool | int | float | str | date) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path | Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value, key=str)
    return str(value)
