"""The rooms of CONTRIBUTING.md as data: imports go down, also inside a room, and never in a circle; hidden imports count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "allocator"

# Each room with the rooms that it may import, from the ground floor up.
ROOMS = {
    "language": "",
    "domain": "language",
    "system": "language domain",
    "inputs": "language domain system",
    "sample_data": "language domain",
    "model": "language domain",
    "audit": "language domain",
    "engine": "language domain system model audit",
    "checks": "language domain model engine",
    "outputs": "language domain system audit",
    "answers": "language domain system inputs model audit engine checks outputs",
    "register": "language domain system inputs audit engine outputs answers",
    "cli": "language domain system inputs sample_data audit engine checks outputs answers register",
}
# The parts of the larger rooms, from the ground floor up: each may import those before it.
PARTS = {
    "audit": "finding tables records register measures stated built_in verdicts goal_units auditor read_plan",
    "engine": "parameters time_limit solvers assign_names calendar dates columns integer bounds reoptimise decomposition swaps "
    "yearly_stage feasibility_cuts build_plan run replan planner",
    "answers": "answer figure_kit inputs_of conflicts runs compare ledger explain sensitivity sweep what_if questions",
    "outputs": "office_order headline_counts verdicts reserves output_data excel summary text run_record dispatch weekly_load figures "
    "notebook_figures units page tamper_check run_folder export",
    "register": "records tables migrations database states journal changes versions register sheets publish take events replan substitutes attendance papers bulletin closing",
}
SOLVERS = {
    "ortools": {"model", "engine"}, "highspy": {"model", "engine"}, "sqlalchemy": {"register"}, "alembic": {"register"},
}  # fmt: skip
"""Libraries that only these rooms may import."""

FILES = {path: path.relative_to(PACKAGE.parent).with_suffix("").parts for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in FILES.items()}
REGISTER = "allocator.language.answer"
"""Finds what renders an answer by the name of its room, so that no record imports its renderers."""
DISCOVERED = "f'{__name__}.{file.name}'"
"""How a folder of kinds imports each of its own files."""
TOP = {"allocator", "allocator.__main__"}
"""What is no room: the list of public names, and the door of ``python -m``."""


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Every name that a file imports, wherever the statement stands, relative ones resolved; ``package.name`` may be no module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: None if node.level <= is_package else is_package - node.level]
            start = ".".join([*(above if node.level else []), *([node.module] if node.module else [])])
            yield from (f"{start}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module"):
            first = node.args[0] if node.args else None
            if module in (REGISTER, "allocator"):
                continue
            if first is not None and ast.unparse(first) == DISCOVERED and is_package:
                yield from (name for name in MODULES if name.rpartition(".")[0] == module)
                continue
            assert isinstance(first, ast.Constant), f"{module} imports a module whose name is not written down"
            yield str(first.value)


def place_of(module: str) -> tuple[str, str]:
    """Room of a dotted name, and its part of the room: ``allocator.engine.columns.pricing`` lies in ``engine``, ``columns``."""
    names = [*module.split("."), "", ""]
    return names[1], names[2]


def broken_rules(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What a file imports against the tables, as sentences."""
    room, part = place_of(module)
    broken = []
    for name in imports_of(source, module, is_package=is_package):
        library = name.split(".")[0]
        if room not in SOLVERS.get(library, {room}):
            broken.append(f"{module} imports {name}; only {', '.join(sorted(SOLVERS[library]))} may")
        if library != "allocator" or module in TOP:
            continue
        other, other_part = place_of(name)
        if other not in ROOMS:
            broken.append(f"{module} imports {name}, which lies in no room")
        elif other != room and other not in ROOMS[room].split():
            broken.append(f"{module} imports {name}; {room} may import {ROOMS[room] or 'none'}")
        order = PARTS.get(room, "").split()
        if other == room and part in order and other_part in order and order.index(other_part) > order.index(part):
            broken.append(f"{module} imports {name}; in {room} the order is {PARTS[room]}")
    return broken


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that can all reach each other."""
    reach = {node: set(below) for node, below in edges.items()}
    for middle in edges:  # Warshall
        for below in reach.values():
            if middle in below:
                below |= reach[middle]
    found = {
        frozenset({node, *(other for other in reach[node] if node in reach[other])})
        for node in edges
        if node in reach[node]
    }
    return sorted(sorted(circle) for circle in found)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_file_imports_only_lower_rooms(module: str) -> None:
    path = MODULES[module]
    source = path.read_text(encoding="utf-8")
    assert broken_rules(source, module, is_package=path.name == "__init__.py") == []


def test_no_circle_of_imports() -> None:
    edges: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        names = imports_of(path.read_text(encoding="utf-8"), module, is_package=path.name == "__init__.py")
        found = {name if name in MODULES else name.rpartition(".")[0] for name in names if name.startswith("allocator")}
        edges[module] = {other for other in found if other in MODULES} - {module}
    assert circles({module: edges[module] for module in MODULES if module not in TOP}) == []


def test_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_every_file_lies_in_a_room() -> None:
    rooms = {place_of(module)[0] for module in MODULES if module not in TOP}
    assert rooms == set(ROOMS)
    loose = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py"}
    assert loose == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("room", sorted(PARTS))
def test_every_part_of_an_ordered_room_has_its_place(room: str) -> None:
    parts = {place_of(module)[1] for module in MODULES if place_of(module)[0] == room} - {""}
    assert parts <= set(PARTS[room].split())


def test_rooms_stand_on_lower_ones() -> None:
    below: set[str] = set()
    for room, allowed in ROOMS.items():
        assert set(allowed.split()) <= below, room
        below.add(room)


def test_model_and_auditor_never_meet() -> None:
    assert not {"model", "engine"} & set((ROOMS["audit"] + " " + ROOMS["outputs"]).split())
    assert "audit" not in ROOMS["model"].split()


def test_contributing_shows_the_same_rooms() -> None:
    page = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for room, allowed in ROOMS.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{room}/` |"))
        assert row.rstrip("| ").rpartition("| ")[2] == (", ".join(allowed.split()) or "nothing"), room


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from allocator.model.rows import Rows", "allocator.audit.measures.quota"),
        ("from allocator import model", "allocator.audit.measures.quota"),
        ("import allocator.model.instance", "allocator.audit.measures.quota"),
        ("def f():\n    from allocator.audit import quota", "allocator.model.cohorts"),
        ("if TYPE_CHECKING:\n    from allocator.engine.run import Run", "allocator.outputs.summary"),
        ("from ...model import rows", "allocator.audit.measures.quota"),
        ("importlib.import_module('allocator.model')", "allocator.audit.measures.quota"),
        ("from allocator.engine.planner import Planner", "allocator.engine.columns.pricing"),
        ("from ortools.sat.python import cp_model", "allocator.outputs.summary"),
        ("import highspy", "allocator.cli.plan"),
        ("from allocator import load", "allocator.domain.rules"),
    ],
)
def test_forbidden_import_is_seen(source: str, module: str) -> None:
    assert broken_rules(source, module)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from allocator.domain.rules import Quota", "allocator.audit.measures.quota"),
        ("from . import share_floor", "allocator.audit.measures.quota"),
        ("from ...domain.plan import Plan", "allocator.audit.measures.quota"),
        ("from ortools.math_opt.python import mathopt", "allocator.engine.columns.restricted_master"),
        ("from allocator.engine.solvers.simplex import solve", "allocator.engine.columns.restricted_master"),
    ],
)
def test_allowed_import_passes(source: str, module: str) -> None:
    assert broken_rules(source, module) == []


def test_relative_import_of_a_package_starts_at_itself() -> None:
    assert list(imports_of("from . import a", "allocator.audit", is_package=True)) == ["allocator.audit.a"]
    assert list(imports_of("from .. import a", "allocator.audit", is_package=True)) == ["allocator.a"]
    assert list(imports_of("from . import a", "allocator.audit.b")) == ["allocator.audit.a"]
