"""From counts to names: everybody once, by draw, and unnamed groups split into seats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator.domain.tie_break import draw
from allocator.engine.assign_names import name
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.inputs import load
from allocator.model import instance
from allocator.model.cohorts import Cohorts, group
from allocator.model.shared import collect

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def cohorts() -> Cohorts:
    inputs = load(SCENARIOS / "one-prefecture.toml")
    problem = instance.build(inputs, calendar(inputs))
    return group(problem, collect(problem))


def trajectories(cohorts: Cohorts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every cohort dealt over its last trajectories, unevenly, one person of each left out."""
    rows = []
    for c, people in enumerate(cohorts.cohort_people.tolist()):
        last = cohorts.rows_of(int(cohorts.cohort_type[c])) - 1
        parts = {last: people // 2, max(0, last - 1): people - people // 2 - 1}
        rows += [(c, k, n) for k, n in parts.items()]
    return tuple(np.array(column) for column in zip(*rows, strict=True))  # type: ignore[return-value]


def by_hand(cohorts: Cohorts, rows: tuple[np.ndarray, np.ndarray, np.ndarray], seed: str) -> pd.DataFrame:
    """The same, person by person."""
    problem, seats = cohorts.instance, []
    for c in range(len(cohorts.members)):
        line = sorted(cohorts.members[c].tolist(), key=lambda i: draw(seed, problem.cadre_ids[i]))
        heads = [i for i in line for _ in range(problem.headcount[i])]
        for _, k, n in sorted(zip(*(column[rows[0] == c].tolist() for column in rows), strict=True)):
            person_type = int(cohorts.cohort_type[c])
            table, menus = cohorts.tables[cohorts.type_table[person_type]], cohorts.menus(person_type, k)
            attended = [
                (int(cohorts.cohort_slots[c][slot]), problem.years[y])
                for y, menu in enumerate(menus)
                for slot in np.flatnonzero(table.menus[menu])
            ]
            for i in heads[:n]:
                seats += [(problem.cadre_ids[i], problem.programme_ids[p], year, 1) for p, year in attended]
            heads = heads[n:]
    table = pd.DataFrame(seats, columns=["cadre_id", "programme_id", "year", "headcount"])
    return table.groupby(["cadre_id", "programme_id", "year"])["headcount"].sum().reset_index()


def test_names_are_dealt_by_draw_as_one_would_by_hand(cohorts: Cohorts) -> None:
    rows = trajectories(cohorts)
    named = name(cohorts, *rows, "seed")
    assert len(named) > 100 and named["headcount"].max() > 1
    pd.testing.assert_frame_equal(named, by_hand(cohorts, rows, "seed"))


def test_order_of_the_counts_does_not_matter_and_the_seed_does(cohorts: Cohorts) -> None:
    rows = trajectories(cohorts)
    turned = tuple(column[::-1] for column in rows)
    pd.testing.assert_frame_equal(name(cohorts, *turned, "seed"), name(cohorts, *rows, "seed"))
    assert not name(cohorts, *rows, "another").equals(name(cohorts, *rows, "seed"))


def test_nobody_sent_gives_an_empty_table(cohorts: Cohorts) -> None:
    none = np.zeros(0, dtype=np.int64)
    assert list(name(cohorts, none, none, none, "seed").columns) == ["cadre_id", "programme_id", "year", "headcount"]
