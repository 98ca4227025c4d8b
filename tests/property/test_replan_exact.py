"""Replanning random small problems after random events, against the exact model written from the documentation.

Every value must be the exact model's in a problem decided whole. In one searched around its events the bound of the changes must hold, and what is
said to be proven must be so.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from allocator.answers import runs
from allocator.domain.change import ChangeCosts, Published
from allocator.domain.rules import GOALS
from allocator.engine.parameters import REPLAN
from allocator.engine.replan.fewest_changes import Replanned, replan
from tests.property.exact import Case, Exact
from tests.property.test_dated_exact import inputs_of, random_case
from tests.property.worlds import chunks

CHUNK = 5
WHOLE = chunks(500, CHUNK, quick=8)
NEAR = chunks(500, CHUNK, quick=8)
ABOVE = ("violation", "overdue", "quota-shortfall", "quota-excess")


def changed_case(case: Case, placements: pd.DataFrame, draw: random.Random) -> tuple[Case, Published]:
    """The case after some events, and the plan in force."""
    seats = list(zip(placements["cadre_id"], placements["session_id"], strict=True))
    ids = sorted(case.sessions)
    on = (
        date(case.years[0] - 1, 12, 31)
        if draw.random() < 0.5
        else draw.choice([one["start_date"] for one in case.sessions.values()])
    )
    open_ = {s for s, one in case.sessions.items() if one["start_date"] > on}
    sessions = {s: dict(one) for s, one in case.sessions.items()}
    forced: set[tuple[str, str]] = set()
    for _ in range(draw.randint(1, 2)):
        what = draw.choice(["withdraw", "withdraw", "withdraw", "cancel", "shrink", "move"])
        mine = [seat for seat in seats if seat[1] in open_]
        if what == "withdraw" and mine:
            forced.add(draw.choice(mine))
        elif what == "cancel" and open_:
            sessions.pop(draw.choice(sorted(open_)), None)
        elif what == "shrink" and open_ & sessions.keys():
            one = sessions[draw.choice(sorted(open_ & sessions.keys()))]
            one["seats"] = max(1, one["seats"] - 1)
            one["min_seats"] = min(one["min_seats"], one["seats"])
        elif what == "move" and open_ & sessions.keys():
            one = sessions[draw.choice(sorted(open_ & sessions.keys()))]
            by = timedelta(draw.choice([1, 5, 30]))
            if (one["end_date"] + by).year == one["year"]:
                one["start_date"], one["end_date"] = one["start_date"] + by, one["end_date"] + by
    issued = frozenset(s for s in ids if draw.random() < 0.3)
    published = Published(
        placements, on, issued=issued, forced=frozenset(seat for seat in forced if seat[1] in sessions)
    )
    return replace(case, sessions=sessions), published


class Change(Exact):
    """The exact model with what stands still, what is given up, and the goal ``change``."""

    def __init__(self, case: Case, before: Case, published: Published, costs: ChangeCosts) -> None:
        super().__init__(case)
        held = set(zip(published.placements["cadre_id"], published.placements["session_id"], strict=True))
        touched = {s for _, s in published.forced}
        total: Any = 0
        for (c, s), x in self.x.items():
            start = case.sessions[s]["start_date"]
            has, near = (c, s) in held, start <= published.on + timedelta(costs.notice_days)
            if (c, s) in published.forced:
                self.model.add(x == 0)
            elif has and near:
                self.model.add(x == 1)
            elif not has and (start <= published.on or (near and s not in touched)):
                self.model.add(x == 0)
        for c in (one["cadre_id"] for one in case.people):
            for p in case.programmes:
                ours = [s for s, one in before.sessions.items() if one["programme_id"] == p]
                total = total + self._pairs(c, ours, held, published.issued, costs)
        self.goals["change"] = [total]

    def _pairs(
        self, c: str, sessions: list[str], held: set[tuple[str, str]], issued: frozenset[str], costs: ChangeCosts
    ) -> Any:
        gone: dict[bool, Any] = {True: 0, False: 0}
        come: dict[bool, Any] = {True: 0, False: 0}
        for s in sessions:
            x = self.x.get((c, s), 0)
            if (c, s) in held:
                gone[s in issued] = gone[s in issued] + (1 - x)
            else:
                come[s in issued] = come[s in issued] + x
        cost: Any = 0
        left, right = dict(gone), dict(come)
        for a in (True, False):
            for b in (True, False):
                pairs = self.model.new_int_var(0, len(sessions), "")
                left[a], right[b] = left[a] - pairs, right[b] - pairs
                cost = cost + pairs * costs.moved * (costs.issued if a or b else 1)
        for part, weight in ((left, costs.dropped), (right, costs.added)):
            for out, amount in part.items():
                rest = self.model.new_int_var(0, len(sessions), "")
                self.model.add(rest == amount)
                cost = cost + rest * weight * (costs.issued if out else 1)
        return cost


def replanned(seed: int) -> tuple[Replanned, Case, Case, Published] | None:
    case = random_case(seed)
    for person in case.people:
        person["headcount"] = 1
    draw = random.Random(f"replan {seed}")
    costs = ChangeCosts(notice_days=draw.choice([0, 14]))
    if not case.sessions:
        return None
    run = runs.solve(inputs_of(case))
    rows = run.plan.placements
    built_in = {
        v.rule_id for v in run.audit.verdicts if v.kind in ("spacing", "away-limit", "built-in") and v.is_breached
    }
    if built_in or not len(rows):
        return None
    after, published = changed_case(case, rows, draw)
    inputs = inputs_of(after)
    inputs = replace(inputs, scenario=inputs.scenario.model_copy(update={"change": costs, "goals": GOALS}))
    return replan(inputs, published), after, case, published


def check(seed: int, *, whole: bool) -> str:
    found = replanned(seed)
    if found is None:
        return "skipped"
    made, after, before, published = found
    costs = ChangeCosts(notice_days=random.Random(f"replan {seed}").choice([0, 14]))
    if made.amiss:
        assert not made.is_proven
        least = Change(after, before, published, costs).least("change", {})
        assert least is None or not whole, f"seed {seed}: a plan exists"
        return "amiss"
    given: dict[str, int] = {}
    values = {goal: -int(v) if goal == "priority" else int(v) for goal, v in made.values.items()} | {
        "change": made.change
    }
    order = [goal for goal in GOALS if goal in values]
    exact = Change(after, before, published, costs)
    if whole and made.optimal == set(made.values):
        for goal in order:
            model = Change(after, before, published, costs)
            if goal not in model.goals:
                continue
            least = model.least(goal, given)
            assert least == values[goal], f"seed {seed}: {goal} is {values[goal]}, {least} is possible"
            given[goal] = values[goal]
        assert made.is_proven
        return "proven"
    given = {goal: values[goal] for goal in ABOVE if goal in exact.goals and goal in values}
    least = exact.least("change", given)
    assert least is not None, f"seed {seed}: the exact model knows no plan as good"
    assert made.bound is None or made.bound <= least, f"seed {seed}: bounded by {made.bound}, {least} is possible"
    assert not made.is_proven or least == made.change, f"seed {seed}"
    return "proven" if made.is_proven else "open" if least < made.change or made.bound is None else "loose"


@pytest.mark.parametrize("first", WHOLE)
def test_a_small_problem_is_replanned_as_the_exact_model_says(first: int) -> None:
    for seed in range(first, first + CHUNK):
        check(seed, whole=True)


@pytest.mark.parametrize("first", NEAR)
def test_what_is_said_of_the_changes_around_events_is_true(first: int, set_parameters: Any) -> None:
    set_parameters(REPLAN, all_up_to=0)
    for seed in range(first, first + CHUNK):
        check(seed, whole=False)
