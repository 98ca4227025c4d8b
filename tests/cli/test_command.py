"""What all commands share is written once: the options of the voice, records of options, faults and exit codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from allocator.cli.command import command
from allocator.cli.help_language import App
from allocator.cli.options import Code, Voice
from allocator.domain.errors import OutputError, RegisterError, UsageError
from allocator.language.message import Message


@dataclass(frozen=True)
class Colours:
    """Two options of one command."""

    front: Annotated[str, typer.Option("--front", help="Front. 前。")] = "red"
    back: Annotated[str, typer.Option("--back", help="Back. 后。")] = "white"


@command(progress=True)
def paint(voice: Voice, what: str, how: Annotated[str, typer.Option("--how")] = "", *, colours: Colours) -> Code:
    """Paint. 涂色。"""
    match how:
        case "usage":
            raise UsageError(Message("compare.one-run"))
        case "output":
            raise OutputError(Message("compare.one-run"))
        case "register":
            raise RegisterError(Message("compare.one-run"))
        case "crash":
            raise ZeroDivisionError
    voice.result(f"{what} {colours.front} {colours.back}", {"silent": voice.is_silent})
    return Code.BREACH if how == "breach" else Code.DONE


@command(json=False)
def wait(voice: Voice) -> None:
    """Wait. 等待。"""
    voice.say(Message("talk.stopping"))


app = App(no_args_is_help=True)
app.command("paint")(paint)
app.command("wait")(wait)


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [*arguments, "--lang", "en"])
    return result.exit_code, result.stdout, result.stderr


def test_record_of_options_stands_for_its_fields() -> None:
    assert call("paint", "door", "--back", "blue")[:2] == (0, "door red blue\n")


def test_help_page_lists_own_options_before_those_of_the_voice() -> None:
    text = call("paint", "--help")[1]
    names = ["--how", "--front", "--back", "--lang", "--json", "--quiet", "--no-progress", "--debug", "--help"]
    assert sorted(names, key=text.index) == names


def test_command_has_only_the_shared_options_it_asked_for() -> None:
    text = call("wait", "--help")[1]
    assert "--quiet" in text and "--json" not in text and "--no-progress" not in text


@pytest.mark.parametrize("option", ["--quiet", "--no-progress"])
def test_progress_is_silent_when_asked(option: str) -> None:
    assert json.loads(call("paint", "door", "--json", option)[1]) == {"exit_code": 0, "silent": True}


@pytest.mark.parametrize(("how", "code"), [("breach", 6), ("usage", 2), ("output", 2), ("register", 7), ("crash", 1)])
def test_exit_code_says_what_happened(how: str, code: int) -> None:
    assert call("paint", "door", "--how", how)[0] == code


def test_talk_is_in_the_language_and_quiet_leaves_it_out() -> None:
    assert call("wait")[2].startswith("Stopping") and call("wait", "--quiet")[2] == ""
