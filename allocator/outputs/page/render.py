"""The page as text: the template filled in, with its style, its script and its data inside."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from allocator.language.texts import LANGUAGES, Language, Texts
from allocator.outputs.output_data import Material
from allocator.outputs.page.overview import Overview, bar_width, ratio
from allocator.outputs.page.schedules import schedules
from allocator.outputs.page.waiting import WaitingTable

_SPOKEN = (
    "page.found-units", "page.found-people", "page.found-none", "page.shown", "page.more-results", "page.show-all", "page.no-people",
    "page.below", "page.no-seats", "page.person", "page.of-unit", "page.above", "page.count-people", "page.count-seats",
    "page.team-years", "page.away", "page.owes", "page.overdue-in", "page.group-of", "column.name", "column.cadre_id",
    "column.post", "column.rank", "column.year", "column.programme", "column.session_id", "column.dates", "column.place",
    "column.days", "column.seats", "column.reason", "column.size", "column.required", "column.achieved", "column.status",
    "column.owed", "column.title", "status.kept", "status.breached", "status.reported", "separator", "in-brackets",
)  # fmt: skip
"""Texts the script of the page needs; ``{}`` in them takes a value."""


def page(material: Material) -> str:
    """The whole page; the language of ``material`` is the one shown first.

    Names and other texts of the data are escaped by the template, or stand in a block of JSON that no browser runs; the page
    forbids itself every connection and every script but its own.
    """
    both = {lang: replace(material, texts=Texts(lang)) for lang in LANGUAGES}
    style, script = style_sheet(), _file("page.js")
    return _template().render(
        first=material.texts.lang,
        languages=LANGUAGES,
        views={lang: (Overview(own), WaitingTable(own)) for lang, own in both.items()},
        words={lang: _words(lang) for lang in LANGUAGES},
        titles={lang: _title(own) for lang, own in both.items()},
        data=schedules(both["zh"], both["en"]),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def style_sheet() -> str:
    """The style of the page, which other pages share."""
    return _file("page.css")


@cache  # Understanding the template takes a quarter of the time of a small run folder.
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.globals |= {"bar_width": bar_width, "ratio": ratio}
    return environment.from_string(_file("page.html.jinja"))


def _title(material: Material) -> str:
    """Title of the scenario with the plan years, where they are not in it already."""
    title, years = Overview(material).title, material.inputs.years
    is_dated = str(years[0]) in title and str(years[-1]) in title
    return title if is_dated else f"{title} {years[0]}–{years[-1]}"


def _words(lang: Language) -> dict[str, str]:
    """The script puts values where ``{0}`` stands; the catalogue names its parameters, so their names are given as values."""
    texts = Texts(lang)
    parameters = {name: f"{{{name}}}" for name in ("count", "name", "year", "hours", "title", "size", "text", "inside")}
    return {code: texts(code, **parameters) for code in _SPOKEN}


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What a content security policy calls an inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
