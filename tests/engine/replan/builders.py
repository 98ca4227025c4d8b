"""A published plan of four people and two sessions, and what is needed to plan it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from allocator.domain.change import ChangeCosts, Published
from allocator.domain.rules import Rule
from allocator.domain.tables import Inputs
from allocator.engine.build_plan import assemble
from tests.engine.builders import make_inputs, rule

SPRING = {"session_id": "spring", "start_date": date(2020, 3, 2), "end_date": date(2020, 3, 6), "seats": 2}
SUMMER = {"session_id": "summer", "start_date": date(2020, 6, 1), "end_date": date(2020, 6, 5), "seats": 2}
BEFORE = date(2019, 12, 31)


def office(
    *rules: Rule,
    sessions: Iterable[dict[str, Any]] = (SPRING, SUMMER),
    people: Iterable[dict[str, Any]] = tuple({"cadre_id": name} for name in "abcd"),
    **costs: int,
) -> Inputs:
    """Four people, of whom two at least are to attend the one programme."""
    own = rules or (rule("quota", modality="at-least", amount=2, strength="hard"),)
    inputs = make_inputs(cadres=people, sessions=sessions, rules=[rule("eligibility", id="admit"), *own])
    return replace(inputs, scenario=inputs.scenario.model_copy(update={"change": ChangeCosts(**costs)}))


def published(inputs: Inputs, seats: Sequence[tuple[str, str]], on: date = BEFORE, **what: Any) -> Published:
    """These seats (person, session) in force."""
    table = pd.DataFrame(list(seats), columns=["cadre_id", "session_id"]).assign(headcount=1, fixed=False)
    return Published(assemble(inputs, table).placements, on, **what)
