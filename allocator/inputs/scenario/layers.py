"""The scenario file: layers that extend each other, merged key by key, each value with the layer it came from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from allocator.domain.rules import GOALS
from allocator.domain.tables import TABLES, Limits, Parameters, Scenario
from allocator.inputs.defects import Findings, did_you_mean
from allocator.inputs.scenario.policy import RuleTable, Stated
from allocator.inputs.scenario.toml_document import (
    Document,
    KeyPath,
    read_document,
    record,
    refuse_excessive,
    refuse_unknown,
)
from allocator.inputs.tables.read_tables import SUFFIXES
from allocator.language.message import Message, listing

KEYS = [
    "id", "title", "title_zh", "extends", "policy", "tables", "horizon", "goals", "seed",
    "change", "disable", "limits", "overrides", "policy_parameters", "session_changes", "rules",
]  # fmt: skip
COMMAND_LINE = "command line"
LONGEST_HORIZON = 20
"""Years that a plan may have at most; what people attend in so many years cannot be looked through."""

Read = Callable[[str], bytes | None]
"""Bytes of a file from its path as shown in defects; ``None`` when there is none."""


@dataclass
class Merged:
    """All layers of a scenario in one: values by their path, nearest layer wins."""

    root: Path  # folder of the scenario file; paths in the merged form start here
    stated: dict[tuple[str, ...], Stated] = field(default_factory=dict)
    disabled: dict[str, Document] = field(default_factory=dict)
    rules: list[RuleTable] = field(default_factory=list)  # added by any layer, those of the base first
    changes: list[tuple[Document, int]] = field(default_factory=list)  # where each change of sessions is stated

    def below(self, *prefix: str) -> dict[str, Stated]:
        """Values directly below a table, by their key."""
        size = len(prefix)
        return {path[-1]: one for path, one in self.stated.items() if path[:-1] == prefix and len(path) == size + 1}

    def overrides(self) -> dict[str, dict[str, Stated]]:
        """Overridden fields by rule id."""
        rules: dict[str, dict[str, Stated]] = {}
        for path, one in self.stated.items():
            if path[0] == "overrides":
                rules.setdefault(path[1], {})[path[2]] = one
        return rules

    def locate_change(self, number: int, *path: str | int) -> tuple[str, int, str]:
        """File, line and shown key of a part of the change of sessions of that number."""
        document, position = self.changes[number]
        where = ("session_changes", position, *path)
        return document.file, document.line(*where), ".".join(map(str, where))

    def relative(self, path: Path) -> str:
        """A path as the merged form writes it: from the scenario's folder, with forward slashes."""
        return relative_path(path, self.root)


def relative_path(path: Path, start: Path) -> str:
    """``path`` as seen from ``start``, with forward slashes; absolute where there is no relative form."""
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:  # Two drives of Windows have no relative path.
        return path.as_posix()


def shown_path(path: Path) -> str:
    """A path as shown to the user, without detours such as ``a/../b``."""
    return Path(os.path.normpath(path)).as_posix()


def is_there(path: Path, *, folder: bool = False) -> bool:
    """Whether there is such a file (or folder); a name the system cannot have is none."""
    try:
        return path.is_dir() if folder else path.is_file()
    except (OSError, ValueError):
        return False


def merge_layers(path: Path, changes: Mapping[str, object], read: Read, findings: Findings) -> Merged:
    """Read the scenario and everything it extends; ``changes`` by dotted key come last and win."""
    layers: list[Document] = []
    seen: list[str] = []
    here: Path | None = path
    asked_by: tuple[str, int, str] | None = None
    while here is not None:
        if shown_path(here.absolute()) in seen:
            chain = " → ".join(shown_path(one) for one in [*(Path(layer.file) for layer in layers), here])
            findings.defect(
                *(asked_by or (shown_path(here), 0, "")), Message("defect.extends-cycle", chain=chain),
                hint=Message("hint.extends"), code="extends-cycle",
            )  # fmt: skip
            break
        seen.append(shown_path(here.absolute()))
        layer = _read_layer(here, asked_by, read, findings)
        if layer is None:
            break
        layers.append(layer)
        base = layer.values.get("extends")
        asked_by = (layer.file, layer.line("extends"), "extends")
        here = layer.folder / base if isinstance(base, str) else None
        if base is not None and here is None:
            message, hint = Message("defect.not-a-path", value=base), Message("hint.extends-path")
            findings.defect(*asked_by, message, hint=hint, code="wrong-type")
    merged = Merged(path.parent)
    asked = _command_line(changes)
    refuse_excessive(asked, findings)
    order = [*reversed(layers), asked]
    # A folder or workbook stands for all tables, so what lies below it is not looked at.
    whole = max((i for i, layer in enumerate(order) if isinstance(layer.values.get("tables"), str)), default=0)
    for i, layer in enumerate(order):
        _lay_over(merged, layer, bool(layers) and layer is layers[0], findings)
        if i >= whole:
            for name, table_path in _table_paths(layer, findings).items():
                merged.stated["tables", name] = Stated(table_path, layer)
    return merged


def _read_layer(path: Path, asked_by: tuple[str, int, str] | None, read: Read, findings: Findings) -> Document | None:
    file = shown_path(path)
    content = read(file)
    if content is not None:
        return read_document(path, file, content, findings)
    where = asked_by or (file, 0, "")
    message, hint = Message("defect.missing-file", file=file), Message("hint.name-and-folder")
    if is_there(path / "scenario.toml"):
        hint = Message("hint.scenario-of-folder", file=shown_path(path / "scenario.toml"))
    findings.defect(*where, message, hint=hint, code="missing-file")
    return None


def _command_line(changes: Mapping[str, object]) -> Document:
    """The changes by dotted key as a document of their own."""
    return Document(COMMAND_LINE, Path(), combined({}, changes))


SHORT = {"quota": "amount", "share": "share"}
"""First part of a short key to the field it stands for: ``quota.RULE`` is ``overrides.RULE.amount``."""

ADDED = frozenset({"disable", "rules", "session_changes"})
"""Lists of a scenario to which a change adds."""


def combined(values: Mapping[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """The tables of a scenario after changes by dotted key; ``None`` stands for an option not given.

    Later values win; the lists of ``ADDED`` grow.

    Examples
    --------
    >>> combined({"disable": ["a"], "seed": "x"}, {"disable": ["b"], "limits.gap": 0.1, "quota.one": 5})
    {'disable': ['a', 'b'], 'seed': 'x', 'limits': {'gap': 0.1}, 'overrides': {'one': {'amount': 5}}}
    """
    made = dict(values)
    for dotted, value in changes.items():
        if value is None:
            continue
        *above, key = whole_key(dotted).split(".")
        table = made
        for part in above:
            if not isinstance(table.setdefault(part, {}), dict):
                break  # The whole was given as something else; that is refused where it is read.
            table[part] = dict(table[part])
            table = table[part]
        else:
            table[key] = _joined(table.get(key), plain(value), is_added=not above and key in ADDED)
    return made


def _joined(before: Any, value: Any, *, is_added: bool) -> Any:
    if isinstance(before, dict) and isinstance(value, dict):
        return {**before, **{key: _joined(before.get(key), one, is_added=False) for key, one in value.items()}}
    return [*before, *value] if is_added and isinstance(before, list) and isinstance(value, list) else value


def whole_key(dotted: str) -> str:
    """The key of a scenario that a short one stands for; any other as it is.

    Examples
    --------
    >>> whole_key("share.team-fifth"), whole_key("limits.gap")
    ('overrides.team-fifth.share', 'limits.gap')
    """
    first, *rest = dotted.split(".")
    return f"overrides.{rest[0]}.{SHORT[first]}" if first in SHORT and len(rest) == 1 else dotted


def plain(value: object) -> Any:
    """A value of a change in the types that a file would have given."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Path | Fraction) else value


def _lay_over(merged: Merged, layer: Document, is_scenario: bool, findings: Findings) -> None:
    values = layer.values
    refuse_unknown(layer, (), values, KEYS, findings)
    for key in ("policy", "horizon", "goals", "seed"):
        if key in values:
            merged.stated[key,] = Stated(values[key], layer)
    for key in ("id", "title", "title_zh"):  # A scenario has its own name, never that of its base.
        if key in values and (is_scenario or layer.file == COMMAND_LINE):
            merged.stated[key,] = Stated(values[key], layer)
    for key, known in (("limits", list(Limits.model_fields)), ("policy_parameters", list(Parameters.model_fields))):
        table = _table(layer, (key,), values.get(key, {}), findings)
        refuse_unknown(layer, (key,), table, known, findings)
        for name in table.keys() & set(known):
            merged.stated[key, name] = Stated(table[name], layer)
    for rule_id, fields in _table(layer, ("overrides",), values.get("overrides", {}), findings).items():
        for name, value in _table(layer, ("overrides", rule_id), fields, findings).items():
            merged.stated["overrides", rule_id, name] = Stated(value, layer)
    disable = values.get("disable", [])
    if not isinstance(disable, list) or not all(isinstance(rule_id, str) for rule_id in disable):
        findings.defect(
            layer.file, layer.line("disable"), "disable", Message("defect.not-rule-ids", value=disable),
            hint=Message("hint.disable"), code="wrong-type",
        )  # fmt: skip
        disable = []
    for rule_id in disable:
        merged.disabled.setdefault(rule_id, layer)
    for position, table in enumerate(_tables_of(layer, "rules", findings)):
        merged.rules.append(RuleTable(table, layer, position))
    if "session_changes" in values:
        _lay_changes_over(merged, layer)


def _lay_changes_over(merged: Merged, layer: Document) -> None:
    """A list of a file stands for all below it; what a caller asks for comes on top of the scenario's own."""
    own = layer.values["session_changes"]
    before = merged.stated.get(("session_changes",))
    is_more = layer.file == COMMAND_LINE and before is not None and isinstance(before.value, list)
    if not (is_more and isinstance(own, list)):
        merged.stated["session_changes",] = Stated(own, layer)
        merged.changes = [(layer, i) for i in range(len(own))] if isinstance(own, list) else []
        return
    assert before is not None
    merged.stated["session_changes",] = Stated([*before.value, *own], layer)
    merged.changes += [(layer, i) for i in range(len(own))]


def _tables_of(layer: Document, key: str, findings: Findings) -> list[Mapping[str, Any]]:
    """A list of tables, such as ``[[rules]]``."""
    found = layer.values.get(key, [])
    if isinstance(found, list) and all(isinstance(one, dict) for one in found):
        return found
    findings.defect(
        layer.file, layer.line(key), key, Message("defect.not-tables", key=key, value=found),
        hint=Message("hint.tables-heading", key=key), code="wrong-type",
    )  # fmt: skip
    return []


def _table(layer: Document, path: KeyPath, value: Any, findings: Findings) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    key = ".".join(map(str, path))
    findings.defect(
        layer.file, layer.line(*path), key, Message("defect.not-a-table", value=value),
        hint=Message("hint.table-heading", key=key), code="wrong-type",
    )  # fmt: skip
    return {}


def _table_paths(layer: Document, findings: Findings) -> dict[str, Path]:
    """The file of each table, from a folder, a workbook or a table of paths."""
    tables = layer.values.get("tables", {})

    def defect(path: KeyPath, message: Message, hint: Message, code: str) -> None:
        findings.defect(layer.file, layer.line(*path), ".".join(map(str, path)), message, hint=hint, code=code)

    if isinstance(tables, str):
        path = layer.folder / tables
        if is_there(path, folder=True):
            return _in_folder(path, defect)
        if path.suffix.lower() == ".xlsx":
            return dict.fromkeys(TABLES, path)  # A workbook that does not exist is found missing when it is read.
        what = Message("word.no-folder") if is_there(path) else Message("word.does-not-exist")
        message = Message("defect.tables-path", path=shown_path(path), what=what)
        defect(("tables",), message, Message("hint.name-tables"), "missing-file")
        return {}
    if not isinstance(tables, dict):
        message = Message("defect.neither-path-nor-table", value=tables)
        defect(("tables",), message, Message("hint.tables"), "wrong-type")
        return {}
    refuse_unknown(layer, ("tables",), tables, list(TABLES), findings)
    paths = {}
    for name in tables.keys() & TABLES.keys():
        if isinstance(tables[name], str):
            paths[name] = layer.folder / tables[name]
        else:
            message, hint = Message("defect.not-a-path", value=tables[name]), Message("hint.table-file", name=name)
            defect(("tables", name), message, hint, "wrong-type")
    return paths


def _in_folder(folder: Path, defect: Callable[[KeyPath, Message, Message, str], None]) -> dict[str, Path]:
    paths = {}
    for name in TABLES:
        found = [folder / f"{name}{suffix}" for suffix in SUFFIXES if is_there(folder / f"{name}{suffix}")]
        if len(found) == 1:
            paths[name] = found[0]
        elif found:
            files = listing(one.name for one in found)
            message = Message("defect.ambiguous-table", folder=shown_path(folder), table=name, files=files)
            defect(("tables",), message, Message("hint.keep-one"), "ambiguous-table")
        else:
            others = [one.name for one in folder.iterdir() if is_there(one)]
            one, other, last = (f"{name}{suffix}" for suffix in SUFFIXES)
            names = Message("word.one-of", one=one, other=other, last=last)
            hint = Message("hint.add-history") if name == "history" else Message("hint.add-table")
            hint = did_you_mean(f"{name}.csv", others, hint, 75)
            message = Message("defect.table-not-in-folder", folder=shown_path(folder), names=names)
            defect(("tables",), message, hint, "missing-file")
    return paths


def build_scenario(merged: Merged, file: str, findings: Findings) -> Scenario | None:
    """The checked scenario; ``None`` with defects when a value is wrong."""
    before = len(findings.defects)
    keys = ("id", "title", "title_zh", "horizon", "goals", "seed", "session_changes")
    values: dict[str, Any] = {key: merged.stated[key,].value for key in keys if (key,) in merged.stated}
    for table in ("limits", "change"):
        values[table] = {key: one.value for key, one in merged.below(table).items()}

    def locate(path: KeyPath) -> tuple[str, int, str]:
        if len(path) > 1 and path[0] == "session_changes" and isinstance(path[1], int) and merged.changes:
            return merged.locate_change(path[1], *path[2:])
        key = ".".join(map(str, path))
        for size in (2, 1):
            one = merged.stated.get(tuple(map(str, path[:size])))
            if one is not None:
                return one.document.file, one.document.line(*path), key
        return file, 1 if key else 0, key

    goals = values.get("goals")
    if (
        isinstance(goals, list)
        and len(set(map(str, goals))) == len(goals) < len(GOALS)
        and all(g in GOALS for g in goals)
    ):
        rest = [goal for goal in GOALS if goal not in goals]
        values["goals"] = [*goals, *rest]
        findings.note(Message("note.goals", file=file, goals=tuple(rest)))
    scenario = record(Scenario, values, locate, findings)
    if scenario is None:
        return None
    _check_horizon(scenario.horizon, locate(("horizon",)), findings)
    if len(set(scenario.goals)) < len(scenario.goals):
        twice = sorted({goal for goal in scenario.goals if scenario.goals.count(goal) > 1})
        findings.defect(
            *locate(("goals",)),
            Message("defect.doubled-goal", goals=listing(twice)),
            hint=Message("hint.goal-once"),
            code="doubled-id",
        )
    return scenario if len(findings.defects) == before else None


def _check_horizon(horizon: tuple[int, ...], where: tuple[str, int, str], findings: Findings) -> None:
    message: Message | None = None
    if not horizon:
        message = Message("defect.no-years")
    elif horizon != tuple(range(horizon[0], horizon[0] + len(horizon))):
        message = Message("defect.years-apart", years=listing(map(str, horizon)))
    elif not 1900 <= horizon[0] <= horizon[-1] <= 2200:
        message = Message("defect.years-far", first=horizon[0], last=horizon[-1])
    elif len(horizon) > LONGEST_HORIZON:
        message = Message("defect.years-many", count=len(horizon), most=LONGEST_HORIZON)
    if message is not None:
        findings.defect(*where, message, hint=Message("hint.horizon"), code="bad-horizon")
