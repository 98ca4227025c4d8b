"""The auditor's report, arranged as the outputs need it; nothing is judged again here."""

from __future__ import annotations

import pandas as pd

from allocator.audit import MEASURES, AuditReport
from allocator.audit.finding import ALL
from allocator.audit.records import Records
from allocator.domain.plan import Plan
from allocator.domain.rules import RuleKind
from allocator.domain.tables import Inputs


def summed(table: pd.DataFrame, rule_id: str = "", year: int | None = None) -> pd.DataFrame:
    """The rows of scope ``all``, of one rule and of one year when asked for."""
    keep = table["scope"] == ALL
    if rule_id:
        keep &= table["rule_id"] == rule_id
    if year is not None:
        keep &= table["year"].eq(year).fillna(False)
    return table.loc[keep.astype(bool)]


def missing_scopes(table: pd.DataFrame, rule_id: str, year: int | None) -> pd.DataFrame:
    """The scopes of a rule that miss in a year (or in no single year), the worst first."""
    keep = (table["scope"] != ALL) & (table["rule_id"] == rule_id) & (table["shortfall"] > 0)
    keep &= table["year"].isna() if year is None else table["year"].eq(year).fillna(False)
    return table.loc[keep.astype(bool)].sort_values(["shortfall", "scope"], ascending=[False, True])


def status_of(rows: pd.DataFrame) -> str:
    """One status for several rows: breached when one is, else kept when one is, else reported."""
    present = set(rows["status"])
    return next((status for status in ("breached", "kept") if status in present), "reported")


def warnings_of(audit: AuditReport, lang: str) -> tuple[str, ...]:
    """What the auditor warns about, in the reader's language."""
    return audit.warnings_zh if lang == "zh" else audit.warnings


def floor_counts(inputs: Inputs, plan: Plan, rules: list[RuleKind]) -> pd.DataFrame:
    """Every group of the share floors in every year: rule_id, group, year, size, required, achieved.

    The auditor lists only the groups that miss; who comes close needs all of them, so its own counts are read here.
    """
    records = Records(plan, inputs)
    parts = [_counts_of(rule, records) for rule in rules]
    columns = ["rule_id", "group", "year", "size", "required", "achieved"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _counts_of(rule: RuleKind, records: Records) -> pd.DataFrame:
    groups = records.groups(records.audience(rule.audience), rule.grouped_by)
    judged = {(row.year, row.scope): row for row in MEASURES[type(rule)](rule, records).scopes}
    years = [
        pd.DataFrame(
            {
                "rule_id": rule.id,
                "group": pd.Series(groups.labels, dtype="str"),
                "year": year,
                "size": groups.sizes,
                "required": [int(judged[year, label].required or 0) for label in groups.labels],
                "achieved": [int(judged[year, label].achieved or 0) for label in groups.labels],
            }
        )
        for year in records.years
        if not rule.years or year in rule.years
    ]
    return pd.concat(years, ignore_index=True)


def tightest(counts: pd.DataFrame) -> pd.Series | None:
    """The group and year with the least to spare; of equals the one with the lowest share, then the first id."""
    return None if counts.empty else by_spare(counts).iloc[0]


def by_spare(counts: pd.DataFrame) -> pd.DataFrame:
    """Groups and years with the least to spare first, of equals the lowest share, then the first id; adds both columns."""
    ranked = counts.assign(
        spare=counts["achieved"] - counts["required"],
        share=counts["achieved"] / counts["size"].where(counts["size"] > 0),
    )
    return ranked.sort_values(["spare", "share", "group", "year"], kind="stable")
