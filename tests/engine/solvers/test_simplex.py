"""A linear program solved from an old basis has the optimum of the same program solved from nothing."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from allocator.engine.solvers.integer_program import Program
from allocator.engine.solvers.simplex import Basis, Simplex
from tests.property.worlds import first_of

GROUPS, BEHIND = 6, 4


def columns(draw: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and value of columns: each serves one group and, mostly, one shared row behind the groups."""
    group = np.concatenate([np.arange(GROUPS), draw.integers(0, GROUPS, count)])[:count]
    shared = np.flatnonzero(draw.random(count) < 0.8)
    rows = np.concatenate([group, GROUPS + draw.integers(0, BEHIND, len(shared))])
    return rows, np.concatenate([np.arange(count), shared]), np.ones(len(rows))


def program(draw: np.random.Generator, count: int) -> Program:
    """Five people in every group, each in one column; a row behind the groups holds ten, and more at a price."""
    rows, own, values = columns(draw, count)
    entries = [rows, GROUPS + np.arange(BEHIND)], [own, count + np.arange(BEHIND)], [values, -np.ones(BEHIND)]
    return Program(
        cost=np.concatenate([draw.integers(0, 50, count), np.full(BEHIND, 30.0)]),
        least=np.zeros(count + BEHIND),
        most=np.concatenate([np.full(count, 5.0), np.full(BEHIND, np.inf)]),
        whole=np.zeros(count + BEHIND, dtype=bool),
        row_least=np.concatenate([np.full(GROUPS, 5.0), np.full(BEHIND, -np.inf)]),
        row_most=np.concatenate([np.full(GROUPS, 5.0), np.full(BEHIND, 10.0)]),
        rows=np.concatenate(entries[0]),
        columns=np.concatenate(entries[1]),
        values=np.concatenate(entries[2]),
    )


def fresh(which: Program) -> Simplex:
    """A program to be solved from the first column of every group."""
    return Simplex(which, BEHIND, Basis.of(len(which.cost) - BEHIND, BEHIND, len(which.row_least), np.arange(GROUPS)))


def from_nothing(which: Program) -> float:
    found = fresh(which).solve()
    assert found is not None
    return found.objective


def widened(which: Program, cost: np.ndarray, entries: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Program:
    """The program with further columns before those behind."""
    count, more = len(which.cost) - BEHIND, len(cost)
    moved = np.where(which.columns < count, which.columns, which.columns + more)
    return replace(
        which,
        cost=np.insert(which.cost, [count] * more, cost),
        least=np.zeros(len(which.cost) + more),
        most=np.insert(which.most, [count] * more, 5.0),
        whole=np.zeros(len(which.cost) + more, dtype=bool),
        rows=np.concatenate([which.rows, entries[0]]),
        columns=np.concatenate([moved, count + entries[1]]),
        values=np.concatenate([which.values, entries[2]]),
    )


@pytest.mark.parametrize("seed", first_of(range(30), 8))
def test_every_change_ends_at_the_optimum_of_the_changed_program(seed: int) -> None:
    draw = np.random.default_rng(seed)
    now = program(draw, 20)
    simplex = fresh(now)

    def check() -> None:
        found = simplex.solve()
        assert found is not None
        assert found.objective == pytest.approx(from_nothing(now))
        assert found.objective == pytest.approx(now.cost @ found.x)
        held = np.bincount(now.rows, now.values * found.x[now.columns], len(now.row_least))
        assert (held <= now.row_most + 1e-6).all()
        paid = np.bincount(now.columns, now.values * found.duals[now.rows], len(now.cost))
        assert (now.cost - paid)[found.x < 1e-9].min() >= -1e-6

    check()
    entries, cost = columns(draw, 12), draw.integers(0, 50, 12).astype(float)
    simplex.add(cost, np.full(12, 5.0), *entries)
    now = widened(now, cost, entries)
    check()
    count = len(now.cost) - BEHIND
    chosen = (np.arange(count) < GROUPS) | (draw.random(count) < 0.6)
    simplex.keep(chosen)
    now = now.only(np.concatenate([chosen, np.ones(BEHIND, dtype=bool)]))
    check()
    now = replace(now, cost=draw.integers(0, 50, len(now.cost)).astype(float))
    simplex.price(now.cost)
    check()
    most = now.row_most.copy()
    most[GROUPS:] = draw.integers(0, 8, BEHIND)
    now = replace(now, row_most=most)
    simplex.limit_rows(np.arange(GROUPS, len(most)), now.row_least[GROUPS:], most[GROUPS:])
    check()


@pytest.mark.parametrize("seed", first_of(range(30), 8))
def test_few_columns_and_prices_with_limits_end_at_the_optimum_too(seed: int) -> None:
    draw = np.random.default_rng(seed)
    now = program(draw, 100)
    simplex = fresh(now)

    def check() -> None:
        found = simplex.solve()
        assert found is not None
        assert found.objective == pytest.approx(from_nothing(now))

    check()
    entries, cost = columns(draw, 2), np.zeros(2)
    simplex.add(cost, np.full(2, 5.0), *entries)
    now = widened(now, cost, entries)
    check()
    most = np.concatenate([now.row_most[:GROUPS], draw.integers(0, 8, BEHIND)])
    now = replace(now, cost=draw.integers(0, 50, len(now.cost)).astype(float), row_most=most)
    simplex.price(now.cost)
    simplex.limit_rows(np.arange(GROUPS, len(most)), now.row_least[GROUPS:], most[GROUPS:])
    check()
    entries, cost = columns(draw, 2), np.zeros(2)
    simplex.add(cost, np.full(2, 5.0), *entries)
    now = replace(widened(now, cost, entries), row_most=np.maximum(most, 5.0))
    simplex.limit_rows(np.arange(GROUPS, len(most)), now.row_least[GROUPS:], now.row_most[GROUPS:])
    check()


def test_a_twin_goes_its_own_way() -> None:
    draw = np.random.default_rng(3)
    now = program(draw, 20)
    simplex = fresh(now)
    before = simplex.solve()
    twin = simplex.twin()
    dearer = replace(now, cost=now.cost + np.arange(len(now.cost)))
    twin.price(dearer.cost)
    own, after = twin.solve(), simplex.solve()
    assert before is not None
    assert own is not None
    assert after is not None
    assert own.objective == pytest.approx(from_nothing(dearer))
    assert after.objective == before.objective


def test_no_solution_is_an_answer() -> None:
    now = program(np.random.default_rng(1), 20)
    simplex = fresh(now)
    assert simplex.solve() is not None
    simplex.limit(np.arange(len(now.cost)), np.zeros(len(now.cost)))
    assert simplex.solve() is None


def test_several_problems_begin_at_one_optimum_at_a_time() -> None:
    draw = np.random.default_rng(3)
    known = Simplex(program(draw, 400), BEHIND, Basis.of(400, BEHIND, GROUPS + BEHIND, np.zeros(GROUPS, dtype=int)))
    assert known.solve() is not None
    with ThreadPoolExecutor(4) as threads:
        for seed in range(10):
            cost = np.concatenate([np.random.default_rng(seed).integers(0, 50, 400), np.full(BEHIND, 30.0)])
            known.price(cost.astype(float))
            twins = [one.result() for one in [threads.submit(known.at_optimum) for _ in range(8)]]
            own = known.solve()
            found = [one.solve() for one in twins]
            assert own is not None and {one.objective for one in found if one} == {own.objective}


@pytest.mark.parametrize(
    "modules", [("highspy", "ortools.math_opt.python.mathopt"), ("ortools.math_opt.python.mathopt", "highspy")]
)
def test_both_libraries_load_in_either_order_and_print_nothing(modules: tuple[str, str]) -> None:
    code = f"""
import {modules[0]}
import {modules[1]}
from allocator.engine.solvers.integer_program import silent_solver
solver = silent_solver()
solver.addVar(1.0, 2.0)
solver.run()
assert solver.getInfo().primal_solution_status == 2
from ortools.math_opt.python import mathopt
model = mathopt.Model()
model.maximize(model.add_variable(lb=0, ub=3, is_integer=True))
assert mathopt.solve(model, mathopt.SolverType.HIGHS).objective_value() == 3.0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
