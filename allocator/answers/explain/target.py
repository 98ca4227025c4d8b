"""What a question "why not" is about: one session, a programme, a year, or a programme in a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from allocator.domain.errors import Defect, InputError
from allocator.domain.names import Called
from allocator.domain.tables import Inputs
from allocator.inputs.defects import did_you_mean
from allocator.language.message import Message, listing

AT = "@"


@dataclass(frozen=True)
class Target:
    """The sessions asked about, in the order of their dates."""

    kind: Literal["session", "programme", "year", "programme-year"]
    text: str
    called: str  # in a sentence
    programme_id: str
    year: int | None
    sessions: tuple[str, ...]


def target(inputs: Inputs, asked: str | int) -> Target:
    """The sessions of the plan years that a question is about.

    Parameters
    ----------
    asked
        A session id, a programme id, a plan year, or ``PROGRAMME@YEAR``.

    Raises
    ------
    InputError
        If there is no such session, programme or plan year, or no session is held; with the nearest id.
    """
    text = str(asked).strip()
    sessions = inputs.sessions.sort_values(["start_date", "session_id"], kind="stable")
    sessions = sessions[sessions["year"].isin(inputs.years)]
    own = inputs.sessions[inputs.sessions["session_id"] == text]
    if len(own):
        year = int(own["year"].to_numpy()[0])
        if year not in inputs.years:
            raise _refused(inputs, "sessions", Message("explain.other-year", session=text, year=year), _years(inputs))
        called = Message("explain.target-session", session=text)
        return Target("session", text, called, str(own["programme_id"].iat[0]), year, (text,))
    programme, at, year_text = text.rpartition(AT) if AT in text else (text, "", "")
    if text.isdecimal() and text not in set(inputs.programmes["programme_id"]):
        chosen = sessions[sessions["year"] == _year(inputs, text)]
        called = Message("explain.target-year", year=int(text))
        return Target("year", text, called, "", int(text), _held(inputs, text, chosen))
    if programme not in set(inputs.programmes["programme_id"]):
        raise _refused(inputs, "sessions", Message("explain.unknown-target", target=text), _nearest(inputs, programme))
    chosen = sessions[sessions["programme_id"] == programme]
    name = Called(inputs).programme(programme)
    if not at:
        called = Message("explain.target-programme", programme=name)
        return Target("programme", text, called, programme, None, _held(inputs, text, chosen))
    year = _year(inputs, year_text)
    called = Message("explain.target-programme-year", programme=name, year=year)
    return Target("programme-year", text, called, programme, year, _held(inputs, text, chosen[chosen["year"] == year]))


def _year(inputs: Inputs, text: str) -> int:
    if text.isdecimal() and int(text) in inputs.years:
        return int(text)
    raise _refused(inputs, "scenario", Message("explain.no-plan-year", year=text), _years(inputs))


def _held(inputs: Inputs, text: str, sessions: pd.DataFrame) -> tuple[str, ...]:
    if sessions.empty:
        raise _refused(inputs, "sessions", Message("explain.nothing-held", target=text), _years(inputs))
    return tuple(sessions["session_id"])


def _years(inputs: Inputs) -> Message:
    return Message("explain.plan-years", years=listing(inputs.years))


def _nearest(inputs: Inputs, text: str) -> Message:
    ids = [*inputs.sessions["session_id"], *inputs.programmes["programme_id"]]
    return did_you_mean(text, ids, Message("explain.what-to-ask"))


def _refused(inputs: Inputs, role: str, message: Message, hint: Message) -> InputError:
    return InputError([Defect(str(inputs.files.get(role, role)), 0, "not-in", message, hint, "unknown-target")])
