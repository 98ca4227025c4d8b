"""What one table, or two together, can have wrong; and what is filled in from other tables."""

from __future__ import annotations

import pytest

from tests.inputs.builders import Files


@pytest.mark.parametrize(
    ("table", "column"),
    [("units", "unit_id"), ("cadres", "cadre_id"), ("programmes", "programme_id"), ("sessions", "session_id")],
)
def test_doubled_id_is_refused_with_its_first_row(files: Files, table: str, column: str) -> None:
    rows = files.tables[table]
    rows.append(dict(rows[0]))
    defect = files.defect("doubled-id")
    assert (defect.file, defect.row, defect.column) == (f"{table}.csv", len(rows) + 1, column)
    assert defect.message == f"the id {rows[0][column]!r} is used twice, first in row 2"
    rows[-1] = {**rows[-1], column: "NEW"}
    files.load()


@pytest.mark.parametrize("table", ["sessions", "history"])
def test_end_before_start_is_refused_and_one_day_passes(files: Files, table: str) -> None:
    row = files.tables[table][0]
    row["start_date"], row["end_date"] = "2019-03-04", "2019-03-03"
    defect = files.defect("ends-before-start")
    assert (defect.row, defect.column) == (2, "end_date")
    assert defect.message == "it ends on 2019-03-03, before it starts on 2019-03-04"
    row["end_date"] = "2019-03-04"
    row.update({name: "1" for name in ("days", "hours") if name in row})  # What one day holds.
    files.load()


def test_session_of_another_year_than_its_start_is_refused(files: Files) -> None:
    files.tables["sessions"][0]["year"] = "2020"
    defect = files.defect("wrong-year")
    assert (defect.row, defect.column) == (2, "year")
    assert defect.message == "the year is 2020, but the session starts in 2019"


def test_min_seats_above_seats_is_refused_and_equal_passes(files: Files) -> None:
    files.tables["sessions"][0]["min_seats"] = "4"
    defect = files.defect("min-above-seats")
    assert (defect.row, defect.column, defect.message) == (2, "min_seats", "min_seats is 4, more than the 3 seats")
    files.tables["sessions"][0]["min_seats"] = "3"
    files.load()


def test_seat_of_the_observer_is_not_usable_in_long_classes_only(files: Files) -> None:
    # P2 lasts 30 days, as long as observer_days; P1 lasts 5.
    assert files.load().sessions["usable_seats"].tolist() == [3, 3, 9]
    files.tables["programmes"][1]["days"] = "29"
    assert files.load().sessions["usable_seats"].tolist() == [3, 3, 10]


def test_min_seats_that_need_the_observers_seat_are_refused(files: Files) -> None:
    files.tables["sessions"][2]["min_seats"] = "10"
    defect = files.defect("min-above-seats")
    assert defect.message == "min_seats is 10, but one of the 10 seats is the observer's"
    files.tables["sessions"][2]["min_seats"] = "9"
    files.load()


def test_units_in_a_circle_are_refused(files: Files) -> None:
    files.tables["units"][0]["parent_unit_id"] = "111"
    defect = files.defect("unit-cycle")
    assert (defect.row, defect.column) == (2, "parent_unit_id")
    assert defect.message == "the units lie above each other in a circle: 1 → 111 → 11 → 1"


def test_unit_that_is_its_own_parent_is_refused(files: Files) -> None:
    files.tables["units"][3]["parent_unit_id"] = "12"
    assert files.defect("unit-cycle").row == 5


def test_team_of_two_units_is_refused(files: Files) -> None:
    files.tables["cadres"].append({**files.tables["cadres"][1], "cadre_id": "C9", "unit_id": "12"})
    defect = files.defect("team-of-two-units")
    assert (defect.file, defect.row, defect.column) == ("cadres.csv", 6, "team_id")
    assert defect.message == "a member of team 'T1' is of unit '12', 2 others are of unit '11'"
    files.tables["cadres"][-1]["team_id"] = "T9"
    files.load()


# Table, position, column, unknown id, code, hint that is expected.
REFERENCES = [
    ("units", 1, "parent_unit_id", "1x9", "unknown-unit", "units.csv"),
    ("cadres", 2, "unit_id", "1111", "unknown-unit", "did you mean '111'?"),
    ("history", 0, "cadre_id", "C22", "unknown-cadre", "did you mean 'C2'?"),
    ("programmes", 1, "serves_unit_id", "zzz", "unknown-unit", "units.csv"),
    ("sessions", 0, "programme_id", "P11", "unknown-programme", "did you mean 'P1'?"),
    ("history", 0, "programme_id", "P11", "unknown-programme", "did you mean 'P1'?"),
]


@pytest.mark.parametrize(("table", "position", "column", "value", "code", "hint"), REFERENCES)
def test_unknown_reference_is_refused_with_a_suggestion(
    files: Files, table: str, position: int, column: str, value: str, code: str, hint: str
) -> None:
    files.tables[table][position][column] = value
    defect = files.defect(code)
    assert (defect.file, defect.row, defect.column) == (f"{table}.csv", position + 2, column)
    assert repr(value) in defect.message
    assert hint in defect.hint


def test_past_programme_may_be_gone_when_the_history_tells_content_and_host(files: Files) -> None:
    inputs = files.load()
    assert "OLD" in inputs.history["programme_id"].tolist()
    assert any("the programme of 1 row is no longer in" in note for note in inputs.notes)
    files.tables["history"][1]["host_group"] = ""
    assert "fill in content and host_group" in files.defect("unknown-programme").hint


def test_history_takes_content_host_and_hours_that_are_blank(files: Files) -> None:
    history = files.load().history
    # C1 has its own 30 hours; C2 gets 5 days of 6 hours, and content and host from P1.
    assert history["hours"].tolist() == [30.0, 30.0]
    assert history["content"].tolist() == ["theory", "theory;spirit"]
    assert history["host_group"].tolist() == ["school", "school"]
    assert history["year"].tolist() == [2015, 2017]


def test_hours_of_programmes_follow_the_policys_hours_per_day(files: Files) -> None:
    assert files.load().programmes["hours"].tolist() == [30.0, 200.0]
    files.scenario["policy_parameters"] = {"hours_per_day": 8}
    assert files.load().programmes["hours"].tolist() == [40.0, 200.0]


def test_segments_have_their_own_dates_and_hosts(files: Files) -> None:
    segments = files.load().segments
    rows = [
        (r.session_id, f"{r.start_date:%m-%d}", f"{r.end_date:%m-%d}", r.host_id)
        for r in segments.itertuples(index=False)
    ]
    assert rows == [
        ("S1", "03-04", "03-08", "H1"),
        ("S2", "03-02", "03-06", "H1"),
        ("S3", "03-08", "03-20", "H9"),
        ("S3", "05-06", "05-10", "H2"),
    ]


BAD_SEGMENTS = [
    ("in March", "'in March' is not a segment"),
    ("2019-03-08", "'2019-03-08' is not a segment"),
    ("2019-03-08/2019-03-40", "in the segment '2019-03-08/2019-03-40': the date '2019-03-40' does not exist"),
    ("2019-03-20/2019-03-08", "the segment '2019-03-20/2019-03-08' ends before it starts"),
    (
        "2019-03-07/2019-03-20",
        "the segment '2019-03-07/2019-03-20' is not within the session, 2019-03-08 to 2019-05-10",
    ),
    (
        "2019-05-06/2019-05-11",
        "the segment '2019-05-06/2019-05-11' is not within the session, 2019-03-08 to 2019-05-10",
    ),
    ("2019-04-01/2019-04-05;2019-03-08/2019-04-01", "segments overlap: those that start on 2019-03-08, 2019-04-01"),
    (";", "';' has no segments"),
]


@pytest.mark.parametrize(("text", "message"), BAD_SEGMENTS)
def test_bad_segments_are_refused(files: Files, text: str, message: str) -> None:
    files.tables["sessions"][2]["segments"] = text
    defect = files.defect("bad-segments")
    assert (defect.file, defect.row, defect.column, defect.message) == ("sessions.csv", 4, "segments", message)


def test_segments_that_touch_the_ends_of_the_session_pass(files: Files) -> None:
    files.tables["sessions"][2]["segments"] = "2019-04-02/2019-05-10; 2019-03-08/2019-04-01"
    assert len(files.load().segments) == 4
