"""From the path of a scenario to ``Inputs``: every file is read before the first defect is raised."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from allocator.domain.errors import InputError
from allocator.domain.rules import Fixed
from allocator.domain.tables import TABLES, Inputs, Policy, Scenario
from allocator.inputs.defects import Findings
from allocator.inputs.files import Files, Source
from allocator.inputs.lookalikes import check_characters, check_headings, check_known
from allocator.inputs.own_columns import OwnTypes, check_own, own_types, with_own
from allocator.inputs.plausibility import check_plausible, note_outside
from allocator.inputs.references import check_references, complete
from allocator.inputs.rule_checks import (
    check_audiences,
    check_columns,
    check_everyone,
    check_filter,
    check_goal,
    check_group,
    check_named,
    check_windows,
    judged_in_time,
    programme_types,
    roster_types,
)
from allocator.inputs.scenario.layers import Merged, build_scenario, combined, merge_layers, relative_path, shown_path
from allocator.inputs.scenario.policy import PolicySource, build_policy
from allocator.inputs.scenario.provenance import Shown, shown
from allocator.inputs.scenario.serialise import merged_form
from allocator.inputs.scenario.session_changes import change_sessions, refuse_unknown_sessions
from allocator.inputs.scenario.toml_document import read_document
from allocator.inputs.tables.cells import Table, typed
from allocator.inputs.tables.read_tables import read_sheet
from allocator.inputs.tables.table_checks import check_table
from allocator.language.message import Message

NO_CHANGES: Mapping[str, object] = MappingProxyType({})


def load(path: Path | str, *, changes: Mapping[str, object] = NO_CHANGES) -> Inputs:
    """Read a scenario and all it names, check everything, and put it into one order.

    Parameters
    ----------
    path
        The scenario file (TOML).
    changes
        Values by dotted key that win over the scenario's, such as ``{"limits.seconds": 60, "seed": "x"}``; ``quota.RULE`` and
        ``share.RULE`` stand for ``overrides.RULE.amount`` and ``overrides.RULE.share``; a value of ``None`` for an option not given. Paths among them start at the working folder. ``rules``,
        ``session_changes`` and ``disable`` are added to those of the scenario.

    Raises
    ------
    InputError
        With the defects of all files, once.
    """
    return _loaded(Path(path), changes, None)


def changed(inputs: Inputs, changes: Mapping[str, object]) -> Inputs:
    """The same scenario with further changes, from what was read before: no table is read again unless it is another one.

    Parameters
    ----------
    inputs
        What ``load`` or ``changed`` returned.
    changes
        Values by dotted key, as ``load`` takes them. They come on top of the changes that the inputs were read with; rules,
        changes of sessions and rules left out are added to those there are.

    Raises
    ------
    InputError
        With all defects of the changed scenario.
    """
    source = source_of(inputs)
    return _loaded(source.path, combined(source.changes, changes), inputs)


def source_of(inputs: Inputs) -> Source:
    """What inputs were read from.

    Raises
    ------
    ValueError
        If they were not read from files.
    """
    if not isinstance(inputs.source, Source):
        raise ValueError(Message("error.inputs-without-files"))
    return inputs.source


def _loaded(path: Path, changes: Mapping[str, object], before: Inputs | None) -> Inputs:
    """Read a scenario; of inputs of the same scenario ``before``, tables and what was worked out from them are taken over."""
    source = None if before is None else source_of(before)
    findings, files = Findings(), Files({} if source is None else source.documents)
    merged = merge_layers(path, changes, files.read, findings)
    scenario = build_scenario(merged, shown_path(path), findings) if files.contents else None
    policy, rules = _policy(merged, shown_path(path), files, findings) if files.contents else (None, None)
    documents, noted = dict(files.contents), len(findings.notes)
    taken = source if source and before and policy and _same_tables(source, before, merged, policy) else None
    tables = taken.tables if taken else _tables(merged, shown_path(path), files, findings) if files.contents else {}
    if taken is None:
        check_references(tables, findings)
    own: OwnTypes = {}
    if policy is not None and rules is not None:
        own = own_types(policy.rules, scenario.session_changes if scenario else (), tables)
        check_own(tables, own, findings)
        roster, programmes = roster_types(tables, own), programme_types(tables, own)
        for rule in policy.rules:
            check_columns(rule, roster, programmes, rules, findings)
    if policy is None or rules is None or scenario is None or len(tables) < len(TABLES):
        raise InputError(findings.defects)
    if taken is None:
        check_characters(tables, findings)
        check_plausible(tables, policy.parameters, scenario.horizon, findings)
        check_known(tables, policy.rules, findings)
        check_headings(tables, policy.rules, findings)
        frames = complete(tables, policy.parameters, findings)
        digests = {Path(table.path): files.digests[Path(table.path)] for table in tables.values()}
    else:
        frames, digests = dict(taken.frames), dict(taken.digests)
        findings.notes += taken.notes
    policy = judged_in_time(policy, scenario.horizon)
    kept = Source(path, combined({}, changes), documents, tables, frames, digests, tuple(findings.notes[noted:]), own)
    files.digests.update(digests)
    frames = with_own(frames, own)
    sessions, segments = _changed_calendar(frames, scenario, merged, tables, own, findings)
    values, origins = merged_form(merged, scenario)
    hashes = files.hashes(path.parent)
    note_outside(shown_path(path), hashes, findings)
    inputs = Inputs(
        scenario,
        policy,
        units=frames["units"],
        cadres=frames["cadres"],
        history=frames["history"],
        programmes=frames["programmes"],
        sessions=sessions,
        segments=segments,
        merged=values,
        origins=origins,
        files=_roles(path, rules, tables, files),
        hashes=hashes,
        source=kept,
    )
    if taken is not None and before is not None and taken.own == own:
        _hand_over(before, inputs)
    _check_rules(inputs, rules, tables, findings)
    if findings.defects:
        raise InputError(findings.defects)
    checked = replace(inputs, notes=tuple(findings.notes))
    _hand_over(inputs, checked)
    return checked


def _same_tables(source: Source, before: Inputs, merged: Merged, policy: Policy) -> bool:
    """Whether the merged scenario names the very files read before, and a policy under which they mean the same."""
    named = {name: shown_path(one.value) for name, one in merged.below("tables").items()}
    read = {name: shown_path(Path(table.path)) for name, table in source.tables.items()}
    return named == read and policy.parameters == before.policy.parameters


WORKED_OUT = ("roster", "lines", "_audiences", "_coded", "_countings", "_cadre_ids", "cadre_position")
"""What inputs keep of what was worked out from cadres, units and programmes."""


def _hand_over(one: Inputs, other: Inputs) -> None:
    """Give inputs with the same people what was already worked out from them."""
    vars(other).update({name: vars(one)[name] for name in WORKED_OUT if name in vars(one)})


def _changed_calendar(
    frames: Mapping[str, pd.DataFrame],
    scenario: Scenario,
    merged: Merged,
    tables: Mapping[str, Table],
    own: OwnTypes,
    findings: Findings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let the scenario cancel, move or resize sessions, when its filters fit the programmes and its sessions are there."""
    sessions, segments, changes = frames["sessions"], frames["segments"], scenario.session_changes
    if not changes:
        return sessions, segments
    before = len(findings.defects)
    for number, change in enumerate(changes):
        document, position = merged.changes[number]
        where = ("session_changes", position, "programmes")
        check_filter(change.programmes, where, programme_types(tables, own), document, findings)
    refuse_unknown_sessions(changes, sessions, findings, merged.locate_change)
    if len(findings.defects) > before:
        return sessions, segments
    return change_sessions(sessions, segments, frames["programmes"], changes, findings, merged.locate_change)


def load_policy(path: Path | str) -> Policy:
    """Read a policy file alone, without the tables it is for.

    Raises
    ------
    InputError
        With all defects of the file.
    """
    findings, files = Findings(), Files()
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
    return read_rules(Path(path), Files(), Findings())


def read_rules(path: Path, files: Files, findings: Findings) -> tuple[Scenario, Policy]:
    """``load_rules`` of given files."""
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
    findings, files = Findings(), Files()
    merged = merge_layers(path, NO_CHANGES, files.read, findings)
    chain = tuple(relative_path(file, path.parent) for file in files.contents)
    scenario = build_scenario(merged, shown_path(path), findings) if files.contents else None
    policy, source = _policy(merged, shown_path(path), files, findings) if files.contents else (None, None)
    if scenario is None or policy is None or source is None or findings.defects:
        raise InputError(findings.defects)
    return shown(merged, scenario, policy, source, chain)


def _roles(path: Path, source: PolicySource, tables: Mapping[str, Table], files: Files) -> dict[str, Path]:
    """Every file read, by what it was read for; files that the scenario extends are ``base-1``, ``base-2`` and so on."""
    roles = {"scenario": Path(shown_path(path)), "policy": Path(source.document.file)}
    roles |= {name: Path(table.path) for name, table in tables.items()}
    bases = [base for base in files.digests if base not in roles.values()]
    return roles | {f"base-{i}": base for i, base in enumerate(bases, start=1)}


def _policy(
    merged: Merged, scenario_file: str, files: Files, findings: Findings
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
    parameters = merged.below("policy_parameters")
    return build_policy(document, merged.overrides(), merged.disabled, parameters, findings, merged.rules)


def _tables(merged: Merged, scenario_file: str, files: Files, findings: Findings) -> dict[str, Table]:
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
    if workbooks := sys.modules.get(
        "allocator.inputs.tables.workbook_contents"
    ):  # Nobody read one, where it is not loaded.
        workbooks.forget_workbooks()
    return tables


def _check_rules(inputs: Inputs, source: PolicySource, tables: Mapping[str, Table], findings: Findings) -> None:
    """Checks that look into the tables; those that rest on a table with defects are left for the next run."""
    sound = {name: not findings.touches(table.file) for name, table in tables.items()}
    if findings.touches(*source.files):  # A filter on a missing column cannot be applied.
        return
    roster = sound["units"] and sound["cadres"]
    for rule in inputs.policy.rules:
        check_goal(rule, source, findings)
        check_windows(rule, inputs, findings)
        check_audiences(rule, inputs, source, findings, roster=roster, programmes=sound["programmes"])
        if roster:
            check_group(rule, inputs, findings)
    fixed = [rule for rule in inputs.policy.rules if isinstance(rule, Fixed)]
    if roster and sound["programmes"] and sound["sessions"]:
        for rule in fixed:
            check_everyone(rule, inputs, source, findings)
        check_named(fixed, inputs, source, findings)
