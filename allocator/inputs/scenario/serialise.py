"""The merged scenario written down again: plain values, the file each came from, and both as TOML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table as TomlTable

from allocator.domain.tables import TABLES, Inputs, Scenario
from allocator.inputs.scenario.layers import COMMAND_LINE, Merged, relative_path
from allocator.inputs.scenario.toml_document import Document

DEFAULT = "default"
"""The origin of a value that no file states."""


def merged_form(merged: Merged, scenario: Scenario) -> tuple[dict[str, object], dict[str, str]]:
    """The merged scenario as plain values, and for each dotted key the file it came from."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}

    def put(path: tuple[str, ...], value: object, document: Document | None) -> None:
        table = values
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
        origins[".".join(path)] = DEFAULT if document is None else origin_of(document, merged)

    plain = scenario.model_dump(mode="json", exclude_none=True)
    for key in ("id", "title", "title_zh"):
        if plain[key]:
            put((key,), plain[key], _document(merged, key))
    put(("policy",), merged.relative(_policy_path(merged)), _document(merged, "policy"))
    for name in [table for table in TABLES if ("tables", table) in merged.stated]:
        put(("tables", name), merged.relative(merged.stated["tables", name].value), _document(merged, "tables", name))
    for key in ("horizon", "goals", "seed"):
        put((key,), plain[key], _document(merged, key))
    if merged.disabled:
        values["disable"] = sorted(merged.disabled)
        origins["disable"] = _origins(merged.disabled.values(), merged)
    for key, value in plain["limits"].items():
        put(("limits", key), value, _document(merged, "limits", key))
    for key in merged.below("change"):
        put(("change", key), plain["change"][key], _document(merged, "change", key))
    if ("session_changes",) in merged.stated:  # As written, since dates and filters are to be read again.
        values["session_changes"] = merged.stated["session_changes",].value
        stated_in = [document for document, _ in merged.changes] or [merged.stated["session_changes",].document]
        origins["session_changes"] = _origins(stated_in, merged)
    if merged.rules:
        values["rules"] = [dict(rule.table) for rule in merged.rules]
        origins["rules"] = _origins([rule.document for rule in merged.rules], merged)
    for path, one in sorted(merged.stated.items(), key=lambda item: item[0]):
        if path[0] in ("policy_parameters", "overrides"):
            put(path, one.value, one.document)
    return values, origins


def _policy_path(merged: Merged) -> Path:
    one = merged.stated["policy",]
    return one.document.folder / str(one.value)


def _document(merged: Merged, *path: str) -> Document | None:
    one = merged.stated.get(path)
    return None if one is None else one.document


def _origins(documents: Iterable[Document], merged: Merged) -> str:
    return ", ".join(sorted({origin_of(document, merged) for document in documents}))


def origin_of(document: Document, merged: Merged) -> str:
    """The file that states something, seen from the scenario's folder."""
    return COMMAND_LINE if document.file == COMMAND_LINE else merged.relative(Path(document.file))


def scenario_toml(inputs: Inputs, folder: Path | None = None) -> str:
    """The merged scenario as TOML, each value with the file it came from in a comment.

    Parameters
    ----------
    folder
        Where the text will stand: paths are written relative to it. Absent: relative to the scenario's own folder.
    """
    start = inputs.files["scenario"].parent

    def moved(path: object) -> object:
        return path if folder is None else relative_path(start / str(path), folder)

    def filled(table: TomlTable | tomlkit.TOMLDocument, values: Mapping[str, Any], prefix: str) -> None:
        plain = {key: value for key, value in values.items() if not _is_heading(prefix, key, value)}
        for key, value in plain.items():
            is_path = f"{prefix}{key}" == "policy" or prefix == "tables."
            table.add(key, tomlkit.item(moved(value) if is_path else value))
            table[key].comment(inputs.origins[f"{prefix}{key}"])
        for key, value in values.items():
            if key not in plain:
                inner = tomlkit.table()
                filled(inner, value, f"{prefix}{key}.")
                table.add(key, inner)

    document = tomlkit.document()
    filled(document, inputs.merged, "")
    return tomlkit.dumps(document)


def _is_heading(prefix: str, key: str, value: object) -> bool:
    """Whether a value gets a heading of its own; an override's value that is a table stays on its line."""
    return isinstance(value, dict) and (prefix in ("", "overrides.") or not key)
