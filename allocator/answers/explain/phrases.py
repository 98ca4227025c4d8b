"""Phrases that both answers use: people, rules, dates, and what goals gain and lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from allocator.answers.compare.phrases import counted, goal_word
from allocator.answers.explain.person import Person
from allocator.domain.rules import Goal
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.model.goals import SHAPES, signed

PLAIN, DEEP = "  ", "    "
"""How far lines stand in."""

MOST = 12  # lines of a list


def cut(lines: Sequence[str], texts: Texts) -> Iterator[str]:
    """The first lines of a list, and how many more there are."""
    yield from (DEEP + line for line in lines[:MOST])
    if len(lines) > MOST:
        yield DEEP + texts.said(Message("explain.more", count=len(lines) - MOST))


def head_of(person: Person, texts: Texts) -> str:
    """Who is spoken of: id, name, unit, team or the size of a group."""
    parts = [*named(person, person.cadre_id, texts)]
    if person.team_id:
        parts.append(texts.said(Message("explain.team", team=person.team_id)))
    if person.headcount > 1:
        parts.append(texts.said(Message("explain.group", count=texts.number(person.headcount))))
    return texts.said(Message("explain.who", cadre=person.cadre_id, rest=tuple(parts)))


def named(row: Any, cadre_id: str, texts: Texts) -> tuple[str, ...]:
    """Name and unit, as far as they tell more than the id."""
    unit = texts.name(str(row.unit), str(row.unit_en))
    return tuple(part for part in (str(row.name), unit) if part and part != cadre_id)


def rule_name(row: Any, texts: Texts) -> str:
    """Clause and title of a rule; its id where the document gives no number."""
    clause = str(row.clause) or ("" if str(row.kind) == "built-in" else str(row.rule_id))
    return f"{clause} {texts.title(row)}".strip()


def days(row: Any) -> str:
    """First and last day."""
    return f"{row.start_date:%Y-%m-%d}/{row.end_date:%m-%d}"


def change(goal: Goal, loss: float, texts: Texts, *, units: Iterable[str] = ()) -> str:
    """One goal with the change of its value; ``units``: what is counted where it is known, by default that of the goal."""
    return f"{goal_word(goal, texts)} {difference(goal, loss, texts, units=units)}"


def difference(goal: Goal, loss: float, texts: Texts, *, units: Iterable[str] = ()) -> str:
    """The change of a goal's value."""
    known = tuple(units)
    both = {"hours": "hours-and-misses"}.get(SHAPES[goal].unit, "people-and-hours")
    unit = SHAPES[goal].unit if not known else known[0] if len(known) == 1 else both
    return signed_amount(goal, loss, unit, texts)


def signed_amount(goal: Goal, loss: float, unit: str, texts: Texts) -> str:
    """The change of a goal's value in a unit."""
    value = signed(goal, loss)
    return f"{'+' if value > 0 else '−'}{counted(abs(value), unit, texts)}"


def several(items: Iterable[str], texts: Texts) -> str:
    """Items in one line."""
    return texts.said(Message("explain.semicolon")).join(items)
