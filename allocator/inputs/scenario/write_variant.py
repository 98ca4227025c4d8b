"""A scenario file that extends the one some inputs came from and states what is to be changed in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Item

from allocator.domain.errors import OutputError
from allocator.domain.tables import Inputs
from allocator.inputs.defects import Findings
from allocator.inputs.files import Files
from allocator.inputs.load import changed, read_rules, source_of
from allocator.inputs.scenario.layers import combined, relative_path, shown_path
from allocator.language.message import Message
from allocator.system.atomic_write import write_whole

WIDEST = 100
"""Characters of a value on one line; a longer list gets a line for each of its values."""


def write_variant(
    inputs: Inputs,
    changes: Mapping[str, object],
    file: Path | str,
    *,
    id: str,
    title: str = "",
    title_zh: str = "",
    force: bool = False,
) -> Inputs:
    """Write a scenario that extends the one ``inputs`` came from and says what ``changed(inputs, changes)`` says.

    Changes that the inputs themselves were read with (``--time-limit``, ``--seed``) are written too, and paths are written as
    seen from the file.

    Parameters
    ----------
    inputs
        What ``load`` or ``changed`` returned.
    changes
        Values by dotted key, as ``changed`` takes them.
    file
        The scenario file to write, whole or not at all.
    id, title, title_zh
        What the scenario is called.
    force
        Replace a file of that name; a file that the inputs were read from is never replaced.

    Returns
    -------
    Inputs
        What reading the file gives, except for its own name.

    Raises
    ------
    InputError
        If the changed scenario has defects.
    OutputError
        If the file cannot be written, is there and ``force`` is not given, or is one that the inputs were read from.
    """
    file, source = Path(file), source_of(inputs)
    if file.resolve() in {read.resolve() for read in inputs.files.values()}:
        raise OutputError(Message("error.variant-over-input", file=file))
    if file.exists() and not force:
        raise OutputError(Message("error.file-exists", file=file))
    names = {"id": id, "title": title, "title_zh": title_zh}
    made = changed(inputs, {**changes, **names})
    text = _text(combined(source.changes, changes), made, file, names)
    _refuse_another_meaning(text, file, made)
    write_whole(file, text.encode("utf-8"))
    return made


def _text(values: dict[str, Any], made: Inputs, file: Path, names: Mapping[str, str]) -> str:
    start = file.absolute().parent
    if isinstance(values.get("policy"), str):
        values["policy"] = relative_path(Path(values["policy"]).absolute(), start)
    if isinstance(values.get("tables"), str):
        values["tables"] = relative_path(Path(values["tables"]).absolute(), start)
    elif "tables" in values:
        values["tables"] = {n: relative_path(Path(p).absolute(), start) for n, p in values["tables"].items()}
    if "session_changes" in values:  # A list of a file stands for all below it, so it holds those of the base too.
        values["session_changes"] = made.merged["session_changes"]
    document = tomlkit.document()
    document.add("extends", tomlkit.item(relative_path(made.files["scenario"].absolute(), start)))
    for key, value in names.items():
        if value:
            document.add(key, tomlkit.item(value))
    rest = {key: value for key, value in values.items() if key not in names}
    for key, value in sorted(rest.items(), key=lambda one: _is_headed(one[1])):  # TOML needs plain values first.
        if isinstance(value, list) and _is_headed(value):
            for one in value:
                tables = document.setdefault(key, tomlkit.aot())
                tables.append(_table(one))
        elif key == "overrides":
            for rule_id, fields in value.items():
                table = document.setdefault(key, tomlkit.table(is_super_table=True))
                table.add(rule_id, _table(fields))
        else:
            document.add(key, _table(value) if isinstance(value, dict) else _on_line(value))
    return re.sub(
        r"\n+(?=\[)", "\n\n", tomlkit.dumps(document)
    )  # A line above each heading; values do not begin a line.


def _is_headed(value: object) -> bool:
    """Whether a value gets headings of its own."""
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _table(values: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(key, _on_line(value))
    return table


def _on_line(value: Any) -> Item:
    """A value on its line, tables inside it between braces."""
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for key, one in value.items():
            inline.add(key, _on_line(one))
        return inline
    if isinstance(value, list | tuple):
        items = tomlkit.array()
        for one in value:
            items.append(_on_line(one))
        items.multiline(len(items.as_string()) > WIDEST)
        return items
    made: Item = tomlkit.item(value)
    return made


def _refuse_another_meaning(text: str, file: Path, made: Inputs) -> None:
    """Read the text as if it stood in its file: it must give the scenario and the rules that it was written for."""
    source = source_of(made)
    files = Files({**source.documents, Path(shown_path(file)): text.encode("utf-8")})
    scenario, policy = read_rules(file, files, Findings())
    wanted = made.scenario.model_dump(), made.policy
    if (scenario.model_dump(), policy) != wanted:
        raise AssertionError(f"the scenario written to {file.name} would be read as another one")
