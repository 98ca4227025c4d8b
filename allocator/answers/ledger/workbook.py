"""The ledger as a workbook, or its people as CSV."""

from __future__ import annotations

import pandas as pd

from allocator.answers.ledger.result import Ledger
from allocator.answers.ledger.text import content_of, heading, unit_of
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book, Sheet

CSV = ("cadre_id", "unit_id", "team_id", "rule_id", "clause", "kind", "strength", "content", "done", "owed", "unit_of",
       "latest", "must", "open")  # fmt: skip
"""Columns of the CSV file: ids and figures, no names."""


def csv(found: Ledger) -> bytes:
    """The people's table with a byte-order mark, so that Excel shows Chinese."""
    text = found.people[list(CSV)].to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return str(text).encode("utf-8-sig")


def workbook(found: Ledger, texts: Texts) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    said = texts.said
    head = heading(found, texts)
    book = Book(head, texts("font"), texts("dispatch.footer"))

    def sheet(name: Message) -> Sheet:
        made = book.sheet(said(name), head)
        made.line(head, "title")
        made.line(said(Message("ledger.note")))
        return made

    _clauses(sheet(Message("ledger.sheet-clauses")), found, texts)
    _people(sheet(Message("ledger.sheet-forced")), found, found.forced, texts)
    _teams(sheet(Message("ledger.sheet-teams")), found, texts)
    _floors(sheet(Message("ledger.sheet-floors")), found, texts)
    _people(sheet(Message("ledger.sheet-people")), found, found.people, texts)
    return book.content()


def _clauses(sheet: Sheet, found: Ledger, texts: Texts) -> None:
    said = texts.said
    titles = [
        said(Message("ledger.clause")), said(Message("ledger.rule")), said(Message("ledger.people")),
        said(Message("ledger.owing-column")), said(Message("ledger.must")), said(Message("ledger.shut-column")),
        said(Message("ledger.owed")), said(Message("ledger.counted")),
    ]  # fmt: skip
    rows = [
        (row.clause, texts.title(row), row.people, row.owing, row.must, row.shut_out, row.owed, unit_of(str(row.unit_of), texts))
        for row in found.clauses.itertuples()
    ]  # fmt: skip
    sheet.table(titles, rows, ("text", "long", "count", "count", "count", "count", "count", "text"))


def _people(sheet: Sheet, found: Ledger, table: pd.DataFrame, texts: Texts) -> None:
    said = texts.said
    titles = [
        said(Message("ledger.cadre")), said(Message("ledger.name")), said(Message("ledger.unit")),
        said(Message("ledger.clause")), said(Message("ledger.rule")), said(Message("ledger.content-column")),
        said(Message("ledger.done")), said(Message("ledger.owed")), said(Message("ledger.counted")),
        said(Message("ledger.latest")), said(Message("ledger.must")), said(Message("ledger.open")),
    ]  # fmt: skip
    units = {unit: unit_of(unit, texts) for unit in ("hours", "attendances")}
    answers = {True: said(Message("ledger.yes")), False: said(Message("ledger.no"))}
    never = said(Message("ledger.never"))
    rule_titles = {rule: texts.title(row) for rule, row in zip(table["rule_id"], table.itertuples(), strict=True)}
    of = list(zip(table["kind"], table["content"], strict=True))
    contents = {(kind, content): said(content_of(found, kind, content)) for kind, content in set(of)}
    rows = zip(
        table["cadre_id"], table["name"], map(texts.name, table["unit"], table["unit_en"]), table["clause"], table["rule_id"].map(rule_titles),
        [contents[key] for key in of], [never if done != done else done for done in table["done"].tolist()], table["owed"].tolist(),
        table["unit_of"].map(units), table["latest"].tolist(), table["must"].map(answers), table["open"].map(answers),
        strict=True,
    )  # fmt: skip
    styles = ("text", "text", "text", "text", "clip", "text", "plain", "count", "text", "plain", "middle", "middle")
    sheet.table(titles, rows, styles, freeze_columns=2)


def _teams(sheet: Sheet, found: Ledger, texts: Texts) -> None:
    said = texts.said
    titles = [
        said(Message("ledger.team")), said(Message("ledger.unit")), said(Message("ledger.members")),
        said(Message("ledger.owing-column")), said(Message("ledger.must")), said(Message("ledger.hours")),
    ]  # fmt: skip
    rows = list(found.teams.itertuples(index=False, name=None))
    sheet.table(titles, rows, ("text", "text", "count", "count", "count", "count"))


def _floors(sheet: Sheet, found: Ledger, texts: Texts) -> None:
    said = texts.said
    titles = [
        said(Message("ledger.clause")), said(Message("ledger.rule")), said(Message("ledger.group")),
        said(Message("ledger.year")), said(Message("ledger.members")), said(Message("ledger.required")),
        said(Message("ledger.able")), said(Message("ledger.short")),
    ]  # fmt: skip
    table = found.floors.sort_values("short", ascending=False, kind="stable")
    keys = set(zip(table["group_by"], table["group"], strict=True))
    groups = {(column, key): said(found.names.group(column, key)) for column, key in keys}
    rows = [
        (row.clause, texts.title(row), groups[row.group_by, row.group], row.year, row.size_, row.required, row.able, row.short)
        for row in table.rename(columns={"size": "size_"}).itertuples()
    ]  # fmt: skip
    sheet.table(titles, rows, ("text", "clip", "text", "plain", "count", "count", "count", "count"))
