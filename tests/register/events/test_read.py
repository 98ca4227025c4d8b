"""Sheets of events: every mistake at once, in its row and column, and the nearest sound sheet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from allocator.domain.errors import InputError
from allocator.engine.run import Run
from allocator.register import Register
from allocator.register.events.read import one_event, read_events
from allocator.register.events.standing import Standing, from_tables, standing
from allocator.register.records import EVENT_COLUMNS, Event, EventKind, SessionState

ON = date(2019, 4, 10)  # theory-2019a is over.
CHINESE = ["事件编号", "日期", "类型", "人员编号", "班次编号", "单位编号", "值", "原因", "依据", "提出人"]


@pytest.fixture
def now(run: Run) -> Standing:
    """The plan of ``tiny`` on 10 April 2019, its first theory session closed."""
    return from_tables(run.inputs, run.plan.placements, {"theory-2019a": SessionState.CLOSED}, ON)


@pytest.fixture
def seat(run: Run) -> tuple[str, str]:
    """Somebody in ``theory-2019b``."""
    table = run.plan.placements
    return table["cadre_id"][table["session_id"] == "theory-2019b"].iloc[0], "theory-2019b"


def sheet(folder: Path, *rows: tuple[str, ...], columns: list[str] | None = None, name: str = "e.csv") -> Path:
    frame = pd.DataFrame(rows, columns=columns or list(EVENT_COLUMNS), dtype="str")
    path = folder / name
    if name.endswith("csv"):
        frame.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        frame.to_excel(path, index=False)
    return path


def row(kind: str, cadre: str = "", session: str = "", unit: str = "", value: str = "", **more: str) -> tuple[str, ...]:
    return (
        more.get("id", "E1"),
        more.get("day", "2019-04-08"),
        kind,
        cadre,
        session,
        unit,
        value,
        "病假",
        "四(一)",
        "",
    )


def told(path: Path, now: Standing) -> list[tuple[int, str, str]]:
    with pytest.raises(InputError) as caught:
        read_events(path, now)
    return [(d.row, d.column, d.code) for d in caught.value.defects]


@pytest.mark.parametrize("name", ["变动.csv", "变动.xlsx"])
def test_sheet_is_read_when_headings_and_kinds_are_chinese(
    now: Standing, seat: tuple[str, str], tmp_path: Path, name: str
) -> None:
    path = sheet(tmp_path, row("退训", *seat), columns=CHINESE, name=name)
    assert read_events(path, now, by="组织处") == [
        Event("E1", date(2019, 4, 8), EventKind.WITHDRAW, *seat, reason="病假", clause="四(一)", by="组织处")
    ]
    assert seat[1] not in now.held[seat[0]]


SOUND = {
    "unavailable": ("N1", "", "", "2019-06-01 至 2019-06-20"),
    "join": ("N9", "", "N", "姓名=北九；人员类别=bureau-deputy；职级=副厅级"),
    "leave": ("N1", "", "", ""),
    "transfer": ("N7", "", "S", ""),
    "promote": ("N7", "", "", "职级=副厅级；人员类别=bureau-deputy"),
    "move-session": ("", "theory-2019b", "", "2019-11-04"),
    "cancel-session": ("", "theory-2019b", "", ""),
    "seats": ("", "theory-2019b", "", "减少2"),
    "close-host": ("", "", "", "quality-institution"),
    "new-session": ("", "theory-2019c", "", "项目编号=theory-course；开始日期=2019-12-02；结束日期=2019-12-16；名额=4"),
    "request": ("", "theory-2019b", "N", "+1"),
}


@pytest.mark.parametrize("kind", SOUND)
def test_event_is_taken_when_it_says_what_its_kind_needs(now: Standing, tmp_path: Path, kind: str) -> None:
    (event,) = read_events(sheet(tmp_path, row(kind, *SOUND[kind])), now)
    assert event.kind == kind


FAULTY = {
    "unknown person": (row("leave", "N99"), "cadre_id", "event-unknown-id"),
    "unknown session": (row("cancel-session", session="theory-2019z"), "session_id", "event-unknown-id"),
    "unknown unit": (row("transfer", "N1", unit="X"), "unit_id", "event-unknown-id"),
    "unknown host": (row("close-host", value="nowhere"), "value", "event-unknown-id"),
    "unknown kind": (row("holiday", "N1"), "kind", "event-kind"),
    "future": (row("leave", "N1", day="2019-04-11"), "date", "event-in-future"),
    "no such date": (row("leave", "N1", day="2019-02-30"), "date", "no-such-date"),
    "nothing said": (row("withdraw", "N1"), "session_id", "event-needs"),
    "closed session": (row("cancel-session", session="theory-2019a"), "session_id", "event-session-over"),
    "withdraw without a seat": (row("withdraw", "N7", "theory-2020a"), "session_id", "event-no-seat"),
    "same unit": (row("transfer", "N1", unit="N"), "unit_id", "event-same-unit"),
    "other unit": (row("leave", "N1", unit="S"), "unit_id", "event-other-unit"),
    "known person": (row("join", "N1", unit="N", value="姓名=a；人员类别=bureau-deputy；职级=x"), "cadre_id", "event-known-id"),
    "lacking fields": (row("join", "N9", unit="N", value="姓名=北九"), "value", "event-lacks-field"),
    "unknown field": (row("promote", "N1", value="职位级=x"), "value", "bad-field"),
    "no field": (row("promote", "N1", value="副厅级"), "value", "bad-field"),
    "past span": (row("unavailable", "N1", value="2019-03-01/2019-03-20"), "value", "event-past"),
    "turned span": (row("unavailable", "N1", value="2019-06-20/2019-06-01"), "value", "period-order"),
    "past start": (row("move-session", session="theory-2019b", value="2019-04-10"), "value", "event-past"),
    "no seat left": (row("seats", session="theory-2019b", value="-4"), "value", "event-few-seats"),
    "no number": (row("seats", session="theory-2019b", value="some"), "value", "bad-seats"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTY)
def test_event_is_refused_in_its_cell(now: Standing, tmp_path: Path, case: str) -> None:
    cells, column, code = FAULTY[case]
    assert told(sheet(tmp_path, cells), now) == [(2, column, code)]


def test_every_mistake_is_told_at_once(now: Standing, seat: tuple[str, str], tmp_path: Path) -> None:
    path = sheet(
        tmp_path,
        row("withdraw", *seat),
        row("leave", "N99"),  # the same id, somebody unknown
        row("leave", "N2", id="E3"),
        row("transfer", "N2", unit="S", id="E4"),  # after having left
        row("withdraw", *seat, id="E5"),  # says what the first row says
        row("substitute", *seat, value=seat[0], id="E6"),  # no seat any more
    )
    assert told(path, now) == [
        (3, "cadre_id", "event-unknown-id"), (3, "event_id", "event-twice"), (5, "cadre_id", "event-contradiction"),
        (6, "", "event-same"), (7, "session_id", "event-no-seat"), (7, "value", "event-self"),
    ]  # fmt: skip


def test_substitute_is_refused_when_somebody_already_sits_there(now: Standing, run: Run, tmp_path: Path) -> None:
    table = run.plan.placements
    one, other = table["cadre_id"][table["session_id"] == "theory-2019b"].iloc[:2]
    path = sheet(tmp_path, row("substitute", one, "theory-2019b", value=other))
    assert told(path, now) == [(2, "value", "event-has-seat")]


def test_event_is_refused_when_the_register_has_it(published: Path, run: Run, tmp_path: Path) -> None:
    with Register.open(published) as register:
        event = Event("E1", ON, EventKind.LEAVE, "N1", reason="调出")
        register.add_events([event], by="Planner", on=ON, after=1)
        now = standing(register, run.inputs, ON)
    path = sheet(tmp_path, row("leave", "N2"), row("transfer", "N1", unit="S", id="E2"))
    assert told(path, now) == [(2, "event_id", "event-entered"), (3, "cadre_id", "event-contradiction")]
    assert one_event({"kind": "离任", "cadre_id": "N2", "reason": "调出"}, now).event_id == "E0002"


def test_defects_speak_both_languages(now: Standing, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_events(sheet(tmp_path, row("withdraw", "N7", "theory-2020a")), now)
    (defect,) = caught.value.defects
    assert "N7 has no seat in session theory-2020a" in defect.said("en")
    assert "N7 在班次 theory-2020a 没有名额" in defect.said("zh")
