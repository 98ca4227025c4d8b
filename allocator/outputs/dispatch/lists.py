"""Who is overdue in the year, and who still owes at the end of a window that ends in it."""

from __future__ import annotations

import pandas as pd

from allocator.domain.rules import Cumulative
from allocator.outputs.dispatch.common import heads
from allocator.outputs.excel.workbook import Sheet
from allocator.outputs.output_data import Material, records


def overdue(sheet: Sheet, material: Material, year: int) -> None:
    """Everybody who goes too long without a class that the policy asks for, and why."""
    texts = material.texts
    table = material.audit.overdue
    table = _joined(table[table["year"] == year], material).sort_values(["order", "rule_id"])
    sheet.line(texts("dispatch.overdue-note", count=texts.number(table["cadre_id"].nunique())))
    rows = (
        (p.cadre_id, p.name, p.unit, p.post, p.rank, material.clause_title(p.rule_id),
         texts("never") if pd.isna(p.last) else str(p.last), texts.known("why", p.reason))
        for p in records(table)
    )  # fmt: skip
    columns = heads(material, "cadre_id", "name", "unit", "post", "rank", "rule", "last", "why")
    sheet.table(columns, rows, (*("text",) * 5, "long", "text", "text"), freeze_columns=2)


def owed(sheet: Sheet, material: Material, year: int) -> None:
    """Everybody short of the hours of a rule whose window ends in the year, by rule, those of one unit together."""
    texts = material.texts
    table = material.audit.owed
    table = _joined(table[table["year"] == year], material)
    rank = {verdict.rule_id: n for n, verdict in enumerate(material.audit.verdicts)}
    table = table.assign(rule=table["rule_id"].map(rank)).sort_values(["rule", "order"])
    people, hours = table["cadre_id"].nunique(), texts.number(float(table["owed"].sum()))
    sheet.line(texts("dispatch.owed-note", count=texts.number(people), hours=hours))
    last = material.inputs.years[-1]
    longer = [
        rule for rule in material.inputs.policy.rules
        if isinstance(rule, Cumulative) and not rule.per_year and (rule.to_year or last) != year
    ]  # fmt: skip
    for rule in longer:
        sheet.line(texts("dispatch.owed-later", rule=material.clause_title(rule.id), year=rule.to_year or last))
    titles = {rule_id: material.clause_title(rule_id) for rule_id in table["rule_id"].unique()}
    rows = (
        (p.cadre_id, p.name, p.unit, p.post, p.rank, titles[p.rule_id], p.required, p.achieved, p.owed)
        for p in records(table)
    )
    columns = heads(
        material, "cadre_id", "name", "unit", "post", "rank", "rule", "hours-required", "hours-achieved", "hours-owed"
    )
    sheet.table(columns, rows, (*("text",) * 5, "long", "number", "number", "number"), freeze_columns=2)


def _joined(table: pd.DataFrame, material: Material) -> pd.DataFrame:
    """The rows with name, unit, post and rank of their cadre, and his or her place in the office's order."""
    people = material.people.loc[:, ["name", "unit_id", "post", "rank"]]
    table = table.join(people, on="cadre_id")
    return table.assign(
        unit=table["unit_id"].map(material.unit_names).fillna(""),
        order=table["cadre_id"].map(material.person_order),
    )
