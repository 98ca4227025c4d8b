"""Replanning by hand-made cases: what moves, what stands still, and what is said to be proven."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from allocator.engine.parameters import REPLAN
from allocator.engine.replan.fewest_changes import Replanned, replan
from tests.engine.builders import rule
from tests.engine.replan.builders import SPRING, SUMMER, office, published

SEATS = [("a", "spring"), ("b", "spring")]


@pytest.fixture(params=["whole", "around"], autouse=True)
def way(request: pytest.FixtureRequest, set_parameters: Any) -> str:
    """Each case is decided whole, and searched around its events as if it were large."""
    if request.param == "around":
        set_parameters(REPLAN, all_up_to=0)
    return str(request.param)


def seats(made: Replanned) -> set[tuple[str, str]]:
    table = made.plan.placements
    return set(zip(table["cadre_id"], table["session_id"], strict=True))


def test_nothing_changes_where_nothing_happened() -> None:
    inputs = office()
    made = replan(inputs, published(inputs, SEATS))
    assert (seats(made), made.change, made.is_proven) == (set(SEATS), 0, True)


def test_who_withdraws_goes_to_the_other_session_and_nobody_else_moves() -> None:
    inputs = office()
    made = replan(inputs, published(inputs, SEATS, forced=frozenset({("a", "spring")})))
    assert seats(made) == {("a", "summer"), ("b", "spring")}
    assert (made.change, made.bound, made.amiss) == (1, 1, 0)
    assert made.audit.is_clean


def test_a_substitute_comes_where_no_other_date_is_left() -> None:
    inputs = office(sessions=[SPRING])
    made = replan(inputs, published(inputs, SEATS, forced=frozenset({("a", "spring")})))
    assert made.change == made.bound == 2
    assert ("b", "spring") in seats(made)
    assert made.values["violation"] == 0
    (other,) = {one for one, _ in seats(made)} - {"b"}
    assert made.needed_for[other] == ("quota",)


def test_changes_of_issued_sessions_are_avoided() -> None:
    inputs = office(sessions=[SPRING, SUMMER, SUMMER | {"session_id": "summer-b"}])
    forced = frozenset({("a", "spring")})
    made = replan(inputs, published(inputs, SEATS, forced=forced, issued=frozenset({"summer"})))
    assert seats(made) == {("a", "summer-b"), ("b", "spring")}
    out = replan(inputs, published(inputs, SEATS, forced=forced, issued=frozenset({"spring"})))
    assert (out.change, out.is_proven) == (3, True)


@pytest.mark.parametrize(("on", "comes"), [(date(2020, 2, 1), "a"), (date(2020, 5, 25), "")])
def test_a_session_within_the_notice_period_takes_nobody(on: date, comes: str) -> None:
    inputs = office()
    made = replan(inputs, published(inputs, SEATS, on, forced=frozenset({("a", "spring")})))
    assert (comes, "summer") in seats(made) or (not comes and seats(made) == {("b", "spring")})


def test_a_seat_that_an_event_frees_within_the_notice_period_may_be_filled() -> None:
    inputs = office(sessions=[SPRING])
    made = replan(inputs, published(inputs, SEATS, date(2020, 2, 25), forced=frozenset({("a", "spring")})))
    assert len(seats(made)) == 2


def test_what_has_begun_stands_still(way: str) -> None:
    inputs = office(rule("quota", modality="exactly", amount=0, strength="hard"))
    made = replan(inputs, published(inputs, SEATS, date(2020, 3, 4)))
    assert seats(made) == set(SEATS)
    made = replan(inputs, published(inputs, SEATS, date(2020, 1, 4)))
    assert seats(made) == (
        set() if way == "whole" else set(SEATS)
    )  # Around events nobody asks what no event has touched.


def test_a_session_with_fewer_seats_lets_one_go() -> None:
    inputs = office(sessions=[SPRING | {"seats": 1}, SUMMER])
    made = replan(inputs, published(inputs, SEATS))
    assert sorted(session for _, session in seats(made)) == ["spring", "summer"]
    assert made.change == made.bound == 1


def test_a_moved_session_that_meets_another_is_left_for_another_date() -> None:
    other = {"session_id": "q", "programme_id": "q", "start_date": date(2020, 6, 3), "end_date": date(2020, 6, 4)}
    inputs = office(sessions=[SPRING, SUMMER, other])
    made = replan(inputs, published(inputs, [("a", "summer"), ("a", "q"), ("b", "spring")]))
    assert (made.change, made.amiss, made.is_proven) == (1, 0, True)
    assert ("b", "spring") in seats(made)
    assert made.audit.is_clean


def test_somebody_called_comes_and_a_full_session_makes_room() -> None:
    call = rule("fixed", call_ups=[{"cadre_id": "d", "session_id": "spring"}])
    inputs = office(rule("quota", modality="at-least", amount=2, strength="hard"), call)
    made = replan(inputs, published(inputs, SEATS, called=frozenset({("d", "spring")})))
    assert ("d", "spring") in seats(made)
    assert made.change == made.bound == 2
    assert made.audit.is_clean


def test_a_cancelled_session_of_a_group_is_made_up_at_another_date() -> None:
    people = [{"cadre_id": "g", "headcount": 3}, {"cadre_id": "b"}]
    before, after = office(people=people), office(people=people, sessions=[SUMMER])
    made = replan(after, published(before, [("g", "spring"), ("b", "spring")]))
    table = made.plan.placements.set_index("cadre_id")["session_id"].to_dict()
    assert table == {"g": "summer", "b": "summer"}
    assert made.change == 2


def test_a_class_for_everyone_that_somebody_must_give_up_is_a_violation_and_not_a_failure() -> None:
    everyone = rule("fixed", everyone=True, programmes={"programme_id": ["p"]})
    never = rule("fixed", id="ill", forbidden=[{"cadre_id": "a", "session_id": "spring"}])
    two = rule("quota", modality="at-least", amount=2, strength="hard")
    inputs = office(two, everyone, never, sessions=[SPRING | {"seats": 4}])
    everybody = [(name, "spring") for name in "abcd"]
    made = replan(inputs, published(inputs, everybody, forced=frozenset({("a", "spring")})))
    assert seats(made) == set(everybody) - {("a", "spring")}
    assert (made.values["violation"], made.amiss, made.change) == (1, 0, 1)
    assert not made.audit.is_clean


def test_what_nothing_can_keep_is_told_and_nothing_is_called_proven() -> None:
    later = SPRING | {"session_id": "late", "programme_id": "q"}
    inputs = office(sessions=[SPRING, later])
    made = replan(inputs, published(inputs, [("a", "spring"), ("a", "late"), ("b", "spring")], date(2020, 3, 1)))
    assert seats(made) >= {("a", "spring"), ("a", "late")}
    assert not made.audit.is_clean


def test_who_is_not_admitted_any_more_gives_up_all_such_seats_and_keeps_those_of_the_past() -> None:
    other = SUMMER | {
        "session_id": "q",
        "programme_id": "q",
        "start_date": date(2020, 9, 1),
        "end_date": date(2020, 9, 3),
    }
    early = SPRING | {
        "session_id": "early",
        "programme_id": "r",
        "start_date": date(2020, 1, 6),
        "end_date": date(2020, 1, 8),
    }
    sessions = [SPRING, SUMMER, other, early]
    before = office(sessions=sessions)
    seats = [("a", "early"), ("a", "summer"), ("a", "q"), ("b", "spring"), ("c", "spring")]
    only = rule("eligibility", id="admit", audience={"category": ["cadre"]})
    quota = rule(
        "quota", modality="at-least", amount=2, strength="hard", admits=False, audience={"category": ["cadre"]}
    )
    moved = [{"cadre_id": "a", "category": "elsewhere"}, *({"cadre_id": name} for name in "bcd")]
    after = office(quota, sessions=sessions, people=moved)
    rules = tuple(only if one.id == "admit" else one for one in after.policy.rules)
    after = after.__class__(**vars(after) | {"policy": after.policy.model_copy(update={"rules": rules})})
    in_force = published(before, seats, date(2020, 1, 20), changed=frozenset({"a"}))
    made = replan(after, in_force)
    assert seats_of_person(made, "a") == {"early"}
    assert (made.change, made.amiss) == (2, 0)


def seats_of_person(made: Replanned, who: str) -> set[str]:
    return {session for cadre, session in seats(made) if cadre == who}
