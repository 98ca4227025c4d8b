"""Why: what a seat serves, who was next and what separates the two are what the auditor and the published draw say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from allocator.answers import runs
from allocator.answers.explain import Explainer, Why
from allocator.answers.explain.moves import fewest_moves
from allocator.answers.explain.swap_effect import with_rules, with_seats
from allocator.answers.ledger import ledger
from allocator.audit import AuditReport, audit
from allocator.audit.goal_units import goal_parts, goal_unit
from allocator.audit.records import Records
from allocator.domain.plan import ordered
from allocator.domain.result import GoalResult
from allocator.domain.tables import Inputs
from allocator.domain.tie_break import draw
from allocator.engine.run import Run
from allocator.inputs import load
from allocator.model.goals import signed
from allocator.outputs.reserves import Reserves
from allocator.outputs.summary import text
from tests.engine.builders import make_inputs, rule
from tests.property.worlds import first_of, random_world

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"
SOME = ("N3", "N7", "S3")


@pytest.fixture(scope="module")
def run() -> Run:
    return runs.solve(load(TINY))


@pytest.fixture(scope="module")
def explainer(run: Run) -> Explainer:
    return Explainer(run)


@pytest.fixture(scope="module", params=["few", pytest.param("all", marks=pytest.mark.long)])
def answers(request: pytest.FixtureRequest, run: Run, explainer: Explainer) -> dict[str, Why]:
    """Why the people of the plan have their seats; some are enough to meet each sort of answer."""
    everybody = run.inputs.cadres["cadre_id"].tolist()
    return {cadre: explainer.why(cadre) for cadre in (everybody if request.param == "all" else SOME)}


def judged(run: Run, **seats: list[tuple[str, str]]) -> AuditReport:
    """The auditor's whole report on the plan with some seats given up (``out``) and others taken (``into``)."""
    return audit(ordered(with_seats(run.inputs, run.plan.placements, **seats)), run.inputs)


def losses(run: Run, after: AuditReport) -> dict[str, float]:
    """What every goal loses against the plan, goal by goal in their order, those that stay left out."""
    change = {goal: signed(goal, after.goals[goal]) - signed(goal, run.audit.goals[goal]) for goal in after.goals}
    return {goal: change[goal] for goal in run.inputs.scenario.goals if change.get(goal)}


def test_everybody_of_the_plan_has_the_seats_of_the_plan(run: Run, answers: dict[str, Why]) -> None:
    told = sorted((cadre, session) for cadre, found in answers.items() for session in found.seats["session_id"])
    placed = run.plan.placements[run.plan.placements["cadre_id"].isin(list(answers))]
    assert told == sorted(zip(placed["cadre_id"], placed["session_id"], strict=True))
    assert len(told) >= 2 * len(answers)


def test_an_empty_seat_loses_what_the_auditor_says(run: Run, answers: dict[str, Why]) -> None:
    for cadre in answers.keys() & {"N3", "N7", "S4"}:
        found = answers[cadre]
        for session in found.seats["session_id"]:
            told = found.emptied[found.emptied["session_id"] == session]
            assert dict(zip(told["goal"], told["loss"], strict=True)) == losses(
                run, judged(run, out=[(cadre, session)])
            )


def test_the_two_are_separated_by_the_first_goal_that_moves_when_they_change_places(
    run: Run, answers: dict[str, Why]
) -> None:
    seen = set()
    for cadre in answers.keys() & {"N1", "N5", "S2", "S3", "S6"}:
        for row in answers[cadre].next.itertuples():
            moved = losses(run, judged(run, out=[(cadre, row.session_id)], into=[(row.cadre_id, row.session_id)]))
            goal = next(iter(moved), "")
            assert row.goal == goal and (not goal or row.loss == moved[goal])
            own = answers[cadre].causes
            own = own[(own["session_id"] == row.session_id) & (own["goal"] == goal)]
            assert sum(own["change"]) == (moved[goal] if goal else 0)
            seen.add(row.sort)
    assert seen == {"may", "bound", "busy"}


def test_own_figures_add_up_to_the_difference_where_no_shared_rule_counts(answers: dict[str, Why]) -> None:
    # Hours are owed person by person: what the one gains and the other loses is the whole difference.
    seen = 0
    for found in answers.values():
        for row in found.next[found.next["goal"] == "owed"].itertuples():
            own = found.measures[(found.measures["session_id"] == row.session_id) & (found.measures["goal"] == "owed")]
            mine, theirs = (own[own["cadre_id"] == cadre].iloc[0] for cadre in (found.person.cadre_id, row.cadre_id))
            gain = mine["without_seat"] - mine["with_seat"] - (theirs["without_seat"] - theirs["with_seat"])
            assert gain == row.loss
            seen += 1
    assert seen


def test_next_is_the_first_reserve_who_may_take_the_seat(run: Run, answers: dict[str, Why]) -> None:
    reserves = Reserves(run.inputs, Records(run.plan, run.inputs))
    seen = 0
    for cadre, found in answers.items():
        for row in found.next[found.next["sort"] == "may"].itertuples():
            year = int(found.seats.set_index("session_id").at[row.session_id, "year"])
            listed = [
                one.cadre_id for one in reserves.of_year(year)
                if one.session_id == row.session_id and cadre in one.stands_in
            ]  # fmt: skip
            assert row.cadre_id == listed[0]
            seen += 1
    assert seen


@pytest.mark.parametrize("seed", first_of(range(60, 65), 2))
def test_next_of_random_problems_is_first_by_wait_and_draw_among_those_whom_the_auditor_lets_in(seed: int) -> None:
    run = runs.solve(random_world(seed).inputs())
    explainer, seen = Explainer(run), 0
    for cadre in run.inputs.cadres.loc[run.inputs.cadres["headcount"] == 1, "cadre_id"]:
        found = explainer.why(cadre)
        for row in found.next[found.next["sort"] == "may"].itertuples():
            after = judged(run, out=[(cadre, row.session_id)], into=[(row.cadre_id, row.session_id)])
            # Nobody's calendar and no strict rule is broken by a person who may take the seat.
            strict = ("sessions-eligible", "no-overlap", "rest", "limits")
            known = {verdict.rule_id for verdict in after.verdicts}
            for rule_id in known.intersection(strict):
                assert after[rule_id].shortfall <= run.audit[rule_id].shortfall
            assert row.draw == draw("allocator", row.cadre_id, *filter(None, [row.key]))
            assert row.own_draw == draw("allocator", cadre, *filter(None, [row.key]))
            seen += 1
    assert seen or run.plan.placements.empty or not found.queue["may"].any()


def like(seed: str, *people: str) -> Run:
    """One seat for people alike in everything."""
    sessions = [{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 1}]
    rules = [rule("quota", amount=1, modality="at-most"), rule("waiting")]
    made = make_inputs(cadres=[{"cadre_id": one} for one in people], sessions=sessions, rules=rules)
    return runs.solve(replace(made, scenario=made.scenario.model_copy(update={"seed": seed})))


@pytest.mark.parametrize("seed", ["p", *(pytest.param(seed, marks=pytest.mark.long) for seed in "qrst")])
def test_only_the_draw_separates_people_alike(seed: str) -> None:
    run = like(seed, "a", "b", "c")
    holder = run.plan.placements["cadre_id"].iat[0]
    found = Explainer(run).why(holder)
    row = found.next.iloc[0]
    others = [one for one in "abc" if one != holder]
    assert row["alike"] and row["goal"] == "" and row["sort"] == "may"
    assert row["cadre_id"] == min(others, key=lambda one: draw(seed, one, "s"))  # The published order of reserves.
    assert (row["own_draw"], row["draw"]) == (draw(seed, holder), draw(seed, row["cadre_id"]))
    # People alike are dealt out by their draws: where the draw is the other way round, so is the seat.
    assert holder == max("abc", key=lambda one: draw(seed, one))
    text = found.said("en")
    assert f"{draw(seed, holder):016x}" in text and f"'{seed}|{holder}'" in text


def test_two_who_differ_in_nothing_that_counts_are_a_tie_with_the_draw_of_the_seat() -> None:
    # They are of different teams, and a rule looks at the teams; but it asks for nobody.
    sessions = [{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 1}]
    rules = [
        rule("quota", amount=1, modality="exactly"),
        rule("share-floor", share="0"),
    ]
    cadres = [{"cadre_id": "a", "team_id": "x"}, {"cadre_id": "b", "team_id": "y"}]
    run = runs.solve(make_inputs(cadres=cadres, sessions=sessions, rules=rules))
    holder = run.plan.placements["cadre_id"].iat[0]
    explainer = Explainer(run)
    found = explainer.why(holder)
    row = found.next.iloc[0]
    assert row["goal"] == "" and not row["alike"]
    assert (row["own_draw"], row["draw"]) == (draw("allocator", holder, "s"), draw("allocator", row["cadre_id"], "s"))
    first = min("ab", key=lambda one: draw("allocator", one, "s"))
    assert f"the smaller goes first: {first}" in found.said("en")
    assert f"小者在前：{first}" in found.said("zh")


def test_what_is_owed_before_the_plan_is_the_ledger(run: Run, answers: dict[str, Why]) -> None:
    people = ledger(run.inputs).people
    columns = ["rule_id", "content", "owed", "latest"]
    for cadre, found in answers.items():
        told = found.account[found.account["at"] == ""][columns].sort_values(columns)
        own = people[people["cadre_id"] == cadre][columns].sort_values(columns)
        assert told.to_numpy().tolist() == own.to_numpy().tolist(), cadre


def test_what_is_owed_after_the_last_seat_is_what_the_auditor_lists(run: Run, answers: dict[str, Why]) -> None:
    owed = run.audit.owed.set_index("cadre_id")["owed"]
    for cadre, found in answers.items():
        last = found.account[found.account["at"] == found.seats["session_id"].iat[-1]]
        assert last.loc[last["unit_of"] == "hours", "owed"].sum() == owed.get(cadre, 0)
        assert (
            not (last["kind"] == "interval").any() and not (last["kind"] == "coverage").any()
        )  # All of them are kept.


def test_hours_of_the_seats_lead_from_what_was_owed_to_what_is_left(answers: dict[str, Why]) -> None:
    hours = answers["S3"].served[answers["S3"].served["rule_id"] == "cumulative"]
    # 250 hours in all; two classes of 52.5 hours, one of 112.5, rounded up each time.
    assert hours["owed"].tolist() == [250, 198, 85] and hours["owed_after"].tolist() == [198, 85, 33]


def test_what_is_due_again_later_is_another_debt(answers: dict[str, Why]) -> None:
    # N3 had theory in 2016 and is due in 2019; the class then settles it, though within three years it is due again.
    served = answers["N3"].served
    first = served[(served["rule_id"] == "theory-interval")].iloc[0]
    assert (first["latest"], first["owed"], first["owed_after"]) == (2019, 1, 0)
    account = answers["N3"].account
    again = account[(account["at"] == first["session_id"]) & (account["rule_id"] == "theory-interval")]
    assert again["latest"].tolist() == [2022]


def test_hours_of_a_year_are_told_of_the_year_of_the_seat() -> None:
    # Fifty hours each year; the class of 40 in 2021 leaves 10 of that year and does nothing for 2020.
    sessions = [{"session_id": "s", "start_date": "2021-03-02", "end_date": "2021-03-06", "seats": 1}]
    rules = [rule("eligibility"), rule("cumulative", hours=50, per_year=True, title="Fifty a year")]
    inputs = make_inputs(cadres=[{"cadre_id": "a"}], sessions=sessions, rules=rules, horizon=(2020, 2021))
    found = Explainer(runs.solve(inputs)).why("a")
    row = found.served[found.served["rule_id"] == "cumulative"].iloc[0]
    assert (row["latest"], row["owed"], row["owed_after"]) == (2021, 50, 10)
    assert "Fifty a year (50 hours in 2020, 50 hours in 2021)" in found.said("en")


def test_shared_rules_are_told_with_the_count_of_the_persons_group(run: Run, answers: dict[str, Why]) -> None:
    for row in answers["S3"].served.itertuples():
        if row.kind not in ("share-floor", "quota"):
            continue
        table = run.audit.table if row.kind == "quota" else run.audit.scopes
        year = int(answers["S3"].seats.set_index("session_id").at[row.session_id, "year"])
        judged_row = table[(table["rule_id"] == row.rule_id) & (table["year"] == year) & (table["scope"] == row.scope)]
        assert row.scope == ("all" if row.kind == "quota" else "S-team")
        assert (row.required, row.achieved) == tuple(judged_row[["required", "achieved"]].iloc[0])


def nowhere() -> Inputs:
    """Two people and one seat, given by name to the first; the other owes hours and would like a class."""
    sessions = [{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-06", "seats": 1}]
    rules = [
        rule("quota", amount=1, clause="3", title="One a year", title_zh="每年一人"),
        rule("cumulative", hours=60, clause="4", title="Sixty hours", title_zh="六十学时"),
        rule("fixed", call_ups=[{"cadre_id": "a", "session_id": "s"}]),
    ]
    cadres = [{"cadre_id": "a"}, {"cadre_id": "b"}, {"cadre_id": "g", "headcount": 7}]
    return make_inputs(cadres=cadres, sessions=sessions, rules=rules)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("No seat in this plan", "4 Sixty hours (60 hours by 2020)", "3 One a year (1 a year, for 9 people)")),
        ("zh", ("本计划没有安排名额", "4 六十学时（欠60学时，截至2020年）", "3 每年一人（每年1人，可安排的共9人）")),
    ],
)
def test_who_has_no_seat_reads_what_is_owed_and_what_could_give_one(lang: str, words: tuple[str, ...]) -> None:
    explainer = Explainer(runs.solve(nowhere()))
    text = explainer.why("b").said(lang)  # type: ignore[arg-type]
    assert all(word in text for word in words), text


def test_seat_in_a_session_that_does_not_exist_is_left_out() -> None:
    run = runs.solve(nowhere())
    seat = run.plan.placements.assign(session_id="unknown", cadre_id="b")
    plan = ordered(pd.concat([run.plan.placements, seat], ignore_index=True))
    changed = replace(run, plan=plan, audit=audit(plan, run.inputs))
    assert Explainer(changed).why("b").seats.empty


def test_seat_settled_by_name_has_nobody_next_and_a_group_is_told_as_one() -> None:
    explainer = Explainer(runs.solve(nowhere()))
    named = explainer.why("a")
    assert named.next.empty and "settled by name" in named.said("en")
    assert named.served.loc[named.served["kind"] == "fixed", "loss"].tolist() == [1]
    assert "an unnamed group of 7" in explainer.why("g").said("en")


SOLVER_WORDS = (
    "infeasible",
    "optimum",
    "optimal",
    "solver",
    "dual",
    "integer",
    "column",
    "objective",
    "constraint",
    "relax",
    "MIP",
    " LP",
)


def test_answers_speak_of_clauses_and_people_in_both_languages(answers: dict[str, Why]) -> None:
    for lang in ("zh", "en"):
        for cadre, found in answers.items():
            text = found.said(lang)  # type: ignore[arg-type]
            assert cadre in text and "nan" not in text and "None" not in text
            assert not any(word in text for word in SOLVER_WORDS)
    assert isinstance(answers["N3"].served, pd.DataFrame)


def test_what_was_attended_too_late_is_done_late_and_no_longer_owed(run: Run, explainer: Explainer) -> None:
    """N5 had theory last in 2014 and is due in 2019; with the class of 2020 alone the make-up is late, and done."""
    alone = explainer._ground.alone("N5")
    sessions = run.inputs.sessions
    late = sessions.loc[(sessions["programme_id"] == "theory-course") & (sessions["year"] == 2020), "session_id"].iloc[
        0
    ]
    own = alone.account(with_seats(run.inputs, alone.seats.iloc[:0], into=[("N5", late)]))
    own = own[own["rule_id"] == "make-up"]
    assert list(own["latest"]) == [2019, 2019] and list(own["settled"]) == [2020, 2020] and not own["owed"].any()
    found = explainer.why("N5")
    account = pd.concat([found.account[found.account["at"] == ""], own.assign(at=found.seats["session_id"].iat[-1])])
    told = replace(found, account=account).said("en")
    assert "Still owed after the plan: nothing" in told
    assert (
        "Done, but late: 7 Heads and deputies untrained for five years are made up [theory] (due 2019, attended 2020)"
        in told
    )


def test_rules_that_lose_by_an_empty_seat_are_named(answers: dict[str, Why]) -> None:
    found = answers["N3"]
    for session, own in found.emptied_rules.groupby("session_id"):
        lost = found.emptied[found.emptied["session_id"] == session].set_index("goal")["loss"]
        assert own.groupby("goal")["change"].sum().to_dict() == lost.to_dict()
    told = found.said("en")
    assert "Hard rules violated +4 people (No session opened under its least size: +1 person, 6 Teams" in told
    assert "Still owed at the end +85 hours (8 Teams: forty days or 250 hours from 2018 to 2022)" in told


def test_a_missed_interval_in_a_goal_of_hours_is_a_miss_and_no_hour(run: Run) -> None:
    rules = [
        one.model_copy(update={"strength": "soft", "goal": "owed"}) if one.kind == "interval" else one
        for one in run.inputs.policy.rules
    ]
    soft = with_rules(run.inputs, tuple(rules))
    report = audit(ordered(run.plan.placements.iloc[:0]), soft)
    assert goal_unit(run.audit, "owed", "hours") == "hours"
    assert goal_unit(report, "owed", "hours") == "hours-and-misses"
    parts = goal_parts(report, "owed", "hours")
    assert parts["misses"] == report["theory-interval"].shortfall > 0
    assert sum(parts.values()) == report.goals["owed"]
    goals = (GoalResult("owed", "min", goal_unit(report, "owed", "hours"), report.goals["owed"], None),)
    plan = ordered(run.plan.placements.iloc[:0])
    said = text(soft, plan, report, replace(run.result, goals=goals), lang="en")
    assert f"{parts['hours']:,.0f} hours" in said and f"{parts['misses']:,.0f} misses" in said
    assert "Still owed at the end (hours" not in said


def test_moves_that_share_no_session_with_the_seat_are_taken_back_where_nothing_gets_worse(run: Run) -> None:
    plan = ordered(run.plan.placements[run.plan.placements["cadre_id"] != "S5"].reset_index(drop=True))
    other = replace(run, plan=plan, audit=audit(plan, run.inputs))
    assert fewest_moves(run, other, "N1").plan.sha256 == run.plan.sha256
    assert fewest_moves(run, other, "S5") is other  # The moves of the person asked about stay.
