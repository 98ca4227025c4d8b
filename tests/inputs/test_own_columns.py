"""Columns of the user's own in rules: what a rule takes them for, every cell is read as, before anything is planned."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from allocator.audit import audit
from allocator.domain.plan import COLUMNS, Plan
from allocator.inputs import changed
from tests.inputs.builders import Files

CURRICULUM = {"id": "own", "kind": "curriculum", "title": "Own", "title_zh": "自定"}


def own(files: Files, table: str, column: str, cells: list[str]) -> None:
    """Give a table a column of the user's own."""
    for row, cell in zip(files.tables[table], cells, strict=True):
        row[column] = cell


@pytest.mark.parametrize(
    ("cells", "missed"),
    [
        (["yes", "no"], 1),
        (["是", ""], 1),
        (["1", "0"], 1),
        (["TRUE", "true"], 0),
        (["", ""], 2),
        (["12", ""], 1),
        (["0.5", "3"], 0),
    ],
)
def test_requires_reads_a_column_of_ones_own(files: Files, cells: list[str], missed: int) -> None:
    own(files, "programmes", "approved", cells)
    files.policy["rules"].append({**CURRICULUM, "requires": "approved"})
    inputs = files.load()
    nobody = Plan(pd.DataFrame(columns=list(COLUMNS)))
    verdict = audit(nobody, inputs)["own"]
    assert verdict.shortfall == missed


@pytest.mark.parametrize(
    ("table", "field", "condition", "cells"),
    [
        ("cadres", "audience", {"min": 3}, ["5", "", "2", "3.5"]),
        ("cadres", "audience", [5, 3.5], ["5", "", "2", "3.50"]),
        ("cadres", "audience", {"max": date(2015, 1, 1)}, ["2014-12-31", "", "2015-01-02", "2015-01-01"]),
        ("cadres", "audience", [date(2014, 12, 31), date(2015, 1, 1)], ["2014-12-31", "", "2015-01-02", "2015-01-01"]),
        ("cadres", "audience", [True], ["yes", "", "否", "是"]),
        ("cadres", "audience", ["a", "05"], ["a", "", "5", "05"]),
    ],
)
def test_filter_reads_a_column_of_ones_own_as_what_it_is_compared_with(
    files: Files, table: str, field: str, condition: Any, cells: list[str]
) -> None:
    own(files, table, "mine", cells)
    files.rule("heads")[field] = {"mine": condition}
    inputs = files.load()
    assert inputs.audience(inputs.policy.rule("heads").audience).tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("condition", "cell", "code"),
    [({"min": 3}, "five", "bad-number"), ([date(2015, 1, 1)], "2015", "bad-date"), ([True], "maybe", "bad-flag")],
)
def test_cell_that_does_not_fit_the_rule_is_refused_with_its_place(
    files: Files, condition: Any, cell: str, code: str
) -> None:
    own(files, "cadres", "mine", ["", "", cell, ""])
    files.rule("heads")["audience"] = {"not": {"mine": condition}}
    defect = files.defect(code)
    assert (defect.file, defect.row, defect.column) == ("cadres.csv", 4, "mine")


def test_required_column_with_another_text_is_refused_with_its_place(files: Files) -> None:
    own(files, "programmes", "approved", ["yes", "perhaps"])
    files.policy["rules"].append({**CURRICULUM, "requires": "approved"})
    defect = files.defect("bad-flag")
    assert (defect.file, defect.row, defect.column) == ("programmes.csv", 3, "approved")


@pytest.mark.parametrize(("key", "column"), [("requires", "name"), ("requires", "content")])
def test_requires_refuses_columns_of_texts(files: Files, key: str, column: str) -> None:
    files.policy["rules"].append({**CURRICULUM, key: column})
    assert files.defect("filter-type").column == f"rules.own.{key}"


@pytest.mark.parametrize("column", ["birth_year", "appointed_on"])
def test_groups_are_not_made_of_numbers_and_dates(files: Files, column: str) -> None:
    files.rule("fifth")["group_by"] = column
    assert files.defect("filter-type").column == "rules.fifth.group_by"


def test_groups_are_made_of_a_column_of_ones_own(files: Files) -> None:
    own(files, "cadres", "office", ["x", "", "x", "y"])
    files.rule("fifth")["group_by"] = "office"
    code, names = files.load().coded("office")
    assert (code.tolist(), names) == ([0, -1, 0, 1], ("x", "y"))


def test_two_rules_that_take_a_column_for_different_things_are_told_apart(files: Files) -> None:
    own(files, "cadres", "mine", ["5", "", "2", "3"])
    files.rule("heads")["audience"] = {"mine": {"min": 3}}
    files.rule("fifth")["audience"] = {"mine": ["5"]}
    defect = files.defect("filter-type")
    assert (defect.column, defect.message) == ("rules.fifth.audience.mine", "column 'mine' holds numbers, '5' is none")


def test_changed_scenario_takes_the_column_for_something_else(files: Files) -> None:
    own(files, "cadres", "mine", ["5", "", "2", "3"])
    files.rule("heads")["audience"] = {"mine": ["5"]}
    inputs = files.load()
    assert inputs.cadres["mine"].tolist() == ["5", "", "2", "3"]
    again = changed(inputs, {"overrides.heads.audience": {"mine": {"min": 3}}})
    assert again.audience(again.policy.rule("heads").audience).tolist() == [True, False, False, True]
    assert changed(again, {"overrides.heads.audience": {"mine": ["5"]}}).cadres["mine"].tolist() == ["5", "", "2", "3"]
