"""The whole ledger, as tables and in words: what everybody has done and still owes before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from allocator.answers.answer import InWorkbook
from allocator.answers.inputs_of import Given, inputs_of
from allocator.answers.ledger import tables
from allocator.answers.ledger.debts import debts
from allocator.answers.ledger.seated import without_seat
from allocator.audit.records import Records
from allocator.checks import Finding
from allocator.checks.check_all import check_rule
from allocator.checks.open_seats import Openings
from allocator.domain.names import Called
from allocator.domain.tables import Scenario
from allocator.engine.calendar.yearly_capacity import calendar
from allocator.model.instance import build


@dataclass(frozen=True, repr=False)
class Ledger(InWorkbook):
    """What is done and owed before any plan.

    Parameters
    ----------
    scenario, years
        Which scenario, and its plan years.
    people
        One row for each thing owed by the end of the plan: cadre_id, name, unit_id, unit, unit_en, team_id, headcount, rule_id, clause,
        title, title_zh, kind, strength, content, done (hours; the year of the last class elsewhere, missing: never), owed,
        unit_of (``hours`` or ``attendances``), latest (year), must (owed in the first plan year under a rule that leaves no choice),
        open (a class that the person may attend is held until then).
    teams
        team_id, unit, members, owing (members who owe something), must (members who must go in the first year), hours.
    floors
        rule_id, clause, title, title_zh, group_by (roster column), group, year, size, required, able (members with a class
        open to them that year), short (members missing).
    clauses
        rule_id, clause, title, title_zh, strength, people, owing, must, shut_out (must go, but no class is open), owed, unit_of.
    findings
        Share floors that the people and seats on offer cannot hold, as the counting checks say it.
    names
        What programmes and groups are called.
    unseated
        Of those who must go in the first year and have a class open to them, how many get no seat in any plan, at least.
    """

    views = "allocator.answers.ledger"

    scenario: Scenario
    years: tuple[int, ...]
    people: pd.DataFrame
    teams: pd.DataFrame
    floors: pd.DataFrame
    clauses: pd.DataFrame
    findings: tuple[Finding, ...]
    names: Called
    unseated: int = 0

    @property
    def forced(self) -> pd.DataFrame:
        """The rows of people who must go in the first year."""
        return self.people[self.people["must"]].reset_index(drop=True)

    def csv(self) -> bytes:
        """The rows of ``people`` as a CSV file, with ids and without names."""
        content: bytes = self.view("workbook").csv(self)
        return content


def ledger(scenario: Given) -> Ledger:
    """The ledger of a scenario, from the record alone; nothing is optimised.

    Parameters
    ----------
    scenario
        A scenario file, inputs already read, or a run of it.

    Raises
    ------
    InputError
        With every defect of every file.
    ModelError
        If a rule cannot be expressed.

    Examples
    --------
    >>> allocator.ledger("scenarios/tiny.toml").forced  # doctest: +SKIP
    """
    inputs = inputs_of(scenario)
    records = Records(tables.no_plan(), inputs)
    openings = Openings(build(inputs, calendar(inputs)))
    owed = [(debt, tables.open_to(debt, openings)) for rule in inputs.policy.rules for debt in debts(rule, records)]
    people = tables.people(owed, records)
    floors = [rule for rule in inputs.policy.rules if rule.asks_each_group() and rule.strength != "report"]
    found = tuple(one for rule in floors for one in check_rule(openings, rule))
    return Ledger(
        inputs.scenario, inputs.years, people, tables.teams(people, inputs), tables.floors(openings, records),
        tables.clauses(people, records), found, openings.names,
        without_seat((debt for debt, _ in owed), openings),
    )  # fmt: skip
