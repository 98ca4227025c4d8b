"""The planner: plans one scenario after another, and uses what it knows of the last one for the next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import copy

import pandas as pd

from allocator.audit import AuditReport, audit
from allocator.audit.goal_units import goal_unit
from allocator.domain.result import GoalResult, ShadowPrices, SolveResult, SolveStatus
from allocator.domain.rules import Goal
from allocator.domain.tables import Inputs
from allocator.engine.build_plan import assemble
from allocator.engine.calendar.closed_sessions import Exclusions, dated_rules
from allocator.engine.calendar.timetable import Timetable
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.dates.dated_stage import Schedule
from allocator.engine.feasibility_cuts import dates_kept
from allocator.engine.parameters import FIX_AND_REOPTIMISE, GOAL_WEIGHTS
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.engine.yearly_stage import YearlyStage, YearPlan
from allocator.language.message import Message
from allocator.model import instance
from allocator.model.goals import OF_PEOPLE, SHAPES, signed
from allocator.system.memory import collecting_seldom, peak_memory


class Planner:
    """Plans scenarios one after another and keeps columns, prices and the incumbent between them.

    A scenario may differ from the last one in amounts (a quota, a floor, the hours of a rule), by sessions that close, or by rules that
    fall away. Then it is planned from the last plan: affected people plan again, everybody else keeps years and sessions. Its bounds are its
    own: at known prices if these prove enough, else from relaxations solved again. Any other scenario is planned from nothing, and so is one that
    ends too far from its bounds; ``is_resumed`` tells which it was.

    Examples
    --------
    >>> planner = Planner()
    >>> first = planner.plan(load("scenarios/one-prefecture.toml"))  # doctest: +SKIP
    >>> other = planner.plan(load("scenarios/one-prefecture.toml", changes={...}))  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self.is_resumed = False
        self._base: Run | None = None
        self._ground: YearlyStage | None = None
        self._stage: YearlyStage | None = None
        self._years: YearPlan | None = None
        self._placements: pd.DataFrame | None = None
        self._gaps: Mapping[Goal, float] = {}
        self._exclusions: Exclusions | None = None

    @classmethod
    def of(cls, run: Run) -> Planner:
        """A planner that stands on a finished run, as if it had made it."""
        planner = cls()
        planner._base = run
        return planner

    def trial(self, inputs: Inputs, clock: Clock | None = None) -> Run:
        """Plan other inputs from the present plan and forget them again, so that the next question is asked of the same base.

        Affected people plan again, everybody else keeps years and sessions as far as they fit. Small problems, and those with another roster or
        horizon, are planned from nothing and have bounds; other trials have none.

        Raises
        ------
        ModelError
            If a rule cannot be expressed, or fixed seats cannot be held.
        """
        clock = clock or Clock(inputs.scenario.limits.seconds)
        base = self._base
        if base is None or base.result.prices is None or not _same_people(base.inputs, inputs):
            other = copy(self)
            other._stage = None
            return other.plan(inputs, clock)
        ground = self._standing(base, base.result.prices)
        other = copy(self)
        stage = ground.of(other._problem(inputs, clock), clock)
        years, wide = YearPlan(_attendances(base.plan.placements), stage.goals), stage.twin()
        start, is_sound = _start(base.plan.placements, base.inputs, inputs)
        foreseen = stage.foreseen()
        narrowly = stage.plan_from(years)
        run = other._finished(stage, inputs, clock, narrowly, start, is_sound=is_sound)
        if clock.is_over() or not _may_be_better(run, base, foreseen, wide.weights):
            return run
        widely = wide.plan_from(years, widely=True)
        if widely.attendances.equals(narrowly.attendances):
            return run
        second = other._finished(wide, inputs, clock, widely, start, is_sound=is_sound)
        return min(run, second, key=lambda one: _signed_values(one.result))

    def _standing(self, base: Run, prices: ShadowPrices) -> YearlyStage:
        """The yearly stage of the base, with its prices."""
        if self._ground is None:
            inputs = base.inputs
            limits = inputs.scenario.limits
            problem = self._problem(inputs, Clock(None))
            stage = YearlyStage(problem, seed=inputs.scenario.seed, workers=limits.workers, gap=limits.gap)
            stage.know(prices, {g.goal: g.value for g in base.result.goals if g.value is not None})
            self._ground = stage
        return self._ground

    def plan(self, inputs: Inputs, clock: Clock | None = None) -> Run:
        """Plan checked inputs and audit the plan.

        Raises
        ------
        ModelError
            If a rule cannot be expressed, or fixed seats cannot be held.
        """
        limits = inputs.scenario.limits
        clock = clock or Clock(limits.seconds)
        self._ground = None
        problem = self._problem(inputs, clock)
        resumed = self._resumed(problem, inputs, clock)
        self.is_resumed = resumed is not None
        if resumed is not None:
            return resumed
        stage = YearlyStage(problem, seed=inputs.scenario.seed, workers=limits.workers, gap=limits.gap, clock=clock)
        run = self._finished(stage, inputs, clock, stage.plan(), None)
        self._gaps = _gaps(run.result)
        return run

    def _problem(self, inputs: Inputs, clock: Clock) -> instance.Instance:
        """The instance of some inputs. Closed sessions are worked out again only if they may be different."""
        since = time.monotonic()
        known = None if self._exclusions is None else self._exclusions.on(inputs)
        self._exclusions = Exclusions(inputs, Timetable(inputs)) if known is None else known
        problem = instance.build(inputs, calendar(inputs, self._exclusions))
        clock.add("instance", since)
        return problem

    def _resumed(self, problem: instance.Instance, inputs: Inputs, clock: Clock) -> Run | None:
        """The plan from what is known; ``None`` if too little is known, or if the plan is not good enough."""
        if self._stage is None or self._years is None or self._placements is None:
            return None
        known = self._stage
        if known.seed != inputs.scenario.seed or known.gap != inputs.scenario.limits.gap:
            return None
        stage = known.resumed(problem, clock)
        if stage is None:
            return None
        kept = self._stage, self._years, self._placements, self._base
        start, is_sound = _start(self._placements, known.instance.inputs, inputs)
        most = {goal: max(inputs.scenario.limits.gap, gap) for goal, gap in self._gaps.items()}
        # If a class closes, the relaxation does not name all people who lose it, so the wide attempt comes first.
        has_same_classes = known.instance.inputs.sessions.equals(inputs.sessions)
        for widely in (False, True) if has_same_classes else (True,):
            again = stage.twin()
            years = again.plan_from(self._years, widely=widely)
            run = self._finished(again, inputs, clock, years, start, is_sound=is_sound)
            if clock.is_over() or all(
                gap <= FIX_AND_REOPTIMISE.kept_gap * most[goal] for goal, gap in _gaps(run.result).items()
            ):
                return run
            self._stage, self._years, self._placements, self._base = kept
        return None

    def _finished(
        self,
        stage: YearlyStage,
        inputs: Inputs,
        clock: Clock,
        years: YearPlan,
        start: pd.DataFrame | None,
        *,
        is_sound: bool = False,
    ) -> Run:
        """Dates, audit and bounds of a yearly plan (``start``, ``is_sound``: as of ``dates_kept``)."""
        with collecting_seldom():
            years, dated = dates_kept(
                stage, inputs, clock, years, start, is_sound=is_sound, exclusions=self._exclusions
            )
        plan = assemble(inputs, dated.placements)

        since = time.monotonic()
        clock.say("audit")
        report = audit(plan, inputs)
        clock.add("audit", since)

        since = time.monotonic()
        goals = _goals(stage, report)
        clock.add("bounds", since)
        self._stage, self._years, self._placements = stage, years, dated.placements
        result = SolveResult(
            status=_status(goals, inputs.scenario.limits.gap, clock),
            goals=goals,
            seconds=dict(clock.stages),
            messages=_messages(dated, report),
            work=dict(stage.work),
            prices=stage.prices,
        )
        self._base = Run(inputs, plan, report, result, dict(clock.stages), peak_memory() or 0)
        return self._base


def _same_people(one: Inputs, other: Inputs) -> bool:
    """Whether two inputs have the same roster, programmes and years."""
    tables = ("cadres", "units", "programmes")
    return one.years == other.years and all(getattr(one, name).equals(getattr(other, name)) for name in tables)


def _start(placements: pd.DataFrame, one: Inputs, other: Inputs) -> tuple[pd.DataFrame, bool]:
    """Placements of one scenario to start the schedule of another with, and whether all of them fit.

    They all fit if the rules about dates are equal, and the sessions too but for some that are no longer held.
    """
    is_left = one.sessions["session_id"].isin(other.sessions["session_id"])
    sessions = one.sessions[is_left].reset_index(drop=True)
    segments = one.segments[one.segments["session_id"].isin(sessions["session_id"])].reset_index(drop=True)
    is_sound = (
        dated_rules(one) == dated_rules(other)
        and all(
            getattr(one, name).equals(getattr(other, name)) for name in ("cadres", "units", "programmes", "history")
        )
        and sessions.equals(other.sessions.reset_index(drop=True))
        and segments.equals(other.segments.reset_index(drop=True))
    )
    if is_sound and not is_left.all():
        placements = placements[placements["session_id"].isin(sessions["session_id"])].reset_index(drop=True)
    return placements, is_sound


def _attendances(placements: pd.DataFrame) -> pd.DataFrame:
    """Who attends which programme in which year: ``cadre_id``, ``programme_id``, ``year``, ``headcount``."""
    keys = ["cadre_id", "programme_id", "year"]
    found: pd.DataFrame = placements.groupby(keys)["headcount"].sum().reset_index()
    return found


def _may_be_better(run: Run, base: Run, foreseen: float, weights: Mapping[Goal, float]) -> bool:
    """Whether a trial with more people may be better: a goal that counts people got worse, and prices do not say that it must.

    Parameters
    ----------
    foreseen
        By how much the weighted goals must be worse than in the base; ``nan`` if that is not known.
    """
    before, after = (
        dict(zip((goal.goal for goal in one.result.goals), _signed_values(one.result), strict=True))
        for one in (base, run)
    )
    grown = [weights[goal] for goal in OF_PEOPLE if after.get(goal, 0.0) > before.get(goal, 0.0)]
    if not grown:
        return False
    worse = sum(weights[goal] * (value - before.get(goal, 0.0)) for goal, value in after.items())
    return not worse - foreseen < min(grown) / 2


def _signed_values(result: SolveResult) -> tuple[float, ...]:
    """Values in rank order, less is better."""
    return tuple(signed(goal.goal, goal.value or 0.0) for goal in result.goals)


def _gaps(result: SolveResult) -> dict[Goal, float]:
    """The gap of each goal; 1 where it is not known. A goal that counts few people is not far from its bound by a single one."""

    def gap(goal: GoalResult) -> float:
        if goal.value is None or goal.bound is None:
            return 1.0
        return abs(goal.value - goal.bound) / max(abs(goal.value), GOAL_WEIGHTS.counted_below)

    return {goal.goal: gap(goal) for goal in result.goals}


def _goals(stage: YearlyStage, report: AuditReport) -> tuple[GoalResult, ...]:
    """Every goal in use: its value as the auditor counted it, in what the rules count, and its bound."""
    values = {goal: float(report.goals[goal]) for goal in stage.goals}
    bounds = stage.bounds(values)
    units = {goal: goal_unit(report, goal, SHAPES[goal].unit) for goal in stage.goals}
    return tuple(
        GoalResult(goal, SHAPES[goal].sense, units[goal], values[goal], bounds.get(goal)) for goal in stage.goals
    )


def _status(goals: tuple[GoalResult, ...], gap: float, clock: Clock) -> SolveStatus:
    if clock.stop.is_set():
        return SolveStatus.INTERRUPTED
    if all(goal.is_proven for goal in goals):
        return SolveStatus.PROVEN
    if all(goal.gap is not None and goal.gap <= gap for goal in goals):
        return SolveStatus.WITHIN_GAP
    return SolveStatus.LIMIT if clock.is_over() else SolveStatus.OPEN


def _messages(dated: Schedule, report: AuditReport) -> tuple[Message, ...]:
    lost: pd.DataFrame = dated.unplaced
    columns = (lost[column] for column in ("cadre_id", "programme_id", "year", "rule_id", "reason"))
    unplaced = [
        Message("dates.unplaced", cadre=cadre, programme=programme, year=year, rule=rule, reason=reason)
        for cadre, programme, year, rule, reason in zip(*columns, strict=True)
    ]
    return (*unplaced, *report.warnings)
