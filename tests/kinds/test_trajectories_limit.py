"""What is too much to plan: check and plan say so alike, and the numbers they name fit."""

import re

import pytest

from allocator.answers import runs
from allocator.checks import count
from allocator.domain.errors import ModelError
from allocator.model import trajectories
from tests.engine.builders import make_inputs
from tests.kinds.builders import rule

YEARS = (2020, 2021, 2022)


def given(*rules, years=YEARS):
    """Three programmes in each year, never at the same time: 8 menus a year, 512 trajectories."""
    sessions = [
        {
            "session_id": f"{p}{y}", "programme_id": p, "start_date": f"{y}-0{m}-02", "end_date": f"{y}-0{m}-06",
            "seats": 2,
        }
        for p, m in zip("pqr", "357", strict=True) for y in years
    ]  # fmt: skip
    people = [{"cadre_id": "a"}, {"cadre_id": "b"}]
    rules = (rule("eligibility", id="admit"), rule("coverage"), *rules)
    return make_inputs(cadres=people, sessions=sessions, rules=rules, horizon=years)


def test_check_and_plan_stop_at_the_same_count_with_numbers_that_fit(monkeypatch):
    monkeypatch.setattr(trajectories, "MOST_TRAJECTORIES", 100)
    with pytest.raises(ModelError) as by_check:
        count(given())
    with pytest.raises(ModelError) as by_plan:
        runs.solve(given())
    assert str(by_check.value) == str(by_plan.value)
    said = str(by_check.value)
    # 8 to the second power fits into 100, and so do the 4 menus of one class at most to the third.
    assert "such as a (2 in all, 3 programmes" in said
    classes, years = map(int, re.search(r"at most (\d+) in a spacing rule.* horizon of at most (\d+)", said).groups())
    assert (classes, years) == (1, 2)
    for fitting in (given(rule("spacing", classes_per_year=classes)), given(years=YEARS[:years])):
        assert count(fitting).ok and runs.solve(fitting).audit.is_clean
    with pytest.raises(ModelError):
        count(given(rule("spacing", classes_per_year=classes + 1)))
