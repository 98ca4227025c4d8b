"""Rounding keeps what is whole and returns whole people."""

from __future__ import annotations

import pytest

from allocator.engine.columns.column_generation import optimise
from allocator.engine.integer.rounding import round_and_repair, valued
from tests.engine.small import grouped, master_of, small


def test_whole_relaxation_is_kept() -> None:
    master = master_of(grouped(small()))
    relaxed = optimise(master)
    assert relaxed is not None
    plan = round_and_repair(master, relaxed, nodes=100)
    assert plan is not None
    assert plan.value == pytest.approx(-5)
    assert plan.people.sum() == 3  # Everybody follows one trajectory, staying away included.
    assert valued(master, plan.subproblem, plan.trajectory, plan.people) == pytest.approx(plan.value)
