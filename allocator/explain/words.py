"""Phrases that both answers use: people, rules, dates, and what goals gain and lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from allocator.compare.words import counted, goal_word
from allocator.explain.person import Person
from allocator.kinds import Goal
from allocator.model.goals import SHAPES, signed
from allocator.reports.texts import Texts
from allocator.wording import Message

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


def moved(goals: Mapping[Goal, float], texts: Texts) -> str:
    """What goals gain and lose, as changes of their values: ``loss`` by goal, above 0 worse."""
    return several((change(goal, loss, texts) for goal, loss in goals.items()), texts)


def change(goal: Goal, loss: float, texts: Texts) -> str:
    """One goal with the change of its value."""
    return f"{goal_word(goal, texts)} {difference(goal, loss, texts)}"


def difference(goal: Goal, loss: float, texts: Texts) -> str:
    """The change of a goal's value."""
    value = signed(goal, loss)
    sign = "+" if value > 0 else "−"
    return f"{sign}{amount(goal, abs(value), texts)}"


def amount(goal: Goal, value: float, texts: Texts) -> str:
    """A figure of a goal with its unit."""
    return counted(value, SHAPES[goal].unit, texts)


def losses(table: pd.DataFrame) -> dict[Goal, float]:
    """Columns ``goal`` and ``loss`` as a mapping."""
    return dict(zip(table["goal"], table["loss"], strict=True))


def several(items: Iterable[str], texts: Texts) -> str:
    """Items in one line."""
    return texts.said(Message("explain.semicolon")).join(items)
