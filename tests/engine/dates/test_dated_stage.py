"""The dated stage: each rule at its bound, reasons for missing seats, and brute force on tiny cases."""

from __future__ import annotations

import dataclasses
import itertools
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.domain.errors import ModelError
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar, capacity, pair_is_possible, unreachable
from allocator.engine.dates.cp_sat_model import none_more
from allocator.engine.dates.dated_stage import Schedule, schedule
from allocator.engine.dates.problem import build
from allocator.engine.dates.state import State
from tests.engine.builders import attendances, make_inputs, rule
from tests.engine.dates.checker import faults, seats_of

Wanted = tuple[str, str, int, int]  # cadre, programme, year, seats


def session(session_id: str, first: str, last: str, **fields: Any) -> dict[str, Any]:
    return {"session_id": session_id, "start_date": f"2020-{first}", "end_date": f"2020-{last}", **fields}


def cadres(*ids: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"cadre_id": c, **fields} for c in ids]


def solve(inputs: Inputs, rows: Any, **options: Any) -> Schedule:
    result = schedule(inputs, attendances(rows), seed="test", **options)
    assert faults(inputs, seats_of(result.placements), call_ups=False) == []
    return result


def placed(result: Schedule) -> set[tuple[str, str]]:
    return set(zip(result.placements["cadre_id"], result.placements["session_id"], strict=True))


def why(result: Schedule) -> list[str]:
    return result.unplaced["rule_id"].tolist()


# --- seats and least sizes ---------------------------------------------------------------------------------------------


def test_schedule_fills_sessions_evenly() -> None:
    inputs = make_inputs(
        cadres=cadres(*"abcdefgh"), sessions=[session("s", "03-02", "03-06"), session("t", "04-06", "04-10")]
    )
    result = solve(inputs, [(c, "p", 2020) for c in "abcdefgh"])
    # Eight people over two sessions of ten seats: four each.
    assert result.placements["session_id"].value_counts().to_dict() == {"s": 4, "t": 4}


def test_schedule_opens_only_sessions_that_reach_their_least_size() -> None:
    inputs = make_inputs(
        cadres=cadres(*"abcde"),
        sessions=[session("s", "03-02", "03-06", min_seats=3), session("t", "04-06", "04-10", min_seats=3)],
    )
    # Five people are 3 + 2, one short of two sessions of at least 3.
    result = solve(inputs, [(c, "p", 2020) for c in "abcde"])
    assert result.placements["session_id"].nunique() == 1
    assert result.unplaced.empty


def test_schedule_opens_both_sessions_when_both_reach_their_least_size() -> None:
    inputs = make_inputs(
        cadres=cadres(*"abcdef"),
        sessions=[session("s", "03-02", "03-06", min_seats=3), session("t", "04-06", "04-10", min_seats=3)],
    )
    assert solve(inputs, [(c, "p", 2020) for c in "abcdef"]).placements["session_id"].nunique() == 2


def test_missing_seat_names_seats_when_all_are_full() -> None:
    inputs = make_inputs(cadres=cadres(*"abc"), sessions=[session("s", "03-02", "03-06", seats=2)])
    result = solve(inputs, [(c, "p", 2020) for c in "abc"])
    assert why(result) == ["sessions-seats"]
    assert "1 are full (no schedule gives out more seats)" in result.unplaced["reason"][0]
    assert "名额已满" in result.unplaced["reason"][0].said("zh")


def test_missing_seat_names_least_size_when_too_few_come() -> None:
    inputs = make_inputs(cadres=cadres(*"ab"), sessions=[session("s", "03-02", "03-06", min_seats=3)])
    assert why(solve(inputs, [(c, "p", 2020) for c in "ab"])) == ["sessions-least", "sessions-least"]


def test_missing_seat_is_reported_when_the_programme_has_no_session() -> None:
    inputs = make_inputs(cadres=cadres("a"), sessions=[session("s", "03-02", "03-06")])
    result = solve(dataclasses.replace(inputs), [("a", "p", 2021)])
    assert why(result) == ["sessions-seats"]
    assert "no session in 2021" in result.unplaced["reason"][0]


def test_unnamed_group_is_split_over_sessions() -> None:
    inputs = make_inputs(
        cadres=cadres("g", headcount=40),
        sessions=[session("s", "03-02", "03-06"), session("t", "04-06", "04-10"), session("u", "04-06", "04-10")],
    )
    result = solve(inputs, [("g", "p", 2020, 30)])
    assert result.placements["headcount"].tolist() == [10, 10, 10]
    result = solve(inputs, [("g", "p", 2020, 31)])
    assert result.unplaced["headcount"].tolist() == [1]


def test_unnamed_group_never_has_more_people_away_than_it_has() -> None:
    inputs = make_inputs(
        cadres=cadres("g", headcount=4),
        sessions=[session("s", "03-02", "03-06"), session("t", "03-02", "03-06", programme_id="q")],
    )
    result = solve(inputs, [("g", "p", 2020, 2), ("g", "q", 2020, 3)])
    assert result.unplaced["headcount"].sum() == 1
    assert why(result) == ["no-overlap"]


# --- one person's days -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "is_placed"), [("03-06", False), ("03-07", True)])
def test_two_classes_of_one_person_never_share_a_day(first: str, is_placed: bool) -> None:
    inputs = make_inputs(
        cadres=cadres("a"),
        sessions=[session("s", "03-02", "03-06"), session("t", first, "03-12", programme_id="q")],
    )
    result = solve(inputs, [("a", "p", 2020), ("a", "q", 2020)])
    assert result.unplaced.empty is is_placed
    assert why(result) == [] if is_placed else ["no-overlap"]


def test_segments_are_the_days_a_session_takes() -> None:
    # ``t`` fits between the two parts of ``s``, ``u`` meets the second one.
    parts = "2020-03-02/2020-03-06@H1;2020-05-04/2020-05-08@H2"
    sessions = [
        session("s", "03-02", "05-08", segments=parts),
        session("t", "04-06", "04-10", programme_id="q"),
        session("u", "05-08", "05-12", programme_id="r"),
    ]
    inputs = make_inputs(cadres=cadres("a"), sessions=sessions)
    result = solve(inputs, [("a", "p", 2020), ("a", "q", 2020), ("a", "r", 2020)])
    assert ("a", "t") in placed(result)
    assert why(result) == ["no-overlap"]


@pytest.mark.parametrize(("first", "is_placed"), [("03-15", False), ("03-16", False), ("03-17", True)])
def test_rest_counts_free_days_between_two_classes(first: str, is_placed: bool) -> None:
    # The first class ends on 6 March; ten free days are 7 to 16 March.
    inputs = make_inputs(
        cadres=cadres("a"),
        sessions=[session("s", "03-02", "03-06"), session("t", first, "03-25", programme_id="q")],
        rules=[rule("spacing", rest_days=10)],
    )
    result = solve(inputs, [("a", "p", 2020), ("a", "q", 2020)])
    assert why(result) == ([] if is_placed else ["spacing"])


@pytest.mark.parametrize(
    "fields", [{"audience": {"cadre_id": ["b"]}}, {"programmes": {"programme_id": ["p"]}}, {"years": (2021,)}]
)
def test_rest_speaks_only_about_its_audience_programmes_and_years(fields: dict[str, Any]) -> None:
    inputs = make_inputs(
        cadres=cadres("a", "b"),
        sessions=[session("s", "03-02", "03-06"), session("t", "03-09", "03-13", programme_id="q")],
        rules=[rule("spacing", rest_days=10, **fields)],
        horizon=(2020, 2021),
    )
    assert solve(inputs, [("a", "p", 2020), ("a", "q", 2020)]).unplaced.empty


def test_rest_holds_across_the_turn_of_the_year() -> None:
    sessions = [
        session("s", "12-21", "12-25"),
        session("s0", "10-12", "10-16"),
        {"session_id": "t", "start_date": "2021-01-11", "end_date": "2021-01-15"},
    ]
    inputs = make_inputs(
        cadres=cadres("a"), sessions=sessions, rules=[rule("spacing", rest_days=30)], horizon=(2020, 2021)
    )
    assert placed(solve(inputs, [("a", "p", 2020), ("a", "p", 2021)])) == {("a", "s0"), ("a", "t")}


@pytest.mark.parametrize(
    ("end", "expected"), [("2020-02-20", []), ("2020-02-21", ["spacing"]), ("2020-03-03", ["no-overlap"])]
)
def test_the_record_counts_for_rest_and_overlap(end: str, expected: list[str]) -> None:
    # The class begins on 2 March; ten free days before it are 21 February to 1 March (2020 is a leap year).
    inputs = make_inputs(
        cadres=cadres("a"),
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("spacing", rest_days=10)],
        history=[
            {
                "cadre_id": "a",
                "programme_id": "p",
                "start_date": "2020-02-10",
                "end_date": end,
                "days": 5.0,
                "hours": 40.0,
            }
        ],
    )
    assert why(solve(inputs, [("a", "p", 2020)])) == expected


# --- groups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("team", "share", "most"), [(6, "1/3", 2), (5, "1/3", 1), (2, "1/3", 1), (6, "1/2", 3)])
def test_share_of_a_team_away_is_rounded_down_and_at_least_one(team: int, share: str, most: int) -> None:
    ids = [f"c{k}" for k in range(team)]
    inputs = make_inputs(
        cadres=cadres(*ids, team_id="t"),
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("away-limit", share=share)],
    )
    result = solve(inputs, [(c, "p", 2020) for c in ids])
    assert len(result.placements) == most
    assert set(why(result)) == {"away-limit"}


def test_people_without_a_team_are_no_group() -> None:
    inputs = make_inputs(
        cadres=cadres("a", "b", "c"),
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("away-limit", share="1/3")],
    )
    assert solve(inputs, [(c, "p", 2020) for c in "abc"]).unplaced.empty


def test_share_is_of_the_audience_within_the_group() -> None:
    people = [*cadres(*"abcd", team_id="t", rank="x"), *cadres("e", "f", team_id="t", rank="y")]
    inputs = make_inputs(
        cadres=people,
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("away-limit", share="1/2", audience={"rank": ["x"]})],
    )
    # Two of the four of rank x, and both of rank y.
    assert len(solve(inputs, [(c, "p", 2020) for c in "abcdef"]).placements) == 4


def test_two_heads_are_never_away_together() -> None:
    people = [
        {"cadre_id": "a", "team_id": "t", "post": "party-secretary"},
        {"cadre_id": "b", "team_id": "t", "post": "head"},
    ]
    apart = rule("away-limit", posts_apart=[("party-secretary", "head")])
    one = make_inputs(cadres=people, sessions=[session("s", "03-02", "03-06")], rules=[apart])
    assert why(solve(one, [("a", "p", 2020), ("b", "p", 2020)])) == ["away-limit"]
    two = [session("s", "03-02", "03-06"), session("t", "03-07", "03-11")]
    result = solve(make_inputs(cadres=people, sessions=two, rules=[apart]), [("a", "p", 2020), ("b", "p", 2020)])
    assert result.placements["session_id"].nunique() == 2


def test_two_deputies_may_be_away_together() -> None:
    people = cadres("a", "b", team_id="t", post="head")
    inputs = make_inputs(
        cadres=people,
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("away-limit", posts_apart=[("party-secretary", "head")])],
    )
    assert solve(inputs, [("a", "p", 2020), ("b", "p", 2020)]).unplaced.empty


@pytest.mark.parametrize(("to_date", "is_placed"), [("2020-03-01", True), ("2020-03-02", False)])
def test_no_class_touches_a_blocked_period(to_date: str, is_placed: bool) -> None:
    blocked = [{"from_date": "2020-02-20", "to_date": to_date}]
    inputs = make_inputs(
        cadres=cadres("a"), sessions=[session("s", "03-02", "03-06")], rules=[rule("away-limit", blocked=blocked)]
    )
    assert why(solve(inputs, [("a", "p", 2020)])) == ([] if is_placed else ["away-limit"])


def test_blocked_period_holds_for_its_audience_only() -> None:
    blocked = [{"from_date": "2020-03-02", "to_date": "2020-03-02"}]
    inputs = make_inputs(
        cadres=cadres("a", "b"),
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("away-limit", blocked=blocked, audience={"cadre_id": ["a"]})],
    )
    assert placed(solve(inputs, [("a", "p", 2020), ("b", "p", 2020)])) == {("b", "s")}


def test_wished_for_limit_gives_way_to_a_seat_and_a_reported_one_is_ignored() -> None:
    people = cadres("a", "b", team_id="t")
    for strength, together in (("hard", 1), ("soft", 2), ("report", 2)):
        inputs = make_inputs(
            cadres=people,
            sessions=[session("s", "03-02", "03-06")],
            rules=[rule("away-limit", share="1/2", strength=strength)],
        )
        result = schedule(inputs, attendances([("a", "p", 2020), ("b", "p", 2020)]), seed="test")
        assert len(result.placements) == together


def test_wished_for_limit_is_kept_where_it_can_be() -> None:
    inputs = make_inputs(
        cadres=cadres("a", "b", team_id="t"),
        sessions=[session("s", "03-02", "03-06"), session("t", "04-06", "04-10")],
        rules=[rule("away-limit", share="1/2", strength="soft")],
    )
    assert solve(inputs, [("a", "p", 2020), ("b", "p", 2020)]).placements["session_id"].nunique() == 2


def test_unknown_group_column_is_a_model_error() -> None:
    inputs = make_inputs(
        cadres=cadres("a"),
        sessions=[session("s", "03-02", "03-06")],
        rules=[rule("away-limit", share="1/2", group_by="squad")],
    )
    with pytest.raises(ModelError, match="squad"):
        schedule(inputs, attendances([("a", "p", 2020)]), seed="test")


# --- fixed -------------------------------------------------------------------------------------------------------------


def test_called_up_cadre_sits_in_that_session() -> None:
    called = rule("fixed", call_ups=[{"cadre_id": "a", "session_id": "t"}])
    inputs = make_inputs(
        cadres=cadres("a", "b", "c"),
        sessions=[session("s", "03-02", "03-06"), session("t", "04-06", "04-10", seats=1)],
        rules=[called],
    )
    result = solve(inputs, [(c, "p", 2020) for c in "abc"])
    assert placed(result) == {("a", "t"), ("b", "s"), ("c", "s")}
    assert result.placements.loc[result.placements["fixed"], "cadre_id"].tolist() == ["a"]
    # The seat is due even when the yearly stage did not ask for it.
    assert placed(solve(inputs, [("b", "p", 2020)])) >= {("a", "t")}


def test_everyone_called_is_marked_fixed() -> None:
    everyone = rule("fixed", everyone=True, audience={"cadre_id": ["a"]}, programmes={"programme_id": ["p"]})
    inputs = make_inputs(cadres=cadres("a", "b"), sessions=[session("s", "03-02", "03-06")], rules=[everyone])
    result = solve(inputs, [("a", "p", 2020), ("b", "p", 2020)])
    assert result.placements["fixed"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("pair", "is_placed"),
    [
        ({"session_id": "s"}, False),
        ({"session_id": "other"}, True),
        ({"programme_id": "p"}, False),
        ({"programme_id": "p", "year": 2021}, True),
        ({"year": 2020}, False),
    ],
)
def test_forbidden_pair_closes_its_sessions(pair: dict[str, Any], is_placed: bool) -> None:
    inputs = make_inputs(
        cadres=cadres("a"),
        sessions=[session("s", "03-02", "03-06"), session("other", "05-02", "05-06", programme_id="q")],
        rules=[rule("fixed", forbidden=[{"cadre_id": "a", **pair}])],
    )
    assert why(solve(inputs, [("a", "p", 2020)])) == ([] if is_placed else ["fixed"])


@pytest.mark.parametrize(("from_date", "is_placed"), [("2020-03-06", False), ("2020-03-07", True)])
def test_unavailable_period_closes_sessions_that_touch_it(from_date: str, is_placed: bool) -> None:
    away = [{"cadre_id": "a", "from_date": from_date, "to_date": "2020-04-30"}]
    inputs = make_inputs(
        cadres=cadres("a"), sessions=[session("s", "03-02", "03-06")], rules=[rule("fixed", unavailable=away)]
    )
    result = solve(inputs, [("a", "p", 2020)])
    assert why(result) == ([] if is_placed else ["fixed"])
    assert unreachable(inputs) == frozenset()  # The programme admits nobody by a rule.


def test_unknown_id_is_a_model_error() -> None:
    inputs = make_inputs(cadres=cadres("a"), sessions=[session("s", "03-02", "03-06")])
    with pytest.raises(ModelError, match="nobody"):
        schedule(inputs, attendances([("nobody", "p", 2020)]), seed="test")


# --- repair ------------------------------------------------------------------------------------------------------------


def test_others_move_to_make_a_seat() -> None:
    # b can only go to s, c only to s and t: a, c must leave s in a chain; u is the free end.
    sessions = [session(s, f"0{k}-02", f"0{k}-06", seats=1) for k, s in enumerate("stu", start=3)]
    forbidden = [
        {"cadre_id": "b", "session_id": "t"},
        {"cadre_id": "b", "session_id": "u"},
        {"cadre_id": "c", "session_id": "u"},
    ]
    inputs = make_inputs(cadres=cadres("a", "b", "c"), sessions=sessions, rules=[rule("fixed", forbidden=forbidden)])
    assert placed(solve(inputs, [(c, "p", 2020) for c in "abc"])) == {("a", "u"), ("b", "s"), ("c", "t")}


def test_work_limit_is_named_when_nothing_could_be_proven() -> None:
    sessions = [session(s, f"0{k}-02", f"0{k}-06", seats=3) for k, s in enumerate("stu", start=3)]
    ids = [f"c{k}" for k in range(9)]
    inputs = make_inputs(cadres=cadres(*ids, team_id="t"), sessions=sessions, rules=[rule("away-limit", share="1/4")])
    # 9 / 4 rounds down to 2 at a time, so 6 of 9 find a seat; without any work allowed nobody has proven it.
    result = solve(inputs, [(c, "p", 2020) for c in ids], work=1e-9)
    assert len(result.unplaced) == 3
    assert result.unplaced["reason"].str.contains("work limit").all()
    assert solve(inputs, [(c, "p", 2020) for c in ids]).unplaced["reason"].str.contains("no schedule").all()


def test_progress_is_told() -> None:
    inputs = make_inputs(cadres=cadres("a"), sessions=[session("s", "03-02", "03-06")])
    told: list[float | None] = []
    schedule(inputs, attendances([("a", "p", 2020)]), seed="x", on_progress=lambda step: told.append(step.done))
    assert told[0] == 0.0
    assert told[-1] == 1.0


def test_nothing_wanted_gives_empty_tables() -> None:
    inputs = make_inputs(cadres=cadres("a"), sessions=[session("s", "03-02", "03-06")])
    result = solve(inputs, [])
    assert result.placements.empty
    assert result.unplaced.empty


# --- what the yearly stage is told --------------------------------------------------------------------------------------


def test_capacity_leaves_out_sessions_nobody_can_use() -> None:
    blocked = [{"from_date": "2020-05-01", "to_date": "2020-05-03"}]
    sessions = [
        session("s", "03-02", "03-06", seats=10, min_seats=5),
        session("t", "04-06", "04-10", seats=4, min_seats=5),
        session("u", "05-02", "05-06", seats=20, min_seats=2),
    ]
    admit = rule("eligibility", audience={"cadre_id": ["a", "b"]})
    for who, seats, least in ((["a", "b"], 10, 5), (["a"], 30, 2)):
        stop = rule("away-limit", blocked=blocked, audience={"cadre_id": who})
        inputs = make_inputs(cadres=cadres("a", "b", "c"), sessions=sessions, rules=[admit, stop])
        total, smallest = capacity(inputs)
        assert (total.tolist(), smallest.tolist()) == ([[seats]], [[least]])


def test_pair_is_possible_when_some_sessions_leave_the_rest() -> None:
    sessions = [
        session("s", "03-02", "03-06"),
        session("t", "03-20", "03-24", programme_id="q"),
        session("u", "05-20", "05-24", programme_id="r"),
    ]
    admit = rule("eligibility")
    inputs = make_inputs(cadres=cadres("a"), sessions=sessions, rules=[admit, rule("spacing", rest_days=30)])
    possible = pair_is_possible(inputs)
    assert possible[:, :, 0].tolist() == [[False, False, True], [False, False, True], [True, True, False]]
    narrow = make_inputs(
        cadres=cadres("a", "b"),
        sessions=sessions,
        rules=[admit, rule("spacing", rest_days=30, audience={"cadre_id": ["a"]})],
    )
    # b may attend p and q, so the yearly stage must not forbid the pair.
    assert pair_is_possible(narrow)[0, 1, 0]


def test_unreachable_lists_years_in_which_every_session_is_closed() -> None:
    away = [{"cadre_id": "a", "from_date": "2020-03-01", "to_date": "2020-04-30"}]
    sessions = [
        session("s", "03-02", "03-06"),
        session("t", "04-06", "04-10"),
        session("u", "04-06", "05-10", programme_id="q"),
        session("v", "05-06", "05-10", programme_id="q"),
    ]
    inputs = make_inputs(
        cadres=cadres("a", "b"), sessions=sessions, rules=[rule("eligibility"), rule("fixed", unavailable=away)]
    )
    assert unreachable(inputs) == {("a", "p", 2020)}
    assert calendar(inputs).unreachable == {("a", "p", 2020)}
    assert calendar(inputs).seats.shape == (2, 1)


# --- properties --------------------------------------------------------------------------------------------------------


@st.composite
def tiny_cases(draw: Any) -> tuple[Inputs, list[Wanted]]:
    people = [
        {
            "cadre_id": c,
            "team_id": draw(st.sampled_from(["t1", "t2", ""])),
            "post": draw(st.sampled_from(["x", "y", "z"])),
        }
        for c in "abcd"[: draw(st.integers(2, 4))]
    ]
    people.append({"cadre_id": "g", "headcount": 3, "team_id": draw(st.sampled_from(["t1", ""]))})
    sessions = []
    for k in range(draw(st.integers(1, 5))):
        first = pd.Timestamp("2020-11-15") + pd.Timedelta(days=7 * draw(st.integers(0, 10)))
        days = [first, first + pd.Timedelta(days=draw(st.integers(0, 8)))]
        parts = ""
        if draw(st.integers(0, 4)) == 0:
            second = days[1] + pd.Timedelta(days=draw(st.integers(8, 20)))
            parts = f"{days[0]:%Y-%m-%d}/{days[1]:%Y-%m-%d};{second:%Y-%m-%d}/{second:%Y-%m-%d}@X"
            days[1] = second
        seats = draw(st.integers(1, 4))
        sessions.append(
            {
                "session_id": f"s{k}",
                "programme_id": draw(st.sampled_from("pq")),
                "start_date": days[0],
                "end_date": days[1],
                "seats": seats,
                "min_seats": draw(st.integers(0, seats)),
                "segments": parts,
            }
        )
    ids = [person["cadre_id"] for person in people[:-1]]
    rules = [
        rule("spacing", rest_days=draw(st.sampled_from([0, 7, 20]))),
        rule(
            "away-limit",
            share=draw(st.sampled_from(["1/3", "1/2", "1"])),
            posts_apart=draw(st.sampled_from([[], [("x", "y")]])),
            blocked=draw(st.sampled_from([[], [{"from_date": "2020-12-28", "to_date": "2021-01-03"}]])),
        ),
        rule(
            "fixed",
            forbidden=[{"cadre_id": draw(st.sampled_from(ids)), "session_id": draw(st.sampled_from(["s0", "s1"]))}],
            unavailable=draw(
                st.sampled_from([[], [{"cadre_id": "a", "from_date": "2020-12-01", "to_date": "2020-12-20"}]])
            ),
        ),
    ]
    past = [
        {"cadre_id": c, "programme_id": "p", "start_date": "2020-11-01", "end_date": "2020-11-12", "days": 5.0}
        for c in draw(st.sets(st.sampled_from(ids), max_size=1))
    ]
    inputs = make_inputs(
        cadres=people,
        sessions=sessions,
        rules=rules,
        history=past,
        horizon=(2020, 2021),
        programmes=[{"programme_id": "p"}, {"programme_id": "q"}],
    )
    possible = [(c, p, y, 1) for c in ids for p in "pq" for y in (2020, 2021)]
    wanted = draw(st.lists(st.sampled_from(possible), min_size=1, max_size=5, unique=True))
    if draw(st.booleans()):
        wanted[-1] = ("g", "p", 2020, draw(st.integers(1, 3)))
    return inputs, wanted


def most_by_brute_force(inputs: Inputs, wanted: list[Wanted]) -> int:
    """Most attendances that any choice of sessions places without a fault."""
    table = inputs.sessions
    choices = []
    for c, p, y, n in wanted:
        mine = table["session_id"][(table["programme_id"] == p) & (table["year"] == y)]
        splits = itertools.product(*([(s, k) for k in range(n + 1)] for s in mine))
        choices.append([[(c, s, k) for s, k in split if k] for split in splits if sum(k for _, k in split) <= n])
    best = 0
    for choice in itertools.product(*choices):
        seats = [seat for part in choice for seat in part]
        if sum(n for _, _, n in seats) > best and not faults(inputs, seats):
            best = sum(n for _, _, n in seats)
    return best


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(tiny_cases())
def test_schedule_places_as_many_as_brute_force(case: tuple[Inputs, list[Wanted]]) -> None:
    check_against_brute_force(*case)


@pytest.mark.long
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(tiny_cases())
def test_schedule_places_as_many_as_brute_force_in_many_cases(case: tuple[Inputs, list[Wanted]]) -> None:
    check_against_brute_force(*case)


def check_against_brute_force(inputs: Inputs, wanted: list[Wanted]) -> None:
    result = solve(inputs, wanted)
    seats, missing = result.placements["headcount"].sum(), result.unplaced["headcount"].sum()
    assert seats + missing == sum(n for _, _, _, n in wanted)
    assert seats == most_by_brute_force(inputs, wanted)
    assert result.unplaced["reason"].str.contains("no schedule gives out more|has no session").all()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(tiny_cases(), st.randoms(use_true_random=False))
def test_schedule_does_not_depend_on_row_order(case: Any, random: Any) -> None:
    inputs, wanted = case
    shuffled = random.sample(wanted, len(wanted))
    one, other = solve(inputs, wanted), solve(inputs, shuffled)
    pd.testing.assert_frame_equal(one.placements, other.placements)
    pd.testing.assert_frame_equal(one.unplaced, other.unplaced)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(tiny_cases())
def test_pairs_called_impossible_are_impossible(case: Any) -> None:
    inputs, _ = case
    admits = inputs.policy.model_copy(update={"rules": (*inputs.policy.rules, rule("eligibility"))})
    possible = pair_is_possible(dataclasses.replace(inputs, policy=admits))
    free = dataclasses.replace(inputs, history=inputs.history.iloc[:0])
    for y, year in enumerate(inputs.years):
        if not possible[0, 1, y]:
            for c in inputs.cadres["cadre_id"]:
                pair = [(s, t) for s, t in itertools.permutations(inputs.sessions["session_id"], 2)]
                at = inputs.sessions.set_index("session_id")
                for s, t in pair:
                    is_pq = at.at[s, "programme_id"] == "p" and at.at[t, "programme_id"] == "q"
                    if is_pq and at.at[s, "year"] == at.at[t, "year"] == year:
                        alone = [f for f in faults(free, [(c, s, 1), (c, t, 1)]) if "least size" not in f]
                        assert alone or at.at[s, "seats"] < at.at[s, "min_seats"], (c, s, t)
    assert possible.dtype == np.bool_


# --- proofs of pieces against the whole ---------------------------------------------------------------------------------


def crowded(seed: int) -> tuple[Inputs, list[Wanted]]:
    """Some sixty people in teams with two classes each and too few seats, so that many proofs meet."""
    random = Random(seed)
    people = [
        {"cadre_id": f"c{t}-{k}", "team_id": f"t{t}", "post": ["x", "y", "z"][min(k, 2)]}
        for t in range(10)
        for k in range(random.choice([3, 6, 8]))
    ]
    people += [{"cadre_id": f"g{k}", "headcount": 12} for k in range(3)]
    sessions: list[dict[str, Any]] = []
    for p in "opqrstu":
        for k in range(random.randint(1, 4)):
            first = pd.Timestamp("2020-01-06") + pd.Timedelta(days=random.randrange(330))
            seats = random.randint(3, 7)
            last = first + pd.Timedelta(days=random.choice([1, 4, 9]))
            sessions.append(
                {"session_id": f"{p}{k}", "programme_id": p, "start_date": first, "end_date": last, "year": 2020,
                 "seats": seats, "min_seats": random.randint(0, seats // 2)}
            )  # fmt: skip
    rules = [rule("spacing", rest_days=45), rule("away-limit", share="1/3", posts_apart=[("x", "y")])]
    wanted: list[Wanted] = []
    for person in people:
        is_group = person.get("headcount", 1) > 1
        for p in random.sample("opqrstu", random.randint(1, 2)):
            wanted.append((person["cadre_id"], p, 2020, random.randint(2, 9) if is_group else 1))
    return make_inputs(cadres=people, sessions=sessions, rules=rules), wanted


@pytest.mark.parametrize("seed", range(12))
def test_proofs_of_pieces_agree_with_the_whole(seed: int) -> None:
    inputs, wanted = crowded(seed)
    result = solve(inputs, wanted)
    assert result.unplaced["reason"].str.contains("no schedule gives out more seats").all()
    problem = build(inputs, attendances(wanted), seed="test")
    state = State(problem)
    seats = {(c, s): n for c, s, n in seats_of(result.placements)}
    for a, one in enumerate(problem.attendances):
        for s in one.options:
            if n := seats.get((problem.cadre_ids[one.person], problem.timetable.ids[s])):
                state.put(a, s, n)
    assert len(seats) == sum(len(people) for people in state.people)
    is_best, _ = none_more(state, [a for a, one in enumerate(problem.attendances) if one.options], work=60.0)
    assert is_best
