"""The layers of CONTRIBUTING.md as data: a file imports only what lies below it, hidden imports included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "allocator"

# Each part of the package with the parts it may import; itself is always allowed. The order is from low to high.
MAY_IMPORT: dict[str, frozenset[str]] = {}


def _layer(parts: str, may_import: str = "") -> None:
    for part in parts.split():
        MAY_IMPORT[part] = frozenset(may_import.split())


RECORDS = "wording errors filters kinds entities called placements result"
_layer("wording")
_layer("errors", "wording")
_layer("filters", "wording errors")
_layer("kinds", "wording errors filters")
_layer("entities", "wording errors filters kinds")
_layer("called", "wording errors filters kinds entities")
_layer("placements", "wording errors")
_layer("result", "wording errors kinds")
_layer("unfinished")
_layer("writing", "wording errors unfinished")
_layer("inputs", f"{RECORDS} writing")
_layer("generate", RECORDS)
_layer("ties")
_layer("memory")
_layer("copies")
_layer("instance", RECORDS)
_layer("model", f"{RECORDS} instance")
_layer("audit", RECORDS)
_layer("naming", f"{RECORDS} ties instance model")
_layer("solve", f"{RECORDS} ties copies instance model naming")
_layer("assembly", RECORDS)
_layer("reports", f"{RECORDS} ties memory audit unfinished")
_layer("lines", "reports")
_layer("spoken", "wording lines reports")
_layer("counting", f"{RECORDS} ties instance model naming solve reports spoken")
_layer("drawing", "reports")
_layer("planner", f"{RECORDS} memory instance model audit solve assembly reports lines spoken")
_layer("given", f"{RECORDS} inputs planner")
_layer("conflicts", f"{RECORDS} inputs instance audit solve assembly counting reports spoken planner given")
_layer(
    "pipeline",
    f"{RECORDS} inputs generate instance model audit solve naming assembly counting reports spoken planner given conflicts",
)
_layer("shadow", f"{RECORDS} copies inputs model audit solve reports lines spoken drawing planner pipeline writing")
_layer("talk", "wording")
_layer("display", f"{RECORDS} reports talk")
_layer("interrupts", "unfinished")
_layer("annotate", f"{RECORDS} inputs reports writing")
_layer("forms", f"{RECORDS} inputs")
_layer("ledger", f"{RECORDS} instance audit solve counting reports lines spoken planner given writing")
_layer("compare", f"{RECORDS} inputs audit reports lines spoken drawing planner writing")
_layer("sweep", f"{RECORDS} inputs audit compare reports lines spoken drawing planner pipeline writing")
_layer("explain", f"{RECORDS} ties inputs instance model audit solve ledger compare reports spoken planner pipeline")
_layer("what_if", f"{RECORDS} inputs solve reports spoken planner pipeline compare shadow")
_layer(
    "questions",
    f"{RECORDS} inputs conflicts compare ledger explain shadow sweep what_if audit reports planner pipeline spoken",
)
_layer(
    "commands",
    f"{RECORDS} conflicts compare ledger explain shadow sweep inputs generate instance model audit solve naming counting reports lines writing annotate forms planner pipeline talk display interrupts",
)
_layer("cli", "reports commands")
_layer(
    "__init__",
    f"{RECORDS} counting questions compare ledger sweep conflicts explain shadow what_if inputs generate audit reports spoken planner pipeline",
)
_layer("__main__", "cli")

SOLVER_PARTS = {"model", "solve"}  # The only parts that may import OR-Tools.

FILES = sorted(PACKAGE.rglob("*.py[i]")) + sorted(
    PACKAGE.rglob("*.py")
)  # ``__init__.pyi`` too: ``__init__.py`` imports what stands there when it is asked for.


def part_of(module: str) -> str:
    """The part of the package a dotted name belongs to: ``allocator.model.rows`` -> ``model``."""
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(tree: ast.AST, module: str, *, is_package: bool) -> Iterator[str]:
    """Every module that a file imports, wherever the statement stands, relative ones resolved.

    Names imported from a package are given as ``package.name``, since the name may be a module.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: None if node.level <= is_package else is_package - node.level]
            start = ".".join([*(above if node.level else []), *([node.module] if node.module else [])])
            yield from (f"{start}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module"):
            first = node.args[0] if node.args else None
            if module == "allocator.__init__" and ast.unparse(node.args[0]) == "_HOMES[name]":
                continue
            assert isinstance(first, ast.Constant), f"{module} imports a module whose name is not written down"
            yield str(first.value)


def broken_rules(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What a file imports against the table, as sentences."""
    part = part_of(module)
    broken = []
    for name in imports_of(ast.parse(source), module, is_package=is_package):
        if name.split(".")[0] in ("ortools", "highspy") and part not in SOLVER_PARTS:
            broken.append(f"{module} imports {name}; only model and solve may")
        if name.split(".")[0] != "allocator":
            continue
        imported = part_of(name)
        if imported not in MAY_IMPORT:  # ``from allocator import X`` where X is no module.
            imported = "__init__"
        if imported != part and imported not in MAY_IMPORT[part]:
            broken.append(f"{module} imports {name}; {part} may import {', '.join(sorted(MAY_IMPORT[part])) or 'none'}")
    return broken


def module_of(path: Path) -> tuple[str, bool]:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    is_package = parts[-1] == "__init__" and len(parts) > 2
    return ".".join(parts[:-1] if is_package else parts), is_package


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_file_imports_only_lower_layers(path: Path) -> None:
    module, is_package = module_of(path)
    assert broken_rules(path.read_text(encoding="utf-8"), module, is_package=is_package) == []


def test_every_part_of_the_package_has_a_layer() -> None:
    assert {part_of(module_of(path)[0]) for path in FILES} <= set(MAY_IMPORT)


def test_table_has_no_circle() -> None:
    below: set[str] = set()
    for part, allowed in MAY_IMPORT.items():
        assert allowed <= below | ({"__init__"} if part == "__main__" else set()), part
        below.add(part)


def test_model_and_audit_never_meet() -> None:
    assert "audit" not in MAY_IMPORT["model"] | MAY_IMPORT["solve"] | MAY_IMPORT["instance"] | MAY_IMPORT["naming"]
    assert not {"instance", "model", "solve", "naming"} & (MAY_IMPORT["audit"] | MAY_IMPORT["reports"])


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from allocator.model.rows import Rows", "allocator.audit.measures.quota"),
        ("from allocator import model", "allocator.audit.measures.quota"),
        ("import allocator.model.instance", "allocator.audit.measures.quota"),
        ("def f():\n    from allocator.audit import quota", "allocator.model.build"),
        ("if TYPE_CHECKING:\n    from allocator.model.instance import Instance", "allocator.audit.measures.quota"),
        ("from ..model import rows", "allocator.audit.measures.quota"),
        ("importlib.import_module('allocator.model')", "allocator.audit.measures.quota"),
        ("from ortools.sat.python import cp_model", "allocator.engine.assign_names"),
        ("import ortools", "allocator.answers.runs"),
        ("import highspy", "allocator.engine.assign_names"),
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
        ("from ..placements import Plan", "allocator.audit.measures.quota"),
        ("from ortools.math_opt.python import mathopt", "allocator.engine.columns.restricted_master"),
    ],
)
def test_allowed_import_passes(source: str, module: str) -> None:
    assert broken_rules(source, module) == []


def test_relative_import_of_a_package_starts_at_itself() -> None:
    assert list(imports_of(ast.parse("from . import a"), "allocator.audit", is_package=True)) == ["allocator.audit.a"]
    assert list(imports_of(ast.parse("from .. import a"), "allocator.audit", is_package=True)) == ["allocator.a"]
    assert list(imports_of(ast.parse("from . import a"), "allocator.audit.b", is_package=False)) == [
        "allocator.audit.a"
    ]
