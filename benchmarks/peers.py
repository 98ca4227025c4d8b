"""The same instance for our engine and for its peers: CP-SAT, HiGHS, SCIP, and a min-cost flow as a bound.

    python benchmarks/peers.py [--sizes tiny one-prefecture@20 one-prefecture] [--seconds 45] [--workers 2]

A size is a file of ``scenarios`` without ``.toml``, or a part of it: ``one-prefecture@20`` is whole units with about 20 people
(see ``slices``). Every solver gets the weighted sum of the goals and as many seconds; printed are the seconds until it had
proven each gap, and the value it reached. Small instances are also solved goal by goal, and there all optima must be
equal. On every size, every bound must lie below every value, our plan must keep all rows of the person-level model,
and proven optima must be equal. The first disagreement ends the run with code 1.

The seconds of a peer begin when its model stands and is handed over; ours count everything after the instance is read.
HiGHS gives no progress inside OR-Tools: it is solved anew for each gap, and the seconds are those of that solve.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peer_solvers import GAPS, PEERS, Race, flow_bound, gap_of, in_order, race, settled
from person_model import PersonModel, build
from planning import ROOT, machine, note
from slices import part_of

from allocator.domain.rules import Goal
from allocator.domain.tables import Inputs
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.engine.time_limit import Clock
from allocator.engine.yearly_stage import YearlyStage, YearPlan
from allocator.inputs import load
from allocator.model import instance
from allocator.model.goals import signed

SCENARIOS = ROOT / "scenarios"
OURS = "allocator"
TOLERANCE = 1e-6
"""Relative, for bounds of solvers that count in floating point; values are compared as the whole numbers they are."""


class DisagreementError(Exception):
    """Two solvers say what cannot both be true."""


@dataclass
class Outcome:
    """Everything measured on one size."""

    size: str
    people: int
    seats: int
    variables: int
    rows: int
    trajectories: int
    build_seconds: float
    races: list[Race]
    ordered: dict[str, tuple[dict[Goal, int], float]]


def read(size: str) -> Inputs:
    """Inputs of a size, ``SCENARIO`` or ``SCENARIO@PEOPLE``."""
    name, _, people = size.partition("@")
    inputs = load(SCENARIOS / f"{name}.toml")
    return part_of(inputs, int(people)) if people else inputs


def compare(size: str, inputs: Inputs, *, seconds: float, workers: int, peers: tuple[str, ...] = PEERS) -> Outcome:
    """Run everything on one instance and check it.

    Raises
    ------
    DisagreementError
        When a bound lies above a value, two proven optima differ, or our plan breaks a row.
    """
    dates = calendar(inputs)
    problem = instance.build(inputs, dates)
    note(f"{size}: building it person by person")
    started = time.perf_counter()
    model = build(inputs, dates)
    build_seconds = time.perf_counter() - started

    ordered: dict[str, tuple[dict[Goal, int], float]] = {}
    note(f"{size}: {OURS}, weighted sum")
    stage, ours = _ours(problem, model, seconds, workers)
    goals = stage.goals
    _agree(set(model.goals) <= set(goals), f"{size}: the person-level model knows {sorted(model.goals)}, ours {goals}")
    if stage.is_small:
        note(f"{size}: {OURS}, goal by goal")
        ordered[OURS] = _ours_in_order(problem, model, seconds, workers)
        for peer in peers:
            note(f"{size}: {peer}, goal by goal")
            ordered[peer] = in_order(peer, model, goals, seconds, workers)
    weight = stage.weights  # Those our plan was made with; the order of the goals is in them.
    races = [ours]
    for peer in peers:
        note(f"{size}: {peer}, weighted sum")
        races.append(race(peer, model, weight, seconds, workers))
    races.append(flow_bound(model, inputs, dates, weight))
    outcome = Outcome(
        size=size, people=int(problem.headcount.sum()), seats=len(model.seats), variables=len(model.most),
        rows=len(model.rows), trajectories=int(stage.work["trajectories"]), build_seconds=build_seconds, races=races,
        ordered=ordered,
    )  # fmt: skip
    check(outcome, goals)
    return outcome


def check(outcome: Outcome, goals: tuple[Goal, ...]) -> None:
    """Whether everything measured can be true together.

    Raises
    ------
    DisagreementError
        When it cannot.
    """
    size = outcome.size
    for low in outcome.races:
        for high in outcome.races:
            if low.bound is not None and high.value is not None:
                slack = TOLERANCE * max(1.0, abs(high.value))
                said = f"{size}: the bound of {low.name}, {low.bound:,.2f}, is above the value of {high.name}, {high.value:,.2f}"
                _agree(low.bound <= high.value + slack, said)
    proven = {r.name: r.value for r in outcome.races if r.is_proven}
    lowest = min(proven.values(), default=0.0)
    slack = TOLERANCE * max(1.0, abs(lowest))
    _agree(all(value <= lowest + slack for value in proven.values()), f"{size}: proven optima differ: {proven}")
    finished = {name: values for name, (values, _) in outcome.ordered.items() if len(values) == len(goals)}
    for goal in goals:
        optima = {name: values[goal] for name, values in finished.items()}
        _agree(len(set(optima.values())) <= 1, f"{size}: optima of {goal} differ: {optima}")
    for ours in outcome.races:
        for name, values in finished.items():
            for goal, bound in ours.bounds.items():
                # Our bound holds for plans that are as good as ours in all goals before.
                said = f"{size}: our bound of {goal}, {bound}, is above {values[goal]}, which {name} reached"
                _agree(bound <= values[goal] + TOLERANCE * max(1, abs(values[goal])), said)
                if values[goal] > ours.goals[goal]:
                    break


def _agree(is_true: bool, said: str) -> None:
    if not is_true:
        raise DisagreementError(said)


def _stage(problem: instance.Instance, workers: int, clock: Clock) -> YearlyStage:
    return YearlyStage(problem, seed=problem.inputs.scenario.seed, workers=workers, clock=clock)


def _ours(problem: instance.Instance, model: PersonModel, seconds: float, workers: int) -> tuple[YearlyStage, Race]:
    """Our engine on the weighted sum: prices, blocks, and the bound of the relaxation."""
    found = Race(OURS, 0.0)
    started = time.perf_counter()
    stage = _stage(problem, workers, Clock(seconds))
    is_small, stage.is_small = stage.is_small, False  # The race is for the weighted sum, whatever the size.
    years = stage.plan()
    found.seconds = time.perf_counter() - started
    found.goals = _counted(problem, model, years)
    found.value = sum(stage.weights[goal] * value for goal, value in found.goals.items())
    found.bound = stage.work["relaxed"]
    found.is_proven = found.value - found.bound < 1
    found.note_gap(found.seconds, found.value, found.bound)
    started = time.perf_counter()
    found.bounds = {
        goal: signed(goal, bound)
        for goal, bound in stage.bounds({g: signed(g, found.goals.get(g, 0)) for g in stage.goals}).items()
    }
    found.note = f"goal by goal bounds {time.perf_counter() - started:.1f} s more"
    stage.is_small = is_small
    return stage, found


def _ours_in_order(
    problem: instance.Instance, model: PersonModel, seconds: float, workers: int
) -> tuple[dict[Goal, int], float]:
    """Our engine goal by goal, on what it takes to be a small problem."""
    started = time.perf_counter()
    stage = _stage(problem, workers, Clock(seconds))
    years = stage.plan()
    took = time.perf_counter() - started
    values = _counted(problem, model, years)
    proven: dict[Goal, int] = {}
    for goal, said in stage.bounds({goal: signed(goal, values.get(goal, 0)) for goal in stage.goals}).items():
        value, bound = values.get(goal, 0), signed(goal, said)
        _agree(bound <= value, f"our plan has {value} of {goal}, but the engine says that {bound} is the least")
        if bound < value:  # The time was over; what comes behind in the order is not the best either.
            break
        proven[goal] = value
    return proven, took


def _counted(problem: instance.Instance, model: PersonModel, years: YearPlan) -> dict[Goal, int]:
    """Goals of our plan as the person-level model counts them."""
    sent = {
        (
            problem.person_index[row.cadre_id],
            problem.programme_index[row.programme_id],
            problem.years.index(row.year),
        ): int(row.headcount)
        for row in years.attendances.itertuples()
    }
    values = settled(model, sent)
    _agree(values is not None, "our plan breaks a strict rule of the person-level model")
    assert values is not None
    return values


# ------------------------------------------------------------------------------------------------ what is printed


def show(outcome: Outcome, goals: tuple[Goal, ...]) -> str:
    """The tables of one size, as Markdown."""
    lines = [
        f"### {outcome.size}",
        "",
        f"{outcome.people:,} people; person by person {outcome.seats:,} seats to decide, {outcome.variables:,} variables, "
        f"{outcome.rows:,} rows (built in {outcome.build_seconds:.1f} s); {outcome.trajectories:,} trajectories of cohorts.",
        "",
        "| solver | " + " | ".join(f"{gap:.2%}" for gap in GAPS) + " | seconds | value | above best bound | own gap |",
        "|---|" + "---:|" * (len(GAPS) + 4),
    ]
    best = max(r.bound for r in outcome.races if r.bound is not None)
    for r in outcome.races:
        reached = " | ".join(f"{r.reached[gap]:.2f}" if gap in r.reached else "–" for gap in GAPS)
        value = "–" if r.value is None else f"{r.value:,.0f}"
        lines.append(
            f"| {r.name} | {reached} | {r.seconds:.2f} | {value} | {_share(r.value, best)} | {_share(r.value, r.bound)} |"
        )
    flow = next(
        (r for r in outcome.races if r.value is None and r.bound is not None and r.name.startswith("flow")), None
    )
    if flow is not None and flow.bound is not None:
        lines += [
            "",
            f"The flow bounds the value by {flow.bound:,.0f}, {_share(best, flow.bound)} below the best bound.",
        ]
    lines += ["", *_ratios(outcome)]
    names = [r.name for r in outcome.races if r.goals]
    lines += [
        "",
        "Goals of these plans:",
        "",
        "| goal | " + " | ".join(names) + f" | bound of {OURS} |",
        "|---|" + "---:|" * (len(names) + 1),
    ]
    ours = next(r for r in outcome.races if r.name == OURS)
    for goal in goals:
        counted = " | ".join(f"{signed(goal, r.goals.get(goal, 0)):,}" for r in outcome.races if r.goals)
        bound = signed(goal, ours.bounds[goal]) if goal in ours.bounds else None
        lines.append(f"| {goal} | {counted} | {'–' if bound is None else f'{bound:,.2f}'} |")
    if outcome.ordered:
        lines += [
            "",
            "Goal by goal, each to its proven optimum:",
            "",
            "| solver | seconds | " + " | ".join(goals) + " |",
        ]
        lines.append("|---|---:|" + "---:|" * len(goals))
        for name, (values, seconds) in outcome.ordered.items():
            counted = " | ".join(f"{signed(goal, values[goal]):,}" if goal in values else "–" for goal in goals)
            lines.append(f"| {name} | {seconds:.2f} | {counted} |")
    return "\n".join(lines) + "\n"


def _share(value: float | None, bound: float | None) -> str:
    gap = gap_of(value, bound)
    return "–" if gap is None else f"{gap:.4%}"


def _ratios(outcome: Outcome) -> list[str]:
    """How many times the seconds of ours each peer took for the smallest gap we reached."""
    ours = next(r for r in outcome.races if r.name == OURS)
    lines = []
    for gap in GAPS:
        if gap not in ours.reached:
            continue
        said = []
        for r in outcome.races:
            if r.name in PEERS:
                times = r.reached.get(gap)
                over = times if times is not None else r.seconds
                said.append(f"{r.name} {'' if times is not None else 'more than '}{over / ours.reached[gap]:.1f}")
        lines.append(f"- {gap:.2%}: times our seconds: {', '.join(said)}")
    return lines


def main() -> None:
    """Run the sizes and print their tables; code 1 on a disagreement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", nargs="+", default=["tiny", "one-prefecture@20", "one-prefecture@100", "one-prefecture"]
    )
    parser.add_argument("--seconds", type=float, default=45.0, help="limit of every solve")
    parser.add_argument("--workers", type=int, default=2, help="threads of CP-SAT and of ours; HiGHS and SCIP use one")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    options = parser.parse_args()
    print(f"{machine()}; {options.seconds:g} s for each solver, {options.workers} workers\n", flush=True)
    measured: dict[str, Any] = {}
    for size in options.sizes:
        inputs = read(size)
        try:
            outcome = compare(
                size, inputs, seconds=options.seconds, workers=options.workers, peers=tuple(options.peers)
            )
        except DisagreementError as error:
            raise SystemExit(f"DISAGREEMENT: {error}") from error
        print(show(outcome, _goals(outcome)), flush=True)
        measured[size] = _plain(asdict(outcome))
    if options.json:
        options.json.write_text(
            json.dumps({"machine": machine(), "sizes": measured}, indent=2) + "\n", encoding="utf-8"
        )


def _goals(outcome: Outcome) -> tuple[Goal, ...]:
    """The goals in their order, as ours names them."""
    ours = next(r for r in outcome.races if r.name == OURS)
    return tuple(ours.bounds)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
