"""How long a second scenario takes, beside the first.

    python benchmarks/again.py [SCENARIO] [--only NAME …] [--check] [--json FILE]

Plans a scenario once, then others that differ from it in one thing: a quota, a session, a rule, a call-up. Each is asked as a trial
(``Planner.trial``, which proves nothing for large problems) and planned (``Planner.plan``, with bounds of its own), always from the first plan.

``ratio`` is seconds over those of the first plan, and in brackets the same in seconds of the processors, which say more on a busy machine.
``from`` tells whether the plan came from what was known or from nothing; ``gap`` is the widest of all goals, a few people as parts of a
thousand. With ``--check`` each is also planned from nothing: goals that differ are named, a number above 0 being worse than from nothing.
The code is 1 when a plan from nothing is better than a bound allows.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planning import ROOT, machine, note

from allocator.domain.errors import InputError
from allocator.domain.rules import Fixed, Quota
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.inputs import changed, load
from allocator.model import instance
from allocator.model.goals import signed

SCENARIO = ROOT / "scenarios" / "henan-2019-2022.toml"
COUNTED = 1000
"""A goal below this value counts single people: its distance is taken from this number."""

HEADS = {"change": 34, "trial s": 8, "ratio": 14, "plan s": 8, "ratio ": 14, "from": 8, "gap": 8}
"""Columns and their widths."""


@dataclass(frozen=True)
class Timed:
    """A run, and the seconds it took by the clock and of the processors."""

    run: Run
    seconds: float
    work: float

    @classmethod
    def of(cls, plan: Callable[[], Run]) -> Timed:
        """A run made now."""
        gc.collect()
        began, worked = time.perf_counter(), time.process_time()
        run = plan()
        return cls(run, time.perf_counter() - began, time.process_time() - worked)


def main() -> None:
    """Measure and print one line for every change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", type=Path, default=SCENARIO, help="file of the first scenario")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="changes whose name contains one of these")
    parser.add_argument("--check", action="store_true", help="also plan every change from nothing and compare")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    options = parser.parse_args()
    print(machine(), flush=True)
    planner, inputs = Planner(), load(options.scenario)
    note(f"planning {inputs.scenario.id}")
    first = Timed.of(lambda: planner.plan(inputs))
    print(f"first plan: {first.seconds:.1f} s, gap {widest(first.run):.4%}\n{heading()}", flush=True)
    planner.trial(inputs)  # Makes the base of all trials ready, once.
    records: list[dict[str, Any]] = []
    for name, changes in changes_of(first.run):
        if options.only and not any(part in name for part in options.only):
            continue
        try:
            other = changed(inputs, changes) if changes else inputs
        except InputError as error:
            print(f"{name}: refused, {error}", file=sys.stderr)
            continue
        records.append(measured(name, planner, other, first, is_checked=options.check))
        print(line(records[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if wrong := [record["change"] for record in records if record["beaten"]]:
        sys.exit(f"bounds that a plan from nothing beats: {', '.join(wrong)}")


def changes_of(base: Run) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each change by name: the dearest quota and the smallest, sessions, a hard rule made soft and one left out, a call-up."""
    inputs = base.inputs
    yield "none", {}
    quotas = [rule for rule in inputs.policy.rules if isinstance(rule, Quota) and rule.amount]
    prices = base.result.prices
    price = {} if prices is None else prices.table["price"].abs().groupby(prices.table["rule_id"]).sum().to_dict()
    quotas.sort(key=lambda rule: (-price.get(rule.id, 0.0), -(rule.amount or 0), rule.id))
    if quotas:
        dear, small = quotas[0], min(quotas[1:] or quotas, key=lambda rule: (rule.amount or 0, rule.id))
        for more in (1, -1, max(2, dear.amount // 20)):
            yield f"quota {dear.amount} → {dear.amount + more}", {f"overrides.{dear.id}.amount": dear.amount + more}
        yield f"quota {small.amount} → {small.amount + 2}", {f"overrides.{small.id}.amount": small.amount + 2}
    sessions = inputs.sessions[inputs.sessions["year"].isin(inputs.years)].sort_values(["seats", "session_id"])
    for which, place in (("smallest", 0), ("middling", len(sessions) // 2)):
        row = sessions.iloc[place]
        cancel = {"sessions": [str(row["session_id"])], "cancel": True}
        yield f"{which} session ({row['seats']} seats) closed", {"session_changes": [cancel]}
    hard = [rule for rule in inputs.policy.rules if rule.sort == "shared" and rule.strength == "hard"]
    if hard:
        yield f"{hard[0].kind} made soft", {f"overrides.{hard[0].id}.strength": "soft"}
        yield f"{hard[-1].kind} disabled", {"disable": [hard[-1].id]}
    yield from call_up(base)


def call_up(base: Run) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Somebody never sent to a programme, and nowhere in that year, is called up to a session of it."""
    inputs = base.inputs
    fixed = next((rule for rule in inputs.policy.rules if isinstance(rule, Fixed)), None)
    placed = base.plan.placements
    ordinary = placed[placed["headcount"].eq(1) & ~placed["fixed"]]
    if fixed is None or ordinary.empty:
        return
    problem = instance.build(inputs, calendar(inputs))
    calls = [call.model_dump(exclude_none=True) for call in fixed.call_ups]
    for (programme, year), rows in ordinary.groupby(["programme_id", "year"], sort=False):
        busy = set(placed.loc[(placed["programme_id"] == programme) | (placed["year"] == year), "cadre_id"])
        may = problem.admission.any_of(problem.programme_ids == programme) & problem.is_named
        free = [str(cadre) for cadre in problem.cadre_ids[may] if cadre not in busy]
        if free:
            call = {"cadre_id": free[0], "session_id": str(rows["session_id"].iloc[0])}
            yield "call-up of one more", {f"overrides.{fixed.id}.call_ups": [*calls, call]}
            return


def measured(name: str, planner: Planner, inputs: Inputs, first: Timed, *, is_checked: bool) -> dict[str, Any]:
    """One change asked as a trial and planned, both from the first plan."""
    note(name)
    trial = Timed.of(lambda: copy(planner).trial(inputs))
    other = copy(planner)
    plan = Timed.of(lambda: other.plan(inputs))
    record: dict[str, Any] = {"change": name, "resumed": other.is_resumed, "gap": widest(plan.run), "beaten": False}
    for kind, timed in (("trial", trial), ("plan", plan)):
        record[kind] = {
            "seconds": timed.seconds, "ratio": timed.seconds / first.seconds, "work": timed.work / first.work,
        }  # fmt: skip
    record["differs"] = None
    if is_checked:
        anew = Planner().plan(inputs)
        record["differs"] = worse(plan.run, anew) | {
            f"trial: {goal}": by for goal, by in worse(trial.run, anew).items()
        }
        record["beaten"] = is_beaten(plan.run, anew)
    return record


def widest(run: Run) -> float:
    """The widest gap of a run; 1 where a bound is missing."""
    found = [
        1.0
        if goal.value is None or goal.bound is None
        else abs(goal.value - goal.bound) / max(abs(goal.value), COUNTED)
        for goal in run.result.goals
    ]
    return max(found, default=0.0)


def worse(run: Run, anew: Run) -> dict[str, float]:
    """By how much each goal is worse than planned from nothing; below 0: better."""
    pairs = zip(run.result.goals, anew.result.goals, strict=True)
    found = {
        one.goal: signed(one.goal, one.value or 0.0) - signed(one.goal, other.value or 0.0) for one, other in pairs
    }
    return {goal: by for goal, by in found.items() if by}


def is_beaten(run: Run, anew: Run) -> bool:
    """Whether another plan, as good in all goals before, is better in one than its bound allows."""
    for one, other in zip(run.result.goals, anew.result.goals, strict=True):
        assert one.value is not None and one.bound is not None and other.value is not None
        value, bound, its = (signed(one.goal, number) for number in (one.value, one.bound, other.value))
        if its < bound - 1e-6:
            return True
        if its > value:
            return False  # Goals behind may be better for it.
    return False


def heading() -> str:
    """Names of the columns."""
    return " ".join(f"{head:<{width}}" if head == "change" else f"{head:>{width}}" for head, width in HEADS.items())


def line(record: dict[str, Any]) -> str:
    """A change as a line of the table."""
    cells = []
    for kind in ("trial", "plan"):
        timed = record[kind]
        cells += [f"{timed['seconds']:.1f}", f"{timed['ratio']:.2f} ({timed['work']:.2f})"]
    cells += ["known" if record["resumed"] else "nothing", f"{record['gap']:.3%}"]
    widths = list(HEADS.values())
    row = " ".join([f"{record['change']:<{widths[0]}}", *(f"{c:>{w}}" for c, w in zip(cells, widths[1:], strict=True))])
    if record["differs"] is None:
        return row
    told = "; ".join(f"{goal} {by:+,.0f}" for goal, by in record["differs"].items()) or "as from nothing"
    return f"{row}  {told}{'; BEATS A BOUND' if record['beaten'] else ''}"


if __name__ == "__main__":
    main()
