"""A comparison as a figure: the goals of the runs side by side, and how many people move."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from allocator.answers.compare.phrases import CHANGE, goal_name
from allocator.answers.compare.result import Comparison
from allocator.answers.compare.tables import CHANGES, column
from allocator.answers.figure_kit import blank, legible, lettered
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.figures import png
from allocator.outputs.figures.palette import CYCLE


def figure(comparison: Comparison, texts: Texts) -> bytes:
    """The figure as a PNG file."""
    return png(drawn(comparison, texts))


def drawn(comparison: Comparison, texts: Texts) -> Axes:
    """The figure, as the first of its axes; in English where no font has Chinese characters."""
    texts, font = legible(texts)
    runs, goals = len(comparison.runs), len(comparison.goals)
    made = blank(13, 2.6 + (0.16 + 0.2 * runs) * goals + 0.4 * runs)
    above, below = made.subplots(2, 1, height_ratios=(goals * (0.16 + 0.2 * runs), 0.6 + 0.4 * runs))
    _goals(above, comparison, texts)
    _people(below, comparison, texts)
    return lettered(made, font)


def _goals(ax: Axes, comparison: Comparison, texts: Texts) -> None:
    runs, table = comparison.runs, comparison.goals
    values = np.array([table[column("value", run)].to_numpy(dtype=float) for run in runs])
    largest = np.nanmax(np.abs(np.nan_to_num(values)), axis=0)
    for number, run in enumerate(runs):
        at = np.arange(len(table)) + (number - (len(runs) - 1) / 2) * 0.8 / len(runs)
        shares = np.divide(np.nan_to_num(values[number]), largest, out=np.zeros(len(table)), where=largest > 0)
        ax.barh(at, shares, height=0.72 / len(runs), color=CYCLE[number % len(CYCLE)], label=run)
        for y, share, value in zip(at, shares, values[number], strict=True):
            ax.text(share + 0.005, y, texts.number(value), va="center", fontsize=8)
    ax.set_yticks(
        range(len(table)),
        [goal_name(goal, unit, texts) for goal, unit in zip(table["goal"], table["unit"], strict=True)],
    )
    _frame(ax, texts.said(Message("compare.figure-goals")))


def _people(ax: Axes, comparison: Comparison, texts: Texts) -> None:
    moved = comparison.moved()
    left = np.zeros(len(moved))
    for number, change in enumerate(CHANGES):
        own = moved[change].to_numpy()
        ax.barh(range(len(moved)), own, left=left, height=0.6, color=CYCLE[number], label=texts.said(CHANGE[change]))
        left += own
    for y, total in enumerate(left):
        ax.text(total + max(left.max(), 1) * 0.005, y, texts.number(total), va="center", fontsize=8)
    ax.set_yticks(range(len(moved)), list(moved.index))
    ax.set_xlim(0, max(left.max(), 1) * 1.08)
    _frame(ax, texts.said(Message("compare.figure-people", first=comparison.runs[0])))


def _frame(ax: Axes, title: str) -> None:
    ax.invert_yaxis()
    ax.set_xticks([])
    ax.set_title(title, loc="left", fontsize=13, fontweight="bold", pad=24)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, fontsize=9, borderaxespad=0.1)
    ax.tick_params(labelsize=9)
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
