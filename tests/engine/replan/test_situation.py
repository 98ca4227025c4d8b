"""How things stand: counts and costs of the ground are the auditor's, and lookups find every trajectory."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from allocator.answers import runs
from allocator.domain.change import Published
from allocator.engine.replan.situation import Situation
from allocator.model.goals import signed
from tests.engine.builders import rule
from tests.engine.replan.builders import SUMMER, office, published
from tests.property.test_dated_exact import inputs_of, random_case


@pytest.mark.parametrize("seed", [s for s in range(1, 19) if s != 12])
def test_the_ground_comes_to_what_the_auditor_counts(seed: int) -> None:
    case = random_case(seed)
    case.people = [one | {"headcount": 1} for one in case.people]
    inputs = inputs_of(case)
    run = runs.solve(inputs)
    if any(v.is_breached and v.kind in ("built-in", "fixed") for v in run.audit.verdicts):
        return
    situation = Situation(inputs, Published(run.plan.placements, date(2000, 1, 1)))
    for goal, value in zip(situation.goals, situation.totals(), strict=True):
        if goal in situation.goals[: situation.above]:
            assert value == pytest.approx(signed(goal, run.audit.goals[goal])), goal


def test_seats_within_the_notice_period_stand_still_and_take_nobody() -> None:
    inputs = office(notice_days=30)
    situation = Situation(inputs, published(inputs, [("a", "spring")], date(2020, 2, 20)))
    assert dict(zip(situation.timetable.ids, situation.stands.tolist(), strict=True)) == {
        "spring": True,
        "summer": False,
    }
    assert situation.takes.tolist() == [False, True]


def test_what_was_lost_and_who_is_gone_is_remembered() -> None:
    before, after = office(), office(people=[{"cadre_id": "a"}, {"cadre_id": "b"}], sessions=[SUMMER])
    situation = Situation(after, published(before, [("a", "spring"), ("c", "spring")]))
    assert situation.left == [("c", "spring")]
    assert situation.gone[0] == [("p", 0, False)]
    assert situation.change_cost(0, ()) == 1


def test_a_class_that_a_fixed_rule_asks_for_is_lacking() -> None:
    everyone = rule("fixed", everyone=True, programmes={"programme_id": ["p"]})
    situation = Situation(inputs := office(everyone), published(inputs, [("a", "spring")]))
    people = np.arange(4)
    assert situation.lacking(people, situation.bits).tolist() == [0, 1, 1, 1]
