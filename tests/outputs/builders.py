"""Invented runs for the tests of the outputs: as many counties as asked for, one team each, two programmes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.audit import AuditReport, audit
from allocator.domain.plan import Plan, ordered
from allocator.domain.result import GoalResult, SolveResult, SolveStatus
from allocator.domain.tables import TABLES, Inputs, Policy, Scenario

YEARS = (2019, 2020, 2021, 2022)


@dataclass(frozen=True)
class Run:
    """What every output is made from."""

    inputs: Inputs
    plan: Plan
    audit: AuditReport
    result: SolveResult

    @property
    def parts(self) -> tuple[Any, ...]:
        """The four in the order the outputs take them."""
        return self.inputs, self.plan, self.audit, self.result


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of the input contract, typed as ``Inputs`` says, defaults filled in."""
    columns = {}
    for column in TABLES[name]:
        values = [row.get(column.name, column.default) for row in rows]
        if column.type in ("id", "text", "list"):
            columns[column.name] = pd.Series(values, dtype="str")
        elif column.type == "date":
            columns[column.name] = pd.Series(pd.to_datetime(pd.Series(values, dtype="str")))
        elif column.type == "flag":
            columns[column.name] = pd.Series(values, dtype="bool")
        elif column.type == "integer":
            columns[column.name] = pd.Series(
                values, dtype="Int64" if column.default is None and not column.required else "int64"
            )
        else:
            columns[column.name] = pd.Series(values, dtype="float64")
    return pd.DataFrame(columns)


POLICY = {
    "id": "invented",
    "title": "Invented plan",
    "title_zh": "虚构培训规划",
    "rules": (
        {"id": "school", "kind": "quota", "clause": "四(一)(1)", "title": "School places", "title_zh": "党校名额",
         "amount": 4, "band_share": 0, "band_least": 0, "programmes": {"programme_id": "school"}},
        {"id": "floor", "kind": "quota", "clause": "四(一)(2)", "title": "At least two", "title_zh": "不少于两人",
         "amount": 2, "modality": "at-least", "programmes": {"programme_id": "base"}},
        {"id": "fifth", "kind": "share-floor", "clause": "三", "title": "One fifth of each team", "title_zh": "班子五分之一",
         "share": "1/5"},
        {"id": "young", "kind": "coverage", "clause": "四(六)", "title": "Young list", "title_zh": "年轻干部名单",
         "window_years": 4, "audience": {"tags": "young"}},
        {"id": "hours", "kind": "cumulative", "clause": "一(四)1", "title": "550 hours", "title_zh": "累计学时", "hours": 550},
        {"id": "rest", "kind": "spacing", "title": "Rest", "title_zh": "两班间隔", "rest_days": 60},
        {"id": "late", "kind": "make-up", "clause": "五", "title": "Make-up", "title_zh": "补训", "contents": ("theory",),
         "after_years": 5, "strength": "soft"},
        {"id": "nobody", "kind": "coverage", "title": "For nobody", "title_zh": "无人", "audience": {"category": "none"}},
    ),
}  # fmt: skip


def run(counties: int = 2, members: int = 5, without: Sequence[tuple[str, int]] = (), **replaced: Any) -> Run:
    """The run of these numbers, made once in each process and changed by nobody; see ``_made``."""
    try:
        return _once(counties, members, tuple(without), **replaced)
    except TypeError:  # Something put into the row cannot be a key.
        return _made(counties, members, without, **replaced)


def _made(counties: int, members: int, without: Sequence[tuple[str, int]], **replaced: Any) -> Run:
    """A run in which member ``y`` of every team goes to the school in plan year ``y`` (and a group to the base).

    ``without`` takes placements away again, as (session, number in the session). ``replaced`` puts values into the first cadre's row, such as a name that looks like a formula.
    """
    unit_ids = [f"0{410100 + n}" for n in range(counties)]
    units = table("units", [
        {"unit_id": "0410000", "name": "河南省", "name_en": "Henan", "kind": "province"},
        *({"unit_id": u, "name": f"第{n + 1}县", "name_en": f"County {n + 1}", "kind": "county", "parent_unit_id": "0410000"}
          for n, u in enumerate(unit_ids)),
        {"unit_id": "9", "name": "空单位", "kind": "county", "parent_unit_id": "0410000"},
    ])  # fmt: skip
    people = [
        {"cadre_id": f"00{n:05d}", "name": f"张{n}", "unit_id": u, "team_id": f"{u}-team", "category": "county-team",
         "post": "member", "rank": "副县处级", "principal": n % members == 0, "tags": "young" if n % members == 1 else ""}
        for n, u in enumerate(np.repeat(unit_ids, members))
    ]  # fmt: skip
    people[0].update(replaced)
    people.append(
        {
            "cadre_id": "G1",
            "name": "村书记",
            "unit_id": unit_ids[0],
            "category": "village-secretary",
            "rank": "",
            "headcount": 30,
        }
    )
    programmes = table("programmes", [
        {"programme_id": "school", "name": "党校主体班", "name_en": "Main class", "host_id": "省委党校", "host_group": "provincial-party-school",
         "content": "theory", "level": "provincial", "days": 30, "hours": 225},
        {"programme_id": "base", "name": "基地班", "host_id": "基地", "host_group": "bases", "content": "party-spirit", "level": "unit",
         "days": 5, "hours": 37.5},
    ])  # fmt: skip
    sessions = table("sessions", [
        {"session_id": f"{p}-{y}", "programme_id": p, "year": y, "start_date": f"{y}-{start}", "end_date": f"{y}-{end}",
         "min_seats": 1, "seats": max(40, counties)}
        for y in YEARS for p, start, end in (("school", "03-04", "04-02"), ("base", "09-02", "09-06"))
    ])  # fmt: skip
    sessions = sessions.assign(usable_seats=sessions["seats"])
    segments = sessions[["session_id", "start_date", "end_date"]].assign(
        host_id=sessions["programme_id"].map({"school": "省委党校", "base": "基地"})
    )
    inputs = Inputs(
        scenario=Scenario(id="invented", title="Invented", title_zh="虚构", horizon=YEARS, seed="seed"),
        policy=Policy.model_validate(POLICY),
        units=units,
        cadres=table("cadres", people),
        history=table("history", []).assign(year=pd.Series([], dtype="int64")),
        programmes=programmes,
        sessions=sessions,
        segments=segments,
        merged={
            "id": "invented",
            "horizon": YEARS,
            "limits": {"gap": 0.01, "seconds": None},
            "overrides": [{"rule": "school"}],
        },
        origins={"id": "invented.toml"},
        files={"cadres": Path("cadres.csv")},
        hashes={"cadres.csv": "0" * 64},
        notes=("one cell was trimmed",),
    )
    plan = _plan(people, members)
    number = plan.placements.groupby("session_id").cumcount()
    gone = [key in without for key in zip(plan.placements["session_id"], number, strict=True)]
    plan = Plan(plan.placements[~np.array(gone)].reset_index(drop=True))
    return Run(inputs, plan, audit(plan, inputs), RESULT)


_once = cache(_made)


def _plan(people: list[dict[str, Any]], members: int) -> Plan:
    rows = []
    for y, year in enumerate(YEARS):
        goers = [person for n, person in enumerate(people) if n % members == y or "headcount" in person]
        for person in goers:
            group = "headcount" in person
            rows.append({
                "year": year, "session_id": f"{'base' if group else 'school'}-{year}", "programme_id": "base" if group else "school",
                "cadre_id": person["cadre_id"], "unit_id": person["unit_id"], "team_id": person.get("team_id", ""),
                "headcount": 3 if group else 1,
                "start_date": pd.Timestamp(f"{year}-{'09-02' if group else '03-04'}"),
                "end_date": pd.Timestamp(f"{year}-{'09-06' if group else '04-02'}"),
                "days": 5.0 if group else 30.0, "hours": 37.5 if group else 225.0, "fixed": False,
                "rules": "floor" if group else "school;fifth",
            })  # fmt: skip
    return ordered(pd.DataFrame(rows))


RESULT = SolveResult(
    SolveStatus.WITHIN_GAP,
    (
        GoalResult("violation", "min", "people", 0.0, 0.0),
        GoalResult("quota-shortfall", "min", "seats", 100.0, 99.5),
        GoalResult("owed", "min", "hours", 1234.0, None),
        GoalResult("priority", "max", "points", None, None),
    ),
    seconds={"master": 1.25},
    messages=("session base-2020 could not be filled",),
)
