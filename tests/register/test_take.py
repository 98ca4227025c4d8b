"""A plan edited by hand is audited and taken in; its differences become events, in one act."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.domain.errors import InputError, RegisterError
from allocator.engine.run import Run
from allocator.register import Register
from allocator.register.records import Event, EventKind
from allocator.register.take import take

ON = date(2019, 1, 7)


def lines_of(run: Run) -> list[str]:
    return run.plan.to_csv().splitlines()


def written(folder: Path, lines: list[str]) -> Path:
    path = folder / "edited.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def substitution(run: Run) -> tuple[str, str, str]:
    """A session, somebody in it, and a colleague of the same unit who is not."""
    cadres = run.inputs.cadres.astype({"unit_id": str}).set_index("cadre_id")
    for row in run.plan.placements.to_dict("records"):
        inside = set(run.plan.placements["cadre_id"][run.plan.placements["session_id"] == row["session_id"]])
        for other in cadres.index[cadres["unit_id"] == row["unit_id"]]:
            if other not in inside:
                return row["session_id"], row["cadre_id"], other
    raise AssertionError("nobody can stand in")


def swapped(run: Run, session: str, one: str, other: str) -> list[str]:
    return [line.replace(f",{one},", f",{other},") if f",{session}," in line else line for line in lines_of(run)]


def test_edited_plan_becomes_the_next_version_with_events(published: Path, run: Run, tmp_path: Path) -> None:
    session, one, other = substitution(run)
    file = written(tmp_path, swapped(run, session, one, other))
    with Register.open(published) as register:
        taken = take(register, file, by="Li", on=ON, reason="letter", clause="4", despite_breaches=True)
        assert taken.version == register.latest().version == 2
        row = register.events().to_dict("records")
        seats = register.seats().set_index(["session_id", "cadre_id"])["state"]
        last = register.journal().iloc[-1]
        assert register.verify() == []
        assert register.plan(1).to_csv() == run.plan.to_csv()
    assert [(e["kind"], e["cadre_id"], e["session_id"], e["value"], e["applied_in"]) for e in row] == [
        ("substitute", one, session, other, 2)
    ]
    assert {(e["by"], e["reason"], e["clause"]) for e in row} == {("Li", "letter", "4")}
    assert (seats[session, one], seats[session, other]) == ("replaced", "planned")
    assert (last["what"], last["by"], last["why"], last["clause"]) == ("take", "Li", "letter", "4")


def test_breaches_need_a_word_and_nothing_is_written_without(published: Path, run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, lines_of(run)[:-1])  # The last seat is missing.
    with Register.open(published) as register:
        with pytest.raises(RegisterError) as fault:
            take(register, file, by="Li", on=ON, reason="letter")
        assert fault.value.args[0].code == "register.take-not-clean"
        assert (register.latest().version, len(register.events())) == (1, 0)
        taken = take(register, file, by="Li", on=ON, reason="letter", despite_breaches=True)
        assert [one.kind for one in taken.events] == ["withdraw"]
        back = take(register, written(tmp_path, lines_of(run)), by="Li", on=ON, reason="back")
        assert [one.kind for one in back.events] == ["call-up"]
        assert register.plan(3).to_csv() == run.plan.to_csv()


def test_what_cannot_be_taken_in_is_told(published: Path, run: Run, tmp_path: Path) -> None:
    session, one, _ = substitution(run)
    lines = lines_of(run)
    cases = {
        "register.nothing-new": lines,
    }
    rows = {
        "take-unknown": (swapped(run, session, one, "nobody"), "cadre_id"),
        "take-twice": ([*lines, lines[-1]], ""),
    }
    with Register.open(published) as register:
        for code, edited in cases.items():
            with pytest.raises(RegisterError) as fault:
                take(register, written(tmp_path, edited), by="Li", on=ON, reason="r", despite_breaches=True)
            assert fault.value.args[0].code == code
        for code, (edited, column) in rows.items():
            with pytest.raises(InputError) as refused:
                take(register, written(tmp_path, edited), by="Li", on=ON, reason="r", despite_breaches=True)
            (defect,) = refused.value.defects
            assert (defect.code, defect.column, defect.row > 1) == (code, column, True)
        with pytest.raises(InputError):
            take(register, written(tmp_path, ["a,b", "1,2"]), by="Li", on=ON, reason="r")
        assert (register.latest().version, len(register.events())) == (1, 0)


def test_nobody_is_called_to_a_cancelled_session(published: Path, run: Run) -> None:
    from allocator.domain.plan import ordered

    table = run.plan.placements
    session = table["session_id"].iloc[-1]
    rest = ordered(table[table["session_id"] != session])
    with Register.open(published) as register:
        register.add_version(rest, run.inputs, by="P", on=ON, why="flood", after=1, cancelled=[session])
        with pytest.raises(RegisterError) as fault:
            register.add_version(run.plan, run.inputs, by="P", on=ON, why="", after=2)
    assert fault.value.args[0].code == "register.seats-cancelled"


def test_command_takes_a_plan_in(published: Path, run: Run, tmp_path: Path) -> None:
    session, one, other = substitution(run)
    file = written(tmp_path, swapped(run, session, one, other))
    options = ["--register", str(published), "--reason", "letter", "--by", "Li", "--despite-breaches"]
    said = CliRunner().invoke(app, ["register", "take", str(file), *options, "--lang", "en"])
    assert said.exit_code == 0, said.output
    assert f"session {session}: the seat of {one} goes to {other}" in said.output
    again = CliRunner().invoke(app, ["register", "take", str(file), *options, "--json"])
    assert again.exit_code == 7
    assert json.loads(again.stdout)["exit_code"] == 7


def test_events_entered_before_are_answered_and_not_entered_twice(published: Path, run: Run, tmp_path: Path) -> None:
    session, one, other = substitution(run)
    cadre, last = run.plan.placements.iloc[-1][["cadre_id", "session_id"]]
    entered = [
        Event("E1", ON, EventKind.WITHDRAW, one, session, reason="illness", by="S"),
        Event("E2", ON, EventKind.WITHDRAW, cadre, last, reason="illness", by="S"),
        Event("E3", ON, EventKind.UNAVAILABLE, other, value="2022-01-03/2022-01-09", reason="abroad", by="S"),
    ]
    with Register.open(published) as register:
        register.add_events(entered, by="S", on=ON, after=1)
        lines = swapped(run, session, one, other)[:-1]  # The last seat is given up.
        taken = take(register, written(tmp_path, lines), by="Li", on=ON, reason="letter", despite_breaches=True)
        events = register.events().set_index("event_id")
        assert register.verify() == []
    listed = [
        CliRunner().invoke(app, ["register", "events", "--register", str(published), *more]).output
        for more in (["--lang", "zh"], ["--open", "--lang", "en"])
    ]
    assert "尚未落实" in listed[0] and "退训" in listed[0] and "E1" in listed[0]
    assert "E3" in listed[1] and "E1" not in listed[1]
    assert (taken.answered, taken.open) == (("E1", "E2"), ("E3",))
    assert [(event.kind, event.cadre_id, event.value) for event in taken.events] == [("substitute", one, other)]
    assert events["applied_in"].fillna(0).to_dict() == {"E1": 2, "E2": 2, "E3": 0, taken.events[0].event_id: 2}
