"""Issue: papers numbered, written into a folder, and entered into the register; all of it or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from allocator.language.message import Message
from allocator.outputs.units import CALENDAR, NOTICES, WORKBOOK, Call, Template, file_stems
from allocator.outputs.units.calendars import calendar
from allocator.outputs.units.unit_record import TableSheet, UnitContent
from allocator.outputs.units.workbook import workbook
from allocator.register.papers.differences import Change
from allocator.register.papers.index import Paper, index
from allocator.register.papers.notices import call_up, change_notice, mark_line, marks, told_of
from allocator.register.papers.prepare import Needed
from allocator.register.papers.session_list import session_list
from allocator.register.papers.so_far import NOTHING, Pair, PaperKind
from allocator.register.register import Register
from allocator.system.atomic_folder import written_whole

One = TypeVar("One", Call, Change)

RECORD = "issue.json"
"""The file by which a folder of papers is known; written last."""


@dataclass(frozen=True)
class Templates:
    """The letters of call-up and change notices."""

    call_up: Template
    change: Template


class Issue:
    """The papers that are needed, numbered; nothing is written yet."""

    def __init__(self, needs: Needed, templates: Templates, on: date) -> None:
        self.needs, self.templates, self.on = needs, templates, on
        self.texts = needs.material.texts
        self.first = needs.so_far.next_number
        pairs = {*needs.call_ups, *needs.changes}
        order = needs.material.unit_order
        units = {*needs.workbooks, *needs.calendars, *(unit for unit, _ in pairs)}
        self._units = sorted(units, key=lambda unit: (order.get(unit, len(order)), unit))
        self._stems = file_stems(self._units)
        self._session_stems = file_stems(needs.lists)
        self.papers = self._numbered()
        self._numbers = {(paper.kind, paper.unit_id, paper.session_id): paper.number for paper in self.papers}

    @property
    def issued(self) -> list[str]:
        """Sessions to which the papers call somebody."""
        called = [session for _, session in self.needs.call_ups]
        return sorted({*called, *(pair[1] for pair, change in self.needs.changes.items() if change.after)})

    @property
    def changes(self) -> dict[int, Change]:
        """What changed, by the number of the paper that tells it."""
        return {self._numbers[PaperKind.CHANGE, *pair]: change for pair, change in self.needs.changes.items()}

    # ------------------------------------------------------------------ numbering

    def _numbered(self) -> tuple[Paper, ...]:
        papers: list[Paper] = []

        def add(kind: PaperKind, pair: Pair, facts: str, file: str, subject: str = "", about: str = "") -> None:
            whom = self.needs.material.unit_names.get(pair[0], pair[0])
            number = self.first + len(papers)
            papers.append(Paper(number, kind, *pair, facts, PurePosixPath(file), whom, subject, about))

        for unit in self._units:
            stem = self._stems[unit]
            for pair, call in _of_unit(self.needs.call_ups, unit):
                about = Message(
                    "papers.about-notice", count=call.notice.fields["people"], dates=call.notice.fields["dates"]
                )
                add(
                    PaperKind.NOTICE, pair, call.facts, f"units/{stem}{NOTICES}", _subject(call), self.texts.said(about)
                )
            for pair, change in _of_unit(self.needs.changes, unit):
                facts = change.after.facts if change.after else NOTHING
                told = told_of(change, self.texts)
                add(PaperKind.CHANGE, pair, facts, f"changes/{stem}{NOTICES}", _subject(change.before), told)
            if unit in self.needs.calendars:
                events, facts = self.needs.calendars[unit]
                off = sum(event.is_cancelled for event in events)
                about = Message("papers.about-calendar", count=len(events) - off, off=off)
                add(PaperKind.CALENDAR, (unit, ""), facts, f"units/{stem}{CALENDAR}", about=self.texts.said(about))
            if unit in self.needs.workbooks:
                content, facts = self.needs.workbooks[unit]
                about = Message("papers.about-workbook", people=content.people, seats=content.seats)
                add(PaperKind.WORKBOOK, (unit, ""), facts, f"units/{stem}{WORKBOOK}", about=self.texts.said(about))
        for session, (calls, facts) in self.needs.lists.items():
            count = sum(sum(call.people.values()) for call in calls)
            about = Message("papers.about-list", count=count) if calls else Message("papers.about-empty-list")
            file = f"sessions/{self._session_stems[session]}{WORKBOOK}"
            add(PaperKind.LIST, ("", session), facts, file, self._programme(session), self.texts.said(about))
        return tuple(papers)

    def _programme(self, session: str) -> str:
        calls = [*self.needs.lists[session][0], *(c.before for p, c in self.needs.changes.items() if p[1] == session)]
        return _subject(calls[0]) if calls else ""

    # ------------------------------------------------------------------ files

    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """What makes each file."""
        made: dict[str, Callable[[], bytes]] = {}
        for paper in self.papers:
            match paper.kind:
                case PaperKind.NOTICE:
                    made[str(paper.file)] = partial(self._call_ups, paper.unit_id)
                case PaperKind.CHANGE:
                    made[str(paper.file)] = partial(self._changes, paper.unit_id)
                case PaperKind.CALENDAR:
                    made[str(paper.file)] = partial(self._calendar, paper)
                case PaperKind.WORKBOOK:
                    made[str(paper.file)] = partial(self._workbook, paper)
                case _:
                    made[str(paper.file)] = partial(self._list, paper)
        return made

    def _marks(self, kind: PaperKind, pair: Pair) -> dict[str, str]:
        return marks(self._numbers[kind, *pair], self.needs.version, self.on, self.texts)

    def _mark_line(self, paper: Paper) -> str:
        return mark_line(paper.number, self.needs.version, self.on, self.texts)

    def _call_ups(self, unit: str) -> bytes:
        own = _of_unit(self.needs.call_ups, unit)
        return self.templates.call_up.fill([call_up(call, self._marks(PaperKind.NOTICE, pair)) for pair, call in own])

    def _changes(self, unit: str) -> bytes:
        own = _of_unit(self.needs.changes, unit)
        notices = [change_notice(change, self._marks(PaperKind.CHANGE, pair), self.texts) for pair, change in own]
        return self.templates.change.fill(notices)

    def _calendar(self, paper: Paper) -> bytes:
        events, _ = self.needs.calendars[paper.unit_id]
        years = self.needs.material.inputs.years
        title = self.texts("units.title", unit=paper.whom, first=years[0], last=years[-1])
        content = UnitContent(paper.unit_id, paper.whom, "", title, 0, 0, (), events, ())
        return calendar(content, years[0], self.on, self._mark_line(paper))

    def _workbook(self, paper: Paper) -> bytes:
        content, _ = self.needs.workbooks[paper.unit_id]
        first, *rest = content.sheets
        marked: TableSheet = replace(first, lines=(*first.lines, self._mark_line(paper)))
        return workbook(replace(content, sheets=(marked, *rest)), self.texts("font"), self.texts("dispatch.footer"))

    def _list(self, paper: Paper) -> bytes:
        calls, _ = self.needs.lists[paper.session_id]
        title = self.texts.within(paper.subject, paper.session_id)
        own = calls[0].notice.fields if calls else {}
        told = [self._mark_line(paper), paper.about]
        told += [self.texts.said(Message("papers.list-when", dates=own["dates"], place=own["place"]))] if own else []
        told += [self.texts.said(Message("papers.list-note"))] if own else []
        return session_list(calls, title, told, self.texts)

    def _index(self) -> bytes:
        version = self.needs.version
        title = self.texts.said(Message("papers.index-title", version=version))
        day = marks(0, version, self.on, self.texts)["issued_on"]
        mark = Message("papers.index-note", day=day, count=len(self.papers), plan=self.needs.material.plan_hash[:12])
        return index(self.papers, self.changes, title, self.texts.said(mark), self.texts)

    # ------------------------------------------------------------------ writing

    def write(self, register: Register, folder: Path, *, by: str, why: str = "", units: Sequence[str] = ()) -> None:
        """Write the folder and enter the papers; when the register refuses, the folder goes again.

        Raises
        ------
        OutputError
            If the folder cannot be written or is there already.
        RegisterError
            If somebody has published or issued in the meantime.
        """
        with written_whole(folder, self.texts, force=False, mark=RECORD) as unfinished:
            for name, make in self.files().items():
                target = unfinished / name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(make())
            (unfinished / "index.xlsx").write_bytes(self._index())
            text = json.dumps(self.record(), ensure_ascii=False, indent=2) + "\n"
            (unfinished / RECORD).write_text(text, encoding="utf-8", newline="")
        rows = [
            {"kind": p.kind.value, "unit_id": p.unit_id, "session_id": p.session_id, "version": self.needs.version, "hash": p.facts}
            for p in self.papers
        ]  # fmt: skip
        try:
            register.add_papers(
                rows, self.issued, by=by, on=self.on, after=self.needs.version, why=why, first=self.first, units=units
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def record(self) -> dict[str, object]:
        """What was issued, without names."""
        papers = [
            {"number": p.number, "kind": p.kind.value, "unit_id": p.unit_id, "session_id": p.session_id, "file": str(p.file), "hash": p.facts}
            for p in self.papers
        ]  # fmt: skip
        plan = {"sha256": self.needs.material.plan_hash}
        return {"version": self.needs.version, "issued_on": self.on.isoformat(), "plan": plan, "papers": papers}


def _of_unit(pairs: Mapping[Pair, One], unit: str) -> list[tuple[Pair, One]]:
    return [(pair, one) for pair, one in pairs.items() if pair[0] == unit]


def _subject(call: Call) -> str:
    return call.notice.fields["programme"]
