"""Whether anything is open to a cadre: the quick count agrees with the table of cadres and programmes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.audit.records import Records
from allocator.domain.plan import COLUMNS, Plan
from allocator.inputs import load

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


@pytest.fixture(scope="module")
def records() -> Records:
    inputs = load(SCENARIOS / "one-prefecture.toml")
    return Records(Plan(inputs.cadres.iloc[:0].reindex(columns=list(COLUMNS))), inputs)


@pytest.mark.parametrize("year", [2019, 2022])
@pytest.mark.parametrize("programmes", [slice(None), slice(0, 20), slice(-12, None), slice(0, 0)])
def test_any_eligible_agrees_with_every_pair(records: Records, year: int, programmes: slice) -> None:
    cadres, chosen = np.arange(len(records.headcount)), np.arange(len(records.programme_ids))[programmes]
    pairs = records.eligible_pairs(cadres, chosen, year)
    assert records.any_eligible(cadres, chosen, year).tolist() == pairs.any(axis=1).tolist()
    # Local programmes are open to their own unit only, so nothing is open to everybody.
    assert len(chosen) == 0 or 0 < pairs.any(axis=1).sum() <= len(cadres)
