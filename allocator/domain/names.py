"""What things are called in a sentence: columns and tables by their headings, programmes and groups by name with their id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from allocator.domain.tables import EVERY_TABLE, SHEETS, TABLES, Inputs
from allocator.language.message import Message, value

_COLUMNS: Mapping[str, str] = MappingProxyType(
    {column.name: column.name_zh for columns in EVERY_TABLE.values() for column in columns if column.name != "name"}
)
_OF_SHEET: Mapping[tuple[str, str], str] = MappingProxyType(
    {(sheet, column.name): column.name_zh for sheet, columns in SHEETS.items() for column in columns}
)
_NAMES: Mapping[str, str] = MappingProxyType(
    {table: column.name_zh for table, columns in TABLES.items() for column in columns if column.name == "name"}
)


def heading(name: str, table: str = "") -> str:
    """A column as people know it: in Chinese its heading, with the English name in brackets for who works with CSV.

    Examples
    --------
    >>> heading("rank").said("zh"), str(heading("rank")), heading("name", "units").said("zh"), heading("seniority")
    ('职级（rank）', 'rank', '单位名称（name）', 'seniority')
    """
    chinese = _OF_SHEET.get((table, name)) or (_NAMES.get(table) if name == "name" else _COLUMNS.get(name))
    return Message("word.heading", zh=chinese, en=name) if chinese else name


@dataclass(frozen=True)
class Called:
    """Names of what the tables hold, each a text that can be said in both languages."""

    inputs: Inputs

    def programme(self, programme_id: str) -> str:
        """A programme by name, with its id."""
        return _named(programme_id, *self._programmes.get(programme_id, ("", "")))

    def programmes(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Programmes by name, with their ids."""
        return tuple(map(self.programme, ids))

    def group(self, group_by: str, key: str) -> str:
        """A group of people alike in a roster column: a team or unit by name and id, another value by its name."""
        unit_id = self._homes.get(key, "") if group_by == "team_id" else key
        if unit_id in self._units:
            return _named(key, *self._units[unit_id])
        above = key.rpartition("-")[2]
        if group_by == "authority" and above in self._units:  # Of one prefecture: prefecture-<unit id>.
            chinese, english = self._units[above]
            return Message("word.name", zh=chinese, en=english or chinese)
        return value(group_by, key)

    @cached_property
    def _programmes(self) -> dict[str, tuple[str, str]]:
        table = self.inputs.programmes
        return dict(zip(table["programme_id"], zip(table["name"], table["name_en"], strict=True), strict=True))

    @cached_property
    def _units(self) -> dict[str, tuple[str, str]]:
        table = self.inputs.units
        return dict(zip(table["unit_id"], zip(table["name"], table["name_en"], strict=True), strict=True))

    @cached_property
    def _homes(self) -> dict[str, str]:
        """The unit that most people of each team belong to."""
        members = self.inputs.cadres.loc[self.inputs.cadres["team_id"] != ""]
        counts = members.groupby(["team_id", "unit_id"])["headcount"].sum().reset_index()
        homes = counts.sort_values(["team_id", "headcount", "unit_id"], ascending=[True, False, True])
        first = homes.drop_duplicates("team_id")
        return dict(zip(first["team_id"], first["unit_id"], strict=True))


def _named(key: str, chinese: str, english: str) -> str:
    if not chinese or chinese == key:
        return key
    return Message("word.called", zh=chinese, en=english or chinese, id=key)
