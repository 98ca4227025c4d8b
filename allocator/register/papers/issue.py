"""Issue: papers numbered, written into a folder, and entered into the register; all of it or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from allocator.language.message import Message
from allocator.outputs.units import Template
from allocator.outputs.units.calendars import calendar
from allocator.outputs.units.unit_record import TableSheet, UnitContent
from allocator.outputs.units.workbook import workbook
from allocator.register.papers.differences import Change
from allocator.register.papers.index import Paper, index
from allocator.register.papers.notices import call_up, change_notice, mark_line, marks
from allocator.register.papers.numbering import Numbering, by_unit
from allocator.register.papers.prepare import Needed
from allocator.register.papers.seat_table import seat_table
from allocator.register.papers.session_list import session_list
from allocator.register.papers.so_far import Pair, PaperKind
from allocator.register.register import Register
from allocator.system.atomic_folder import written_whole

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
        self.papers = Numbering(needs, self.texts).papers
        self._call_ups_of, self._changes_of = by_unit(needs.call_ups), by_unit(needs.changes)
        self._numbers = {(paper.kind, paper.unit_id, paper.session_id): paper.number for paper in self.papers}

    @property
    def first(self) -> int:
        """The number of the first paper."""
        return self.needs.so_far.next_number

    @property
    def issued(self) -> list[str]:
        """Sessions to which the papers call somebody."""
        called = [session for _, session in self.needs.call_ups]
        return sorted({*called, *(pair[1] for pair, change in self.needs.changes.items() if change.after)})

    @property
    def changes(self) -> dict[int, Change]:
        """What changed, by the number of the paper that tells it."""
        return {self._numbers[PaperKind.CHANGE, *pair]: change for pair, change in self.needs.changes.items()}

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
                case PaperKind.LIST:
                    made[str(paper.file)] = partial(self._list, paper)
                case _:
                    made[str(paper.file)] = partial(self._table, paper)
        return made

    def _marks(self, kind: PaperKind, pair: Pair) -> dict[str, str]:
        return marks(self._numbers[kind, *pair], self.needs.version, self.on, self.texts)

    def _mark_line(self, paper: Paper) -> str:
        return mark_line(paper.number, self.needs.version, self.on, self.texts)

    def _call_ups(self, unit: str) -> bytes:
        own = self._call_ups_of[unit]
        return self.templates.call_up.fill([call_up(call, self._marks(PaperKind.NOTICE, pair)) for pair, call in own])

    def _changes(self, unit: str) -> bytes:
        own = self._changes_of[unit]
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

    def _table(self, paper: Paper) -> bytes:
        return seat_table(self.needs.material, int(paper.session_id), self._mark_line(paper))

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
