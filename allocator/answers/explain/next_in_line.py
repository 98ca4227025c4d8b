"""Who was next for a seat, and what separates that person from the one who has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.answers.explain.context import Ground
from allocator.answers.explain.person import Alone, english_of
from allocator.answers.explain.swap_effect import Difference
from allocator.domain.tie_break import draw
from allocator.outputs.reserves import Candidate

NEXT_COLUMNS = ("session_id", "cadre_id", "name", "unit", "unit_en", "last", "sort", "goal", "loss", "alike", "draw", "own_draw", "key",
                "classes")  # fmt: skip
MEASURE_COLUMNS = ("session_id", "cadre_id", "other", "goal", "with_seat", "without_seat")
CAUSE_COLUMNS = ("session_id", "cadre_id", "rule_id", "clause", "title", "title_zh", "kind", "goal", "change")
QUEUE_COLUMNS = ("session_id", "may", "bound", "busy")


@dataclass(frozen=True)
class Rival:
    """Rows of ``queue``, ``next``, ``measures`` and ``causes`` for one seat; see ``Why``."""

    queue: dict[str, object]
    next: tuple[dict[str, object], ...]
    measures: tuple[dict[str, object], ...] = ()
    causes: tuple[dict[str, object], ...] = ()


def rival(ground: Ground, alone: Alone, session: str) -> Rival:
    """Who was next for the seat of a named person in a session.

    The first in the published order of the reserves who may take it; when nobody may, the first whose calendar has room; else the
    first of all whom the programme admits.
    """
    found = ground.reserves.queue(alone.cadre_id, session, 1)
    queue = {"session_id": session, "may": found.may, "bound": found.bound, "busy": found.busy}
    sorts = (("may", found.first), ("bound", found.first_bound), ("busy", found.first_busy))
    sort, people = next(((sort, people) for sort, people in sorts if people), ("", ()))
    if not people:
        return Rival(queue, ())
    other = people[0]
    change = ground.judge.changed(out=[(alone.cadre_id, session)], into=[(other.cadre_id, session)])
    causes = change.rules.assign(session_id=session, cadre_id=other.cadre_id)[list(CAUSE_COLUMNS)]
    return Rival(
        queue,
        (_next(ground, alone.cadre_id, session, other, sort, change),),
        _measures(alone, ground.alone(other.cadre_id), session, change),
        tuple({str(name): value for name, value in row.items()} for row in causes.to_dict("records")),
    )


def _next(ground: Ground, own: str, session: str, other: Candidate, sort: str, change: Difference) -> dict[str, object]:
    inputs, goal = ground.run.inputs, change.first
    row: Any = inputs.roster[inputs.roster["cadre_id"] == other.cadre_id].iloc[0]
    is_alike = goal is None and ground.are_alike(own, other.cadre_id)
    keys = () if is_alike else (session,)  # People alike are dealt out once, for all their seats.
    theirs, mine = (draw(inputs.scenario.seed, cadre, *keys) for cadre in (other.cadre_id, own))
    placed = ground.run.plan.placements
    return {
        "session_id": session,
        "cadre_id": other.cadre_id,
        "name": str(row["name"]),
        "unit": str(row["unit_name"]),
        "unit_en": english_of(inputs, str(row["unit_id"])),
        "last": np.nan if other.last is None else float(other.last),
        "sort": sort,
        "goal": goal or "",
        "loss": np.nan if goal is None else change.goals[goal],
        "alike": is_alike,
        "draw": theirs,
        "own_draw": mine,
        "key": "".join(keys),
        "classes": ";".join(placed.loc[placed["cadre_id"] == other.cadre_id, "session_id"]),
    }


def _measures(own: Alone, other: Alone, session: str, change: Difference) -> tuple[dict[str, object], ...]:
    """What both add to the goals that move, with the seat and without it."""
    mine, theirs = (own.cadre_id, session), (other.cadre_id, session)
    both = (
        (own.cadre_id, own.goals(), own.goals(out=[mine])),
        (other.cadre_id, other.goals(into=[theirs]), other.goals()),
    )
    return tuple(
        {"session_id": session, "cadre_id": cadre, "other": other.cadre_id, "goal": goal,
         "with_seat": with_seat.get(goal, 0.0), "without_seat": without.get(goal, 0.0)}
        for goal in change.goals for cadre, with_seat, without in both
    )  # fmt: skip
