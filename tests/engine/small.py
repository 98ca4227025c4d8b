"""A problem known by heart: three cadres with 3, 2 and 1 points want one class of two seats, so the best plan has 5 points."""

from __future__ import annotations

from typing import Any

from allocator.domain.rules import Goal
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.restricted_master import Master
from allocator.model.cohorts import Cohorts, group
from allocator.model.goals import in_use, weights
from allocator.model.instance import build
from allocator.model.shared import collect
from tests.engine.builders import make_inputs, rule

POINTS = {"a": 3, "b": 2, "c": 1}


def small(**fields: Any) -> Inputs:
    """The inputs; ``fields`` are those of the session."""
    rules: list[Any] = [rule("eligibility", audience={})]
    rules += [
        rule("priority", id=f"points-{cadre}", audience={"cadre_id": [cadre]}, weight=weight)
        for cadre, weight in POINTS.items()
    ]
    session = {"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 2} | fields
    return make_inputs(cadres=[{"cadre_id": cadre} for cadre in POINTS], sessions=[session], rules=rules)


def grouped(inputs: Inputs) -> Cohorts:
    """The cohorts of some inputs."""
    instance = build(inputs, calendar(inputs))
    return group(instance, collect(instance))


def goals_of(cohorts: Cohorts) -> tuple[Goal, ...]:
    """The goals in use."""
    return in_use(cohorts.instance.inputs.scenario.goals, cohorts, cohorts.families)


def master_of(cohorts: Cohorts, *, has_caps: bool = False) -> Master:
    """A master over all cohorts at the usual weights, without columns."""
    subproblems, goals = disaggregated(cohorts), goals_of(cohorts)
    master = Master(subproblems, goals, GoalCosts(subproblems, goals), has_caps=has_caps)
    master.set_weights(weights(goals))
    return master
