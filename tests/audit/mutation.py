"""How many small faults in the auditor its tests notice: one fault at a time, and the tests that pass the faulty line.

    python tests/audit/mutation.py [--sample N] [--seed N] [--only FILE …] [--json]

A fault (a mutant) is a changed operator, bound, constant, condition or result inside a function. It is put into the running
program by giving the function other code, so nothing is imported twice. First every test runs once and the functions it passes are
noted; a mutant is then tried by the tests that pass its function, until one fails: first those that killed others nearby,
then the broadest, then the quickest. What no test can notice, because the result is the same, stands in ``equivalent.toml`` with the reason and is not counted.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import random
import signal
import sys
import time
import tomllib
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent / "allocator" / "audit"
MODULES = {
    file.stem: ".".join(("allocator.audit", *file.relative_to(PACKAGE).with_suffix("").parts))
    for file in sorted(PACKAGE.rglob("*.py"))
    if file.stem != "__init__"
}
"""Dotted name of each module of the auditor by its own name."""
EQUIVALENT = HERE / "equivalent.toml"
SLOW = frozenset({"sample", "own_sample", "prefecture", "records"})
"""Fixtures that plan or read much: tests that need one are left out, and count for nothing here."""
BROADEST = 2
SECONDS = 60

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
CALLED = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any", "ceil": "floor",
    "zeros": "ones", "ones": "zeros", "argmax": "argmin",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, what stood there and what stands there now, and the code of the faulty function."""

    module: str
    function: str
    line: int
    key: str  # What it is called in ``equivalent.toml``; it stays the same when other lines change.
    code: CodeType


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """Every mutant of the functions of a module, in the order of the file."""
    name = module.__name__.rpartition(".")[2]
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    tree, lines, named = ast.parse(source), source.splitlines(), Counter[str]()
    for function, path in _functions(tree, ()):
        for shown, change, undo in _changes(function):
            before = ast.unparse(shown)
            change()
            try:
                after = ast.unparse(shown)
                code = _found(compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), ".".join(path))
            finally:
                undo()
            key = f"{name}.{'.'.join(path)}: {lines[shown.lineno - 1].strip()}: {before} -> {after}"
            named[key] += 1
            yield Mutant(name, ".".join(path), shown.lineno, f"{key} ({named[key]})" if named[key] > 1 else key, code)


def _functions(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[ast.FunctionDef, tuple[str, ...]]]:
    """Functions of a module and methods of its classes; what is defined inside them belongs to them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            if child.name not in ("__repr__", "_repr_html_"):
                yield child, (*path, child.name)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, (*path, child.name))


Change = tuple[Any, Callable[[], object], Callable[[], object]]


def _changes(function: ast.FunctionDef) -> Iterator[Change]:
    """Each change of a function as (node to show, do, undo)."""
    for statement in function.body:
        for parent in ast.walk(statement):
            if isinstance(parent, ast.Assert):
                continue
            yield from _of_node(parent)
            for name, value in ast.iter_fields(parent):
                if isinstance(value, list):
                    for at, child in enumerate(value):
                        if isinstance(child, ast.AST):
                            yield from _replaced(parent, child, value, at)
                elif isinstance(value, ast.expr) and name not in ("annotation", "returns"):
                    yield from _replaced(parent, value, vars(parent), name)


def _of_node(node: ast.AST) -> Iterator[Change]:
    """Changes that leave the node where it is."""

    def put(holder: Any, name: str, new: object, shown: Any = node) -> Change:
        old = getattr(holder, name)
        return shown, lambda: setattr(holder, name, new), lambda: setattr(holder, name, old)

    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            yield put(node, "ops", [*node.ops[:at], COMPARED[type(op)](), *node.ops[at + 1 :]])
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        yield put(node, "op", COMPUTED[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield put(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield put(node, "value", not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield put(node, "value", ast.Constant(None, lineno=node.lineno, col_offset=0))
    elif isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Name) and called.id in CALLED:
            yield put(called, "id", CALLED[called.id])
        elif isinstance(called, ast.Attribute) and called.attr in CALLED:
            yield put(called, "attr", CALLED[called.attr])
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield put(node, "ifs", [], node.ifs[0])


def _replaced(_: ast.AST, child: Any, holder: Any, at: Any) -> Iterator[Change]:
    """Changes that put another node in the place of a child; the new one is shown by its text."""

    def put(new: Any) -> Change:
        ast.copy_location(new, child)
        shown = _Shown(child, new)
        return shown, lambda: (holder.__setitem__(at, new), shown.flip()), lambda: holder.__setitem__(at, child)

    if isinstance(child, ast.UnaryOp) and isinstance(child.op, ast.Not | ast.Invert | ast.USub):
        yield put(child.operand)
    elif (isinstance(child, ast.Expr) and isinstance(child.value, ast.Call)) or isinstance(
        child, ast.AugAssign | ast.Continue | ast.Break
    ):
        yield put(ast.Pass())
    if at == "test" and isinstance(child, ast.expr) and not isinstance(child, ast.Compare):
        yield put(ast.UnaryOp(ast.Not(), child))


class _Shown(ast.Expr):
    """A node to show in place of the one that is replaced."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        super().__init__(old)
        self._new = new
        self.lineno = old.lineno  # type: ignore[attr-defined]

    def flip(self) -> None:
        self.value = self._new  # type: ignore[assignment]


def _found(code: CodeType, path: str) -> CodeType:
    """The code of a function inside the code of its module."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_qualname == path:
                return inner
            if path.startswith(f"{inner.co_qualname}."):
                return _found(inner, path)
    raise LookupError(path)


def live(module: ModuleType) -> dict[str, FunctionType]:
    """The functions of a module by their name in it, methods and properties too."""
    found: dict[str, FunctionType] = {}

    def note(value: object) -> None:
        for name in ("fget", "func", "__func__"):
            value = getattr(value, name, value)
        if isinstance(value, FunctionType) and value.__code__.co_filename == module.__file__:
            found[value.__code__.co_qualname] = value
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for inner in vars(value).values():
                note(inner)

    for value in vars(module).values():
        note(value)
    return found


@dataclass
class Mutation:
    """Runs the mutants inside a pytest session, once its tests are collected."""

    modules: list[ModuleType]
    sample: int | None
    seed: int
    equivalent: dict[str, str]
    passing: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    seconds: dict[int, float] = field(default_factory=dict)
    passed: dict[int, int] = field(default_factory=dict)
    survivors: list[Mutant] = field(default_factory=list)
    tried: int = 0
    generated: int = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every test once, then try every mutant."""
        self.items = [
            item
            for item in session.items
            if not SLOW & {*getattr(item, "fixturenames", ())} and "tiny" not in item.nodeid
        ]
        self.functions = {module.__name__.rpartition(".")[2]: live(module) for module in self.modules}
        self._note_passed()
        chosen = [mutant for module in self.modules for mutant in mutants(module)]
        self.generated = len(chosen)
        chosen = [mutant for mutant in chosen if mutant.key not in self.equivalent]
        if self.sample is not None and self.sample < len(chosen):
            chosen = random.Random(self.seed).sample(chosen, self.sample)
            chosen.sort(key=lambda mutant: (mutant.module, mutant.line))
        recent: dict[str, list[int]] = defaultdict(list)
        for mutant in chosen:
            function = self.functions[mutant.module][mutant.function]
            right, function.__code__ = function.__code__, mutant.code
            try:
                killer = self._killer(mutant, recent[mutant.module])
            finally:
                function.__code__ = right
            self.tried += 1
            if killer is None:
                self.survivors.append(mutant)
                print(f"survives: line {mutant.line} of {mutant.key}", file=sys.stderr, flush=True)
            else:
                recent[mutant.module] = [killer, *(n for n in recent[mutant.module] if n != killer)][:6]
        return True

    def _note_passed(self) -> None:
        """Run every test once with functions that note that they are called."""
        right, passed = {}, set[tuple[str, str]]()
        for name, functions in self.functions.items():
            file = str(sys.modules[MODULES[name]].__file__)
            tree = ast.parse(Path(file).read_text(encoding="utf-8"))
            for function, path in _functions(tree, ()):
                note = f"__passed__.add({(name, '.'.join(path))!r})"
                function.body.insert(0, ast.parse(note).body[0])
            code = compile(ast.fix_missing_locations(tree), file, "exec")
            for path_, function_ in functions.items():
                right[function_] = function_.__code__
                function_.__globals__["__passed__"] = passed
                function_.__code__ = _found(code, path_)
        try:
            for number, item in enumerate(self.items):
                passed.clear()
                begun = time.perf_counter()
                if not self._passes(number, None):
                    raise RuntimeError(f"{item.nodeid} fails without any mutant")
                self.seconds[number] = time.perf_counter() - begun
                self.passed[number] = len(passed)
                for place in passed:
                    self.passing[place].append(number)
        finally:
            for function_, code in right.items():
                function_.__code__ = code

    def _killer(self, mutant: Mutant, recent: list[int]) -> int | None:
        """The number of the first test that notices a mutant."""
        there = sorted(self.passing[mutant.module, mutant.function], key=self.seconds.__getitem__)
        broadest = sorted(there, key=lambda n: -self.passed[n])[:BROADEST]
        order = list(dict.fromkeys([*(n for n in recent if n in set(there)), *broadest, *there]))
        for at, number in enumerate(order):
            following = order[at + 1] if at + 1 < len(order) else None
            if not self._passes(number, following):
                return number
        return None

    def _passes(self, number: int, following: int | None) -> bool:
        nextitem = None if following is None else self.items[following]
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                reports = runtestprotocol(self.items[number], log=False, nextitem=nextitem)
        except TimeoutError:
            return False
        finally:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
        return all(report.passed for report in reports)


def _late(*_: object) -> None:
    raise TimeoutError("the mutant takes too long")


def measure(sample: int | None, seed: int, only: list[str]) -> Mutation:
    """Try the mutants of the auditor, all of them or a random sample."""
    modules = [importlib.import_module(MODULES[name]) for name in only or MODULES]
    known = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    run = Mutation(modules, sample, seed, known)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _late)
    options = ["-q", "--tb=native", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
    status = pytest.main([*options, str(HERE), "--ignore", str(HERE / "test_mutation.py")], plugins=[run])
    if not run.tried:
        raise RuntimeError(f"no mutant was tried: pytest ended with {status}")
    return run


def main() -> None:
    """Measure and say how many mutants were killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path, help="write the result to this file")
    chosen = parser.parse_args()
    begun = time.perf_counter()
    run = measure(chosen.sample, chosen.seed, chosen.only)
    killed = run.tried - len(run.survivors)
    print(
        f"{killed} of {run.tried} mutants killed, {killed / run.tried:.1%}, of {run.generated}; {time.perf_counter() - begun:.0f} s"
    )
    if chosen.json:
        result = {
            "tried": run.tried,
            "killed": killed,
            "generated": run.generated,
            "survivors": [m.key for m in run.survivors],
        }
        chosen.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
