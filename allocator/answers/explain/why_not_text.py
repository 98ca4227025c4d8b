"""The answer to "why not" in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from allocator.answers.compare.phrases import CHANGE, counted, goal_word
from allocator.answers.explain.phrases import (
    DEEP,
    PLAIN,
    change,
    cut,
    days,
    difference,
    head_of,
    named,
    rule_name,
    several,
)
from allocator.answers.explain.why_not import WhyNot
from allocator.domain.rules import Goal
from allocator.language.message import Message, listing
from allocator.language.texts import Texts


def lines(found: WhyNot, texts: Texts) -> Iterator[str]:
    """Why somebody is not there, or what it would take."""
    said = texts.said
    yield said(Message("explain.why-not-title", who=head_of(found.person, texts), target=found.target.called))
    if found.outcome == "there":
        there = found.sessions.loc[found.sessions["state"] == "there", "session_id"]
        yield PLAIN + said(Message("explain.there", sessions=listing(there)))
        return
    if found.outcome == "not-eligible":
        yield PLAIN + said(Message("explain.not-eligible"))
        return
    if found.outcome == "cannot":
        reasons = several((said(one) for one in found.reasons or (Message("explain.cannot-reason"),)), texts)
        yield PLAIN + said(Message("explain.cannot", reasons=reasons))
    if found.outcome == "forbidden":
        yield PLAIN + said(Message("explain.forbidden"))
    elif found.comparison is not None:
        yield from _with_seat(found, texts)
    if found.outcome != "forbidden" and len(found.forbidden):
        count = found.forbidden["session_id"].nunique()
        yield PLAIN + said(Message("explain.forbidden-others", count=count))
    yield from _forbidden(found, texts)
    if len(found.sessions) > 1:
        yield PLAIN + _counted(found, texts)


def _forbidden(found: WhyNot, texts: Texts) -> Iterator[str]:
    """Every rule and reason once, with the sessions it speaks of."""
    said = texts.said
    own = found.forbidden.assign(said=[said(reason) for reason in found.forbidden["reason"]])
    lines = []
    for _, rows in own.groupby(["rule_id", "said"], sort=False):
        row = next(rows.itertuples())
        sessions = listing(rows["session_id"].unique(), 4)
        lines.append(
            said(Message("explain.forbidden-line", rule=rule_name(row, texts), reason=row.said, sessions=sessions))
        )
    yield from cut(lines, texts)


def _counted(found: WhyNot, texts: Texts) -> str:
    counts = found.sessions["state"].value_counts()
    tried = int(counts.get("tried", 0) + counts.get("cannot", 0))
    return texts.said(
        Message(
            "explain.tried", all=len(found.sessions), shut=int(counts.get("not-eligible", 0)),
            forbidden=int(counts.get("forbidden", 0)), tried=tried, open=int(counts.get("open", 0)),
        )
    )  # fmt: skip


def _with_seat(found: WhyNot, texts: Texts) -> Iterator[str]:
    said = texts.said
    session = found.sessions[found.sessions["session_id"] == found.session_id]
    yield PLAIN + said(Message("explain.asked", session=found.session_id, days=days(next(session.itertuples()))))
    yield DEEP + said(_verdict(found, texts))
    moved = found.goals[found.goals["loss"].abs() > 1e-9]
    if len(moved):
        yield PLAIN + said(Message("explain.goals-beside"))
        yield from (DEEP + _goal(row, texts) for row in moved.itertuples())
        yield DEEP + said(Message("explain.goals-same"))
        if note := texts.mark_note([*moved["before_is"], *moved["after_is"]]):
            yield DEEP + note
    yield from _clauses(found, texts)
    yield from _people(found, texts)


def _verdict(found: WhyNot, texts: Texts) -> Message:
    first = found.first
    if first is None:
        return Message("explain.tie-found", seed=found.seed)
    goal: Goal = first["goal"]
    units = (str(first["unit"]),)
    told = change(goal, first["loss"], texts, units=units)
    left = Message("explain.unknown") if first["open"] != first["open"] else counted(first["open"], units[0], texts)
    if found.outcome == "better":
        return Message("explain.better-found", change=told, open=left)
    if found.outcome == "unclear":
        return Message("explain.unclear-found", change=told, open=left)
    if not first["least"] > 0:
        return Message("explain.worse-found", change=told)
    if first["least"] >= first["loss"] - 1e-9:
        return Message("explain.worse-proven", change=told)
    return Message("explain.worse-in-part", change=told, least=counted(first["least"], units[0], texts))


def _goal(row: Any, texts: Texts) -> str:
    figures = {
        "before": texts.marked(row.before, str(row.before_is), str(row.sense)),
        "after": texts.marked(row.after, str(row.after_is), str(row.sense)),
        "change": difference(row.goal, row.loss, texts, units=(str(row.unit),)),
    }
    return texts.said(Message("explain.goal-line", goal=goal_word(row.goal, texts), **figures))


def _clauses(found: WhyNot, texts: Texts) -> Iterator[str]:
    said = texts.said
    if found.clauses.empty:
        yield PLAIN + said(Message("explain.clauses-same"))
        return
    yield PLAIN + said(Message("explain.clauses-beside"))
    lines = []
    for row in found.clauses.itertuples():
        figures = {"before": texts.number(row.before), "after": texts.number(row.after)}
        unit = texts.unit(str(row.unit))
        lines.append(said(Message("explain.clause-line", rule=rule_name(row, texts), unit=unit, **figures)))
    yield from cut(lines, texts)


def _people(found: WhyNot, texts: Texts) -> Iterator[str]:
    assert found.comparison is not None
    said = texts.said
    people = found.comparison.people
    first = people["cadre_id"] == found.person.cadre_id
    yield PLAIN + said(Message("explain.people-beside", count=len(people)))
    lines = []
    for row in pd.concat([people[first], people[~first]]).itertuples():
        who = Message("explain.who", cadre=row.cadre_id, rest=named(row, str(row.cadre_id), texts))
        before, after = (_sessions(str(classes)) for classes in (row.before, row.after))
        kind = CHANGE[str(row.change)]
        lines.append(said(Message("explain.person-line", who=who, kind=kind, before=before, after=after)))
    yield from cut(lines, texts)


def _sessions(classes: str) -> Message:
    """The sessions of one side of a comparison."""
    return listing(classes.split("; ")) if classes else Message("explain.no-class")
