"""The smallest problems in which one rule changes the plan: two teams of two, three programmes, a class or two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from allocator.answers import runs
from allocator.audit import Verdict, audit
from allocator.domain.rules import Goal
from allocator.domain.tables import Inputs
from tests.engine.builders import make_inputs, rule

CADRES = (
    {"cadre_id": "a", "team_id": "x", "category": "head", "post": "secretary", "gender": "female"},
    {"cadre_id": "b", "team_id": "x", "category": "deputy", "post": "mayor", "gender": "male"},
    {"cadre_id": "c", "team_id": "y", "category": "head", "post": "secretary", "gender": "male"},
    {"cadre_id": "d", "team_id": "y", "category": "deputy", "post": "member", "gender": "male"},
)
DAYS = {"p": 5, "q": 10, "both": 30}
PROGRAMMES = (
    {
        "programme_id": "p",
        "days": 5.0,
        "hours": 40.0,
        "content": "theory",
        "host_group": "school",
        "theory_hours": 20.0,
    },
    {"programme_id": "q", "days": 10.0, "hours": 75.0, "content": "party-spirit", "host_group": "institute"},
    {"programme_id": "both", "days": 30.0, "hours": 225.0, "content": "theory;party-spirit", "host_group": "school"},
)
ADMIT = rule("eligibility", id="admit")
STAY = rule("quota", id="stay", amount=0, modality="at-most", strength="soft", admits=False)
"""Nobody should go if nothing ranked higher asks for it."""


def only(*ids: str) -> dict[str, list[str]]:
    """A filter on the roster that holds for these cadres."""
    return {"cadre_id": list(ids)}


def favour(*ids: str, weight: int = 1) -> Any:
    """A point for every attendance of these cadres: what the plan does when no rule is in the way."""
    return rule("priority", id="favour", audience=only(*ids), weight=weight)


def small(
    *rules: Any,
    cadres: str = "ab",
    held: Iterable[str] = ("p 2020-03-02",),
    seats: int = 1,
    least: int = 0,
    history: Iterable[str] = (),
    years: tuple[int, ...] = (2020,),
    admit: Any = ADMIT,
) -> Inputs:
    """Inputs with everybody eligible for everything.

    Parameters
    ----------
    held
        Sessions like ``p 2020-03-02``: programme and first day; their id is the programme and the day.
    seats, least
        Seats and least size of every session.
    history
        Entries like ``a p 2018-05-07``.
    """
    sessions = []
    for text in held:
        p, first = text.split()
        last = date.fromisoformat(first) + timedelta(DAYS[p] - 1)
        sessions.append(
            {
                "session_id": text, "programme_id": p, "start_date": first, "end_date": last, "seats": seats,
                "min_seats": least,
            }
        )  # fmt: skip
    entries = []
    for text in history:
        cadre, p, first = text.split()
        own = next(row for row in PROGRAMMES if row["programme_id"] == p)
        known = {name: own[name] for name in ("days", "hours", "content", "host_group")}
        entries.append(known | {"cadre_id": cadre, "programme_id": p, "start_date": first, "end_date": first})
    return make_inputs(
        cadres=[row for row in CADRES if row["cadre_id"] in cadres],
        sessions=sessions,
        programmes=PROGRAMMES,
        history=entries,
        rules=([admit] if admit is not None else []) + list(rules),
        horizon=years,
    )


def sent(given: Inputs) -> str:
    """Who is sent where, like ``a@p 2020-03-02``, in order, joined by commas."""
    placed = runs.solve(given).plan.placements
    return ", ".join(f"{cadre}@{s}" for cadre, s in zip(placed["cadre_id"], placed["session_id"], strict=True))


def goals(given: Inputs) -> dict[Goal, float]:
    """The goals of the plan as the auditor counts them."""
    return dict(runs.solve(given).audit.goals)


def verdict_on(judged: Inputs, without: Inputs, rule_id: str) -> Verdict:
    """What the auditor says about a rule of one problem in the plan of another, which lacks it."""
    return audit(runs.solve(without).plan, judged)[rule_id]
