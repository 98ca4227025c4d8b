"""Why not: what forbids a seat is what the auditor finds, and the plan with it is the best of all plans that have it."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest

from allocator.answers import runs
from allocator.answers.explain import Explainer, WhyNot
from allocator.answers.explain.swap_effect import with_seats
from allocator.answers.explain.why_not import GOAL_COLUMNS, outcome_of
from allocator.audit import audit
from allocator.domain.plan import ordered
from allocator.domain.tables import Inputs, Policy
from allocator.model.goals import signed
from tests.engine.builders import make_inputs, rule
from tests.property.brute import Brute, TooLargeError, lexicographic_best
from tests.property.worlds import World, first_of, random_world

WORLDS = range(30, 42)
QUESTIONS = 4  # asked of each world
FORBIDDING = {"eligibility", "spacing", "away-limit", "fixed"}
BUILT_IN = {"sessions-eligible", "no-overlap", "headcount"}


@dataclass(frozen=True)
class Asked:
    """One question to one random problem."""

    world: World
    brute: Brute
    explainer: Explainer
    person: dict[str, Any]
    programme: str
    year: int

    @property
    def session(self) -> str:
        return f"{self.programme}-{self.year}"


def forced(inputs: Inputs, changes: dict[str, Any]) -> Inputs:
    """The inputs with the rules added; random problems were never read from files."""
    added = [rule(**fields) for fields in changes["rules"]]
    policy = inputs.policy
    rules = (*policy.rules, *added)
    return replace(inputs, policy=Policy(id=policy.id, title=policy.title, title_zh=policy.title_zh, rules=rules))


@pytest.fixture(autouse=True)
def _without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("allocator.answers.explain.why_not"), "changed", forced)


def asked(seed: int) -> Iterator[Asked]:
    """Questions to the problem of a seed: everybody of it about a few sessions; none where it is too large or has no plan."""
    world = random_world(seed, most_people=4)
    brute = Brute(world)
    try:
        if not world.sessions or not len(brute.plans()):
            return
    except TooLargeError:
        return
    explainer = Explainer(runs.solve(world.inputs()))
    counted = explainer.run.audit.goals
    if any(abs(counted.get(goal, 0.0)) != abs(n) for goal, n in lexicographic_best(brute.plans(), world.goals).items()):
        return  # Of a class for everyone that is not held in a year the auditor misses everybody, the enumeration nobody.
    pairs = [(person, session) for person in world.people for session in sorted(world.sessions)]
    for person, (programme, year) in random.Random(seed).sample(pairs, k=min(QUESTIONS, len(pairs))):
        yield Asked(world, brute, explainer, person, programme, year)


def best_with(one: Asked) -> dict[str, int] | None:
    """The best goals of all plans in which the person has the seat; ``None`` when there is none."""
    call = {"cadre_id": one.person["cadre_id"], "session_id": one.session}
    world = replace(one.world, rules=[*one.world.rules, rule("fixed", id="asked", call_ups=[call])])
    brute = Brute(world)
    plans = brute.plans()
    return lexicographic_best(plans, world.goals) if len(plans) else None


def values(found: WhyNot, goals: tuple[str, ...]) -> dict[str, int]:
    assert found.run is not None
    return {goal: round(signed(goal, found.run.audit.goals.get(goal, 0.0))) for goal in goals}  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", first_of(WORLDS, 3))
def test_answer_is_the_best_of_all_plans_with_the_seat(seed: int) -> None:
    for one in asked(seed):
        if one.person["headcount"] > 1:
            continue
        found = one.explainer.why_not(one.person["cadre_id"], one.session)
        best = best_with(one)
        if found.outcome in ("forbidden", "cannot"):
            assert best is None, (seed, one.person["cadre_id"], one.session)
            continue
        before = lexicographic_best(one.brute.plans(), one.world.goals)
        if found.outcome == "there":  # The plan has the seat, and it is the best of all.
            assert best == before
            continue
        if best is None:  # Only at the price of a strict rule, such as another's call-up: told as a violation.
            assert found.run is not None and "violation" in set(found.goals.loc[found.goals["loss"] > 0, "goal"])
            continue
        assert values(found, one.world.goals) == best, (seed, one.person["cadre_id"], one.session)
        assert found.outcome == ("tie" if best == before else "worse")
        moved = {row.goal: row.loss for row in found.goals.itertuples() if row.loss}
        assert found.first is None or found.first["least"] == found.first["loss"]  # No plan with the seat loses less.
        assert moved == {goal: best[goal] - before[goal] for goal in best if best[goal] != before[goal]}


def broken(one: Asked) -> set[str]:
    """Rules that the auditor finds broken by the seat and not without it, when only seats settled by name stand beside it."""
    inputs, plan = one.explainer.run.inputs, one.explainer.run.plan.placements
    own = plan[(plan["cadre_id"] == one.person["cadre_id"]) & plan["fixed"]]
    reports = [
        audit(ordered(with_seats(inputs, own, into=into)), inputs)
        for into in ([], [(one.person["cadre_id"], one.session)])
    ]
    violations = [{v.rule_id: v.finding.goals.get("violation", 0.0) for v in report.verdicts} for report in reports]
    kinds = {v.rule_id: v.kind for v in reports[0].verdicts}
    return {
        rule_id for rule_id, count in violations[1].items()
        if count > violations[0][rule_id] and (kinds[rule_id] in FORBIDDING or rule_id in BUILT_IN)
    }  # fmt: skip


@pytest.mark.parametrize("seed", first_of(range(100, 110), 2))
def test_rules_that_forbid_are_those_the_auditor_finds_broken(seed: int) -> None:
    for one in asked(seed):
        found = one.explainer.why_not(one.person["cadre_id"], one.session)
        if found.outcome == "there":
            continue
        named = set(found.forbidden["rule_id"]) - {"sessions-seats", "sessions-least"}
        assert named == broken(one), (seed, one.person["cadre_id"], one.session)
        if one.person["headcount"] == 1:
            place = one.world.years.index(one.year)
            is_open = any(one.programme in t[place] for t in one.brute.trajectories(one.person))
            assert is_open == (not named), (seed, one.person["cadre_id"], one.session)


def test_class_that_can_never_open_is_told() -> None:
    sessions = [{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 2, "min_seats": 3}]
    inputs = make_inputs(cadres=[{"cadre_id": "a"}], sessions=sessions, rules=[rule("eligibility")])
    found = Explainer(runs.solve(inputs)).why_not("a", "s")
    assert found.outcome == "forbidden" and found.forbidden["rule_id"].tolist() == ["sessions-least"]


def test_class_whose_seats_are_all_settled_by_name_is_told() -> None:
    sessions = [{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 1}]
    call = rule("fixed", call_ups=[{"cadre_id": "a", "session_id": "s"}])
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}, {"cadre_id": "b"}], sessions=sessions, rules=[rule("eligibility"), call]
    )
    explainer = Explainer(runs.solve(inputs))
    found = explainer.why_not("b", "s")
    assert found.outcome == "forbidden" and found.forbidden["rule_id"].tolist() == ["sessions-seats"]
    assert explainer.why_not("a", "s").outcome == "there"


def two_like(seats: int) -> Explainer:
    """Two people alike, one class a year with so many seats, one of them a year asked for."""
    sessions = [
        {"session_id": f"s{y}", "start_date": f"{y}-03-02", "end_date": f"{y}-03-06", "seats": seats}
        for y in (2020, 2021)
    ]
    rules = [rule("quota", amount=1, modality="exactly"), rule("spacing", same_programme_years=2)]
    cadres = [{"cadre_id": "a"}, {"cadre_id": "b"}]
    return Explainer(runs.solve(make_inputs(cadres=cadres, sessions=sessions, rules=rules, horizon=(2020, 2021))))


def test_nothing_gets_worse_is_a_tie_and_tells_who_moves() -> None:
    # One of two people alike goes in each year; they can only change years.
    explainer = two_like(seats=1)
    first = explainer.run.plan.placements.set_index("session_id").at["s2020", "cadre_id"]
    other = "b" if first == "a" else "a"
    found = explainer.why_not(other, "s2020")
    assert found.outcome == "tie" and found.comparison is not None
    people = found.comparison.people.set_index("cadre_id")
    assert people["before"].to_dict() == {first: "s2020", other: "s2021"}
    assert people["after"].to_dict() == {first: "s2021", other: "s2020"}


def test_unnamed_group_can_be_asked_about() -> None:
    # The class has one seat, which goes to the head; with the group in it the head stays at home.
    sessions = [{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 1}]
    cadres = [{"cadre_id": "a", "category": "head"}, {"cadre_id": "g", "headcount": 5}]
    rules = [rule("eligibility"), rule("priority", weight=1, audience={"category": "head"})]
    found = Explainer(runs.solve(make_inputs(cadres=cadres, sessions=sessions, rules=rules))).why_not("g", "s")
    assert found.outcome == "worse" and found.first is not None and found.first["goal"] == "priority"
    assert found.run is not None and found.run.plan.placements["cadre_id"].tolist() == ["g"]


def test_a_year_is_answered_by_its_best_session() -> None:
    # Both classes are open; the second clashes with nothing, the first with the call-up of the person.
    sessions = [
        {"session_id": "early", "programme_id": "p", "start_date": "2020-03-02", "end_date": "2020-03-06"},
        {"session_id": "late", "programme_id": "p", "start_date": "2020-09-07", "end_date": "2020-09-11"},
        {"session_id": "named", "programme_id": "q", "start_date": "2020-03-04", "end_date": "2020-03-05"},
    ]
    rules = [rule("eligibility"), rule("quota", amount=0, modality="exactly", programmes={"programme_id": "p"}),
             rule("fixed", call_ups=[{"cadre_id": "a", "session_id": "named"}])]  # fmt: skip
    explainer = Explainer(runs.solve(make_inputs(cadres=[{"cadre_id": "a"}], sessions=sessions, rules=rules)))
    for question in ("p", "p@2020"):
        found = explainer.why_not("a", question)
        assert found.session_id == "late" and found.outcome == "worse"
        assert found.sessions.set_index("session_id")["state"].to_dict() == {"early": "forbidden", "late": "tried"}
        assert (
            found.first is not None
            and found.first["goal"] == "violation"
            and found.first["least"] == found.first["loss"]
        )
    assert explainer.why_not("a", 2020).outcome == "there"


@pytest.mark.parametrize(
    ("before", "bound", "after", "new_bound", "outcome"),
    [
        (10, 10, 10, 10, "tie"),
        (10, 10, 12, 12, "worse"),  # Proven: no plan with the seat has less.
        (10, 8, 12, None, "unclear"),  # The plan before may be two from the best itself.
        (10, 8, 13, None, "worse"),
        (10, 8, 9, None, "better"),
        (10, 8, 12, 11, "worse"),
    ],
)
def test_a_loss_within_the_gap_is_told_as_such(
    before: float, bound: float, after: float, new_bound: float | None, outcome: str
) -> None:
    least = float("nan") if new_bound is None else max(0.0, new_bound - before)
    row = ("owed", "min", "hours", before, after, after - before, before - bound, least, "proven", "proven")
    assert outcome_of(pd.DataFrame([row], columns=list(GOAL_COLUMNS))) == outcome
