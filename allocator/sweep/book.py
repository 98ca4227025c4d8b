"""A sweep as a workbook: points, clauses that come out differently, the trade-off curve, and what was asked."""

from __future__ import annotations

from typing import Any

from allocator.reports.material import records
from allocator.reports.sheets import Book, Sheet
from allocator.reports.texts import Texts
from allocator.sweep.tables import SweepTables, shown
from allocator.sweep.words import (
    MARK,
    ROLE,
    axis_title,
    breached_titles,
    named_goals,
    outcome,
    reason,
    rule_lines,
    title,
    unit_name,
)
from allocator.wording import Message

_STATUS = {0: "kept", 5: "reported"}
"""Colour of an outcome; all others are shown as breached."""


def workbook(sweep: SweepTables, texts: Texts) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes."""
    said = texts.said
    head = title(sweep, texts)
    book = Book(head, texts("font"), texts("dispatch.footer"))

    def sheet(name: Message) -> Sheet:
        made = book.sheet(said(name), head)
        made.line(head, "title")
        for line in rule_lines(sweep, texts):
            made.line(line)
        return made

    if sweep.pair is not None:
        _curve(sheet(Message("sweep.sheet-curve")), sweep, texts)
    _points(sheet(Message("sweep.sheet-points")), sweep, texts)
    _clauses(sheet(Message("sweep.sheet-clauses")), sweep, texts)
    _asked(sheet(Message("sweep.sheet-asked")), sweep, texts)
    return book.content()


def _points(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    said, goals = texts.said, named_goals(sweep, texts)
    sheet.line(said(Message("sweep.sheet-note")))
    several = len(sweep.scenarios) > 1
    titles = [said(Message("sweep.point")), *([said(Message("sweep.scenario"))] if several else [])]
    titles += [axis.name for axis in sweep.axes] + [said(Message("sweep.outcome"))]
    for name in goals.values():
        titles += [name, said(Message("sweep.bound", goal=name))]
    titles += [
        said(Message("sweep.kept")), said(Message("sweep.breached")), said(Message("sweep.breached-clauses")),
        said(Message("sweep.people")), said(Message("sweep.placements")), said(Message("sweep.seconds")),
        said(Message("sweep.message")),
    ]  # fmt: skip
    of_point = dict(list(sweep.clauses.groupby("point")))
    rows = []
    for (number, task, record), row in zip(sweep.finished, sweep.points.to_dict("records"), strict=True):
        code = record["exit_code"]
        cells: list[Any] = [number, *([sweep.scenarios[task.scenario]] if several else [])]
        cells += [shown(task.changes[axis.key]) for axis in sweep.axes]
        cells.append((said(outcome(record)), _STATUS.get(code, "breached")))
        for goal in goals:
            cells += [_figure(row[goal]), _figure(row[f"{goal} bound"])]
        cells += [
            row["kept"] if record["rules"] else None, row["breached"] if record["rules"] else None,
            breached_titles(of_point[number], texts) if number in of_point else "",
            record["people"], record["placements"], record["seconds"], reason(record, texts),
        ]  # fmt: skip
        rows.append(cells)
    styles = ["plain", *(["text"] if several else []), *(_style(axis.values) for axis in sweep.axes), "status"]
    styles += ["number"] * (2 * len(goals)) + ["count", "count", "long", "count", "count", "number", "long"]
    sheet.table(titles, rows, styles, freeze_columns=1 + several + len(sweep.axes))


def _style(values: tuple[object, ...]) -> str:
    return (
        "number" if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values) else "text"
    )


def _clauses(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    """The rules that do not come out alike at every point, rule by rule."""
    said, table = texts.said, sweep.clauses
    sheet.line(said(Message("sweep.clauses-note")))
    titles = [
        said(Message("compare.clause")), said(Message("compare.heading")), said(Message("compare.rule")), said(Message("compare.measure")),
        said(Message("sweep.point")), said(Message("sweep.what")), said(Message("sweep.required")), said(Message("sweep.achieved")),
        said(Message("sweep.shortfall")), said(Message("sweep.verdict")),
    ]  # fmt: skip
    figures = table.groupby("rule_id", sort=False)[["required", "achieved", "shortfall", "status"]].nunique(
        dropna=False
    )
    differ = set(figures.index[(figures > 1).any(axis=1)])
    tasks = {number: task for number, task, _ in sweep.finished}
    order = {rule: at for at, rule in enumerate(dict.fromkeys(table["rule_id"]))}
    own = table[table["rule_id"].isin(differ)]
    own = own.sort_values(["rule_id", "point"], key=lambda c: c.map(order) if c.name == "rule_id" else c, kind="stable")
    rows = [
        (row.clause, texts.title(row), row.rule_id, unit_name(str(row.unit), texts), row.point,
         sweep.group_name(tasks[row.point]), _figure(row.required), _figure(row.achieved), _figure(row.shortfall),
         (texts(f"status.{row.status}"), row.status))
        for row in records(own)
    ]  # fmt: skip
    styles = ("text", "long", "text", "text", "plain", "text", "number", "number", "number", "status")
    sheet.table(titles, rows, styles, freeze_columns=2)


def _curve(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    said, goals = texts.said, named_goals(sweep, texts)
    sheet.line(said(Message("sweep.curve-note")))
    titles = [said(Message("sweep.point")), said(Message("sweep.group")), said(Message("sweep.place"))]
    titles += [said(Message("sweep.limit")), said(Message("sweep.mark"))]
    for name in goals.values():
        titles += [name, said(Message("sweep.bound", goal=name))]
    rows = [
        (row["point"], row["group"], said(ROLE[row["role"]]) if row["role"] in ROLE else "", _figure(row["limit"]),
         (said(MARK[row["mark"]]), {"best": "kept", "failed": "breached"}.get(row["mark"], "reported")),
         *(_figure(row[name]) for goal in goals for name in (goal, f"{goal} bound")))
        for row in sweep.curve.to_dict("records")
    ]  # fmt: skip
    sheet.table(
        titles, rows, ["plain", "text", "text", "number", "status", *["number"] * (2 * len(goals))], freeze_columns=3
    )


def _asked(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    said = texts.said
    titles = [said(Message("sweep.asked-key")), said(Message("sweep.asked-values")), said(Message("sweep.asked-rule"))]
    rows: list[tuple[str, str, str]] = [(said(Message("sweep.scenario")), "; ".join(sweep.scenarios), "")]
    for axis in sweep.axes:
        rule = axis_title(sweep, axis, texts) if axis.rule_id else ""
        rows.append((axis.key, "; ".join(str(shown(value)) for value in axis.values), rule))
    sheet.table(titles, rows, ("text", "long", "long"))


def _figure(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
