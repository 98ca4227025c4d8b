"""The aggregate relaxation: a master over person types, with all places added up.

It has some 900 subproblems instead of 11,508, and gives the first prices, rates of exchange between the goals, and bounds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from allocator.domain.errors import ModelError
from allocator.domain.rules import Fixed, Goal
from allocator.engine.columns.aggregation import aggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import Relaxation, first_columns, optimise
from allocator.engine.columns.exchange_rates import Rates, exchange_rates
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import AGGREGATE_RELAXATION, COLUMN_GENERATION, TOLERANCES
from allocator.engine.time_limit import Clock
from allocator.language.message import Message
from allocator.model.cohorts import Cohorts
from allocator.model.goals import caps_of, weights
from allocator.model.instance import Instance

UNHELD = Message("error.unheld")
"""No plan holds the fixed seats, which is proven."""

NONE_FOUND = Message("error.none-found")
"""Whole people on the columns at hand do not hold them; others might."""


class AggregateRelaxation:
    """The aggregate relaxation of some cohorts, solved at the weights of the plan.

    Attributes
    ----------
    master, costs
        Its master, and the cost of each trajectory of each type in each goal.
    bare
        A master with the same rows and no columns, for bounds at known duals.
    relaxed, values
        Its solution, and the value of every goal there, minimised. After ``adapted`` they may be those of the problem before.
    limits
        Caps that the scenario sets on goals, before every goal.
    rates
        Rates of exchange between the goals; ``None`` if the time was over before they were found.
    rounds
        Rounds of column generation so far.
    """

    def __init__(self, cohorts: Cohorts, goals: tuple[Goal, ...], gap: float, clock: Clock) -> None:
        since = time.monotonic()
        given = caps_of(cohorts.instance.inputs.scenario.limits)
        self.limits = {goal: limit for goal, limit in given.items() if goal in goals}
        subproblems = aggregated(cohorts, cohorts.instance.calendar.seats.astype(float))
        self.costs = GoalCosts(subproblems, goals)
        self._before: AggregateRelaxation | None = None
        self.master = Master(subproblems, goals, self.costs, has_caps=True)
        self.rates: Rates | None = None
        self.relaxed = self._relaxed(weights(goals), clock, "prices")
        self.master.forbid_seat_slack(self.relaxed.x)
        self.rounds = self.relaxed.rounds
        clock.add("prices", since)
        since = time.monotonic()
        if not clock.is_over():
            # On a twin, so that the master stays near the first weights' optimum, from which the plan's weights are not far.
            self.rates = exchange_rates(
                self.master.twin(),
                max(AGGREGATE_RELAXATION.room * gap, AGGREGATE_RELAXATION.least_room),
                clock,
                self.limits,
            )
        if self.rates is not None:
            self.relaxed = self._relaxed(self.rates.plan, clock, "rates")
            self.rounds += self.relaxed.rounds
        self.values = self.master.values(self.relaxed.x)
        self.bare = self.master.bare()
        clock.add("rates", since)

    @property
    def cohorts(self) -> Cohorts:
        """The cohorts whose limits are added up."""
        return self.bare.subproblems.cohorts

    def adapted(self, cohorts: Cohorts, clock: Clock) -> AggregateRelaxation:
        """The same columns for other cohorts, solved at the same weights.

        If seats and call-ups are the same, the solution before is kept, since bounds need only its duals.
        """
        assert self.rates is not None
        other = object.__new__(AggregateRelaxation)
        subproblems = aggregated(cohorts, cohorts.instance.calendar.seats.astype(float))
        other.limits, other.rates, other.rounds = self.limits, self.rates, self.rounds
        # The same rules on single people cost the same, whatever the limits that people share.
        other.costs = (
            self.costs if cohorts.measured is self.cohorts.measured else GoalCosts(subproblems, self.bare.goals)
        )
        other.bare = self.bare.bare_under(subproblems, other.costs)
        other._before, other.relaxed, other.values = self, self.relaxed, self.values
        if _same_seats(self.cohorts.instance, cohorts.instance):
            other.bare.seat_slack_as(self.bare)
            return other
        other.relaxed = other._relaxed(self.rates.plan, clock, "prices")
        other.master.forbid_seat_slack(other.relaxed.x)
        other.bare.seat_slack_as(other.master)
        other.values = other.master.values(other.relaxed.x)
        return other

    @cached_property
    def master(self) -> Master:
        """The master after ``adapted``: the columns of the one before under the present limits, built when first asked for."""
        assert self._before is not None
        found = self._before.master.under(self.bare.subproblems, self.costs)
        found.seat_slack_as(self.bare)
        self._before = None
        return found

    def _relaxed(self, goal_weights: Mapping[Goal, float], clock: Clock, phase: str) -> Relaxation:
        """The relaxation at some weights; ``phase`` names it in the progress.

        Raises
        ------
        ModelError
            If fixed seats cannot be held.
        """
        self.master.set_weights(goal_weights, self.limits)
        values = [np.inf, np.inf]

        def show(_: int, value: float, bound: float) -> None:
            clock.say(phase, incumbent=value, bound=bound)
            values.append(value)

        def is_settled() -> bool:
            gain = values[-2] - values[-1]
            is_small = gain < AGGREGATE_RELAXATION.late_gain * abs(values[-1])
            return is_small or len(values) > AGGREGATE_RELAXATION.late_rounds + 2

        is_hurried = clock.left() < AGGREGATE_RELAXATION.hurry_seconds and not len(self.master.subproblem)
        if is_hurried:
            first_columns(self.master, AGGREGATE_RELAXATION.hurry_levels)
        found = optimise(
            self.master,
            relative=TOLERANCES.relative,
            smoothing=0.0 if is_hurried else COLUMN_GENERATION.smoothing,
            near=AGGREGATE_RELAXATION.near,
            on_round=show,
            should_stop=lambda: is_settled() and clock.is_over(),
        )
        if found is None:
            raise ModelError(UNHELD)
        return found


def _same_seats(one: Instance, other: Instance) -> bool:
    """Whether two instances have the same seats and call-ups, and so need equally many seats that do not exist."""
    return np.array_equal(one.calendar.seats, other.calendar.seats) and one.rules(Fixed) == other.rules(Fixed)
