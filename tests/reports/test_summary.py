"""The summary on the terminal."""

from dataclasses import replace

import pandas as pd
import pytest
from rich.cells import cell_len

from allocator.reports.facts import facts
from allocator.reports.summary import highlighted, text
from allocator.result import GoalResult, SolveResult, SolveStatus

from .builders import run


def line_with(summary: str, words: str) -> str:
    """The first line with these words."""
    return next(line for line in summary.splitlines() if words in line)


@pytest.mark.parametrize(
    ("value", "bound", "verdict", "gap"),
    [
        (7.0, 7.0, "proven", "0 %"),
        (7.0, 6.9, "not proven", "1.43 %"),  # 0.1 of 7.
        (7.0, 7.0 - 1e-5, "not proven", "<0.01 %"),
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
    inputs, plan, audit, result = run(4).parts
    table = audit.table.copy()
    late = (table["rule_id"] == "school") & (table["year"] == 2021)
    table.loc[late, ["achieved", "status"]] = [1.0, "breached"]
    line = line_with(text(inputs, plan, replace(audit, table=table), result, lang="zh"), "党校名额")
    assert line.split() == ["党校名额", "4", "4", "4", "✗1", "4"]


def test_share_floor_names_the_lowest_team():
    inputs, plan, audit, result = run(3).parts
    table = audit.table.copy()
    row = (table["rule_id"] == "fifth") & (table["year"] == 2020) & (table["scope"] == "0410102-team")
    table.loc[row, ["achieved", "status", "shortfall"]] = [0.0, "breached", 1.0]
    summary = text(inputs, plan, replace(audit, table=table), result, lang="zh")
    assert line_with(summary, "班子五分之一").split()[-4:] == ["3/3", "2/3", "3/3", "3/3"]
    assert "最低:第3县 (0410102-team),2020 年 0 人,应 1 人" in summary


def test_summary_shows_warnings_overdue_people_and_what_is_owed():
    summary = text(*run().parts, lang="en")
    assert "! rule young touched nobody" in summary
    assert "1 people overdue; 2020: 1" in summary
    # Two teams of five, 325 hours short each.
    assert "10/2 people short, 3,250 hours in all, at most 325" in summary


def test_summary_works_without_a_solve_and_without_anything_to_report():
    inputs, plan, audit, _ = run().parts
    quiet = replace(audit, overdue=audit.overdue.iloc[:0], owed=audit.owed.iloc[:0], warnings=())
    summary = text(replace(inputs, notes=()), plan, quiet, None, lang="en")
    assert "Goals" not in summary and "warnings" not in summary
    assert "nobody overdue" in summary


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_summary_fits_the_width(lang):
    summary = text(*run(30).parts, lang=lang)
    assert max(map(cell_len, summary.splitlines())) <= 100
    assert str(highlighted(summary)) == summary


def test_facts_count_a_class_inside_a_longer_one_as_double_booked():
    inputs, plan, _, _ = run().parts
    assert facts(inputs, plan).double_booked == 0
    placements = plan.placements
    long = placements.iloc[[-1]].assign(session_id="long")
    short = placements.iloc[[-1]].assign(session_id="short")
    segments = pd.DataFrame(
        {
            "session_id": ["long", "short"],
            "start_date": pd.to_datetime(["2019-06-01", "2019-06-30"]),
            "end_date": pd.to_datetime(["2019-06-30", "2019-07-02"]),
            "host_id": ["a", "a"],
        }
    )
    both = replace(plan, placements=pd.concat([long, short]))
    assert facts(replace(inputs, segments=segments), both).double_booked == 1
    apart = segments.assign(start_date=pd.to_datetime(["2019-06-01", "2019-07-01"]))
    assert facts(replace(inputs, segments=apart), both).double_booked == 0


def test_facts_count_sessions_over_their_seats_and_under_their_least():
    inputs, plan, _, _ = run(4).parts
    # The school takes 4 a year; one seat less in one year, and a least size of 5 in another.
    sessions = inputs.sessions.set_index("session_id")
    sessions.loc["school-2019", "usable_seats"] = 3
    sessions.loc["school-2020", "min_seats"] = 5
    counts = facts(replace(inputs, sessions=sessions.reset_index()), plan)
    assert (counts.over_seats, counts.under_least, counts.held, counts.offered) == (1, 1, 8, 8)
