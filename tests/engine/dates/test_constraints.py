"""Limits between attendances are kept only where they could bind."""

from __future__ import annotations

import pytest

from allocator.engine.dates.constraints import Apart
from allocator.engine.dates.problem import build
from tests.engine.builders import attendances, make_inputs


@pytest.mark.parametrize(("day", "count"), [("2020-03-06", 1), ("2020-03-07", 0)])
def test_two_classes_of_one_cadre_exclude_each_other_when_they_share_a_day(day: str, count: int) -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}],
        sessions=[
            {"session_id": "s", "programme_id": "p", "start_date": "2020-03-02", "end_date": "2020-03-06"},
            {"session_id": "t", "programme_id": "q", "start_date": day, "end_date": "2020-03-09"},
        ],
    )
    limits = build(inputs, attendances([("a", "p", 2020), ("a", "q", 2020)]), seed="seed").limits
    assert len(limits) == count
    assert all(isinstance(limit, Apart) and limit.entries == (0, 1) for limit in limits)
