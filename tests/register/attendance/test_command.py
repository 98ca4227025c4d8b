"""The command ``record``: list out, list back, states, journal, corrections; nothing half written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from typer.testing import CliRunner, Result

from allocator.cli.app import app
from allocator.engine.run import Run
from allocator.register import Register
from allocator.register.publish import publish
from tests.register.test_register import ON, content


def call(register: object, *arguments: str, on: str = "2019-05-30") -> Result:
    common = ["--register", str(register), "--by", "教育处", "--as-of", on]
    return CliRunner().invoke(app, ["record", *arguments, *common])


def csv(folder: Path, *rows: str) -> str:
    path = folder / "到班.csv"
    path.write_text("\n".join(["班次编号,人员编号,到班,请假天数,学时,结业,备注", *rows]) + "\n", "utf-8-sig")
    return str(path)


THEORY = ("theory-2019a,N3,是,1,,,", "theory-2019a,S5,否,,,,病假")


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
def test_list_goes_out_and_comes_back(server: bool, run: Run, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = request.getfixturevalue("database") if server else str(tmp_path / "register.db")
    with Register.open(where, create=True) as register:
        publish(register, run, by="Planner", on=ON)
    path = tmp_path / "list.xlsx"
    assert call(where, "--template", str(path), "--lang", "zh").exit_code == 0
    book = load_workbook(path)
    rows = {row[0].row: [cell.value for cell in row] for row in book.active.iter_rows(min_row=3)}
    assert [(row[0], row[4], row[5]) for row in rows.values()] == [
        ("theory-2019a", "N3", "北三"), ("theory-2019a", "S5", "南五"), ("branch-2019", "S6", "南六"), ("branch-2019", "S7", "南七"),
    ]  # fmt: skip
    for at, cells in {
        3: ("是", 1),
        4: ("否",),
        5: ("是", 3),
    }.items():  # Three of five days away is more than a seventh.
        for column, cell in enumerate(cells, start=8):
            book.active.cell(at, column, cell)
    book.save(path)
    result = call(where, str(path), "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert "结业 1，未到班 1，未结业 1" in result.stdout and "请假超过班次天数的 1/7" in result.stdout
    with Register.open(where) as register:
        seats = register.seats()
        states = dict(zip(zip(seats["session_id"], seats["cadre_id"], strict=True), seats["state"], strict=True))
        assert [states["theory-2019a", one] for one in ("N3", "S5")] == ["attended", "absent"]
        assert [states["branch-2019", one] for one in ("S6", "S7")] == ["left-early", "confirmed"]
        sessions = register.sessions().set_index("session_id")["state"]
        assert [sessions[one] for one in ("theory-2019a", "branch-2019", "theory-2019b")] == [
            "closed",
            "issued",
            "draft",
        ]
        counted = register.attendance().set_index("cadre_id")
        assert list(counted.loc["N3", ["leave_days", "hours", "completed"]]) == [1, 112.5, True]
        assert list(counted.loc["S6", ["hours", "completed"]]) == [0, False]
        first, begun, last = register.journal().to_dict("records")
        assert [one["what"] for one in (first, begun, last)] == ["publish", "begin", "attendance"]
        assert (last["by"], last["clause"]) == ("教育处", "parameters.leave_share")
        assert json.loads(last["details"])["limited"][0]["leave_days"] == 3
        assert register.verify() == []
    again = call(where, "--template", str(tmp_path / "rest.xlsx"), "--json")
    assert json.loads(again.stdout)["seats"] == 1  # Only S7 is still to come.


@pytest.mark.parametrize(("lang", "yes"), [("zh", "是"), ("en", "yes")])
def test_list_that_went_to_the_host_as_a_paper_is_read(published: Path, tmp_path: Path, lang: str, yes: str) -> None:
    options = ["--session", "theory-2019a", "--as-of", "2019-01-08", "--lang", lang, "--register", str(published)]
    issued = CliRunner().invoke(app, ["papers", "--out", str(tmp_path / "papers"), *options])
    assert issued.exit_code == 0, issued.output
    path = tmp_path / "papers" / "sessions" / "theory-2019a.xlsx"
    book = load_workbook(path)
    for row in (2, 3):
        book.worksheets[0].cell(row, 8, yes)
        book.worksheets[0].cell(row, 9, "1")
    book.save(path)
    assert call(published, str(path), "--lang", lang).exit_code == 0
    with Register.open(published) as register:
        assert register.attendance()["leave_days"].tolist() == [1, 1]
        assert register.journal()["what"].tolist() == ["publish", "papers", "attendance"]


def test_make_up_is_offered(published: Path, tmp_path: Path) -> None:
    english = call(published, csv(tmp_path, *THEORY), "--lang", "en", "--dry-run").stdout
    assert (
        "Who missed what" in english
        and "theory-2019b, theory-2020a" in english
        and "has a seat in theory-2022b" in english
    )
    chinese = call(published, csv(tmp_path, *THEORY), "--lang", "zh", "--dry-run").stdout
    assert "缺训人员" in chinese and "缺训" in chinese
    with Register.open(published) as register:
        assert register.attendance().empty and len(register.journal()) == 1


def test_correction_needs_a_reason_and_the_journal_keeps_both(published: Path, tmp_path: Path) -> None:
    assert call(published, csv(tmp_path, *THEORY)).exit_code == 0
    changed = csv(tmp_path, THEORY[0], "theory-2019a,S5,是,,,,")
    refused = call(published, changed, "--lang", "en")
    assert refused.exit_code == 3 and "was recorded before" in refused.stderr and "Traceback" not in refused.output
    silent = call(published, changed, "--correct", "--lang", "en")
    assert silent.exit_code != 0 and "--reason" in silent.stderr
    assert call(published, changed, "--correct", "--reason", "核对签到表").exit_code == 0
    with Register.open(published) as register:
        details = json.loads(register.journal()["details"].iloc[-1])
        assert [one["present"] for one in (*details["before"], *details["now"])] == [False, True]
        assert register.journal()["why"].iloc[-1] == "核对签到表"
        states = register.seats().set_index(["session_id", "cadre_id"])["state"]
        assert states["theory-2019a", "S5"] == "attended"
    same = call(published, changed, "--correct", "--reason", "x", "--lang", "en")
    assert same.exit_code == 7 and "nothing to write" in same.stderr


def test_mistakes_write_nothing(published: Path, tmp_path: Path) -> None:
    before = content(published)
    result = call(published, csv(tmp_path, *THEORY, "theory-2019b,N5,是,,,,", "theory-2019a,N9,是,,,,"), "--lang", "zh")
    assert result.exit_code == 3
    assert "没有编号为“N9”的人员" in result.stderr and "晚于办理日期" in result.stderr
    assert content(published) == before


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "give the list that came back"),
        (("a.csv", "--template", "b.xlsx"), 2, "not both"),
        (("none.csv",), 3, "none.csv"),
        (("--template", "list.csv"), 2, ".xlsx"),
        (("--template", "list.xlsx", "--session", "nope"), 7, "nope"),
    ],
)
def test_what_cannot_be_done_is_said(published: Path, arguments: tuple[str, ...], code: int, text: str) -> None:
    result = call(published, *arguments, "--lang", "en")
    assert (result.exit_code, text in result.stderr, "Traceback" in result.output) == (code, True, False)


def test_nothing_is_half_recorded_wherever_a_write_fails(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before, failed = csv(tmp_path, *THEORY), content(published), 0
    real: Callable[..., Register] = Register.open
    while True:
        done = [0]

        def watched(*arguments: object, done: list[int] = done, last: int = failed, **options: object) -> Register:
            register = real(*arguments, **options)

            @event.listens_for(register._engine, "before_cursor_execute")
            def fail(*told: object) -> None:
                statement = str(told[2])
                done[0] += not statement.startswith(("SELECT", "PRAGMA"))
                if done[0] > last:
                    raise KeyboardInterrupt

            return register

        monkeypatch.setattr(Register, "open", watched)
        result = call(published, path)
        monkeypatch.setattr(Register, "open", real)
        if result.exit_code == 0:
            break
        assert content(published) == before
        failed += 1
    assert failed > 6  # BEGIN, two states, a report of each of two seats, their states and two entries.
    with Register.open(published) as register:
        assert register.verify() == [] and len(register.attendance()) == 2


def test_second_of_two_recorders_is_told(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from allocator.register.attendance import make_up

    path = csv(tmp_path, *THEORY)
    real = make_up.missed

    def meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(make_up, "missed", real)
        assert call(published, path).exit_code == 0  # Somebody else, between reading and writing.
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(make_up, "missed", meanwhile)
    result = call(published, path, "--lang", "en")
    assert result.exit_code == 7 and "nothing was written" in result.stderr
    with Register.open(published) as register:
        assert len(register.attendance()) == 2 and register.verify() == []
