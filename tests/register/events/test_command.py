"""The command ``event``: one event or a sheet, checked, entered, and what it says in both languages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from allocator.cli.app import app
from allocator.engine.run import Run
from allocator.register import Register


@pytest.fixture
def seat(run: Run) -> str:
    """Somebody in ``theory-2019b``."""
    table = run.plan.placements
    return str(table["cadre_id"][table["session_id"] == "theory-2019b"].iloc[0])


def call(register: Path, *arguments: str) -> Result:
    common = ["--register", str(register), "--by", "组织处", "--as-of", "2019-04-10"]
    return CliRunner().invoke(app, ["event", *arguments, *common])


def withdrawal(cadre: str) -> list[str]:
    return ["--kind", "退训", "--cadre", cadre, "--session", "theory-2019b", "--reason", "病假", "--clause", "四(一)"]


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("zh", ("已登记 1 条变动，涉及 1 个名额", "须让出", "病假")),
        ("en", ("1 event entered, 1 seat touched;", "must go")),
    ],
)
def test_event_is_entered_and_tells_its_seat(published: Path, seat: str, lang: str, texts: tuple[str, ...]) -> None:
    result = call(published, *withdrawal(seat), "--lang", lang)
    assert result.exit_code == 0, result.output
    assert all(text in result.stdout for text in texts), result.stdout
    with Register.open(published) as register:
        (one,) = register.events().to_dict("records")
        assert (one["event_id"], one["kind"], one["by"], one["date"]) == ("E0001", "withdraw", "组织处", "2019-04-10")
        assert register.verify() == []


def test_nothing_is_entered_when_it_is_only_checked(published: Path, seat: str) -> None:
    result = call(published, *withdrawal(seat), "--dry-run", "--json")
    assert json.loads(result.stdout)["touched"][0]["effect"] == "must-go"
    with Register.open(published) as register:
        assert register.events().empty


def test_second_withdrawal_is_refused_while_the_first_waits(published: Path, seat: str) -> None:
    assert call(published, *withdrawal(seat)).exit_code == 0
    again = call(published, *withdrawal(seat), "--lang", "en")
    assert again.exit_code == 3
    assert f"{seat} has no seat in session theory-2019b" in again.stderr
    assert "Traceback" not in again.output


def test_mistakes_of_a_sheet_enter_nothing(published: Path, seat: str, tmp_path: Path) -> None:
    sheet = tmp_path / "变动.csv"
    head = "事件编号,日期,类型,人员编号,班次编号,原因\n"
    sheet.write_text(f"{head}A1,2019-04-09,退训,{seat},theory-2019b,病假\nA2,2019-04-09,离任,N99,,调出\n", "utf-8-sig")
    result = call(published, str(sheet), "--lang", "zh")
    assert result.exit_code == 3
    assert "没有编号为“N99”的人员" in result.stderr
    with Register.open(published) as register:
        assert register.events().empty


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sheet_to_fill_in_is_read_when_it_was_filled_in(published: Path, seat: str, tmp_path: Path, lang: str) -> None:
    sheet = tmp_path / "events.xlsx"
    assert call(published, "--template", str(sheet), "--lang", lang).exit_code == 0
    again = call(published, "--template", str(sheet), "--lang", lang)
    assert again.exit_code == 2  # A sheet that somebody may have filled in is not written over.
    book = load_workbook(sheet)
    first, kinds = book.worksheets
    kind = kinds["A2"].value
    for at, cell in enumerate(("E1", date(2019, 4, 9), kind, seat, "theory-2019b", None, None, "病假"), start=1):
        first.cell(2, at, cell)
    book.save(sheet)
    result = call(published, str(sheet), "--lang", lang)
    assert result.exit_code == 0, result.output
    with Register.open(published) as register:
        assert register.events()["kind"].tolist() == ["withdraw"]


def test_event_says_what_is_needed_when_nothing_is_given(published: Path) -> None:
    result = call(published, "--lang", "en")
    assert result.exit_code == 2
    assert "give a sheet of events" in result.stderr


def test_event_is_refused_without_a_reason(published: Path, seat: str) -> None:
    result = call(published, "--kind", "leave", "--cadre", seat, "--lang", "en")
    assert result.exit_code == 3
    assert "an event of kind leave needs the column reason" in result.stderr


def test_event_is_refused_without_a_register(tmp_path: Path) -> None:
    result = call(tmp_path / "none.db", "--kind", "leave", "--cadre", "N1", "--reason", "x", "--lang", "en")
    assert result.exit_code == 7
