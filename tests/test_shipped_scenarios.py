"""The scenarios that are shipped for the province: each loads, differs from its base in what it says, and can be checked."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from allocator.checks import count
from allocator.domain.rules import Priority, ShareFloor
from allocator.domain.tables import Inputs
from allocator.inputs import load

FOLDER = Path(__file__).parent.parent / "scenarios"
FAMILY = sorted(path.stem for path in FOLDER.glob("henan-*.toml") if path.stem != "henan-2019-2022")


@cache
def inputs(name: str) -> Inputs:
    return load(FOLDER / f"{name}.toml")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if n else []) for n, name in enumerate(FAMILY)]
)
def test_scenario_is_named_for_itself_and_speaks_both_languages(name: str) -> None:
    scenario, base = inputs(name).scenario, inputs("henan-2019-2022").scenario
    assert scenario.id == name
    assert scenario.title and scenario.title_zh
    assert (scenario.title, scenario.title_zh) != (base.title, base.title_zh)
    assert scenario.seed == base.seed  # Plans are compared, so the draw is the same.


@pytest.mark.long
def test_spring_closure_leaves_no_class_from_february_to_june_and_loses_none() -> None:
    sessions, before = inputs("henan-spring-closure-2020").sessions, inputs("henan-2019-2022").sessions
    held = inputs("henan-spring-closure-2020").segments
    closed = [("2020-02-01", "2020-06-30"), ("2020-10-01", "2020-10-08")]
    for first, last in closed:
        assert not ((held["start_date"] <= pd.Timestamp(last)) & (held["end_date"] >= pd.Timestamp(first))).any()
    assert len(sessions) == len(before) and sessions["year"].equals(before["year"])
    moved = (sessions["start_date"] != before["start_date"]).to_numpy()
    assert 200 < moved.sum() < 300
    assert (before["year"][moved] == 2020).all()
    # Whole weeks, so that a class begins on the same day of the week.
    assert ((sessions["start_date"] - before["start_date"]).dt.days % 7 == 0).all()


@pytest.mark.long
def test_academies_have_half_their_seats_and_no_other_host_fewer() -> None:
    half, before = inputs("henan-half-academies"), inputs("henan-2019-2022")
    host = half.programmes.set_index("programme_id")["host_group"]
    academies = half.sessions["programme_id"].map(host) == "three-academies-three-bases"
    seats, full = half.sessions["seats"], before.sessions["seats"]
    assert (seats[academies] == full[academies] // 2).all() and academies.sum() > 20
    assert seats[~academies].equals(full[~academies])


@pytest.mark.long
def test_what_half_the_academies_cannot_hold_is_told_but_breaks_no_hard_rule() -> None:
    report = count(inputs("henan-half-academies"))
    assert report.ok
    short = {finding.rule_id for finding in report.findings if "tatb" in finding.rule_id}
    assert {"tatb-county-division-principal", "tatb-soe-middle"} <= short


@pytest.mark.long
def test_550_hours_are_hard_only_in_the_strict_scenario() -> None:
    assert inputs("henan-strict-550").policy.rule("cum-leaders").strength == "hard"
    assert inputs("henan-2019-2022").policy.rule("cum-leaders").strength == "soft"


@pytest.mark.long
def test_every_fifth_is_a_quarter() -> None:
    def shares(name: str) -> set[Fraction]:
        return {rule.share for rule in inputs(name).policy.rules if isinstance(rule, ShareFloor)}

    assert shares("henan-2019-2022") == {Fraction(1, 5)}
    assert shares("henan-one-quarter") == {Fraction(1, 4)}


@pytest.mark.long
def test_a_seat_of_a_poor_county_outweighs_all_other_priorities_together() -> None:
    scenario = inputs("henan-poor-counties-first")
    weights = {rule.id: rule.weight for rule in scenario.policy.rules if isinstance(rule, Priority)}
    own = weights.pop("prio-poverty-counties")
    assert own > sum(weights.values())
    order = scenario.scenario.goals
    assert order.index("priority") < order.index("quota-shortfall")


def test_one_year_plan_is_of_the_first_year() -> None:
    assert inputs("henan-2019").years == (2019,)
