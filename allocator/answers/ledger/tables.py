"""The tables of the ledger: people, teams, groups of the share floors, and a line for each clause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.answers.ledger.debts import Debt
from allocator.audit import MEASURES
from allocator.audit.records import NEVER, Records
from allocator.checks.open_seats import Openings
from allocator.domain.plan import COLUMNS, Plan
from allocator.domain.tables import Inputs


def heads(rows: pd.DataFrame) -> int:
    """Distinct people behind rows of the ledger; a group counts with its headcount."""
    return int(rows.drop_duplicates("cadre_id")["headcount"].sum())


def no_plan() -> Plan:
    """A plan that sends nobody."""
    types = {"year": "int64", "headcount": "int64", "days": "float64", "hours": "float64", "fixed": "bool"}
    types |= dict.fromkeys(("start_date", "end_date"), "datetime64[ns]")
    return Plan(pd.DataFrame({column: pd.Series(dtype=types.get(column, "str")) for column in COLUMNS}))


def open_to(debt: Debt, openings: Openings) -> np.ndarray:
    """Whether each of the debt's people may attend a class that settles it until the latest year."""
    years = np.array(openings.instance.years)
    able = openings.counting(debt.programmes, debt.cadre).any(axis=2)
    return np.asarray((able & (years <= debt.latest[:, None])).any(axis=1))


def people(owed: list[tuple[Debt, np.ndarray]], records: Records) -> pd.DataFrame:
    """See ``Ledger.people``; each debt comes with whether a class that settles it is open to its people."""
    parts = [_rows(debt, is_open, records.years[0]) for debt, is_open in owed if len(debt.cadre)]
    columns = ["cadre", "rule_id", "clause", "title", "title_zh", "kind", "strength", "content", "done", "owed", "unit_of",
               "latest", "must", "open"]  # fmt: skip
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    row = table.pop("cadre").to_numpy(dtype=np.int64)
    roster = records.inputs.roster.iloc[row].reset_index(drop=True)
    who = roster[["cadre_id", "name", "unit_id", "unit_name", "team_id", "headcount"]].rename(
        columns={"unit_name": "unit"}
    )
    english = dict(zip(records.inputs.units["unit_id"], records.inputs.units["name_en"], strict=True))
    who.insert(4, "unit_en", who["unit_id"].map(english).fillna("").astype("str"))
    ordered = pd.concat([who, table], axis=1).assign(place=np.arange(len(table)))
    ordered = ordered.sort_values(["cadre_id", "place"], kind="stable").drop(columns="place")
    return ordered.astype({"must": bool, "open": bool}).reset_index(drop=True)


def is_due(debt: Debt, first: int) -> np.ndarray:
    """Whether each of the debt's people must go in the first year under a rule that leaves no choice."""
    rule = debt.rule
    must = rule.must_go == "always" or (rule.must_go == "hard" and rule.strength == "hard")
    return np.asarray((debt.latest == first) & must)


def _rows(debt: Debt, is_open: np.ndarray, first: int) -> pd.DataFrame:
    rule = debt.rule
    done = debt.done.astype(np.float64)
    return pd.DataFrame(
        {
            "cadre": debt.cadre,
            "rule_id": rule.id,
            "clause": rule.clause,
            "title": rule.title,
            "title_zh": rule.title_zh,
            "kind": rule.kind,
            "strength": rule.strength,
            "content": debt.content,
            "done": np.where(done == NEVER, np.nan, done),
            "owed": debt.owed,
            "unit_of": debt.unit,
            "latest": debt.latest,
            "must": is_due(debt, first),
            "open": is_open,
        }
    )


def teams(owed: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """See ``Ledger.teams``; ``owed`` are the rows of ``people``."""
    roster = inputs.roster[inputs.roster["team_id"] != ""]
    unit = roster.drop_duplicates("team_id").set_index("team_id")["unit_name"]
    table = roster.groupby("team_id").agg(members=("headcount", "sum"))
    table.insert(0, "unit", unit)
    own = owed[owed["team_id"] != ""]
    table["owing"] = own.groupby("team_id")["cadre_id"].nunique()
    table["must"] = own[own["must"]].groupby("team_id")["cadre_id"].nunique()
    table["hours"] = own[own["unit_of"] == "hours"].groupby("team_id")["owed"].sum()
    table = table.fillna({"owing": 0, "must": 0, "hours": 0})
    # Half hours are owed too where a record has them.
    return table.astype({"owing": "int64", "must": "int64", "hours": "float64"}).reset_index()


def floors(openings: Openings, records: Records) -> pd.DataFrame:
    """Every group of every share floor in every year, with the members for whom a class is held."""
    parts = []
    for rule in records.inputs.policy.rules:
        if not rule.asks_each_group() or rule.strength == "report":
            continue
        groups = records.groups(records.audience(rule.audience), rule.grouped_by)
        rows = np.flatnonzero(groups.of >= 0)
        programmes = openings.instance.counting(rule.programmes, getattr(rule, "least_days", 0))
        # Without a plan the auditor judges every group by what it must.
        asked = {(row.year, row.scope): row for row in MEASURES[type(rule)](rule, records).scopes}
        is_of_people = all(row.unit == "people" for row in asked.values())
        classes = openings.counting(programmes, rows)
        able = (classes.any(axis=2) if is_of_people else classes.sum(axis=2)) * records.headcount[rows][:, None]
        for year in records.years_of(rule):
            required = np.array([asked[year, label].required for label in groups.labels], dtype=np.int64)
            of_year = able[:, records.years.index(year)]
            count = np.bincount(groups.of[rows], weights=of_year, minlength=len(groups.labels)).astype(np.int64)
            figures = {"size": groups.sizes, "required": required, "able": count}
            head = {"rule_id": rule.id, "clause": rule.clause, "title": rule.title, "title_zh": rule.title_zh}
            short = np.maximum(0, required - count)
            of = {"group_by": rule.grouped_by, "group": groups.labels, "year": year}
            parts.append(pd.DataFrame({**of, **figures, "short": short}).assign(**head))
    columns = [
        "rule_id",
        "clause",
        "title",
        "title_zh",
        "group_by",
        "group",
        "year",
        "size",
        "required",
        "able",
        "short",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def clauses(owed: pd.DataFrame, records: Records) -> pd.DataFrame:
    """See ``Ledger.clauses``; ``owed`` are the rows of ``people``."""
    rows = []
    for rule in records.inputs.policy.rules:
        own = owed[owed["rule_id"] == rule.id]
        if own.empty:
            continue
        must = own[own["must"]]
        asked = records.people(records.audience(rule.audience))
        rows.append((
            rule.id, rule.clause, rule.title, rule.title_zh, rule.strength, asked, heads(own),
            heads(must), heads(must[~must["open"]]), own["owed"].sum(), own["unit_of"].iat[0],
        ))  # fmt: skip
    columns = [
        "rule_id",
        "clause",
        "title",
        "title_zh",
        "strength",
        "people",
        "owing",
        "must",
        "shut_out",
        "owed",
        "unit_of",
    ]
    return pd.DataFrame(rows, columns=columns)
