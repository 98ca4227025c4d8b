"""The curves of a range as a figure: a panel for each goal that changes, a line for each subject."""

from __future__ import annotations

from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from allocator.answers.figure_kit import blank, legible, lettered
from allocator.answers.sensitivity.answer import Answer
from allocator.answers.sensitivity.phrases import Names, field_name
from allocator.answers.sensitivity.result import Shadow
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.figures import png
from allocator.outputs.figures.palette import CYCLE, GREY, MARKERS

ACROSS = 2
"""Panels side by side."""

Curve = tuple[str, list[Answer]]


def figure(found: Shadow, texts: Texts) -> bytes:
    """The figure as a PNG file."""
    return png(drawn(found, texts))


def drawn(found: Shadow, texts: Texts) -> Axes:
    """The figure, as the first of its axes; in English where no font has Chinese characters."""
    texts, font = legible(texts)
    names = Names(found.run, texts)
    curves = [
        (names.labelled(key_answers[0].question), key_answers)
        for _, own in groupby(found.answers, key=lambda one: (one.question.sort, one.question.of, one.question.field))
        if (key_answers := [one for one in own if one.goals])
    ]
    goals = _moving(curves)
    down = max(1, -(-len(goals) // ACROSS))
    made = blank(13, 1.4 + 3.1 * down)
    axes = made.subplots(down, ACROSS if len(goals) > 1 else 1, squeeze=False).flatten()
    for ax, goal in zip(axes, goals or [""], strict=False):
        _panel(ax, goal, curves, texts)
    for ax in axes[max(1, len(goals)) :]:
        ax.set_visible(False)
    scenario = found.run.inputs.scenario
    title = texts.said(Message("shadow.title", title=texts.title(scenario) or scenario.id))
    made.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold")
    handles, labels = axes[0].get_legend_handles_labels()
    shown = [goal for _, answers in curves for one in answers for goal in one.goals if goal.goal in goals]
    if any({goal.before_is, goal.after_is} != {"proven"} for goal in shown):
        hollow = Line2D([], [], linestyle="", marker="o", color=GREY, markerfacecolor="white")
        handles, labels = [*handles, hollow], [*labels, texts.said(Message("shadow.figure-open"))]
    made.legend(handles, labels, loc="outside lower left", frameon=False, fontsize=9)
    return lettered(made, font)


def _moving(curves: list[Curve]) -> list[str]:
    """The goals that change in any curve, in their order."""
    found: dict[str, bool] = {}
    for _, answers in curves:
        for one in answers:
            for goal in one.goals:
                found[goal.goal] = found.get(goal.goal, False) or abs(goal.difference) > 1e-6
    return [goal for goal, moves in found.items() if moves]


def _panel(ax: Axes, goal: str, curves: list[Curve], texts: Texts) -> None:
    unit = ""
    for number, (name, answers) in enumerate(curves):
        color = CYCLE[number % len(CYCLE)]
        own = {one.number: next((g for g in one.goals if g.goal == goal), None) for one in answers}
        first = next((g for g in own.values() if g is not None), None)
        if first is None:
            ax.plot([], [], color=color, label=name)
            continue
        unit = first.unit
        points = [(0.0, first.before, first.before_is != "proven")]
        points += [
            (float(one.question.step), change.after, change.after_is != "proven")
            for one in answers if (change := own[one.number]) is not None
        ]  # fmt: skip
        points.sort()
        ax.plot([x for x, _, _ in points], [y for _, y, _ in points], color=color, linewidth=1.6, label=name)
        for x, y, is_open in points:
            face = "white" if is_open else color
            ax.plot([x], [y], MARKERS[number % len(MARKERS)], color=color, markerfacecolor=face, markersize=6)
    ax.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
    if goal:
        ax.set_title(f"{texts.known('goal', goal)} ({texts.unit(unit)})", loc="left", fontsize=11)
    else:
        ax.set_title(texts.said(Message("shadow.no-goal-moves")), loc="left", fontsize=11)
    fields = list(dict.fromkeys(answers[0].question.field for _, answers in curves))
    what = " / ".join(texts.said(field_name(field)) for field in fields)
    ax.set_xlabel(texts.said(Message("shadow.figure-axis", what=what)), fontsize=9)
    ax.tick_params(labelsize=9)
    for axis in (ax.xaxis, ax.yaxis):  # People, hours and years are whole.
        axis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.grid(axis="y", color="#E4E4E4", linewidth=0.8)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
