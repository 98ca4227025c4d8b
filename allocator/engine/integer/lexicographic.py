"""Small problems: the proven lexicographic optimum of the goals, and among equal plans the one that the published draw prefers.

Each goal is one *level* of the lexicographic program (Isermann 1982). Before all goals stand the seats that do not exist, and the goals that
the scenario caps. First a plan is found with all goals weighed together. Then, level by level, the relaxation with the earlier levels held gives a
bound; rounded up to a whole number it is mostly what the plan has reached. If not, an integer program looks for a better plan among the few trajectories
that reduced-cost fixing leaves. Each proven level closes more trajectories for the next ones and for the draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.column_costs import GoalCosts
from allocator.engine.columns.column_generation import optimise
from allocator.engine.columns.restricted_master import Master
from allocator.engine.columns.slack_variables import CAP_SLACK, SEAT_SLACK
from allocator.engine.integer.reduced_cost_fixing import Priced, ReducedCostFixing
from allocator.engine.parameters import COLUMN_GENERATION, LEXICOGRAPHIC, TOLERANCES
from allocator.engine.solvers.integer_program import Program, prove
from allocator.engine.time_limit import OutOfTime
from allocator.model.cohorts import Cohorts
from allocator.model.goals import weights

Level = Goal | None
"""A goal; ``None`` stands for the seats that do not exist, which come before every goal."""


@dataclass(frozen=True, eq=False)
class ExactPlan:
    """People on trajectories (cohort, trajectory open to its person type, people), and the proven optimum of each goal, minimised."""

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
    """The best plan in the order of the goals.

    Parameters
    ----------
    caps
        Most that a goal may come to, before every goal. A cap that cannot be kept is held as low as it can be.
    draws
        Tie-break cost of each column of a master, a whole number; the plan with the least sum over people is chosen.
    on_goal
        Called with each goal and its proven optimum.
    should_stop
        Asked before each program; the plan at hand is then returned.

    Returns
    -------
    ExactPlan or None
        ``None`` when there is no plan. A goal that was not reached in time has no value. Fixed seats that do not exist stand in
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
    return ExactPlan(plan.subproblem, plan.trajectory, plan.people, values)


def bounds_beside(
    cohorts: Cohorts, goals: tuple[Goal, ...], values: Mapping[Goal, float], caps: Mapping[Goal, float]
) -> dict[Goal, float]:
    """How low each goal could be if the earlier ones were no worse than given values, minimised; by relaxation, in whole numbers.

    Parameters
    ----------
    values
        Of a plan that may have lost something to the dates.
    caps
        As of ``lexicographic``.
    """
    search = _Search(cohorts, goals)
    if not search.begin({goal: max(cap, values[goal]) for goal, cap in caps.items() if goal in goals}):
        return {}
    return {goal: search.bounded(goal, values[goal]) for goal in goals}


@dataclass(frozen=True, eq=False)
class _Plan:
    """People on trajectories, and the value of every level, minimised."""

    subproblem: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    values: dict[Level, float]


class _Search:
    """The best plan so far, the levels already held, and the trajectories still open."""

    plan: _Plan

    def __init__(self, cohorts: Cohorts, goals: tuple[Goal, ...]) -> None:
        self.subproblems, self.goals = disaggregated(cohorts), goals
        self.costs = GoalCosts(self.subproblems, goals)
        self.fixing = ReducedCostFixing(self.subproblems)
        self.master = self._master()
        self.held: dict[Level, float] = {}

    def _master(self) -> Master:
        """A master over all cohorts, without columns."""
        least = self.subproblems.cohorts.instance.calendar.least
        return Master(self.subproblems, self.goals, self.costs, least=least, has_caps=True)

    def begin(self, caps: Mapping[Goal, float]) -> bool:
        """Find a plan, and settle what stands before every goal. Returns whether there is a plan."""
        if not self._weigh() and not self._decide(self.fixing.columns(), {}):
            return False
        if not self.settle(None):
            self.master.forbid_seat_slack(np.zeros(len(self.master.subproblem) + len(self.master.slacks.row)))
        for goal, cap in caps.items():
            self.settle(goal, enough=np.floor(cap))
        if caps:
            self._weigh()
        return True

    def _weigh(self) -> bool:
        """Find a plan with all goals weighed together, on the columns that their relaxation uses. Returns whether there is one."""
        weighed = weights(self.goals)
        self._set(weighed)
        if optimise(self.master, near=COLUMN_GENERATION.near) is None:
            return False
        return self._decide((self.master.subproblem, self.master.trajectory), weighed, nodes=LEXICOGRAPHIC.first_nodes)

    def bounded(self, level: Level, value: float) -> float:
        """A bound of a level, at most ``value``, at which the level is then held."""
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
        """Minimise a level, or bring it down to ``enough``, and hold it there. Returns its value.

        Values below the plan's are tried in steps of 1, 2, 4 and so on above the bound: a program that asks for little has few open trajectories.

        Raises
        ------
        OutOfTime
            If there was no time to reach the optimum.
        """
        priced = priced or self._priced(level)
        least = max(_whole(priced.bound), enough)
        missed, step = least - 1, 1.0
        while missed < self.plan.values[level] - 1:
            if should_stop():
                raise OutOfTime
            # A plan with at most this value uses these columns only, so the best plan on them is the best of all.
            most = min(missed + step, self.plan.values[level] - 1)
            columns = self.fixing.columns(priced.within(most + _slack(most)))
            if self._decide(columns, _alone(level), {level: most}):
                break
            missed, step = most, 2 * step
        self.held[level] = max(self.plan.values[level], enough)
        self.fixing.keep(priced.within(self.held[level] + _slack(self.held[level])))
        return self.held[level]

    def draw(self, draws: Callable[[Master], np.ndarray]) -> None:
        """Choose among the plans equal in every level, as far as ``LexicographicParameters.draw_nodes`` reach."""
        few, program = self._program(self.fixing.columns(), {}, self.held)
        cost = np.append(draws(few), np.zeros(len(few.slacks.row)))
        answer = prove(replace(program, cost=cost), nodes=LEXICOGRAPHIC.draw_nodes)
        if answer.outcome.has_solution:
            self.plan = self._plan_of(few, answer.x)

    def _priced(self, level: Level) -> Priced:
        """The open columns at the duals that bound a level best."""
        self._set(_alone(level))
        master = self.master
        # Zero duals are free, and prove a level that no decision can change.
        priced = self._priced_at(level, master.clipped(np.zeros(len(master.rows.least))))
        if _whole(priced.bound) >= self.plan.values[level]:
            return priced
        relaxed = optimise(master, smoothing=COLUMN_GENERATION.smoothing_warm)
        assert relaxed is not None, "the plan at hand is a solution"
        return self._priced_at(level, relaxed.duals)

    def _priced_at(self, level: Level, duals: np.ndarray) -> Priced:
        """The open columns at some duals, in units of a level. The cost of seats that do not exist is taken off, since their number is known by then."""
        priced = self.fixing.priced(self.master, duals)
        price = float(self.master.slack_cost[self.master.slacks.kind == SEAT_SLACK].max(initial=0.0))
        if level is None:
            return Priced(priced.bound / price, priced.added / price) if price else priced
        return Priced(priced.bound - price * self.held.get(None, 0.0), priced.added)

    def _set(self, weighed: Mapping[Goal, float]) -> None:
        """Let the relaxation minimise some goals, with all settled levels held."""
        self.master.set_weights(weighed, {goal: value for goal, value in self.held.items() if goal is not None})

    def _decide(
        self,
        columns: tuple[np.ndarray, np.ndarray],
        weighed: Mapping[Goal, float],
        limits: Mapping[Level, float] = MappingProxyType({}),
        *,
        nodes: int | None = None,
    ) -> bool:
        """Find the best plan on some columns within further limits. Returns whether there is one; it becomes the current plan."""
        few, program = self._program(columns, weighed, {**self.held, **limits})
        answer = prove(program, nodes=nodes)
        if answer.outcome.has_solution:
            self.plan = self._plan_of(few, answer.x)
            self.master.add(self.plan.subproblem, self.plan.trajectory)
        return answer.outcome.has_solution

    def _program(
        self, columns: tuple[np.ndarray, np.ndarray], weighed: Mapping[Goal, float], limits: Mapping[Level, float]
    ) -> tuple[Master, Program]:
        """A master of some columns and its integer program, with levels limited.

        Seats that do not exist are limited as soon as their number is known, and cost something only where no goal does.
        """
        few = self._master()
        few.add(*columns)
        few.set_weights(weighed, {goal: limit for goal, limit in limits.items() if goal is not None})
        program, kind = few.program(), np.append(np.full(len(few.subproblem), -1), few.slacks.kind)
        program = replace(program, most=np.where(kind == CAP_SLACK, 0.0, program.most))
        if None not in limits:
            return few, program
        if weighed:
            program = replace(program, cost=np.where(kind == SEAT_SLACK, 0.0, program.cost))
        return few, _with_row(program, kind == SEAT_SLACK, limits[None])

    def _plan_of(self, few: Master, x: np.ndarray) -> _Plan:
        """The plan of a solution."""
        people = x[: len(few.subproblem)].astype(np.int64)
        values: dict[Level, float] = {goal: round(value) for goal, value in few.values(x).items()}
        values[None] = round(x[len(people) :][few.slacks.kind == SEAT_SLACK].sum())
        used = people > 0
        return _Plan(few.subproblem[used], few.trajectory[used], people[used], values)


def _slack(value: float) -> float:
    """How far rounding may have moved a value."""
    return TOLERANCES.value + TOLERANCES.value_growth * abs(value)


def _whole(bound: float) -> float:
    """The least whole number that a bound allows."""
    return float(np.ceil(bound - _slack(bound))) + 0.0  # Never minus 0.


def _alone(level: Level) -> dict[Goal, float]:
    """Weights under which a relaxation minimises one level. Seats that do not exist always cost more than they are worth."""
    return {} if level is None else {level: 1.0}


def _with_row(program: Program, which: np.ndarray, most: float) -> Program:
    """The program with one more row: the sum of some variables (boolean) is at most ``most``."""
    own = np.flatnonzero(which)
    return replace(
        program,
        row_least=np.append(program.row_least, -np.inf),
        row_most=np.append(program.row_most, most),
        rows=np.concatenate([program.rows, np.full(len(own), len(program.row_least))]),
        columns=np.concatenate([program.columns, own]),
        values=np.concatenate([program.values, np.ones(len(own))]),
    )
