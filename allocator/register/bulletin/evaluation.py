"""The policy's own indicators, planned beside attended; what is still to come is never called a breach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from allocator.audit import BUILT_IN, AuditReport
from allocator.outputs.output_data import records
from allocator.outputs.verdicts import summed
from allocator.register.bulletin.basis import Basis, Progress

Key = tuple[str, int | None]
"""Rule and year."""

OF_EVENTS = "events-"
"""How the ids of rules begin that events make; they are no indicators of the policy."""


@dataclass(frozen=True)
class Indicator:
    """One rule in one year, or in the whole plan.

    Parameters
    ----------
    year
        Missing for a rule that concerns no single year.
    required, planned, attended, expected
        What is asked for; what the plan as first published does; what was attended; what that becomes if the rest is carried out.
        Missing where nothing is asked for or nothing can be measured; ``attended`` also for a year that is still to come.
    status
        As the auditor says of what was attended, once the year is over.
    """

    rule_id: str
    clause: str
    kind: str
    year: int | None
    unit: str
    required: float | None
    planned: float | None
    attended: float | None
    expected: float | None
    status: str
    progress: Progress

    @property
    def verdict(self) -> str:
        """The status, or how far the year has come while it is not over."""
        return self.status if self.progress is Progress.OVER else self.progress.value


def indicators(basis: Basis) -> list[Indicator]:
    """Every rule of the policy, each with its years; the checks of any plan are left out."""
    planned, attended, expected = (_rows(report) for report in (basis.planned, basis.attended, basis.expected))
    return list(_joined(basis, planned, attended, expected))


def _rows(report: AuditReport) -> Mapping[Key, Any]:
    """The auditor's row of every rule of the policy and year."""
    table = summed(report.table)
    built_in = [rule.id for rule in BUILT_IN]
    of_policy = ~table["rule_id"].isin(built_in) & ~table["rule_id"].str.startswith(OF_EVENTS)
    return {(row.rule_id, None if pd.isna(row.year) else int(row.year)): row for row in records(table[of_policy])}


def _joined(
    basis: Basis, planned: Mapping[Key, Any], attended: Mapping[Key, Any], expected: Mapping[Key, Any]
) -> Iterator[Indicator]:
    rules = {verdict.rule_id: verdict for verdict in basis.attended.verdicts}
    for key, row in attended.items():
        rule_id, year = key
        progress = basis.whole if year is None else basis.progress.get(year, Progress.TO_COME)
        yield Indicator(
            rule_id, rules[rule_id].clause, rules[rule_id].kind, year, row.unit,
            required=_figure(expected[key].required if key in expected else row.required),
            planned=_figure(planned[key].achieved) if key in planned else None,
            attended=None if progress is Progress.TO_COME else _figure(row.achieved),
            expected=_figure(expected[key].achieved) if key in expected else None,
            status=row.status, progress=progress,
        )  # fmt: skip


def _figure(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
