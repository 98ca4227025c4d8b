"""The name list of sessions, ready to be filled in by the host."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import xlsxwriter
from rich.cells import cell_len

from allocator.domain.tables import SHEETS, Inputs
from allocator.inputs.tables.headings import REQUIRED_MARK, TITLES
from allocator.language.message import Language, Message

FILLED = ("present", "leave_days", "hours", "completed", "remark")
"""Columns that the host fills in."""
TOP = 2
"""Rows above the first person: the advice and the headings."""


def name_list(inputs: Inputs, seats: pd.DataFrame, lang: Language) -> bytes:
    """The workbook as bytes; equal arguments give equal bytes.

    Parameters
    ----------
    seats
        session_id and cadre_id of the seats to be filled in, in their order.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(2000, 1, 1)})
    sheet = book.add_worksheet(TITLES["attendance"][0] if lang == "zh" else "attendance")
    rows = _known(inputs, seats, lang)
    sheet.write_string(0, 0, Message("attendance.form-advice").said(lang), book.add_format({"font_color": "#595959"}))
    _headings(book, sheet, rows, lang)
    text = book.add_format({"num_format": "@", "border": 1, "border_color": "#BFBFBF"})
    empty = book.add_format({"border": 1, "border_color": "#BFBFBF", "align": "center"})
    for at, row in enumerate(rows, start=TOP):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell, text)
        for column in range(len(row), len(row) + len(FILLED)):
            sheet.write_blank(at, column, None, empty)
    if rows:
        _offers(sheet, len(rows), len(rows[0]), lang)
    sheet.freeze_panes(TOP, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(TOP - 1)
    sheet.set_footer("&R&P / &N")
    book.close()
    return out.getvalue()


def _known(inputs: Inputs, seats: pd.DataFrame, lang: Language) -> list[tuple[str, ...]]:
    """What stands in each row before the columns to fill in."""
    sessions = inputs.sessions.set_index("session_id")
    programmes = inputs.programmes.set_index("programme_id")
    people, units = inputs.cadres.set_index("cadre_id"), inputs.units.set_index("unit_id")
    rows: list[tuple[str, ...]] = []
    for session_id, cadre_id, unit_id in zip(seats["session_id"], seats["cadre_id"], seats["unit_id"], strict=True):
        session = sessions.loc[session_id]
        programme, unit = programmes.loc[session["programme_id"]], units.loc[unit_id]
        days = f"{session['start_date']:%Y-%m-%d}/{session['end_date']:%Y-%m-%d}"
        rows.append((
            session_id, _name(programme, lang), days, f"{programme['hours']:g}", cadre_id,
            str(people["name"].get(cadre_id, "")), _name(unit, lang),
        ))  # fmt: skip
    return rows


def _name(row: pd.Series, lang: Language) -> str:
    return str(row["name_en"] or row["name"]) if lang == "en" else str(row["name"])


def _headings(book: Any, sheet: Any, rows: Sequence[tuple[str, ...]], lang: Language) -> None:
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#D9E2F3", "text_wrap": True, "valign": "vcenter"})
    fill = book.add_format(
        {
            "bold": True,
            "border": 1,
            "bg_color": "#1F3864",
            "font_color": "white",
            "text_wrap": True,
            "valign": "vcenter",
        }
    )
    columns = {c.name: c.name_zh if lang == "zh" else c.name for c in SHEETS["attendance"]}
    titles = [
        columns["session_id"], Message("attendance.form-programme").said(lang), Message("attendance.form-days").said(lang),
        Message("attendance.form-hours").said(lang), columns["cadre_id"], Message("attendance.form-name").said(lang),
        Message("attendance.form-unit").said(lang),
    ]  # fmt: skip
    titles += [columns[name] + (REQUIRED_MARK if name == "present" else "") for name in FILLED]
    for at, title in enumerate(titles):
        own = [cell_len(row[at]) for row in rows] if at < len(titles) - len(FILLED) else []
        width = 24 if at == len(titles) - 1 else min(30, max([cell_len(title), *own]) + 3)
        sheet.set_column(at, at, width)
        sheet.write_string(TOP - 1, at, title, fill if at >= len(titles) - len(FILLED) else head)


def _offers(sheet: Any, count: int, before: int, lang: Language) -> None:
    """Drop-downs for yes and no, and numbers that are none below 0."""
    yes_no = {"validate": "list", "source": [Message("attendance.yes").said(lang), Message("attendance.no").said(lang)]}
    number = {"validate": "decimal", "criteria": ">=", "value": 0}
    for at, name in enumerate(FILLED, start=before):
        if name != "remark":
            offered = yes_no if name in ("present", "completed") else number
            sheet.data_validation(TOP, at, TOP + count - 1, at, offered)
