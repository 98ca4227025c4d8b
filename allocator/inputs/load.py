"""From the path of a scenario to ``Inputs``: every file is read before the first defect is raised."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from allocator.entities import TABLES, Inputs, Policy, Scenario
from allocator.errors import Defect, InputError
from allocator.inputs.cells import Table, typed
from allocator.inputs.changes import change_sessions
from allocator.inputs.cross import check_references, complete
from allocator.inputs.documents import read_document
from allocator.inputs.findings import Findings
from allocator.inputs.policy import PolicySource, build_policy
from allocator.inputs.rules import (
    check_audiences,
    check_columns,
    check_everyone,
    check_filter,
    check_group,
    check_named,
    programme_types,
    roster_types,
)
from allocator.inputs.scenario import (
    Merged,
    build_scenario,
    is_there,
    merge_layers,
    merged_form,
    relative_path,
    shown_path,
)
from allocator.inputs.sheets import forget_workbooks, read_sheet
from allocator.inputs.shown import Shown, shown
from allocator.inputs.tables import check_table
from allocator.kinds import Fixed
from allocator.wording import Message

NO_CHANGES: Mapping[str, object] = MappingProxyType({})


@dataclass
class _Files:
    """Reads each file once and remembers what was read."""

    contents: dict[Path, bytes] = field(default_factory=dict)

    def read(self, file: str) -> bytes | None:
        path = Path(file)
        if path not in self.contents:
            if not is_there(path):
                return None
            try:
                self.contents[path] = path.read_bytes()
            except OSError as error:
                message = Message("defect.unreadable-file", reason=str(error.strerror))
                hint = Message("hint.readable")
                raise InputError([Defect(file, 0, "", message, hint, "unreadable-file")]) from None
        return self.contents[path]

    def hashes(self, start: Path) -> dict[str, str]:
        found = {
            relative_path(path, start): hashlib.sha256(content).hexdigest() for path, content in self.contents.items()
        }
        return dict(sorted(found.items()))


def load(path: Path | str, *, changes: Mapping[str, object] = NO_CHANGES) -> Inputs:
    """Read a scenario and all it names, check everything, and put it into one order.

    Parameters
    ----------
    path
        The scenario file (TOML).
    changes
        Values by dotted key that win over the scenario's, such as ``{"limits.seconds": 60, "seed": "x"}``; a value of
        ``None`` stands for an option not given. Paths among them start at the working folder.

    Raises
    ------
    InputError
        With the defects of all files, once.
    """
    path = Path(path)
    findings, files = Findings(), _Files()
    merged = merge_layers(path, changes, files.read, findings)
    scenario = build_scenario(merged, shown_path(path), findings) if files.contents else None
    policy, source = _policy(merged, shown_path(path), files, findings) if files.contents else (None, None)
    tables = _tables(merged, shown_path(path), files, findings) if files.contents else {}
    check_references(tables, findings)
    if policy is not None and source is not None:
        roster, programmes = roster_types(tables), programme_types(tables)
        for rule in policy.rules:
            check_columns(rule, roster, programmes, source, findings)
    if policy is None or source is None or scenario is None or len(tables) < len(TABLES):
        raise InputError(findings.defects)
    values, origins = merged_form(merged, scenario)
    frames = complete(tables, policy.parameters, findings)
    _change_calendar(frames, scenario, merged, tables, findings)
    inputs = Inputs(
        scenario,
        policy,
        units=frames["units"],
        cadres=frames["cadres"],
        history=frames["history"],
        programmes=frames["programmes"],
        sessions=frames["sessions"],
        segments=frames["segments"],
        merged=values,
        origins=origins,
        files=_roles(path, source, tables, files),
        hashes=files.hashes(path.parent),
    )
    _check_rules(inputs, source, tables, findings)
    if findings.defects:
        raise InputError(findings.defects)
    checked = replace(inputs, notes=tuple(findings.notes))
    # The tables are the same, so what the checks worked out from them need not be worked out again.
    vars(checked).update({name: value for name, value in vars(inputs).items() if name not in vars(checked)})
    return checked


def _change_calendar(
    frames: dict[str, pd.DataFrame], scenario: Scenario, merged: Merged, tables: dict[str, Table], findings: Findings
) -> None:
    """Let the scenario cancel, move or shrink sessions, when its filters fit the programmes."""
    if not scenario.session_changes:
        return
    document = merged.stated["session_changes",].document
    before = len(findings.defects)
    for number, change in enumerate(scenario.session_changes):
        check_filter(
            change.programmes, ("session_changes", number, "programmes"), programme_types(tables), document, findings
        )
    if len(findings.defects) == before:
        frames["sessions"], frames["segments"] = change_sessions(
            frames["sessions"], frames["segments"], frames["programmes"], scenario.session_changes, findings
        )


def load_policy(path: Path | str) -> Policy:
    """Read a policy file alone, without the tables it is for.

    Raises
    ------
    InputError
        With all defects of the file.
    """
    findings, files = Findings(), _Files()
    file = shown_path(Path(path))
    content = files.read(file)
    if content is None:
        findings.defect(
            file,
            0,
            "",
            Message("defect.missing-file", file=file),
            hint=Message("hint.name-and-folder"),
            code="missing-file",
        )
    document = None if content is None else read_document(Path(file), file, content, findings)
    policy = None if document is None else build_policy(document, {}, {}, {}, findings)[0]
    if policy is None or findings.defects:
        raise InputError(findings.defects)
    return policy


def load_rules(path: Path | str) -> tuple[Scenario, Policy]:
    """Read a scenario with the policy it names, but none of its tables.

    Raises
    ------
    InputError
        With all defects of these files.
    """
    path = Path(path)
    findings, files = Findings(), _Files()
    merged = merge_layers(path, NO_CHANGES, files.read, findings)
    scenario = build_scenario(merged, shown_path(path), findings) if files.contents else None
    policy = _policy(merged, shown_path(path), files, findings)[0] if files.contents else None
    if scenario is None or policy is None:
        raise InputError(findings.defects)
    return scenario, policy


def load_shown(path: Path | str) -> Shown:
    """Read a scenario, what it extends and its policy, but none of its tables, and tell where each value comes from.

    Raises
    ------
    InputError
        With all defects of these files.
    """
    path = Path(path)
    findings, files = Findings(), _Files()
    merged = merge_layers(path, NO_CHANGES, files.read, findings)
    chain = tuple(relative_path(file, path.parent) for file in files.contents)
    scenario = build_scenario(merged, shown_path(path), findings) if files.contents else None
    policy, source = _policy(merged, shown_path(path), files, findings) if files.contents else (None, None)
    if scenario is None or policy is None or source is None or findings.defects:
        raise InputError(findings.defects)
    return shown(merged, scenario, policy, source, chain)


def _roles(path: Path, source: PolicySource, tables: Mapping[str, Table], files: _Files) -> dict[str, Path]:
    """Every file read, by what it was read for; files that the scenario extends are ``base-1``, ``base-2`` and so on."""
    roles = {"scenario": Path(shown_path(path)), "policy": Path(source.document.file)}
    roles |= {name: Path(table.path) for name, table in tables.items()}
    bases = [base for base in files.contents if base not in roles.values()]
    return roles | {f"base-{i}": base for i, base in enumerate(bases, start=1)}


def _policy(
    merged: Merged, scenario_file: str, files: _Files, findings: Findings
) -> tuple[Policy | None, PolicySource | None]:
    stated = merged.stated.get(("policy",))
    if stated is None or not isinstance(stated.value, str):
        file, line = (stated.document.file, stated.document.line("policy")) if stated else (scenario_file, 1)
        message, code = Message("defect.missing-key", key="policy"), "missing-key"
        if stated is not None:
            message, code = Message("defect.not-a-path", value=stated.value), "wrong-type"
        findings.defect(file, line, "policy", message, hint=Message("hint.policy"), code=code)
        return None, None
    path = stated.document.folder / stated.value
    file = shown_path(path)
    content = files.read(file)
    if content is None:
        findings.defect(
            stated.document.file, stated.document.line("policy"), "policy", Message("defect.missing-file", file=file),
            hint=Message("hint.name-from-folder"), code="missing-file",
        )  # fmt: skip
        return None, None
    document = read_document(Path(file), file, content, findings)
    if document is None:
        return None, None
    return build_policy(document, merged.overrides(), merged.disabled, merged.below("policy_parameters"), findings)


def _tables(merged: Merged, scenario_file: str, files: _Files, findings: Findings) -> dict[str, Table]:
    stated = merged.below("tables")
    if not stated and not any(defect.column.startswith("tables") for defect in findings.defects):
        findings.defect(
            scenario_file,
            1,
            "tables",
            Message("defect.missing-key", key="tables"),
            hint=Message("hint.tables-folder"),
            code="missing-key",
        )
    tables = {}
    for name in TABLES:
        if name not in stated:
            if stated and not any(d.column in ("tables", f"tables.{name}") for d in findings.defects):
                findings.defect(
                    scenario_file, 1, f"tables.{name}", Message("defect.no-file-for-table", table=name),
                    hint=Message("hint.table-file-under", name=name), code="missing-key",
                )  # fmt: skip
            continue
        one = stated[name]
        file = shown_path(one.value)
        content = files.read(file)
        if content is None:
            line = one.document.line("tables", name)
            findings.defect(
                one.document.file, line, f"tables.{name}", Message("defect.missing-file", file=file),
                hint=Message("hint.name-from-folder"), code="missing-file",
            )  # fmt: skip
            continue
        alone = sum(other.value == one.value for other in stated.values()) == 1
        sheet = read_sheet(name, file, content, findings, alone=alone)
        if sheet is not None:
            tables[name] = typed(sheet, findings)
            check_table(tables[name], findings)
    forget_workbooks()
    return tables


def _check_rules(inputs: Inputs, source: PolicySource, tables: dict[str, Table], findings: Findings) -> None:
    """Checks that look into the tables; those that rest on a table with defects are left for the next run."""
    sound = {name: not findings.touches(table.file) for name, table in tables.items()}
    policy_files = {source.document.file, *(s.document.file for f in source.overrides.values() for s in f.values())}
    if findings.touches(*policy_files):  # A filter on a missing column cannot be applied.
        return
    roster = sound["units"] and sound["cadres"]
    for rule in inputs.policy.rules:
        check_audiences(rule, inputs, source, findings, roster=roster, programmes=sound["programmes"])
        if roster:
            check_group(rule, inputs, findings)
    fixed = [rule for rule in inputs.policy.rules if isinstance(rule, Fixed)]
    if roster and sound["programmes"] and sound["sessions"]:
        for rule in fixed:
            check_everyone(rule, inputs, source, findings)
        check_named(fixed, inputs, source, findings)
