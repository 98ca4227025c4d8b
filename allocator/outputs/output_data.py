"""What every output is made from, joined once: the plan with names, programmes, places and reasons."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import pandas as pd

from allocator.audit import AuditReport
from allocator.audit.records import Records
from allocator.domain.names import Called
from allocator.domain.plan import Plan
from allocator.domain.result import SolveResult
from allocator.domain.rules import Fixed, RuleKind
from allocator.domain.tables import Inputs
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.headline_counts import Facts, facts
from allocator.outputs.office_order import person_order, unit_order
from allocator.outputs.reserves import Reserves
from allocator.outputs.verdicts import floor_counts

REASONS = 3  # rules named as the reason of a seat; a seat may serve a dozen


def records(table: pd.DataFrame, *columns: str) -> Iterator[Any]:
    """The rows as named tuples, all columns or those named; typed loosely, since a cell may hold anything.

    Columns are taken as lists first: walking through a column of texts takes fifty times as long.
    """
    names = columns or tuple(map(str, table.columns))
    row = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    return map(row._make, zip(*(table[name].tolist() for name in names), strict=True))


class RunParts(Protocol):
    """What the outputs read of a run; ``result`` is ``None`` where a plan was only judged."""

    @property
    def inputs(self) -> Inputs: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def audit(self) -> AuditReport: ...
    @property
    def result(self) -> SolveResult | None: ...


@dataclass(frozen=True)
class Material:
    """Inputs, plan, audit and result of one run, with the joins the outputs share."""

    inputs: Inputs
    plan: Plan
    audit: AuditReport
    result: SolveResult | None
    texts: Texts

    @cached_property
    def facts(self) -> Facts:
        """Counts of the plan for headlines."""
        return facts(self.inputs, self.plan)

    @cached_property
    def counted(self) -> Records:
        """Plan and history as the auditor counts them."""
        return Records(self.plan, self.inputs)

    @cached_property
    def floors(self) -> pd.DataFrame:
        """Every group of every share floor in every year; columns as ``floor_counts``."""
        rules = [rule for rule in self.inputs.policy.rules if rule.summary_block == "floors"]
        return floor_counts(self.inputs, self.plan, rules)

    def unit(self, name: str) -> str:
        """A unit of measure in the reader's language."""
        return self.texts.unit(name)

    @cached_property
    def plan_hash(self) -> str:
        """Hash of the plan's table, by which anybody can tell whether two plans are the same."""
        return self.plan.sha256

    @cached_property
    def seats(self) -> pd.DataFrame:
        """Seats of every unit in every session, as in ``seats.csv``."""
        return self.plan.seats

    @cached_property
    def unit_order(self) -> dict[str, int]:
        """Place of every unit in the order of the office."""
        return unit_order(self.inputs)

    @cached_property
    def person_order(self) -> pd.Series:
        """Place of every cadre in the order of the office, by ``cadre_id``."""
        return person_order(self.inputs, self.unit_order)

    @cached_property
    def reserves(self) -> Reserves:
        """Who could step in for whom."""
        return Reserves(self.inputs, self.counted)

    @cached_property
    def people(self) -> pd.DataFrame:
        """The roster by ``cadre_id``, post and rank in the reader's language."""
        people = self.inputs.roster.set_index("cadre_id")
        words = {
            column: {value: self.texts.known(column, value) for value in people[column].unique()}
            for column in ("post", "rank")
        }
        return people.assign(**{column: people[column].map(known) for column, known in words.items()})

    @cached_property
    def unit_names(self) -> dict[str, str]:
        """Name of every unit in the reader's language."""
        units = self.inputs.units
        return {
            unit_id: self.texts.name(name, name_en)
            for unit_id, name, name_en in records(units, "unit_id", "name", "name_en")
        }

    @cached_property
    def programme_names(self) -> dict[str, str]:
        """Name of every programme in the reader's language."""
        table = self.inputs.programmes
        return {
            programme_id: self.texts.name(name, name_en)
            for programme_id, name, name_en in records(table, "programme_id", "name", "name_en")
        }

    @cached_property
    def team_homes(self) -> dict[str, str]:
        """The unit that most people of each team belong to."""
        members = self.inputs.cadres.loc[self.inputs.cadres["team_id"] != ""]
        counts = members.groupby(["team_id", "unit_id"])["headcount"].sum().reset_index()
        homes = counts.sort_values(["team_id", "headcount", "unit_id"], ascending=[True, False, True])
        return dict(records(homes.drop_duplicates("team_id"), "team_id", "unit_id"))

    @cached_property
    def team_names(self) -> dict[str, str]:
        """Every team is called after the unit most of its people belong to."""
        return {team: self.unit_names.get(unit, team) for team, unit in self.team_homes.items()}

    def scope_name(self, scope: object) -> str:
        """A team, unit, programme or cadre by name and id, an authority by name; anything else as it stands."""
        key = str(scope)
        for names in (self.team_names, self.unit_names, self.programme_names, self.people["name"]):
            if key in names:
                name = str(names[key])
                return key if name == key else self.texts.said(Message("word.called", zh=name, en=name, id=key))
        for separator in ("@", " "):  # A cadre at a session, a cadre and a content, a team and a day.
            first, found, rest = key.partition(separator)
            if found and self.scope_name(first) != first:
                return f"{self.scope_name(first)}{separator}{self.texts.known('content', rest)}"
        return self.texts.said(self.called.group("authority", key))

    @cached_property
    def called(self) -> Called:
        """Names of what the tables hold."""
        return Called(self.inputs)

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """All sessions with programme, ``place`` (hosts of the segments), ``filled`` seats and ``dates`` as text."""
        programmes = self.inputs.programmes.set_index("programme_id")
        table = self.inputs.sessions
        placements = self.plan.placements
        filled = placements.groupby("session_id")["headcount"].sum()
        own = table["programme_id"]
        return table.assign(
            programme=own.map(self.programme_names),
            host_group=own.map(programmes["host_group"]),
            level=own.map(programmes["level"]),
            days=own.map(programmes["days"]),
            place=table["session_id"].map(self._places).fillna(own.map(programmes["host_id"]).map(self.place)),
            dates=table["session_id"].map(self._dates).fillna(""),
            filled=table["session_id"].map(filled).fillna(0).astype("int64"),
        )

    def place(self, host_id: str) -> str:
        """A host by name: a unit of the tables, a known host or group, or a group's host at one unit."""
        if host_id in self.unit_names:
            return self.unit_names[host_id]
        group, _, unit_id = host_id.rpartition("-")
        if unit_id in self.unit_names and group:
            name = self.texts.known("host_group", group)
            if name in self.unit_names[unit_id]:
                return self.unit_names[unit_id]
            between = "" if self.texts.lang == "zh" else ", "
            return f"{self.unit_names[unit_id]}{between}{name}"
        known = self.texts.known("host", host_id)
        return known if known != host_id else self.texts.known("host_group", host_id)

    def span(self, first: date, last: date) -> str:
        """The days from the first to the last, which has its year where that is another one."""
        if first == last:
            return f"{first:%Y-%m-%d}"
        end = f"{last:%m-%d}" if last.year == first.year else f"{last:%Y-%m-%d}"
        return self.texts("span", first=f"{first:%Y-%m-%d}", last=end)

    @cached_property
    def spans(self) -> dict[str, list[str]]:
        """The days of every part of every session, as people read them."""
        return {str(key): spans.tolist() for key, spans in self._parts.groupby("session_id")["span"]}

    @cached_property
    def _parts(self) -> pd.DataFrame:
        """Segments in the order of time; the host by name when it is a unit of the tables."""
        parts = self.inputs.segments.sort_values(["session_id", "start_date"], kind="stable")
        span = [self.span(first, last) for first, last in zip(parts["start_date"], parts["end_date"], strict=True)]
        places = {host_id: self.place(host_id) for host_id in parts["host_id"].unique()}
        return parts.assign(place=parts["host_id"].map(places), span=span)

    @cached_property
    def _places(self) -> dict[str, str]:
        grouped = self._parts.groupby("session_id")["place"]
        return {str(key): self.texts.join(dict.fromkeys(places)) for key, places in grouped}

    @cached_property
    def _dates(self) -> dict[str, str]:
        return {key: self.texts.join(spans) for key, spans in self.spans.items()}

    @cached_property
    def seatings(self) -> pd.DataFrame:
        """The placements with name, post, rank, unit, programme, place and reason of every seat."""
        placements = self.plan.placements
        roster = self.people.loc[:, ["name", "post", "rank", "category"]]
        sessions = self.sessions.set_index("session_id").loc[:, ["programme", "place", "dates"]]
        table = placements.join(roster, on="cadre_id").join(sessions, on="session_id")
        seats = list(zip(table["rules"].tolist(), table["fixed"].tolist(), strict=True))
        reasons = {(rules, is_fixed): self.reason(rules, is_fixed=is_fixed) for rules, is_fixed in set(seats)}
        return table.assign(
            unit=table["unit_id"].map(self.unit_names).fillna(table["unit_id"]),
            reason=[reasons[seat] for seat in seats],
            start=table["start_date"].dt.strftime("%Y-%m-%d"),
            end=table["end_date"].dt.strftime("%Y-%m-%d"),
        )

    @cached_property
    def rule_titles(self) -> dict[str, str]:
        """Title of every rule in the reader's language, built-in rules of the auditor included."""
        return {verdict.rule_id: self.texts.title(verdict) for verdict in self.audit.verdicts}

    def clause_title(self, rule_id: str) -> str:
        """A rule as the reader knows it: the number of its clause, where it has one, and its title."""
        title, clause = self.rule_titles.get(rule_id, rule_id), self._clauses.get(rule_id, "")
        return f"{clause} {title}" if clause else title

    def reason(self, rules: str, *, is_fixed: bool = False) -> str:
        """Clauses and titles of the rules a seat serves, the most particular first; ``plan.csv`` has all of them.

        A rule with call-ups and forbidden pairs speaks of the people it names, so it is a reason for fixed seats only.
        """
        served = [rule for rule in str(rules).split(";") if rule and (is_fixed or rule not in self._of_the_named)]
        served.sort(key=self._particular)
        titles = [self.clause_title(rule) for rule in served]
        more = [self.texts("dispatch.more", count=len(titles) - REASONS)] if len(titles) > REASONS else []
        return self.texts.join(titles[:REASONS] + more)

    def _particular(self, rule_id: str) -> int:
        """Place of a rule among those that say why this person has this seat; behind all others what is no rule of the policy."""
        return self._ranks.get(rule_id, RuleKind.reason_rank)

    @cached_property
    def _of_the_named(self) -> set[str]:
        rules = self.inputs.policy.rules
        return {rule.id for rule in rules if isinstance(rule, Fixed) and not rule.everyone}

    @cached_property
    def _clauses(self) -> dict[str, str]:
        return {verdict.rule_id: verdict.clause for verdict in self.audit.verdicts}

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {rule.id: rule.reason_rank for rule in self.inputs.policy.rules}
