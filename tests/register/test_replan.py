"""Events are answered by a plan with few changes: the register, the command, its words and its exit codes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from allocator.cli.app import app
from allocator.domain.errors import RegisterError
from allocator.engine.run import Run
from allocator.register import Register
from allocator.register.replan import answer

ON = date(2019, 1, 14)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--by", "Li", "--as-of", ON.isoformat(), "--lang", "en"])


def seat(run: Run, after: str = "2019-06-01") -> tuple[str, str]:
    """A person and a session that begins later, of a single seat."""
    table = run.plan.placements
    row = table[(table["headcount"] == 1) & (table["start_date"] > after) & ~table["fixed"]].iloc[0]
    return row["cadre_id"], row["session_id"]


@pytest.fixture
def withdrawn(published: Path, run: Run) -> tuple[Path, str, str]:
    """A register in which somebody has withdrawn."""
    cadre, session = seat(run)
    done = call("event", "--register", str(published), "--kind", "withdraw", "--cadre", cadre, "--session", session,
                "--reason", "illness", "--clause", "9")  # fmt: skip
    assert done.exit_code == 0, done.output
    return published, cadre, session


def test_a_withdrawal_is_answered_by_the_next_version(withdrawn: tuple[Path, str, str]) -> None:
    path, cadre, session = withdrawn
    with Register.open(path) as register:
        done = answer(register, by="Li", on=ON)
        assert done.version == register.latest().version == 2
        assert register.events()["applied_in"].tolist() == [2]
        assert register.verify() == []
        seats = register.seats().set_index(["session_id", "cadre_id"])
        told = json.loads(register.journal().iloc[-1]["details"])
        assert register.latest().why == "illness"
    assert seats.loc[(session, cadre), "state"] in ("withdrawn", "replaced")
    (own,) = [one for one in done.changes if one.cadre_id == cadre]
    assert (own.before, own.event_id, own.clause, own.why.said("en")) == (
        session,
        done.events[0].event_id,
        "9",
        "illness",
    )
    assert done.made.is_proven
    assert done.made.audit.is_clean
    assert told["change"] == done.made.change
    assert {one["cadre_id"] for one in told["changes"]} == {one.cadre_id for one in done.changes}
    assert len(done.changes) <= 3


def test_a_trial_changes_nothing(withdrawn: tuple[Path, str, str]) -> None:
    path, cadre, _ = withdrawn
    before = path.read_bytes()
    tried = call("replan", "--register", str(path), "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "A trial" in tried.output
    assert cadre in tried.output
    assert "no plan which keeps the rules as well changes less" in tried.output
    assert path.read_bytes() == before


def test_the_command_lists_every_change_with_its_reason(withdrawn: tuple[Path, str, str]) -> None:
    path, cadre, session = withdrawn
    done = CliRunner().invoke(
        app, ["replan", "--register", str(path), "--by", "Li", "--as-of", ON.isoformat(), "--json"]
    )
    told = json.loads(done.output)
    assert (told["version"], told["proven"], told["clean"]) == (2, True, True)
    (own,) = [one for one in told["changes"] if one["cadre_id"] == cadre]
    assert (own["before"], own["reason"], own["clause"]) == (session, "illness", "9")
    again = call("replan", "--register", str(path))
    assert again.exit_code == 7
    assert "no event waits" in again.output


@pytest.mark.parametrize("kind", ["cancel-session", "move-session", "seats"])
def test_events_of_sessions_are_answered(published: Path, run: Run, kind: str) -> None:
    _, session = seat(run)
    value = {"move-session": "2019-12-02", "seats": "1"}.get(kind)
    words = ["event", "--register", str(published), "--kind", kind, "--session", session, "--reason", "host"]
    entered = call(*words, *(["--value", value] if value else []))
    assert entered.exit_code == 0, entered.output
    with Register.open(published) as register:
        done = answer(register, by="Li", on=ON, despite_breaches=True)
        sessions = register.sessions().set_index("session_id")
        held = register.seats(held=True)
    inside = held[held["session_id"] == session]
    if kind == "cancel-session":
        assert sessions.loc[session, "state"] == "cancelled"
        assert inside.empty
    elif kind == "move-session":
        assert sessions.loc[session, "start_date"] == "2019-12-02"
    else:
        assert inside["headcount"].sum() <= 1
    assert all(one.event_id or one.rules or one.why for one in done.changes)
    assert done.made.amiss == 0


def test_a_plan_that_breaks_rules_is_refused_and_nothing_is_written(published: Path, run: Run, tmp_path: Path) -> None:
    sessions = sorted(set(run.plan.placements["session_id"][run.plan.placements["year"] == 2019]))
    sheet = tmp_path / "events.csv"
    rows = [f"e{n},2019-01-12,cancel-session,{one},spring" for n, one in enumerate(sessions)]
    sheet.write_text("\n".join(["event_id,date,kind,session_id,reason", *rows]), encoding="utf-8")
    assert call("event", str(sheet), "--register", str(published)).exit_code == 0
    before = published.read_bytes()
    refused = call("replan", "--register", str(published))
    assert refused.exit_code == 7, refused.output
    assert "--despite-breaches" in refused.output
    assert published.read_bytes() == before
    done = call("replan", "--register", str(published), "--despite-breaches")
    assert done.exit_code == 0, done.output
    assert "breaches" in done.output


def test_who_joins_may_be_given_seats(published: Path, run: Run) -> None:
    unit = run.inputs.cadres["unit_id"].iloc[0]
    entered = call(
        "event", "--register", str(published), "--kind", "join", "--cadre", "new-one", "--unit", unit,
        "--value", "name=New;category=bureau-deputy;rank=bureau", "--reason", "appointed",
    )  # fmt: skip
    assert entered.exit_code == 0, entered.output
    with Register.open(published) as register:
        done = answer(register, by="Li", on=ON, despite_breaches=True)
    assert {one.kind for one in done.changes} <= {"added", "moved", "dropped"}


def test_nothing_waits_in_a_fresh_register(published: Path) -> None:
    with Register.open(published) as register, pytest.raises(RegisterError):
        answer(register, by="Li", on=ON)
