"""The peers: CP-SAT, HiGHS and SCIP on a person-level model, all from OR-Tools, and a min-cost flow as a bound.

``minimise`` is one solve; ``race`` notes when each gap was proven, ``in_order`` solves goal by goal. Every solution is
counted again in whole numbers (``PersonModel.values``), so that a solver's tolerances cannot win.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from math import ceil, floor

import numpy as np
from ortools.graph.python import min_cost_flow
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model
from person_model import PersonModel

from allocator.domain.rules import Goal, Quota, ShareFloor, Spacing
from allocator.domain.tables import Inputs
from allocator.model.instance import Calendar

PEERS = ("CP-SAT", "HiGHS", "SCIP")
GAPS = (0.1, 0.01, 0.001, 0.0001)
MATHOPT = {"HiGHS": mathopt.SolverType.HIGHS, "SCIP": mathopt.SolverType.GSCIP}

OnTrace = Callable[[float | None, float | None], None]
Row = tuple[int, list[int], list[int]]


@dataclass
class Answer:
    """One solve: the solution, its value by the solver, the proven bound; ``None`` where there is none."""

    x: np.ndarray | None
    value: float | None
    bound: float | None
    is_proven: bool


@dataclass
class Race:
    """One solver on one weighted problem.

    ``reached`` holds the seconds until each gap of ``GAPS`` was proven by the solver itself. ``value`` and ``goals`` are counted
    from the solution, ``bound`` is the solver's.
    """

    name: str
    seconds: float
    value: float | None = None
    bound: float | None = None
    is_proven: bool = False
    reached: dict[float, float] = field(default_factory=dict)
    goals: dict[Goal, int] = field(default_factory=dict)
    bounds: dict[Goal, float] = field(default_factory=dict)
    note: str = ""

    def note_gap(self, seconds: float, value: float | None, bound: float | None) -> None:
        """Note the gaps that are proven after some seconds."""
        distance = gap_of(value, bound)
        for gap in GAPS:
            if distance is not None and distance <= gap:
                self.reached.setdefault(gap, seconds)


def gap_of(value: float | None, bound: float | None) -> float | None:
    """Distance of value and bound relative to the value."""
    if value is None or bound is None or not np.isfinite([value, bound]).all():
        return None
    return max(0.0, value - bound) / max(abs(value), 1e-9)


def minimise(
    peer: str,
    model: PersonModel,
    cost: Mapping[int, float],
    constant: float,
    *,
    seconds: float,
    workers: int = 1,
    gap: float = 0.0,
    extra: tuple[Row, ...] = (),
    on_trace: OnTrace = lambda *_: None,
) -> Answer:
    """Solve a person-level model with one cost and more rows, to a relative gap or until the time is over."""
    if peer == "CP-SAT":
        return _cp_sat(model, cost, constant, seconds, workers, gap, extra, on_trace)
    return _mathopt(peer, model, cost, constant, seconds, gap, extra, on_trace)


def _cp_sat(
    model: PersonModel,
    cost: Mapping[int, float],
    constant: float,
    seconds: float,
    workers: int,
    gap: float,
    extra: tuple[Row, ...],
    on_trace: OnTrace,
) -> Answer:
    program = cp_model.CpModel()
    x = [program.new_int_var(most if k in model.fixed else 0, most, "") for k, most in enumerate(model.most)]
    for least, columns, coefficients in (*model.rows, *extra):
        program.add(cp_model.LinearExpr.weighted_sum([x[c] for c in columns], coefficients) >= least)
    program.minimize(cp_model.LinearExpr.weighted_sum([x[c] for c in cost], list(cost.values())) + constant)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.parameters.relative_gap_limit = gap
    known: dict[str, float | None] = {"value": None, "bound": None}

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            known["value"], known["bound"] = self.objective_value, self.best_objective_bound
            on_trace(known["value"], known["bound"])

    def watch_bound(bound: float) -> None:
        known["bound"] = bound
        on_trace(known["value"], bound)

    solver.best_bound_callback = watch_bound
    status = solver.solve(program, Watch())
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None, None, solver.best_objective_bound, False)
    values = np.array([solver.value(v) for v in x], dtype=float)
    value, bound = solver.objective_value, solver.best_objective_bound
    return Answer(values, value, bound, status == cp_model.OPTIMAL and value - bound < 0.5)


def _mathopt(
    peer: str,
    model: PersonModel,
    cost: Mapping[int, float],
    constant: float,
    seconds: float,
    gap: float,
    extra: tuple[Row, ...],
    on_trace: OnTrace,
) -> Answer:
    rows = (*model.rows, *extra)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(len(model.most)))
    proto.variables.lower_bounds.extend(float(m) if k in model.fixed else 0.0 for k, m in enumerate(model.most))
    proto.variables.upper_bounds.extend(float(m) for m in model.most)
    proto.variables.integers.extend(model.whole)
    proto.objective.offset = constant
    proto.objective.linear_coefficients.ids.extend(sorted(cost))
    proto.objective.linear_coefficients.values.extend(float(cost[k]) for k in sorted(cost))
    proto.linear_constraints.ids.extend(range(len(rows)))
    proto.linear_constraints.lower_bounds.extend(float(least) for least, *_ in rows)
    proto.linear_constraints.upper_bounds.extend([np.inf] * len(rows))
    for r, (_, columns, coefficients) in enumerate(rows):
        pairs = sorted(zip(columns, coefficients, strict=True))
        proto.linear_constraint_matrix.row_ids.extend([r] * len(pairs))
        proto.linear_constraint_matrix.column_ids.extend(c for c, _ in pairs)
        proto.linear_constraint_matrix.coefficients.extend(float(k) for _, k in pairs)
    parameters = mathopt.SolveParameters(
        time_limit=timedelta(seconds=seconds), relative_gap_tolerance=gap, absolute_gap_tolerance=0.5
    )

    def read_log(lines: list[str]) -> None:
        for line in lines:  # SCIP: … | dualbound | primalbound | gap | compl.
            parts = line.split("|")
            if len(parts) > 8 and "dualbound" not in line:
                on_trace(_number(parts[-3]), _number(parts[-4]))

    program = mathopt.Model.from_model_proto(proto)
    # The HiGHS inside OR-Tools gives neither callbacks nor its log; ``race`` solves it again for every gap instead.
    watch = {"msg_cb": read_log} if peer == "SCIP" else {}
    result = mathopt.solve(program, MATHOPT[peer], params=parameters, **watch)
    bound = result.dual_bound()
    if not result.has_primal_feasible_solution():
        return Answer(None, None, bound, False)
    values = np.fromiter(result.variable_values(list(program.variables())), float, len(model.most))
    value = result.objective_value()
    # A distance below one unit proves a goal in whole numbers, save for the tolerance of large numbers.
    is_proven = result.termination.reason == mathopt.TerminationReason.OPTIMAL and value - bound <= 0.5 + 1e-7 * abs(
        value
    )
    return Answer(values, value, bound, is_proven)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def race(peer: str, model: PersonModel, weights: Mapping[Goal, float], seconds: float, workers: int) -> Race:
    """Solve the weighted problem and note when each gap is proven."""
    cost, constant = model.weighted(weights)
    found = Race(peer, 0.0)
    gaps = (*GAPS, 0.0) if peer == "HiGHS" else (0.0,)
    answer = Answer(None, None, None, False)
    for gap in gaps:
        started = time.perf_counter()

        def on_trace(value: float | None, bound: float | None, started: float = started) -> None:
            found.note_gap(time.perf_counter() - started, value, bound)

        latest = minimise(peer, model, cost, constant, seconds=seconds, workers=workers, gap=gap, on_trace=on_trace)
        if latest.x is not None or answer.x is None:
            answer = latest
        found.seconds = time.perf_counter() - started
        found.note_gap(found.seconds, answer.value, answer.bound)
        if found.seconds >= seconds or answer.is_proven:
            break
    if answer.x is not None:
        found.goals = model.values(answer.x)
        found.value = sum(weights[goal] * value for goal, value in found.goals.items())
    found.bound, found.is_proven = answer.bound, answer.is_proven
    return found


def in_order(
    peer: str, model: PersonModel, goals: tuple[Goal, ...], seconds: float, workers: int
) -> tuple[dict[Goal, int], float]:
    """Value of every goal, each the best that the goals before it leave, and the seconds it took.

    Goals behind the first that is not proven in time are left out.
    """
    started = time.perf_counter()
    rows: list[Row] = []
    found: dict[Goal, int] = {}
    for goal in goals:
        cost, constant = model.goals.get(goal, {}), model.constants.get(goal, 0)
        left = seconds - (time.perf_counter() - started)
        answer = minimise(peer, model, cost, constant, seconds=max(0.1, left), workers=workers, extra=tuple(rows))
        if answer.x is None or not answer.is_proven:
            break
        found[goal] = model.values(answer.x).get(goal, 0)
        rows.append((constant - found[goal], list(cost), [-k for k in cost.values()]))
    return found, time.perf_counter() - started


def settled(model: PersonModel, sent: Mapping[tuple[int, int, int], int]) -> dict[Goal, int] | None:
    """Every goal of a plan, counted by the person-level model; ``None`` when it breaks a strict rule.

    Parameters
    ----------
    sent
        Heads by row of the roster, programme and plan year.
    """
    wanted: dict[int, int] = {}
    left = dict(sent)
    for (i, p, y), column in model.seats.items():
        row, people = model.people[i]
        wanted[column] = min(people, left.get((row, p, y), 0))
        if wanted[column]:
            left[row, p, y] -= wanted[column]
    if any(left.values()):
        return None
    fixed = tuple(row for column, heads in wanted.items() for row in ((heads, [column], [1]), (-heads, [column], [-1])))
    everything: dict[int, int] = defaultdict(int)
    for terms in model.goals.values():
        for column, amount in terms.items():
            if column not in wanted:  # What the seats themselves add is settled with them.
                everything[column] += amount
    answer = minimise("HiGHS", model, everything, 0, seconds=600, extra=fixed)
    return None if answer.x is None else model.values(answer.x)


def flow_bound(model: PersonModel, inputs: Inputs, calendar: Calendar, weights: Mapping[Goal, float]) -> Race:
    """A bound from a flow of people into seats, at least cost.

    Arcs lead from a group (of the first hard share floor) to its people in a year, from there to the programmes
    open to them, and on to the seats. A flow can say: who is eligible, the most classes a year, seats, one floor per
    person, quotas that are the only one of all people of one programme, priorities. What reaches over years or counts a person twice
    is left out at no cost, so this is a bound and never a plan.
    """
    started = time.perf_counter()
    # The flow counts in whole numbers; rounding each goal to the cheaper side keeps it a bound.
    weight = {goal: ceil(value) if goal == "priority" else floor(value) for goal, value in weights.items()}
    rules = [rule for rule in inputs.policy.rules if rule.strength != "report"]
    total = sum(weight[goal] * amount for goal, amount in model.constants.items())
    heads = sum(people for _, people in model.people)
    arcs: list[tuple[int, int, int, int]] = []
    nodes: dict[object, int] = {"source": 0, "sink": 1}

    def node(key: object) -> int:
        return nodes.setdefault(key, len(nodes))

    # Each person and year: classes at most, and the floor of the group.
    floors = [rule for rule in rules if isinstance(rule, ShareFloor)]
    limits = [rule for rule in rules if isinstance(rule, Spacing) and rule.classes_per_year is not None]
    held: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for (i, p, y), column in model.seats.items():
        held[i, y][p] = column
    most = {key: len(own) for key, own in held.items()}
    for rule in limits:
        counting, audience = inputs.counting(rule.programmes), inputs.audience(rule.audience)
        for (i, y), own in held.items():
            if audience[model.people[i][0]]:
                inside = sum(bool(counting[p]) for p in own)
                most[i, y] = min(most[i, y], len(own) - inside + min(inside, rule.classes_per_year))
    group_of: dict[int, tuple[int, str]] = {}
    need: dict[tuple[int, str], int] = {}
    for f, rule in enumerate(floors):
        names, audience = inputs.roster[rule.group_by].astype(str).to_numpy(), inputs.audience(rule.audience)
        members: dict[str, list[int]] = defaultdict(list)
        for i, (row, _) in enumerate(model.people):
            if audience[row] and names[row]:
                members[names[row]].append(i)
        for name, inside in members.items():
            if any(i in group_of for i in inside):
                continue
            need[f, name] = ceil(rule.share * sum(model.people[i][1] for i in inside))
            group_of |= dict.fromkeys(inside, (f, name))
    for (i, y), own in held.items():
        people = model.people[i][1]
        key = group_of.get(i)
        start = node((key, y)) if key is not None else 0
        arcs.append((start, node((i, y)), most[i, y] * people, 0))
        arcs += [(node((i, y)), node(("seats", p, y)), people, _points(model, weight, c)) for p, c in own.items()]
    for (f, name), least in need.items():
        rule, goal = floors[f], "violation" if floors[f].strength == "hard" else floors[f].goal
        for y, year in enumerate(inputs.years):
            counted = ((f, name), y) in nodes
            if (not rule.years or year in rule.years) and least:
                # A group in which nobody can go stands wholly in the goal; the others save it head by head.
                total += weight[goal] * least
                if counted:
                    arcs.append((0, node(((f, name), y)), least, -weight[goal]))
            if counted:
                arcs.append((0, node(((f, name), y)), heads, 0))
    # Each programme and year: seats, and the quota that is the only one of all its people.
    quotas = [rule for rule in rules if isinstance(rule, Quota)]
    users: dict[tuple[int, int], set[int]] = defaultdict(set)
    for i, p, y in model.seats:
        users[p, y].add(model.people[i][0])
    for (p, y), rows in users.items():
        at, capacity = node(("seats", p, y)), int(calendar.seats[p, y])
        fitting = [
            rule for rule in quotas
            if inputs.counting(rule.programmes)[p] and inputs.counting(rule.programmes).sum() == 1
            and inputs.audience(rule.audience)[sorted(rows)].all() and (not rule.years or inputs.years[y] in rule.years)
        ]  # fmt: skip
        if not fitting:
            arcs.append((at, 1, capacity, 0))
            continue
        rule = fitting[0]
        costs = [_quota_cost(rule, n, weight) for n in range(capacity + 1)]
        total += costs[0]
        arcs += [(at, 1, 1, after - before) for before, after in pairwise(costs)]
    network = min_cost_flow.SimpleMinCostFlow()
    supply = heads * len(inputs.years) * len(inputs.programmes)
    tail, head, size, unit = (np.array(part, dtype=np.int64) for part in zip(*arcs, (0, 1, supply, 0), strict=True))
    network.add_arcs_with_capacity_and_unit_cost(tail, head, size, unit)
    network.set_nodes_supplies(np.array([0, 1]), np.array([supply, -supply]))
    status = network.solve()
    if status != network.OPTIMAL:
        raise SystemExit(f"the min-cost flow ended as {status}")
    return Race("flow (bound)", time.perf_counter() - started, bound=float(total + network.optimal_cost()))


def _points(model: PersonModel, weight: Mapping[Goal, int], column: int) -> int:
    return sum(weight[goal] * terms.get(column, 0) for goal, terms in model.goals.items())


def _quota_cost(rule: Quota, sent: int, weight: Mapping[Goal, int]) -> int:
    """What a quota costs when so many are sent."""
    band = max(rule.band_least, ceil(rule.band_share * rule.amount)) if rule.modality == "about" else 0
    short = max(0, rule.amount - sent) if rule.modality != "at-most" else 0
    over = max(0, sent - rule.amount) if rule.modality != "at-least" else 0
    beyond = max(0, short - band, over - band) if rule.strength == "hard" else 0
    return weight["quota-shortfall"] * short + weight["quota-excess"] * over + weight["violation"] * beyond
