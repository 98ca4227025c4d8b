"""``allocator schema``: what editors know agrees with what the program takes, and every name is explained."""

from __future__ import annotations

import copy
import csv
import datetime
import json
import runpy
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.domain.change import ChangeCosts
from allocator.domain.rules import KINDS, RuleKind
from allocator.domain.tables import TABLES, Limits, Parameters, Policy
from allocator.inputs.forms.meanings import meaning
from allocator.inputs.forms.schema import schemas
from allocator.inputs.forms.starter import starter_policy, starter_scenario
from allocator.inputs.scenario.layers import KEYS
from allocator.inputs.tables.cells import FLAGS
from allocator.language.message import LANGUAGES, catalogue

ROOT = Path(__file__).parents[3]
POLICIES = sorted((ROOT / "data").glob("*/policy.toml"))
SCENARIOS = sorted((ROOT / "scenarios").glob("*.toml"))


@cache
def schema(name: str) -> dict[str, Any]:
    """Made once: it takes longer than a look at a document."""
    return schemas()[name]


def as_json(value: Any) -> Any:
    """A TOML document as editors hand it to a schema: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def mistakes(name: str, document: dict[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(schema(name)).iter_errors(as_json(document))]


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["scenario", "policy"])
def test_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(schema(name))
    text = json.dumps(schema(name))
    assert "$defs" not in text and '"null"' not in text
    references = {one.partition('"')[0] for one in text.split('"$ref": "#/definitions/')[1:]}
    assert references <= set(schema(name)["definitions"])


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.parent.name)
def test_shipped_policies_are_valid(path: Path) -> None:
    assert mistakes("policy", read(path)) == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_are_valid(path: Path) -> None:
    assert mistakes("scenario", read(path)) == []


def test_starter_files_are_valid() -> None:
    assert mistakes("policy", tomllib.loads(starter_policy())) == []
    for options in ({}, {"extends": Path("base.toml")}, {"policy": Path("p.toml")}):
        text = starter_scenario(Path("a.xlsx"), Path(), 2027, **options)
        assert mistakes("scenario", tomllib.loads(text)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "qouta"},
        {"amount": "4"},
        {"amount": -1},
        {"amuont": 4},
        {"strength": "firm"},
        {"band_share": 2},
        {"audience": {"birth_year": {"mni": 1970}}},
        {"audience": {"not": {"birth_year": {}}}},
        {"id": "Not allowed"},
    ],
    ids=str,
)
def test_mistake_in_a_rule_is_seen(change: dict[str, Any]) -> None:
    policy = copy.deepcopy(read(ROOT / "data" / "tiny" / "policy.toml"))
    assert policy["rules"][0]["kind"] == "quota"
    policy["rules"][0] |= change
    assert mistakes("policy", policy)


@pytest.mark.parametrize(
    "change",
    [
        {"horizn": [2019]},
        {"horizon": ["2019"]},
        {"goals": ["fairnes"]},
        {"limits": {"second": 3}},
        {"tables": {"people": "x.csv"}},
        {"overrides": {"r": {"amuont": 3}}},
        {"overrides": {"r": {"kind": "quota"}}},
        {"disable": "r"},
    ],
    ids=str,
)
def test_mistake_in_a_scenario_is_seen(change: dict[str, Any]) -> None:
    scenario = read(ROOT / "scenarios" / "tiny.toml")
    assert mistakes("scenario", scenario) == []
    assert mistakes("scenario", scenario | change)


def test_scenario_that_extends_nothing_needs_its_keys() -> None:
    assert mistakes("scenario", {"id": "x"})
    assert mistakes("scenario", {"id": "x", "extends": "base.toml"}) == []


def described(schema: Any) -> list[dict[str, Any]]:
    """Every schema of a property in a schema."""
    if isinstance(schema, list):
        return [one for part in schema for one in described(part)]
    if not isinstance(schema, dict):
        return []
    own = [one for one in schema.get("properties", {}).values() if isinstance(one, dict)]
    return own + [one for part in schema.values() for one in described(part)]


@pytest.mark.parametrize("name", ["scenario", "policy"])
def test_every_property_is_described_in_both_languages(name: str) -> None:
    found = described(schema(name))
    assert len(found) > 20
    for one in found:
        chinese, _, english = one["description"].partition(" / ")
        assert chinese and english, one


def test_every_name_has_a_meaning_and_every_meaning_a_name() -> None:
    base = set(RuleKind.model_fields)
    asked = {("table", name) for name in TABLES} | {("kind", kind) for kind in KINDS}
    asked |= {("column", name, column.name) for name, columns in TABLES.items() for column in columns}
    asked |= {("type", column.type) for columns in TABLES.values() for column in columns}
    asked |= {("field", kind, name) for kind, record in KINDS.items() for name in {*record.model_fields, *base}}
    asked |= {("scenario", key) for key in KEYS} | {("scenario", f"limits.{name}") for name in Limits.model_fields}
    asked |= {("scenario", f"change.{name}") for name in ChangeCosts.model_fields}
    asked |= {("policy", name) for name in Policy.model_fields}
    asked |= {("policy", f"parameters.{name}") for name in Parameters.model_fields}
    asked |= {("scenario",), ("policy",)}
    for names in asked:
        for lang in LANGUAGES:
            assert meaning(*names, lang=lang)
    own = {".".join(("meaning", *names)) for names in asked}
    general = {f"meaning.{names[0]}.{names[-1]}" for names in asked if len(names) == 3}
    parts = {code for code in catalogue() if code.startswith("meaning.part.")}
    assert {code for code in catalogue() if code.startswith("meaning.")} - own - general - parts == set()


def test_tables_describe_the_shipped_files() -> None:
    package = schemas()["tables"]
    assert [one["name"] for one in package["resources"]] == list(TABLES)
    for resource in package["resources"]:
        path = ROOT / "data" / "tiny" / resource["path"]
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert set(rows[0]) <= set(fields)
        for name, field in fields.items():
            values = [row[name] for row in rows if name in row]
            constraints = field.get("constraints", {})
            assert not constraints.get("required") or all(values)
            if field["type"] == "boolean":
                assert set(filter(None, values)) <= {*field["trueValues"], *field["falseValues"]}
            if "minimum" in constraints:
                assert all(float(value) >= constraints["minimum"] for value in values if value)
    flag = next(f for r in package["resources"] for f in r["schema"]["fields"] if f["type"] == "boolean")
    assert set(FLAGS) <= {*flag["trueValues"], *flag["falseValues"]}


def test_command_prints_one_schema_or_all() -> None:
    one = CliRunner().invoke(app, ["schema", "policy"])
    assert json.loads(one.stdout) == schemas()["policy"]
    assert json.loads(CliRunner().invoke(app, ["schema"]).stdout) == schemas()
    assert CliRunner().invoke(app, ["schema", "rules"]).exit_code == 2


def test_command_writes_files_and_replaces_them_only_with_force(tmp_path: Path) -> None:
    out = tmp_path / "schemas"
    assert CliRunner().invoke(app, ["schema", "--out", str(out)]).exit_code == 0
    assert {path.name for path in out.iterdir()} == {f"{name}.schema.json" for name in schemas()}
    assert json.loads((out / "tables.schema.json").read_text(encoding="utf-8")) == schemas()["tables"]
    again = CliRunner().invoke(app, ["schema", "--out", str(out), "--lang", "en"])
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)
    assert CliRunner().invoke(app, ["schema", "--out", str(out), "--force"]).exit_code == 0


def test_page_of_formats_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "build_formats_page.py"))
    written = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert written == script["page"](), "stale: run python docs/build_formats_page.py"
