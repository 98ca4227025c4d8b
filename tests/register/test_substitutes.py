"""The command ``substitutes``: it lists, and puts one of those listed in the seat in one act."""

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
from allocator.register.substitutes import Asked, accept, ask

ON = date(2019, 1, 14)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["substitutes", *words, "--by", "Li", "--as-of", ON.isoformat(), "--lang", "en"])


@pytest.fixture(scope="module")
def answers(_published: Path, run: Run) -> dict[tuple[str, str], Asked]:
    """The answer for every seat of named people."""
    table = run.plan.placements
    table = table[(table["headcount"] == 1) & ~table["fixed"]]
    with Register.open(_published) as register:
        return {
            (session, cadre): ask(register, session, cadre, on=ON)
            for session, cadre in zip(table["session_id"], table["cadre_id"], strict=True)
        }


@pytest.fixture(scope="module")
def seat(answers: dict[tuple[str, str], Asked]) -> tuple[str, str, str]:
    """A session, whose seat, and who could simply come while every hard rule is kept."""
    return next(
        (session, cadre, one.cadre_id)
        for (session, cadre), asked in answers.items()
        for one in asked.found.substitutes
        if one.goals.get("violation", 0) <= 0 and not one.gives_up
    )


def test_some_seat_has_a_substitute_and_the_list_says_why(published: Path, seat: tuple[str, str, str]) -> None:
    session, cadre, other = seat
    done = call("--register", str(published), "--session", session, "--for", cadre)
    assert done.exit_code == 0, done.output
    assert other in done.output
    assert f"--accept ID" in done.output  # noqa: F541 - as it is printed
    told = json.loads(CliRunner().invoke(app, ["substitutes", "--register", str(published), "--session", session,
                                               "--for", cadre, "--as-of", ON.isoformat(), "--json"]).output)  # fmt: skip
    assert other in [one["cadre_id"] for one in told["substitutes"]]


def test_accepting_one_is_an_event_and_a_version_in_one_act(published: Path, seat: tuple[str, str, str]) -> None:
    session, cadre, other = seat
    done = call(
        "--register", str(published), "--session", session, "--for", cadre, "--accept", other, "--reason", "ill"
    )
    assert done.exit_code == 0, done.output
    with Register.open(published) as register:
        (event,) = register.events().to_dict("records")
        held = register.seats(held=True)
        assert register.latest().version == event["applied_in"] == 2
        assert register.verify() == []
    assert (event["kind"], event["cadre_id"], event["value"], event["reason"]) == ("substitute", cadre, other, "ill")
    inside = set(held["cadre_id"][held["session_id"] == session])
    assert other in inside
    assert cadre not in inside


def test_who_cannot_come_is_refused_and_nothing_is_written(published: Path, seat: tuple[str, str, str]) -> None:
    session, cadre, _ = seat
    before = published.read_bytes()
    refused = call(
        "--register", str(published), "--session", session, "--for", cadre, "--accept", cadre, "--reason", "x"
    )
    assert refused.exit_code == 7, refused.output
    assert published.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--session", "nowhere"], 7, "knows no session"),
        (["--session", "theory-2019a", "--for", "nobody"], 7, "nobody"),
        (["--session", "theory-2019a", "--for", "N3", "--accept", "N5"], 2, "needs a reason"),
    ],
)
def test_mistakes_are_told(published: Path, words: list[str], code: int, told: str) -> None:
    done = call("--register", str(published), *words)
    assert (done.exit_code, told in done.output) == (code, True), done.output


def test_a_session_that_has_begun_takes_nobody(published: Path, run: Run) -> None:
    row = run.plan.placements.iloc[0]
    with Register.open(published) as register:
        with pytest.raises(RegisterError):
            ask(register, row["session_id"], row["cadre_id"], on=date(2019, 12, 31))
        with pytest.raises(RegisterError):
            accept(register, row["session_id"], row["cadre_id"], "N1", by="Li", on=date(2019, 12, 31), reason="x")


def test_a_chain_is_put_in_force_as_two_substitutions(published: Path, answers: dict[tuple[str, str], Asked]) -> None:
    session, cadre, chain = next(
        (session, cadre, one)
        for (session, cadre), asked in answers.items()
        for one in asked.found.substitutes
        if one.gives_up and one.then
    )
    with Register.open(published) as register:
        accept(register, session, cadre, chain.cadre_id, by="Li", on=ON, reason="ill", despite_breaches=True)
        held = register.seats(held=True)
        events = register.events()
    seats = set(zip(held["session_id"], held["cadre_id"], strict=True))
    assert {(session, chain.cadre_id), (chain.gives_up, chain.then)} <= seats
    assert not {(session, cadre), (chain.gives_up, chain.cadre_id)} & seats
    assert events["kind"].tolist() == ["substitute", "substitute"]
    assert (events["applied_in"] == 2).all()
