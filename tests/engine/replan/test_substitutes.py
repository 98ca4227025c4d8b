"""Who could take a seat: exactly those for whom the exact model has a plan, with what the auditor counts."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
import pytest

from allocator.answers import runs
from allocator.audit import audit
from allocator.domain.change import Published
from allocator.engine.build_plan import assemble
from allocator.engine.replan.situation import Situation
from allocator.engine.replan.substitutes import substitutes
from allocator.model.goals import signed
from tests.engine.builders import rule
from tests.engine.replan.builders import SPRING, SUMMER, office, published
from tests.property.exact import Exact
from tests.property.test_dated_exact import inputs_of, random_case


@pytest.mark.parametrize("seed", range(40, 70))
def test_those_who_could_come_and_what_it_changes_are_as_counted_by_others(seed: int) -> None:
    case = random_case(seed)
    case.people = [one | {"headcount": 1} for one in case.people]
    case.sessions = {s: one | {"min_seats": 0} for s, one in case.sessions.items()}
    inputs = inputs_of(case)
    run = runs.solve(inputs)
    table = run.plan.placements
    if not len(table) or not run.audit.is_clean:
        return
    row = table.iloc[random.Random(seed).randrange(len(table))]
    who, session = row["cadre_id"], row["session_id"]
    in_force = Published(table, date(2000, 1, 1), forced=frozenset({(who, session)}))
    found = substitutes(Situation(inputs, in_force), session, 100)
    rest = table[(table["cadre_id"] != who) | (table["session_id"] != session)]
    able = {one.cadre_id: one for one in found.substitutes if not one.gives_up}
    for other in inputs.cadres["cadre_id"]:
        if other == who or (other, session) in set(zip(rest["cadre_id"], rest["session_id"], strict=True)):
            continue
        seats = pd.DataFrame([*zip(rest["cadre_id"], rest["session_id"], strict=True), (other, session)])
        placed = dict.fromkeys(seats.itertuples(index=False), 1)
        is_possible = Exact(case, placed).count() is not None
        assert is_possible == (other in able), other
        if other not in able:
            continue
        after = assemble(inputs, seats.set_axis(["cadre_id", "session_id"], axis=1).assign(headcount=1, fixed=False))
        now = audit(after, inputs).goals
        for goal in Situation(inputs, in_force).goals:
            change = signed(goal, now[goal]) - signed(goal, run.audit.goals[goal])
            assert able[other].goals.get(goal, 0) == pytest.approx(change), (other, goal)


def test_they_stand_in_the_order_of_what_the_plan_loses() -> None:
    young = rule("quota", modality="at-least", amount=2, strength="hard", audience={"gender": ["female"]})
    people = [{"cadre_id": name, "gender": "female" if name in "abd" else "male"} for name in "abcd"]
    inputs = office(young, people=people, sessions=[SPRING])
    in_force = published(inputs, [("a", "spring"), ("b", "spring")], forced=frozenset({("a", "spring")}))
    found = substitutes(Situation(inputs, in_force), "spring")
    assert [one.cadre_id for one in found.substitutes] == ["a", "d", "c"][1:]
    assert [one.is_harmless for one in found.substitutes] == [True, False]
    assert found.substitutes[1].effects[0].rule_id == "quota"


def test_where_nobody_can_simply_come_a_chain_of_two_is_found() -> None:
    once = rule("spacing", classes_per_year=1)
    quota = rule("quota", modality="at-least", amount=4, strength="hard", admits=False)
    new = {"cadre_id": "new", "category": "beginner"}
    only = rule("eligibility", id="only-q", audience={"category": ["beginner"]}, programmes={"programme_id": ["q"]})
    old = rule("eligibility", id="others", audience={"category": ["cadre"]})
    other = SUMMER | {"session_id": "q", "programme_id": "q"}
    inputs = office(
        quota, once, only, old, people=[*({"cadre_id": name} for name in "abcd"), new], sessions=[SPRING, other]
    )
    rules = tuple(one for one in inputs.policy.rules if one.id != "admit")
    inputs = inputs.__class__(**vars(inputs) | {"policy": inputs.policy.model_copy(update={"rules": rules})})
    seats = [("a", "spring"), ("b", "spring"), ("c", "q"), ("d", "q")]
    in_force = published(inputs, seats, forced=frozenset({("a", "spring")}))
    found = substitutes(Situation(inputs, in_force), "spring").substitutes
    chains = [one for one in found if one.gives_up]
    assert [(one.gives_up, one.then in {"new", "a"}) for one in chains] == [("q", True)]
    assert chains[0].is_harmless


def test_who_has_no_room_on_these_days_cannot_come() -> None:
    meets = {"session_id": "q", "programme_id": "q", "start_date": date(2020, 3, 4), "end_date": date(2020, 3, 5)}
    inputs = office(sessions=[SPRING, meets])
    in_force = published(inputs, [("a", "spring"), ("b", "spring"), ("c", "q")], forced=frozenset({("a", "spring")}))
    found = substitutes(Situation(inputs, in_force), "spring")
    assert {one.cadre_id for one in found.substitutes} == {"d"}
    assert (found.admitted, found.able) == (3, 1)
