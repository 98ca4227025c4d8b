"""The bound of the changes: as high as the changes where that can be seen, and never higher (see ``tests/property``)."""

from __future__ import annotations

import numpy as np

from allocator.engine.parameters import REPLAN
from allocator.engine.replan.bound import cheapest_of, fewest_changes
from allocator.engine.replan.situation import Situation
from tests.engine.builders import rule
from tests.engine.replan.builders import SPRING, SUMMER, office, published

SEATS = [("a", "spring"), ("b", "spring")]
NONE: frozenset[int] = frozenset()


def situation(*rules, sessions=(SPRING, SUMMER), **what) -> Situation:  # type: ignore[no-untyped-def]
    inputs = office(*rules, sessions=sessions)
    return Situation(inputs, published(inputs, SEATS, **what))


def test_a_seat_lost_for_good_needs_a_second_change_to_keep_the_quota() -> None:
    now = situation(sessions=[SPRING], forced=frozenset({("a", "spring")}))
    kept, missed = np.zeros(now.above), np.array([1.0, 1.0, 0.0])
    assert fewest_changes(now, [0], NONE, kept, 5) == 2
    assert fewest_changes(now, [0], NONE, missed, 5) == 1


def test_a_bound_is_never_above_the_plan_at_hand() -> None:
    now = situation(sessions=[SPRING], forced=frozenset({("a", "spring")}))
    assert fewest_changes(now, [0], NONE, np.zeros(now.above), 1) == 1


def test_a_full_date_needs_somebody_to_leave_it() -> None:
    floor = rule("quota", modality="at-least", amount=3, strength="hard")
    inputs = office(floor, sessions=[SPRING, SUMMER | {"seats": 1}])
    seats = [*SEATS, ("c", "summer")]
    now = Situation(inputs, published(inputs, seats, forced=frozenset({("a", "spring")})))
    assert fewest_changes(now, [0], NONE, np.zeros(now.above), 9) == 2


def test_a_session_that_holds_too_many_must_be_left() -> None:
    inputs = office(rule("quota", modality="at-least", amount=1, strength="hard"), sessions=[SPRING | {"seats": 1}])
    now = Situation(inputs, published(inputs, SEATS))
    assert fewest_changes(now, [], NONE, np.zeros(now.above), 9) == 1


def test_of_many_people_each_is_counted_at_the_least(set_parameters) -> None:  # type: ignore[no-untyped-def]
    set_parameters(REPLAN, must_up_to=0)
    now = situation(sessions=[SPRING], forced=frozenset({("a", "spring")}), issued=frozenset({"spring"}))
    assert fewest_changes(now, [0], NONE, np.zeros(now.above), 9) == 3
    assert fewest_changes(now, [0], NONE, np.zeros(now.above), 2) == 2


def test_what_events_force_is_all_that_is_said_where_points_rank_before_changes() -> None:
    inputs = office(rule("priority", weight=1))
    order = ("violation", "overdue", "quota-shortfall", "quota-excess", "priority", "change", "owed", "fairness")
    inputs = inputs.__class__(**vars(inputs) | {"scenario": inputs.scenario.model_copy(update={"goals": order})})
    now = Situation(inputs, published(inputs, SEATS))
    assert fewest_changes(now, [], NONE, np.zeros(now.above), 9) == 0


def test_the_cheapest_changes_of_a_lost_seat_are_to_leave_it_or_to_take_another_date() -> None:
    now = situation(forced=frozenset({("a", "spring")}))
    found = cheapest_of(now, 0, NONE)
    assert found is not None
    assert {tuple(s for s in row if s >= 0) for row in found.sessions.tolist()} == {(), (1,)}
