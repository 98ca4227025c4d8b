"""The bulletin as a page that opens anywhere; it names units and nobody."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from allocator.language.message import Message
from allocator.outputs.page import bar_width, style_sheet
from allocator.register.bulletin.evaluation import Indicator
from allocator.register.bulletin.view import View


def page(view: View) -> str:
    """The whole page in the reader's language: no script, no connection to anywhere."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = resources.files(__package__).joinpath("page.html.jinja").read_text(encoding="utf-8")
    year = view.basis.period.year
    shown = [row for row in view.unit_rows if any(row[5:7])]  # Allotted, and in force.
    evaluated = [one for one in view.indicators if one.year in (year, None)]
    one, share = view.total, view.texts.percent
    cards = (
        (Message("bulletin.allotted"), view.texts.number(one.allotted)),
        (Message("bulletin.confirmed"), view.texts.number(one.confirmed)),
        (Message("bulletin.attended"), view.texts.number(one.attended)),
        (Message("bulletin.attendance"), share(one.attendance)),
        (Message("bulletin.use"), share(one.use)),
        (Message("bulletin.hours-per-head"), view.texts.number(one.hours_per_head)),
        (Message("bulletin.several"), view.texts.number(one.several)),
        (Message("bulletin.overdue"), view.texts.number(one.overdue)),
    )  # fmt: skip
    return environment.from_string(source).render(
        view=view,
        t=view.texts,
        without=view.say(Message("bulletin.without", count=len(view.unit_rows) - len(shown))) if len(shown) < len(view.unit_rows) else "",
        style=Markup(style_sheet()),
        cards=[(view.say(title), figure) for title, figure in cards],
        heads={name: view.say(text) for name, text in _heads(year).items()},
        units=[[_shown(view, cell, style) for cell, style in zip(row, view.UNIT_STYLES, strict=True)] for row in (view.total_row, *shown)],
        quotas=[_line(view, one) for one in view.quotas],
        evaluated=[_line(view, one) for one in evaluated],
    )  # fmt: skip


def _heads(year: int) -> dict[str, Message]:
    return {
        "units": Message("bulletin.sheet-units"), "units_note": Message("bulletin.units-note"),
        "quotas": Message("bulletin.sheet-quotas"), "quotas_note": Message("bulletin.quotas-note", year=str(year)),
        "evaluation_note": Message("bulletin.evaluation-note"), "bars": Message("bulletin.bars"), "words": Message("bulletin.words"),
    }  # fmt: skip


def _line(view: View, one: Indicator) -> dict[str, object]:
    """An indicator as the page shows it: figures as text, bars of planned and attended, and the colour of its verdict."""
    *cells, (said, status) = view.indicator_row(one)
    return {
        "cells": [_shown(view, cell, style) for cell, style in zip(cells, view.INDICATOR_STYLES, strict=False)],
        "bars": [bar_width((value or 0.0) / one.required) for value in (one.planned, one.attended)]
        if one.required
        else [],
        "verdict": said,
        "status": status,
    }


def _shown(view: View, cell: Any, style: str) -> str:
    """A cell as text."""
    if isinstance(cell, tuple):
        cell, style = cell
    if cell is None or isinstance(cell, str):
        return cell or "—" if style in ("share", "number", "plain", "count") else cell or ""
    if style == "share":
        return view.texts.percent(float(cell))
    return str(cell) if style == "plain" else view.texts.number(cell)
