"""Changes of sessions that a scenario states: made up later, cancelled, or with fewer seats."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from allocator.inputs import load, scenario_toml
from tests.inputs.builders import Files, line_of

# Of the three sessions S1 is on 4 to 8 March 2019, S2 on 2 to 6 March 2020, and S3 in two parts, 8 to 20 March and
# 6 to 10 May 2019; see builders.py.
MARCH = {"from_date": date(2019, 3, 1), "to_date": date(2019, 3, 7)}


def change(files: Files, *changes: dict[str, Any]) -> Any:
    files.scenario["session_changes"] = list(changes)
    return files.load()


def dates(inputs: Any) -> dict[str, list[str]]:
    table = inputs.sessions
    return {
        session: [f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}"]
        for session, start, end in zip(table["session_id"], table["start_date"], table["end_date"], strict=True)
    }


def test_session_in_the_closed_time_moves_and_others_stay(files: Files) -> None:
    inputs = change(files, {**MARCH, "shift_days": 100})
    # The 4th of March and a hundred days is the 12th of June.
    assert dates(inputs)["S1"] == ["2019-06-12", "2019-06-16"]
    assert dates(inputs)["S2"] == ["2020-03-02", "2020-03-06"]
    assert dates(inputs)["S3"] == ["2019-03-08", "2019-05-10"]
    assert "1 session is made up later, 0 cancelled" in str(inputs.notes)


@pytest.mark.parametrize(("last", "moves"), [(date(2019, 3, 3), False), (date(2019, 3, 4), True)])
def test_first_day_of_a_session_decides_at_the_edge(files: Files, last: date, moves: bool) -> None:
    inputs = change(files, {"from_date": date(2019, 3, 1), "to_date": last, "shift_days": 100})
    assert (dates(inputs)["S1"][0] != "2019-03-04") == moves


def test_all_parts_of_a_session_move_and_their_text_with_them(files: Files) -> None:
    inputs = change(files, {"from_date": date(2019, 5, 6), "to_date": date(2019, 5, 6), "shift_days": 70})
    parts = inputs.segments[inputs.segments["session_id"] == "S3"]
    assert [f"{day:%m-%d}" for day in parts["start_date"]] == ["05-17", "07-15"]
    text = inputs.sessions.set_index("session_id")["segments"]["S3"]
    assert text == "2019-05-17/2019-05-29@H9;2019-07-15/2019-07-19"


def test_days_between_two_parts_are_not_part_of_the_session(files: Files) -> None:
    inputs = change(files, {"from_date": date(2019, 4, 1), "to_date": date(2019, 4, 30), "shift_days": 70})
    assert dates(inputs)["S3"] == ["2019-03-08", "2019-05-10"]
    assert any("touches no session" in note for note in inputs.notes)


def test_moved_session_goes_on_by_weeks_until_no_closed_day_is_met(files: Files) -> None:
    holiday = {"from_date": date(2019, 6, 10), "to_date": date(2019, 6, 12), "shift_days": 7}
    inputs = change(files, {**MARCH, "shift_days": 100}, holiday)
    assert dates(inputs)["S1"] == ["2019-06-19", "2019-06-23"]  # A week after the 12th of June.
    assert any("1 session made up would meet the closed days 2019-06-10" in note for note in inputs.notes)


def test_year_follows_a_session_into_the_next(files: Files) -> None:
    inputs = change(files, {**MARCH, "shift_days": 364})
    assert inputs.sessions.set_index("session_id")["year"]["S1"] == 2020


def test_cancelled_session_is_gone_with_its_parts(files: Files) -> None:
    inputs = change(files, {"from_date": date(2019, 3, 8), "to_date": date(2019, 3, 8), "cancel": True})
    assert set(inputs.sessions["session_id"]) == {"S2"} == set(inputs.segments["session_id"])


def test_programmes_choose_among_the_sessions_of_the_time(files: Files) -> None:
    only = {"programmes": {"host_group": "institute"}}
    inputs = change(files, {"from_date": date(2019, 3, 8), "to_date": date(2019, 3, 8), "cancel": True, **only})
    assert set(inputs.sessions["session_id"]) == {"S1", "S2"}


def test_share_of_the_seats_is_rounded_down_and_the_least_size_follows(files: Files) -> None:
    files.tables["sessions"][1]["min_seats"] = "3"
    inputs = change(files, {"seats_share": "1/2"})
    table = inputs.sessions.set_index("session_id")
    assert table["seats"].to_dict() == {"S1": 1, "S2": 1, "S3": 5}
    assert table["usable_seats"].to_dict() == {"S1": 1, "S2": 1, "S3": 4}  # One of S3 is the observer's.
    assert table["min_seats"].to_dict() == {"S1": 1, "S2": 1, "S3": 1}


def test_base_states_changes_and_a_list_above_replaces_them(files: Files) -> None:
    files.scenario["session_changes"] = [{**MARCH, "shift_days": 100}]
    base = files.write()
    above = files.folder / "above.toml"
    above.write_text('extends = "scenario.toml"\nid = "above"\n', encoding="utf-8")
    assert dates(load(above)) == dates(load(base))
    above.write_text('extends = "scenario.toml"\nid = "above"\nsession_changes = []\n', encoding="utf-8")
    assert dates(load(above))["S1"] == ["2019-03-04", "2019-03-08"]


def test_merged_form_read_again_changes_the_sessions_once(files: Files, tmp_path: Path) -> None:
    inputs = change(files, {**MARCH, "shift_days": 100}, {"seats_share": 0.5, "programmes": {"days": {"max": 5}}})
    again = tmp_path / "again.toml"
    again.write_text(scenario_toml(inputs, tmp_path), encoding="utf-8")
    assert load(again).sessions.equals(inputs.sessions)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({**MARCH}, "exactly one of cancel", "[[session_changes]]"),
    ({**MARCH, "cancel": True, "shift_days": 7}, "exactly one of cancel", "[[session_changes]]"),
    ({"cancel": True}, "between a from_date and a to_date", "[[session_changes]]"),
    ({"from_date": date(2019, 3, 7), "to_date": date(2019, 3, 1), "cancel": True}, "2019-03-01", "[[session_changes]]"),
    ({**MARCH, "shift_days": -1}, "-1 is not a value", "shift_days"),
    ({**MARCH, "shift_day": 7}, "unknown key 'shift_day'", "shift_day"),
    ({"seats_share": 2}, "2", "seats_share"),
    ({"seats_share": 0.5, "programmes": {"hosts": "x"}}, "no column 'hosts'", "programmes"),
]


@pytest.mark.parametrize(("bad", "message", "where"), BAD)
def test_bad_change_is_refused_on_its_line(files: Files, bad: dict[str, Any], message: str, where: str) -> None:
    files.scenario["session_changes"] = [bad]
    (defect, *_) = files.defects()
    assert Path(defect.file).name == "scenario.toml"
    assert message in defect.message
    assert defect.row in (line_of(files.path, where), line_of(files.path, where) + 1)
