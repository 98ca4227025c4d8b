"""Small problems: the best plan goal by goal, proven, and among the best plans the one that the published draw prefers.

Every goal is one *level*, and so is what stands before them: seats that do not exist, and goals that the scenario limits. A plan with all
goals weighed together is found first. Level by level the relaxation over all trajectories, with the levels before held, then
gives a bound; rounded up to a whole number it mostly is what that plan has reached. Where it is not, an integer program looks
for a better plan among the few trajectories that such a plan can follow (``candidates``). What is proven leaves fewer of them for the
levels behind, and hardly any for the draw (``one_plan``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import exact
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.slack_variables import BEYOND, OVERFILLED
from allocator.engine.integer.reduced_cost_fixing import Candidates, Priced
from allocator.engine.solvers.integer_program import Program, solve
from allocator.engine.time_limit import OutOfTime
from allocator.model.cohorts import Cohorts
from allocator.model.goals import weights

NODES = 5_000
"""Nodes of branch and bound at most for the draw. The plan found then is as good, but may not be the one preferred."""

FIRST_NODES = 20
"""The same for the plan that the levels begin with."""

NEAR = 5.0
"""How much dearer than the cheapest a trajectory may be to come along with it into the first relaxation, in units of the last goal."""

SMOOTHING = 0.2
"""Part of the best duals in the ones tried next, when the columns are nearly all there."""

ROUNDING = 1e-4, 1e-9
"""Distance from a whole number that may come from rounding, and what each unit of the number adds to it."""

Level = Goal | None
"""A goal; ``None`` stands for the seats that do not exist, which come before every goal."""


@dataclass(frozen=True, eq=False)
class ExactPlan:
    """People on trajectories (cohort, trajectory open to its sort, people), and the proven best of each goal (priority: minus the points)."""

    cohort: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    values: dict[Goal, float]


def lexicographic(
    cohorts: Cohorts,
    goals: tuple[Goal, ...],
    *,
    caps: Mapping[Goal, float] = MappingProxyType({}),
    draws: Callable[[Master], np.ndarray] | None = None,
    on_goal: Callable[[Goal, float], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ExactPlan | None:
    """Best plan in the order of the goals.

    Parameters
    ----------
    caps
        Most that a goal may come to, before every goal; where it cannot be so little, it is held as low as it can be.
    draws
        What decides among the best plans: a whole number for each column of a master, added up over people, the less the better.

    Returns
    -------
    ExactPlan or None
        ``None`` when there is no plan. A goal that was not reached in time has no value. Fixed seats beyond those there are stand in
        the plan; the dates will not give them.

    Raises
    ------
    ModelError
        If the solver fails.
    """
    search = _Search(cohorts, goals)
    if not search.begin({goal: cap for goal, cap in caps.items() if goal in goals}):
        return None
    values: dict[Goal, float] = {}
    for goal in goals:
        try:
            values[goal] = search.settle(goal, should_stop=should_stop)
        except OutOfTime:  # The plan at hand keeps what was settled before.
            break
        on_goal(goal, values[goal])
        if should_stop():
            break
    if draws is not None and not should_stop():
        search.draw(draws)
    plan = search.plan
    return ExactPlan(plan.stratum, plan.trajectory, plan.people, values)


def bounds_beside(
    cohorts: Cohorts, goals: tuple[Goal, ...], values: Mapping[Goal, float], caps: Mapping[Goal, float]
) -> dict[Goal, float]:
    """How low each goal could be when those before it are no worse than some values, minimised; by the relaxation, in whole numbers.

    Parameters
    ----------
    values
        Of a plan whose dates may have cost something.
    caps
        As of ``lexicographic``.
    """
    search = _Search(cohorts, goals)
    if not search.begin({goal: max(cap, values[goal]) for goal, cap in caps.items() if goal in goals}):
        return {}
    return {goal: search.bounded(goal, values[goal]) for goal in goals}


@dataclass(frozen=True, eq=False)
class _Plan:
    """People on trajectories, and what every level comes to, minimised."""

    stratum: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    values: dict[Level, float]


class _Search:
    """The best plan so far, what every further one is held to, and the trajectories that such a one can follow."""

    plan: _Plan

    def __init__(self, cohorts: Cohorts, goals: tuple[Goal, ...]) -> None:
        self.strata, self.goals = exact(cohorts), goals
        self.costs = GoalCosts(self.strata, goals)
        self.candidates = Candidates(self.strata)
        self.master = self._master()
        self.held: dict[Level, float] = {}

    def _master(self) -> Master:
        least = self.strata.cohorts.instance.calendar.least
        return Master(self.strata, self.goals, self.costs, least=least, has_caps=True)

    def begin(self, caps: Mapping[Goal, float]) -> bool:
        """Find a plan, and settle what stands before every goal. Whether there is any plan."""
        if not self._weigh() and not self._decide(self.candidates.columns(), {}):
            return False
        if not self.settle(None):
            self.master.forbid_overfill(np.zeros(len(self.master.stratum) + len(self.master.extras.row)))
        for goal, cap in caps.items():
            self.settle(goal, enough=np.floor(cap))
        if caps:
            self._weigh()
        return True

    def _weigh(self) -> bool:
        """Find a plan with all goals weighed together, of the trajectories that their relaxation knows."""
        weighed = weights(self.goals)
        self._set(weighed)
        if optimise(self.master, near=NEAR) is None:
            return False
        return self._decide((self.master.stratum, self.master.trajectory), weighed, nodes=FIRST_NODES)

    def bounded(self, level: Level, value: float) -> float:
        """A bound of a level, at most some value, at which it is then held."""
        priced = self._priced(level)
        self.settle(level, value, priced)
        return min(value, _whole(priced.bound))

    def settle(
        self,
        level: Level,
        enough: float = -np.inf,
        priced: Priced | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> float:
        """Bring a level as low as it can be, or low enough, and hold it there; what it comes to.

        Raises
        ------
        OutOfTime
            If there was no time for as low as it can be.
        """
        priced = priced or self._priced(level)
        least = max(_whole(priced.bound), enough)
        missed, step = least - 1, 1.0
        while missed < self.plan.values[level] - 1:
            if should_stop():
                raise OutOfTime
            # A plan that comes to so much at most follows none but these, so what is found is the least.
            most = min(missed + step, self.plan.values[level] - 1)
            columns = self.candidates.columns(priced.within(most + _slack(most)))
            if self._decide(columns, _alone(level), {level: most}):
                break
            missed, step = most, 2 * step
        self.held[level] = max(self.plan.values[level], enough)
        self.candidates.keep(priced.within(self.held[level] + _slack(self.held[level])))
        return self.held[level]

    def draw(self, draws: Callable[[Master], np.ndarray]) -> None:
        """Choose among the plans that are as good in every level, as far as ``NODES`` reach."""
        few, program = self._program(self.candidates.columns(), {}, self.held)
        cost = np.append(draws(few), np.zeros(len(few.extras.row)))
        answer = solve(replace(program, cost=cost), nodes=NODES)
        if answer.outcome.has_solution:
            self.plan = self._plan_of(few, answer.x)

    def _priced(self, level: Level) -> Priced:
        """The candidates at duals that prove as much of a level as its relaxation can."""
        self._set(_alone(level))
        master = self.master
        # What nobody can do anything about needs no relaxation.
        priced = self._priced_at(level, master.clipped(np.zeros(len(master.rows.least))))
        if _whole(priced.bound) >= self.plan.values[level]:
            return priced
        relaxed = optimise(master, smoothing=SMOOTHING)
        assert relaxed is not None, "the plan at hand is a solution"
        return self._priced_at(level, relaxed.duals)

    def _priced_at(self, level: Level, duals: np.ndarray) -> Priced:
        """The candidates at some duals, in units of a level: less what the seats cost that do not exist, which are known by then."""
        priced = self.candidates.priced(self.master, duals)
        price = float(self.master.extra_cost[self.master.extras.kind == OVERFILLED].max(initial=0.0))
        if level is None:
            return Priced(priced.bound / price, priced.added / price) if price else priced
        return Priced(priced.bound - price * self.held.get(None, 0.0), priced.added)

    def _set(self, weighed: Mapping[Goal, float]) -> None:
        """Let the relaxation minimise some goals, with all levels held."""
        self.master.set_weights(weighed, {goal: value for goal, value in self.held.items() if goal is not None})

    def _decide(
        self,
        columns: tuple[np.ndarray, np.ndarray],
        weighed: Mapping[Goal, float],
        limits: Mapping[Level, float] = MappingProxyType({}),
        *,
        nodes: int | None = None,
    ) -> bool:
        """Find the best plan of some columns within further limits; whether there is one."""
        few, program = self._program(columns, weighed, {**self.held, **limits})
        answer = solve(program, nodes=nodes)
        if answer.outcome.has_solution:
            self.plan = self._plan_of(few, answer.x)
            self.master.add(self.plan.stratum, self.plan.trajectory)
        return answer.outcome.has_solution

    def _program(
        self, columns: tuple[np.ndarray, np.ndarray], weighed: Mapping[Goal, float], limits: Mapping[Level, float]
    ) -> tuple[Master, Program]:
        """A master of some columns and its integer program, with levels limited.

        Seats that do not exist are limited like a goal as soon as that is known, and cost something only where no goal does.
        """
        few = self._master()
        few.add(*columns)
        few.set_weights(weighed, {goal: limit for goal, limit in limits.items() if goal is not None})
        program, kind = few.program(), np.append(np.full(len(few.stratum), -1), few.extras.kind)
        program = replace(program, most=np.where(kind == BEYOND, 0.0, program.most))
        if None not in limits:
            return few, program
        if weighed:
            program = replace(program, cost=np.where(kind == OVERFILLED, 0.0, program.cost))
        return few, _with_row(program, kind == OVERFILLED, limits[None])

    def _plan_of(self, few: Master, x: np.ndarray) -> _Plan:
        people = x[: len(few.stratum)].astype(np.int64)
        values: dict[Level, float] = {goal: round(value) for goal, value in few.values(x).items()}
        values[None] = round(x[len(people) :][few.extras.kind == OVERFILLED].sum())
        used = people > 0
        return _Plan(few.stratum[used], few.trajectory[used], people[used], values)


def _slack(value: float) -> float:
    """How far rounding may have moved a value."""
    return ROUNDING[0] + ROUNDING[1] * abs(value)


def _whole(bound: float) -> float:
    """The least whole number that a bound leaves."""
    return float(np.ceil(bound - _slack(bound))) + 0.0  # Never minus 0.


def _alone(level: Level) -> dict[Goal, float]:
    """Weights under which a relaxation minimises one level; seats that do not exist always cost more than they are worth."""
    return {} if level is None else {level: 1.0}


def _with_row(program: Program, which: np.ndarray, most: float) -> Program:
    """The program with so much of some variables (boolean) at most, all together."""
    own = np.flatnonzero(which)
    return replace(
        program,
        row_least=np.append(program.row_least, -np.inf),
        row_most=np.append(program.row_most, most),
        rows=np.concatenate([program.rows, np.full(len(own), len(program.row_least))]),
        columns=np.concatenate([program.columns, own]),
        values=np.concatenate([program.values, np.ones(len(own))]),
    )
