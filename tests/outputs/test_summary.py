"""The summary on the terminal."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from allocator.audit import audit
from allocator.domain.result import GoalResult, SolveResult, SolveStatus
from allocator.language.text_table import highlighted
from allocator.outputs.headline_counts import facts
from allocator.outputs.summary import folded, text
from tests.outputs.builders import run


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """Processes of the tests may stand in a terminal of any width."""
    monkeypatch.setenv("COLUMNS", "100")


def line_with(summary: str, words: str) -> str:
    """The first line with these words."""
    return next(line for line in summary.splitlines() if words in line)


@pytest.mark.parametrize(
    ("value", "bound", "verdict", "gap"),
    [
        (7.0, 7.0, "proven", "0 %"),
        (7.0, 6.9, "not proven", "1.43 %"),  # 0.1 of 7.
        (7.0, 7.0 - 1e-5, "not proven", "<0.01 %"),
        (7.0, 8.0, "not proven", "—"),  # A minimum below its bound: the bound is wrong.
        (7.0, None, "no bound", "—"),
        (None, 6.0, "no value", "—"),
    ],
)
def test_goal_is_proven_only_when_incumbent_equals_bound(value, bound, verdict, gap):
    result = SolveResult(SolveStatus.PROVEN, (GoalResult("owed", "min", "hours", value, bound),))
    inputs, plan, audit, _ = run().parts
    line = line_with(text(inputs, plan, audit, result, lang="en"), "Still owed")
    assert line.endswith(f"{gap}  {verdict}".strip()) or line.split("  ")[-1].strip() == verdict
    assert gap in line
    assert ("not proven" in line) == (verdict == "not proven")


def test_quota_outside_its_band_is_marked_by_year():
    # Four teams send one each to the school; without one of 2021 the amount of 4 is missed in that year.
    made = run(4, without=[("school-2021", 1)])
    summary = text(*made.parts, lang="zh")
    assert line_with(summary, "党校名额").split() == [
        "党校名额",
        "4",
        "4",
        "4",
        "✗3",
        "4",
        "不少于两人",
        "≥2",
        "3",
        "3",
        "3",
        "3",
    ]
    assert "4 个年度中 3 个在允许范围之内 ✗，其中 3 个恰为目标数" in summary


def test_share_floor_names_the_lowest_team():
    summary = text(*run(3, without=[("school-2020", 2)]).parts, lang="zh")  # The third team goes last in a session.
    assert line_with(summary, "班子五分之一").split() == ["✗", "班子五分之一", "3/3", "2/3", "3/3", "3/3"]
    assert "最低：第3县（0410102-team） 2020 年，5 人中参训 0 人，应 1 人" in summary


def test_summary_shows_warnings_overdue_people_and_what_is_owed():
    summary = text(*run().parts, lang="en")
    assert "! rule 'nobody' touches nobody" in summary
    # Nobody ever went before: each year one more of the five of each of two teams goes, the others are overdue.
    assert "overdue 2019: 8  2020: 6  2021: 4  2022: 2" in summary
    assert "seats were left, not sent: 20" in summary
    # Four of each team have 225 of 550 hours, one has none.
    assert "10 of 10 people short, 3,700 hours in all, at most 550" in summary


def test_summary_works_without_a_solve_and_without_anything_to_report():
    inputs, plan, _, _ = run().parts
    quiet = replace(inputs, notes=(), policy=inputs.policy.model_copy(update={"rules": ()}))
    summary = text(quiet, plan, audit(plan, quiet), None, lang="en")
    assert "Goals" not in summary and "warnings" not in summary and "quotas" not in summary
    assert "8 of 8 sessions held" in summary


@pytest.mark.parametrize("width", [None, 72, 80, 120])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_summary_fits_the_width(lang, width, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)  # There is no terminal.
    made = run(30, without=[("school-2020", 2)])
    inputs, plan, audit, result = made.parts
    result = replace(result, messages=("a message of many words " * 20, "很长的提醒，" * 60))
    summary = text(inputs, plan, audit, result, lang=lang, width=width)
    assert max(map(cell_len, summary.splitlines())) <= (width or 100)
    assert str(highlighted(summary)) == summary
    # Goals, floors and quotas keep their figures, whatever the width.
    goal, floor = ("名额不足", "班子五分之一") if lang == "zh" else ("Quota short", "fifth")
    assert [word in line_with(summary, goal) for word in ("100", "99.5", "0.50 %")] == [True] * 3
    assert line_with(summary, floor).split()[-4:] == ["30/30", "29/30", "30/30", "30/30"]
    assert "≥2" in summary


@pytest.mark.parametrize(("columns", "expected"), [("60", 72), ("80", 80), ("300", 120)])
def test_summary_is_as_wide_as_the_terminal(monkeypatch, columns, expected):
    monkeypatch.setenv("COLUMNS", columns)
    made = run(2)
    lines = text(*made.parts, lang="en").splitlines()
    assert lines == text(*made.parts, lang="en", width=expected).splitlines()


def test_long_message_is_folded_and_not_cut_after_the_first_line():
    inputs, plan, audit, result = run(2).parts
    result = replace(
        result,
        messages=("session s1 could not be filled, since " + "nobody who may attend is free, and " * 2 + "so on",),
    )
    lines = text(inputs, plan, audit, result, lang="en", width=80).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("  ! session s1"))
    assert lines[first + 1].startswith("    ") and lines[first + 1].endswith("so on")


def test_folded_line_keeps_marks_with_their_characters():
    assert folded("  ! " + "名额，" * 5, 16) == ["  ! 名额，名额，", "    名额，名额，", "    名额，"]
    assert folded("短", 16) == ["短"]
    assert len(folded("x " * 400, 16)) == 4  # The rest is cut, and says so.
    assert folded("x " * 400, 16)[-1].endswith("…")


def test_sessions_over_their_seats_and_double_bookings_are_marked():
    inputs, plan, _, _ = run(4).parts
    sessions = inputs.sessions.set_index("session_id")
    sessions.loc["school-2019", "usable_seats"] = 3
    crowded = replace(inputs, sessions=sessions.reset_index())
    summary = text(crowded, plan, audit(plan, crowded), None, lang="en")
    # Two sessions a year for four years, one of them over.
    assert any("✗ No session over its seats 7/8" in line for line in summary.splitlines())
    assert "✓ no-overlap" in summary  # An English title that would be cut gives way to the id.


def test_facts_count_people_seats_and_sessions():
    counts = facts(*run(4).parts[:2])
    # Four teams of five and a group of 30: each year 4 people for 30 days, and 3 seats of the group for 5.
    assert counts.by_year.loc[2020].tolist() == [4, 7, 2, 135]
    assert (counts.named, counts.unnamed, counts.never, counts.held, counts.offered) == (20, 30, 4, 8, 8)
    assert counts.fill == 28 / 320 and counts.least_filled == 3 / 40


def test_facts_of_an_empty_plan_are_zero():
    inputs, plan, _, _ = run().parts
    counts = facts(inputs, replace(plan, placements=plan.placements.iloc[:0]))
    assert counts.by_year.to_numpy().sum() == 0 and counts.fill is None and counts.held == 0
