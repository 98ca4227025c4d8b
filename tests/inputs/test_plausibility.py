"""Nothing silent: cells that cannot be meant are refused, unlikely ones noted, each with file and row."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from allocator.inputs import load
from tests.inputs.builders import Files, defects_of

CLASS = {"cadre_id": "C2", "programme_id": "P1", "start_date": "2018-03-05", "end_date": "2018-03-09", "days": "5",
         "hours": "30", "content": "", "host_group": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "row", "cells", "code", "column"),
    [
        ("history", 0, {"days": "6"}, "days-above-span", "days"),
        ("history", 1, {"hours": "121"}, "hours-above-days", "hours"),
        ("history", 1, {"start_date": "1969-12-31", "end_date": "1970-01-05"}, "class-unborn", "start_date"),
        ("history", 1, {"start_date": "2150-01-01", "end_date": "2150-01-05"}, "class-far", "start_date"),
        ("cadres", 0, {"birth_year": "2020"}, "born-later", "birth_year"),
        ("cadres", 0, {"appointed_on": "1969-05-01"}, "appointed-unborn", "appointed_on"),
        ("cadres", 1, {"headcount": "1000000000"}, "too-many", "headcount"),
        ("programmes", 1, {"theory_hours": "201"}, "part-above-hours", "theory_hours"),
        ("programmes", 0, {"hours": "121"}, "hours-above-days", "hours"),
        ("programmes", 0, {"days": "367"}, "days-many", "days"),
        ("sessions", 0, {"seats": "1000000000"}, "too-many", "seats"),
        ("sessions", 0, {"start_date": "2150-03-04", "end_date": "2150-03-08", "year": "2150"}, "class-far", "start_date"),
        ("cadres", 1, {"cadre_id": "C\u200b9"}, "invisible-character", "cadre_id"),
        ("cadres", 1, {"category": "dep\u00aduty"}, "invisible-character", "category"),
        ("cadres", 1, {"cadre_id": "=C9"}, "damaged-id", "cadre_id"),
        ("cadres", 2, {"team_id": "-"}, "damaged-id", "team_id"),
        ("units", 3, {"unit_id": "@12"}, "damaged-id", "unit_id"),
        ("sessions", 1, {"session_id": "+S2"}, "damaged-id", "session_id"),
    ],
)  # fmt: skip
def test_impossible_cell_is_refused_with_its_place(
    files: Files, table: str, row: int, cells: dict[str, str], code: str, column: str
) -> None:
    for one in files.tables[table]:
        one.update(dict.fromkeys(cells.keys() - one.keys(), ""))
    files.tables[table][row].update(cells)
    found = [defect for defect in files.defects() if defect.code == code]
    assert [(d.row, d.column) for d in found] == [(row + 2, column)]
    assert f"{table}.csv" in found[0].file


@pytest.mark.parametrize(
    ("table", "row", "cells", "code"),
    [
        ("history", 1, {"end_date": "2016-03-06"}, "span-above-days"),
        ("history", 1, {"hours": "61"}, "hours-a-day"),
        ("history", 1, {"start_date": "1985-03-06", "end_date": "1985-03-10"}, "class-young"),
        ("history", 1, {"start_date": "2021-03-01", "end_date": "2021-03-05"}, "class-later"),
        ("cadres", 2, {"birth_year": "1910"}, "age"),
        ("cadres", 1, {"headcount": "2"}, "group-in-team"),
        ("programmes", 0, {"hours": "61"}, "hours-a-day"),
        ("sessions", 0, {"seats": "2000"}, "seats-above-people"),
        ("sessions", 0, {"end_date": "2019-03-07"}, "session-short"),
        ("sessions", 0, {"end_date": "2019-04-08"}, "session-long"),
        ("sessions", 2, {"segments": "2019-03-08/2019-03-20;2019-05-06/2019-05-10"}, "segments-unlike"),
        ("cadres", 1, {"category": "dерuty"}, "lookalike"),
        ("cadres", 1, {"rank": "ｂ"}, "lookalike"),
        ("units", 3, {"kind": "prefecturе"}, "lookalike"),
        ("cadres", 1, {"category": "deputу"}, "lookalike"),
        ("history", 1, {"content": "theary"}, "one-off"),
        ("cadres", 1, {"category": "haed", "rank": "b"}, None),
    ],
)  # fmt: skip
def test_unlikely_cell_is_noted_with_its_row(
    files: Files, table: str, row: int, cells: dict[str, str], code: str | None
) -> None:
    # The sessions of the small set fit their programmes but for one whose segments are shorter.
    files.tables["sessions"][2]["segments"] = "2019-03-08/2019-03-30;2019-05-01/2019-05-10"
    assert _codes(files) == set()
    files.tables[table][row].update(cells)
    if code is None:  # Two letters off, and no rule knows either: nothing can be said.
        assert _codes(files) == set()
        return
    (note,) = [note for note in files.load().notes if note.code == f"note.{code}"]
    assert f"{table}.csv" in note
    assert note.rstrip().endswith(f": {row + 2}")


def test_online_session_of_a_whole_year_is_noted_as_absence(files: Files) -> None:
    for row in files.tables["programmes"]:
        row["online"] = "true"
    files.tables["sessions"][0].update(start_date="2019-01-07", end_date="2019-12-20")
    (note,) = [note for note in files.load().notes if note.code == "note.online-away"]
    assert note.endswith("name them as segments: 2")
    files.tables["sessions"][0]["end_date"] = "2019-02-06"  # 31 days
    assert not [note for note in files.load().notes if note.code == "note.online-away"]


USUAL = {"note.hours", "note.gone-programme", "note.from-programme"}


def _codes(files: Files) -> set[str]:
    return {note.code for note in files.load().notes} - USUAL


def test_history_pasted_twice_counts_once_with_a_note(files: Files) -> None:
    once = files.load().history
    files.tables["history"] += [dict(row) for row in files.tables["history"]]
    inputs = files.load()
    assert inputs.history.equals(once)
    (note,) = [note for note in inputs.notes if note.code == "note.doubled-history"]
    assert note.endswith("2 rows are equal to an earlier one, counted once: 4, 5")


def test_overlapping_history_is_noted_and_counts(files: Files) -> None:
    files.tables["history"] += [CLASS, {**CLASS, "start_date": "2018-03-09", "end_date": "2018-03-13", "hours": "31"}]
    inputs = files.load()
    assert len(inputs.history) == 4
    (note,) = [note for note in inputs.notes if note.code == "note.overlapping-history"]
    assert note.endswith("another class of the same person overlaps in 1 row: 5")


def test_classes_that_follow_each_other_are_no_overlap(files: Files) -> None:
    files.tables["history"] += [CLASS, {**CLASS, "start_date": "2018-03-10", "end_date": "2018-03-14"}]
    assert "note.overlapping-history" not in {note.code for note in files.load().notes}


@pytest.mark.parametrize(
    ("old", "new", "near"),
    [
        ("headcount", "总人数", "headcount"),
        ("headcount", "head_cuont", "headcount"),
        ("birth_year", "出生年", "birth_year"),
        ("tags", "tag", "tags"),
    ],
)
def test_misspelt_optional_heading_is_listed_with_the_nearest(files: Files, old: str, new: str, near: str) -> None:
    files.tables["cadres"] = [{new if k == old else k: v for k, v in row.items()} for row in files.tables["cadres"]]
    notes = {note.code: note for note in files.load().notes}
    assert f"'{new}' (did you mean {near}?)" in notes["note.unknown-columns"]
    assert "cadre_id = cadre_id, name = name" in notes["note.read-as"]


def test_column_of_ones_own_that_a_rule_uses_is_no_slip(files: Files) -> None:
    for row in files.tables["cadres"]:
        row["office"] = "x"
    assert "note.unknown-columns" in _codes(files)
    files.rule("fifth")["group_by"] = "office"
    assert "note.unknown-columns" not in _codes(files)


def test_hidden_rows_columns_and_sheets_are_pointed_out(files: Files) -> None:
    files.suffix = ".xlsx"
    files.write()
    path = files.folder / "tables" / "cadres.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["cadres"]
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions[40].hidden = True  # Nothing stands there.
    sheet.column_dimensions["D"].hidden = True
    book.create_sheet("x")
    sheet.sheet_state = "hidden"
    sheet.title = "cadres"
    book.active = 1
    book.save(path)
    notes = {note.code: str(note) for note in load(files.path).notes}
    assert notes["note.hidden-rows"].endswith("cadres.xlsx[cadres]: 1 row is hidden but read all the same: 3")
    assert notes["note.hidden-columns"].endswith("'team_id'")
    assert "note.hidden-sheet" in notes


def test_files_outside_the_folder_of_the_scenario_are_pointed_out(files: Files) -> None:
    path = files.write()
    inner = files.folder / "inner"
    inner.mkdir()
    text = path.read_text(encoding="utf-8").replace("policy.toml", "../policy.toml").replace('"tables"', '"../tables"')
    (inner / "scenario.toml").write_text(text, encoding="utf-8")
    (note,) = [note for note in load(inner / "scenario.toml").notes if note.code == "note.outside"]
    assert note.endswith("reads files outside its own folder, from .., ../tables")
    assert "note.outside" not in _codes(files)


def test_defects_come_before_what_is_only_unlikely(files: Files) -> None:
    files.tables["history"][0]["days"] = "600"
    codes: list[Any] = [defect.code for defect in defects_of(files.write())]
    assert codes == ["days-above-span"]


@pytest.mark.parametrize("table", ["units", "cadres", "history", "programmes", "sessions"])
def test_table_without_rows_is_no_matter_for_figures(files: Files, table: str) -> None:
    path = files.write()
    file = files.folder / "tables" / f"{table}.csv"
    file.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    if table == "history":
        assert load(path).history.empty
    else:
        assert "no-rows" in {defect.code for defect in defects_of(path)}
