"""Only what no dated plan keeps is called a conflict, and only what is proven is called proven: against all dated plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from allocator.answers.conflicts import conflict, repairs
from allocator.answers.conflicts.demands import by_scope, limbs, whole
from allocator.answers.conflicts.feasibility_oracle import Trials, told_apart
from allocator.answers.conflicts.text import MOST
from allocator.answers.runs import exit_code
from allocator.checks import count
from allocator.cli.options import Code
from allocator.cli.plan import _how
from allocator.domain.result import SolveStatus
from allocator.domain.rules import GOALS, RuleKind
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import load
from tests.answers.conflicts.builders import written
from tests.answers.conflicts.test_truth import who_may
from tests.engine.builders import make_inputs, rule
from tests.property.brute import best_given
from tests.property.dated import DatedBrute, DatedWorld, narrow_world

TELLING = (28, 51, 66, 99)
"""Problems of which the dates refused a plan of the years, and whose years planned again were once taken for a proof."""

SEEDS, CHUNK = 400, 20
LONG = [pytest.param(range(first, first + CHUNK), marks=pytest.mark.long) for first in range(0, SEEDS, CHUNK)]
VIOLATION = GOALS.index("violation")


def least_violation(world: DatedWorld, rules: Sequence[RuleKind]) -> float:
    """By how much every dated plan misses some rules; infinite where the strict ones among them leave no plan."""
    plans = DatedBrute(replace(world, rules=list(rules))).plans()
    return float(plans[:, VIOLATION].min()) if len(plans) else float("inf")


def check(seed: int) -> None:
    """Counting, bound, exit code and conflicts of a problem, each against all dated plans."""
    world = narrow_world(seed)
    inputs, least = world.inputs(), least_violation(world, world.rules)
    assert count(inputs).ok or least > 0, f"seed {seed}: counting"
    run = Planner().plan(inputs)
    bounds = {goal.goal: goal.bound for goal in run.result.goals}
    assert (bounds.get("violation") or 0) <= least, f"seed {seed}: bound"
    found = conflict(run, seconds=None)
    if exit_code(run, found) == 4 or run.cannot_keep_rules:
        assert least > 0, f"seed {seed}: exit code"
    open_ = who_may(world)
    for one in found.conflicts:
        members = [*one.parts, *(one.strict if one.is_strict_known else limbs(inputs))]
        lacking = least_violation(world, [*open_, *told_apart(members)])
        assert lacking > 0, f"seed {seed}: {one}"
        if one.lacking:  # It was measured with all strict limits.
            everything = [*open_, *told_apart([*one.parts, *limbs(inputs)])]
            assert one.lacking <= least_violation(world, everything), f"seed {seed}: {one}"
        for member in (*one.parts, *(one.strict if one.is_strict_known else ())):
            rest = [other for other in members if other != member]
            is_needed = least_violation(world, [*open_, *told_apart(rest)]) == 0
            assert is_needed or member in one.unconfirmed, f"seed {seed}: {member.key}"


@pytest.mark.parametrize(
    "seeds", [pytest.param((28, 51, 99), id="telling"), pytest.param((66,), marks=pytest.mark.long), *LONG]
)
def test_conflicts_and_proofs_hold_for_all_dated_plans(seeds: Sequence[int]) -> None:
    for seed in seeds:
        check(seed)


@pytest.mark.parametrize(
    "seeds",
    [pytest.param((51,), id="telling"), pytest.param(TELLING, marks=pytest.mark.long), *LONG[: len(LONG) // 4]],
)
def test_repairs_of_dated_problems_keep_every_rule(seeds: Sequence[int], tmp_path: Path) -> None:
    made = 0
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = narrow_world(seed)
        inputs = load(written(world, folder))
        for repair in repairs(inputs, seconds=None).repairs:
            mended = load(folder / "scenario.toml", changes=dict(repair.changes))
            assert Planner().plan(mended).audit.is_clean, f"seed {seed}: {repair}"
            if "more-seats" not in repair.kinds:
                assert least_violation(world, mended.policy.rules) == 0, f"seed {seed}: {repair}"
            made += 1
    assert made


# Two women who may attend a class of ten days in July or November and one of five in July; the second woman, who is in no team
# of the rule, cannot attend the third class in May. Both classes of July meet. One of them must go in May, the other in November.
@pytest.fixture(scope="module")
def two_women() -> DatedWorld:
    world = DatedWorld(0, years=(2021, 2022))
    common: dict[str, Any] = {"category": "head", "gender": "female", "headcount": 1}
    world.people = [
        common | {"cadre_id": "a", "unit_id": "V", "team_id": "x"},
        common | {"cadre_id": "b", "unit_id": "W", "team_id": "y"},
    ]
    world.programmes = [
        {
            "programme_id": p,
            "content": content,
            "days": days,
            "hours": 8 * days,
            "host_group": "g",
            "serves_unit_id": "",
        }
        for p, content, days in (("p0", "party-spirit", 5.0), ("p2", "theory", 10.0), ("p3", "party-spirit", 5.0))
    ]
    world.sessions = {
        ("p0", 2021): (date(2021, 5, 12), date(2021, 5, 16), 1, 1),
        ("p2", 2021): (date(2021, 7, 1), date(2021, 7, 10), 0, 3),
        ("p3", 2021): (date(2021, 7, 8), date(2021, 7, 12), 1, 2),
    }
    world.more = {("p2", 2021): [(date(2021, 11, 27), date(2021, 12, 6), 1, 1)]}
    world.rules = [
        rule("eligibility", id="teams", audience={"not": {"team_id": ""}}, programmes={"programme_id": ["p0"]}),
        rule("eligibility", id="all", programmes={"programme_id": ["p3"]}),
        rule(
            "quota", id="most", amount=4, modality="at-most", admits=True, strength="hard",
            audience={"gender": ["female"]}, programmes={"content": ["theory"]},
        ),
        rule("interval", id="both", contents=["theory", "party-spirit"], every_years=3, least_days=4, years=[2021]),
    ]  # fmt: skip
    return world


@pytest.fixture(scope="module")
def women_planned(two_women: DatedWorld) -> Run:
    return Planner().plan(two_women.inputs())


def test_rules_that_other_dates_keep_are_called_open(two_women: DatedWorld, women_planned: Run) -> None:
    assert least_violation(two_women, two_women.rules) == 0
    found = conflict(women_planned, seconds=None)
    assert not found.conflicts and not found.is_proven
    if not women_planned.audit.is_clean:
        assert exit_code(women_planned, found) == 5
        assert "is open" in found.said("en") and "尚无定论" in found.said("zh")


def test_years_planned_again_for_the_dates_tell_no_bound(two_women: DatedWorld) -> None:
    told: list[tuple[str, float | None]] = []
    inputs = two_women.inputs()
    clock = Clock(None, on_progress=lambda one: told.append((one.phase, one.bound)))
    Planner().plan(inputs, clock)
    again = told[[phase for phase, _ in told].index("dates") :]
    assert all(bound is None for _, bound in again)


def test_run_that_ends_by_itself_is_not_said_to_have_met_a_limit(women_planned: Run) -> None:
    assert women_planned.result.status in (SolveStatus.OPEN, SolveStatus.PROVEN)
    ended = replace(women_planned, result=replace(women_planned.result, status=SolveStatus.OPEN))
    assert exit_code(ended) == 5
    assert _how(ended, Code.LIMIT) == ("5-open" if ended.audit.is_clean else "5-rules")


def first_goal(run: Run, goals: tuple[Any, ...], at_most: dict[str, int] | None) -> Run:
    limits = run.inputs.scenario.limits.model_copy(update={"at_most": at_most})
    scenario = run.inputs.scenario.model_copy(update={"goals": goals, "limits": limits})
    return Planner().plan(replace(run.inputs, scenario=scenario))


def test_bound_of_violation_is_a_proof_only_where_nothing_stands_before_it() -> None:
    # One seat, and two people who must both attend; a second class that nobody must attend can only cost hours.
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}, {"cadre_id": "b"}],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 1}],
        rules=[
            rule("eligibility"),
            rule("coverage", window_years=1, strength="hard"),
            rule("quota", amount=0, modality="at-most", strength="soft"),
        ],
    )
    run = Planner().plan(inputs)
    assert run.cannot_keep_rules and exit_code(run) == 4
    behind = first_goal(run, ("quota-excess", "violation"), None)
    assert dict(zip(behind.goals["goal"], behind.goals["bound"], strict=True))["violation"] == 2
    assert not behind.cannot_keep_rules and exit_code(behind) == 5
    limited = first_goal(run, ("violation", "quota-excess"), {"quota-excess": 0})
    assert not limited.cannot_keep_rules and exit_code(limited) == 5


@pytest.mark.parametrize("seed", [66, 70])
def test_bounds_beside_a_limit_that_dates_break_hold_for_plans_that_break_it_too(seed: int) -> None:
    world = narrow_world(seed)
    wish = {"modality": "exactly", "amount": 2, "strength": "soft", "audience": {"gender": ["female"]}}
    world.rules += [rule("priority", id="points", weight=1), rule("quota", id="wish", **wish)]
    plans = DatedBrute(world).plans()
    for first in ("priority", "quota-excess"):
        world.goals = (first, "violation")
        inputs = world.inputs()
        limits = inputs.scenario.limits.model_copy(update={"at_most": {"violation": 0}})
        run = Planner().plan(replace(inputs, scenario=inputs.scenario.model_copy(update={"limits": limits})))
        signs = [-1 if goal.goal == "priority" else 1 for goal in run.result.goals]
        values = {goal.goal: sign * goal.value for goal, sign in zip(run.result.goals, signs, strict=True)}
        as_good = plans[plans[:, VIOLATION] <= values["violation"]]
        bound = run.result.goals[0].bound
        assert bound is not None and signs[0] * bound <= best_given(as_good, world.goals, first, values), first


def team(able: int, *, sessions: int = 1) -> Inputs:
    """Nine people of a team of which a third may be away at once; the first of them may attend the class."""
    return make_inputs(
        cadres=[{"cadre_id": f"c{n}", "team_id": "t", "category": "head" if n < able else "deputy"} for n in range(9)],
        sessions=[
            {"session_id": f"s{n}", "start_date": "2020-03-02", "end_date": "2020-03-06"} for n in range(sessions)
        ],
        rules=[
            rule("eligibility", audience={"category": ["head"]}),
            rule("away-limit", id="away", group_by="team_id", share="1/3"),
            rule("coverage", id="all", window_years=1, strength="hard", audience={"category": ["head"]}),
        ],
    )


def test_share_away_is_one_of_the_whole_team_in_questions_about_few() -> None:
    # A third of nine are three; of the three whom the question concerns it would be one.
    inputs = team(able=3)
    asked = [small for part in whole(inputs.policy.rule("all"), inputs) for small in by_scope(part, inputs)]
    assert len(asked) == 3
    assert Trials(inputs).ask(asked).can is True
    four = team(able=4)
    assert Trials(four).ask(whole(four.policy.rule("all"), four)).can is False


def crowded(people: int) -> Inputs:
    """So many people who must all attend one class of five seats."""
    return make_inputs(
        cadres=[{"cadre_id": f"c{n:02}"} for n in range(people)],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 5}],
        rules=[rule("eligibility"), rule("coverage", id="all", window_years=1, strength="hard", clause="7")],
    )


def test_counting_comes_first_and_few_members_follow() -> None:
    found = conflict(Planner().plan(crowded(7)), seconds=None)
    assert len(found.conflicts[0].parts) == 6  # Any six of them.
    for lang, counted, more in (
        ("en", "people who may attend: 6; seats that count: 5", "and 1 more"),
        ("zh", "能参加的6人；1个班次共5个名额", "1"),
    ):
        lines = found.said(lang).splitlines()
        assert counted in lines[2]
        member = next(line for line in lines if line.strip().startswith("·"))
        assert lines.index(member) > 2 and member.count("c0") == 2 * MOST and more in member
        assert len(lines) < 10


def test_figures_of_a_conflict_are_told_where_counting_proves_nothing(two_women: DatedWorld) -> None:
    # Nobody but one woman may attend both, and the class of July that remains meets the other.
    world = replace(two_women, more={}, sessions={k: v for k, v in two_women.sessions.items() if k[0] != "p0"})
    assert least_violation(world, world.rules) > 0
    found = conflict(Planner().plan(world.inputs()), seconds=None)
    (one, *_) = found.conflicts
    assert one.tally is not None and (one.tally.people, one.tally.sessions) == (1, 2)
    assert one.arguments or "in numbers: " in found.said("en")
