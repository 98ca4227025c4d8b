"""Every figure of the report on two disorderly plans of the made-up office, as it was when somebody looked it over.

python tests/audit/test_golden.py    # writes golden.txt again; look over what changed
"""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

if __name__ == "__main__":  # As the package `audit`, in which pytest sees this file.
    sys.path.insert(0, str(Path(__file__).parent.parent))
    __package__ = "audit"

from allocator.audit import audit, read_plan
from allocator.domain.tables import Inputs
from tests.audit.breaches import CADRES, HISTORY, RULES, SESSIONS
from tests.audit.builders import inputs, rule

GOLDEN = Path(__file__).with_name("golden.txt")
SEEDS = (1, 2)
PROGRAMMES = """
programme_id | name | host_id | host_group | content             | days | hours | online | theory_hours | party_analysis | serves_unit_id
theory       | 理论 | school  | party-school | theory             | 10   | 75    | false  | 60           | true  |
spirit       | 党性 | academy | academy      | party-spirit       | 5    | 37.5  | false  | 20           | false |
both         | 双   | school  | party-school | theory;party-spirit | 30  | 225   | false  | 90           | true  | north
short        | 短   | inst    | institution  | professional       | 2    | 15    | false  | 0            | false |
web          | 网   | net     | online       | theory             | 3    | 22.5  | true   | 22           | false |
"""
MORE_SESSIONS = (
    "\n".join(f"{line} |" for line in SESSIONS.strip().splitlines())
    + """
w20        | web          | 2020 | 2020-03-11 | 2020-03-13 | 0         | 3     |
b20        | both         | 2020 | 2020-09-01 | 2020-11-30 | 3         | 4     | 2020-09-01/2020-09-15;2020-11-16/2020-11-30@academy
t22        | theory       | 2022 | 2022-03-07 | 2022-03-16 | 2         | 2     |
"""
)
MORE_SESSIONS = MORE_SESSIONS.replace("seats |\n", "seats | segments\n", 1)
PAST = f"""{HISTORY}
x2 | theory | 2018-03-05 | 2018-03-14 | 10 | 75 | theory | party-school | false
y4 | theory | 2017-03-06 | 2017-03-15 | 10 | 75 | theory | party-school | false
y1 | spirit | 2018-05-07 | 2018-05-11 | 5  | 37 | party-spirit | academy | false
x4 |        | 2018-12-20 | 2019-01-10 | 20 | 150 | party-spirit;theory | party-school | false
x3 |        | 2019-03-10 | 2019-03-14 | 5  | 30 | professional | institution | false
x5 | web    | 2019-06-01 | 2019-06-03 | 3  | 22.5 | theory | online | true
x6 | short  | 2016-06-01 | 2016-06-02 | 2  | 15 | professional | institution | false
"""
MORE_RULES = (
    rule("quota", id="told", amount=3, strength="report", programmes={"programme_id": ["theory"]}),
    rule("quota", id="soft", amount=5, strength="soft", band_share="1/4", years=[2020, 2021], admits=False),
    rule("share-floor", id="units", share="2/7", group_by="unit_id", least_days=5, strength="soft", goal="fairness"),
    rule("coverage", id="once", window_years=1, least_days=3, strength="soft", goal="owed", years=[2019, 2021]),
    rule("interval", id="contents", contents=["theory", "party-spirit"], every_years=2, least_days=5, strength="soft", goal="owed"),
    rule("make-up", id="overdue", contents=["theory", "party-spirit"], after_years=2, programmes={"days": {"min": 4}}),
    rule("make-up", id="anything", contents=["professional"], after_years=3, years=[2020, 2021]),
    rule("cumulative", id="credit", hours=170, days=20, from_year=2018, to_year=2020, credit_hours=11, strength="soft"),
    rule("cumulative", id="days", days=7, per_year=True, audience={"team_id": ["x"]}, strength="soft", goal="owed"),
    rule("waiting", id="waiting", least_days=3, cap_years=4, audience={"team_id": ["x", "y"]}),
    rule("priority", id="points", weight=2, weight_by_year={"2020": 5}, audience={"gender": ["female"]}, years=[2019, 2020]),
    rule("apportion", id="tolerant", group_by="team_id", amount=5, tolerance=1, least=1, most=3, programmes={"days": {"min": 5}}),
    rule("representation", id="roster", audience={"gender": ["female"]}, strength="soft"),
    rule("representation", id="told-share", audience={"category": ["head"]}, share="3/8"),
    rule("curriculum", id="lessons", columns=["theory_hours"], share="0.5", least_days=3),
    rule("curriculum", id="length", days_min=3, days_max=10),
    rule("curriculum", id="analysis", requires="party_analysis", programmes={"days": {"min": 10}}),
    rule("away-limit", id="load", share="2/5", group_by="unit_id", host_month_share="1/2", strength="report", years=[2019, 2020]),
    rule("away-limit", id="closed", blocked=[{"from_date": "2019-03-10", "to_date": "2019-03-13"}, {"from_date": "2020-11-20", "to_date": "2020-11-20"}], audience={"team_id": ["x", "y"]}),
    rule("spacing", id="all", rest_days=5, same_programme_years=3, classes_per_year=2, long_days=20, long_years=3, years=[2019, 2020]),
    rule("fixed", id="all-fixed", call_ups=[{"cadre_id": "w", "session_id": "s19"}, {"cadre_id": "x1", "session_id": "t19a"}], forbidden=[{"cadre_id": "x1", "session_id": "t19b"}, {"cadre_id": "y1", "year": 2020}, {"cadre_id": "x2"}], unavailable=[{"cadre_id": "x3", "from_date": "2020-09-15", "to_date": "2020-11-16"}, {"cadre_id": "g", "from_date": "2020-06-02", "to_date": "2020-06-02"}]),
    rule("report", id="r-people", measure="people", amount=4, programmes={"days": {"min": 5}}),
    rule("report", id="r-rate", measure="rate", unit="percent", amount=40, years=[2019, 2021]),
    rule("report", id="r-hours", measure="hours-per-head", audience={"team_id": ["x"]}),
    rule("report", id="r-online", measure="online-hours-per-head", amount=3),
    rule("report", id="r-sessions", measure="sessions", audience={"team_id": ["y"]}),
    rule("report", id="r-peak", measure="away-peak", amount=1, audience={"category": ["head", "deputy", "village"]}),
    rule("report", id="r-date", measure="deadline", amount=2021),
    rule("report", id="r-none", measure="deadline"),
    rule("report", id="r-text", measure="document", amount=2, unit="sessions"),
)  # fmt: skip


@cache
def office() -> Inputs:
    """The office with more of everything: online and divided classes, one behind the plan years, soft and reported rules."""
    return inputs(
        *RULES, *MORE_RULES, years=(2019, 2020, 2021), cadres=CADRES, sessions=MORE_SESSIONS, programmes=PROGRAMMES,
        history=PAST, admit_all=False,
    )  # fmt: skip


def disorderly(seed: int) -> pd.DataFrame:
    """A plan drawn at random, with rows written twice, false cells and ids that nobody knows."""
    draw, given = random.Random(seed), office()
    cadres, sessions = given.cadres["cadre_id"].tolist(), given.sessions["session_id"].tolist()
    rows = [
        (cadre, session, draw.randrange(1, 7) if cadre == "g" else 1)
        for cadre in cadres
        for session in sorted(draw.sample(sessions, draw.randrange(7)))
    ]
    rows += [draw.choice(rows), ("ghost", "t19a", 1), ("x1", "nowhere", 1), ("y2", "p21", 2)]
    table = pd.DataFrame(rows, columns=["cadre_id", "session_id", "headcount"])
    table[["year", "hours", "unit_id", "team_id", "start_date", "fixed", "rules"]] = ""
    for column, text in (
        ("year", "2020"), ("hours", "75"), ("unit_id", "n1"), ("team_id", "x"), ("start_date", "2019-03-04"), ("fixed", "是"),
        ("fixed", "否"), ("rules", "told"), ("rules", "soft;once"),
    ):  # fmt: skip
        for at in draw.sample(range(len(table)), 4):
            table.loc[at, column] = text
    return table


def written(seed: int) -> str:
    """All that the report says, as text."""
    report = audit(read_plan(disorderly(seed), office()), office())
    parts = {
        "goals": pd.Series(dict(report.goals)), "table": report.table, "rules": report.rules.drop(columns=["title", "title_zh"]),
        "scopes": report.scopes, "overdue": report.overdue, "owed": report.owed, "differences": report.differences,
        "warnings": pd.Series([*report.warnings, *report.warnings_zh]),
    }  # fmt: skip
    return "".join(f"== {seed} {name}\n{part.to_csv(float_format='%.6g')}" for name, part in parts.items())


@pytest.mark.parametrize("seed", SEEDS)
def test_report_on_a_disorderly_plan_is_as_it_was(seed: int) -> None:
    golden = GOLDEN.read_text(encoding="utf-8")
    begin = golden.index(f"== {seed} goals")
    end = golden.find(f"== {seed + 1} goals")
    assert written(seed).splitlines() == golden[begin : end if end >= 0 else None].splitlines()


if __name__ == "__main__":
    GOLDEN.write_text("".join(map(written, SEEDS)), encoding="utf-8", newline="\n")
