"""Whether anything is open to a cadre: the quick count agrees with the table of cadres and programmes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allocator.audit.records import Records
from allocator.domain.plan import COLUMNS, Plan
from allocator.inputs import load
from tests.audit.builders import inputs, rule

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


OPEN = """
programme_id | name | host_id | host_group | content | days | hours | online | serves_unit_id
own-north    | 北   | school  | school     | theory  | 5    | 37.5  | false  | north
own-county   | 县   | school  | school     | theory  | 5    | 37.5  | false  | n1
to-all       | 全   | school  | school     | theory  | 5    | 37.5  | false  |
heads-only   | 正   | school  | school     | theory  | 5    | 37.5  | false  |
to-nobody    | 无   | school  | school     | theory  | 5    | 37.5  | false  |
"""
ADMITTING = (
    rule("eligibility", id="all", programmes={"programme_id": ["own-north", "own-county", "to-all"]}),
    rule("eligibility", id="heads", audience={"category": ["head"]}, programmes={"programme_id": ["heads-only"]}, years=[2020]),
    rule("eligibility", id="deputies", audience={"category": ["deputy"]}, programmes={"programme_id": ["own-county"]}, years=[2019]),
)  # fmt: skip
EXPECTED = {
    2019: {"a": "own-county own-north to-all", "d": "to-all", "g": "to-all"},
    2020: {"a": "heads-only own-county own-north to-all", "d": "heads-only to-all", "g": "to-all"},
}


@pytest.mark.parametrize("year", EXPECTED)
@pytest.mark.parametrize("rules", [ADMITTING, ADMITTING[1:], ()], ids=["all", "some", "none"])
def test_pairs_are_those_of_rules_years_and_own_programmes(year: int, rules: tuple[dict[str, object], ...]) -> None:
    given = inputs(*rules, programmes=OPEN, sessions="", history="", admit_all=False)
    small = Records(Plan(given.cadres.iloc[:0].reindex(columns=list(COLUMNS))), given)
    cadres, programmes = np.arange(len(small.headcount)), np.arange(len(small.programme_ids))
    pairs = small.eligible_pairs(cadres, programmes, year)
    rows, columns = np.indices(pairs.shape)
    each = small.eligible(cadres[rows.ravel()], programmes[columns.ravel()], np.full(pairs.size, year))
    assert pairs.shape == (len(cadres), len(programmes)) and pairs.ravel().tolist() == each.tolist()
    assert small.any_eligible(cadres, programmes, year).tolist() == pairs.any(axis=1).tolist()
    for chosen in ([0], [1], [4], [0, 4], [3, 4]):
        some = np.array(chosen)
        assert small.any_eligible(cadres, some, year).tolist() == pairs[:, some].any(axis=1).tolist()
    if rules == ADMITTING:
        for cadre, expected in EXPECTED[year].items():
            own = pairs[list(small.cadre_ids).index(cadre)]
            assert " ".join(sorted(small.programme_ids[own])) == expected
