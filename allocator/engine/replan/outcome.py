"""What the chosen alternatives come to: the seats of the plan, and the rules that need each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

from allocator.domain.rules import Fixed
from allocator.engine.replan.alternatives import Alternatives, deltas
from allocator.engine.replan.program import Solved
from allocator.engine.replan.situation import Situation


def seats(now: Situation, own: Alternatives, solved: Solved) -> pd.DataFrame:
    """Seats of the plan: what was chosen, and the ground of everybody else."""
    named = dict(now.ground)
    for k in solved.chosen.tolist():
        named[int(own.person[k])] = tuple(sorted(s for s in own.sessions[k].tolist() if s >= 0))
    rows = [(i, s, 1) for i, sessions in named.items() for s in sessions]
    groups = {i: Counter(seats) for i, seats in now.groups.items()}
    for i, s, n in solved.group_seats:
        groups.setdefault(i, Counter())[s] += n
    rows += [(i, s, n) for i, seats in groups.items() for s, n in seats.items() if n]
    person, session, headcount = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    fixed = _fixed(now)
    table = pd.DataFrame({
        "cadre_id": now.instance.cadre_ids[np.array(person, dtype=np.int64)],
        "session_id": np.array(now.timetable.ids, dtype=object)[np.array(session, dtype=np.int64)],
        "headcount": np.array(headcount, dtype=np.int64),
    })  # fmt: skip
    return table.assign(fixed=[fixed(i, s) for i, s in zip(person, session, strict=True)]).astype({"fixed": bool})


def _fixed(now: Situation) -> Callable[[int, int], bool]:
    """Tells whether a fixed rule asks for a seat."""
    inputs = now.inputs
    everyone = [
        (inputs.audience(rule.audience), inputs.counting(rule.programmes), rule.years)
        for rule in now.exclusions.rules
        if isinstance(rule, Fixed) and rule.everyone
    ]

    def told(i: int, s: int) -> bool:
        p, year = now.programme[s], int(now.timetable.year[s])
        called = s in now.called_to.get(i, ())
        return called or any(
            bool(people[i] and counting[p]) and (not years or year in years) for people, counting, years in everyone
        )

    return told


def needed_for(now: Situation, own: Alternatives, solved: Solved) -> dict[str, tuple[str, ...]]:
    """Shared rules that count a person's new seats and would miss more without them."""
    chosen = own.only(solved.chosen)
    found: dict[str, list[str]] = {}
    for f, delta in enumerate(deltas(now, chosen.person, chosen.held)):
        family = now.families[f]
        if family.rule is None or not delta.any():
            continue
        group = np.maximum(family.group[chosen.person], 0)
        count = now.counts[f].copy()
        np.add.at(count, group, delta)
        base = {goal: part.sum() for goal, part in now.missed(f, count).items()}
        for k in np.flatnonzero(delta.any(axis=1)).tolist():
            less = count.copy()
            less[group[k]] -= delta[k]
            if any(part.sum() > base[goal] for goal, part in now.missed(f, less).items()):
                found.setdefault(str(now.instance.cadre_ids[chosen.person[k]]), []).append(family.rule.id)
    return {cadre: tuple(rules) for cadre, rules in found.items()}
