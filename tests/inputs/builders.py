"""A small valid set of files that every test of reading starts from, and the writers that vary one thing in it."""

from __future__ import annotations

import copy
import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit

from allocator.domain.errors import Defect, InputError
from allocator.inputs import load

TABLES: dict[str, list[dict[str, str]]] = {
    "units": [
        {"unit_id": "1", "name": "Province", "kind": "province", "parent_unit_id": "", "authority": "provincial"},
        {"unit_id": "11", "name": "North", "kind": "prefecture", "parent_unit_id": "1", "authority": ""},
        {"unit_id": "111", "name": "North county", "kind": "county", "parent_unit_id": "11", "authority": "north"},
        {"unit_id": "12", "name": "South", "kind": "prefecture", "parent_unit_id": "1", "authority": ""},
    ],
    "cadres": [
        {"cadre_id": "C1", "name": "甲", "unit_id": "11", "team_id": "T1", "category": "head", "rank": "a",
         "principal": "true", "appointed_on": "2016-05-01", "birth_year": "1970", "tags": "young;expert", "headcount": ""},
        {"cadre_id": "C2", "name": "乙", "unit_id": "11", "team_id": "T1", "category": "deputy", "rank": "b",
         "principal": "no", "appointed_on": "", "birth_year": "", "tags": "", "headcount": "1"},
        {"cadre_id": "C3", "name": "丙", "unit_id": "111", "team_id": "", "category": "deputy", "rank": "b",
         "principal": "否", "appointed_on": "", "birth_year": "1980", "tags": "young", "headcount": ""},
        {"cadre_id": "G1", "name": "Secretaries", "unit_id": "12", "team_id": "", "category": "secretary", "rank": "c",
         "principal": "", "appointed_on": "", "birth_year": "", "tags": "", "headcount": "40"},
    ],
    "history": [
        {"cadre_id": "C2", "programme_id": "P1", "start_date": "2017-03-06", "end_date": "2017-03-10", "days": "5",
         "hours": "", "content": "", "host_group": ""},
        {"cadre_id": "C1", "programme_id": "OLD", "start_date": "2015-03-02", "end_date": "2015-03-06", "days": "5",
         "hours": "30", "content": "theory", "host_group": "school"},
    ],
    "programmes": [
        {"programme_id": "P1", "name": "Theory", "host_id": "H1", "host_group": "school", "content": "theory;spirit",
         "days": "5", "hours": "", "serves_unit_id": ""},
        {"programme_id": "P2", "name": "Skills", "host_id": "H2", "host_group": "institute", "content": "professional",
         "days": "30", "hours": "200", "serves_unit_id": "11"},
    ],
    "sessions": [
        {"session_id": "S1", "programme_id": "P1", "year": "2019", "start_date": "2019-03-04", "end_date": "2019-03-08",
         "min_seats": "1", "seats": "3", "segments": ""},
        {"session_id": "S2", "programme_id": "P1", "year": "2020", "start_date": "2020-03-02", "end_date": "2020-03-06",
         "min_seats": "", "seats": "3", "segments": ""},
        {"session_id": "S3", "programme_id": "P2", "year": "2019", "start_date": "2019-03-08", "end_date": "2019-05-10",
         "min_seats": "1", "seats": "10", "segments": "2019-03-08/2019-03-20@H9;2019-05-06/2019-05-10"},
    ],
}  # fmt: skip
"""Texts as a CSV would hold them."""

RULES: list[dict[str, Any]] = [
    {"id": "heads", "kind": "quota", "title": "Heads", "title_zh": "主要负责人", "amount": 1, "clause": "1",
     "audience": {"category": ["head"]}, "programmes": {"programme_id": ["P1"]}},
    {"id": "fifth", "kind": "share-floor", "title": "One fifth", "title_zh": "五分之一", "share": "1/5", "group_by": "team_id"},
    {"id": "named", "kind": "fixed", "title": "Named", "title_zh": "点名"},
]  # fmt: skip

POLICY: dict[str, Any] = {
    "id": "small",
    "title": "Small",
    "title_zh": "小",
    "parameters": {"hours_per_day": 6, "observer_days": 30},
    "rules": RULES,
}

SCENARIO: dict[str, Any] = {"id": "small-2019", "policy": "policy.toml", "tables": "tables", "horizon": [2019, 2020]}


@dataclass
class Files:
    """The files of one scenario, still in memory; change what a test is about, then ``load``."""

    folder: Path
    suffix: str = ".csv"
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: copy.deepcopy(TABLES))
    policy: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(POLICY))
    scenario: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(SCENARIO))

    @property
    def path(self) -> Path:
        """The scenario file."""
        return self.folder / "scenario.toml"

    def rule(self, rule_id: str) -> dict[str, Any]:
        """The raw rule of that id."""
        return next(rule for rule in self.policy["rules"] if rule["id"] == rule_id)

    def write(self) -> Path:
        """Write all files; the path of the scenario."""
        (self.folder / "tables").mkdir(exist_ok=True)
        for name, rows in self.tables.items():
            write_table(self.folder / "tables" / f"{name}{self.suffix}", rows, name)
        write_toml(self.folder / "policy.toml", self.policy)
        write_toml(self.path, self.scenario)
        return self.path

    def load(self, **changes: object) -> Any:
        """Write and load."""
        return load(self.write(), changes=changes)

    def defects(self) -> tuple[Defect, ...]:
        """Write, load and return the defects; the files must have some."""
        return defects_of(self.write())

    def defect(self, code: str) -> Defect:
        """The one defect of a code, with the file's name in place of its path; no other defect may be there."""
        (found,) = self.defects()
        assert found.code == code, found
        assert found.hint
        return Defect(Path(found.file).name, found.row, found.column, found.message, found.hint, found.code)


def defects_of(path: Path, changes: Mapping[str, object] | None = None) -> tuple[Defect, ...]:
    """The defects of a scenario, which must have some."""
    try:
        load(path, changes=changes or {})
    except InputError as error:
        return error.defects
    raise AssertionError("the inputs were accepted")


def write_table(path: Path, rows: list[dict[str, Any]], sheet: str) -> None:
    """Write one table in the format of the path's ending, all cells as text."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return
    frame = pd.DataFrame(rows, columns=list(rows[0]))
    if path.suffix == ".xlsx":
        frame.to_excel(path, sheet_name=sheet, index=False)
    else:
        frame.to_parquet(path, index=False)


def write_toml(path: Path, values: Mapping[str, Any]) -> None:
    """Write a TOML file; lists of tables become headings ``[[…]]``."""
    path.write_text(tomlkit.dumps(dict(values)), encoding="utf-8")


def line_of(path: Path, text: str) -> int:
    """Line of the first occurrence of ``text`` in a file, from 1."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, start=1) if text in line)
