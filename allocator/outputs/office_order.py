"""The order in which offices list units and people."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import pandas as pd

from allocator.domain.tables import Inputs


@cache
def seniority() -> Mapping[str, Mapping[str, int]]:
    """Place of every known rank (``ranks``) and post (``posts``), the most senior first."""
    text = resources.files("allocator.outputs").joinpath("office_order.toml").read_text(encoding="utf-8")
    return {name: {value: n for n, value in enumerate(values)} for name, values in tomllib.loads(text).items()}


def unit_order(inputs: Inputs) -> dict[str, int]:
    """Place of every unit: each one before the units below it, those of one parent by id."""
    units = inputs.units
    known, below = set(units["unit_id"]), dict[str, list[str]]()
    for unit_id, parent in zip(units["unit_id"], units["parent_unit_id"], strict=True):
        below.setdefault(parent if parent in known else "", []).append(unit_id)
    order: dict[str, int] = {}
    waiting = sorted(below.get("", ()), reverse=True)
    while waiting:
        unit_id = waiting.pop()
        if unit_id not in order:
            order[unit_id] = len(order)
            waiting += sorted(below.get(unit_id, ()), reverse=True)
    for unit_id in units["unit_id"]:  # Units that are above each other in a circle hang on no top.
        order.setdefault(unit_id, len(order))
    return order


def person_order(inputs: Inputs, units: Mapping[str, int]) -> pd.Series:
    """Place of every cadre, by ``cadre_id``: unit, rank, principals first, post, id; unknown ranks and posts come last."""
    cadres, ranks, posts = inputs.cadres, seniority()["ranks"], seniority()["posts"]
    keys = pd.DataFrame(
        {
            "unit": cadres["unit_id"].map(units),
            "rank": cadres["rank"].map(ranks).fillna(len(ranks)),
            "rank_text": cadres["rank"],
            "junior": ~cadres["principal"],
            "post": cadres["post"].map(posts).fillna(len(posts)),
            "post_text": cadres["post"],
            "cadre_id": cadres["cadre_id"],
        }
    )
    keys = keys.sort_values(list(keys.columns), kind="stable")
    return pd.Series(range(len(keys)), index=pd.Index(keys["cadre_id"]), dtype="int64")
