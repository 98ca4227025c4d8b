"""``allocator show``: every value of the merged scenario with the file that set it, and what changes in the policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from allocator.cli.app import app

BASE = """
id = "base"
policy = "DATA/policy.toml"
tables = "DATA"
horizon = [2019, 2020, 2021, 2022]
[limits]
gap = 0.5
[overrides.team-fifth]
share = "1/4"
"""
ABOVE = """
extends = "base.toml"
id = "above"
title = "Above"
title_zh = "上层"
disable = ["balance"]
[limits]
workers = 1
[overrides.team-fifth]
least_days = 9
years = [2019]
strength = "soft"
"""


@pytest.fixture
def scenario(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    data = (request.config.rootpath / "data" / "tiny").as_posix()
    (tmp_path / "base.toml").write_text(BASE.replace("DATA", data), encoding="utf-8")
    path = tmp_path / "above.toml"
    path.write_text(ABOVE, encoding="utf-8")
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["show", *map(str, arguments)])


def record(scenario: Path) -> dict[str, Any]:
    result = call(scenario, "--json")
    assert result.exit_code == 0
    made: dict[str, Any] = json.loads(result.stdout)
    return made


def test_every_value_names_the_file_that_set_it(scenario: Path) -> None:
    shown = record(scenario)
    assert shown["files"] == ["above.toml", "base.toml"]
    values = {one["key"]: (one["value"], one["origin"]) for one in shown["values"]}
    assert values["id"] == ("above", "above.toml")
    assert values["horizon"] == ([2019, 2020, 2021, 2022], "base.toml")
    assert values["limits.gap"] == (0.5, "base.toml")
    assert values["limits.workers"] == (1, "above.toml")
    assert values["seed"] == ("allocator", "default")
    assert values["disable"] == (["balance"], "above.toml")


def test_changed_rules_stand_with_old_and_new_value_and_the_layer_that_changed_them(scenario: Path) -> None:
    shown = record(scenario)
    changes = {one["field"]: (one["rule_id"], one["old"], one["new"], one["origin"]) for one in shown["changes"]}
    assert changes == {
        "share": ("team-fifth", "1/5", "1/4", "base.toml"),
        "least_days": ("team-fifth", 3, 9, "above.toml"),
        "years": ("team-fifth", None, [2019], "above.toml"),  # The policy is silent, and so is the kind's default.
        "strength": ("team-fifth", "hard", "soft", "above.toml"),  # Here the kind has a default.
    }
    assert [one["rule_id"] for one in shown["left_out"]] == ["balance"]


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "默认值 上层 不采用的规则"), ("en", "default Above Rules left out")]
)
def test_text_says_old_and_new_in_the_readers_language(scenario: Path, lang: str, words: str) -> None:
    result = call(scenario, "--lang", lang)
    assert result.exit_code == 0
    assert all(word in result.stdout for word in words.split())
    assert "1/5 → 1/4" in result.stdout


def test_tables_need_not_be_there(scenario: Path) -> None:
    text = (scenario.parent / "base.toml").read_text(encoding="utf-8")
    text = text.replace("horizon", 'tables.units = "none.csv"\nhorizon').replace('\ntables = "', '\n# "')
    (scenario.parent / "base.toml").write_text(text, encoding="utf-8")
    assert [one["value"] for one in record(scenario)["values"] if one["key"].startswith("tables")] == ["none.csv"]


def test_unknown_rule_is_refused_with_its_file(scenario: Path) -> None:
    scenario.write_text(ABOVE.replace("team-fifth", "team-fitfh"), encoding="utf-8")
    result = call(scenario, "--lang", "en")
    assert result.exit_code == 3
    assert "team-fitfh" in result.stderr and "did you mean 'team-fifth'" in result.stderr


def test_missing_scenario_is_refused(tmp_path: Path) -> None:
    assert call(tmp_path / "none.toml").exit_code == 3
