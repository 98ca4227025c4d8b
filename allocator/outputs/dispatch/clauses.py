"""The clauses: what each requires in the year, what the plan achieves, and who misses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from allocator.audit import Verdict
from allocator.audit.finding import ALL
from allocator.language.texts import STYLES
from allocator.outputs.dispatch.common import heads
from allocator.outputs.excel.workbook import Sheet
from allocator.outputs.output_data import Material, records
from allocator.outputs.verdicts import summed

_NAMED = 5  # scopes named of those that miss


Figure = float | tuple[float, str] | None
"""A figure as the sheet takes it: alone, or with the style of its cell."""


class ClauseRow(NamedTuple):
    """One rule as the sheet shows it."""

    clause: str
    title: str
    kind: str
    span: str
    required: Figure
    achieved: Figure
    unit: str
    status: str
    shortfall: Figure
    who: str


def clauses(sheet: Sheet, material: Material, rows: Sequence[ClauseRow]) -> None:
    """One row for each rule, the built-in ones first."""
    texts = material.texts
    sheet.line(texts("dispatch.clauses-note"))
    columns = heads(
        material, "clause", "title", "kind", "span", "required", "achieved", "measure", "status", "shortfall", "tightest"
    )  # fmt: skip
    styles = ("text", "text", "text", "text", "number", "number", "text", "status", "number", "long")
    cells = ((*row[:7], (texts.known("status", row.status), row.status), *row[8:]) for row in rows)
    sheet.table(columns, cells, styles, freeze_columns=2)


def clause_rows(material: Material, year: int) -> list[ClauseRow]:
    """For each rule its row of the year, else that of the whole plan, else its totals."""
    texts, audit = material.texts, material.audit
    table = summed(audit.table)
    of_year = {row.rule_id: row for row in records(table[table["year"].eq(year).fillna(False).astype(bool)])}
    of_plan = {row.rule_id: row for row in records(table[table["year"].isna()])}
    misses = _Misses(material, year)
    rows = []
    for verdict in audit.verdicts:
        row = of_year.get(verdict.rule_id) or of_plan.get(verdict.rule_id)
        is_yearly = verdict.rule_id in of_year
        figures = row or verdict.finding
        required, achieved, shortfall = (
            _styled(value, str(figures.unit)) for value in (figures.required, figures.achieved, figures.shortfall)
        )
        if pd.isna(figures.required):
            shortfall = None  # Nothing is short where nothing is asked for.
        rows.append(ClauseRow(
            verdict.clause, material.rule_titles[verdict.rule_id], texts.known("kind", verdict.kind),
            str(year) if is_yearly else texts("span.plan"), required, achieved,
            material.unit(str(figures.unit)), str(row.status) if row else verdict.status, shortfall,
            misses.of(verdict, is_yearly=is_yearly),
        ))  # fmt: skip
    return rows


def _styled(value: float | None, unit: str) -> Figure:
    """A share as per cent, a year as people write it."""
    return (value, STYLES[unit]) if unit in STYLES and value is not None and value == value else value


class _Misses:
    """The scopes that miss, by rule, those of the year apart from those of the whole plan."""

    def __init__(self, material: Material, year: int) -> None:
        self._material = material
        table = material.audit.table
        table = table[(table["scope"] != ALL) & (table["shortfall"] > 0)]
        table = table.sort_values(["rule_id", "shortfall", "scope"], ascending=[True, False, True])
        yearly = table["year"].eq(year).fillna(False).astype(bool)
        self._rows = {
            is_yearly: {rule_id: list(own) for rule_id, own in groupby(records(part), key=lambda row: row.rule_id)}
            for is_yearly, part in ((True, table[yearly]), (False, table[table["year"].isna()]))
        }

    def of(self, verdict: Verdict, *, is_yearly: bool) -> str:
        """The worst of them behind the auditor's note."""
        material, texts = self._material, self._material.texts
        rows = self._rows[is_yearly].get(verdict.rule_id, [])
        named = [
            f"{material.scope_name(row.scope)} {texts.figure(row.achieved, row.unit)}/{texts.figure(row.required, row.unit)}"
            for row in rows[:_NAMED]
        ]
        if len(rows) > _NAMED:
            named.append(texts("dispatch.more", count=len(rows) - _NAMED))
        note = verdict.finding.note_zh if texts.lang == "zh" else verdict.finding.note
        return texts.join(part for part in (note, *named) if part)
