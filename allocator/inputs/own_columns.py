"""Columns of the user's own: the rules that use one say what it holds, and then every cell is read as that.

A column that no rule uses, or only by the texts in it, stays the text it is (``007`` keeps its zeros). Ranges, numbers, dates,
true/false values and what a curriculum requires make it a column of that type, empty cells and all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import pandas as pd

from allocator.domain.filters import Filter, Range
from allocator.domain.rules import Curriculum, Representation, RuleKind
from allocator.domain.tables import TABLES, Column, ColumnType, SessionChange
from allocator.inputs.defects import Findings
from allocator.inputs.tables.cells import DERIVED, BadCellError, Table, read_column, read_flag

OwnTypes = Mapping[str, Mapping[str, ColumnType]]
"""Table, then column, to the type that rules give a column of the user's own; columns used as text are not named."""

TABLES_OF_RULES = ("cadres", "programmes")
"""The tables whose columns rules speak of."""


def own_types(
    rules: Iterable[RuleKind], changes: Iterable[SessionChange], tables: Mapping[str, Table]
) -> dict[str, dict[str, ColumnType]]:
    """What the rules take the user's own columns for; where they differ the first rule decides, and the others do not fit."""
    types: dict[str, dict[str, ColumnType]] = {name: {} for name in TABLES_OF_RULES}
    required: list[str] = []
    for rule in rules:
        for wanted, name in filters_by_table(rule):
            for column, condition in conditions(wanted):
                _take(types[name], column, _type_of(condition))
        if isinstance(rule, Curriculum):
            for column in rule.columns:
                _take(types["programmes"], column, "number")
            required += [rule.requires] if rule.requires else []
    for change in changes:
        for column, condition in conditions(change.programmes):
            _take(types["programmes"], column, _type_of(condition))
    for column in required:  # True or false, or a number; the other rules say which, or the cells.
        if types["programmes"].get(column) is None and "programmes" in tables:
            types["programmes"][column] = _required_type(tables["programmes"], column)
    return {name: _only_own(name, found, tables) for name, found in types.items()}


def filters_by_table(rule: RuleKind) -> Iterator[tuple[Filter, str]]:
    """Each filter of a rule with the table it looks at."""
    yield rule.audience, "cadres"
    yield rule.programmes, "programmes"
    if isinstance(rule, Representation):
        yield rule.among, "cadres"


def conditions(wanted: Filter) -> Iterator[tuple[str, tuple[object, ...] | Range]]:
    """Every condition of a filter, those of filters inside it too."""
    yield from wanted.conditions.items()
    for part in (*([wanted.exclude] if wanted.exclude is not None else []), *wanted.any_of):
        yield from conditions(part)


def _take(types: dict[str, ColumnType], column: str, kind: ColumnType | None) -> None:
    if kind is not None:
        types.setdefault(column, kind)


def _type_of(condition: tuple[object, ...] | Range) -> ColumnType | None:
    values = (condition.min, condition.max) if isinstance(condition, Range) else condition
    for value in values:
        if isinstance(value, bool):
            return "flag"
        if isinstance(value, int | float):
            return "number"
        if isinstance(value, date):
            return "date"
    return None


def _required_type(table: Table, column: str) -> ColumnType:
    """True/false when every cell can be read so, else numbers when every cell is one."""
    if column not in table.frame or column in _standard("programmes"):
        return "flag"
    texts = sorted({*table.texts(column)} - {""})
    try:
        for text in texts:
            read_flag(text)
    except BadCellError:
        attempt = Findings()
        read_column(table.file, table.rows, Column(column, "number"), texts, attempt)
        return "flag" if attempt.defects else "number"
    return "flag"


def _standard(name: str) -> set[str]:
    return {column.name for column in TABLES[name]} | DERIVED.get(name, frozenset())


def _only_own(name: str, types: Mapping[str, ColumnType], tables: Mapping[str, Table]) -> dict[str, ColumnType]:
    there = set(tables[name].frame.columns) if name in tables else set()
    return {column: kind for column, kind in types.items() if column in there - _standard(name)}


def check_own(tables: Mapping[str, Table], types: OwnTypes, findings: Findings) -> None:
    """A defect for every cell of a column that is not of the type the rules take the column for."""
    for name, columns in types.items():
        for column, kind in columns.items():
            table = tables[name]
            read_column(table.file, table.rows, Column(column, kind), table.texts(column), findings)


def with_own(frames: Mapping[str, pd.DataFrame], types: OwnTypes) -> dict[str, pd.DataFrame]:
    """The tables with the user's own columns of the types that the rules take them for."""
    made = dict(frames)
    for name, columns in types.items():
        for column, kind in columns.items():
            texts = made[name][column].tolist()
            rows = range(len(texts))
            made[name] = made[name].assign(**{column: read_column("", rows, Column(column, kind), texts, Findings())})
    return made
