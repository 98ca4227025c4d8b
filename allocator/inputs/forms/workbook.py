"""The workbook to fill in: a sheet for each table with drop-downs and checks, a how-to in two languages, examples."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from importlib import resources
from typing import Any

import xlsxwriter
from rich.cells import cell_len
from xlsxwriter.utility import xl_col_to_name

from allocator.domain.tables import TABLES, Column
from allocator.inputs.forms.meanings import meaning
from allocator.inputs.forms.values import Place
from allocator.inputs.references import REFERENCES
from allocator.inputs.tables.headings import REQUIRED_MARK, TITLES
from allocator.inputs.tables.table_checks import IDS
from allocator.language.message import LANGUAGES, Language, render

LAST_ROW = 20_000
"""Row down to which drop-downs and checks reach; what is filled in below is read all the same."""

NARROWEST, WIDEST = 10, 26
REFERRED = {(table, column): target for table, column, target in REFERENCES} | {
    ("history", "programme_id"): "programmes"
}


def template(values: Mapping[Place, Sequence[str]], *, first_year: int, scenario: str, lang: Language) -> bytes:
    """The workbook as bytes; equal arguments give equal bytes.

    Parameters
    ----------
    values
        What the policy knows of a column, offered in its drop-down.
    first_year
        First plan year, for the examples.
    scenario
        Name of the scenario file, for the how-to.
    """
    return _Form(values, first_year, scenario, lang).content()


class _Form:
    def __init__(self, values: Mapping[Place, Sequence[str]], first_year: int, scenario: str, lang: Language) -> None:
        self.values, self.first_year, self.scenario, self.lang = values, first_year, scenario, lang
        self._out = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_format_properties": {"font_name": self.say("font"), "font_size": 11},
        }
        self.book = xlsxwriter.Workbook(self._out, options)
        self.book.set_properties({"title": self.say("title"), "created": datetime(2000, 1, 1)})

    def say(self, code: str, lang: Language | None = None, **parameters: object) -> str:
        """A text of the template."""
        return render(f"template.{code}", lang or self.lang, parameters)

    def title(self, name: str) -> str:
        """Name of the sheet of a table."""
        return _title(name, self.lang)

    def heading(self, column: Column) -> str:
        text = column.name_zh if self.lang == "zh" else column.name
        return f"{text}{REQUIRED_MARK}" if column.required else text

    def look(self, **properties: Any) -> Any:
        return self.book.add_format({"font_name": self.say("font"), "font_size": 11, **properties})

    @cached_property
    def looks(self) -> dict[str, Any]:
        head = {"bold": True, "border": 1, "valign": "vcenter", "text_wrap": True}
        return {
            "required": self.look(**head, bg_color="#1F3864", font_color="white"),
            "optional": self.look(**head, bg_color="#D9E2F3"),
            "title": self.look(bold=True, font_size=16),
            "section": self.look(bold=True, font_size=12, bottom=1),
            "line": self.look(text_wrap=True, valign="top"),
            "cell": self.look(text_wrap=True, valign="top", border=1, border_color="#BFBFBF"),
            "warning": self.look(bold=True, font_color="#C00000"),
            "example": self.look(font_color="#595959", border=1, border_color="#D9D9D9", num_format="@"),
            "id": self.look(num_format="@"), "text": self.look(num_format="@"), "list": self.look(num_format="@"),
            "flag": self.look(num_format="@", align="center"), "date": self.look(num_format="yyyy-mm-dd"),
            "integer": self.look(num_format="0"), "number": self.look(num_format="General"),
        }  # fmt: skip

    def content(self) -> bytes:
        self.how_to()
        for name in TABLES:
            self.table(name)
        self.examples()
        self.lists()
        self.book.close()
        return self._out.getvalue()

    def table(self, name: str) -> None:
        sheet = self.book.add_worksheet(self.title(name))
        sheet.set_row(0, 32)
        for at, column in enumerate(TABLES[name]):
            heading = self.heading(column)
            width = max(cell_len(heading) + 3, 13 if column.type in ("id", "date") else NARROWEST)
            width = WIDEST if column.name in ("name", "name_en", "post", "content", "tags") else min(width, WIDEST)
            sheet.set_column(at, at, width, self.looks[column.type])
            sheet.write_string(0, at, heading, self.looks["required" if column.required else "optional"])
            sheet.write_comment(
                0, at, self.comment(name, column), {"author": "allocator", "x_scale": 2, "y_scale": 1.2}
            )
            rule = self.rule(name, column)
            if rule:
                sheet.data_validation(1, at, LAST_ROW - 1, at, rule)
        sheet.freeze_panes(1, 2 if name in IDS else 1)
        sheet.autofilter(0, 0, LAST_ROW - 1, len(TABLES[name]) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.repeat_rows(0)
        sheet.fit_to_pages(1, 0)

    def comment(self, name: str, column: Column) -> str:
        need = self.say("required" if column.required else "optional")
        lines = [
            f"{self.heading(column)} ({column.name})",
            meaning("column", name, column.name, lang=self.lang),
            f"{need} · {meaning('type', column.type, lang=self.lang)}",
        ]
        if (name, column.name) in self.values:
            lines.append(self.say("choose"))
        return "\n".join(lines)

    def rule(self, name: str, column: Column) -> dict[str, Any] | None:
        """What Excel checks while a cell is filled in; what it only doubts may be entered all the same."""
        least = column.least or 0
        if column.type == "flag":
            return {"validate": "list", "source": [self.say("yes"), self.say("no")], **self.refusal("not-a-flag")}
        if column.type == "date":
            span = {"minimum": date(1900, 1, 1), "maximum": date(2200, 12, 31)}
            return {"validate": "date", "criteria": "between", **span, **self.refusal("not-a-date")}
        if column.type == "integer":
            refusal = self.refusal("not-an-integer", least=f"{least:g}")
            return {"validate": "integer", "criteria": ">=", "value": int(least), **refusal}
        if column.type == "number":
            return {
                "validate": "decimal",
                "criteria": ">=",
                "value": least,
                **self.refusal("not-a-number", least=f"{least:g}"),
            }
        if (name, column.name) in REFERRED:
            source = f"=ids_{REFERRED[name, column.name]}"
            return {"validate": "list", "source": source, "error_type": "warning", **self.refusal("not-an-id")}
        if (name, column.name) in self.values:
            offered = {"validate": "list", "source": f"=list_{name}_{column.name}"}
            if column.type == "list":  # Several values may be joined, which no drop-down can check.
                return {**offered, "show_error": False}
            return {**offered, "error_type": "warning", **self.refusal("not-in-list")}
        return None

    def refusal(self, code: str, **parameters: str) -> dict[str, str]:
        return {"error_title": "allocator", "error_message": self.say(code, None, **parameters)}

    def lists(self) -> None:
        """A hidden sheet with the values offered, and names for them: other programs keep names where they drop references."""
        sheet = self.book.add_worksheet(self.say("lists-sheet"))
        for at, ((name, column), values) in enumerate(sorted(self.values.items())):
            sheet.write_column(0, at, [f"{name}.{column}", *values], self.looks["text"])
            letter = xl_col_to_name(at)
            area = f"'{sheet.get_name()}'!${letter}$2:${letter}${len(values) + 1}"
            self.book.define_name(f"list_{name}_{column}", f"={area}")
        sheet.hide()
        for name, column in IDS.items():
            letter = xl_col_to_name([one.name for one in TABLES[name]].index(column))
            area = f"'{self.title(name)}'!${letter}$2:${letter}${LAST_ROW}"
            first = area.partition(":")[0]
            self.book.define_name(f"ids_{name}", f"=OFFSET({first},0,0,MAX(1,COUNTA({area})),1)")

    def how_to(self) -> None:
        sheet = self.book.add_worksheet(self.say("how-sheet"))
        sheet.hide_gridlines(2)
        for at, width in enumerate((20, 34, 9, 34, 62)):
            sheet.set_column(at, at, width)
        row = 0
        for lang in (self.lang, *(one for one in LANGUAGES if one != self.lang)):
            sheet.write_string(row, 0, self.say("title", lang), self.looks["title"])
            for step in ("step-fill", "step-example", "step-columns", "step-scenario", "step-check", "step-plan"):
                row += 1
                text = self.say(step, lang, scenario=self.scenario)
                sheet.merge_range(row, 0, row, 4, text, self.looks["line"])
                sheet.set_row(row, 16 * -(-cell_len(text) // 150))
            row += 2
        for lang in (self.lang, *(one for one in LANGUAGES if one != self.lang)):
            row = self.columns(sheet, row, lang) + 1
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.activate()

    def columns(self, sheet: Any, row: int, lang: Language) -> int:
        """What each column means, in one language; the row after it."""
        sheet.write_string(row, 0, self.say("columns-title", lang), self.looks["section"])
        row += 1
        for at, code in enumerate(("head-sheet", "head-column", "head-required", "head-type", "head-meaning")):
            sheet.write_string(row, at, self.say(code, lang), self.looks["optional"])
        for name, columns in TABLES.items():
            for column in columns:
                row += 1
                heading = self.heading(column).removesuffix(REQUIRED_MARK)
                texts = (
                    self.title(name) if lang == self.lang else f"{self.title(name)} ({_title(name, lang)})",
                    heading if lang == self.lang else f"{heading} ({column.name_zh if lang == 'zh' else column.name})",
                    REQUIRED_MARK if column.required else "",
                    meaning("type", column.type, lang=lang),
                    meaning("column", name, column.name, lang=lang),
                )
                for at, text in enumerate(texts):
                    sheet.write_string(row, at, text, self.looks["cell"])
                sheet.set_row(row, 16 * max(1, -(-cell_len(texts[4]) // 60), -(-cell_len(texts[3]) // 33)))
        return row + 1

    def examples(self) -> None:
        sheet = self.book.add_worksheet(self.say("examples-sheet"))
        sheet.hide_gridlines(2)
        sheet.set_tab_color("#BFBFBF")
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 16, 15)
        sheet.write_string(0, 0, self.say("examples-title"), self.looks["warning"])
        row = 2
        for name, records in example_rows(self.first_year).items():
            sheet.write_string(row, 0, meaning("table", name, lang=self.lang), self.looks["section"])
            row += 1
            sheet.set_row(row, 32)
            for at, column in enumerate(TABLES[name]):
                sheet.write_string(
                    row, at, self.heading(column), self.looks["required" if column.required else "optional"]
                )
            for record in records:
                row += 1
                for at, column in enumerate(TABLES[name]):
                    sheet.write_string(row, at, self.shown(record.get(column.name, "")), self.looks["example"])
            row += 3

    def shown(self, value: object) -> str:
        return self.say("yes" if value else "no") if isinstance(value, bool) else str(value)


def _title(name: str, lang: Language) -> str:
    return TITLES[name][0] if lang == "zh" else name


def example_rows(first_year: int) -> dict[str, list[dict[str, Any]]]:
    """The records of the examples by table, with dates in the first plan year and the year before."""
    text = resources.files("allocator.inputs.forms").joinpath("examples.toml").read_text(encoding="utf-8")
    return tomllib.loads(text.replace("YEAR", str(first_year)).replace("BEFORE", str(first_year - 1)))
