"""A year of ``tiny`` closed: what is refused, what becomes history, what follows, and that nothing is half done."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from typer.testing import CliRunner, Result

from allocator.audit import audit
from allocator.cli.app import app
from allocator.engine.run import Run
from allocator.inputs import load
from allocator.register import Register
from allocator.register.publish import publish
from tests.register.test_register import ON, content

NEW_YEAR = "2020-01-06"


def call(register: object, *arguments: str, command: str = "close", on: str = NEW_YEAR, lang: str = "en") -> Result:
    common = ["--register", str(register), "--by", "教育处", "--as-of", on, "--lang", lang]
    return CliRunner().invoke(app, [command, *arguments, *common])


def record(register: object, folder: Path, year: int, **other: str) -> None:
    """Everybody of a year completed, but for those named, with the rest of their row."""
    with Register.open(str(register)) as opened:
        seats = opened.seats(held=True)
    seats = seats[seats["year"] == year]
    rows = [f"{s},{c},{other.get(c, 'yes,,,')}" for s, c in zip(seats["session_id"], seats["cadre_id"], strict=True)]
    path = folder / f"{year}.csv"
    path.write_text("\n".join(["session_id,cadre_id,present,leave_days,hours,completed", *rows]) + "\n", "utf-8")
    result = call(register, str(path), command="record", on=f"{year + 1}-01-06")
    assert result.exit_code == 0, result.output


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
def test_year_is_closed_and_the_rest_is_ready_to_plan(
    server: bool, run: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    where = request.getfixturevalue("database") if server else str(tmp_path / "register.db")
    with Register.open(where, create=True) as register:
        publish(register, run, by="Planner", on=ON)
    record(where, tmp_path, 2019)
    result = call(where, "--year", "2019", "--out", str(tmp_path / "next"))
    assert result.exit_code == 0, result.output
    assert "2019 is closed, version 2: 10 of 10 seats completed" in result.stdout and "Nobody missed" in result.stdout
    inputs = load(tmp_path / "next" / "scenario.toml")
    assert (inputs.scenario.id, inputs.years) == ("tiny", (2020, 2021, 2022))
    assert set(inputs.sessions["year"]) == {2020, 2021, 2022}
    new = inputs.history[inputs.history["year"] == 2019]
    placed = run.plan.placements[run.plan.placements["year"] == 2019]
    assert set(zip(new["cadre_id"], new["start_date"], new["days"], new["hours"], strict=True)) == set(
        zip(placed["cadre_id"], placed["start_date"], placed["days"], placed["hours"], strict=True)
    )
    with Register.open(where) as register:
        rest = register.plan(2)
        assert audit(
            rest, inputs
        ).is_clean  # What was planned for the years left keeps every rule, with 2019 as history.
        assert len(rest.placements) == len(run.plan.placements) - 10
        assert register.closed_years() == {2019}
        assert register.journal()["what"].tolist()[-1] == "close"
        assert len(register.seats(held=True)) == len(run.plan.placements)  # Those of 2019 stand.
        assert register.verify() == []
    again = call(where, "--year", "2019", "--out", str(tmp_path / "again"))
    assert "was closed before" in again.stdout
    names = {path.name for path in (tmp_path / "next").iterdir()}
    assert {"scenario.toml", "policy.toml", "history.csv", "due.csv", "2019.xlsx", "closing.json"} <= names
    for name in names:
        assert (tmp_path / "next" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.usefixtures("no_figures")
def test_plan_is_made_again_and_published_over_the_closed_year(published: Path, tmp_path: Path) -> None:
    record(published, tmp_path, 2019)
    assert call(published, "--year", "2019", "--out", str(tmp_path / "next")).exit_code == 0
    planned = CliRunner().invoke(
        app, ["plan", str(tmp_path / "next" / "scenario.toml"), "--out", str(tmp_path / "run")]
    )
    assert planned.exit_code == 0, planned.output
    result = call(published, str(tmp_path / "run"), command="publish")
    if result.exit_code == 7:
        assert "nothing to publish" in result.stderr  # The very plan that is in force.
    else:
        assert result.exit_code == 0, result.output
    with Register.open(published) as register:
        assert set(register.plan(register.latest().version).placements["year"]) == {2020, 2021, 2022}
        seats = register.seats()
        assert set(seats["state"][seats["year"] == 2019]) == {"attended"}
        assert register.verify() == []


def test_who_missed_a_session_is_due_with_the_clauses(published: Path, tmp_path: Path) -> None:
    record(published, tmp_path, 2019, N5="no,,,", S6="yes,3,,")  # Three of five days away.
    result = call(published, "--year", "2019", "--out", str(tmp_path / "next"))
    assert "8 of 10 seats completed, 1 absent, 1 not completed" in result.stdout
    due = {one["cadre_id"]: one for one in rows_of(tmp_path / "next" / "due.csv")}
    assert {who: one["state"] for who, one in due.items()} == {"S6": "left-early", "N5": "absent"}
    assert (due["N5"]["clauses"], due["S6"]["clauses"]) == ("1;4;6;7;8", "5")
    assert due["N5"]["can_be_made_up_in"].split(";")[0] == "theory-2020a"
    assert "theory-2020a" in result.stdout and "Theory course: about 4 of the teams a year" in result.stdout
    book = load_workbook(tmp_path / "next" / "2019.xlsx")
    assert [sheet.title for sheet in book] == ["By programme", "By session", "By unit", "To be made up", "Given up"]
    last = [row for row in book["By programme"].iter_rows(values_only=True) if row[0]][-1]
    assert last[:8] == ("All", None, 10, 0, 10, 8, 1, 1)
    tags = {one["cadre_id"]: one["tags"] for one in rows_of(tmp_path / "next" / "cadres.csv")}
    assert "done-staff-coverage" in tags["S7"] and "done" not in tags["S6"]
    rest = load(tmp_path / "next" / "scenario.toml").policy.rule("staff-coverage-rest")
    assert (rest.window_years, rest.clause) == (3, "5")  # type: ignore[attr-defined]


def test_what_cannot_be_closed_is_refused_and_writes_nothing(published: Path, tmp_path: Path) -> None:
    before, out = content(published), ["--out", str(tmp_path / "next")]
    for arguments, on, code, text in (
        (["--year", "2018"], NEW_YEAR, 7, "2018 is not in it"),
        (["--year", "2020"], "2021-01-06", 7, "2019 is not closed yet"),
        (["--year", "2019"], NEW_YEAR, 7, "branch-2019 (2 seats)"),
        (["--year", "2019", "--unrecorded", "absent"], NEW_YEAR, 2, "--reason"),
        (["--year", "2019", "--unrecorded", "perhaps", "--reason", "x"], NEW_YEAR, 2, "perhaps"),
        (["--year", "2019", "--unrecorded", "absent", "--reason", "x"], "2019-10-27", 7, "theory-2019b"),
    ):
        result = call(published, *arguments, *out, on=on)
        assert (result.exit_code, text in result.stderr, "Traceback" in result.output) == (code, True, False), arguments
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    taken = call(
        published,
        "--year",
        "2019",
        "--out",
        str(tmp_path / "mine"),
        "--unrecorded",
        "absent",
        "--reason",
        "x",
        "--force",
    )
    assert taken.exit_code == 2 and (tmp_path / "mine" / "letter.txt").exists()
    assert content(published) == before and not (tmp_path / "next").exists()


@pytest.mark.parametrize(("assumed", "rows"), [("attended", 10), ("absent", 0)])
def test_what_nobody_recorded_is_assumed_with_a_reason(
    published: Path, tmp_path: Path, assumed: str, rows: int
) -> None:
    result = call(
        published,
        "--year",
        "2019",
        "--out",
        str(tmp_path / "next"),
        "--unrecorded",
        assumed,
        "--reason",
        "名单遗失",
        "--json",
    )
    assert json.loads(result.stdout).get("history") == rows, result.output
    with Register.open(published) as register:
        last = register.journal().to_dict("records")[-2:]
        assert [(one["what"], one["why"]) for one in last] == [("attendance", "名单遗失"), ("close", "名单遗失")]
        assert register.verify() == []


def test_year_without_a_seat_can_be_closed(run: Run, tmp_path: Path) -> None:
    where = tmp_path / "register.db"
    with Register.open(where, create=True) as register:
        publish(register, run, by="Planner", on=ON, years=[2020])
    result = call(where, "--year", "2019", "--out", str(tmp_path / "next"))
    assert result.exit_code == 0, result.output
    assert "0 of 0 seats completed" in result.stdout and load(tmp_path / "next" / "scenario.toml").years[0] == 2020


def test_people_and_events_go_on_into_the_next_year(published: Path, tmp_path: Path) -> None:
    record(published, tmp_path, 2019)
    for arguments in (
        ["--kind", "leave", "--cadre", "S2"],
        ["--kind", "join", "--cadre", "S9", "--unit", "S", "--value", "name=南九;category=bureau-deputy;rank=副厅级"],
        ["--kind", "move-session", "--session", "branch-2020", "--value", "2020-06-01"],
        ["--kind", "request", "--unit", "N", "--session", "branch-2020", "--value", "+1"],
    ):
        result = call(published, *arguments, "--reason", "来函", command="event", on="2019-12-30")
        assert result.exit_code == 0, result.output
    found = call(published, "--year", "2019", "--out", str(tmp_path / "next"), "--json")
    told = json.loads(found.stdout)
    assert (told["carried"], told["left_roster"], told["settled"]) == (["E0001", "E0002", "E0003"], ["S2"], [])
    people, past = (
        {one["cadre_id"] for one in rows_of(tmp_path / "next" / f"{name}.csv")} for name in ("cadres", "history")
    )
    assert "S9" in people and "S2" not in people | past
    (moved,) = (one for one in rows_of(tmp_path / "next" / "sessions.csv") if one["session_id"] == "branch-2020")
    assert (moved["start_date"], moved["end_date"]) == ("2020-06-01", "2020-06-05")
    with Register.open(published) as register:
        events = register.events().set_index("event_id")["applied_in"]
        assert events[["E0001", "E0002", "E0003"]].tolist() == [2, 2, 2] and pd.isna(events["E0004"])
        assert "S2" not in set(register.plan(2).placements["cadre_id"])
        assert register.verify() == []


def test_closed_year_takes_no_event_and_no_attendance(published: Path, tmp_path: Path) -> None:
    record(published, tmp_path, 2019)
    assert call(published, "--year", "2019", "--out", str(tmp_path / "next")).exit_code == 0
    before = content(published)
    withdraw = ["--kind", "withdraw", "--cadre", "N5", "--session", "theory-2019b", "--reason", "x"]
    late = ["--kind", "leave", "--cadre", "N5", "--date", "2019-12-30", "--reason", "x"]
    for arguments in (withdraw, late):
        result = call(published, *arguments, command="event")
        assert result.exit_code == 3 and "2019 is closed" in result.stderr, result.output
    again = call(published, str(tmp_path / "2019.csv"), "--correct", "--reason", "x", command="record")
    assert again.exit_code == 3 and "2019 is closed" in again.stderr
    assert content(published) == before
    assert call(published, *late[:4], "--reason", "x", command="event").exit_code == 0  # Known since the closing.


def test_run_that_changes_a_closed_year_is_refused(published: Path, run: Run, tmp_path: Path) -> None:
    record(published, tmp_path, 2019)
    assert call(published, "--year", "2019", "--out", str(tmp_path / "next")).exit_code == 0
    from dataclasses import replace

    from allocator.domain.errors import RegisterError
    from tests.register.test_register import code_of

    table = run.plan.placements.copy()
    swapped = table["session_id"] == "branch-2019"
    table.loc[swapped & (table["cadre_id"] == "S6"), "cadre_id"] = "N8"
    with Register.open(published) as register:
        with pytest.raises(RegisterError) as fault:
            publish(register, replace(run, plan=type(run.plan)(table)), by="P", on=date(2020, 1, 7), reason="x")
        assert code_of(fault) == "register.year-closed"
        assert publish(register, run, by="P", on=date(2020, 1, 7)) == 3  # The same people in it do no harm.


def test_four_years_are_closed_one_after_the_other_and_the_next_plan_follows(published: Path, tmp_path: Path) -> None:
    for year in range(2019, 2022):
        record(published, tmp_path, year, **({"S6": "no,,,"} if year == 2019 else {}))
        result = call(published, "--year", str(year), "--out", str(tmp_path / str(year)), on=f"{year + 1}-01-06")
        assert result.exit_code == 0, result.output
    rest = load(tmp_path / "2021" / "scenario.toml")
    assert rest.policy.rule("staff-coverage-rest").window_years == 1  # type: ignore[attr-defined]
    record(published, tmp_path, 2022)
    last = ["--year", "2022", "--out", str(tmp_path / "2022")]
    refused = call(published, *last, on="2023-01-06")
    assert refused.exit_code == 7 and "--next-plan" in refused.stderr
    result = call(published, *last, "--next-plan", on="2023-01-06")
    assert result.exit_code == 0, result.output
    assert "No session was known of 2023, 2024, 2025, 2026: those of 2022 stand for them" in result.stdout
    inputs = load(tmp_path / "2022" / "scenario.toml")
    assert (inputs.scenario.id, inputs.years) == ("tiny-2023-2026", (2023, 2024, 2025, 2026))
    assert "staff-coverage-rest" not in {rule.id for rule in inputs.policy.rules}  # A new window begins.
    assert not inputs.cadres["tags"].str.contains("done-").any()
    assert set(inputs.sessions["year"]) == {2023, 2024, 2025, 2026}
    of_2022 = load(tmp_path / "2021" / "scenario.toml").sessions
    before, after = (table.set_index("session_id")["start_date"] for table in (of_2022, inputs.sessions))
    assert (after["theory-2024a"] - before["theory-2022a"]).days == 2 * 364
    assert len(inputs.history) == 12 + 36  # All but the seat that S6 missed.
    with Register.open(published) as register:
        assert register.closed_years() == {2019, 2020, 2021, 2022} and register.verify() == []


def test_nothing_is_half_closed_wherever_a_write_fails(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(published, tmp_path, 2019)
    before, failed = content(published), 0
    real: Callable[..., Register] = Register.open
    while True:
        done = [0]

        def watched(*arguments: object, done: list[int] = done, last: int = failed, **options: object) -> Register:
            register = real(*arguments, **options)

            @event.listens_for(register._engine, "before_cursor_execute")
            def fail(*told: object) -> None:
                done[0] += not str(told[2]).startswith(("SELECT", "PRAGMA", "BEGIN"))
                if done[0] > last:
                    raise KeyboardInterrupt

            return register

        monkeypatch.setattr(Register, "open", watched)
        result = call(published, "--year", "2019", "--out", str(tmp_path / "next"))
        monkeypatch.setattr(Register, "open", real)
        if result.exit_code == 0:
            break
        assert content(published) == before and not (tmp_path / "next").exists()
        failed += 1
    assert failed > 3  # The version, its files and the entry at least.
    with Register.open(published) as register:
        assert register.verify() == [] and register.closed_years() == {2019}


def test_folder_is_written_again_after_a_kill_between_register_and_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from allocator.register.closing import folder

    record(published, tmp_path, 2019)

    def killed(*_: object, **__: object) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folder, "write", killed)
        assert call(published, "--year", "2019", "--out", str(tmp_path / "next")).exit_code == 130
    assert not (tmp_path / "next").exists()
    result = call(published, "--year", "2019", "--out", str(tmp_path / "next"))
    assert result.exit_code == 0 and load(tmp_path / "next" / "scenario.toml").years == (2020, 2021, 2022)


def test_papers_and_bulletin_still_know_the_closed_year(published: Path, tmp_path: Path) -> None:
    first = call(published, "--out", str(tmp_path / "papers"), command="papers", on="2019-01-08")
    assert first.exit_code == 0, first.output
    record(published, tmp_path, 2019)
    assert call(published, "--year", "2019", "--out", str(tmp_path / "next")).exit_code == 0
    again = call(published, "--dry-run", "--json", command="papers", on="2020-01-07")
    assert not {one["session_id"] for one in json.loads(again.stdout)["papers"]} & {"theory-2019a", "branch-2019"}
    options = [
        "--register",
        str(published),
        "--year",
        "2019",
        "--out",
        str(tmp_path / "bulletin"),
        "--as-of",
        "2020-01-07",
    ]
    told = CliRunner().invoke(app, ["bulletin", *options])
    assert told.exit_code == 0, told.output
