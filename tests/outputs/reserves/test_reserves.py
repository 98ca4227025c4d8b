"""Reserves against the auditor: whoever may stand in leaves every hard rule as it was, and nobody better is left out."""

from dataclasses import replace

import pandas as pd
import pytest

from allocator.audit import audit
from allocator.audit.records import Records
from allocator.domain.plan import ordered
from allocator.domain.tables import Policy
from allocator.domain.tie_break import draw
from allocator.outputs.reserves import Reserves
from tests.outputs.builders import POLICY, YEARS, run, table

SHARED = {"built-in", "eligibility", "quota", "share-floor", "spacing", "away-limit", "fixed"}

JUDGED = YEARS[:2]  # one with nothing before it, one with years on both sides

STRICT = (
    {"id": "repeat", "kind": "spacing", "title": "", "title_zh": "", "same_programme_years": 2},
    {"id": "long", "kind": "spacing", "title": "", "title_zh": "", "long_days": 30, "long_years": 2},
    {"id": "yearly", "kind": "spacing", "title": "", "title_zh": "", "classes_per_year": 1},
    {"id": "away", "kind": "away-limit", "title": "", "title_zh": "", "share": "1/5"},
    {"id": "apart", "kind": "away-limit", "title": "", "title_zh": "", "posts_apart": (("head", "deputy"),)},
    {"id": "named", "kind": "fixed", "title": "", "title_zh": "",
     "forbidden": ({"cadre_id": "0000003", "programme_id": "school", "year": 2019},),
     "unavailable": ({"cadre_id": "0000004", "from_date": "2020-04-02", "to_date": "2020-04-02"},)},
)  # fmt: skip


def world(*rules, past=(), **options):
    """A small run whose policy has further rules and whose people have a record."""
    made = run(**options)
    policy = Policy.model_validate({**POLICY, "rules": (*POLICY["rules"], *rules)})
    history = table("history", list(past)) if past else made.inputs.history.drop(columns="year")
    inputs = replace(made.inputs, policy=policy, history=history.assign(year=history["start_date"].dt.year))
    return inputs, made.plan


def attended(cadre_id, year):
    """A class of the base on record."""
    return {"cadre_id": cadre_id, "programme_id": "base", "start_date": f"{year}-05-13", "end_date": f"{year}-05-17",
            "days": 5.0, "hours": 37.5, "content": "party-spirit"}  # fmt: skip


def shortfalls(inputs, plan):
    """How far each hard rule is missed that one seat more or less can touch."""
    return {v.rule_id: v.shortfall for v in audit(plan, inputs).verdicts if v.kind in SHARED and v.strength == "hard"}


def swapped(inputs, plan, session_id, cadre_id, by):
    """The plan with another cadre in a seat."""
    table = plan.placements.copy()
    seat = (table["session_id"] == session_id) & (table["cadre_id"] == cadre_id)
    assert seat.sum() == 1
    person = inputs.cadres.set_index("cadre_id").loc[by]
    table.loc[seat, ["cadre_id", "unit_id", "team_id"]] = [by, person["unit_id"], person["team_id"]]
    return ordered(table)


def who_may(inputs, plan):
    """By brute force: (session, seat) -> everybody who leaves all hard rules as they are."""
    rules = tuple(rule for rule in inputs.policy.rules if rule.kind in SHARED and rule.strength == "hard")
    inputs = replace(inputs, policy=inputs.policy.model_copy(update={"rules": rules}))
    before = shortfalls(inputs, plan)
    named = inputs.cadres.loc[inputs.cadres["headcount"] == 1, "cadre_id"]
    found = {}
    judged = plan.placements[(plan.placements["headcount"] == 1) & plan.placements["year"].isin(JUDGED)]
    for session_id, own in judged.groupby("session_id"):
        for seat in own["cadre_id"]:
            found[session_id, seat] = set()
            for by in set(named) - set(own["cadre_id"]):
                after = shortfalls(inputs, swapped(inputs, plan, session_id, seat, by))
                if all(after[rule] <= before[rule] for rule in before):
                    found[session_id, seat].add(by)
    return found


@pytest.mark.parametrize(
    "without", [(), pytest.param(("fifth",), marks=pytest.mark.long), ("fifth", "away", "yearly", "repeat")]
)
def test_reserves_are_those_whom_the_auditor_accepts_and_the_first_in_the_order(without):
    past = [attended("0000002", 2016), attended("0000004", 2018), attended("0000009", 2015)]
    inputs, plan = world(*STRICT, past=past, without=[("base-2020", 0)])
    rules = tuple(rule for rule in inputs.policy.rules if rule.id not in without)
    posts = ["head", "deputy", "member", "deputy", "head"] * 2
    inputs = replace(
        inputs,
        policy=inputs.policy.model_copy(update={"rules": rules}),
        cadres=inputs.cadres.assign(post=[*posts, ""]),
    )
    records = Records(plan, inputs)
    accepted = who_may(inputs, plan)
    assert len({len(people) for people in accepted.values()}) > 1
    for year in JUDGED:
        reserves = Reserves(inputs, records).of_year(year)
        session_id = f"school-{year}"
        seats = [seat for session, seat in accepted if session == session_id]
        able = set().union(*(accepted[session_id, seat] for seat in seats))
        for reserve in reserves:
            assert set(reserve.stands_in) == {s for s in seats if reserve.cadre_id in accepted[session_id, s]}
            assert reserve.draw == draw("seed", reserve.cadre_id, session_id)
        listed = [reserve.cadre_id for reserve in reserves]
        assert len(set(listed)) == len(listed)
        last = {c: last_class(inputs, plan, c, year) for c in able}
        order = sorted(able, key=lambda c: (last[c], draw("seed", c, session_id)))
        assert listed == [c for c in order if c in listed]
        assert set(order[:2]) <= set(listed)  # Two at least, where there are two.
        for seat in seats:  # The first who can take a seat is always on the list.
            first = next((c for c in order if c in accepted[session_id, seat]), None)
            assert first is None or {first, *order[:2]} & accepted[session_id, seat] & set(listed)


def last_class(inputs, plan, cadre_id, year):
    """Year of the last class up to a year, 0 for none."""
    past = inputs.history.loc[inputs.history["cadre_id"] == cadre_id, "year"]
    planned = plan.placements.loc[plan.placements["cadre_id"] == cadre_id, "year"]
    return max([0, *(int(y) for y in pd.concat([past, planned]) if y <= year)])


def test_team_just_at_its_floor_is_replaced_by_its_own_people_only():
    inputs, plan = world()
    team = inputs.cadres.set_index("cadre_id")["team_id"]
    reserves = Reserves(inputs, Records(plan, inputs)).of_year(2019)
    assert reserves
    for reserve in reserves:  # One of five goes, and one fifth is one.
        assert {team[seat] for seat in reserve.stands_in} == {team[reserve.cadre_id]}


def test_anybody_stands_in_where_teams_have_somebody_to_spare():
    inputs, plan = world()
    rules = tuple(rule for rule in inputs.policy.rules if rule.id != "fifth")
    inputs = replace(inputs, policy=inputs.policy.model_copy(update={"rules": rules}))
    reserves = Reserves(inputs, Records(plan, inputs)).of_year(2019)
    assert [len(reserve.stands_in) for reserve in reserves] == [2, 2]


def test_longest_wait_comes_first_and_never_before_all():
    past = [attended("0000001", 2014), attended("0000002", 2012), attended("0000004", 2018)]
    inputs, plan = world(past=past)
    own = [r for r in Reserves(inputs, Records(plan, inputs)).of_year(2019) if r.cadre_id < "0000005"]
    # Of the first team 3 was never there; the others could only follow.
    assert own[0].cadre_id == "0000003" and own[0].last is None


def test_reserve_serves_every_rule_of_the_seat():
    inputs, plan = world()
    placements = plan.placements.assign(
        rules=[f"{r};young" if s == "school-2020" else r for r, s in zip(plan.placements["rules"], plan.placements["session_id"], strict=True)]
    )  # fmt: skip
    reserves = Reserves(inputs, Records(ordered(placements), inputs)).of_year(2020)
    assert reserves == []  # Member 1 of every team is on the young list, and both have seats.


@pytest.mark.parametrize("year", YEARS)
def test_fixed_seats_and_unnamed_groups_have_no_reserves(year):
    inputs, plan = world()
    assert {r.session_id for r in Reserves(inputs, Records(plan, inputs)).of_year(year)} == {f"school-{year}"}
    fixed = ordered(plan.placements.assign(fixed=True))
    assert Reserves(inputs, Records(fixed, inputs)).of_year(year) == []


def test_one_reserve_for_ten_seats():
    inputs, plan = world(counties=25)
    rules = tuple(rule for rule in inputs.policy.rules if rule.id != "fifth")
    inputs = replace(inputs, policy=inputs.policy.model_copy(update={"rules": rules}))
    assert len(Reserves(inputs, Records(plan, inputs)).of_year(2019)) == 3  # 25 seats


def test_reserves_do_not_depend_on_the_order_of_the_roster():
    inputs, plan = world(counties=3)
    upside_down = replace(inputs, cadres=inputs.cadres.iloc[::-1].reset_index(drop=True))
    assert Reserves(inputs, Records(plan, inputs)).of_year(2020) == (
        Reserves(upside_down, Records(plan, upside_down)).of_year(2020)
    )
