"""Weights that give a goal away are raised until it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.engine.bounds.bound_proofs import Proofs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregate_relaxation import AggregateRelaxation
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.dual_prices import listed
from allocator.engine.columns.exchange_rates import Rates
from allocator.engine.columns.initial_columns import spread
from allocator.engine.parameters import GOAL_WEIGHTS
from allocator.engine.yearly_stage import YearlyStage
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
    aggregate = AggregateRelaxation(stage.cohorts, stage.ranked, stage.gap, stage.clock)
    true = aggregate.rates
    assert true is not None and aggregate.values["overdue"] == 0
    aggregate.rates = true.raised("overdue", 0.02)
    stage.proofs, stage.values = Proofs(aggregate, stage.gap, stage.clock), aggregate.values
    spread_out = spread(aggregate.master, aggregate.relaxed.duals, disaggregated(stage.cohorts))
    stage.prices = listed(stage.cohorts, spread_out, aggregate.rates.plan)
    found = stage._relaxed_jointly(stage.proofs)
    assert found is not None
    master, relaxed = found
    assert {goal: master.values(relaxed.x)[goal] for goal in FIRM} == pytest.approx({"violation": 0.0, "overdue": 0.0})
    assert master.weights["overdue"] == pytest.approx(
        true.plan["overdue"] * 0.02 * GOAL_WEIGHTS.raise_factor**GOAL_WEIGHTS.raises
    )
    assert master.weights == stage.weights == aggregate.rates.plan == aggregate.rates.proof[stage.goals[-1]]
