"""``allocator shadow``: what one more buys, in words, tables and files, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from allocator.answers.runs import load_run
from allocator.answers.sensitivity import Shadow, run_questions, shadow
from allocator.answers.sensitivity.answer import Answer, Change, changes_of, verdict_of
from allocator.answers.sensitivity.envelope import Point, envelope
from allocator.answers.sensitivity.question import Question, gives_room, is_stricter
from allocator.answers.sensitivity.run_questions import asked_of
from allocator.answers.sensitivity.seat_takers import opening
from allocator.answers.sensitivity.step_range import MOST_POINTS, StepsError, read_steps
from allocator.answers.sensitivity.text import _plateau_note
from allocator.cli.app import app
from allocator.domain.errors import InputError
from allocator.domain.result import Certainty, GoalResult
from allocator.domain.rules import Goal
from allocator.engine.run import Run
from allocator.language.texts import Language, Texts
from allocator.system import fork_pool

SOLVER_WORDS = (
    "dual",
    "column",
    "infeasible",
    "relaxation",
    " LP",
    "MIP",
    "shadow price",
    "对偶",
    "线性规划",
    "影子价格",
)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(
        app, [*map(str, arguments), "--no-progress"] if arguments[0] == "shadow" else [*map(str, arguments)]
    )


@pytest.fixture(scope="module")
def folder(own_sample: Path) -> Path:
    return own_sample


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return load_run(folder / "out" / "tiny")


def goal(found: Shadow, number: int, name: Goal) -> tuple[float, float]:
    """A goal before and after."""
    own = next(one for one in found.answers if one.number == number)
    change = next(one for one in own.goals if one.goal == name)
    return change.before, change.after


# ---------------------------------------------------------------- answers known by heart


def test_quota_of_one_more_costs_one_person_a_year_when_nobody_else_can_go(run: Run) -> None:
    # Sent are 4, 4, 3, 4; asked for 5 a year instead of 4, one more is missing in each of the four years.
    found = shadow(run, ["theory-quota"], [1])
    assert goal(found, 1, "quota-shortfall") == (1, 5)
    assert found.rows.loc[0, ["verdict", "goal", "difference", "before", "after"]].tolist() == [
        "worse",
        "quota-shortfall",
        4,
        4,
        5,
    ]
    assert "3 to 7 people are allowed rather than 2 to 6" in found.said("en")
    assert "允许范围由2—6人变为3—7人" in found.said("zh")


def test_seats_of_a_class_that_is_not_full_buy_nothing(run: Run) -> None:
    free = 4 - int((run.plan.placements["session_id"] == "theory-2019a").sum())
    assert free > 0
    found = shadow(run, ["theory-2019a"], [1, 2])
    assert found.rows["verdict"].tolist() == ["same", "same"]
    assert f"{free} of 4 seats are free" in found.said("en")
    assert f"4个名额中现有{free}个空着" in found.said("zh")
    assert shadow(run, ["theory-2019a"], row=1).said("en").count("buys nothing: no goal changes (proven)") == 1


def test_session_asked_about_is_not_held_and_of_a_programme_the_one_with_fewest_people(run: Run) -> None:
    gone = [q.sessions for q in asked_of(run, ["branch-2019", "branch-course"], None) if q.field == "held"]
    sizes = run.plan.placements.groupby("session_id")["headcount"].sum()
    branch = [s for s in run.inputs.sessions["session_id"] if s.startswith("branch")]
    fewest = min(sizes.get(s, 0) for s in branch)
    assert gone[0] == ("branch-2019",)
    assert sizes.get(gone[1][0], 0) == fewest


def test_host_is_all_of_its_sessions(run: Run) -> None:
    own = asked_of(run, ["quality-institution"], "2:2")[0]
    sessions = run.inputs.sessions[run.inputs.sessions["programme_id"] == "skills-course"]
    assert own.sessions == tuple(sessions["session_id"])
    assert (own.before, own.after) == (16, 16 + 2 * 8)


def test_window_that_begins_earlier_counts_more(run: Run) -> None:
    found = shadow(run, ["cumulative"])
    assert [(a.question.field, int(a.question.after)) for a in found.answers] == [
        ("from_year", 2017),
        ("from_year", 2019),
    ]
    assert [a.verdict for a in found.answers] == ["better", "worse"]


def test_window_that_ends_after_the_plan_says_so(run: Run) -> None:
    found = shadow(run, ["cumulative.to_year"], [1])
    assert found.answers[0].verdict == "same"
    assert "the plan ends in 2022" in found.said("en")


def test_share_is_in_percentage_points(run: Run) -> None:
    asked = asked_of(run, ["team-fifth"], "0.5,1")
    assert [q.after for q in asked] == [Fraction(41, 200), Fraction(21, 100)]


def test_without_names_the_tight_things_are_asked_about(run: Run) -> None:
    sorts = [q.sort for q in asked_of(run, (), None)]
    assert sorts[0] == "quota"  # The one that misses a person.
    assert asked_of(run, (), None)[0].of == "theory-quota"
    assert {"quota", "session", "share-floor", "host", "cumulative"} <= set(sorts)
    everything = asked_of(run, (), None, everything=True)
    assert {q.of for q in everything} > {q.of for q in asked_of(run, (), None)}
    assert len({(q.of, q.field) for q in everything}) == len(everything)


def test_who_could_take_a_seat_is_counted_from_the_tables(run: Run) -> None:
    # Staff of both units may attend the branch course: N7, N8, S6 and S7.
    found = opening(run, "branch-2019")
    there = run.plan.placements.query("session_id == 'branch-2019'")["cadre_id"]
    assert found.others == 4 - len(there)
    assert found.barred_people <= found.others


def test_rows_and_goals_are_tables(run: Run) -> None:
    found = shadow(run, ["theory-quota"])
    assert found.rows["number"].tolist() == [1, 2]
    assert len(found.goals) == 2 * len(run.result.goals)
    table = found.goals
    assert (table["difference"] == table["after"] - table["before"]).all()
    assert table["left_open"].eq(0).all()  # Everything of so small a plan is proven.


# ---------------------------------------------------------------- what is certain


def results(*figures: tuple[Goal, float, float | None]) -> list[GoalResult]:
    return [
        GoalResult(name, "max" if name == "priority" else "min", "people", value, bound)
        for name, value, bound in figures
    ]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((5, 5), (5, 5), "same"),
        ((5, 5), (4, None), "better"),  # Nothing before could be below 5.
        ((5, 4), (4, None), "open"),  # The plan before may not have been the best.
        ((5, 3), (7, 6), "worse"),
        ((5, 5), (7, None), "open"),  # Perhaps there is a better plan after the change.
        ((5, 5), (7, 4), "open"),
    ],
)
def test_verdict_rests_on_bounds(before: tuple[float, float], after: tuple[float, float | None], verdict: str) -> None:
    goals = changes_of(results(("overdue", *before)), results(("overdue", *after)), is_stricter=False)
    assert verdict_of(goals) == verdict


def test_plan_that_is_level_first_and_better_later_is_better() -> None:
    # Whatever else is possible after the change, it beats the best plan before: 5, then 100.
    before = results(("overdue", 5, 5), ("owed", 120, 100))
    goals = changes_of(before, results(("overdue", 5, None), ("owed", 90, None)), is_stricter=False)
    assert [one.verdict for one in goals] == ["open", "better"]
    assert verdict_of(goals) == "better"
    unsure = changes_of(before, results(("overdue", 5, None), ("owed", 110, None)), is_stricter=False)
    assert verdict_of(unsure) == "open"


def test_bounds_hold_after_a_change_that_is_only_stricter() -> None:
    before, after = results(("overdue", 5, 5)), results(("overdue", 5, None))
    assert verdict_of(changes_of(before, after, is_stricter=True)) == "same"
    assert verdict_of(changes_of(before, after, is_stricter=False)) == "open"


def test_nothing_is_certain_behind_a_goal_that_differs_and_is_open() -> None:
    goals = changes_of(
        results(("overdue", 5, 4), ("owed", 9, 9)), results(("overdue", 6, 4), ("owed", 1, 1)), is_stricter=False
    )
    assert [one.verdict for one in goals] == ["open", "open"]


def question(run: Run, name: str, step: int) -> Question:
    return asked_of(run, [name], [step])[0]


def test_stricter_and_roomier_are_told_apart(run: Run) -> None:
    assert is_stricter(run.inputs, question(run, "skills-quota", 1))  # At least 3 instead of 2.
    assert not is_stricter(run.inputs, question(run, "theory-quota", 1))  # About 5 instead of 4 is neither.
    assert is_stricter(run.inputs, question(run, "team-fifth", 1))
    assert not gives_room(question(run, "team-fifth", 1))
    assert gives_room(question(run, "make-up", 1))
    assert is_stricter(run.inputs, question(run, "theory-2019a", -2))
    assert not is_stricter(
        run.inputs, question(run, "theory-2019a", -3)
    )  # The least size follows: a class of one may be held.


# ---------------------------------------------------------------- several processes


def told(found: Shadow) -> list[tuple[object, ...]]:
    return [(a.number, a.question, a.verdict, a.goals, a.facts) for a in found.answers]


@pytest.mark.long
def test_further_processes_give_the_same_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = shadow(run, ["theory-quota"], "-2:4", workers=1)
    monkeypatch.setattr(run_questions, "PAYS", 0.0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert told(shadow(run, ["theory-quota"], "-2:4", workers=2)) == told(alone)


def dying(number: int, question: Question) -> object:
    """What a process does that is killed at one of the questions."""
    if number == 4:
        os._exit(9)
    return fork_pool._WORK[0](number, question)


@pytest.mark.long
def test_question_of_a_process_that_dies_is_answered_all_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = shadow(run, ["theory-quota"], "-2:4", workers=1)
    monkeypatch.setattr(run_questions, "PAYS", 0.0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(fork_pool, "_work", dying)
    assert told(shadow(run, ["theory-quota"], "-2:4", workers=2)) == told(alone)


@pytest.mark.parametrize("pays", [0.0, pytest.param(1e9, marks=pytest.mark.long)])
def test_answers_found_before_a_stop_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch, pays: float) -> None:
    monkeypatch.setattr(run_questions, "PAYS", pays)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    stop = threading.Event()
    found = shadow(
        run, ["theory-quota"], "-3:4", workers=2, stop=stop,
        on_progress=lambda step: stop.set() if (step.done or 0) >= 3 / 7 else None,
    )  # fmt: skip
    assert 3 <= len(found.answers) < found.asked == 7
    assert f"{len(found.answers)} of 7 questions are answered" in found.said("en")


# ---------------------------------------------------------------- the command


def test_words_are_the_same_in_terminal_and_notebook(folder: Path, run: Run) -> None:
    languages: tuple[Language, ...] = ("zh", "en")
    found = shadow(run, ["theory-quota"])
    for lang in languages:
        result = call("shadow", folder / "out" / "tiny", "--of", "theory-quota", "--lang", lang, "--quiet")
        assert result.exit_code == 0
        assert [line.rstrip() for line in result.stdout.splitlines()] == found.said(lang).splitlines()


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_no_word_of_the_solver_is_said(folder: Path, lang: str) -> None:
    result = call("shadow", folder / "out" / "tiny", "--lang", lang)
    assert result.exit_code == 0
    assert [word for word in SOLVER_WORDS if word in result.output] == []


@pytest.mark.usefixtures("no_figures")
def test_scenario_of_a_row_has_the_values_told(folder: Path) -> None:
    file = folder / "more.toml"
    result = call(
        "shadow",
        folder / "out" / "tiny",
        "--of",
        "skills-2019a",
        "--row",
        2,
        "--write-scenario",
        file,
        "--json",
        "--quiet",
    )
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert [row["number"] for row in record["rows"]] == [2]
    planned = json.loads(call("plan", file, "--out", folder / "out" / "more", "--json", "--quiet").stdout)
    assert {g["goal"]: g["value"] for g in planned["goals"]} == {g["goal"]: g["after"] for g in record["goals"]}
    again = call("shadow", folder / "out" / "tiny", "--of", "skills-2019a", "--row", 2, "--write-scenario", file)
    assert again.exit_code == 2  # It is there already.


def test_workbook_and_csv_hold_every_answer(folder: Path) -> None:
    for lang, sheets in (("zh", ["回答", "各目标"]), ("en", ["Answers", "Goals"])):
        out = folder / f"{lang}.xlsx"
        assert (
            call(
                "shadow",
                folder / "out" / "tiny",
                "--of",
                "theory-quota",
                "--of",
                "team-fifth",
                "--out",
                out,
                "--lang",
                lang,
            ).exit_code
            == 0
        )
        book = openpyxl.load_workbook(out)
        assert book.sheetnames == sheets
        cells = [[cell.value for cell in row] for row in book[sheets[0]].iter_rows()]
        assert [row[0] for row in cells if isinstance(row[0], int)] == [1, 2, 3, 4]
    out = folder / "goals.csv"
    assert call("shadow", folder / "out" / "tiny", "--of", "theory-quota", "--out", out).exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 1 + 2 * 7


def test_curve_is_a_table_and_a_figure(folder: Path) -> None:
    picture = folder / "curve.png"
    result = call(
        "shadow",
        folder / "out" / "tiny",
        "--of",
        "skills-2019a",
        "--range",
        "-2:+4",
        "--figure",
        picture,
        "--lang",
        "en",
    )
    assert result.exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[:3] for line in lines if len(line) > 2 and line[0].isdigit()][:2] == [
        ["1", "−2", "0"],
        ["2", "−1", "1"],
    ]
    assert "not a valid scenario" in result.stdout  # A class of two has no two seats to give.
    assert "more buys nothing" in result.stdout


def test_list_plans_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.engine.planner.Planner.trial", lambda *_: pytest.fail("planned"))
    result = call("shadow", folder / "out" / "tiny", "--list", "--lang", "en")
    assert result.exit_code == 0
    assert result.stdout.startswith("1. 1 Theory course")


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("theory-quoat", "did you mean 'theory-quota'?"),
        ("skills-2019", "did you mean 'skills-2019a'?"),
        ("theory-quota.amuont", "did you mean 'amount'?"),
        ("women-share", "rule women-share only reports"),
        ("women-first", "rule women-first (priority) has no number"),
        ("zzzzzzzz", "write the id of a rule, session, programme or host"),
    ],
)
def test_what_cannot_be_asked_about_is_refused_with_the_next_step(folder: Path, name: str, said: str) -> None:
    result = call("shadow", folder / "out" / "tiny", "--of", name, "--lang", "en")
    assert result.exit_code == 3
    assert said in result.stderr
    assert name in result.stderr


def test_all_names_that_are_wrong_are_told_at_once(run: Run) -> None:
    with pytest.raises(InputError) as error:
        asked_of(run, ["theory-quoat", "theory-quota", "waitin"], None)
    assert [defect.column for defect in error.value.defects] == ["theory-quoat", "waitin"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("5:1:1", "nothing to ask about"), ("0:0", "nothing to ask about"), (",", "nothing to ask about"),
        ("1:5000", "has 5000 points"), ("1:9999999", "is not a range"), ("x", "is not a range"), ("1:2:0", "is not a range"),
        ("1:2:3:4", "is not a range"), ("1/0", "is not a range"), ("0.5,1", "has fractions"),
    ],
)  # fmt: skip
def test_range_that_cannot_be_meant_is_refused(folder: Path, text: str, word: str) -> None:
    result = call("shadow", folder / "out" / "tiny", "--of", "theory-quota", "--range", text, "--lang", "en")
    assert result.exit_code == 2
    assert word in result.stderr


def test_range_may_have_so_many_points_and_no_more() -> None:
    assert len(read_steps(f"1:{MOST_POINTS}")) == MOST_POINTS
    with pytest.raises(StepsError):
        read_steps(f"1:{MOST_POINTS + 1}")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--figure", "a.png"], 2), (["--all", "--of", "theory-quota"], 2), (["--out", "a.docx"], 2),
        (["--write-scenario", "a.toml"], 2), (["--of", "theory-quota", "--row", "9"], 2),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(folder: Path, options: list[str], code: int) -> None:
    result = call("shadow", folder / "out" / "tiny", *options)
    assert result.exit_code == code
    assert "Traceback" not in result.output and result.stderr.strip()


def test_scenario_that_would_not_be_valid_is_not_written(folder: Path) -> None:
    file = folder / "none.toml"
    result = call(
        "shadow",
        folder / "out" / "tiny",
        "--of",
        "skills-2019a",
        "--range",
        "-2,-1",
        "--row",
        1,
        "--write-scenario",
        file,
    )
    assert result.exit_code == 3
    assert not file.exists()


def test_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    result = call("shadow", tmp_path)
    assert result.exit_code == 3
    assert "Traceback" not in result.output


def test_run_of_other_inputs_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    roster = copy / "data" / "tiny" / "cadres.csv"
    text = roster.read_text(encoding="utf-8-sig")
    roster.write_text(text.replace("\n", "\n", 1).rstrip("\n") + "\n\n", encoding="utf-8")
    result = call("shadow", copy / "out" / "tiny", "--of", "theory-quota", "--lang", "en")
    assert result.exit_code == 3
    assert "cadres.csv" in result.stderr


def test_plan_of_a_tighter_step_caps_the_looser_ones_and_bounds_hold_the_other_way(run: Run) -> None:
    """Found for three steps of a floor: 15, 11 and 7 of a goal, the last by a plan that serves the others too."""
    nobody = replace(run.plan, placements=run.plan.placements.iloc[:0])
    first = run.result.goals[0]
    poor = (replace(first, value=99.0, bound=None), *(replace(one, bound=None) for one in run.result.goals[1:]))
    points = [
        Point(Fraction(0), run.inputs, nobody, poor),
        Point(Fraction(1), run.inputs, nobody, poor),
        Point(Fraction(2), run.inputs, run.plan, tuple(replace(one, bound=None) for one in run.result.goals)),
    ]
    found = envelope(points, lambda one, other: other > one)
    values = [{goal.goal: goal.value for goal in point.goals} for point in found]
    assert values == [{goal.goal: goal.value for goal in run.result.goals}] * 3
    assert [point.source for point in found] == [2, 2, None]
    looser = [replace(points[0], plan=run.plan, goals=run.result.goals), points[2]]
    assert [goal.bound for goal in envelope(looser, lambda one, other: other > one)[1].goals] == [
        goal.bound for goal in run.result.goals
    ]


def costly(kind: Certainty, step: int, field: str = "share") -> Answer:
    """An answer about a floor of a fifth, with a value that is more or less certain."""
    change = Change("quota-excess", 5.0, 7.0, 5.0, None, "open", "proven", kind)
    asked = Question(
        "floor",
        "share-floor" if field == "share" else "quota",
        field,
        Fraction(step),
        Fraction(1, 5),
        Fraction(20 + step, 100),
        (),
        {},
    )
    return Answer(step, asked, "open", (change,))


def test_values_that_are_not_proven_are_marked_and_a_dearer_floor_is_not_called_useless() -> None:
    texts = Texts("en")
    assert [texts.marked(7, kind, "min") for kind in ("proven", "limit", "tried")] == ["7", "≤7", "~7"]
    assert texts.marked(7, "limit", "max") == "≥7"
    level = [costly("limit", step) for step in (1, 2)]
    assert _plateau_note("24 %", level) == "from 24 % on, more was not found to cost anything further (not proven)"
    sure = [costly("proven", step) for step in (1, 2)]
    assert _plateau_note("24 %", sure) == "from 24 % on, more costs nothing further"
    room = [costly("proven", step, "amount") for step in (1, 2)]
    assert _plateau_note("6", room) == "from 6 on, more buys nothing"
    assert set(texts.mark_note(["limit", "tried"]).split("; ")[1][:1]) == {"~"}


@pytest.mark.long
def test_range_of_a_floor_never_shows_a_tighter_step_better_than_a_looser_one(prefecture: Run) -> None:
    found = shadow(prefecture, "share-leading-team-fifth", "1:5:2")
    own = found.goals[found.goals["goal"] == "quota-excess"].sort_values("step")
    assert own["after"].is_monotonic_increasing
    assert (own["after_is"] != "proven").eq(own["after"] != own["bound_after"]).all()
    assert "≤" in found.said("en") or own["after_is"].eq("proven").all()
