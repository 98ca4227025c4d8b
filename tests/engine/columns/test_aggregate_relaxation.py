"""The aggregate relaxation bounds every plan, and here it is exact."""

from __future__ import annotations

import pytest

from allocator.engine.columns.aggregate_relaxation import AggregateRelaxation
from allocator.engine.time_limit import Clock
from tests.engine.small import goals_of, grouped, small


def test_aggregate_relaxation_finds_the_five_points() -> None:
    cohorts = grouped(small())
    found = AggregateRelaxation(cohorts, goals_of(cohorts), 1e-3, Clock(None))
    assert found.values["priority"] == pytest.approx(-5)
    assert found.relaxed.bound <= found.relaxed.value + 1e-6
    assert found.rates is not None and found.rates.plan["priority"] == 1.0
