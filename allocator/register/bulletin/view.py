"""A bulletin as rows and sentences in the reader's language; workbook and page show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from allocator.language.message import Message
from allocator.language.texts import STYLES, Texts
from allocator.outputs.output_data import Material
from allocator.register.bulletin.basis import Basis, Progress
from allocator.register.bulletin.evaluation import Indicator, indicators
from allocator.register.bulletin.figures import Figures, figures, not_reported, overdue, several, total

Cell = object


@dataclass(frozen=True)
class View:
    """Everything a bulletin says."""

    basis: Basis
    texts: Texts

    @cached_property
    def material(self) -> Material:
        """The plan, with names in the reader's language."""
        return self.basis.material(self.texts)

    @cached_property
    def units(self) -> dict[str, Figures]:
        """Figures of every unit."""
        return figures(self.basis)

    @cached_property
    def total(self) -> Figures:
        """Figures of all units together."""
        return total(self.units)

    @cached_property
    def indicators(self) -> list[Indicator]:
        """The policy's indicators."""
        return indicators(self.basis)

    # ------------------------------------------------------------------ sentences

    @cached_property
    def span(self) -> str:
        """The year or quarter."""
        period = self.basis.period
        if period.quarter is None:
            return self.say(Message("bulletin.year", year=str(period.year)))
        return self.say(Message("bulletin.quarter", year=str(period.year), quarter=period.quarter))

    @cached_property
    def title(self) -> str:
        """The title of the bulletin."""
        return self.say(Message("bulletin.title", span=self.span))

    @cached_property
    def subject(self) -> str:
        """The plan it is about, the version, and the day."""
        inputs = self.basis.inputs
        name = self.texts.title(inputs.scenario) or self.texts.title(inputs.policy)
        return self.say(
            Message(
                "bulletin.subject",
                plan=name,
                version=self.basis.version,
                first=self.basis.first_version,
                day=self.basis.on,
            )
        )

    @cached_property
    def sentences(self) -> list[str]:
        """What the figures come to."""
        one, number, share = self.total, self.texts.number, self.texts.percent
        said = [
            Message("bulletin.said-seats", allotted=number(one.allotted), held=number(one.held), confirmed=number(one.confirmed),
                    rate=share(one.confirmation)),
            Message("bulletin.said-attended", reported=number(one.reported), attended=number(one.attended), absent=number(one.absent),
                    left=number(one.left_early), rate=share(one.attendance), use=share(one.use)),
            Message("bulletin.said-hours", hours=number(one.hours), head=number(one.hours_per_head)),
            Message("bulletin.said-people", several=number(one.several), overdue=number(one.overdue)),
        ]  # fmt: skip
        waiting = not_reported(self.basis)
        if waiting:
            said.append(Message("bulletin.said-waiting", count=waiting))
        counts = {
            status: sum(row.verdict == status for row in self.indicators)
            for status in ("kept", "breached", "running", "to-come")
        }
        open_ = counts["running"] + counts["to-come"]
        said.append(Message("bulletin.said-evaluation", kept=counts["kept"], breached=counts["breached"], open=open_))
        return [self.say(one) for one in said]

    @cached_property
    def evaluation_title(self) -> str:
        """Final evaluation when the whole plan is over, else mid-term."""
        years = self.basis.inputs.years
        span = f"{years[0]}–{years[-1]}"
        if self.basis.whole is Progress.OVER:
            return self.say(Message("bulletin.final", span=span))
        return self.say(Message("bulletin.mid-term", span=span))

    def say(self, message: Message) -> str:
        """A message in the reader's language."""
        return self.texts.said(message)

    # ------------------------------------------------------------------ rows

    UNIT_STYLES = (
        "plain",
        "text",
        "text",
        "text",
        *("count",) * 4,
        "share",
        "count",
        "count",
        "count",
        "share",
        "share",
        "number",
        "number",
        "count",
        "count",
    )

    @cached_property
    def unit_titles(self) -> list[str]:
        """Titles of ``unit_rows``."""
        titles = (
            Message("bulletin.rank"), Message("bulletin.unit-id"), Message("bulletin.unit"), Message("bulletin.unit-kind"), Message("bulletin.people"), Message("bulletin.allotted"),
            Message("bulletin.held"), Message("bulletin.confirmed"), Message("bulletin.confirmation"), Message("bulletin.attended"),
            Message("bulletin.absent"), Message("bulletin.left-early"), Message("bulletin.attendance"), Message("bulletin.use"),
            Message("bulletin.hours"), Message("bulletin.hours-per-head"), Message("bulletin.several"), Message("bulletin.overdue"),
        )  # fmt: skip
        return [self.say(title) for title in titles]

    @cached_property
    def unit_rows(self) -> list[tuple[Cell, ...]]:
        """Every unit, those of one kind together, the ranked ones first, the others in the order of the office."""
        order, units = self.material.unit_order, self.basis.inputs.units
        kinds = dict(zip(units["unit_id"], units["kind"], strict=True))
        at = {unit: order.get(unit, len(order)) for unit in self.units}
        first: dict[str, int] = {}
        for unit in sorted(self.units, key=lambda one: (at[one], one)):
            first.setdefault(kinds.get(unit, ""), at[unit])
        last = len(self.units) + 1
        ranked = sorted(
            self.units,
            key=lambda one: (first[kinds.get(one, "")], kinds.get(one, ""), self.units[one].rank or last, at[one], one),
        )
        names = self.material.unit_names
        return [
            (
                self.units[u].rank,
                u,
                names.get(u, u),
                self.texts.known("unit_kind", kinds.get(u, "")),
                *_cells(self.units[u]),
            )
            for u in ranked
        ]

    @cached_property
    def total_row(self) -> tuple[Cell, ...]:
        """All units together."""
        return (None, "", self.say(Message("bulletin.all-units")), "", *_cells(self.total))

    INDICATOR_STYLES = ("text", "long", "text", "text", "number", "number", "number", "number", "text", "status")

    @cached_property
    def indicator_titles(self) -> list[str]:
        """Titles of ``indicator_rows``."""
        titles = (
            Message("bulletin.clause"), Message("bulletin.indicator"), Message("bulletin.kind"), Message("bulletin.in-year"),
            Message("bulletin.required"), Message("bulletin.planned"), Message("bulletin.so-far"), Message("bulletin.expected"),
            Message("bulletin.measure"), Message("bulletin.verdict"),
        )  # fmt: skip
        return [self.say(title) for title in titles]

    @cached_property
    def quotas(self) -> list[Indicator]:
        """The quotas of the year."""
        return [one for one in self.indicators if one.kind == "quota" and one.year in (None, self.basis.period.year)]

    def indicator_row(self, one: Indicator) -> tuple[Any, ...]:
        """An indicator as a row; a figure may come with a style of its own, the verdict with its colour."""
        style = STYLES.get(one.unit)

        def cell(value: float | None) -> Cell:
            return (value, style) if style and value is not None else value

        year = self.texts("span.plan") if one.year is None else str(one.year)
        figures_ = (cell(value) for value in (one.required, one.planned, one.attended, one.expected))
        fill = one.status if one.progress is Progress.OVER else "reported"
        return (
            one.clause, self.material.rule_titles[one.rule_id], self.texts.known("kind", one.kind), year, *figures_,
            self.texts.unit(one.unit), (self.verdict(one), fill),
        )  # fmt: skip

    def verdict(self, one: Indicator) -> str:
        """Kept, breached or reported once the year is over, else how far it has come."""
        match one.progress:
            case Progress.OVER:
                return self.texts.known("status", one.status)
            case Progress.RUNNING:
                return self.say(Message("bulletin.running"))
            case _:
                return self.say(Message("bulletin.to-come"))

    @cached_property
    def several_titles(self) -> list[str]:
        """Titles of ``several_rows``."""
        titles = (
            Message("bulletin.person-id"), Message("bulletin.person"), Message("bulletin.unit"), Message("bulletin.times"), Message("bulletin.sessions"),
        )  # fmt: skip
        return [self.say(title) for title in titles]

    @cached_property
    def several_rows(self) -> list[tuple[Cell, ...]]:
        """People called more than once, most often first."""
        table = several(self.basis).sort_values(["count", "unit_id", "cadre_id"], ascending=[False, True, True])
        names = self.material.people["name"]
        return [
            (cadre, names.get(cadre, cadre), self.material.unit_names.get(unit, unit), count, self.texts.listed(sessions))
            for cadre, unit, count, sessions in zip(*(table[name].tolist() for name in ("cadre_id", "unit_id", "count", "sessions")), strict=True)
        ]  # fmt: skip

    @cached_property
    def overdue_titles(self) -> list[str]:
        """Titles of ``overdue_rows``."""
        titles = (
            Message("bulletin.person-id"), Message("bulletin.person"), Message("bulletin.unit"), Message("bulletin.rule"), Message("bulletin.last"),
            Message("bulletin.next"),
        )  # fmt: skip
        return [self.say(title) for title in titles]

    @cached_property
    def overdue_rows(self) -> list[tuple[Cell, ...]]:
        """People too long without training, unit by unit."""
        table, names = overdue(self.basis), self.material.people["name"]
        columns = ("cadre_id", "unit_id", "rule_id", "last", "ahead")
        rows: Sequence[tuple[Any, ...]] = list(zip(*(table[name].tolist() for name in columns), strict=True))
        return [
            (cadre, names.get(cadre, cadre), self.material.unit_names.get(str(unit), str(unit)), self.material.clause_title(str(rule)),
             self.texts("never") if pd.isna(last) else str(last), ahead if isinstance(ahead, str) else "")
            for cadre, unit, rule, last, ahead in rows
        ]  # fmt: skip


def _cells(one: Figures) -> tuple[Cell, ...]:
    return (
        one.people, one.allotted, one.held, one.confirmed, one.confirmation, one.attended, one.absent, one.left_early,
        one.attendance, one.use, one.hours, one.hours_per_head, one.several, one.overdue,
    )  # fmt: skip
