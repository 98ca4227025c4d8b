"""What a rule that keeps somebody out of a session says, in the words of the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from allocator.answers.explain.person import Alone
from allocator.language.message import Message

MOST_RULES = 3


class Broken(NamedTuple):
    """One thing that a seat breaks, as the auditor writes it down."""

    session_id: str
    rule_id: str
    kind: str
    scope: str
    required: float | None
    achieved: float | None
    unit: str


def reason(alone: Alone, broken: Broken) -> Message:
    """Why a rule keeps the person out of the session."""
    return _BY_KIND.get(broken.kind, _any)(alone, broken)


def _spacing(alone: Alone, broken: Broken) -> Message:
    required, achieved = _whole(broken.required), _whole(broken.achieved)
    if broken.unit == "years":
        return _too_soon(alone, broken, required, achieved)
    if broken.unit == "days":
        return Message("explain.by-rest", required=required, achieved=max(0, achieved))
    return Message("explain.by-classes", required=required, achieved=achieved)


def _too_soon(alone: Alone, broken: Broken, required: int, achieved: int) -> Message:
    """The class too near: of the same programme where the rule looks at that and there is one so many years away, else a long one."""
    held: Any = alone.inputs.sessions.set_index("session_id").loc[broken.session_id]
    columns = ["programme_id", "start_date"]
    known = pd.concat([alone.inputs.history[columns], alone.fixed[columns]])
    near = known[(known["start_date"].dt.year - int(held["year"])).abs() == achieved]
    same = near[near["programme_id"] == held["programme_id"]]
    rule = alone.inputs.policy.rule(broken.rule_id)
    is_repeat = len(same) > 0 and getattr(rule, "same_programme_years", None) == required
    chosen = same if is_repeat else near
    past: Message | str = ""
    if len(chosen):
        row = chosen.iloc[-1]
        past = Message("explain.by-past", day=f"{row['start_date']:%Y-%m-%d}", programme=str(row["programme_id"]))
    if is_repeat:
        return Message("explain.by-repeat", required=required, achieved=achieved, past=past)
    return Message("explain.by-long", required=required, achieved=achieved, past=past)


def _fixed(_: Alone, broken: Broken) -> Message:
    if "/" in broken.scope:
        return Message("explain.by-period", period=broken.scope.rpartition(" ")[2])
    return Message("explain.by-name") if broken.required == 0 else Message("explain.by-everyone")


def _away(_: Alone, broken: Broken) -> Message:
    return Message("explain.by-blocked", day=broken.scope.rpartition(" ")[2])


def _admission(alone: Alone, broken: Broken) -> Message:
    """Whom the programme admits: its unit, or the first of the clauses that say so."""
    inputs = alone.inputs
    held: Any = inputs.sessions.set_index("session_id").loc[broken.session_id]
    row = int(np.flatnonzero((inputs.programmes["programme_id"] == held["programme_id"]).to_numpy())[0])
    unit = str(inputs.programmes["serves_unit_id"].iat[row])
    rules = [rule for rule in inputs.policy.rules if rule.is_admitting and inputs.counting(rule.programmes)[row]]
    rules = [rule for rule in rules if not rule.years or held["year"] in rule.years]
    if unit and any(inputs.audience(rule.audience).any() for rule in rules):
        return Message("explain.by-unit", unit=unit)
    if not rules:
        return Message("explain.by-nobody")
    named = [
        Message("explain.titled", clause=rule.clause or rule.id, en=rule.title, zh=rule.title_zh) for rule in rules
    ]
    return Message("explain.by-eligibility", rules=tuple(named[:MOST_RULES]))


def _built_in(alone: Alone, broken: Broken) -> Message:
    if broken.rule_id == "no-overlap":
        return Message("explain.by-overlap", day=broken.scope.rpartition(" ")[2])
    if broken.rule_id == "sessions-least":
        return Message("explain.by-least", required=_whole(broken.required), achieved=_whole(broken.achieved))
    if broken.rule_id == "sessions-seats":
        return Message("explain.by-seats", required=_whole(broken.required))
    if broken.rule_id == "sessions-eligible":
        return _admission(alone, broken)
    return _any(alone, broken)


def _any(_: Alone, __: Broken) -> Message:
    return Message("explain.by-rule")


def _whole(value: float | None) -> int:
    return 0 if value is None else int(value)


_BY_KIND: Mapping[str, Callable[[Alone, Broken], Message]] = {
    "spacing": _spacing,
    "fixed": _fixed,
    "away-limit": _away,
    "eligibility": _admission,
    "built-in": _built_in,
}
