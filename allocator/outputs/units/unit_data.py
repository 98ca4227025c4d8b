"""From a run to what every unit gets, with only its own people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any

from allocator.domain.rules import Cumulative
from allocator.outputs.output_data import Material, records
from allocator.outputs.units.calls import Calls, Unit, names_within
from allocator.outputs.units.file_names import file_stems
from allocator.outputs.units.unit_record import TableSheet, UnitContent

NAMES_IN_A_ROW = 40  # of the people away in a week; more continue in the row below


class Gathering:
    """The tables of a run, split by unit once; then one ``UnitContent`` after the other."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.texts = material.texts
        self.calls = Calls(material)
        self.units = self.calls.units
        self._stems = file_stems(self.units)
        self._owed, self._overdue = self._lists()
        self._teams = self._floors()

    def __iter__(self) -> Iterator[UnitContent]:
        """Every unit with people, in the order of unit ids."""
        return self.some(0, None)

    def some(self, first: int, last: int | None) -> Iterator[UnitContent]:
        """Those from one place in that order up to another, which is left out."""
        return (self._content(unit_id, unit) for unit_id, unit in islice(self.units.items(), first, last))

    def _lists(self) -> tuple[dict[str, str], dict[str, str]]:
        """What each person owes (people whom no cumulative rule concerns are absent), and the years overdue."""
        texts, audit, material = self.texts, self.material.audit, self.material
        ids = material.counted.cadre_ids
        owed: dict[str, dict[str, list[str]]] = {}  # by person and rule
        for rule in material.inputs.policy.rules:
            if isinstance(rule, Cumulative):
                for row in material.counted.named(material.counted.audience(rule.audience)):
                    owed.setdefault(ids[row], {})
        titles = material.rule_titles
        for rule_id, cadre_id, year, hours in records(audit.owed, "rule_id", "cadre_id", "year", "owed"):
            text = texts("units.owes-by", year=year, owed=texts.number(hours))
            owed.setdefault(cadre_id, {}).setdefault(rule_id, []).append(text)
        overdue: dict[str, list[str]] = {}
        for cadre_id, year in records(audit.overdue, "cadre_id", "year"):
            overdue.setdefault(cadre_id, []).append(str(year))
        nothing = texts("units.owes-nothing")

        def debts(by_rule: dict[str, list[str]]) -> str:
            return texts.join(f"{titles[rule_id]}{texts('colon')}{texts.listed(by)}" for rule_id, by in by_rule.items())

        return (
            {cadre_id: debts(by_rule) or nothing for cadre_id, by_rule in owed.items()},
            {cadre_id: texts.listed(dict.fromkeys(years)) for cadre_id, years in overdue.items()},
        )

    def _floors(self) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
        """For each team and unit (by column and id) its rows: title, year, size, required, achieved, status."""
        material = self.material
        columns = {r.id: r.grouped_by for r in material.inputs.policy.rules if r.summary_block == "floors"}
        floors = material.floors.sort_values(["rule_id", "group", "year"], kind="stable")
        rows: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
        for rule_id, group, year, size, required, achieved in records(
            floors, "rule_id", "group", "year", "size", "required", "achieved"
        ):
            status = "kept" if required <= achieved else material.audit[rule_id].status
            shown = (self.texts("status." + status), status)
            row = (
                material.rule_titles[rule_id],
                year,
                size,
                required,
                achieved,
                achieved / size if size else None,
                shown,
            )
            rows.setdefault((columns[rule_id], group), []).append(row)
        return rows

    # ------------------------------------------------------------------ one unit

    def _content(self, unit_id: str, unit: Unit) -> UnitContent:
        texts, years = self.texts, self.material.inputs.years
        name = self.material.unit_names.get(unit_id, unit_id)
        title = texts("units.title", unit=name, first=years[0], last=years[-1])
        called = names_within(unit, texts)
        calls = self.calls.of(unit_id).values()
        sheets = [self._schedule(unit, title), self._weeks(unit, called), self._members(unit)]
        if unit.past:
            sheets.append(self._record(unit))
        teams = [(column, group) for column, group in self._groups(unit_id, unit) if (column, group) in self._teams]
        if teams:
            sheets.append(self._shares(teams))
        return UnitContent(
            unit_id=unit_id,
            name=name,
            stem=self._stems[unit_id],
            title=title,
            people=unit.staff,
            seats=sum(seat.headcount for seat in unit.seats),
            sheets=tuple(sheets),
            events=tuple(event for call in calls for event in call.events),
            notices=tuple(call.notice for call in calls),
        )

    @staticmethod
    def _groups(unit_id: str, unit: Unit) -> list[tuple[str, str]]:
        teams = dict.fromkeys(person.team_id for person in unit.members if person.team_id)
        return [*(("team_id", team) for team in teams), ("unit_id", unit_id)]

    def _schedule(self, unit: Unit, title: str) -> TableSheet:
        texts = self.texts
        rows = tuple(
            (s.year, s.cadre_id, s.name, s.post, s.programme, s.session_id, s.dates, s.place, s.days, s.headcount, s.reason)
            for s in unit.seats
        )  # fmt: skip
        columns = self._heads("year", "cadre_id", "name", "post", "programme", "session_id", "dates", "place",
                        "days", "seats", "reason")  # fmt: skip
        styles = ("plain", *("text",) * 7, "number", "count", "long")
        note = texts("units.schedule-note" if rows else "units.nobody")
        return TableSheet(texts("sheet.schedule"), columns, rows, styles, (title, note), freeze=3)

    def _weeks(self, unit: Unit, called: dict[str, str]) -> TableSheet:
        """Every week in which somebody is away, with their names; somebody in two classes of a week is away once."""
        texts = self.texts
        in_team = {person.cadre_id for person in unit.members if person.team_id}
        team = sum(person.headcount for person in unit.members if person.team_id)
        weeks: dict[date, dict[tuple[str, str], int]] = {}
        groups = {person.cadre_id for person in unit.members if person.headcount > 1}
        for seat in unit.seats:
            # Seats of an unnamed group are different people each time.
            key = (seat.cadre_id, seat.session_id if seat.cadre_id in groups else "")
            for part in self.calls.parts_of(seat):
                monday = part.first - timedelta(days=part.first.weekday())
                while monday <= part.last:
                    weeks.setdefault(monday, {})[key] = seat.headcount
                    monday += timedelta(weeks=1)
        rows: list[tuple[Any, ...]] = []
        for monday, away in sorted(weeks.items()):
            names = [self.calls.with_count(called[cadre_id], count) for (cadre_id, _), count in away.items()]
            led = sum(count for (cadre_id, _), count in away.items() if cadre_id in in_team)
            count = sum(away.values())
            figures: tuple[Any, ...] = (count, count / unit.staff, *((led, led / team) if team else (None, None)))
            days = (monday.isoformat(), (monday + timedelta(days=6)).isoformat())
            for start in range(0, len(names), NAMES_IN_A_ROW):
                some = texts.listed(names[start : start + NAMES_IN_A_ROW])
                rows.append((*days, *(figures if start == 0 else (None,) * 4), some))
        columns = self._heads("monday", "sunday", "away", "away-share", "away-team", "away-team-share", "away-names")
        note = (
            texts("units.weeks-note", staff=texts.number(unit.staff), team=texts.number(team))
            if rows
            else texts("units.nobody")
        )
        styles = ("text", "text", "count", "share", "count", "share", "long")
        return TableSheet(texts("sheet.weeks"), columns, tuple(rows), styles, (note,), freeze=2)

    def _members(self, unit: Unit) -> TableSheet:
        """Everybody of the unit: what was done before, what the plan holds, years overdue, what is still owed."""
        texts = self.texts
        # A group goes to a programme in many sessions of a year: that is one line with all its people.
        attends: dict[str, Counter[tuple[int, str]]] = {}
        planned: Counter[str] = Counter()
        for seat in unit.seats:
            attends.setdefault(seat.cadre_id, Counter())[seat.year, seat.programme] += seat.headcount
            planned[seat.cadre_id] += seat.days
        last: dict[str, str] = {}
        before: Counter[str] = Counter()
        for past in unit.past:
            last[past.cadre_id] = past.end_date.date().isoformat()
            before[past.cadre_id] += past.hours
        rows = tuple(
            (p.cadre_id, p.name, p.post, p.rank, p.headcount, last.get(p.cadre_id, ""), before.get(p.cadre_id),
             self._attended(attends.get(p.cadre_id, {}), p.headcount), planned.get(p.cadre_id) if p.headcount == 1 else None,
             self._overdue.get(p.cadre_id, ""), self._owed.get(p.cadre_id, ""))
            for p in unit.members
        )  # fmt: skip
        columns = self._heads("cadre_id", "name", "post", "rank", "staff", "last", "hours-before", "attends",
                              "days-planned", "overdue", "owed")  # fmt: skip
        styles = ("text", "text", "text", "text", "count", "text", "number", "long", "number", "text", "long")
        return TableSheet(texts("sheet.members"), columns, rows, styles, (texts("units.members-note"),), freeze=2)

    def _attended(self, attends: Mapping[tuple[int, str], int], headcount: int) -> str:
        """Programmes by year; those of a group with its people."""
        texts = self.texts
        return texts.join(
            texts(
                "units.in-year", year=year, programme=self.calls.with_count(programme, people if headcount > 1 else 1)
            )
            for (year, programme), people in attends.items()
        )

    def _record(self, unit: Unit) -> TableSheet:
        texts, material = self.texts, self.material
        names = {person.cadre_id: person.name for person in unit.members}
        online = {True: texts("units.online"), False: ""}
        rows = tuple(
            (p.cadre_id, names[p.cadre_id], material.programme_names.get(p.programme_id, p.programme_id),
             texts.known("host_group", p.host_group), p.start_date.date().isoformat(), p.end_date.date().isoformat(),
             p.days, p.hours, online[bool(p.online)])
            for p in unit.past
        )  # fmt: skip
        columns = self._heads("cadre_id", "name", "programme", "host_group", "first-day", "last-day", "days", "hours", "way")  # fmt: skip
        styles = (*("text",) * 6, "number", "number", "text")
        return TableSheet(texts("sheet.record"), columns, rows, styles, (texts("units.record-note"),), freeze=2)

    def _shares(self, teams: list[tuple[str, str]]) -> TableSheet:
        columns = self._heads("team_id", "title", "year", "size", "required", "achieved", "share", "status")
        rows = tuple((group, *row) for column, group in teams for row in self._teams[column, group])
        styles = ("text", "text", "plain", "count", "count", "count", "share", "status")
        return TableSheet(self.texts("sheet.teams"), columns, rows, styles, (self.texts("units.teams-note"),))

    def _heads(self, *codes: str) -> tuple[str, ...]:
        return tuple(self.texts(f"column.{code}") for code in codes)
