"""Tuning numbers stand in one place, are documented, and change only as the module says."""

from __future__ import annotations

import ast
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

from allocator.engine import parameters
from allocator.engine.parameters import ROUNDING, changed

ENGINE = Path(parameters.__file__).parent
RECORDS = {name: record for name, record in vars(parameters).items() if name.isupper() and is_dataclass(record)}


def test_record_refuses_assignment_and_unknown_fields() -> None:
    with pytest.raises(FrozenInstanceError):
        ROUNDING.nodes = 1  # type: ignore[misc]
    with pytest.raises(AttributeError), changed(ROUNDING, no_such_field=1):
        pass


def test_changed_fields_come_back_even_when_the_block_fails() -> None:
    before = ROUNDING.nodes
    with pytest.raises(ZeroDivisionError), changed(ROUNDING, nodes=before + 1):
        assert ROUNDING.nodes == before + 1
        raise ZeroDivisionError
    assert ROUNDING.nodes == before


def test_every_field_says_what_it_means() -> None:
    tree = ast.parse(Path(parameters.__file__).read_text(encoding="utf-8"))
    for record in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for at, statement in enumerate(record.body):
            if isinstance(statement, ast.AnnAssign):
                after = record.body[at + 1] if at + 1 < len(record.body) else None
                assert isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant), ast.unparse(statement)


def test_every_field_is_read_by_some_algorithm() -> None:
    code = "\n".join(p.read_text(encoding="utf-8") for p in ENGINE.rglob("*.py") if p.name != "parameters.py")
    for name, record in RECORDS.items():
        for field in fields(record):
            assert f".{field.name}" in code and name in code, f"{name}.{field.name}"


def test_no_other_file_of_the_engine_holds_a_number() -> None:
    found = []
    for path in ENGINE.rglob("*.py"):
        if path.name != "parameters.py":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, (int, float)):
                    found.append(f"{path.relative_to(ENGINE)}: {ast.unparse(node)}")
    assert found == []
