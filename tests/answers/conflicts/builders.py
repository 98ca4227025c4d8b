"""Random tiny problems whose hard rules cannot all be kept, as files, and what all plans of some of their rules come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit

from allocator.answers.conflicts.demands import is_limit
from allocator.answers.conflicts.toml_fragments import rule_written
from allocator.domain.rules import GOALS, Eligibility, RuleKind
from allocator.domain.tables import TABLES
from tests.property.brute import Brute
from tests.property.worlds import World, random_world


def hard_world(seed: int) -> World:
    """A random problem that can be read, in which only hard rules, strict ones and those that admit are left."""
    world = random_world(seed, most_people=4)
    for person in world.people:  # A team is of one unit.
        person["team_id"] = f"{person['team_id']}-{person['unit_id']}" if person["team_id"] else ""
    for key, (first, last, least, seats) in world.sessions.items():
        world.sessions[key] = first, last, min(least, seats), seats
    inputs = world.inputs()
    world.rules = [r for r in world.rules if inputs.audience(r.audience).any() and inputs.counting(r.programmes).any()]
    kept = [
        r
        for r in world.rules
        if (r.asks_attendance() and r.strength == "hard") or isinstance(r, Eligibility) or is_limit(r)
    ]
    world.rules = [r.model_copy(update={"id": f"r{n}-{r.kind}"}) for n, r in enumerate(kept)]
    world.goals = GOALS
    return world


def least_violation(world: World, rules: Sequence[RuleKind]) -> float | None:
    """By how much every plan misses some rules at least, by going through all plans; ``None`` where strict rules leave none."""
    plans = Brute(replace(world, rules=list(rules))).plans()
    return float(plans[:, GOALS.index("violation")].min()) if len(plans) else None


def can_be_kept(world: World, rules: Sequence[RuleKind]) -> bool:
    """Whether some plan keeps some rules."""
    return least_violation(world, rules) == 0


def written(world: World, folder: Path) -> Path:
    """The problem as a scenario with its files."""
    inputs = world.inputs()
    for name, columns in TABLES.items():
        table = getattr(inputs, name)[[column.name for column in columns]]
        _texts(table).to_csv(folder / f"{name}.csv", index=False)
    policy: dict[str, Any] = {"id": "world", "title": "World", "title_zh": "世界"}
    policy["rules"] = [rule_written(rule) for rule in world.rules]
    (folder / "policy.toml").write_text(tomlkit.dumps(policy), encoding="utf-8")
    scenario = {"id": "world", "policy": "policy.toml", "tables": ".", "horizon": list(world.years), "seed": "test"}
    path = folder / "scenario.toml"
    path.write_text(tomlkit.dumps({**scenario, "limits": {"gap": 0}}), encoding="utf-8")
    return path


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as a CSV holds them."""
    made = table.copy()
    for column in made:
        values = made[column]
        if pd.api.types.is_datetime64_any_dtype(values):
            made[column] = values.dt.strftime("%Y-%m-%d")
        elif pd.api.types.is_bool_dtype(values):
            made[column] = values.map({True: "yes", False: "no"})
        elif column == "birth_year":
            made[column] = ""
    return made
