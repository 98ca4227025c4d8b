"""The checked tables, the policy and the scenario: what the rest of the program is allowed to believe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from allocator.domain.change import ChangeCosts
from allocator.domain.errors import UnknownRuleError
from allocator.domain.filters import Filter
from allocator.domain.rules import GOALS, Goal, Rule, Share
from allocator.language.message import Message

ColumnType = Literal["id", "text", "list", "date", "integer", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of an input table: its type, whether it must be there, and the value of an empty cell."""

    name: str
    type: ColumnType
    required: bool = False
    default: str | int | float | bool | None = None
    least: float | None = None  # smallest value allowed, for numbers
    name_zh: str = ""


TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "units": (
            Column("unit_id", "id", True, name_zh="单位编号"),
            Column("name", "text", True, name_zh="单位名称"),
            Column("name_en", "text", default="", name_zh="英文名称"),
            Column("kind", "text", True, name_zh="单位类型"),
            Column("parent_unit_id", "id", default="", name_zh="上级单位编号"),
            Column("authority", "text", default="", name_zh="管理机关"),
            Column("tags", "list", default="", name_zh="标签"),
        ),
        "cadres": (
            Column("cadre_id", "id", True, name_zh="人员编号"),
            Column("name", "text", True, name_zh="姓名"),
            Column("unit_id", "id", True, name_zh="单位编号"),
            Column("team_id", "id", default="", name_zh="班子编号"),
            Column("category", "text", True, name_zh="人员类别"),
            Column("post", "text", default="", name_zh="职务"),
            Column("rank", "text", True, name_zh="职级"),
            Column("principal", "flag", default=False, name_zh="主要负责人"),
            Column("appointed_on", "date", name_zh="任职日期"),
            Column("birth_year", "integer", least=1900, name_zh="出生年份"),
            Column("gender", "text", default="", name_zh="性别"),
            Column("ethnic_minority", "flag", default=False, name_zh="少数民族"),
            Column("party_member", "flag", default=True, name_zh="中共党员"),
            Column("tags", "list", default="", name_zh="标签"),
            Column("headcount", "integer", default=1, least=1, name_zh="人数"),
        ),
        "history": (
            Column("cadre_id", "id", True, name_zh="人员编号"),
            Column("programme_id", "id", default="", name_zh="项目编号"),
            Column("start_date", "date", True, name_zh="开始日期"),
            Column("end_date", "date", True, name_zh="结束日期"),
            Column("days", "number", True, least=0, name_zh="天数"),
            Column("hours", "number", least=0, name_zh="学时"),
            Column("content", "list", default="", name_zh="内容"),
            Column("host_group", "text", default="", name_zh="承办机构类别"),
            Column("online", "flag", default=False, name_zh="网络培训"),
        ),
        "programmes": (
            Column("programme_id", "id", True, name_zh="项目编号"),
            Column("name", "text", True, name_zh="项目名称"),
            Column("name_en", "text", default="", name_zh="英文名称"),
            Column("host_id", "id", True, name_zh="承办机构编号"),
            Column("host_group", "text", True, name_zh="承办机构类别"),
            Column("content", "list", True, name_zh="内容"),
            Column("level", "text", default="", name_zh="层级"),
            Column("days", "number", True, least=0, name_zh="天数"),
            Column("hours", "number", least=0, name_zh="学时"),
            Column("online", "flag", default=False, name_zh="网络培训"),
            Column("theory_hours", "number", default=0.0, least=0, name_zh="理论学时"),
            Column("party_spirit_hours", "number", default=0.0, least=0, name_zh="党性学时"),
            Column("leader_lecture_hours", "number", default=0.0, least=0, name_zh="领导授课学时"),
            Column("interactive_hours", "number", default=0.0, least=0, name_zh="互动教学学时"),
            Column("party_analysis", "flag", default=False, name_zh="党性分析"),
            Column("serves_unit_id", "id", default="", name_zh="面向单位编号"),
        ),
        "sessions": (
            Column("session_id", "id", True, name_zh="班次编号"),
            Column("programme_id", "id", True, name_zh="项目编号"),
            Column("year", "integer", True, least=1900, name_zh="年度"),
            Column("start_date", "date", True, name_zh="开始日期"),
            Column("end_date", "date", True, name_zh="结束日期"),
            Column("min_seats", "integer", default=0, least=0, name_zh="最少人数"),
            Column("seats", "integer", True, least=1, name_zh="名额"),
            Column("segments", "text", default="", name_zh="分段"),
        ),
    }
)
"""The input contract. ``serves_unit_id``: only cadres of that unit, or of units below it, may attend; empty: all.

``segments`` lists the separate parts of one session as ``2019-03-04/2019-03-08@HOST;2019-05-06/2019-05-10``.
"""

SHEETS: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "events": (
            Column("event_id", "id", True, name_zh="事件编号"),
            Column("date", "date", True, name_zh="日期"),
            Column("kind", "text", True, name_zh="类型"),
            Column("cadre_id", "id", default="", name_zh="人员编号"),
            Column("session_id", "id", default="", name_zh="班次编号"),
            Column("unit_id", "id", default="", name_zh="单位编号"),
            Column("value", "text", default="", name_zh="值"),
            Column("reason", "text", True, name_zh="原因"),
            Column("clause", "text", default="", name_zh="依据"),
            Column("by", "text", default="", name_zh="提出人"),
        ),
        "attendance": (
            Column("session_id", "id", True, name_zh="班次编号"),
            Column("cadre_id", "id", True, name_zh="人员编号"),
            Column("present", "flag", True, name_zh="到班"),
            Column("leave_days", "number", default=0.0, least=0, name_zh="请假天数"),
            Column("hours", "number", least=0, name_zh="学时"),
            Column("completed", "flag", name_zh="结业"),
            Column("remark", "text", default="", name_zh="备注"),
        ),
    }
)
"""Sheets that are filled in after a plan was published; no scenario names them. ``value`` is what the kind of event needs."""

EVERY_TABLE: Mapping[str, tuple[Column, ...]] = MappingProxyType({**SHEETS, **TABLES})
"""Everything that is read as a table."""


class Parameters(BaseModel):
    """Figures of the policy that several rules share."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    hours_per_day: Annotated[float, Field(gt=0, le=24)] = (
        7.5  # class hours in one day of class, where hours are not stated
    )
    observer_days: Annotated[float, Field(gt=0)] | None = None  # a session this long gives one seat to an observer
    leave_share: Share = Fraction(1, 7)  # of the days of a session; who is away longer has not completed it


class Policy(BaseModel):
    """The document as data: its rules, in the order of the document."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str
    title: str
    title_zh: str
    source: str = ""
    parameters: Parameters = Parameters()
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id.

        Raises
        ------
        UnknownRuleError
            If there is none; a ``KeyError`` that names the nearest.
        """
        if rule_id not in self._by_id:
            raise UnknownRuleError(rule_id, self._by_id)
        return self._by_id[rule_id]

    def __repr__(self) -> str:
        return f"<Policy: {self.id}, {len(self.rules)} rules>"

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}


RAISED: frozenset[Goal] = frozenset({"priority"})
"""The goals that are the better the greater they are; of all others less is better."""


def _limits(raised: bool) -> BeforeValidator:
    known = [goal for goal in GOALS if (goal in RAISED) is raised]

    def check(value: object) -> object:
        for goal in value if isinstance(value, Mapping) else ():
            if goal not in known:
                raise ValueError(Message("defect.limit-of-goal", goal=goal, known=tuple(known)))
        return value

    return BeforeValidator(check)


class Limits(BaseModel):
    """When to stop, and how bad a goal may become for the sake of those ranked before it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    gap: Annotated[float, Field(ge=0)] = 0.001  # good enough, relative, for every goal
    seconds: Annotated[float, Field(gt=0)] | None = None  # wall-clock limit; none: work limits only, reproducible
    workers: Annotated[int, Field(ge=1, le=1024)] = 2  # processes; the plan does not depend on it
    # Limits of goals stand before every goal; where one cannot be kept the plan comes as near to it as it can.
    at_most: Annotated[Mapping[Goal, Annotated[int, Field(ge=0)]], _limits(raised=False)] | None = None
    at_least: Annotated[Mapping[Goal, Annotated[int, Field(ge=0)]], _limits(raised=True)] | None = None


class SessionChange(BaseModel):
    """Sessions that a scenario cancels, moves to later days, or leaves with fewer or more seats.

    It speaks of the sessions of the programmes with at least one day from ``from_date`` to ``to_date``, both inclusive, and
    where ``sessions`` are named of these only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    title: str = ""
    title_zh: str = ""
    programmes: Filter = Filter()  # over the programmes
    sessions: tuple[str, ...] = ()  # ids of sessions; all when empty
    from_date: date | None = None
    to_date: date | None = None
    cancel: bool = False  # not held, and not made up
    shift_days: Annotated[int, Field(ge=0)] = 0  # made up so many days later, and on by weeks while days are closed
    seats_share: Share | None = None  # part of the seats that is left, rounded down
    seats_more: int | None = None  # seats added to each session; below 0: taken away

    @model_validator(mode="after")
    def _says_what_and_when(self) -> SessionChange:
        if sum((self.cancel, self.shift_days > 0, self.seats_share is not None, self.seats_more is not None)) != 1:
            raise ValueError(Message("defect.change-without-action"))
        is_dated = self.from_date is not None and self.to_date is not None
        if (self.cancel or self.shift_days) and not (is_dated or self.sessions):
            raise ValueError(Message("defect.change-without-dates"))
        if self.from_date is not None and self.to_date is not None and self.to_date < self.from_date:
            raise ValueError(Message("defect.period-order", start=self.from_date, end=self.to_date))
        return self

    def __hash__(self) -> int:
        return hash(repr(self))


class Scenario(BaseModel):
    """One run: which policy, which tables, which years, which order of goals."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str
    title: str = ""
    title_zh: str = ""
    horizon: tuple[int, ...]  # plan years, consecutive
    goals: tuple[Goal, ...] = GOALS
    seed: str = "allocator"  # published seed of the tie-break
    limits: Limits = Limits()
    session_changes: tuple[SessionChange, ...] = ()
    change: ChangeCosts = ChangeCosts()


@dataclass(frozen=True, repr=False)
class Inputs:
    """Everything read, checked across files and put into one order, so that row order never matters.

    All tables have a ``RangeIndex``, every column of ``TABLES`` (defaults filled in), the user's extra columns behind
    them, and are sorted by their ids. Flags are ``bool``, dates ``datetime64``, ids and texts ``str`` (empty, never
    missing), integers ``int64`` (``birth_year``: nullable ``Int64``), numbers ``float64`` and filled in (hours from days).
    """

    scenario: Scenario
    policy: Policy
    units: pd.DataFrame
    cadres: pd.DataFrame
    history: pd.DataFrame  # plus ``year`` of the start date; content and host_group from the programme when blank
    programmes: pd.DataFrame
    sessions: pd.DataFrame  # plus ``usable_seats``: seats less the observer's
    segments: pd.DataFrame  # session_id, start_date, end_date, host_id: the days a session really takes
    merged: Mapping[str, object] = field(default_factory=dict)  # the merged scenario, as written to scenario.toml
    origins: Mapping[str, str] = field(default_factory=dict)  # dotted key of the merged scenario -> file it came from
    files: Mapping[str, Path] = field(default_factory=dict)  # role -> file read
    hashes: Mapping[str, str] = field(default_factory=dict)  # file -> sha256 of its bytes
    notes: tuple[str, ...] = ()  # what was trimmed or assumed while reading
    source: object = field(default=None, repr=False, compare=False)  # what ``inputs.changed`` reads the scenario from

    def __repr__(self) -> str:
        tables = ", ".join(f"{len(getattr(self, name)):,} {name}" for name in TABLES)
        return (
            f"<Inputs: {self.scenario.id} {self.years[0]}–{self.years[-1]}, {len(self.policy.rules)} rules, {tables}>"
        )

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return self.scenario.horizon

    @cached_property
    def roster(self) -> pd.DataFrame:
        """The cadres joined with their units, row by row as ``cadres``.

        Adds ``unit_name``, ``unit_kind``, ``unit_tags``, ``authority``, ``parent_unit_id`` and ``prefecture_id`` (the unit
        itself or the unit above it of kind ``prefecture``, empty when there is none). Audiences are filters on this table.
        An empty ``authority`` is inherited from the unit above.
        """
        units = self.units.set_index("unit_id")
        kind, own_authority = units["kind"].to_dict(), units["authority"].to_dict()
        prefecture, authority = {}, {}
        for unit_id, line in self.lines.items():
            prefecture[unit_id] = next((u for u in line if kind[u] == "prefecture"), "")
            authority[unit_id] = next((own_authority[u] for u in line if own_authority[u]), "")
        own = self.cadres["unit_id"]
        return self.cadres.assign(
            unit_name=own.map(units["name"]),
            unit_kind=own.map(units["kind"]),
            unit_tags=own.map(units["tags"]),
            authority=own.map(authority),
            parent_unit_id=own.map(units["parent_unit_id"]),
            prefecture_id=own.map(prefecture),
        )

    @cached_property
    def lines(self) -> dict[str, tuple[str, ...]]:
        """Each unit with the units above it, nearest first, the unit itself at the head."""
        parent = dict(zip(self.units["unit_id"], self.units["parent_unit_id"], strict=True))
        lines = {}
        for unit_id in parent:
            line, above = [unit_id], parent[unit_id]
            while above and above not in line:
                line.append(above)
                above = parent[above]
            lines[unit_id] = tuple(line)
        return lines

    def audience(self, wanted: Filter) -> np.ndarray:
        """Which cadres a filter holds for, as a boolean array of shape (cadres,); the caller's own to change."""
        key = repr(wanted)
        if key not in self._audiences:  # Many rules speak about the same people, and every stage asks again.
            self._audiences[key] = wanted.mask(self.roster)
        return self._audiences[key].copy()

    @cached_property
    def cadre_position(self) -> dict[str, int]:
        """Row of each cadre's id in ``cadres``."""
        return dict(zip(self._cadre_ids.tolist(), range(len(self.cadres)), strict=True))

    def positions(self, cadre_ids: pd.Series) -> np.ndarray:
        """Rows of cadres in ``cadres``, in the order of their ids; -1 for one that is not there."""
        wanted: pd.Index[str] = pd.Index(cadre_ids.to_numpy(object), dtype=object)
        return np.asarray(self._cadre_ids.get_indexer(wanted), dtype=np.int64)

    @cached_property
    def _cadre_ids(self) -> pd.Index[str]:
        found: pd.Index[str] = pd.Index(self.cadres["cadre_id"].to_numpy(object), dtype=object)
        return found

    def coded(self, column: str) -> tuple[np.ndarray, tuple[str, ...]]:
        """Position of each cadre's text in a roster column among its texts in their order, -1 for an empty one; and the texts."""
        if column not in self._coded:  # Sorting a million texts costs more than all that uses their positions.
            code, found = pd.factorize(self.roster[column], use_na_sentinel=False)
            texts = np.asarray(found.astype(str), dtype=object)
            names = sorted(set(texts.tolist()) - {""})
            place = {text: k for k, text in enumerate(names)}
            of = np.array([place.get(text, -1) for text in texts.tolist()], dtype=np.int64)
            self._coded[column] = of[code], tuple(names)
        return self._coded[column]

    @cached_property
    def _coded(self) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
        return {}

    @cached_property
    def _audiences(self) -> dict[str, np.ndarray]:
        return {}

    def counting(self, wanted: Filter) -> np.ndarray:
        """Which programmes a filter holds for, as a boolean array of shape (programmes,); the caller's own to change."""
        key = repr(wanted)
        if key not in self._countings:
            self._countings[key] = wanted.mask(self.programmes)
        return self._countings[key].copy()

    @cached_property
    def _countings(self) -> dict[str, np.ndarray]:
        return {}
