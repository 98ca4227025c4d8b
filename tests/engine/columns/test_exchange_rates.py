"""Rates of exchange between goals."""

from __future__ import annotations

from allocator.engine.columns.exchange_rates import Rates, exchange_rates
from allocator.engine.time_limit import Clock
from tests.engine.small import grouped, master_of, small


def test_raised_rates_raise_the_goal_and_those_before_it() -> None:
    rates = Rates(
        {"overdue": 4.0, "owed": 2.0, "priority": 1.0}, {"priority": {"overdue": 4.0, "owed": 2.0, "priority": 1.0}}, {}
    )
    assert rates.raised("overdue", 8.0).plan == {"overdue": 32.0, "owed": 2.0, "priority": 1.0}


def test_earlier_goal_weighs_more_than_all_that_it_could_buy() -> None:
    master = master_of(grouped(small()), has_caps=True)
    rates = exchange_rates(master, 0.0, Clock(None))
    assert rates is not None
    weights = list(rates.plan.values())
    assert weights[-1] == 1.0 and all(weight > 0 for weight in weights)


def test_no_rates_are_known_when_the_time_is_over_at_once() -> None:
    assert exchange_rates(master_of(grouped(small()), has_caps=True), 0.0, Clock(0.0)) is None
