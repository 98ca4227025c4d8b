"""Weights that give a goal away are raised until it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.engine.bounds.bound_proofs import Proofs
from allocator.engine.bounds.goal_bounds import Rates
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregate_relaxation import Pooled
from allocator.engine.columns.aggregation import exact
from allocator.engine.columns.dual_prices import listed
from allocator.engine.columns.initial_columns import spread
from allocator.engine.yearly_stage import RAISE, RAISES, YearlyStage
from allocator.inputs import load
from allocator.model import instance
from allocator.model.goals import FIRM

SCENARIO = Path(__file__).parents[2] / "scenarios" / "one-prefecture.toml"


def test_raised_rates_make_a_goal_and_those_before_it_dearer() -> None:
    last = {"violation": 40.0, "overdue": 10.0, "owed": 2.0, "priority": 1.0}
    proof = {
        "violation": {"violation": 1.0},
        "overdue": {"violation": 4.0, "overdue": 1.0},
        "owed": {"violation": 20.0, "overdue": 5.0, "owed": 1.0},
        "priority": last,
    }
    found = Rates(last, proof, {}).raised("overdue", 8.0)
    assert found.plan == {"violation": 320.0, "overdue": 80.0, "owed": 2.0, "priority": 1.0}
    assert found.proof == {
        "violation": {"violation": 1.0},
        "overdue": {"violation": 32.0, "overdue": 1.0},  # The goal that a proof is for weighs 1.
        "owed": {"violation": 160.0, "overdue": 40.0, "owed": 1.0},
        "priority": found.plan,
    }


@pytest.mark.long
def test_goal_that_cheap_weights_give_away_is_kept_after_all() -> None:
    """With people overdue at a fiftieth of their rate, some would be given away for fewer owed hours."""
    inputs = load(SCENARIO)
    stage = YearlyStage(instance.build(inputs, calendar(inputs)), seed="test")
    pooled = Pooled(stage.cohorts, stage.ranked, stage.gap, stage.clock)
    true = pooled.rates
    assert true is not None and pooled.values["overdue"] == 0
    pooled.rates = true.raised("overdue", 0.02)
    stage.proofs, stage.values = Proofs(pooled, stage.gap, stage.clock), pooled.values
    spread_out = spread(pooled.master, pooled.relaxed.duals, exact(stage.cohorts))
    stage.prices = listed(stage.cohorts, spread_out, pooled.rates.plan)
    found = stage._relaxed_jointly()
    assert found is not None
    master, relaxed = found
    assert {goal: master.values(relaxed.x)[goal] for goal in FIRM} == pytest.approx({"violation": 0.0, "overdue": 0.0})
    assert master.weights["overdue"] == pytest.approx(true.plan["overdue"] * 0.02 * RAISE**RAISES)
    assert master.weights == stage.weights == pooled.rates.plan == pooled.rates.proof[stage.goals[-1]]
