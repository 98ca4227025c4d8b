"""A sweep on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allocator.answers.compare.phrases import counted, goal_word
from allocator.answers.sweep.phrases import (
    MARK,
    ROLE,
    cell,
    changing_goals,
    idle_axes,
    label,
    named_goals,
    open_distance,
    outcome,
    points_without_bound,
    reason,
    rule_lines,
    title,
)
from allocator.answers.sweep.point import Record, Task
from allocator.answers.sweep.tables import SweepTables, shown
from allocator.language.message import Message
from allocator.language.text_table import Table
from allocator.language.texts import Texts
from allocator.outputs.output_data import records

MOST = 40  # rows of a table; the workbook has all of them
HEAD = 12  # cells of a heading before it goes on in the next line
WIDEST = 30  # cells of a value that is varied


def lines(sweep: SweepTables, texts: Texts) -> Iterator[str]:
    """What was varied, the goals that change from point to point, what stays, points without a plan, and the trade-off curve."""
    blocks = (_head, _points, _same, _failed) if sweep.pair is None else (_head, _curve, _failed)
    return (line for block in blocks for line in block(sweep, texts))


def _head(sweep: SweepTables, texts: Texts) -> Iterator[str]:
    yield title(sweep, texts)
    yield from (f"  {line}" for line in rule_lines(sweep, texts))
    missing = len(sweep.tasks) - len(sweep.finished)
    if missing:
        yield texts.said(Message("sweep.missing", count=missing))


def _points(sweep: SweepTables, texts: Texts) -> Iterator[str]:
    goals, names, said = changing_goals(sweep), named_goals(sweep, texts), texts.said
    finished = sweep.finished
    yield said(Message("sweep.points-heading"))
    titles = [
        *_where(sweep, texts), *(names[goal] for goal in goals), said(Message("sweep.breached")),
        said(Message("sweep.outcome")),
    ]  # fmt: skip
    rows = [
        (
            *_place(sweep, task),
            *(cell(sweep, number, goal, texts) for goal in goals),
            _breached(record),
            said(outcome(record)),
        )
        for number, task, record in finished[:MOST]
    ]
    yield _table(titles, rows, len(titles) - len(goals) - 2)
    if len(finished) > MOST:
        yield said(Message("sweep.more", count=len(finished) - MOST))


def _where(sweep: SweepTables, texts: Texts) -> list[str]:
    """Headings of the columns that say which point it is."""
    scenario = [texts.said(Message("sweep.scenario"))] if len(sweep.scenarios) > 1 else []
    return [*scenario, *(axis.name for axis in sweep.axes)]


def _place(sweep: SweepTables, task: Task) -> list[str]:
    scenario = [sweep.scenarios[task.scenario]] if len(sweep.scenarios) > 1 else []
    return [*scenario, *(str(shown(task.changes[axis.key])) for axis in sweep.axes)]


def _breached(record: Record) -> str:
    return str(sum(rule["status"] == "breached" for rule in record["rules"])) if record["rules"] else "—"


def _same(sweep: SweepTables, texts: Texts) -> Iterator[str]:
    names, changing = named_goals(sweep, texts), changing_goals(sweep)
    same = [goal for goal in names if goal not in changing]
    if same and len(sweep.points) > 1:
        values = sweep.goals.drop_duplicates("goal").set_index("goal")["value"]
        units = sweep.goals.drop_duplicates("goal").set_index("goal")["unit"]
        listed = tuple(f"{goal_word(goal, texts)} {counted(values[goal], units[goal], texts)}" for goal in same)
        yield texts.said(Message("sweep.same", goals=listed))
    for axis in idle_axes(sweep):
        yield texts.said(Message("sweep.idle", key=axis.name))
    yield from _open(sweep, changing, texts)


def _open(sweep: SweepTables, goals: Sequence[str], texts: Texts) -> Iterator[str]:
    """What the gaps leave open in each goal: smaller differences between points are no differences."""
    units = sweep.goals.drop_duplicates("goal").set_index("goal")["unit"]
    for goal in goals:
        distance = open_distance(sweep, goal)
        if distance:
            told = {"goal": goal_word(goal, texts), "distance": counted(distance, units[goal], texts)}
            yield texts.said(Message("sweep.open", **told))
        if (count := points_without_bound(sweep, goal)) > 0:
            yield texts.said(Message("sweep.no-bound", goal=goal_word(goal, texts), count=count))


def _failed(sweep: SweepTables, texts: Texts) -> Iterator[str]:
    """Points without a plan, those of one reason on one line."""
    groups: dict[tuple[str, int], list[str]] = {}
    for _, task, record in sweep.finished:
        if not record["goals"]:
            name = texts.said(label(sweep, task))
            groups.setdefault((reason(record, texts), record["exit_code"]), []).append(name)
    if not groups:
        return
    yield texts.said(Message("sweep.failed-heading", count=sum(map(len, groups.values()))))
    for (why, code), names in list(groups.items())[:MOST]:
        yield texts.said(Message("sweep.failed-line", name=names[0], reason=why, code=code))
        if len(names) > 1:
            yield texts.said(Message("sweep.failed-too", count=len(names) - 1))
    if len(groups) > MOST:
        yield texts.said(Message("sweep.more", count=len(groups) - MOST))


def _curve(sweep: SweepTables, texts: Texts) -> Iterator[str]:
    assert sweep.pair is not None
    said, curve, (first, second) = texts.said, sweep.curve, sweep.pair.goals
    names = named_goals(sweep, texts)
    if first not in names or second not in names:
        return
    yield said(Message("sweep.curve-heading", first=names[first], second=names[second]))
    own = curve[curve["mark"] != "failed"]
    if len(own) and (own[[first, second]].nunique() == 1).all():
        yield said(Message("sweep.no-conflict"))
    has_groups = curve["group"].nunique() > 1
    titles = [
        *([said(Message("sweep.group"))] if has_groups else []), said(Message("sweep.place")), said(Message("sweep.limit")),
        names[first], names[second], said(Message("sweep.mark")),
    ]  # fmt: skip
    rows = [
        (
            *([row.group] if has_groups else []),
            said(ROLE[row.role]) if row.role in ROLE else "",
            texts.number(row.limit),
            cell(sweep, row.point, first, texts),
            cell(sweep, row.point, second, texts),
            said(MARK[row.mark]),
        )
        for row in records(curve.head(MOST))
    ]
    yield _table(titles, rows, 1 + has_groups)
    if len(curve) > MOST:
        yield said(Message("sweep.more", count=len(curve) - MOST))
    yield from _open(sweep, (first, second), texts)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], places: int) -> Table:
    """What stands where in the first columns (``places``), then figures, then how it came out."""
    return Table(titles, rows, left=(*range(places), len(titles) - 1), widest=WIDEST, head=HEAD)
