"""What can be checked within one table: doubled ids, dates in order, seats, segments."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from allocator.inputs.defects import Findings
from allocator.inputs.tables.cells import DATE_TYPE, BadCellError, Table, read_date
from allocator.inputs.tables.headings import table_name
from allocator.language.message import Message, listing

IDS: Mapping[str, str] = MappingProxyType(
    {"units": "unit_id", "cadres": "cadre_id", "programmes": "programme_id", "sessions": "session_id"}
)
"""The column whose values name the rows of a table, each once."""

ORDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "units": ("unit_id",),
        "cadres": ("cadre_id",),
        "history": ("cadre_id", "start_date", "end_date", "programme_id", "days", "hours", "content", "host_group"),
        "programmes": ("programme_id",),
        "sessions": ("session_id",),
    }
)
"""The one order each table is put into."""

DEEPEST_UNIT = 30
"""Levels of units above each other; the state has five."""


def check_table(table: Table, findings: Findings) -> None:
    """Everything that one table says wrong of itself."""
    if not len(table.frame) and table.name != "history":
        findings.defect(
            table.file, 2, "", Message("defect.no-rows", table=table_name(table.name)), hint=Message("hint.add-row"), code="no-rows",
        )  # fmt: skip
    if table.name in IDS:
        _refuse_doubled(table, IDS[table.name], findings)
    if table.name in CHECKS:
        CHECKS[table.name](table, findings)


def _refuse_doubled(table: Table, column: str, findings: Findings) -> None:
    ids = table.frame[column]
    doubled = ids.duplicated(keep="first") & (ids != "")
    if not doubled.any():
        return
    first = dict(zip(ids[::-1], table.rows[::-1], strict=True))
    for position in table.where(doubled):
        value = ids.iat[position]
        findings.defect(
            table.file, table.row(position), column,
            Message("defect.doubled-id", value=value, row=int(first[value])),
            hint=Message("hint.own-id"), code="doubled-id",
        )  # fmt: skip


def _check_units(table: Table, findings: Findings) -> None:
    units = table.frame
    parent = dict(zip(units["unit_id"], units["parent_unit_id"], strict=True))
    rows = dict(zip(units["unit_id"], table.rows, strict=True))
    depth: dict[str, int] = {}
    for start in parent:
        line: dict[str, None] = {}  # In order, and looked up at once.
        here = start
        while here in parent and here not in depth and here not in line:
            line[here] = None
            here = parent[here]
        if here in line:
            _refuse_circle(table, [*line][[*line].index(here) :], rows, findings)
        above = depth.get(here, 0)
        depth.update({unit: above + len(line) - i for i, unit in enumerate(line)})
    if depth and max(depth.values()) > DEEPEST_UNIT:
        deep = [unit for unit, levels in depth.items() if levels > DEEPEST_UNIT]
        first = min(deep, key=lambda unit: int(rows[unit]))
        findings.defect(
            table.file, rows[first], "parent_unit_id",
            Message("defect.units-deep", levels=max(depth.values()), most=DEEPEST_UNIT, count=len(deep)),
            hint=Message("hint.parent"), code="unit-cycle",
        )  # fmt: skip


def _refuse_circle(table: Table, circle: list[str], rows: Mapping[str, int], findings: Findings) -> None:
    least = min(range(len(circle)), key=circle.__getitem__)
    circle = [*circle[least:], *circle[:least]]
    findings.defect(
        table.file, rows[circle[0]], "parent_unit_id",
        Message("defect.unit-cycle", circle=" → ".join([*circle, circle[0]])),
        hint=Message("hint.parent"), code="unit-cycle",
    )  # fmt: skip


def _check_cadres(table: Table, findings: Findings) -> None:
    cadres = table.frame
    members = cadres[(cadres["team_id"] != "") & (cadres["unit_id"] != "")]
    counts = members.groupby(["team_id", "unit_id"]).size()
    several = counts.groupby(level="team_id").transform("size") > 1
    for team in sorted(set(counts[several].index.get_level_values("team_id"))):
        by_unit = counts[team]
        usual = sorted(by_unit.index, key=lambda unit: (-by_unit[unit], unit))[0]
        others = members[(members["team_id"] == team) & (members["unit_id"] != usual)]
        for position, unit in others["unit_id"].items():
            findings.defect(
                table.file, table.row(position), "team_id",
                Message("defect.team-of-two-units", team=team, unit=unit, count=int(by_unit[usual]), usual=usual),
                hint=Message("hint.team-unit"), code="team-of-two-units",
            )  # fmt: skip


def _refuse_ends_before_start(table: Table, findings: Findings) -> None:
    frame = table.frame
    for position in table.where(frame["end_date"] < frame["start_date"]):
        start, end = (f"{frame[c].iat[position]:%Y-%m-%d}" for c in ("start_date", "end_date"))
        findings.defect(
            table.file, table.row(position), "end_date", Message("defect.ends-before-start", end=end, start=start),
            hint=Message("hint.one-of-two-dates"), code="ends-before-start",
        )  # fmt: skip


def _check_sessions(table: Table, findings: Findings) -> None:
    _refuse_ends_before_start(table, findings)
    sessions = table.frame
    start_year = sessions["start_date"].dt.year
    for position in table.where(start_year.notna() & (sessions["year"] != 0) & (start_year != sessions["year"])):
        findings.defect(
            table.file, table.row(position), "year",
            Message(
                "defect.wrong-year", year=sessions["year"].iat[position], start=start_year.iat[position]
            ), hint=Message("hint.session-year"), code="wrong-year",
        )  # fmt: skip
    # A seat count of 0 here stands for a cell that already has its own defect.
    for position in table.where((sessions["min_seats"] > sessions["seats"]) & (sessions["seats"] > 0)):
        findings.defect(
            table.file, table.row(position), "min_seats",
            Message(
                "defect.min-above-seats", least=sessions["min_seats"].iat[position],
                seats=sessions["seats"].iat[position],
            ), hint=Message("hint.session-size"), code="min-above-seats",
        )  # fmt: skip


CHECKS: Mapping[str, Callable[[Table, Findings], None]] = MappingProxyType(
    {
        "units": _check_units,
        "cadres": _check_cadres,
        "history": _refuse_ends_before_start,
        "sessions": _check_sessions,
    }
)
"""Checks beyond doubled ids, by table."""

SEGMENT = re.compile(r"([^/@]+)/([^/@]+)(?:@([^/@]+))?")


def read_segments(table: Table, hosts: Mapping[str, str], findings: Findings) -> pd.DataFrame:
    """The days each session really takes: columns session_id, start_date, end_date, host_id; sorted.

    Parameters
    ----------
    hosts
        Host of each session's programme, for segments that name none.
    """
    sessions = table.frame
    parts: list[tuple[str, pd.Timestamp, pd.Timestamp, str]] = []
    records = zip(
        sessions["session_id"], sessions["programme_id"], sessions["start_date"], sessions["end_date"],
        sessions["segments"], strict=True,
    )  # fmt: skip
    for position, (session_id, programme_id, start, end, text) in enumerate(records):
        own_host = hosts.get(programme_id, "")
        spans = [(start, end, own_host)]
        if text:
            try:
                spans = _spans(text, start, end, own_host)
            except BadCellError as problem:
                findings.defect(
                    table.file, table.row(position), "segments", problem.message, hint=problem.hint, code=problem.code
                )
        parts += [(session_id, *span) for span in spans]
    names = ("session_id", "start_date", "end_date", "host_id")
    types = ("str", DATE_TYPE, DATE_TYPE, "str")
    columns = zip(*parts, strict=True) if parts else ([], [], [], [])
    frame = pd.DataFrame({name: pd.Series(list(c), dtype=t) for name, t, c in zip(names, types, columns, strict=True)})
    return frame.sort_values(["session_id", "start_date"], kind="stable").reset_index(drop=True)


def _spans(
    text: str, start: pd.Timestamp, end: pd.Timestamp, host: str
) -> list[tuple[pd.Timestamp, pd.Timestamp, str]]:
    hint = Message("hint.segments")
    spans = []
    for part in filter(None, map(str.strip, text.split(";"))):
        found = SEGMENT.fullmatch(part)
        if found is None:
            raise BadCellError(Message("defect.not-a-segment", part=part), hint, "bad-segments")
        try:
            first, last = (pd.Timestamp(read_date(found[i].strip())) for i in (1, 2))
        except BadCellError as problem:
            message = Message("defect.segment-date", part=part, problem=problem.message)
            raise BadCellError(message, problem.hint, "bad-segments") from None
        if last < first:
            message = Message("defect.segment-order", part=part)
            raise BadCellError(message, Message("hint.correct-dates"), "bad-segments")
        if first < start or last > end:
            raise BadCellError(
                Message("defect.segment-outside", part=part, start=f"{start:%Y-%m-%d}", end=f"{end:%Y-%m-%d}"),
                Message("hint.segment-span"), "bad-segments",
            )  # fmt: skip
        spans.append((first, last, (found[3] or host).strip()))
    if not spans:
        raise BadCellError(Message("defect.no-segments", text=text), hint, "bad-segments")
    spans.sort(key=lambda span: span[0])
    touching = [listing(f"{s:%Y-%m-%d}" for s in (a[0], b[0])) for a, b in itertools.pairwise(spans) if b[0] <= a[1]]
    if touching:
        message = Message("defect.segments-overlap", starts=touching[0])
        raise BadCellError(message, Message("hint.correct-their-dates"), "bad-segments")
    return spans
