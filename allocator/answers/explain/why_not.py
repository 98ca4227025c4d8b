"""Why somebody is not in a session, a programme or a year: the rule that forbids it, or the plan in which it is so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator.answers.compare import Comparison
from allocator.answers.compare.read_runs import as_read
from allocator.answers.compare.result import compared
from allocator.answers.compare.tables import judges_seats
from allocator.answers.explain.context import Ground
from allocator.answers.explain.forbidding_rules import COLUMNS as FORBIDDEN_COLUMNS
from allocator.answers.explain.forbidding_rules import forbidding
from allocator.answers.explain.moves import fewest_moves, with_bounds
from allocator.answers.explain.person import Alone, Person, find
from allocator.answers.explain.target import Target, target
from allocator.audit.goal_units import goal_unit
from allocator.audit.records import Records
from allocator.domain.errors import InputError, ModelError
from allocator.domain.result import OnProgress, SolveStatus, certainties, silent
from allocator.domain.rules import Goal
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import changed, write_variant
from allocator.language.answer import Spoken
from allocator.language.message import Message
from allocator.model.goals import SHAPES, signed

Outcome = Literal["there", "not-eligible", "forbidden", "cannot", "tie", "better", "unclear", "worse"]
GOAL_COLUMNS = ("goal", "sense", "unit", "before", "after", "loss", "open", "least", "before_is", "after_is")
CLAUSE_COLUMNS = ("rule_id", "clause", "title", "title_zh", "kind", "unit", "before", "after")
SESSION_COLUMNS = ("session_id", "programme_id", "year", "start_date", "end_date", "state")
MOST_TRIED = 12
"""Sessions tried at most for a programme or a year where every goal can be proven; in a large plan the most fitting one is."""

BEFORE, AFTER = "plan", "asked"
"""Names of the two plans in the comparison."""


@dataclass(frozen=True, repr=False)
class WhyNot(Spoken):
    """Why somebody is not there, or what it would take.

    Parameters
    ----------
    person, seed, target
        Who, the published seed of the draw, and what was asked about.
    outcome
        ``there``: the plan has the seat. ``not-eligible``: no programme asked about admits the person. ``forbidden``: rules forbid every session
        asked about. ``cannot``: no plan found holds the seat. Else a plan with the seat was found, and the first goal that moves
        tells: none (``tie``), ``better`` or ``worse`` than the plan, or ``unclear``: worse by no more than is left open there.
    session_id
        The session of the plan with the seat; empty when there is none.
    sessions
        The sessions asked about, columns as ``SESSION_COLUMNS``; ``state`` is there, not-eligible, forbidden, cannot, tried or open (not tried).
    forbidden
        What forbids each session, see ``forbidding.COLUMNS``.
    goals
        Every goal of the plan before and with the seat, columns as ``GOAL_COLUMNS``: ``loss`` above 0 is worse, ``open`` is what the bound leaves
        open in the plan before, ``least`` what at least is lost in every plan with the seat that is as good in the goals before (both
        missing where not known). ``before_is`` and ``after_is`` say how certain the values are (``result.Certainty``).
    clauses
        Rules that come out differently, columns as ``CLAUSE_COLUMNS``: what the plan achieves over all years, in ``unit``. Rules that are
        only reported are left out, and so are those that only count seats while none of them is wrong.
    comparison
        The plan before and the plan with the seat side by side, ``people`` person by person; ``None`` when there is no such plan.
    changes
        The change of the scenario that gives the seat, as ``allocator.load(changes=…)`` takes it; empty when there is none.
    run
        The plan with the seat.
    reasons
        What the planner says of a seat that cannot be held.
    """

    views, text = "allocator.answers.explain", "why_not_text"

    person: Person
    seed: str
    target: Target
    outcome: Outcome
    session_id: str
    sessions: pd.DataFrame
    forbidden: pd.DataFrame
    goals: pd.DataFrame
    clauses: pd.DataFrame
    comparison: Comparison | None
    changes: Mapping[str, Any]
    run: Run | None
    reasons: tuple[Message, ...] = ()

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The row of the most important goal that moves."""
        moved = self.goals[self.goals["loss"].abs() > 1e-9]
        return None if moved.empty else {str(name): value for name, value in moved.iloc[0].items()}


@dataclass(frozen=True)
class _Trial:
    """A plan with the seat, or why there is none."""

    session_id: str
    changes: Mapping[str, Any]
    run: Run | None
    reasons: tuple[Message, ...] = ()


def why_not(ground: Ground, cadre_id: str, asked: str | int, on_progress: OnProgress, *, prove: bool = False) -> WhyNot:
    """Why somebody is not in a session, a programme or a year; see ``WhyNot``.

    Raises
    ------
    InputError
        If there is no such person, session, programme or plan year.
    """
    person = find(ground.run.inputs, cadre_id)
    return _Answer(ground, person, target(ground.run.inputs, asked), on_progress, prove=prove).whole()


def write_scenario(inputs: Inputs, answer: WhyNot, file: Path, *, force: bool = False) -> None:
    """Write the scenario with the seat, so that it can be planned and looked at.

    Raises
    ------
    OutputError
        If the file cannot be written, or exists and ``force`` is not given.
    ValueError
        If no plan with the seat was found.
    """
    if answer.run is None:
        raise ValueError(Message("explain.nothing-to-write"))
    title = _title(answer.person.cadre_id, answer.session_id)
    own = f"{inputs.scenario.id}-{answer.changes['rules'][0]['id']}"
    write_variant(inputs, answer.changes, file, id=own, title=title.said("en"), title_zh=title.said("zh"), force=force)


def _title(cadre: str, session: str) -> Message:
    return Message("explain.rule-title", cadre=cadre, session=session)


class _Answer:
    """One answer in the making."""

    def __init__(self, ground: Ground, person: Person, wanted: Target, on_progress: OnProgress, *, prove: bool) -> None:
        self.ground, self.person, self.target, self.prove = ground, person, wanted, prove
        self.run = ground.run
        self.is_small = ground.run.result.status is SolveStatus.PROVEN
        self.on_progress = silent if self.is_small else on_progress  # A moment's work needs no display.
        self.inputs = ground.run.inputs
        self.alone: Alone = ground.alone(person.cadre_id)
        table = self.inputs.sessions.set_index("session_id", drop=False)
        self.sessions = table.loc[list(wanted.sessions)].reset_index(drop=True)

    def whole(self) -> WhyNot:
        """The answer."""
        sessions = self.sessions["session_id"]
        state = dict.fromkeys(sessions, "open")
        nothing = pd.DataFrame(columns=list(FORBIDDEN_COLUMNS))
        there = set(self.alone.seats["session_id"]) & set(sessions)
        if there:
            return self._without("there", state | dict.fromkeys(there, "there"), nothing)
        eligible = self._eligible()
        if self.target.kind in ("year",):
            state |= dict.fromkeys(sessions[~eligible], "not-eligible")
            if not eligible.any():
                return self._without("not-eligible", state, nothing)
        asked = [s for s in sessions if state[s] == "open"]
        forbidden = forbidding(self.alone, self.run.plan, asked)
        state |= dict.fromkeys(forbidden["session_id"], "forbidden")
        possible = [s for s in asked if state[s] == "open"]
        if not possible:
            return self._without("forbidden", state, forbidden)
        trials = list(self._trials(self._ranked(possible)))
        state |= {t.session_id: "tried" if t.run is not None else "cannot" for t in trials}
        held = [trial for trial in trials if trial.run is not None]
        if not held:
            reasons = tuple(dict.fromkeys(reason for trial in trials for reason in trial.reasons))
            return self._without("cannot", state, forbidden, reasons)
        return self._with(min(held, key=self._values), state, forbidden)

    def _eligible(self) -> np.ndarray:
        """Which of the sessions the person may attend by their programmes, boolean."""
        records = Records(self.run.plan, self.alone.inputs)
        programme = pd.Index(self.inputs.programmes["programme_id"]).get_indexer(self.sessions["programme_id"])
        return records.eligible(np.zeros(len(programme), dtype=np.int64), programme, self.sessions["year"].to_numpy())

    # ------------------------------------------------------------------ the plan with the seat

    def _ranked(self, sessions: list[str]) -> list[str]:
        """The sessions, those first that fit best beside the seats the person has, then those with room, then by date."""
        placed = self.run.plan.placements
        used = placed.groupby("session_id")["headcount"].sum().to_dict()
        table = self.sessions.set_index("session_id")

        def key(session: str) -> tuple[object, ...]:
            row = table.loc[session]
            added = self.alone.goals(into=[(self.person.cadre_id, session)])
            costs = tuple(signed(goal, added.get(goal, 0.0)) for goal in self.inputs.scenario.goals)
            return costs, used.get(session, 0) >= row["usable_seats"], row["start_date"], session

        return sorted(sessions, key=key) if len(sessions) > 1 else sessions

    def _trials(self, sessions: list[str]) -> Iterator[_Trial]:
        """Plans with the seat in one session after the other: all where the plan is proven, else until one holds it."""
        for session in sessions[:MOST_TRIED]:
            trial = self._trial(session)
            yield trial
            if trial.run is not None and not self.is_small:
                return

    def _trial(self, session: str) -> _Trial:
        title = _title(self.person.cadre_id, session)
        taken = {rule.id for rule in self.inputs.policy.rules}
        own = next(name for name in _names() if name not in taken)
        call_up = {"cadre_id": self.person.cadre_id, "session_id": session}
        rule = {
            "id": own,
            "kind": "fixed",
            "title": title.said("en"),
            "title_zh": title.said("zh"),
            "call_ups": [call_up],
        }
        changes = {"rules": [rule]}
        clock = Clock(self.inputs.scenario.limits.seconds, on_progress=self.on_progress)
        try:
            run = self._planned(changed(self.inputs, changes), clock)
        except InputError as error:
            return _Trial(session, changes, None, tuple(_message(defect.message) for defect in error.defects))
        except ModelError as error:
            return _Trial(session, changes, None, (_message(error.args[0]),))
        placed = run.plan.placements
        if ((placed["cadre_id"] == self.person.cadre_id) & (placed["session_id"] == session)).any():
            return _Trial(session, changes, run)
        said = [m for m in run.result.messages if isinstance(m, Message) and m.code == "dates.unplaced"]
        return _Trial(session, changes, None, tuple(m for m in said if m.parameters["cadre"] == self.person.cadre_id))

    def _planned(self, inputs: Inputs, clock: Clock) -> Run:
        """The plan with the seat; with proofs also from nothing where bounds are missing, and the better of the two."""
        quick = self.ground.planner.trial(inputs, clock)
        if not self.prove or all(goal.is_proven for goal in quick.result.goals):
            return quick
        whole = Planner().plan(inputs, Clock(inputs.scenario.limits.seconds, on_progress=self.on_progress))
        order = self.inputs.scenario.goals
        values = [[signed(goal, run.audit.goals.get(goal, 0.0)) for goal in order] for run in (whole, quick)]
        return whole if values[0] <= values[1] else replace(quick, result=with_bounds(quick.result, whole.result))

    def _values(self, trial: _Trial) -> tuple[float, ...]:
        assert trial.run is not None
        return tuple(signed(goal, trial.run.audit.goals.get(goal, 0.0)) for goal in self.inputs.scenario.goals)

    # ------------------------------------------------------------------ the answers

    def _without(
        self, outcome: Outcome, state: dict[str, str], forbidden: pd.DataFrame, reasons: tuple[Message, ...] = ()
    ) -> WhyNot:
        goals, clauses = (pd.DataFrame(columns=list(columns)) for columns in (GOAL_COLUMNS, CLAUSE_COLUMNS))
        table = self._states(state)
        seed = self.inputs.scenario.seed
        return WhyNot(
            self.person, seed, self.target, outcome, "", table, forbidden, goals, clauses, None, {}, None, reasons
        )

    def _with(self, trial: _Trial, state: dict[str, str], forbidden: pd.DataFrame) -> WhyNot:
        assert trial.run is not None
        trial = replace(trial, run=fewest_moves(self.run, trial.run, self.person.cadre_id))
        assert trial.run is not None
        goals = goals_beside(self.run, trial.run)
        runs = [
            as_read(name, run.inputs, run.plan, run.audit, run.result)
            for name, run in ((BEFORE, self.run), (AFTER, trial.run))
        ]
        return WhyNot(
            self.person, self.inputs.scenario.seed, self.target, outcome_of(goals), trial.session_id, self._states(state), forbidden, goals,
            clauses_beside(self.run, trial.run), compared(runs), trial.changes, trial.run,
        )  # fmt: skip

    def _states(self, state: dict[str, str]) -> pd.DataFrame:
        table = self.sessions.assign(state=self.sessions["session_id"].map(state))
        return table[list(SESSION_COLUMNS)]


def goals_beside(before: Run, after: Run) -> pd.DataFrame:
    """Every goal of two plans that either counts, columns as ``GOAL_COLUMNS``."""
    bounds = [{goal.goal: goal.bound for goal in run.result.goals} for run in (before, after)]
    sure = [certainties(run.result.goals) for run in (before, after)]
    rows = []
    for goal in before.inputs.scenario.goals:
        if goal in before.audit.goals and (goal in bounds[0] or goal in bounds[1]):
            told = _beside(goal, before, after, bounds[0].get(goal), bounds[1].get(goal))
            rows.append((*told, *(one.get(goal, "tried") for one in sure)))
    return pd.DataFrame(rows, columns=list(GOAL_COLUMNS)).astype(dict.fromkeys(GOAL_COLUMNS[3:8], "float64"))


def _beside(goal: Goal, before: Run, after: Run, bound: float | None, new_bound: float | None) -> tuple[object, ...]:
    old, new = before.audit.goals[goal], after.audit.goals[goal]
    loss = signed(goal, new) - signed(goal, old)
    left = np.nan if bound is None else max(0.0, signed(goal, old) - signed(goal, bound))
    least = np.nan if new_bound is None else max(0.0, signed(goal, new_bound) - signed(goal, old))
    return goal, SHAPES[goal].sense, goal_unit(after.audit, goal, SHAPES[goal].unit), old, new, loss, left, least


def clauses_beside(before: Run, after: Run) -> pd.DataFrame:
    """Rules of two plans that come out differently, columns as ``CLAUSE_COLUMNS``."""
    rows = []
    for old in before.audit.verdicts:
        new = after.audit[old.rule_id]
        counts = not judges_seats(old.kind) and old.finding.achieved != new.finding.achieved
        if old.strength != "report" and (counts or abs(old.shortfall - new.shortfall) > 1e-9):
            head = (old.rule_id, old.clause, old.title, old.title_zh, old.kind, old.finding.unit)
            rows.append((*head, old.finding.achieved, new.finding.achieved))
    return pd.DataFrame(rows, columns=list(CLAUSE_COLUMNS)).astype({"before": "float64", "after": "float64"})


def outcome_of(goals: pd.DataFrame) -> Outcome:
    """What the first goal that moves says of a plan with the seat."""
    moved = goals[goals["loss"].abs() > 1e-9]
    if moved.empty:
        return "tie"
    first = moved.iloc[0]
    if first["loss"] < 0:
        return "better"
    return "worse" if first["least"] > 0 or not first["loss"] <= first["open"] + 1e-9 else "unclear"


def _names() -> Iterator[str]:
    """Ids for the rule added."""
    yield "why-not"
    number = 2
    while True:
        yield f"why-not-{number}"
        number += 1


def _message(text: str) -> Message:
    return text if isinstance(text, Message) else Message("error.model", detail=text)
