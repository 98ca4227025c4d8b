"""JSON Schemas of scenario and policy for editors, and a table schema of the inputs, from the records themselves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Union

from pydantic import Field, TypeAdapter

from allocator.domain.change import ChangeCosts
from allocator.domain.rules import KINDS
from allocator.domain.tables import TABLES, Column, Limits, Parameters, Policy, Scenario
from allocator.inputs.forms.meanings import both
from allocator.inputs.references import REFERENCES
from allocator.inputs.scenario.layers import KEYS
from allocator.inputs.tables.cells import FLAGS
from allocator.inputs.tables.table_checks import IDS

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that the editors' extensions for TOML know best."""

Schema = dict[str, Any]

_FRACTION = {"format": "fraction", "type": "string"}
_SHARE = [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^\d+/\d+$"}]
_SCALARS = [{"type": name} for name in ("string", "number", "boolean")]
_TABLE_TYPES = MappingProxyType(
    {"id": "string", "text": "string", "list": "string", "date": "date", "integer": "integer", "number": "number", "flag": "boolean"}
)  # fmt: skip


def schemas() -> dict[str, Schema]:
    """All schemas by the name of what they describe: ``scenario``, ``policy``, ``tables``."""
    return {"scenario": scenario_schema(), "policy": policy_schema(), "tables": tables_schema()}


def policy_schema() -> Schema:
    """The policy file as a JSON Schema (draft 7); every description is in Chinese and English."""
    made = _policy()
    parts = _parts(made["$defs"])
    properties = {
        name: _described(_plain(one), "policy", name)
        for name, one in made["properties"].items()
        if name != "parameters"
    }
    properties["parameters"] = _described(_record(Parameters, "policy", "parameters"), "policy", "parameters")
    properties["rules"] |= {"items": _rules(), "minItems": 1}
    return {
        "$schema": DRAFT,
        "title": "allocator policy",
        "description": both("policy"),
        "type": "object",
        "additionalProperties": False,
        "required": made["required"],
        "properties": properties,
        "definitions": parts,
    }


def scenario_schema() -> Schema:
    """The scenario file as a JSON Schema (draft 7); a scenario that extends another needs no key of its own."""
    made = Scenario.model_json_schema()
    own = {name: _plain(one) for name, one in made["properties"].items()}
    text: Schema = {"type": "string"}
    shapes: dict[str, Schema] = {
        **own,
        "extends": text,
        "policy": text,
        "tables": {
            "oneOf": [
                text,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {name: _table_path(name) for name in TABLES},
                },
            ]
        },
        "disable": {"type": "array", "items": text},
        "limits": _record(Limits, "scenario", "limits"),
        "change": _record(ChangeCosts, "scenario", "change"),
        "overrides": {"type": "object", "additionalProperties": {"$ref": "#/definitions/Fields"}},
        "policy_parameters": _record(Parameters, "policy", "parameters"),
        "rules": {"type": "array", "items": _rules()},
    }
    parts = _parts(_policy()["$defs"])
    needed = dict(parts)
    needed |= _parts({name: made["$defs"][name] for name in ("SessionChange", "Filter", "Range")})
    return {
        "$schema": DRAFT,
        "title": "allocator scenario",
        "description": both("scenario"),
        "type": "object",
        "additionalProperties": False,
        "anyOf": [{"required": ["extends"]}, {"required": ["id", "policy", "tables", "horizon"]}],
        "properties": {name: _described(shapes[name], "scenario", name) for name in KEYS},
        "definitions": {**needed, "Fields": _any_fields(parts)},
    }


def _rules() -> Schema:
    """One rule of any kind."""
    return {"oneOf": _plain(_policy()["properties"]["rules"])["items"]["oneOf"]}


def _policy() -> Schema:
    """The record of the policy with a rule of any kind."""
    made = Policy.model_json_schema()
    kinds: Any = Annotated[Union[tuple(KINDS.values())], Field(discriminator="kind")]  # noqa: UP007
    rule = TypeAdapter(kinds).json_schema()
    made["$defs"] = dict(sorted({**made["$defs"], **rule.pop("$defs")}.items()))
    del made["$defs"]["RuleKind"]
    made["properties"]["rules"]["items"] = rule
    return made


def _kind_of() -> Mapping[str, str]:
    """Name of a kind in the policy file by the name of its record."""
    return {record.__name__: kind for kind, record in KINDS.items()}


def tables_schema() -> Schema:
    """The five tables as a data package of Frictionless Data (``frictionless validate`` and others read it)."""
    return {
        "name": "allocator-tables",
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "description": both("table", name),
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(name, column) for column in columns],
                    **({"primaryKey": IDS[name]} if name in IDS else {}),
                    "foreignKeys": [
                        _reference(column, name, target) for one, column, target in REFERENCES if one == name
                    ],
                    "missingValues": [""],
                },
            }
            for name, columns in TABLES.items()
        ],
    }


def _field(table: str, column: Column) -> Schema:
    field: Schema = {
        "name": column.name,
        "title": column.name_zh,
        "type": _TABLE_TYPES[column.type],
        "description": f"{both('column', table, column.name)} ({both('type', column.type)})",
    }
    if column.type == "flag":
        spelt = {wanted: [text for text, value in FLAGS.items() if value is wanted] for wanted in (True, False)}
        field |= {"trueValues": _cases(spelt[True]), "falseValues": _cases(spelt[False])}
    constraints: Schema = {"required": True} if column.required else {}
    if column.least is not None:
        constraints["minimum"] = int(column.least) if column.type == "integer" else column.least
    return field | ({"constraints": constraints} if constraints else {})


def _cases(texts: list[str]) -> list[str]:
    """Flags are read in any case; the format lists them one by one."""
    return list(dict.fromkeys(case for text in texts for case in (text, text.upper(), text.capitalize())))


def _reference(column: str, table: str, target: str) -> Schema:
    return {"fields": column, "reference": {"resource": "" if target == table else target, "fields": IDS[target]}}


def _table_path(name: str) -> Schema:
    return {"type": "string", "description": both("table", name)}


def _record(model: Any, *family: str) -> Schema:
    """A small record of its own, its keys described under ``family.key``."""
    made = model.model_json_schema()
    properties = {
        name: {**_plain(one), "description": _in_both(".".join(family), name)}
        for name, one in made["properties"].items()
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _in_both(prefix: str, name: str) -> str:
    family, _, rest = prefix.partition(".")
    return both(family, f"{rest}.{name}" if rest else name)


def _described(schema: Schema, family: str, *names: str) -> Schema:
    return _with(schema, both(family, *names))


def _with(schema: Schema, description: str) -> Schema:
    """The schema with a description; what stands beside a reference does not count in draft 7."""
    return {**({"allOf": [schema]} if "$ref" in schema else schema), "description": description}


def _parts(made: Mapping[str, Schema]) -> dict[str, Schema]:
    """The records inside a policy: kinds of rules, filters, and the small tables in a rule."""
    parts: dict[str, Schema] = {}
    kind_of = _kind_of()
    for name, one in made.items():
        if name == "Parameters":
            continue
        kind = kind_of.get(name)
        properties = {
            key: _with(_plain(value), both("field", kind, key) if kind else both("part", key))
            for key, value in one["properties"].items()
            if name != "Filter"
        }
        parts[name] = {
            "type": "object",
            **({"description": both("kind", kind)} if kind else {}),
            "additionalProperties": False,
            "required": one.get("required", []),
            "properties": properties,
        }
    parts["Filter"] = _filter()
    parts["Range"] |= {"description": both("part", "range"), "minProperties": 1}
    return parts


def _filter() -> Schema:
    """A filter as it is written: any column, with ``not`` and ``any`` for filters inside."""
    inner = {"$ref": "#/definitions/Filter"}
    return {
        "type": "object",
        "description": both("part", "filter"),
        "properties": {
            "not": {"allOf": [inner], "description": both("part", "not")},
            "any": {"type": "array", "items": inner, "description": both("part", "any")},
        },
        "additionalProperties": {
            "anyOf": [*_SCALARS, {"type": "array", "items": {"anyOf": _SCALARS}}, {"$ref": "#/definitions/Range"}]
        },
    }


def _any_fields(parts: Mapping[str, Schema]) -> Schema:
    """Fields that an override may replace: those of any kind of rule but its id and kind."""
    shapes: dict[str, list[Schema]] = {}
    for name in _kind_of():
        for key, value in parts[name]["properties"].items():
            shape = {part: it for part, it in value.items() if part not in ("default", "description")}
            if key not in ("id", "kind") and shape not in shapes.setdefault(key, []):
                shapes[key].append(shape)
    properties = {
        key: {**(found[0] if len(found) == 1 else {"anyOf": found}), "description": both("field", key)}
        for key, found in shapes.items()
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _plain(schema: Any) -> Any:
    """A schema in draft 7 without what TOML cannot hold (null) and without made-up titles and empty defaults."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        rest = [one for one in schema["anyOf"] if one != {"type": "null"}]
        if len(rest) == 1:
            schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **rest[0]}
        else:
            schema = {**schema, "anyOf": rest}
    if "prefixItems" in schema:
        schema = {
            **{key: value for key, value in schema.items() if key != "prefixItems"},
            "items": schema["prefixItems"],
        }
    if any(one == _FRACTION for one in schema.get("anyOf", ())):
        schema = {**schema, "anyOf": _SHARE}
    made = {key: _plain(value) for key, value in schema.items() if key not in ("title", "discriminator")}
    if made.get("default", "") in (None, "", [], {}) or isinstance(made.get("default"), dict):
        made.pop("default", None)
    if "$ref" in made:
        made["$ref"] = made["$ref"].replace("#/$defs/", "#/definitions/")
    return made
