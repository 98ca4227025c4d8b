"""Training records before the plan: every person follows one of the few tracks of his or her category."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from allocator.sample_data.design import Records, Stratum


class Past(NamedTuple):
    """What a class on record was; the programme id is empty when the programme no longer exists."""

    programme_id: str
    days: int
    hours: float
    content: str
    host_group: str
    online: bool


def build_history(
    records: Records,
    units: pd.DataFrame,
    cadres: pd.DataFrame,
    programmes: pd.DataFrame,
    hours_per_day: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Records in the order of the cadres, oldest first; unnamed groups have none."""
    prefecture, kind = _prefectures(units), dict(zip(units["unit_id"], units["kind"], strict=True))
    people = cadres[cadres["headcount"] == 1]
    people = people.assign(kind=people["unit_id"].map(kind), prefecture_id=people["unit_id"].map(prefecture))
    tracks = _tracks(records, people, rng)
    classes = _classes(records, programmes, hours_per_day)
    parent = dict(zip(units["unit_id"], units["parent_unit_id"], strict=True))
    rows = []
    for cadre_id, unit_id in zip(people["cadre_id"], people["unit_id"], strict=True):
        for text in sorted(tracks[cadre_id]):
            year, name = text.split(" ")
            day = records.starts[int(rng.integers(len(records.starts)))]
            past = _own(classes, name, unit_id, parent)
            first = date.fromisoformat(f"{year}-{day}")
            first += timedelta(days=-first.weekday() % 7)
            rows.append(
                {
                    "cadre_id": cadre_id,
                    "programme_id": past.programme_id,
                    "start_date": str(first),
                    "end_date": str(first + timedelta(days=max(past.days, 1) - 1)),
                    "days": past.days,
                    "hours": past.hours,
                    "content": past.content,
                    "host_group": past.host_group,
                    "online": past.online,
                }
            )
    return pd.DataFrame(rows)


def _prefectures(units: pd.DataFrame) -> Mapping[str, str]:
    """The prefecture a unit is or lies in; empty when there is none."""
    found = {"": ""}
    for unit_id, kind, parent in zip(units["unit_id"], units["kind"], units["parent_unit_id"], strict=True):
        found[unit_id] = unit_id if kind == "prefecture" else found[parent]  # parents stand before their children
    return found


def _tracks(records: Records, people: pd.DataFrame, rng: np.random.Generator) -> Mapping[str, tuple[str, ...]]:
    """The classes on record of every person, as ``YEAR NAME``."""
    found: dict[str, tuple[str, ...]] = {}
    for stratum in records.strata:
        fits = people["category"].isin(stratum.categories)
        if stratum.kind:
            fits &= people["kind"] == stratum.kind
        members = people[fits]
        parts = [part for _, part in members.groupby(list(stratum.within))] if stratum.within else [members]
        for part in parts:
            for cadre_id, number in zip(part["cadre_id"], _draw(len(part), stratum, rng), strict=True):
                found[cadre_id] = stratum.tracks[number].classes
    return found


def _draw(count: int, stratum: Stratum, rng: np.random.Generator) -> np.ndarray:
    """Number of the track of each of ``count`` people: exact shares by largest remainder, in drawn order."""
    exact = np.array([track.share for track in stratum.tracks]) * count
    whole = np.floor(exact + 1e-9).astype(int)
    # A little chance in the remainders keeps small strata from all losing the same rare track.
    order = np.argsort(whole - exact - 0.2 * rng.random(len(exact)), kind="stable")
    whole[order[: count - whole.sum()]] += 1
    return rng.permutation(np.repeat(np.arange(len(whole)), whole))


def _classes(records: Records, programmes: pd.DataFrame, hours_per_day: float) -> Mapping[str, Past]:
    columns = [programmes[name] for name in ("programme_id", "days", "hours", "content", "host_group", "online")]
    classes = {row[0]: Past(*row) for row in zip(*columns, strict=True)}
    for name, former in records.former.items():
        hours = former.days * hours_per_day if former.hours is None else former.hours
        classes[f"former-{name}"] = Past("", former.days, hours, former.content, former.host_group, former.online)
    return classes


def _own(classes: Mapping[str, Past], name: str, unit_id: str, parent: Mapping[str, str]) -> Past:
    """The class of that name; of a local programme, the one of the nearest unit at or above the person's."""
    above = unit_id
    while name not in classes and above and f"{name}-{above}" not in classes:
        above = parent[above]
    return classes[name] if name in classes else classes[f"{name}-{above}"]
