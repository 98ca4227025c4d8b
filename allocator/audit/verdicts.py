"""The auditor's report: a row for each judged thing, a line for each rule, lists of people, and the goals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.audit.finding import Finding, Row, Status, status_of
from allocator.domain.errors import UnknownRuleError
from allocator.domain.rules import Goal, Strength
from allocator.language.message import Message

COLUMNS = ("rule_id", "clause", "kind", "year", "scope", "required", "achieved", "unit", "status", "shortfall")
"""Columns of ``audit.csv``."""

RULE_COLUMNS = (
    "rule_id", "clause", "kind", "title", "title_zh", "strength", "required", "achieved", "unit", "status",
    "shortfall", "people", "note", "note_zh",
)  # fmt: skip
"""Columns of ``AuditReport.rules``."""


@dataclass(frozen=True, repr=False)
class Verdict:
    """One rule judged: what it required, what the plan achieves."""

    rule_id: str
    clause: str
    kind: str
    title: str
    title_zh: str
    strength: Strength
    finding: Finding

    def __repr__(self) -> str:
        figures = f"required {self.required}, achieved {self.achieved} {self.unit}"
        return f"<Verdict: {self.rule_id} {self.status}, {figures}>"

    @property
    def required(self) -> float | None:
        """Total over all years, in ``unit``; ``None`` where nothing is required."""
        return self.finding.required

    @property
    def achieved(self) -> float | None:
        """What the plan achieves over all years, in ``unit``; ``None`` where nothing can be measured."""
        return self.finding.achieved

    @property
    def unit(self) -> str:
        """Unit of measure, such as ``people``."""
        return self.finding.unit

    @property
    def status(self) -> Status:
        """Kept, breached (hard rules only) or reported (a soft miss, or nothing is required)."""
        if self.finding.required is None:
            return "reported"
        return status_of(self.strength, self.finding.shortfall)

    @property
    def shortfall(self) -> float:
        """Distance from what is required, in the unit of the finding."""
        return self.finding.shortfall

    @property
    def is_breached(self) -> bool:
        """Whether a hard rule misses."""
        return self.status == "breached"


@dataclass(frozen=True, repr=False)
class AuditReport:
    """What the auditor found; ``report["rule-id"]`` is the verdict on one rule.

    Parameters
    ----------
    verdicts
        Built-in rules first, then the policy's, in the order of the document.
    goals
        Totals counted from the named plan: all are better small, ``priority`` is better large.
    warnings
        Rules that touched nobody or no programme; what a plan's file says beside the point.
    differences
        Cells of the plan that say something else than the tables: rule_id, file, row, column, cadre_id, session_id, found,
        expected, status (breached; noted where no verdict depends on it), message, message_zh.
    """

    verdicts: tuple[Verdict, ...]
    goals: Mapping[Goal, float]
    warnings: tuple[Message, ...]
    differences: pd.DataFrame

    @property
    def warnings_zh(self) -> tuple[str, ...]:
        """The warnings in Chinese."""
        return tuple(warning.said("zh") for warning in self.warnings)

    def __repr__(self) -> str:
        counts = Counter(verdict.status for verdict in self.verdicts)
        kept, breached, reported = (counts[status] for status in ("kept", "breached", "reported"))
        return f"<AuditReport: {len(self.verdicts)} rules, {kept} kept, {breached} breached, {reported} reported>"

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each rule."""
        return str(self.rules._repr_html_())  # type: ignore[operator]

    def __getitem__(self, rule_id: str) -> Verdict:
        """The verdict on one rule.

        Raises
        ------
        UnknownRuleError
            If there is none; a ``KeyError`` that names the nearest.
        """
        if rule_id not in self._by_id:
            raise UnknownRuleError(rule_id, self._by_id)
        return self._by_id[rule_id]

    @cached_property
    def _by_id(self) -> dict[str, Verdict]:
        return {verdict.rule_id: verdict for verdict in self.verdicts}

    @cached_property
    def table(self) -> pd.DataFrame:
        """Rows of ``audit.csv``.

        For each rule and year one row of scope ``all``, which counts scopes where there are many (teams, people), and
        one for every scope that misses. ``year`` is empty where a rule concerns no single year.
        """
        return self._rows([(v, row) for v in self.verdicts for row in v.finding.rows])

    @cached_property
    def scopes(self) -> pd.DataFrame:
        """Every group and year that share floors and apportionments judge, kept ones too; columns as ``COLUMNS``."""
        return self._rows([(v, row) for v in self.verdicts for row in v.finding.scopes])

    def _rows(self, rows: Sequence[tuple[Verdict, Row]]) -> pd.DataFrame:
        def numbers(values: list[float | None]) -> pd.Series:
            return pd.Series([np.nan if value is None else float(value) for value in values], dtype=np.float64)

        return pd.DataFrame(
            {
                "rule_id": pd.Series([v.rule_id for v, _ in rows], dtype=str),
                "clause": pd.Series([v.clause for v, _ in rows], dtype=str),
                "kind": pd.Series([v.kind for v, _ in rows], dtype=str),
                "year": pd.Series([row.year for _, row in rows], dtype="Int64"),
                "scope": pd.Series([row.scope for _, row in rows], dtype=str),
                "required": numbers([row.required for _, row in rows]),
                "achieved": numbers([row.achieved for _, row in rows]),
                "unit": pd.Series([row.unit for _, row in rows], dtype=str),
                "status": pd.Series([self._status(v, row) for v, row in rows], dtype=str),
                "shortfall": numbers([row.shortfall for _, row in rows]),
            }
        )

    @staticmethod
    def _status(verdict: Verdict, row: Row) -> Status:
        told = row.is_told or row.required is None
        return "reported" if told else status_of(verdict.strength, row.shortfall)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """One row for each rule, built-in ones first; columns as ``RULE_COLUMNS``."""
        rows = [
            (
                v.rule_id, v.clause, v.kind, v.title, v.title_zh, v.strength,
                np.nan if v.finding.required is None else float(v.finding.required),
                np.nan if v.finding.achieved is None else float(v.finding.achieved),
                v.finding.unit, v.status, float(v.shortfall), v.finding.people, str(v.finding.note), v.finding.note_zh,
            )
            for v in self.verdicts
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=list(RULE_COLUMNS))
        numbers = {"required": "float64", "achieved": "float64", "shortfall": "float64", "people": "int64"}
        return table.astype({c: numbers.get(c, "str") for c in RULE_COLUMNS})

    @property
    def touched(self) -> dict[str, int]:
        """People each rule touches."""
        return {verdict.rule_id: verdict.finding.people for verdict in self.verdicts}

    @property
    def breaches(self) -> pd.DataFrame:
        """The rows of hard rules that miss; columns as ``COLUMNS``."""
        return self.table.loc[self.table["status"] == "breached"].reset_index(drop=True)

    @property
    def is_clean(self) -> bool:
        """Whether every hard rule is kept."""
        return not any(verdict.is_breached for verdict in self.verdicts)

    @cached_property
    def overdue(self) -> pd.DataFrame:
        """Overdue people: rule_id, cadre_id, year, last (year; missing: never on record), reason, reason_zh."""
        columns = ["rule_id", "cadre_id", "year", "last", "reason", "reason_zh"]
        return _joined([v.finding.overdue for v in self.verdicts], columns)

    @cached_property
    def owed(self) -> pd.DataFrame:
        """People who still owe hours: rule_id, cadre_id, year (last of the window), required, achieved, owed (hours)."""
        columns = ["rule_id", "cadre_id", "year", "required", "achieved", "owed"]
        return _joined([v.finding.owed for v in self.verdicts], columns)

    def to_csv(self) -> str:
        """The text of ``audit.csv``; whole numbers without a decimal point."""
        return str(self.table.to_csv(index=False, lineterminator="\n", float_format="%.10g"))


def _joined(tables: list[pd.DataFrame | None], columns: list[str]) -> pd.DataFrame:
    kept = [table for table in tables if table is not None and len(table)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=columns)
