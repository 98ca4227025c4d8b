"""The five tables of a size, written as the contract asks."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from allocator.generate.design import Size, load
from allocator.generate.history import build_history
from allocator.generate.people import build_cadres
from allocator.generate.programmes import build_programmes
from allocator.generate.sessions import build_sessions
from allocator.generate.units import build_units
from allocator.wording import Message

TABLES = ("units", "cadres", "history", "programmes", "sessions")


@dataclass(frozen=True)
class Summary:
    """What was written."""

    folder: Path
    rows: Mapping[str, int]
    named: int  # people with a row of their own
    unnamed: int  # heads in groups
    teams: int
    bytes: int

    def __str__(self) -> str:
        rows = ", ".join(f"{table} {count:,}" for table, count in self.rows.items())
        return f"{self.folder}: {rows}; {self.named:,} named people, {self.unnamed:,} in groups, {self.teams:,} teams"


def generate(size: Size, folder: Path, seed: int = 2019, people: int | None = None) -> Summary:
    """Write units.csv, cadres.csv, history.csv, programmes.csv and sessions.csv of invented people.

    Parameters
    ----------
    size
        ``tiny`` (known by heart, written by hand), ``one-prefecture`` or ``henan``.
    folder
        Made when missing; tables of these names in it are replaced.
    seed
        The same size, seed and ``people`` give the same bytes.
    people
        Scale to about so many named people: units of every sort are multiplied, provincial seats stay as they are.

    Raises
    ------
    ValueError
        If ``people`` is below one, or is given for ``tiny``.
    """
    if people is not None and (people < 1 or size == "tiny"):
        raise ValueError(Message("error.people-of-size", people=people, size=size))
    tables = _by_hand() if size == "tiny" else _drawn(size, seed, people)
    return _write(tables, folder)


def _by_hand() -> dict[str, pd.DataFrame]:
    home = files("allocator.generate").joinpath("tiny")
    tables = {}
    for name in TABLES:
        with home.joinpath(f"{name}.csv").open(encoding="utf-8-sig") as file:
            tables[name] = pd.read_csv(file, dtype=str, keep_default_na=False)
    return tables


def _drawn(size: Size, seed: int, people: int | None) -> dict[str, pd.DataFrame]:
    design = load(size)
    factor = 1.0
    if people is not None:
        factor = people / int((_people(size, seed, 1.0)["headcount"] == 1).sum())
    units = build_units(design.province, factor)
    cadres = _people(size, seed, factor)
    programmes = build_programmes(design.catalogue, units)
    return {
        "units": units,
        "cadres": cadres,
        "history": build_history(
            design.records, units, cadres, programmes, design.catalogue.hours_per_day, _stream(seed, "history")
        ),
        "programmes": programmes,
        "sessions": build_sessions(design.catalogue, programmes, units, cadres),
    }


def _people(size: Size, seed: int, factor: float) -> pd.DataFrame:
    design = load(size)
    units = build_units(design.province, factor)
    return build_cadres(design.province, design.names, units, factor, _stream(seed, "cadres"))


def _stream(seed: int, table: str) -> np.random.Generator:
    # One stream per table: a change in the people of a unit does not move every other table.
    return np.random.default_rng([seed, zlib.crc32(table.encode())])


def _write(tables: Mapping[str, pd.DataFrame], folder: Path) -> Summary:
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name in TABLES:
        table = tables[name].copy()
        for column in table.columns:
            if table[column].dtype == bool:
                table[column] = table[column].map({True: "true", False: "false"})
        if "birth_year" in table and name == "cadres":
            table["birth_year"] = pd.to_numeric(table["birth_year"]).astype("Int64")
        data = table.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")
        folder.joinpath(f"{name}.csv").write_bytes(data)
        written += len(data)
    heads = pd.to_numeric(tables["cadres"]["headcount"].replace("", "1")).astype(int)
    return Summary(
        folder=folder,
        rows={name: len(tables[name]) for name in TABLES},
        named=int((heads == 1).sum()),
        unnamed=int(heads[heads > 1].sum()),
        teams=int(tables["cadres"].loc[tables["cadres"]["team_id"] != "", "team_id"].nunique()),
        bytes=written,
    )
