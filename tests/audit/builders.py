"""Small inputs and plans from short tables, for the tests of the auditor."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pandas as pd

from allocator.domain.plan import Plan, ordered
from allocator.domain.tables import TABLES, Inputs, Policy, Scenario

YEARS = (2019, 2020, 2021, 2022)


@cache
def table(name: str, text: str) -> pd.DataFrame:
    """A table of the contract from lines of ``|``-separated cells; absent columns get their default."""
    cells = [[cell.strip() for cell in line.split("|")] for line in io.StringIO(text) if line.strip()]
    header, rows = (cells[0], cells[1:]) if cells else ([], [])
    read = pd.DataFrame(rows, columns=header, dtype=str)
    made = pd.DataFrame(index=read.index)
    for column in TABLES[name]:
        default = "" if column.default is None else str(column.default)
        values = read[column.name] if column.name in read else pd.Series(default, index=read.index, dtype=str)
        values = values.where(values != "", default)
        if column.type == "flag":
            made[column.name] = values.str.lower() == "true"
        elif column.type == "date":
            made[column.name] = pd.to_datetime(values.where(values != "", None)).astype("datetime64[ns]")
        elif column.name == "birth_year":
            made[column.name] = pd.to_numeric(values.where(values != "", None)).astype("Int64")
        elif column.type == "integer":
            made[column.name] = values.astype(np.int64)
        elif column.type == "number":
            made[column.name] = values.where(values != "", "nan").astype(np.float64)
        else:
            made[column.name] = values.astype(str)
    return made.sort_values(list(made.columns[:1]), kind="stable").reset_index(drop=True)


UNITS = """
unit_id | name | kind       | parent_unit_id | authority | tags
prov    | 省   | province   |                | provincial |
north   | 北市 | prefecture | prov           | provincial |
south   | 南市 | prefecture | prov           | provincial |
n1      | 北县 | county     | north          | a-north    | poor
s1      | 南县 | county     | south          | a-south    |
"""

CADRES = """
cadre_id | name | unit_id | team_id | category | post      | rank | gender | headcount
a        | 甲   | n1      | n-team  | head     | secretary | 正处 | female | 1
b        | 乙   | n1      | n-team  | head     | mayor     | 正处 | male   | 1
c        | 丙   | n1      | n-team  | deputy   | member    | 副处 | male   | 1
d        | 丁   | s1      | s-team  | head     | secretary | 正处 | male   | 1
e        | 戊   | s1      | s-team  | deputy   | member    | 副处 | female | 1
g        | 村   | s1      |         | village  |           | 村   |        | 5
"""

PROGRAMMES = """
programme_id | name | host_id | host_group | content             | days | hours | online | theory_hours | party_analysis
theory       | 理论 | school  | party-school | theory             | 10   | 75    | false  | 60           | true
spirit       | 党性 | academy | academy      | party-spirit       | 5    | 37.5  | false  | 20           | false
both         | 双   | school  | party-school | theory;party-spirit | 30  | 225   | false  | 90           | true
short        | 短   | inst    | institution  | professional       | 2    | 15    | false  | 0            | false
"""

SESSIONS = """
session_id | programme_id | year | start_date | end_date   | min_seats | seats | segments
t19        | theory       | 2019 | 2019-03-04 | 2019-03-13 | 0         | 9     |
t19b       | theory       | 2019 | 2019-09-02 | 2019-09-11 | 0         | 9     |
t20        | theory       | 2020 | 2020-03-02 | 2020-03-11 | 0         | 9     |
t21        | theory       | 2021 | 2021-03-01 | 2021-03-10 | 0         | 9     |
t22        | theory       | 2022 | 2022-03-07 | 2022-03-16 | 0         | 9     |
p19        | spirit       | 2019 | 2019-05-06 | 2019-05-10 | 0         | 9     |
p20        | spirit       | 2020 | 2020-05-11 | 2020-05-15 | 0         | 9     |
b19        | both         | 2019 | 2019-10-07 | 2019-11-05 | 2         | 3     |
b21        | both         | 2021 | 2021-10-11 | 2021-11-09 | 0         | 9     |
s19        | short        | 2019 | 2019-03-13 | 2019-03-14 | 0         | 9     |
"""

HISTORY = "cadre_id | programme_id | start_date | end_date | days | hours | content | host_group | online"

ADMIT_ALL = {"id": "admit", "kind": "eligibility", "title": "All", "title_zh": "全部"}


def rule(kind: str, **fields: object) -> dict[str, object]:
    """A rule of the kind with the id ``judged`` unless told otherwise."""
    return {"id": "judged", "kind": kind, "title": "Judged", "title_zh": "所判", **fields}


def inputs(
    *rules: dict[str, object],
    years: tuple[int, ...] = YEARS,
    units: str = UNITS,
    cadres: str = CADRES,
    programmes: str = PROGRAMMES,
    sessions: str = SESSIONS,
    history: str = HISTORY,
    parameters: dict[str, object] | None = None,
    admit_all: bool = True,
) -> Inputs:
    """Checked inputs in which everybody may attend everything, unless ``admit_all`` is false."""
    policy = Policy(
        id="p",
        title="Policy",
        title_zh="规划",
        parameters=parameters or {},
        rules=(*([ADMIT_ALL] if admit_all else []), *rules),
    )
    held = table("sessions", sessions)
    listed = table("programmes", programmes)
    past = table("history", history)
    hosts = held["programme_id"].map(listed.set_index("programme_id")["host_id"])
    parts = []
    for row, host in zip(held.itertuples(), hosts, strict=True):
        for part in row.segments.split(";") if row.segments else [f"{row.start_date:%Y-%m-%d}/{row.end_date:%Y-%m-%d}"]:
            dates, _, where = part.partition("@")
            first, _, last = dates.partition("/")
            parts.append((row.session_id, pd.Timestamp(first), pd.Timestamp(last), where or host))
    segments = pd.DataFrame(parts, columns=["session_id", "start_date", "end_date", "host_id"])
    return Inputs(
        scenario=Scenario(id="s", horizon=years),
        policy=policy,
        units=table("units", units),
        cadres=table("cadres", cadres),
        history=past.assign(year=past["start_date"].dt.year.astype(np.int64)),
        programmes=listed,
        sessions=held.assign(usable_seats=held["seats"]),
        segments=segments.astype({"session_id": "str", "host_id": "str"}),
    )


def plan(given: Inputs, text: str) -> Plan:
    """A plan from words like ``a@t19`` or ``g@t19*3``; everything else from the inputs."""
    rows = []
    sessions = given.sessions.merge(given.programmes[["programme_id", "days", "hours"]], on="programme_id")
    sessions = sessions.set_index("session_id")
    cadres = given.cadres.set_index("cadre_id")
    for word in text.split():
        cadre, _, session = word.partition("@")
        session, _, seats = session.partition("*")
        held, own = sessions.loc[session], cadres.loc[cadre]
        rows.append(
            {
                "year": held["year"], "session_id": session, "programme_id": held["programme_id"], "cadre_id": cadre,
                "unit_id": own["unit_id"], "team_id": own["team_id"], "headcount": int(seats or 1),
                "start_date": held["start_date"], "end_date": held["end_date"], "days": held["days"],
                "hours": held["hours"], "fixed": False, "rules": "",
            }
        )  # fmt: skip
    types = {
        "year": "int64", "session_id": "str", "programme_id": "str", "cadre_id": "str", "unit_id": "str",
        "team_id": "str", "headcount": "int64", "start_date": "datetime64[ns]", "end_date": "datetime64[ns]",
        "days": "float64", "hours": "float64", "fixed": "bool", "rules": "str",
    }  # fmt: skip
    return ordered(pd.DataFrame(rows, columns=list(types)).astype(types))
