"""The pooled relaxation: one stratum per sort, local limits added up. It gives prices to begin with, and rates of exchange."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Fixed, Goal
from allocator.engine.bounds.goal_bounds import Rates, exchange_rates
from allocator.engine.columns.aggregation import coarse
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import SMOOTHING, Relaxation, first_columns, optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.time_limit import Clock
from allocator.language.message import Message
from allocator.model.cohorts import Cohorts
from allocator.model.goals import caps_of, weights
from allocator.model.instance import Instance

UNHELD = Message("error.unheld")
"""No plan holds the fixed seats, which is proven."""

NONE_FOUND = Message("error.none-found")
"""Whole people on the columns at hand do not hold them; others might."""

BESIDE = 4.0
"""How much dearer than the best of its stratum a trajectory may be to come along with it, in units of the last goal."""

EXACT_ENOUGH = 1e-9
"""Relative gap of master and bound at which a relaxation is solved."""

HURRY = 8.0
"""Seconds left with which the pooled relaxation is solved in haste: few rounds of its own count more then than the same columns as always."""

LEVELS = 6
"""Prices of seats at which columns are found to begin with in haste, each a tenth of the one before."""

LATE_GAIN, LATE_ROUNDS = 0.02, 20
"""Gain of a round below which the prices are good enough when the time is over, and rounds at most: all that follows stands on them."""

ROOM = 0.1
"""Part of the gap asked for that is left in large goals as room for whole people."""

LEAST_ROOM = 1e-4
"""The least room: with less, each hour weighs so much that whole people cost the goals behind more than the gap asked for."""


class Pooled:
    """The pooled relaxation of some cohorts, solved at the weights of the plan.

    Attributes
    ----------
    master, costs
        The master, and what each trajectory of each sort costs in each goal.
    bare
        A master with the same rows and no columns, for bounds at duals that are known.
    relaxed, values
        Its solution, and the value of every goal there, minimised; of pooled cohorts taken over (``adapted``) perhaps those before.
    limits
        Caps that the scenario sets to goals, before every goal.
    rates
        Rates of exchange between the goals; ``None`` when the time was over before them.
    rounds
        Rounds of column generation so far.
    """

    def __init__(self, cohorts: Cohorts, goals: tuple[Goal, ...], gap: float, clock: Clock) -> None:
        since = time.monotonic()
        given = caps_of(cohorts.instance.inputs.scenario.limits)
        self.limits = {goal: limit for goal, limit in given.items() if goal in goals}
        strata = coarse(cohorts, cohorts.instance.calendar.seats.astype(float))
        self.costs = GoalCosts(strata, goals)
        self._before: Pooled | None = None
        self.master = Master(strata, goals, self.costs, has_caps=True)
        self.rates: Rates | None = None
        self.relaxed = self._relaxed(weights(goals), clock, "prices")
        self.master.forbid_overfill(self.relaxed.x)
        self.rounds = self.relaxed.rounds
        clock.add("prices", since)
        since = time.monotonic()
        if not clock.is_over():
            # On a twin: from where the first weights led it is not far to those of the plan.
            self.rates = exchange_rates(self.master.twin(), max(ROOM * gap, LEAST_ROOM), clock, self.limits)
        if self.rates is not None:
            self.relaxed = self._relaxed(self.rates.plan, clock, "rates")
            self.rounds += self.relaxed.rounds
        self.values = self.master.values(self.relaxed.x)
        self.bare = self.master.bare()
        clock.add("rates", since)

    @property
    def cohorts(self) -> Cohorts:
        """The cohorts that are pooled."""
        return self.bare.strata.cohorts

    def adapted(self, cohorts: Cohorts, clock: Clock) -> Pooled:
        """The same columns for other cohorts, solved at the same weights."""
        assert self.rates is not None
        other = object.__new__(Pooled)
        strata = coarse(cohorts, cohorts.instance.calendar.seats.astype(float))
        other.limits, other.rates, other.rounds = self.limits, self.rates, self.rounds
        # The same rules on single people cost the same, whatever the limits that people share.
        other.costs = self.costs if cohorts.measured is self.cohorts.measured else GoalCosts(strata, self.bare.goals)
        other.bare = self.bare.bare_under(strata, other.costs)
        other._before, other.relaxed, other.values = self, self.relaxed, self.values
        if _same_seats(self.cohorts.instance, cohorts.instance):
            other.bare.overfill_as(self.bare)
            return other
        other.relaxed = other._relaxed(self.rates.plan, clock, "prices")
        other.master.forbid_overfill(other.relaxed.x)
        other.bare.overfill_as(other.master)
        other.values = other.master.values(other.relaxed.x)
        return other

    @cached_property
    def master(self) -> Master:
        """The master of cohorts taken over: the columns of the one before, under the limits of now."""
        assert self._before is not None
        found = self._before.master.under(self.bare.strata, self.costs)
        found.overfill_as(self.bare)
        self._before = None
        return found

    def _relaxed(self, goal_weights: Mapping[Goal, float], clock: Clock, phase: str) -> Relaxation:
        self.master.set_weights(goal_weights, self.limits)
        values = [np.inf, np.inf]

        def show(_: int, value: float, bound: float) -> None:
            clock.say(phase, incumbent=value, bound=bound)
            values.append(value)

        def is_settled() -> bool:
            return len(values) > LATE_ROUNDS + 2 or values[-2] - values[-1] < LATE_GAIN * abs(values[-1])

        is_hasty = clock.left() < HURRY and not len(self.master.stratum)
        if is_hasty:
            first_columns(self.master, LEVELS)
        found = optimise(
            self.master,
            relative=EXACT_ENOUGH,
            smoothing=0.0 if is_hasty else SMOOTHING,
            near=BESIDE,
            on_round=show,
            should_stop=lambda: is_settled() and clock.is_over(),
        )
        if found is None:
            raise ModelError(UNHELD)
        return found


def _same_seats(one: Instance, other: Instance) -> bool:
    """Whether two instances have the same seats and call the same people up, so that they need as many seats that do not exist."""
    return np.array_equal(one.calendar.seats, other.calendar.seats) and one.rules(Fixed) == other.rules(Fixed)
