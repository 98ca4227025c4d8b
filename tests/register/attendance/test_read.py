"""Name lists that come back: every mistake in its cell, the nearest sound list, and what it makes of the seats."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from allocator.domain.errors import InputError
from allocator.engine.run import Run
from allocator.register import Register
from allocator.register.attendance.judge import Judged, judged
from allocator.register.attendance.make_up import missed
from allocator.register.attendance.read import read_attendance
from allocator.register.attendance.roll import Roll, roll
from allocator.register.records import Attendance, SeatState, SessionState

ON = date(2019, 5, 30)
HEAD = "session_id,cadre_id,present,leave_days,hours,completed,remark"
SEAT = ("theory-2019a", "N3")  # Fifteen days and 112.5 hours, with S5 beside.


@pytest.fixture
def expected(published: Path, run: Run) -> Roll:
    """``tiny`` on 30 May 2019: theory-2019a and branch-2019 are over."""
    with Register.open(published) as register:
        return roll(register, run.inputs, ON)


def sheet(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8-sig")
    return path


def told(path: Path, expected: Roll, *, correct: bool = False) -> list[tuple[int, str, str]]:
    with pytest.raises(InputError) as caught:
        read_attendance(path, expected, correct=correct)
    return [(d.row, d.column, d.code) for d in caught.value.defects]


def outcome(folder: Path, expected: Roll, row: str) -> tuple[SeatState, Attendance, Judged]:
    found = judged(read_attendance(sheet(folder, row), expected), expected)
    return found.outcome[SEAT], found.rows[0], found


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("theory-2019z,N3,yes,,,,", (2, "session_id", "unknown-session")),
        ("theory-2019b,N5,yes,,,,", (2, "session_id", "session-not-begun")),
        ("theory-2019a,N99,yes,,,,", (2, "cadre_id", "unknown-person")),
        ("theory-2019a,N5,yes,,,,", (2, "cadre_id", "no-seat")),
        ("theory-2019a,N3,yes,15.5,,,", (2, "leave_days", "long-leave")),
        ("theory-2019a,N3,yes,15,,,", (2, "leave_days", "all-away")),
        ("theory-2019a,N3,yes,,112.6,,", (2, "hours", "many-hours")),
        ("theory-2019a,N3,yes,,0,yes,", (2, "hours", "completed-without-hours")),
        ("theory-2019a,N3,no,,,yes,", (2, "completed", "absent-completed")),
        ("theory-2019a,N3,no,,8,,", (2, "hours", "absent-hours")),
        ("theory-2019a,N3,perhaps,,,,", (2, "present", "bad-flag")),
        ("theory-2019a,N3,,1,,,", (2, "present", "empty-cell")),
        ("theory-2019a,N3,yes,-1,,,", (2, "leave_days", "too-small")),
        ("theory-2019a,N3,,,,,only a remark", (0, "", "nothing-reported")),
    ],
)
def test_mistake_is_told_in_its_cell(expected: Roll, tmp_path: Path, row: str, mistake: tuple[int, str, str]) -> None:
    assert told(sheet(tmp_path, row), expected) == [mistake]


@pytest.mark.parametrize(
    "row",
    [
        "theory-2019a,N3,yes,15,,,".replace("15", "2"), "theory-2019a,N3,yes,,112.5,yes,", "theory-2019a,N3,no,15,,no,",
        "theory-2019a,N3,√,,,,", "theory-2019a,N3,未到,,0,,病假",
    ],
)  # fmt: skip
def test_nearest_sound_row_is_read(expected: Roll, tmp_path: Path, row: str) -> None:
    assert len(read_attendance(sheet(tmp_path, row, "branch-2019,S6,,,,,"), expected).rows) == 1


def test_all_mistakes_are_told_at_once_those_of_a_session_once(expected: Roll, tmp_path: Path) -> None:
    rows = ("skills-2019a,N6,yes,,,,", "skills-2019a,S2,yes,,,,", "theory-2019a,N3,no,,,,", "theory-2019a,N3,yes,,,,")
    assert told(sheet(tmp_path, *rows), expected) == [
        (2, "session_id", "session-not-begun"), (5, "cadre_id", "recorded-twice"),
    ]  # fmt: skip


def test_session_called_off_or_of_a_closed_year_is_refused(expected: Roll, tmp_path: Path) -> None:
    path = sheet(tmp_path, "theory-2019a,N3,yes,,,,")
    cancelled = replace(expected.classes[SEAT[0]], state=SessionState.CANCELLED)
    off = replace(expected, classes={**expected.classes, SEAT[0]: cancelled})
    assert told(path, off) == [(2, "session_id", "session-cancelled")]
    assert told(path, replace(expected, closed=frozenset({2019}))) == [(2, "session_id", "year-closed")]


def test_who_gave_up_the_seat_is_refused_and_who_holds_it_is_read(expected: Roll, tmp_path: Path) -> None:
    path = sheet(tmp_path, "theory-2019a,N3,yes,,,,")
    gone = replace(expected, seats={**expected.seats, SEAT: SeatState.WITHDRAWN})
    assert told(path, gone) == [(2, "cadre_id", "no-seat")]
    assert read_attendance(path, expected).rows[0].present


def test_before_the_last_day_only_the_absent_are_recorded(expected: Roll, tmp_path: Path) -> None:
    running = replace(expected, on=date(2019, 3, 31))
    assert told(sheet(tmp_path, "theory-2019a,N3,yes,,,,"), running) == [(2, "present", "session-not-over")]
    assert read_attendance(sheet(tmp_path, "theory-2019a,N3,no,,,,"), running).rows
    last_day = replace(expected, on=date(2019, 4, 1))
    assert read_attendance(sheet(tmp_path, "theory-2019a,N3,yes,,,,"), last_day).rows


def test_seat_is_recorded_again_only_as_a_correction(expected: Roll, tmp_path: Path) -> None:
    path = sheet(tmp_path, "theory-2019a,N3,yes,,,,")
    before = Attendance(*SEAT, present=False, hours=0.0, completed=False)
    again = replace(expected, recorded={SEAT: before})
    assert told(path, again) == [(2, "", "recorded-before")]
    found = judged(read_attendance(path, again, correct=True), again)
    assert (found.outcome, found.changed) == ({SEAT: SeatState.ATTENDED}, {SEAT: before})
    same = replace(expected, recorded={SEAT: found.rows[0]})
    assert judged(read_attendance(path, same, correct=True), same).rows == ()


def test_headings_may_be_chinese_and_stand_below_a_title(expected: Roll, tmp_path: Path) -> None:
    path = sheet(
        tmp_path, "班次编号,人员编号,姓名,到班*,请假天数,学时,结业,备注", "theory-2019a,N3,北三,是,1,,是,好", head="到班情况,,,,,,,"
    )  # fmt: skip
    assert read_attendance(path, expected).rows == (Attendance(*SEAT, True, 1.0, None, True, "好"),)


# More than one seventh of fifteen days is more than 2.14 days.
@pytest.mark.parametrize(
    ("row", "state", "hours", "is_limited"),
    [
        ("theory-2019a,N3,yes,2,,,", SeatState.ATTENDED, 112.5, False),
        ("theory-2019a,N3,yes,2,97.5,yes,", SeatState.ATTENDED, 97.5, False),
        ("theory-2019a,N3,yes,2.5,,,", SeatState.LEFT_EARLY, 0, True),
        ("theory-2019a,N3,yes,2.5,90,yes,", SeatState.LEFT_EARLY, 0, True),
        ("theory-2019a,N3,yes,2.5,,no,", SeatState.LEFT_EARLY, 0, False),  # The host says so too.
        ("theory-2019a,N3,yes,,90,no,", SeatState.LEFT_EARLY, 0, False),
        ("theory-2019a,N3,no,15,,,", SeatState.ABSENT, 0, False),
    ],
)
def test_limit_of_leave_decides_what_counts(
    expected: Roll, tmp_path: Path, row: str, state: SeatState, hours: float, is_limited: bool
) -> None:
    found, counted, all_of_it = outcome(tmp_path, expected, row)
    assert (found, counted.hours, counted.completed) == (state, hours, state is SeatState.ATTENDED)
    assert bool(all_of_it.limited) == is_limited


def test_limit_is_that_of_the_policy_and_exact(expected: Roll, tmp_path: Path) -> None:
    fifth = replace(expected, leave_share=Fraction(1, 5))  # Three of fifteen days are no more than a fifth.
    assert outcome(tmp_path, fifth, "theory-2019a,N3,yes,3,,,")[0] is SeatState.ATTENDED
    assert outcome(tmp_path, fifth, "theory-2019a,N3,yes,3.01,,,")[0] is SeatState.LEFT_EARLY


def test_make_up_names_sessions_to_come_with_an_open_seat(published: Path, run: Run, expected: Roll) -> None:
    with Register.open(published) as register:
        (one,) = missed(
            register, run.inputs, expected, {SEAT: SeatState.ABSENT, ("theory-2019a", "S5"): SeatState.ATTENDED}
        )
        held = register.seats(held=True).groupby("session_id")["headcount"].sum()
    assert (one.cadre_id, one.unit_id, one.programme_id, one.has) == ("N3", "N", "theory-course", ("theory-2022a",))
    sessions = run.inputs.sessions
    later = sessions[(sessions["programme_id"] == "theory-course") & (sessions["start_date"] > "2019-05-30")]
    open_ = {s for s, seats in zip(later["session_id"], later["usable_seats"], strict=True) if seats > held.get(s, 0)}
    assert one.offers[0] == "theory-2019b"
    assert set(one.offers) == open_ - {"theory-2022a"}


def test_make_up_leaves_out_sessions_on_days_of_another_seat(published: Path, run: Run, expected: Roll) -> None:
    busy = run.inputs.sessions.copy()
    at = busy["session_id"] == "theory-2022a"  # Where N3 has a seat; now on the days of theory-2019b.
    busy.loc[at, ["start_date", "end_date"]] = busy.loc[
        busy["session_id"] == "theory-2019b", ["start_date", "end_date"]
    ].to_numpy()
    with Register.open(published) as register:
        (one,) = missed(register, replace(run.inputs, sessions=busy), expected, {SEAT: SeatState.ABSENT})
    assert "theory-2019b" not in one.offers
