"""What a comparison reads of a run folder; names and titles where the inputs of the run can still be read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.audit import AuditReport
from allocator.domain.errors import InputError
from allocator.domain.plan import Plan
from allocator.domain.result import SolveResult
from allocator.domain.tables import TABLES, Inputs
from allocator.inputs.load import load
from allocator.language.message import Message
from allocator.outputs.run_record import goal_record
from allocator.outputs.tamper_check import RUN_FILES, broken_explained, lacking, read_record

FILES = (*RUN_FILES, "audit.csv")
_TEXTS = dict.fromkeys(
    ("session_id", "programme_id", "cadre_id", "unit_id", "team_id", "rules", "rule_id", "clause", "scope"), str
)


@dataclass(frozen=True)
class RunFiles:
    """One run as its folder tells it.

    Parameters
    ----------
    name
        How the run is called here: its folder, longer where two folders have one name.
    hashes
        The policy and each table to the hash of the file it was read from.
    inputs
        The inputs as they are now; ``None`` when they can no longer be read.
    notes
        What to know of this folder, such as tables that have changed since.
    """

    name: str
    record: Mapping[str, Any]
    plan: pd.DataFrame
    audit: pd.DataFrame
    hashes: Mapping[str, str]
    inputs: Inputs | None
    notes: tuple[Message, ...]


def read_runs(folders: Sequence[Path], names: Sequence[str]) -> list[RunFiles]:
    """The runs of some folders, each with what it is called.

    Raises
    ------
    InputError
        With every folder that is not the folder of a finished run, or whose plan or scenario was changed after it.
    """
    defects = [defect for folder in folders for defect in lacking(folder, FILES)]
    if defects:
        raise InputError(defects)
    return [_read(folder, name) for folder, name in zip(folders, names, strict=True)]


def as_read(name: str, inputs: Inputs, plan: Plan, audit: AuditReport, result: SolveResult) -> RunFiles:
    """A run of this very process, as if it had been read from its folder."""
    record = {"goals": [goal_record(goal) for goal in result.goals], "horizon": list(inputs.years)}
    hashes = _by_role({"policy": inputs.files["policy"], "tables": inputs.files}, inputs.hashes) if inputs.files else {}
    return RunFiles(name, record, plan.placements, audit.table, hashes, inputs, ())


def folder_names(folders: Sequence[Path]) -> list[str]:
    """The last part of each folder, as many more as it takes to tell them apart; then numbers."""
    paths = [folder.resolve().parts for folder in folders]
    deepest = max(map(len, paths), default=0)
    for size in range(1, deepest + 1):
        names = ["/".join(parts[-size:]) for parts in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{parts[-1]} ({number})" for number, parts in enumerate(paths, start=1)]


def _read(folder: Path, name: str) -> RunFiles:
    record = read_record(folder)
    with broken_explained(folder):
        plan = _table(folder / "plan.csv", ("year", "headcount"))
        audit = _table(folder / "audit.csv", ("required", "achieved", "shortfall"))
        stated = tomllib.loads((folder / "scenario.toml").read_text(encoding="utf-8"))
        hashes = _by_role(stated, record["inputs"])
    notes = []
    inputs = None
    try:
        inputs = load(folder / "scenario.toml")
        changed = sorted(role for role, sha in _by_role(stated, inputs.hashes).items() if hashes.get(role) != sha)
        if changed:
            notes.append(Message("compare.files-changed", run=name, files=tuple(changed)))
    except InputError as error:
        notes.append(Message("compare.no-inputs", run=name, count=len(error.defects)))
    return RunFiles(name, record, plan, audit, hashes, inputs, tuple(notes))


def _table(file: Path, numbers: Sequence[str]) -> pd.DataFrame:
    table = pd.read_csv(file, dtype=_TEXTS, keep_default_na=False, na_values={name: [""] for name in numbers})
    for name in numbers:
        table[name] = pd.to_numeric(table[name])
    return table


def _by_role(stated: Mapping[str, Any], hashes: Mapping[str, str]) -> dict[str, str]:
    """The hash of the policy's file and of each table's, found by the file's name."""
    by_name = {Path(file).name: sha for file, sha in hashes.items()}
    paths = {"policy": stated["policy"], **{name: stated["tables"][name] for name in TABLES}}
    return {role: by_name[Path(path).name] for role, path in paths.items() if Path(path).name in by_name}
