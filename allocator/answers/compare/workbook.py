"""A comparison as a workbook: goals, clauses, seats by unit, people."""

from __future__ import annotations

from collections.abc import Callable

from allocator.answers.compare.phrases import CHANGE, cell_in, figure_of, title_of, weightiest_first
from allocator.answers.compare.result import Comparison
from allocator.answers.compare.tables import column
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book, Sheet


def workbook(comparison: Comparison, texts: Texts) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    title = texts.said(Message("compare.title"))
    book = Book(title, texts("font"), texts("dispatch.footer"))
    sheets: tuple[tuple[Message, Callable[[Sheet, Comparison, Texts], None]], ...] = (
        (Message("compare.goals"), _goals),
        (Message("compare.clauses"), _clauses),
        (Message("compare.units"), _units),
        (Message("compare.people"), _people),
    )
    for name, write in sheets:
        runs = " · ".join(comparison.runs)
        sheet = book.sheet(texts.said(name), texts.said(Message("compare.head", title=title, runs=runs)))
        sheet.line(texts.said(Message("compare.head", title=name, runs=runs)), "title")
        for note in comparison.notes:
            sheet.line(texts.said(note))
        write(sheet, comparison, texts)
    return book.content()


def _goals(sheet: Sheet, comparison: Comparison, texts: Texts) -> None:
    said, runs = texts.said, comparison.runs
    titles = [said(Message("compare.goal")), said(Message("compare.measure"))]
    for run in runs:
        titles += [said(Message("compare.value", run=run)), said(Message("compare.bound", run=run))]
    rows = [
        (texts.known("goal", row["goal"]), texts.unit(str(row["unit"])),
         *(figure_of(row[column(what, run)]) for run in runs for what in ("value", "bound")))
        for row in comparison.goals.to_dict("records")
    ]  # fmt: skip
    sheet.table(titles, rows, ("text", "text", *["number"] * (2 * len(runs))), freeze_columns=1)


def _clauses(sheet: Sheet, comparison: Comparison, texts: Texts) -> None:
    said, runs = texts.said, comparison.runs
    titles = [said(Message("compare.clause")), said(Message("compare.heading")), said(Message("compare.rule"))]
    titles.append(said(Message("compare.measure")))
    for run in runs:
        titles += [said(Message("compare.achieved", run=run)), said(Message("compare.shortfall", run=run))]
    table = weightiest_first(comparison.clauses).sort_values("differ", ascending=False, kind="stable")
    rows = [
        (row.clause, title_of(row, texts), row.rule_id, texts.unit(str(row.unit)),
         *(cell_in(table.at[row.Index, column(what, run)], str(row.unit)) for run in runs for what in ("achieved", "shortfall")))
        for row in table.itertuples()
    ]  # fmt: skip
    sheet.table(titles, rows, ("text", "long", "clip", "text", *["number"] * (2 * len(runs))), freeze_columns=2)


def _units(sheet: Sheet, comparison: Comparison, texts: Texts) -> None:
    said, runs = texts.said, comparison.runs
    titles = [said(Message("compare.unit-id")), said(Message("compare.unit"))]
    titles += [said(Message("compare.seats", run=run)) for run in runs]
    titles += [said(Message("compare.difference", run=run)) for run in runs[1:]]
    first = column("seats", runs[0])
    rows = [
        (row["unit_id"], texts.name(row["name"], row["name_en"]), *(row[column("seats", run)] for run in runs),
         *(row[column("seats", run)] - row[first] for run in runs[1:]))
        for row in comparison.units.to_dict("records")
    ]  # fmt: skip
    sheet.table(titles, rows, ("text", "text", *["count"] * (2 * len(runs) - 1)), freeze_columns=2)


def _people(sheet: Sheet, comparison: Comparison, texts: Texts) -> None:
    said = texts.said
    titles = [
        said(Message("compare.run")), said(Message("compare.cadre-id")), said(Message("compare.name")),
        said(Message("compare.unit")), said(Message("compare.change")),
        said(Message("compare.before", first=comparison.runs[0])), said(Message("compare.after")),
        said(Message("compare.served")), said(Message("compare.serves")),
    ]  # fmt: skip
    rows = [
        (row.run, row.cadre_id, row.name, texts.name(str(row.unit), str(row.unit_en)) or row.unit_id, said(CHANGE[str(row.change)]),
         row.before, row.after, row.served, row.serves)
        for row in comparison.people.itertuples(index=False)
    ]  # fmt: skip
    sheet.table(
        titles, rows, ("text", "text", "text", "text", "text", "long", "long", "long", "long"), freeze_columns=3
    )
