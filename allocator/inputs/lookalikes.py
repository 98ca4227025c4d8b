"""Slips of the pen in ids, categories and headings: marks nobody sees, letters that look like others, one letter off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from rapidfuzz.distance import Levenshtein

from allocator.domain.filters import Range
from allocator.domain.names import heading
from allocator.domain.rules import Apportion, AwayLimit, Curriculum, Interval, MakeUp, RuleKind, ShareFloor
from allocator.domain.tables import TABLES
from allocator.inputs.defects import Findings, nearest
from allocator.inputs.own_columns import conditions, filters_by_table
from allocator.inputs.plausibility import note_rows
from allocator.inputs.tables.cells import DERIVED, Table
from allocator.language.message import Message, listing, quoted

FREE = frozenset({"name", "name_en", "post", "segments"})
"""Columns of texts that no rule compares letter by letter."""

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]")  # fmt: skip
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u00a0\u2000-\u200a\u2010-\u2015\u2160-\u217f\u2212\u3000\uf900-\ufaff\uff01-\uffee]")  # fmt: skip
_LATIN = dict(zip(map(ord, "АВЕЅІЈКМНОРСТУХасеѕіјорухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο‐‑‒–—―−"), "ABESIJKMHOPCTYXacesijopyxABEZHIKMNOPTYXo-------", strict=True))  # fmt: skip

SHORTEST = 4
"""Letters of a category that is worth a note when one of them differs; shorter ones are often meant."""


def check_characters(tables: Mapping[str, Table], findings: Findings) -> None:
    """Refuse marks that nobody sees, and point out values that look like another one and are not."""
    for name, table in tables.items():
        for column in TABLES[name]:
            if column.type not in ("id", "text", "list") or column.name in FREE:
                continue
            values = {*table.texts(column.name)}
            together = "\n".join(values)
            if _INVISIBLE.search(together.replace("\n", "")):
                _refuse_invisible(table, column.name, findings)
            if _FOREIGN.search(together):
                _note_twins(table, column.name, values, findings)


def _refuse_invisible(table: Table, column: str, findings: Findings) -> None:
    for position, text in enumerate(table.texts(column)):
        if found := _INVISIBLE.search(text):
            findings.defect(
                table.file, table.row(position), column,
                Message("defect.invisible", text=_INVISIBLE.sub("", text), mark=f"U+{ord(found[0]):04X}"),
                hint=Message("hint.type-again"), code="invisible-character",
            )  # fmt: skip


def plainest(text: str) -> str:
    """The text in the commonest of the letters that look like its own.

    Examples
    --------
    >>> plainest("Ｐ１"), plainest("Р1"), plainest("甲（一）")
    ('P1', 'P1', '甲(一)')
    """
    return unicodedata.normalize("NFKC", text).translate(_LATIN)


def _note_twins(table: Table, column: str, values: set[str], findings: Findings) -> None:
    texts = np.array(table.texts(column), dtype=object)
    for value in sorted(one for one in values if _FOREIGN.search(one)):
        twin = plainest(value)
        if twin != value and twin in values:
            note_rows("note.lookalike", table, texts == value, findings, column=heading(column), value=value, twin=twin)
        elif re.search("[A-Za-z]", value) and re.search("[\u0370-\u03ff\u0400-\u052f]", value):
            note_rows("note.mixed-letters", table, texts == value, findings, column=heading(column), value=value)


def check_known(tables: Mapping[str, Table], rules: Iterable[RuleKind], findings: Findings) -> None:
    """Point out contents and categories that no rule names and that are one letter off one that rules name or programmes have."""
    rules = list(rules)
    named = _named(rules)
    contents = {part for text in tables["programmes"].texts("content") for part in text.split(";") if part}
    for name, column, known in (
        ("programmes", "content", named["content"]),
        ("history", "content", named["content"] | contents),
        ("cadres", "category", named["category"]),
        ("cadres", "rank", named["rank"]),
        ("units", "kind", named["unit_kind"]),
        ("programmes", "host_group", named["host_group"]),
        ("programmes", "level", named["level"]),
        ("history", "host_group", named["host_group"] | {*tables["programmes"].texts("host_group")}),
    ):
        _note_near(tables[name], column, known, findings)


def _named(rules: Iterable[RuleKind]) -> dict[str, set[str]]:
    """The texts that rules compare columns with."""
    columns: dict[str, set[str]] = {
        c: set() for c in ("content", "category", "rank", "unit_kind", "host_group", "level")
    }
    for rule in rules:
        if isinstance(rule, Interval | MakeUp):
            columns["content"] |= {*rule.contents}
        for wanted, _ in filters_by_table(rule):
            for column, condition in conditions(wanted):
                if column in columns and not isinstance(condition, Range):
                    columns[column] |= {str(value) for value in condition}
    return columns


def _note_near(table: Table, column: str, known: set[str], findings: Findings) -> None:
    texts = table.texts(column)
    parts = {part for text in {*texts} for part in text.split(";") if part} - known
    shortest = 2 if column == "content" else SHORTEST
    for part in sorted(part for part in parts if len(part) >= shortest):
        near = sorted(
            one for one in known if len(one) >= shortest and Levenshtein.distance(part, one, score_cutoff=1) <= 1
        )
        if near:
            mask = np.array([part in text.split(";") for text in texts], dtype=bool)
            if column != "content" and mask.sum() > max(3, len(texts) // 50):
                continue  # Nobody makes the same slip so often: 副处 is not a misspelt 正处.
            note_rows("note.one-off", table, mask, findings, column=heading(column), value=part, near=near[0])


def check_headings(tables: Mapping[str, Table], rules: Iterable[RuleKind], findings: Findings) -> None:
    """Point out columns that are no column of the table and that no rule uses, with the nearest column that is not there."""
    used = {name: set(columns) for name, columns in _used(rules).items()}
    for name, table in tables.items():
        known = {column.name for column in TABLES[name]}
        own = [
            c for c in table.frame.columns if c not in known | used.get(name, set()) | DERIVED.get(name, frozenset())
        ]
        if not own:
            continue
        missing = [column for column in TABLES[name] if column.name not in table.headings.values()]
        told = tuple(_told(one, {w: c.name for c in missing for w in (c.name, c.name_zh)}, name) for one in own)
        findings.note(Message("note.unknown-columns", file=table.file, columns=told))
        read = [f"{written} = {column}" for written, column in table.headings.items() if column in known]
        findings.note(Message("note.read-as", file=table.file, columns=listing(read, 30)))


def _told(column: str, missing: Mapping[str, str], table: str) -> Message:
    near = nearest(column, missing, 60)
    return Message("word.perhaps", text=column, near=heading(missing[near], table)) if near else quoted(column)


def _used(rules: Iterable[RuleKind]) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {"cadres": set(), "programmes": set()}
    for rule in rules:
        for table, column in _columns(rule):
            used[table].add(column)
    return used


def _columns(rule: RuleKind) -> Iterator[tuple[str, str]]:
    for wanted, table in filters_by_table(rule):
        yield from ((table, column) for column in wanted.columns())
    if isinstance(rule, ShareFloor | AwayLimit | Apportion):
        yield "cadres", rule.group_by
    if isinstance(rule, Curriculum):
        yield from (("programmes", column) for column in (*rule.columns, *filter(None, [rule.requires])))
