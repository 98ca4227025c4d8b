"""One of something in English: "1 person is", where the catalogue has "{count} people are"."""

from __future__ import annotations

import re

NOUNS = {
    "people": "person", "others": "other", "attendances": "attendance", "breaches": "breach", "cells": "cell", "checks": "check", "classes": "class", "conflicts": "conflict",
    "days": "day", "demands": "demand", "digits": "digit", "entries": "entry", "events": "event", "files": "file", "groups": "group", "hosts": "host", "hours": "hour", "intervals": "interval",
    "levels": "level", "lines": "line", "misses": "miss", "mistakes": "mistake", "names": "name", "papers": "paper", "person-years": "person-year",
    "placements": "placement", "points": "point", "programmes": "programme", "questions": "question", "quotas": "quota",
    "requirements": "requirement", "reserves": "reserve", "rows": "row", "rules": "rule", "runs": "run", "seats": "seat",
    "seconds": "second", "sessions": "session", "times": "time", "trajectories": "trajectory", "units": "unit",
    "things": "thing", "values": "value", "warnings": "warning", "notes": "note", "years": "year", "cases": "case",
}  # fmt: skip
"""Words that the catalogue counts, as many and as one."""

ADJECTIVES = ("free", "full", "further", "hard", "more", "named", "online", "plan", "tightest", "unnamed", "usable")
"""Words that may stand between a figure and what it counts."""

VERBS = {
    "are": "is", "were": "was", "have": "has", "do": "does", "owe": "owes", "reach": "reaches", "attend": "attends", "get": "gets", "wait": "waits",
}  # fmt: skip
"""Words that change with what is counted."""

_NOUN, _VERB = "|".join(NOUNS), "|".join(VERBS)
_AFTER = re.compile(
    rf"^(?P<between> (?:(?:{'|'.join(ADJECTIVES)}) )*)(?P<noun>{_NOUN})\b(?: and (?P<second>{_NOUN})\b)?"
    rf"(?:(?P<of>(?: of (?:these|the) [a-z]+)? )(?P<verb>{_VERB})\b)?"
)
_BARE = re.compile(rf"^(?P<between> (?:of them |more |who |still ){{0,2}})(?P<verb>{_VERB})\b")
_BEFORE = re.compile(r"\b(?P<there>[Tt]here) are $")
_NEXT_VERB = re.compile(rf"^ (?P<verb>{_VERB})\b")


def is_one(shown: str) -> bool:
    """Whether a figure as it is read is one, with a sign or without."""
    return shown.lstrip("+−-") == "1"


def before_one(text: str) -> str:
    """The text in front of a figure that is one.

    Examples
    --------
    >>> before_one("for this there are "), before_one("these are ")
    ('for this there is ', 'these are ')
    """
    return _BEFORE.sub(lambda found: f"{found['there']} is ", text)


def after_one(text: str, *, is_number: bool = True) -> str:
    """The text behind a figure that is one; of what may be a name only a noun tells that it is a figure.

    Examples
    --------
    >>> after_one(" people are sent"), after_one(" free seats and 2 people"), after_one(" in 3 years")
    (' person is sent', ' free seat and 2 people', ' in 3 years')
    >>> after_one(" of them have none"), after_one(" have changed", is_number=False)
    (' of them has none', ' have changed')
    """
    found = _AFTER.match(text)
    if found:
        second = f" and {NOUNS[found['second']]}" if found["second"] else ""
        verb = f"{found['of']}{VERBS[found['verb']]}" if found["verb"] else ""
        return f"{found['between']}{NOUNS[found['noun']]}{second}{verb}{text[found.end() :]}"
    bare = _BARE.match(text)
    if bare and not is_number and bare["verb"] != "do" and not bare["between"].strip():
        return text
    return f"{bare['between']}{VERBS[bare['verb']]}{text[bare.end() :]}" if bare else text


def behind_noun(text: str) -> str:
    """The text behind a noun that was given as one: only its verb is left to change."""
    return _NEXT_VERB.sub(lambda found: f" {VERBS[found['verb']]}", text)
