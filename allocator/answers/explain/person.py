"""One person of the roster: found by id, and seen alone with his or her own record and seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from allocator.answers.explain.swap_effect import Seat, is_personal, with_rules, with_seats
from allocator.answers.ledger.debts import debts
from allocator.audit import MEASURES, AuditReport, audit
from allocator.audit.finding import ALL
from allocator.audit.records import NEVER, Records
from allocator.domain.errors import Defect, InputError
from allocator.domain.plan import ordered
from allocator.domain.rules import AwayLimit, Coverage, Fixed, Goal, Interval, MakeUp, RuleKind
from allocator.domain.tables import Inputs
from allocator.inputs.defects import nearest
from allocator.language.message import Message, listing

ACCOUNT_COLUMNS = (
    "rule_id",
    "clause",
    "title",
    "title_zh",
    "kind",
    "strength",
    "content",
    "done",
    "owed",
    "unit_of",
    "latest",
    "settled",
)
_KEYS = ["rule_id", "content"]


@dataclass(frozen=True)
class Person:
    """Who somebody is."""

    cadre_id: str
    name: str
    unit_id: str
    unit: str
    unit_en: str
    team_id: str
    post: str
    headcount: int  # above 1: an unnamed group


def find(inputs: Inputs, cadre_id: str) -> Person:
    """The person of an id.

    Raises
    ------
    InputError
        If the roster has no such id, with the nearest one, or those whose name it is.
    """
    roster = inputs.roster
    own = roster[roster["cadre_id"] == cadre_id]
    if own.empty:
        raise InputError([_unknown(inputs, cadre_id)])
    row = own.iloc[0]
    columns = {"unit": "unit_name"} | {name: name for name in ("cadre_id", "name", "unit_id", "team_id", "post")}
    fields = {field: str(row[name]) for field, name in columns.items()}
    return Person(**fields, unit_en=english_of(inputs, fields["unit_id"]), headcount=int(row["headcount"]))


def english_of(inputs: Inputs, unit_id: str) -> str:
    """The English name of a unit, empty where it has none."""
    own = inputs.units.loc[inputs.units["unit_id"] == unit_id, "name_en"]
    return "" if own.empty else str(own.iloc[0])


def _unknown(inputs: Inputs, cadre_id: str) -> Defect:
    roster = inputs.roster
    called = roster.loc[roster["name"] == cadre_id, "cadre_id"]
    hint = Message("explain.of-that-name", ids=listing(called))
    if called.empty:
        near = nearest(cadre_id, roster["cadre_id"])
        hint = Message("hint.did-you-mean", near=near) if near else Message("explain.ids-of-roster")
    file = str(inputs.files.get("cadres", "cadres"))
    return Defect(file, 0, "cadre_id", Message("explain.unknown-cadre", cadre=cadre_id), hint, "unknown-cadre")


class Alone:
    """The world of one person: the rules of the policy, one row of the roster, one record."""

    def __init__(self, inputs: Inputs, placements: pd.DataFrame, cadre_id: str) -> None:
        def own(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["cadre_id"] == cadre_id].reset_index(drop=True)

        self.cadre_id = cadre_id
        self.seats = own(placements)
        whole = replace(inputs, cadres=own(inputs.cadres), history=own(inputs.history))
        rules = tuple(rule for rule in inputs.policy.rules if _concerns(rule, whole))
        self.inputs = with_rules(whole, rules)
        self._rules = {rule.id: rule for rule in rules}

    @cached_property
    def fixed(self) -> pd.DataFrame:
        """Seats that are settled by name."""
        return self.seats[self.seats["fixed"].astype(bool)].reset_index(drop=True)

    def report(self, seats: pd.DataFrame) -> AuditReport:
        """The auditor's judgement of the person with some seats."""
        return audit(ordered(seats), self.inputs)

    def goals(self, *, out: Sequence[Seat] = (), into: Sequence[Seat] = ()) -> dict[Goal, float]:
        """What the person adds to each goal by his or her own record, with the seats of the plan or with others.

        Points of priority count as they are, more is better there.
        """
        found: dict[Goal, float] = {}
        report = self.report(with_seats(self.inputs, self.seats, out=out, into=into))
        for verdict in report.verdicts:
            if is_personal(verdict, self._rules):
                for goal, amount in verdict.finding.goals.items():
                    found[goal] = found.get(goal, 0.0) + float(amount)
        return found

    def account(self, seats: pd.DataFrame) -> pd.DataFrame:
        """What is done and owed under each rule of the person's own with some seats, columns as ``ACCOUNT_COLUMNS``.

        ``done`` is the year of the last class that counts (missing: never), hours in a rule of hours; ``owed`` is in
        ``unit_of``, 0 when nothing is missing by the end of the plan. ``settled`` is the year after ``latest`` in which a class came too late
        (missing: none did).
        """
        records = Records(ordered(seats), self.inputs)
        rows: list[tuple[Any, ...]] = []
        for rule in self.inputs.policy.rules:
            if isinstance(rule, Coverage | Fixed):
                rows += self._counted(rule, records)
                continue
            head = (rule.id, rule.clause, rule.title, rule.title_zh, rule.kind, rule.strength)
            if isinstance(rule, Interval | MakeUp) and rule.strength != "report":
                rows += [(*head, *row) for row in _recurring(rule, records)]
                continue
            for debt in debts(rule, records):
                for done, owed, latest in zip(debt.done, debt.owed, debt.latest, strict=True):
                    since = np.nan if done == NEVER else float(done)
                    rows.append((*head, debt.content, since, float(owed), debt.unit, int(latest), np.nan))
        table = pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS))
        return table.astype({"done": "float64", "owed": "float64", "latest": "int64", "settled": "float64"})

    def _counted(self, rule: Coverage | Fixed, records: Records) -> Iterator[tuple[Any, ...]]:
        """What is missing in each span of a coverage, and of the seats settled by name, as the auditor counts it."""
        head = (rule.id, rule.clause, rule.title, rule.title_zh, rule.kind, rule.strength)
        for row in MEASURES[type(rule)](rule, records).rows:
            is_sum = row.scope == ALL
            if (
                row.shortfall
                and row.year is not None
                and is_sum == isinstance(rule, Coverage)
                and (row.required or 0) > 0
            ):
                content = "" if is_sum else row.scope.partition("@")[2]
                yield (*head, content, np.nan, float(row.shortfall), "attendances", row.year, np.nan)


def _recurring(rule: Interval | MakeUp, records: Records) -> Iterator[tuple[Any, ...]]:
    """Every time that a content of the rule is missed: from the first year missed until it is attended, if ever.

    The last four of ``ACCOUNT_COLUMNS`` and content and ``done`` before them.
    """
    years, held = np.array(records.years), set(records.years_of(rule))
    span = rule.every_years if isinstance(rule, Interval) else rule.after_years
    for person in records.named(records.audience(rule.audience)):
        for content in rule.contents or ("",):
            counting = records.counting(rule.programmes, content, getattr(rule, "least_days", 0.0))
            last = records.last_year(counting)[person]
            missed = last <= years - span
            late: int | None = None  # Place of the first year missed of the debt that is open.
            for place, year in enumerate(records.years):
                if late is not None and last[place] > last[late]:
                    yield _missed(content, last[late], 0.0, records.years[late], float(last[place]))
                    late = None
                if late is None and missed[place] and year in held:
                    late = place
            if late is not None:
                yield _missed(content, last[late], 1.0, records.years[late], np.nan)


def _missed(content: str, last: int, owed: float, latest: int, settled: float) -> tuple[Any, ...]:
    return content, np.nan if last == NEVER else float(last), owed, "attendances", int(latest), settled


def _concerns(rule: RuleKind, inputs: Inputs) -> bool:
    """Whether a rule may say something about the only person of these inputs, alone."""
    if rule.is_admitting:
        return True  # Whom a programme does not admit is known from all the rules that admit somebody.
    if rule.sort != "personal" and not isinstance(rule, AwayLimit):
        return False
    if isinstance(rule, Fixed) and not rule.everyone:
        own = inputs.cadres["cadre_id"].iloc[0]
        named = [item.cadre_id for items in (rule.call_ups, rule.forbidden, rule.unavailable) for item in items]
        return own in named
    return bool(inputs.audience(rule.audience).any())
