"""The five tables of a size, written as the contract asks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from allocator.language.message import Message
from allocator.sample_data.design import Size, load
from allocator.sample_data.history import build_history
from allocator.sample_data.people import build_cadres
from allocator.sample_data.programmes import build_programmes
from allocator.sample_data.scenario import write_extending_scenario, write_own_scenario
from allocator.sample_data.sessions import build_sessions
from allocator.sample_data.units import build_units

TABLES = ("units", "cadres", "history", "programmes", "sessions")

Format = Literal["csv", "parquet"]

LARGE = 100_000
"""Named people from which on tables are written as Parquet, unless told otherwise: smaller and much quicker to read."""


@dataclass(frozen=True)
class Summary:
    """What was written."""

    folder: Path
    rows: Mapping[str, int]
    named: int  # people with a row of their own
    unnamed: int  # heads in groups
    teams: int
    bytes: int
    scenario: Path | None = None  # ready to be planned; none where only tables were asked for

    def __str__(self) -> str:
        rows = ", ".join(f"{table} {count:,}" for table, count in self.rows.items())
        text = f"{self.folder}: {rows}; {self.named:,} named people, {self.unnamed:,} in groups, {self.teams:,} teams"
        return f"{text}; {self.scenario}" if self.scenario is not None else text


def generate(
    size: Size,
    folder: Path,
    seed: int = 2019,
    people: int | None = None,
    *,
    scenario: Path | None = None,
    tables_only: bool = False,
    file_format: Format | None = None,
    times_sessions: float = 1.0,
    home: Path | None = None,
) -> Summary:
    """Write the five tables of invented people, and the policy and the scenario that plan them.

    Parameters
    ----------
    size
        ``tiny`` (known by heart, written by hand), ``one-prefecture`` or ``henan``.
    folder
        Made when missing; files of these names in it are replaced.
    seed
        The same size, seed and ``people`` give the same bytes.
    people
        Scale to about so many named people: units of every sort, local programmes, sessions and registers are multiplied.
    scenario
        A scenario of yours. ``scenario.toml`` beside the tables then extends it, with the amounts of all quotas in proportion; without
        it ``scenario.toml`` and ``policy.toml`` are the size's own and need nothing outside the folder.
    tables_only
        Write neither scenario nor policy.
    file_format
        ``csv`` or ``parquet``; by itself Parquet from ``LARGE`` people on.
    times_sessions
        Put the same seats into so many times as many sessions; not for ``tiny``.
    home
        Where the files are going to lie, if not in ``folder``: paths in them are seen from there.

    Raises
    ------
    ValueError
        If ``people`` is below one, or is given for ``tiny``.
    OSError
        If the scenario cannot be read, or the folder cannot be written.
    """
    if people is not None and (people < 1 or size == "tiny"):
        raise ValueError(Message("error.people-of-size", people=people, size=size))
    tables = _by_hand() if size == "tiny" else _drawn(size, seed, people, times_sessions)
    made = _write(tables, folder, file_format)
    if tables_only:
        return made
    factor = _factor(size, seed, people)
    if scenario is not None:
        return replace(made, scenario=write_extending_scenario(scenario, folder, made.named, factor, home))
    return replace(made, scenario=write_own_scenario(size, folder, made.named if people is not None else None, factor))


def _by_hand() -> dict[str, pd.DataFrame]:
    home = files("allocator.sample_data").joinpath("tiny")
    tables = {}
    for name in TABLES:
        with home.joinpath(f"{name}.csv").open(encoding="utf-8-sig") as file:
            tables[name] = pd.read_csv(file, dtype=str, keep_default_na=False)
    return tables


def _drawn(size: Size, seed: int, people: int | None, times_sessions: float) -> dict[str, pd.DataFrame]:
    design, factor = load(size), _factor(size, seed, people)
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
        "sessions": build_sessions(design.catalogue, programmes, units, cadres, factor, times_sessions),
    }


@cache
def _factor(size: Size, seed: int, people: int | None) -> float:
    """How many times the size's own number of named people is wanted."""
    if people is None:
        return 1.0
    return people / int((_people(size, seed, 1.0)["headcount"] == 1).sum())


def _people(size: Size, seed: int, factor: float) -> pd.DataFrame:
    design = load(size)
    units = build_units(design.province, factor)
    return build_cadres(design.province, design.names, units, factor, _stream(seed, "cadres"))


def _stream(seed: int, table: str) -> np.random.Generator:
    # One stream per table: a change in the people of a unit does not move every other table.
    return np.random.default_rng([seed, zlib.crc32(table.encode())])


def _write(tables: Mapping[str, pd.DataFrame], folder: Path, file_format: Format | None) -> Summary:
    heads = pd.to_numeric(tables["cadres"]["headcount"].replace("", "1")).astype(int)
    named = int((heads == 1).sum())
    suffix = file_format or ("parquet" if named >= LARGE else "csv")
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        for other in ("csv", "parquet"):  # A table of the other format would be read instead of this one.
            folder.joinpath(f"{name}.{other}").unlink(missing_ok=True)
    return Summary(
        folder=folder,
        rows={name: len(tables[name]) for name in TABLES},
        named=named,
        unnamed=int(heads[heads > 1].sum()),
        teams=int(tables["cadres"].loc[tables["cadres"]["team_id"] != "", "team_id"].nunique()),
        bytes=sum(_files(tables, folder, suffix)),
    )


def _files(tables: Mapping[str, pd.DataFrame], folder: Path, suffix: Format) -> Iterator[int]:
    """Write every table; the bytes of each."""
    for name in TABLES:
        table = tables[name].copy()
        if "birth_year" in table:
            table["birth_year"] = pd.to_numeric(table["birth_year"]).astype("Int64")
        path = folder / f"{name}.{suffix}"
        if suffix == "parquet":
            table.to_parquet(path, index=False)
        else:
            for column in table.columns:
                if table[column].dtype == bool:
                    table[column] = table[column].map({True: "true", False: "false"})
            path.write_bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))
        yield path.stat().st_size
