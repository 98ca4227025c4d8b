"""Seeded breaches of plan files: every sort is found, under its rule and in its row, and clean plans stay clean."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from allocator.audit import audit, read_plan
from allocator.domain.errors import InputError
from allocator.domain.rules import KINDS
from allocator.domain.tables import Inputs
from allocator.inputs import load
from tests.audit.breaches import CELLS, CLEAN, PLACED, Cell, Placed, office
from tests.audit.builders import plan

QUICK, MANY = 1, 8
SEEDS = [pytest.param(seed, marks=[pytest.mark.long] if seed >= QUICK else []) for seed in range(MANY)]


def seats(text: str) -> pd.DataFrame:
    """A plan file of the office with all columns but those that give reasons."""
    return plan(office(), text).placements.drop(columns=["fixed", "rules"])


def without(dropped: str) -> list[str]:
    gone = dropped.split()
    left = [word for word in CLEAN.split() if word.split("*")[0] not in gone]
    assert len(left) == len(CLEAN.split()) - len(gone), dropped
    return left


@pytest.fixture(scope="module", params=["office", "tiny"])
def clean(request: pytest.FixtureRequest) -> tuple[Inputs, pd.DataFrame]:
    """Inputs and a whole plan file of them that keeps every rule, as text."""
    if request.param == "office":
        return office(), whole(office(), plan(office(), CLEAN).placements)
    sample: Path = request.getfixturevalue("sample")
    given = load(sample / "scenarios" / "tiny.toml")
    return given, pd.read_csv(sample / "out" / "tiny" / "plan.csv", dtype=str, keep_default_na=False)


def whole(given: Inputs, placements: pd.DataFrame) -> pd.DataFrame:
    """The placements as text, with the reasons that the auditor expects."""
    table = placements.assign(fixed="是", rules="?").astype({"start_date": str, "end_date": str})
    told = audit(read_plan(table, given), given).differences
    told = told[told["status"] == "noted"].set_index(["column", "row"])["expected"]
    rows = range(2, len(table) + 2)
    table["rules"] = [told.get(("rules", row), "?") for row in rows]
    table["fixed"] = ["否" if ("fixed", row) in told.index else "是" for row in rows]
    return table.astype(str)


def test_sorts_of_breaches_are_many_and_of_every_kind() -> None:
    names = [sort.name for sort in (*PLACED, *CELLS)]
    assert len(set(names)) == len(names) >= 50
    kinds = {rule.id: rule.kind for rule in office().policy.rules}
    tried = {kinds.get(sort.rule_id, "built-in") for sort in PLACED}
    assert set(KINDS) - tried == {"waiting", "priority", "curriculum", "report"}  # No plan can breach these.


def test_clean_plans_are_clean(clean: tuple[Inputs, pd.DataFrame]) -> None:
    given, table = clean
    report = audit(read_plan(table, given), given)
    assert report.is_clean and report.differences.empty and not report.warnings, report.breaches


@pytest.mark.parametrize("seed", SEEDS)
def test_clean_plan_stays_clean_in_any_order_and_with_few_columns(
    clean: tuple[Inputs, pd.DataFrame], seed: int
) -> None:
    given, table = clean
    draw = random.Random(seed)
    columns = draw.sample(list(table), len(table.columns))
    shuffled = table[columns].sample(frac=1, random_state=seed).assign(姓名="某")
    needed = [c for c in columns if c in ("cadre_id", "session_id", "headcount") or draw.random() < 0.4]
    blanked = shuffled.copy()
    for column in set(columns) - {"cadre_id", "session_id", "headcount"}:
        blanked.loc[blanked.sample(frac=0.5, random_state=seed).index, column] = ""
    for changed in (shuffled, shuffled[needed], blanked):
        report = audit(read_plan(changed, given), given)
        assert report.is_clean and report.differences.empty and not report.warnings


@pytest.mark.parametrize("sort", PLACED, ids=lambda sort: sort.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_breach_by_who_sits_where_is_found(sort: Placed, seed: int) -> None:
    dropped, added, scope = sort.change(random.Random(f"{sort.name} {seed}"))
    words = [*without(dropped), *added.split()]
    report = audit(read_plan(seats(" ".join(words)), office()), office())
    verdict = report[sort.rule_id]
    assert verdict.is_breached and verdict.shortfall > 0 and report.goals["violation"] > 0, (dropped, added)
    found = report.breaches.loc[report.breaches["rule_id"] == sort.rule_id, "scope"]
    assert any(scope in one for one in found), (scope, list(found))


@pytest.mark.parametrize("sort", CELLS, ids=lambda sort: sort.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_breach_by_one_false_cell_is_found(clean: tuple[Inputs, pd.DataFrame], sort: Cell, seed: int) -> None:
    given, table = clean
    draw = random.Random(f"{sort.name} {seed}")
    place = draw.randrange(len(table))
    wrong = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    written = sort.write(draw, str(wrong.at[place, sort.column]))
    wrong.loc[place, sort.column] = written
    if sort.verdict == "defect":
        with pytest.raises(InputError) as caught:
            read_plan(wrong, given)
        assert [(d.row, d.column) for d in caught.value.defects] == [(place + 2, sort.column)]
        return
    report = audit(read_plan(wrong, given), given)
    found = report.differences[["rule_id", "row", "column", "found"]].to_numpy(object).tolist()
    expected = "" if sort.verdict == "noted" else sort.verdict
    stated = {"是": "true", "否": "false"}.get(written, written.strip())
    alike = [row for row in found if row[:3] == [expected, place + 2, sort.column]]
    assert len(alike) == 1 and str(alike[0][3]) in (stated, f"{stated}.0"), found
    assert report.is_clean == (sort.verdict == "noted")
