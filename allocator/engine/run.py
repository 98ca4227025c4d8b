"""A finished run: what was read, decided, judged and proven, as plain tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from allocator.audit import AuditReport
from allocator.domain.plan import Plan
from allocator.domain.result import SolveResult
from allocator.domain.tables import Inputs
from allocator.language.answer import Spoken, texts_in
from allocator.language.message import Language
from allocator.model.goals import caps_of

DISPATCH_COLUMNS = (
    "year", "session_id", "programme_id", "programme", "programme_en", "cadre_id", "name", "unit_id", "unit", "unit_en", "team_id",
    "headcount", "start_date", "end_date", "days", "hours", "fixed", "rules",
)  # fmt: skip
"""Columns of ``Run.dispatch``."""

GOAL_COLUMNS = ("goal", "sense", "unit", "value", "bound", "gap", "proven")
"""Columns of ``Run.goals``."""


@dataclass(frozen=True, repr=False)
class Run(Spoken):
    """One finished run; shown alone it says the summary of the command line.

    Its tables are data frames, whose columns and units ``docs/api.md`` lists. ``Questions(run)`` answers why, why not and what if.

    Parameters
    ----------
    inputs, plan, audit, result
        What was read, what was decided (``plan.placements``), what the auditor found (``audit.rules``, ``audit.table``,
        ``audit.scopes``, ``audit.breaches``, ``audit.overdue``, ``audit.owed``), what the solve says of itself.
    seconds
        Wall-clock seconds by stage.
    peak_memory_bytes
        Largest resident memory of the process so far.
    """

    views = "allocator.outputs"

    inputs: Inputs
    plan: Plan
    audit: AuditReport
    result: SolveResult
    seconds: Mapping[str, float]
    peak_memory_bytes: int

    @property
    def cannot_keep_rules(self) -> bool:
        """Whether the bound proves that no plan keeps every hard rule.

        A bound holds for plans as good in the goals before it and within the limits that the scenario sets to goals, so only that of
        the first goal, without such limits, speaks of all plans.
        """
        first = next(iter(self.result.goals), None)
        is_of_all = first is not None and first.goal == "violation" and not caps_of(self.inputs.scenario.limits)
        return is_of_all and first is not None and (first.bound or 0.0) > 0

    @cached_property
    def seats(self) -> pd.DataFrame:
        """Seats of every unit in every session: year, session_id, programme_id, unit_id, seats (people)."""
        return self.plan.seats

    @cached_property
    def dispatch(self) -> pd.DataFrame:
        """Every placement with the names of person, unit and programme: columns as ``DISPATCH_COLUMNS``, rows as ``plan.placements``.

        ``unit_en`` and ``programme_en`` are empty where there is no English name; all names where a plan made by hand names what is not there.
        """
        units, programmes = self.inputs.units.set_index("unit_id"), self.inputs.programmes.set_index("programme_id")
        cadres, table = self.inputs.cadres.set_index("cadre_id"), self.plan.placements
        names = {
            "programme": table["programme_id"].map(programmes["name"]),
            "programme_en": table["programme_id"].map(programmes["name_en"]),
            "name": table["cadre_id"].map(cadres["name"]),
            "unit": table["unit_id"].map(units["name"]),
            "unit_en": table["unit_id"].map(units["name_en"]),
        }
        return table.assign(**{column: own.fillna("").astype("str") for column, own in names.items()})[
            list(DISPATCH_COLUMNS)
        ]

    @cached_property
    def goals(self) -> pd.DataFrame:
        """Every goal in its order, columns as ``GOAL_COLUMNS``.

        ``value`` and ``bound`` are in ``unit``, missing where not known; ``gap`` is their distance relative to the value
        (0.01: one per cent), ``proven`` whether they are equal.
        """
        rows = [(g.goal, g.sense, g.unit, g.value, g.bound, g.gap, g.is_proven) for g in self.result.goals]
        types = dict.fromkeys(("goal", "sense", "unit"), "str") | dict.fromkeys(("value", "bound", "gap"), "float64")
        return pd.DataFrame(rows, columns=list(GOAL_COLUMNS)).astype(types | {"proven": "bool"})

    @property
    def figures(self) -> Any:
        """The figures, drawn when called: ``run.figures.quota()``; in the language that was chosen (``speak``) or the system's."""
        texts = texts_in()
        if texts.lang not in self._galleries:
            self._galleries[texts.lang] = self.view("notebook_figures").gallery(self, texts)
        return self._galleries[texts.lang]

    @cached_property
    def _galleries(self) -> dict[Language, Any]:
        return {}
