"""A sweep as a workbook: points, clauses that come out differently, the trade-off curve, and what was asked."""

from __future__ import annotations

from typing import Any

from allocator.answers.compare.phrases import cell_in, figure_of, is_told
from allocator.answers.compare.tables import judges_seats
from allocator.answers.sweep.phrases import (
    MARK,
    ROLE,
    axis_title,
    breached_titles,
    label,
    named_goals,
    outcome,
    reason,
    rule_lines,
    title,
)
from allocator.answers.sweep.point import Task
from allocator.answers.sweep.tables import SweepTables, shown
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book, Sheet
from allocator.outputs.output_data import records

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
    _details(sheet(Message("sweep.sheet-details")), sweep, texts)
    _clauses(sheet(Message("sweep.sheet-clauses")), sweep, texts)
    _asked(sheet(Message("sweep.sheet-asked")), sweep, texts)
    return book.content()


def _points(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    """What each point came to, narrow enough to be printed."""
    said, goals = texts.said, named_goals(sweep, texts)
    sheet.line(said(Message("sweep.sheet-note")))
    has_faults = any(record["messages"] for _, _, record in sweep.finished)
    titles = [*_where(sweep, texts), said(Message("sweep.outcome")), *goals.values(), said(Message("sweep.breached"))]
    titles += [said(Message("sweep.people")), said(Message("sweep.placements")), said(Message("sweep.seconds"))]
    titles += [said(Message("sweep.breached-clauses")), *([said(Message("sweep.message"))] if has_faults else [])]
    of_point = dict(list(sweep.clauses.groupby("point")))
    rows = []
    for (number, task, record), row in zip(sweep.finished, sweep.points.to_dict("records"), strict=True):
        code = record["exit_code"]
        cells = [*_place(sweep, number, task, texts), (said(outcome(record)), _STATUS.get(code, "breached"))]
        cells += [figure_of(row[goal]) for goal in goals]
        cells.append(row["breached"] if record["rules"] else None)
        cells += [record["people"], record["placements"], record["seconds"]]
        cells.append(breached_titles(of_point[number], texts) if number in of_point else "")
        rows.append([*cells, *([reason(record, texts)] if has_faults else [])])
    styles = [
        *_place_styles(sweep),
        "status",
        *["number"] * len(goals),
        "count",
        "count",
        "count",
        "number",
        "long",
        *["long"] * has_faults,
    ]
    sheet.table(titles, rows, styles, freeze_columns=len(_place_styles(sweep)))


def _details(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    """Every goal of every point with its proof."""
    said = texts.said
    titles = [*_where(sweep, texts), said(Message("compare.goal")), said(Message("compare.measure"))]
    titles += [said(Message("sweep.value")), said(Message("sweep.bound")), said(Message("sweep.gap"))]
    rows = []
    for number, task, record in sweep.finished:
        place = _place(sweep, number, task, texts)
        for goal in record["goals"]:
            name, unit = texts.known("goal", goal["goal"]), texts.unit(goal["unit"])
            rows.append([*place, name, unit, *(figure_of(goal[what]) for what in ("value", "bound", "gap"))])
    styles = [*_place_styles(sweep), "text", "text", "number", "number", "share"]
    sheet.table(titles, rows, styles, freeze_columns=len(_place_styles(sweep)))


def _where(sweep: SweepTables, texts: Texts) -> list[str]:
    """Headings of the columns that say which point it is."""
    titles = [texts.said(Message("sweep.point"))]
    if len(sweep.scenarios) > 1:
        titles.append(texts.said(Message("sweep.scenario")))
    titles += [axis.name for axis in sweep.axes]
    return [*titles, texts.said(Message("sweep.place"))] if sweep.pair is not None else titles


def _place(sweep: SweepTables, number: int, task: Task, texts: Texts) -> list[Any]:
    cells: list[Any] = [number]
    if len(sweep.scenarios) > 1:
        cells.append(sweep.scenarios[task.scenario])
    cells += [shown(task.changes[axis.key]) for axis in sweep.axes]
    if sweep.pair is not None:
        limit = sweep.limit(task)
        place = Message("sweep.role-limit", limit=limit) if limit is not None else ROLE.get(task.role, "")
        cells.append(texts.said(place))
    return cells


def _place_styles(sweep: SweepTables) -> list[str]:
    styles = ["plain", *["text"] * (len(sweep.scenarios) > 1), *(_style(axis.values) for axis in sweep.axes)]
    return [*styles, "text"] if sweep.pair is not None else styles


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
    # Some kinds count the placements, which differ everywhere and mean nothing by themselves.
    counting = figures.index.isin(table.loc[table["kind"].map(judges_seats), "rule_id"])
    figures.loc[counting, ["required", "achieved"]] = 1
    differ = set(figures.index[(figures > 1).any(axis=1)])
    tasks = {number: task for number, task, _ in sweep.finished}
    misses = set(table.loc[table["shortfall"] > 0, "rule_id"])
    told = set(table.loc[table["kind"].map(is_told), "rule_id"])
    order = {
        rule: (rule in told or rule not in misses, rule in told, at)
        for at, rule in enumerate(dict.fromkeys(table["rule_id"]))
    }
    own = table[table["rule_id"].isin(differ)]
    own = own.sort_values(["rule_id", "point"], key=lambda c: c.map(order) if c.name == "rule_id" else c, kind="stable")
    rows = [
        (row.clause, texts.title(row), row.rule_id, texts.unit(str(row.unit)), row.point,
         said(label(sweep, tasks[row.point])), *(cell_in(value, str(row.unit)) for value in (row.required, row.achieved, row.shortfall)),
         (texts(f"status.{row.status}"), row.status))
        for row in records(own)
    ]  # fmt: skip
    styles = ("text", "long", "clip", "text", "plain", "clip", "number", "number", "number", "status")
    sheet.table(titles, rows, styles, freeze_columns=2)


def _curve(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    assert sweep.pair is not None
    said = texts.said
    goals = {goal: name for goal, name in named_goals(sweep, texts).items() if goal in sweep.pair.goals}
    sheet.line(said(Message("sweep.curve-note")))
    titles = [*_where(sweep, texts), said(Message("sweep.mark"))]
    for goal in [goal for goal in sweep.pair.goals if goal in goals]:
        titles += [goals[goal], said(Message("sweep.bound"))]
    tasks = {number: task for number, task, _ in sweep.finished}
    rows = [
        (*_place(sweep, row["point"], tasks[row["point"]], texts),
         (said(MARK[row["mark"]]), {"best": "kept", "failed": "breached"}.get(row["mark"], "reported")),
         *(figure_of(row[name]) for goal in sweep.pair.goals if goal in goals for name in (goal, f"{goal} bound")))
        for row in sweep.curve.to_dict("records")
    ]  # fmt: skip
    styles = [*_place_styles(sweep), "status", *["number"] * (2 * len(goals))]
    sheet.table(titles, rows, styles, freeze_columns=len(_place_styles(sweep)))


def _asked(sheet: Sheet, sweep: SweepTables, texts: Texts) -> None:
    said = texts.said
    titles = [said(Message("sweep.asked-key")), said(Message("sweep.asked-values")), said(Message("sweep.asked-rule"))]
    rows: list[tuple[str, str, str]] = [(said(Message("sweep.scenario")), "; ".join(sweep.scenarios), "")]
    for axis in sweep.axes:
        rule = axis_title(sweep, axis, texts) if axis.rule_id else ""
        rows.append((axis.key, "; ".join(str(shown(value)) for value in axis.values), rule))
    sheet.table(titles, rows, ("text", "long", "long"))
