"""The sheet of events to fill in: headings, drop-downs, and what each kind needs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter
from rich.cells import cell_len

from allocator.domain.tables import SHEETS
from allocator.inputs.tables.headings import REQUIRED_MARK, TITLES
from allocator.language.message import Language, Message
from allocator.register.events.kinds import CHINESE, NEEDS, kind_name
from allocator.register.records import EventKind

LAST_ROW = 2_000
"""Row down to which the drop-downs reach; rows below are read all the same."""

EXAMPLES = {
    EventKind.UNAVAILABLE: Message("event.example-span"),
    EventKind.JOIN: Message("event.example-person"),
    EventKind.PROMOTE: Message("event.example-post"),
    EventKind.MOVE_SESSION: Message("event.example-day"),
    EventKind.SEATS: Message("event.example-seats"),
    EventKind.CLOSE_HOST: Message("event.example-host"),
    EventKind.NEW_SESSION: Message("event.example-session"),
    EventKind.SUBSTITUTE: Message("event.example-substitute"),
    EventKind.REQUEST: Message("event.example-more"),
}
"""What the column ``value`` holds, by kind."""


def form(sessions: Sequence[str], lang: Language) -> bytes:
    """The workbook as bytes; equal arguments give equal bytes. ``sessions`` are offered in a drop-down."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(2000, 1, 1)})
    sheet = book.add_worksheet(TITLES["events"][0] if lang == "zh" else "events")
    kinds = book.add_worksheet(Message("event.sheet-kinds").said(lang))
    _sheet(book, sheet, kinds.get_name(), lang)
    _kinds(book, kinds, sessions, lang)
    book.close()
    return out.getvalue()


def _sheet(book: Any, sheet: Any, kinds: str, lang: Language) -> None:
    text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#D9E2F3"})
    needed = book.add_format({"bold": True, "border": 1, "bg_color": "#1F3864", "font_color": "white"})
    for at, column in enumerate(SHEETS["events"]):
        title = (column.name_zh if lang == "zh" else column.name) + (REQUIRED_MARK if column.required else "")
        width = 36 if column.name in ("value", "reason") else max(14, cell_len(title) + 3)
        sheet.set_column(at, at, width, day if column.type == "date" else text)
        sheet.write_string(0, at, title, needed if column.required else head)
        offered: dict[str, Any] | None = None
        if column.name == "kind":
            offered = {"validate": "list", "source": f"='{kinds}'!$A$2:$A${len(EventKind) + 1}"}
        elif column.name == "session_id":  # A new session has an id that no list knows.
            offered = {"validate": "list", "source": "=event_sessions", "show_error": False}
        elif column.type == "date":
            span = {"minimum": date(1900, 1, 1), "maximum": date(2200, 12, 31)}
            offered = {"validate": "date", "criteria": "between", **span}
        if offered:
            sheet.data_validation(1, at, LAST_ROW - 1, at, offered)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _kinds(book: Any, sheet: Any, sessions: Sequence[str], lang: Language) -> None:
    """What each kind needs, and the sessions that the drop-down offers."""
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#D9E2F3"})
    columns = {c.name: c.name_zh if lang == "zh" else c.name for c in SHEETS["events"]}
    titles = (
        Message("event.head-kind"),
        Message("event.head-needs"),
        Message("event.head-value"),
        Message("event.touch-session"),
    )
    for at, (title, width) in enumerate(zip(titles, (18, 36, 70, 20), strict=True)):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, title.said(lang), head)
    for row, kind in enumerate(CHINESE, start=1):
        sheet.write_string(row, 0, kind_name(kind).said(lang))
        sheet.write_string(row, 1, ("、" if lang == "zh" else ", ").join(columns[name] for name in NEEDS[kind]))
        if kind in EXAMPLES:
            sheet.write_string(row, 2, EXAMPLES[kind].said(lang))
    for row, session in enumerate(sessions, start=1):
        sheet.write_string(row, 3, session)
    book.define_name("event_sessions", f"='{sheet.get_name()}'!$D$2:$D${max(2, len(sessions) + 1)}")
