"""Swaps exchange people who are alike, as long as the floors of their teams are kept."""

from __future__ import annotations

from allocator.engine.columns.pricing import CostsByType
from allocator.engine.reoptimise.affected_people import alike
from allocator.engine.swaps import Swaps
from tests.engine.builders import attendances, make_inputs, rule
from tests.engine.small import grouped, master_of


def swaps_of(plan: list[str]) -> Swaps:
    """Two teams of two; each must send at least one."""
    inputs = make_inputs(
        cadres=[{"cadre_id": cadre, "team_id": cadre[0]} for cadre in ("t1", "t2", "u1", "u2")],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06"}],
        rules=[rule("eligibility", audience={}), rule("share-floor", audience={}, group_by="team_id", share="1/2")],
    )
    cohorts = grouped(inputs)
    cost = CostsByType(cohorts, master_of(cohorts).weights)
    return Swaps(cohorts, alike(cohorts), cost, attendances([(cadre, "p", 2020) for cadre in plan]), "seed")


def test_seat_goes_to_somebody_alike_of_another_team_when_floors_are_kept() -> None:
    swaps = swaps_of(["t1", "t2", "u1"])
    assert swaps.swap("t2", "p", 2020)
    assert swaps.table()["cadre_id"].tolist() == ["t1", "u1", "u2"]


def test_nobody_swaps_when_a_team_would_fall_below_its_floor() -> None:
    swaps = swaps_of(["t1", "u1"])
    assert not swaps.swap("t1", "p", 2020)
    assert swaps.table()["cadre_id"].tolist() == ["t1", "u1"]
