"""A random tiny problem as the files of a scenario, so that whatever begins with files can be asked about it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from allocator.domain.filters import Filter, Range
from allocator.domain.tables import TABLES
from tests.property.brute import holds_for
from tests.property.worlds import World

NEEDED = {"rank": "rank", "kind": "unit", "host_id": "H"}


def tidied(world: World) -> World:
    """The problem without what reading refuses: teams over two units, classes smaller than their least, rules for nobody."""
    for person in world.people:
        if person["team_id"]:
            person["team_id"] += person["unit_id"]
    for key, (first, last, least, seats) in world.sessions.items():
        world.sessions[key] = first, last, min(least, seats), seats
    world.rules = [rule for rule in world.rules if _speaks_of_something(rule, world)]
    return world


def _speaks_of_something(rule: Any, world: World) -> bool:
    people = {"audience": rule.audience, "among": getattr(rule, "among", Filter())}
    return all(any(holds_for(wanted, person) for person in world.people) for wanted in people.values()) and any(
        holds_for(rule.programmes, programme) for programme in world.programmes
    )


def write_world(world: World, folder: Path) -> Path:
    """Write tables, policy and scenario; the scenario's file is returned."""
    sessions = [
        {"session_id": f"{p}-{y}", "programme_id": p, "year": y, "start_date": first, "end_date": last,
         "min_seats": least, "seats": seats}
        for (p, y), (first, last, least, seats) in world.sessions.items()
    ]  # fmt: skip
    tables = {
        "units": world.units, "cadres": world.people, "history": world.history, "programmes": world.programmes,
        "sessions": sessions,
    }  # fmt: skip
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            columns = [column.name for column in TABLES[name]]
            writer = csv.DictWriter(file, columns, restval="", extrasaction="raise")
            writer.writeheader()
            writer.writerows(_row(columns, row) for row in rows)
    rules = [_rule(rule) for rule in world.rules]
    policy = {"id": "world", "title": "World", "title_zh": "世界", "rules": rules}
    (folder / "policy.toml").write_text(tomlkit.dumps(policy), encoding="utf-8")
    scenario = {
        "id": f"world-{world.seed}", "policy": "policy.toml", "tables": ".", "horizon": list(world.years),
        "goals": list(world.goals), "seed": "test", "limits": {"gap": 0.0},
    }  # fmt: skip
    file = folder / "scenario.toml"
    file.write_text(tomlkit.dumps(scenario), encoding="utf-8")
    return file


def _row(columns: list[str], row: Mapping[str, Any]) -> dict[str, Any]:
    full = {column: value for column, value in NEEDED.items() if column in columns}
    if "name" in columns:
        full["name"] = row[columns[0]]
    return full | dict(row)


def _rule(rule: Any) -> dict[str, Any]:
    """A rule as a policy file says it."""
    values: dict[str, Any] = {"id": rule.id, "kind": rule.kind}
    for name, value in rule.model_dump(mode="json", exclude_defaults=True, exclude_none=True).items():
        own = getattr(rule, name)
        values[name] = _filter(own) if isinstance(own, Filter) else value
    return values


def _filter(wanted: Filter) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for column, condition in wanted.conditions.items():
        if isinstance(condition, Range):
            table[column] = condition.model_dump(mode="json", exclude_none=True)
        else:
            table[column] = list(condition)
    if wanted.exclude is not None:
        table["not"] = _filter(wanted.exclude)
    if wanted.any_of:
        table["any"] = [_filter(one) for one in wanted.any_of]
    return table
