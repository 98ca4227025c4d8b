"""What a seat more, a seat fewer or another person in a seat does to goals and clauses, as the auditor counts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.audit import AuditReport, Verdict, audit
from allocator.domain.plan import COLUMNS, Plan, ordered
from allocator.domain.rules import Goal, RuleKind
from allocator.domain.tables import Inputs, Policy
from allocator.model.goals import signed

Seat = tuple[str, str]
"""Ids of a cadre and of a session."""

OTHERS = ("sessions-seats", "sessions-least", "sessions-known")
"""Built-in rules that no single person's record decides."""

CHANGE_COLUMNS = ("rule_id", "clause", "title", "title_zh", "kind", "goal", "change")
ROW_COLUMNS = ("rule_id", "clause", "kind", "year", "scope", "required", "achieved", "unit", "shortfall")


@dataclass(frozen=True)
class Difference:
    """How a changed plan differs from the plan it came from.

    Parameters
    ----------
    goals
        What each goal that moves gains or loses, in its own unit and in the order of the goals; more than 0 is worse.
    rules
        The rules behind it, columns as ``CHANGE_COLUMNS``; ``change`` above 0 is worse.
    rows
        The auditor's rows that miss more than before, columns as ``ROW_COLUMNS``.
    """

    goals: Mapping[Goal, float]
    rules: pd.DataFrame
    rows: pd.DataFrame

    @property
    def first(self) -> Goal | None:
        """The most important goal that moves."""
        return next(iter(self.goals), None)


class Judge:
    """Judges changes of one plan; rules that are only reported are left out."""

    def __init__(self, inputs: Inputs, plan: Plan) -> None:
        self.inputs = judged(inputs)
        self.placements = plan.placements
        self.before = audit(plan, self.inputs)

    def changed(self, *, out: Sequence[Seat] = (), into: Sequence[Seat] = ()) -> Difference:
        """What it does when some seats are given up and others are taken; a group gives up and takes one seat."""
        plan = ordered(with_seats(self.inputs, self.placements, out=out, into=into))
        return difference(self.before, audit(plan, self._about([*out, *into])), self.inputs)

    def _about(self, seats: Sequence[Seat]) -> Inputs:
        """The inputs with those rules only that look at one of the people in one of the sessions; the others find what they found."""
        inputs = self.inputs
        people = inputs.cadres["cadre_id"].isin([cadre for cadre, _ in seats]).to_numpy()
        held = inputs.sessions.loc[
            inputs.sessions["session_id"].isin([session for _, session in seats]), "programme_id"
        ]
        programmes = inputs.programmes["programme_id"].isin(held).to_numpy()
        return with_rules(
            inputs, tuple(rule for rule in inputs.policy.rules if self._looks_at(rule, people, programmes))
        )

    def _looks_at(self, rule: RuleKind, people: np.ndarray, programmes: np.ndarray) -> bool:
        if rule.is_admitting:
            return True  # Whether somebody is admitted depends on all of them.
        inside = self.inputs.audience(rule.audience) | self.inputs.audience(getattr(rule, "among", rule.audience))
        return bool((inside & people).any() and (self.inputs.counting(rule.programmes) & programmes).any())


def judged(inputs: Inputs) -> Inputs:
    """The inputs with those rules only that a plan is judged by."""
    rules = tuple(rule for rule in inputs.policy.rules if rule.strength != "report" or rule.is_admitting)
    return with_rules(inputs, rules)


def with_rules(inputs: Inputs, rules: tuple[RuleKind, ...]) -> Inputs:
    """The same tables under some of the rules."""
    policy = inputs.policy
    kept = Policy(
        id=policy.id, title=policy.title, title_zh=policy.title_zh, parameters=policy.parameters, rules=rules
    )  # fmt: skip
    made = replace(inputs, policy=kept)
    # The tables are the same, so what was worked out from them need not be worked out again.
    vars(made).update({name: value for name, value in vars(inputs).items() if name not in vars(made)})
    return made


def with_seats(
    inputs: Inputs, placements: pd.DataFrame, *, out: Iterable[Seat] = (), into: Iterable[Seat] = ()
) -> pd.DataFrame:
    """Placements with some seats given up and others taken, one of a group; nothing else of the rows is looked at again."""
    seats = placements.copy()
    for cadre, session in out:
        row = (seats["cadre_id"] == cadre) & (seats["session_id"] == session)
        seats.loc[row, "headcount"] -= 1
    seats = seats[seats["headcount"] > 0]
    taken = [_row(inputs, cadre, session) for cadre, session in into]
    return pd.concat([seats, *taken], ignore_index=True) if taken else seats.reset_index(drop=True)


def _row(inputs: Inputs, cadre: str, session: str) -> pd.DataFrame:
    """One seat as a row of the plan."""
    row = inputs.sessions[inputs.sessions["session_id"] == session].merge(
        inputs.programmes[["programme_id", "days", "hours"]], on="programme_id"
    )
    who = inputs.cadres.loc[inputs.cadres["cadre_id"] == cadre, ["cadre_id", "unit_id", "team_id"]].iloc[0]
    return row.assign(**{str(name): value for name, value in who.items()}, headcount=1, fixed=False, rules="")[
        list(COLUMNS)
    ]


def difference(before: AuditReport, after: AuditReport, inputs: Inputs) -> Difference:
    """How a judgement differs from the one before, goal by goal and rule by rule; rules not judged again stay as they were."""
    rules = []
    totals: dict[Goal, float] = {}
    for new in after.verdicts:
        old = before[new.rule_id]
        for goal in dict.fromkeys([*old.finding.goals, *new.finding.goals]):
            change = signed(goal, new.finding.goals.get(goal, 0.0) - old.finding.goals.get(goal, 0.0))
            if abs(change) > 1e-9:
                rules.append((new.rule_id, new.clause, new.title, new.title_zh, new.kind, goal, change))
                totals[goal] = totals.get(goal, 0.0) + change
    moved = {goal: totals[goal] for goal in inputs.scenario.goals if abs(totals.get(goal, 0.0)) > 1e-9}
    return Difference(moved, pd.DataFrame(rules, columns=list(CHANGE_COLUMNS)), _worse(before, after))


def _worse(before: AuditReport, after: AuditReport) -> pd.DataFrame:
    """Rows of single people, groups and years whose miss grew."""
    keys = ["rule_id", "year", "scope", "unit"]
    old, new = before.table, after.table
    old, new = old[old["shortfall"] > 0], new[new["shortfall"] > 0]
    both = new.merge(old[[*keys, "shortfall"]], "left", keys, suffixes=("", "_before"))
    grew = both["shortfall"] > both["shortfall_before"].fillna(0.0)
    return both.loc[grew, list(ROW_COLUMNS)].reset_index(drop=True)


def is_personal(verdict: Verdict, kinds: Mapping[str, RuleKind]) -> bool:
    """Whether a verdict rests on one person's own record and seats."""
    if verdict.kind == "built-in":
        return verdict.rule_id not in OTHERS
    return kinds[verdict.rule_id].sort == "personal"
