"""Names as people write them in spreadsheets: of columns and sheets, in both languages, whatever their spacing and width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from allocator.domain.tables import EVERY_TABLE
from allocator.language.message import Message

TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "units": ("单位", "单位表", "单位名册", "机构"),
        "cadres": ("干部", "人员", "干部表", "人员表", "干部名册", "人员名册", "花名册", "干部花名册", "名册"),
        "history": ("培训历史", "历史", "培训记录", "历史记录", "培训经历", "参训记录"),
        "programmes": ("培训项目", "项目", "项目表", "培训项目表"),
        "sessions": ("班次", "培训班次", "班次表", "班次计划", "办班计划"),
        "attendance": ("到班情况", "参训情况", "考勤", "考勤表", "到班", "名单", "学员名单", "names"),
        "events": ("变动", "变动表", "变动登记", "变动登记表", "事件"),
    }
)
"""What the sheet of a table may be called in Chinese; the first is the name that the template gives it."""

ALIASES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"attendance": MappingProxyType({"session": "session_id", "days of leave": "leave_days"})}
)
"""Headings of our own lists that go out to be filled in, where they are neither the name of a column nor its Chinese."""

RESULT_COLUMN: Mapping[str, str] = MappingProxyType({"zh": "检查结果（allocator）", "en": "Check result (allocator)"})
"""Heading of the column that ``check --annotate`` adds; such a column is never read as data."""

DEEPEST = 10
"""A header stands within so many rows; titles and remarks may be above it."""

REQUIRED_MARK = "*"

_MARKS = re.compile(r"\((必填|选填|required|optional)\)|[*:]|[\s_\-]")


def plain(text: str) -> str:
    """A heading without what does not tell it from others: case, spacing, full-width forms, marks of required columns.

    Examples
    --------
    >>> plain("　人员 编号＊"), plain("Cadre ID（required）"), plain("cadre_id")
    ('人员编号', 'cadreid', 'cadreid')
    """
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


_RESULTS = tuple(plain(heading) for heading in RESULT_COLUMN.values())
_SHEETS = {plain(title): name for name, titles in TITLES.items() for title in (name, *titles)}
_COLUMNS = {
    name: {plain(heading): column.name for column in columns for heading in (column.name, column.name_zh)}
    | {plain(heading): column for heading, column in ALIASES.get(name, {}).items()}
    for name, columns in EVERY_TABLE.items()
}


def table_name(name: str) -> Message:
    """A table as people know it: in Chinese by the title of its sheet, with the English name in brackets."""
    return Message("word.heading", zh=TITLES[name][0], en=name)


def is_result_column(heading: str) -> bool:
    """Whether a column holds the findings of an earlier check."""
    return plain(heading).startswith(_RESULTS)


def column_names(name: str, headings: Sequence[str]) -> list[str | None]:
    """The English column of each heading of a table; the heading itself where the column is the user's own.

    ``None`` stands for a heading without a name and for the column of an earlier check.
    """
    known = _COLUMNS[name]
    return [
        None if is_result_column(text) else known.get(plain(text), text.strip()) or None for text in headings
    ]  # fmt: skip


def header_position(name: str, rows: Sequence[Sequence[str]]) -> int:
    """Which of the first rows is the header: the first that names two columns of the table, else the first of all."""
    known = _COLUMNS[name]
    for position, cells in enumerate(rows[:DEEPEST]):
        if len({known[plain(text)] for text in cells if plain(text) in known}) >= 2:
            return position
    return 0


def sheets_of(name: str, titles: Sequence[str]) -> list[str]:
    """Those sheets of a workbook whose title says that they hold the table."""
    return [title for title in titles if _SHEETS.get(plain(title)) == name]
