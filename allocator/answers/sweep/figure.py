"""A sweep as a figure: each goal against what is varied, or one goal against the other along their trade-off curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from allocator.answers.figure_kit import blank, legible, lettered
from allocator.answers.sweep.axes import Axis
from allocator.answers.sweep.phrases import axis_title, changing_goals, named_goals, title
from allocator.answers.sweep.tables import SweepTables, shown
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.figures.palette import CYCLE, GREY, MARKERS

MOST_LINES = 12
"""Lines that a legend can tell apart."""


@dataclass(frozen=True)
class _Line:
    """Points joined by a line: what they have in common, where they stand, and their numbers."""

    name: str
    at: list[float]
    points: list[int]


def drawn(sweep: SweepTables, texts: Texts) -> Axes:
    """The figure, as the first of its axes; in English where no font has Chinese characters."""
    texts, font = legible(texts)
    made = _curves(sweep, texts) if sweep.pair is not None else _panels(sweep, texts)
    return lettered(made, font)


def _new(width: float, height: float, sweep: SweepTables, texts: Texts) -> Figure:
    made = blank(width, height)
    made.suptitle(title(sweep, texts), x=0.02, ha="left", fontsize=14, fontweight="bold")
    return made


def _panels(sweep: SweepTables, texts: Texts) -> Figure:
    """One panel for each goal that changes."""
    goals, names = changing_goals(sweep), named_goals(sweep, texts)
    if not goals:
        made = _new(9, 3, sweep, texts)
        ax = made.subplots()
        ax.axis("off")
        ax.text(0.5, 0.5, texts.said(Message("sweep.nothing-changes")), ha="center", va="center", fontsize=12)
        return made
    columns = min(len(goals), 2)
    rows = -(-len(goals) // columns)
    made = _new(6.5 * columns, 1.1 + 3.2 * rows, sweep, texts)
    panels = made.subplots(rows, columns, squeeze=False).ravel()
    lines, ticks, label = _lines(sweep, texts)
    broken = {
        number: any(rule["status"] == "breached" for rule in record["rules"]) for number, _, record in sweep.finished
    }
    for ax, goal in zip(panels, goals, strict=False):
        own = sweep.goals[sweep.goals["goal"] == goal].set_index("point")
        for i, line in enumerate(lines):
            _draw(ax, line, i, own, broken, lines=len(lines))
        _frame(ax, names[goal], label, ticks)
    for ax in panels[len(goals) :]:
        ax.axis("off")
    _legend(made, panels[0], lines, any(broken.values()), sweep, texts)
    return made


def _draw(ax: Axes, line: _Line, i: int, own: pd.DataFrame, broken: dict[int, bool], *, lines: int) -> None:
    """One line with what its gaps leave open; points whose plan breaks a hard rule are hollow, points without a plan left out."""
    colour, marker = CYCLE[i % len(CYCLE)], MARKERS[i % len(MARKERS)]
    behind = max(0, min(lines, 4) - 1 - i)
    there = [(at, point) for at, point in zip(line.at, line.points, strict=True) if point in own.index]
    at = [x for x, _ in there]
    values = own.loc[[point for _, point in there]]
    # Lines that lie on each other are told apart by their width: those drawn first look out from behind.
    ax.plot(at, values["value"], color=colour, linewidth=1.4 + 2 * behind, zorder=2)
    for x, (_, point), value in zip(at, there, values["value"].tolist(), strict=True):
        ax.plot(
            [x], [value], marker=marker, markersize=6 + 3 * behind, color=colour,
            markerfacecolor="white" if broken[point] else colour, zorder=3,
        )  # fmt: skip
    if lines == 1 and not values["proven"].all():
        ax.fill_between(at, values["bound"], values["value"], color=colour, alpha=0.2, linewidth=0)


def _lines(sweep: SweepTables, texts: Texts) -> tuple[list[_Line], list[tuple[float, str]], str]:
    """Lines along the first key that has several numbers, else along the first with several values, else along the scenarios."""
    along = _along(sweep)
    if along is None:
        ticks = [(float(i), name) for i, name in enumerate(sweep.scenarios)]
        own = [(float(task.scenario), number) for number, task, _ in sweep.finished]
        return (
            [_Line("", [at for at, _ in own], [number for _, number in own])],
            ticks,
            texts.said(Message("sweep.scenario")),
        )
    places = _places(along)
    ticks = [(place, str(shown(value))) for place, value in zip(places, along.values, strict=True)]
    groups: dict[str, list[tuple[float, int]]] = {}
    with_plan = {number for number, _, record in sweep.finished if record["goals"]}
    for number, task, _ in sweep.finished:
        words = [sweep.scenarios[task.scenario]] if len(sweep.scenarios) > 1 else []
        words += [f"{axis.name}={shown(task.changes[axis.key])}" for axis in sweep.axes if axis is not along]
        at = places[along.values.index(task.changes[along.key])]
        groups.setdefault(" ".join(words), []).append((at, number))
    lines = [
        _Line(name, [at for at, _ in sorted(own)], [number for _, number in sorted(own)])
        for name, own in groups.items()
        if with_plan.intersection(number for _, number in own)
    ]
    label = axis_title(sweep, along, texts)
    is_named = label != along.name
    return lines, ticks, texts.within(label, along.name) if is_named else label


def _along(sweep: SweepTables) -> Axis | None:
    several = [axis for axis in sweep.axes if len(axis.values) > 1] or list(sweep.axes)
    numbers = [axis for axis in several if _numbers(axis) is not None]
    return next(iter([*numbers, *several]), None)


def _numbers(axis: Axis) -> list[float] | None:
    """The values of an axis as numbers, exact shares included; ``None`` when one is no number."""
    found = []
    for value in axis.values:
        try:
            found.append(float(Fraction(str(value))))
        except (ValueError, ZeroDivisionError):
            return None
    return found


def _places(axis: Axis) -> list[float]:
    """Where each value of an axis stands: by its size, or one after the other."""
    return _numbers(axis) or [float(i) for i in range(len(axis.values))]


def _legend(made: Figure, ax: Axes, lines: Sequence[_Line], has_hollow: bool, sweep: SweepTables, texts: Texts) -> None:
    named = [line for line in lines if line.name]
    handles: list[Artist] = []
    labels: list[str] = []
    if 1 < len(named) <= MOST_LINES:
        for i, line in enumerate(lines):
            handles += ax.plot([], [], color=CYCLE[i % len(CYCLE)], marker=MARKERS[i % len(MARKERS)], markersize=6)
            labels.append(line.name)
    if has_hollow:
        handles += ax.plot([], [], linestyle="", marker="o", color=GREY, markerfacecolor="white", markersize=6)
        labels.append(texts.said(Message("sweep.hollow")))
    without = sum(not record["goals"] for _, _, record in sweep.finished)
    if without:
        handles += ax.plot([], [], linestyle="")
        labels.append(texts.said(Message("sweep.left-out", count=without)))
    if len(named) > MOST_LINES:
        handles += ax.plot([], [], linestyle="")
        labels.append(texts.said(Message("sweep.many-lines", count=len(named))))
    if handles:
        made.legend(handles, labels, loc="outside lower left", ncols=3, frameon=False, fontsize=9)


def _curves(sweep: SweepTables, texts: Texts) -> Figure:
    """The trade-off curve: points on it joined in steps, all others hollow."""
    assert sweep.pair is not None
    first, second = sweep.pair.goals
    names = named_goals(sweep, texts)
    made = _new(9, 6.2, sweep, texts)
    ax = made.subplots()
    curve = sweep.curve[sweep.curve["mark"] != "failed"]
    if curve.empty:
        ax.axis("off")
        ax.text(0.5, 0.5, texts.said(Message("sweep.nothing-changes")), ha="center", va="center", fontsize=12)
        return made
    groups = [group for group, _ in curve.groupby("group", sort=False)]
    for i, group in enumerate(groups):
        colour, marker = CYCLE[i % len(CYCLE)], MARKERS[i % len(MARKERS)]
        own = curve[curve["group"] == group]
        best = own[own["mark"] == "best"].sort_values(first)
        # Between two points nothing better than the worse of both is known, so the line goes in steps.
        ax.plot(best[first], best[second], color=colour, drawstyle="steps-post", linewidth=1.2, zorder=2)
        ax.plot(
            best[first],
            best[second],
            linestyle="",
            marker=marker,
            color=colour,
            markersize=7,
            zorder=3,
            label=group or None,
        )
        rest = own[~own["mark"].isin(["best", "same"])]
        ax.plot(rest[first], rest[second], linestyle="", marker=marker, color=colour, markerfacecolor="white", zorder=2)
        for x, y in zip(best[first], best[second], strict=True) if len(groups) == 1 else ():
            ax.annotate(
                f"{texts.number(x)}, {texts.number(y)}", (x, y), xytext=(6, 6), textcoords="offset points", fontsize=8
            )
    _frame(ax, texts.said(Message("sweep.curve-title")), names[first], ())
    ax.set_ylabel(names[second], fontsize=10)
    handles: list[Artist] = [*ax.plot([], [], linestyle="", marker="o", color=GREY, markersize=7)]
    handles += ax.plot([], [], linestyle="", marker="o", color=GREY, markerfacecolor="white", markersize=6)
    labels = [texts.said(Message("sweep.mark-best")), texts.said(Message("sweep.not-on-curve"))]
    known, words = ax.get_legend_handles_labels()
    if 1 < len(groups) <= MOST_LINES:
        handles, labels = [*known, *handles], [*words, *labels]
    made.legend(handles, labels, loc="outside lower left", ncols=3, frameon=False, fontsize=9)
    return made


def _frame(ax: Axes, heading: str, label: str, ticks: Sequence[tuple[float, str]]) -> None:
    ax.set_title(heading, loc="left", fontsize=11, fontweight="bold")
    ax.set_xlabel(label, fontsize=10)
    ax.grid(axis="y", color="#E4E4E4", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.margins(x=0.06, y=0.12)
    ax.tick_params(labelsize=9)
    if 0 < len(ticks) <= MOST_LINES:
        places = sorted(ticks)
        long = max(len(name) for _, name in places) * len(places) > 60
        ax.set_xticks(
            [at for at, _ in places],
            [name for _, name in places],
            rotation=20 if long else 0,
            ha="right" if long else "center",
        )
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))  # Goals are counted in whole numbers.
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if not ticks:
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
