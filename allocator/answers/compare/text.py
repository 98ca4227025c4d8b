"""A comparison on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from allocator.answers.compare.phrases import CHANGE, differing_units, goal_name, title_of, weightiest_first
from allocator.answers.compare.result import Comparison
from allocator.answers.compare.tables import column
from allocator.language.message import Message
from allocator.language.text_table import Table
from allocator.language.texts import Texts

MOST = 12  # rows of a block; the workbook has all of them


def lines(comparison: Comparison, texts: Texts) -> Iterator[str]:
    """Goals, clauses and units that differ, and how many people move."""
    blocks = (_notes, _goals, _clauses, _units, _people)
    return (line for block in blocks for line in block(comparison, texts))


def _notes(comparison: Comparison, texts: Texts) -> Iterator[str]:
    yield texts.said(Message("compare.head", title=Message("compare.title"), runs=" · ".join(comparison.runs)))
    yield from map(texts.said, comparison.notes)


def _goals(comparison: Comparison, texts: Texts) -> Iterator[str]:
    yield texts.said(Message("compare.goals-heading"))
    rows = []
    for row in comparison.goals.to_dict("records"):
        values = [
            f"{texts.number(row[column('value', run)])} ({texts.number(row[column('bound', run)])})"
            for run in comparison.runs
        ]
        rows.append((goal_name(str(row["goal"]), str(row["unit"]), texts), *values))
    yield Table(("", *comparison.runs), rows)


def _clauses(comparison: Comparison, texts: Texts) -> Iterator[str]:
    differ = weightiest_first(comparison.clauses[comparison.clauses["differ"]])
    yield texts.said(Message("compare.clauses-differ", differ=len(differ), all=len(comparison.clauses)))
    first = differ.head(MOST)
    rows = [
        (
            f"{str(row.clause) or '—'} {title_of(row, texts)}",
            *(_achieved(figures, run, texts) for run in comparison.runs),
        )
        for row, figures in zip(first.itertuples(), first.to_dict("records"), strict=True)
    ]
    yield from _cut(comparison.runs, rows, len(differ), texts)


def _achieved(row: Mapping[Any, Any], run: str, texts: Texts) -> str:
    """What a run achieves of a rule, and how much it misses: two runs may differ in one of them only."""
    unit, achieved, short = str(row["unit"]), row[column("achieved", run)], row[column("shortfall", run)]
    figure = texts.figure(achieved, unit)
    return (
        texts.said(Message("compare.short-by", figure=figure, short=texts.figure(short, unit))) if short > 0 else figure
    )


def _units(comparison: Comparison, texts: Texts) -> Iterator[str]:
    differ = differing_units(comparison)
    yield texts.said(Message("compare.units-differ", differ=len(differ), all=len(comparison.units)))
    rows = [
        (texts.name(row["name"], row["name_en"]) or row["unit_id"],
         *(texts.number(row[column("seats", run)]) for run in comparison.runs))
        for row in differ.head(MOST).to_dict("records")
    ]  # fmt: skip
    yield from _cut(comparison.runs, rows, len(differ), texts)


def _people(comparison: Comparison, texts: Texts) -> Iterator[str]:
    if comparison.people.empty:
        yield "■ " + texts.said(Message("compare.same-plan"))
        return
    yield texts.said(Message("compare.people-differ", first=comparison.runs[0]))
    moved = comparison.moved()
    moved = moved.loc[:, moved.any()]  # Ways in which nobody's classes differ take no column.
    rows = [
        (run, *(texts.number(value) for value in moved.loc[run]), texts.number(moved.loc[run].sum()))
        for run in comparison.runs[1:]
    ]
    titles = [texts.said(CHANGE[str(change)]) for change in moved.columns]
    yield Table(("", *titles, texts.said(Message("compare.total"))), rows)


def _cut(runs: Sequence[str], rows: list[tuple[str, ...]], count: int, texts: Texts) -> Iterator[str]:
    if rows:
        yield Table(("", *runs), rows)
    if count > len(rows):
        yield texts.said(Message("compare.more", count=count - len(rows)))
