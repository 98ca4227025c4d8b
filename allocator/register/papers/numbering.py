"""The papers of one issue in the order in which they are numbered: unit by unit, then the lists of sessions and the seat tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TypeVar

from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.units import CALENDAR, NOTICES, WORKBOOK, Call, file_stems
from allocator.register.papers.differences import Change
from allocator.register.papers.index import Paper
from allocator.register.papers.notices import told_of
from allocator.register.papers.prepare import Needed
from allocator.register.papers.so_far import NOTHING, Pair, PaperKind

One = TypeVar("One", Call, Change)


class Numbering:
    """Gives every paper its number and its place in the folder."""

    def __init__(self, needs: Needed, texts: Texts) -> None:
        self._needs, self._texts = needs, texts
        self._made: list[Paper] = []
        order = needs.material.unit_order
        call_ups, changes = by_unit(needs.call_ups), by_unit(needs.changes)
        units = {*needs.workbooks, *needs.calendars, *call_ups, *changes}
        stems = file_stems(sorted(units))
        for unit in sorted(units, key=lambda one: (order.get(one, len(order)), one)):
            self._notices(call_ups.get(unit, []), f"units/{stems[unit]}{NOTICES}")
            self._changes(changes.get(unit, []), f"changes/{stems[unit]}{NOTICES}")
            self._files(unit, f"units/{stems[unit]}")
        self._lists()
        self._tables()
        self.papers = tuple(self._made)

    def _add(self, kind: PaperKind, pair: Pair, facts: str, file: str, about: Message | str, subject: str = "") -> None:
        whom = self._needs.material.unit_names.get(pair[0], pair[0])
        number = self._needs.so_far.next_number + len(self._made)
        told = self._texts.said(about)
        self._made.append(Paper(number, kind, *pair, facts, PurePosixPath(file), whom, subject, told))

    def _notices(self, calls: list[tuple[Pair, Call]], file: str) -> None:
        for pair, call in calls:
            own = call.notice.fields
            about = Message("papers.about-notice", count=own["people"], dates=own["dates"])
            self._add(PaperKind.NOTICE, pair, call.facts, file, about, own["programme"])

    def _changes(self, changes: list[tuple[Pair, Change]], file: str) -> None:
        for pair, change in changes:
            facts = change.after.facts if change.after else NOTHING
            programme = change.before.notice.fields["programme"]
            self._add(PaperKind.CHANGE, pair, facts, file, told_of(change, self._texts), programme)

    def _files(self, unit: str, stem: str) -> None:
        """Calendar and workbook of a unit."""
        if unit in self._needs.calendars:
            events, facts = self._needs.calendars[unit]
            off = sum(event.is_cancelled for event in events)
            about = Message("papers.about-calendar", count=len(events) - off, off=off)
            self._add(PaperKind.CALENDAR, (unit, ""), facts, f"{stem}{CALENDAR}", about)
        if unit in self._needs.workbooks:
            content, facts = self._needs.workbooks[unit]
            about = Message("papers.about-workbook", people=content.people, seats=content.seats)
            self._add(PaperKind.WORKBOOK, (unit, ""), facts, f"{stem}{WORKBOOK}", about)

    def _lists(self) -> None:
        stems = file_stems(self._needs.lists)
        dropped = {session: change.before for (_, session), change in self._needs.changes.items()}
        for session, (calls, facts) in self._needs.lists.items():
            seats = sum(sum(call.people.values()) for call in calls)
            about = Message("papers.about-list", count=seats) if calls else Message("papers.about-empty-list")
            known = calls[0] if calls else dropped.get(session)
            programme = known.notice.fields["programme"] if known else ""
            self._add(PaperKind.LIST, ("", session), facts, f"sessions/{stems[session]}{WORKBOOK}", about, programme)

    def _tables(self) -> None:
        placements = self._needs.material.plan.placements
        for year, facts in self._needs.tables.items():
            seats = int(placements["headcount"][placements["year"] == year].sum())
            about = Message("papers.about-table", year=str(year), count=seats)
            self._add(PaperKind.TABLE, ("", str(year)), facts, f"seats-{year}{WORKBOOK}", about)


def by_unit(pairs: Mapping[Pair, One]) -> dict[str, list[tuple[Pair, One]]]:
    """What is said of pairs of unit and session, unit by unit."""
    found: dict[str, list[tuple[Pair, One]]] = {}
    for pair, one in pairs.items():
        found.setdefault(pair[0], []).append((pair, one))
    return found
