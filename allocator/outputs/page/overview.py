"""What the page shows of the whole plan, in one language: figures as numbers, words from the catalogue.

Nothing is judged here: values and bounds are the solve's, everything else is the auditor's or counted from the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import floor
from pathlib import PurePath
from typing import Any, NamedTuple

import pandas as pd

from allocator.audit import Verdict
from allocator.audit.finding import ALL
from allocator.audit.measures.quota import allowed
from allocator.domain.rules import Quota
from allocator.language.message import said
from allocator.outputs.output_data import Material, records
from allocator.outputs.run_record import versions
from allocator.outputs.summary import goal_verdict
from allocator.outputs.verdicts import by_spare, summed, warnings_of
from allocator.outputs.weekly_load import weekly_load

_WORST = 3  # scopes named of those that miss a rule
_LOWEST = 5  # teams named of every share floor
_BEYOND = 1.25  # A bar ends here, as a share of what is required.


class GoalLine(NamedTuple):
    """One goal with what is proven of it."""

    name: str
    unit: str
    is_least: bool  # whether less is better
    value: float | None
    bound: float | None
    gap: str
    verdict: str
    is_proven: bool


class Clause(NamedTuple):
    """One rule with what it required and what the plan achieves; ``bar`` is achieved of required, None without either."""

    rule_id: str
    clause: str
    title: str
    kind: str
    required: float | None
    achieved: float | None
    unit: str
    counted: str  # the unit as the auditor names it
    status: str
    shortfall: float
    bar: float | None
    note: str


class YearOfQuota(NamedTuple):
    """One year of a quota; the places on the bar are shares of its width."""

    year: int
    achieved: float | None
    is_outside: bool
    bar: float
    band: tuple[float, float]
    target: float


class QuotaLine(NamedTuple):
    """One quota with its years."""

    clause: str
    title: str
    sign: str
    amount: int
    years: tuple[YearOfQuota, ...]


class YearOfFloor(NamedTuple):
    """How many teams miss the floor, just keep it, send one more, or more than that."""

    year: int
    counts: tuple[int, int, int, int]
    total: int


class TeamLine(NamedTuple):
    """A team or unit in one year."""

    name: str
    group: str
    unit_id: str  # the unit to look up, empty where there is none
    year: int
    size: int
    required: int
    achieved: int
    share: float


class FloorBlock(NamedTuple):
    """One share floor: its years, and those with the least to spare."""

    clause: str
    title: str
    years: tuple[YearOfFloor, ...]
    lowest: tuple[TeamLine, ...]


class HostLine(NamedTuple):
    """A group of hosts over the weeks; ``path`` draws people per week on a field of weeks by 100."""

    name: str
    path: str
    peak: int
    week: str
    person_weeks: int


@dataclass(frozen=True)
class Overview:
    """The page without the search, in the language of ``material.texts``."""

    material: Material

    @property
    def title(self) -> str:
        """Title of the scenario, else of the policy."""
        inputs = self.material.inputs
        return self.material.texts.title(inputs.scenario) or self.material.texts.title(inputs.policy)

    @cached_property
    def statuses(self) -> dict[str, int]:
        """Rules kept, breached and only reported."""
        found = self.material.audit.rules["status"].value_counts()
        return {status: int(found.get(status, 0)) for status in ("kept", "breached", "reported")}

    @property
    def years(self) -> list[tuple[int, dict[str, int]]]:
        """Every plan year with its people, seats, sessions and person-days."""
        table = self.material.facts.by_year
        return [
            (year, {str(k): int(v) for k, v in row.items()})
            for year, row in zip(self.material.inputs.years, table.to_dict("records"), strict=True)
        ]

    @property
    def goals(self) -> list[GoalLine]:
        """The goals in their order."""
        material, texts = self.material, self.material.texts
        return [
            GoalLine(
                texts.known("goal", goal.goal), material.unit(goal.unit), goal.sense == "min", goal.value, goal.bound,
                texts.percent(goal.gap) if goal.gap or goal.is_proven else "—", goal_verdict(texts, goal), goal.is_proven,
            )
            for goal in (material.result.goals if material.result else ())
        ]  # fmt: skip

    @property
    def clauses(self) -> list[Clause]:
        """Every rule in the order of the document, the built-in ones first."""
        table = self.material.audit.table
        missing = table[(table["scope"] != ALL) & (table["shortfall"] > 0)]
        missing = missing.sort_values(["shortfall", "scope"], ascending=[False, True], kind="stable")
        by_rule = {str(rule_id): rows for rule_id, rows in missing.groupby("rule_id")}
        return [self._clause(verdict, by_rule.get(verdict.rule_id)) for verdict in self.material.audit.verdicts]

    def _clause(self, verdict: Verdict, missing: pd.DataFrame | None) -> Clause:
        finding, texts = verdict.finding, self.material.texts
        bar = None
        if finding.required and finding.achieved is not None:
            bar = finding.achieved / finding.required
        notes = [said(finding.note, texts.lang)]
        if missing is not None:
            notes += [
                f"{self.material.scope_name(row.scope)}{'' if pd.isna(row.year) else f' {row.year}'}{texts('colon')}"
                f"{texts.figure(row.achieved, row.unit)}/{texts.figure(row.required, row.unit)}"
                for row in records(missing.head(_WORST))
            ]
            if len(missing) > _WORST:
                notes.append(texts("dispatch.more", count=len(missing) - _WORST))
        return Clause(
            verdict.rule_id, verdict.clause, self.material.rule_titles[verdict.rule_id], texts.known("kind", verdict.kind),
            finding.required, finding.achieved, self.material.unit(finding.unit), finding.unit, verdict.status, verdict.shortfall,
            bar, texts.join(note for note in notes if note),
        )  # fmt: skip

    @cached_property
    def quotas(self) -> list[QuotaLine]:
        """Every quota with the people sent in each year."""
        rows = summed(self.material.audit.table)
        rows = rows[rows["kind"] == "quota"]
        counts = dict(zip(zip(rows["rule_id"], rows["year"], strict=True), rows["achieved"], strict=True))
        return [
            self._quota(rule, [counts.get((rule.id, year)) for year in self.material.inputs.years])
            for rule in self.material.inputs.policy.rules
            if isinstance(rule, Quota)
        ]

    def _quota(self, rule: Quota, achieved: Sequence[float | None]) -> QuotaLine:
        least, most = allowed(rule)
        widest = max([rule.amount * 1.2, (most or 0) * 1.05, *(count or 0 for count in achieved)]) or 1.0
        band = (least / widest, 1.0 if most is None else most / widest)
        years = [
            YearOfQuota(
                year, count, count is not None and (count < least or (most is not None and count > most)),
                (count or 0) / widest, band, rule.amount / widest,
            )
            for year, count in zip(self.material.inputs.years, achieved, strict=True)
        ]  # fmt: skip
        sign = {"about": "≈", "at-least": "≥", "at-most": "≤", "exactly": "="}[rule.modality]
        return QuotaLine(rule.clause, self.material.rule_titles[rule.id], sign, rule.amount, tuple(years))

    @cached_property
    def floors(self) -> list[FloorBlock]:
        """Every share floor that judges somebody."""
        table = self.material.floors
        table = table[table["size"] > 0]
        blocks = []
        for rule in self.material.inputs.policy.rules:
            if rule.summary_block == "floors" and (table["rule_id"] == rule.id).any():
                own = by_spare(table[table["rule_id"] == rule.id])
                years = tuple(_year_of_floor(int(str(year)), part["spare"]) for year, part in own.groupby("year"))
                lowest = tuple(self._team(row) for row in records(own.head(_LOWEST)))
                blocks.append(FloorBlock(rule.clause, self.material.rule_titles[rule.id], years, lowest))
        return blocks

    def _team(self, row: Any) -> TeamLine:
        group, units = row.group, self.material.unit_names
        home = group if group in units else self.material.team_homes.get(group, "")
        name = self.material.team_names.get(group) or units.get(group) or self.material.scope_name(group)
        return TeamLine(name, group, home, row.year, row.size, row.required, row.achieved, row.share)

    @cached_property
    def _load(self) -> tuple[list[date], pd.DataFrame]:
        return weekly_load(self.material)

    @cached_property
    def hosts(self) -> list[HostLine]:
        """All hosts together, then every group of hosts, most person-weeks first."""
        weeks, load = self._load
        if load.empty:
            return []
        texts = self.material.texts
        rows = [(texts("page.all-hosts"), load.sum(axis=0).to_numpy())]
        rows += [(texts.known("host_group", str(group)), row.to_numpy()) for group, row in load.iterrows()]
        return [
            HostLine(name, steps(row), int(row.max()), weeks[int(row.argmax())].isoformat(), int(row.sum()))
            for name, row in rows
        ]

    @property
    def weeks(self) -> int:
        """Weeks of the plan, the width of every host's field."""
        return len(self._load[0])

    @property
    def year_starts(self) -> list[int]:
        """The weeks in which a further year begins."""
        weeks = self._load[0]
        return [n for n in range(1, len(weeks)) if weeks[n].year != weeks[n - 1].year and n > 1]

    @property
    def run(self) -> list[tuple[str, str]]:
        """What was run, as pairs of a label and a value."""
        texts, inputs = self.material.texts, self.material.inputs
        found: Mapping[str, str] = versions()
        return [
            (texts("page.scenario"), inputs.scenario.id),
            (texts("page.policy"), texts.within(texts.title(inputs.policy), inputs.policy.id)),
            (texts("page.seed"), inputs.scenario.seed),
            (texts("page.hash"), self.material.plan.sha256),
            (texts("page.program"), f"allocator {found['allocator']}"),
        ]

    @property
    def files(self) -> list[tuple[str, str]]:
        """The files read and their hashes; where they lie is nobody's business on this page."""
        return [(PurePath(file).name, digest) for file, digest in sorted(self.material.inputs.hashes.items())]

    @property
    def warnings(self) -> list[str]:
        """What the auditor, the solve and the reading want known."""
        material = self.material
        messages = () if material.result is None else material.result.messages
        # A solve may repeat the auditor's warnings among its messages.
        further = [message for message in messages if message not in material.audit.warnings]
        found = [*warnings_of(material.audit, material.texts.lang), *further, *material.inputs.notes]
        return [said(message, material.texts.lang) for message in found]


def bar_width(share: float) -> float:
    """Width of a bar on a field of 125, on which 100 is what is required."""
    return round(100 * min(max(share, 0.0), _BEYOND), 2)


def ratio(share: float) -> str:
    """A share in per cent, cut rather than rounded: what falls short never reads as 100.

    Examples
    --------
    >>> ratio(1.0), ratio(0.99999), ratio(2 / 3), ratio(1.5)
    ('100 %', '99.99 %', '66.66 %', '150 %')
    """
    return f"{floor(share * 10_000 + 1e-6) / 100:,.2f}".rstrip("0").rstrip(".") + " %"


def _year_of_floor(year: int, spare: pd.Series) -> YearOfFloor:
    counts = (int((spare < 0).sum()), int((spare == 0).sum()), int((spare == 1).sum()), int((spare > 1).sum()))
    return YearOfFloor(year, counts, len(spare))


def steps(counts: Any) -> str:
    """Bars without gaps as the path of a drawing, the fullest week 100 high."""
    peak = max(int(counts.max()), 1)
    parts, height = ["M0 100"], 0
    for week, count in enumerate(counts):
        now = round(100 * int(count) / peak)
        if now != height:
            parts.append(f"H{week}V{100 - now}")
            height = now
    return "".join([*parts, f"H{len(counts)}V100Z"])
