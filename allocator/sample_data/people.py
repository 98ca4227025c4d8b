"""Cadres: invented people in the posts of the design, and unnamed groups with a headcount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from allocator.sample_data.design import Pool, Province, Role, Tagging

COLUMNS = (
    "cadre_id", "name", "unit_id", "team_id", "category", "post", "rank", "principal", "appointed_on",
    "birth_year", "gender", "ethnic_minority", "party_member", "tags", "headcount",
)  # fmt: skip


@dataclass
class _Rows:
    """Rows as they are drawn; one list per column keeps 30,000 of them quick."""

    rng: np.random.Generator
    names: Mapping[str, str]
    province: Province
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, cadre_id: str, unit_id: str, team_id: str, role: Role | Pool, tags: str) -> None:
        rng = self.rng
        is_woman = rng.random() < role.women
        first, last = self.province.people.appointed
        self.rows.append(
            {
                "cadre_id": cadre_id,
                "name": invent_name(rng, self.names, is_woman),
                "unit_id": unit_id,
                "team_id": team_id,
                "category": role.category,
                "post": role.post if isinstance(role, Role) else "member",
                "rank": role.rank,
                "principal": isinstance(role, Role) and role.principal,
                "appointed_on": f"{rng.integers(first, last + 1)}-{rng.integers(1, 13):02d}-01",
                "birth_year": int(rng.integers(role.born[0], role.born[1] + 1)),
                "gender": "女" if is_woman else "男",
                "ethnic_minority": bool(rng.random() < self.province.people.minority),
                "party_member": bool(rng.random() >= role.non_party),
                "tags": tags,
                "headcount": 1,
            }
        )


def invent_name(rng: np.random.Generator, names: Mapping[str, str], is_woman: bool) -> str:
    """A surname and a given name of one or two characters; frequent surnames stand first and are drawn more often."""
    surnames, given = names["surnames"], names["women" if is_woman else "men"]
    surname = surnames[int(len(surnames) * rng.random() ** 2)]
    return surname + "".join(given[i] for i in rng.integers(0, len(given), 1 if rng.random() < 0.2 else 2))


def build_cadres(
    province: Province, names: Mapping[str, str], units: pd.DataFrame, factor: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Everybody on the roster, unit by unit in the order of ``units``.

    Parameters
    ----------
    factor
        Multiplies the registers and the tags, as it multiplied the units.
    """
    drawn = _Rows(rng, names, province)
    pools = {pool.unit: pool for pool in province.pools}
    townships = units.loc[units["kind"] == "township", "parent_unit_id"].value_counts()
    roles: dict[str, list[Role]] = {}
    for role in province.roles:
        roles.setdefault(role.kind, []).append(role)
    for unit_id, kind in zip(units["unit_id"], units["kind"], strict=True):
        number = 0
        for role in roles.get(kind, ()):
            count = role.counts[0] if len(role.counts) == 1 else int(rng.choice(role.counts, p=role.weights))
            for _ in range(count):
                number += 1
                drawn.add(f"{unit_id}-{number:02d}", unit_id, f"{unit_id}-team" if role.team else "", role, role.tags)
        if kind == "pool":
            _add_pool(drawn, pools[unit_id], max(1, round(pools[unit_id].count * factor)))
        for group in province.groups:
            if group.kind == kind:
                heads = int(rng.integers(group.heads[0], group.heads[1] + 1))
                if group.per_township:
                    heads *= int(townships.get(unit_id, 1))
                drawn.rows.append(
                    _group(f"{unit_id}-{group.category}", unit_id, group.category, group.name, group.rank, heads)
                )
    cadres = pd.DataFrame(drawn.rows, columns=list(COLUMNS))
    for tagging in province.tags:
        _tag(cadres, tagging, factor, rng)
    return cadres


def _add_pool(drawn: _Rows, pool: Pool, count: int) -> None:
    for number in range(1, count + 1):
        tags = ";".join(tag for tag, share in pool.tagged.items() if drawn.rng.random() < share)
        drawn.add(f"{pool.unit}-{number:04d}", pool.unit, "", pool, tags)


def _group(cadre_id: str, unit_id: str, category: str, name: str, rank: str, heads: int) -> dict[str, object]:
    return {
        "cadre_id": cadre_id,
        "name": name,
        "unit_id": unit_id,
        "team_id": "",
        "category": category,
        "post": "",
        "rank": rank,
        "principal": False,
        "appointed_on": "",
        "birth_year": None,
        "gender": "",
        "ethnic_minority": False,
        "party_member": True,
        "tags": "",
        "headcount": heads,
    }


def _tag(cadres: pd.DataFrame, tagging: Tagging, factor: float, rng: np.random.Generator) -> None:
    """Give the tag to people drawn from the category; the tags ``young`` and ``newly-appointed`` exclude each other."""
    tags: list[str] = cadres["tags"].tolist()
    born, appointed = cadres["birth_year"].tolist(), cadres["appointed_on"].tolist()
    fits = (cadres["category"] == tagging.category) & (cadres["headcount"] == 1)
    if tagging.rank:
        fits &= cadres["rank"] == tagging.rank
    if tagging.with_tag:
        fits &= pd.Series([tagging.with_tag in text.split(";") for text in tags])
    if tagging.tag in ("young", "newly-appointed"):
        fits &= pd.Series([{"young", "newly-appointed"}.isdisjoint(text.split(";")) for text in tags])
    candidates = np.flatnonzero(fits.to_numpy())
    count = min(len(candidates), max(1, round(tagging.count * factor)))
    chosen = np.sort(rng.choice(candidates, count, replace=False))
    for row in chosen.tolist():
        tags[row] = f"{tags[row]};{tagging.tag}" if tags[row] else tagging.tag
        if tagging.born:
            born[row] = int(rng.integers(tagging.born[0], tagging.born[1] + 1))
        if tagging.appointed:
            appointed[row] = f"{tagging.appointed}-{rng.integers(1, 13):02d}-01"
    # Whole columns at once: a single cell of a text column is written by copying all of it.
    cadres["tags"], cadres["birth_year"], cadres["appointed_on"] = tags, born, appointed
