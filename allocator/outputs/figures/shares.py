"""Figures of the shared rules: quotas against their targets, teams by the share they send, seats by prefecture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from rich.cells import cell_len

from allocator.audit.measures.quota import allowed
from allocator.domain.rules import Quota, ShareFloor
from allocator.outputs.dispatch import LEVELS
from allocator.outputs.figures.palette import (
    BLACK,
    BLUE,
    CYCLE,
    GREEN,
    GREY,
    MARKERS,
    NAVY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    Pen,
    patch,
)
from allocator.outputs.output_data import Material, records
from allocator.outputs.verdicts import summed

_FURTHEST = 2.0  # A quota met more than twice over is drawn at twice, with its figure beside it.
_MOST_GROUPS = 30  # More units than these are no longer read; the largest are shown.


def quota_attainment(material: Material, ax: Axes | None = None, *, pen: Pen | None = None) -> Axes:
    """People sent in each year as a share of the target of every quota, with the range that keeps the rule."""
    pen = pen or Pen.of(material)
    material = pen.material
    rules = [rule for rule in material.inputs.policy.rules if isinstance(rule, Quota) and rule.amount]
    ax = pen.axes(ax, 13, 1.9 + 0.4 * max(4, len(rules)))
    title, subtitle = pen("figure.quota"), pen("figure.quota-note")
    if not rules:
        return pen.finish(pen.empty(ax), title, subtitle)
    years = material.inputs.years
    counts = summed(material.audit.table)
    furthest = 1.0
    for row, rule in enumerate(rules):
        least, most = allowed(rule)
        left, right = least / rule.amount, _FURTHEST * 2 if most is None else most / rule.amount
        ax.barh(row, right - left, left=left, height=0.84, color=PALE, zorder=1)
        own = counts.loc[counts["rule_id"] == rule.id].set_index("year")["achieved"]
        judged = [(n, year, own[year]) for n, year in enumerate(years) if year in own.index]
        for n, _, achieved in judged:
            share = achieved / rule.amount
            furthest = max(furthest, share)
            at, height = min(share, _FURTHEST), row + (n - (len(years) - 1) / 2) * 0.78 / len(years)
            outside = achieved < least or (most is not None and achieved > most)
            ax.plot(at, height, MARKERS[n % 8], color=CYCLE[n % 8], markersize=5.5 if not outside else 6.5, zorder=3,
                    markeredgecolor=BLACK if outside else "white", markeredgewidth=1.3 if outside else 0.3)  # fmt: skip
            if share > _FURTHEST:
                ax.text(at + 0.012, height, f"{share:.0%}", fontsize=6, va="center", zorder=4)
    ax.axvline(1, color=BLACK, linewidth=1, zorder=2)
    sign = {"about": "≈", "at-least": "≥", "at-most": "≤", "exactly": "="}
    titles = material.rule_titles
    ax.set_yticks(
        range(len(rules)),
        [
            two_lines(f"{pen.name(titles[r.id], r.id, 100)}  {sign[r.modality]}{pen.texts.number(r.amount)}", 56)
            for r in rules
        ],
    )
    ax.set_ylim(len(rules) - 0.4, -0.6)
    ends = [allowed(rule)[0] / rule.amount for rule in rules]
    lowest = min([*ends, *(v for v in (counts["achieved"] / counts["required"])[counts["kind"] == "quota"].dropna())])
    ax.set_xlim(max(0, lowest - 0.05) if lowest > 0 else -0.03, min(furthest, _FURTHEST) + 0.12)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel(pen("figure.of-target"), fontsize=10)
    ax.grid(axis="y", color=PALE, linewidth=0.5)
    legend: list[tuple[Any, str]] = [
        (Line2D([], [], marker=MARKERS[n % 8], color=CYCLE[n % 8], linestyle="", markersize=7), str(year))
        for n, year in enumerate(years)
    ]
    outside_mark = Line2D([], [], marker="o", color="white", markeredgecolor=BLACK, markeredgewidth=1.4, linestyle="")
    legend += [(patch(PALE), pen("figure.allowed")), (outside_mark, pen("figure.outside"))]
    return pen.finish(ax, title, subtitle, legend, columns=8)


def two_lines(label: str, cells: int) -> str:
    """A label broken once, at the space nearest its middle, where it is wider than so many cells.

    Examples
    --------
    >>> two_lines("about 40 a year", 8), two_lines("每年约40人", 8)
    ('about 40\\na year', '每年约40人')
    """
    spaces = [n for n, character in enumerate(label) if character == " " and label[n - 1] != " "]
    if cell_len(label) <= cells or not spaces:
        return label
    middle = min(spaces, key=lambda n: abs(n - len(label) / 2))
    return f"{label[:middle]}\n{label[middle:].lstrip()}"


def team_coverage(material: Material, ax: Axes | None = None, *, pen: Pen | None = None) -> Axes:
    """Teams by the share of their people who train, in each year, for every share floor."""
    pen = pen or Pen.of(material)
    material = pen.material
    rules = [rule for rule in material.inputs.policy.rules if isinstance(rule, ShareFloor)]
    floors = material.floors
    floors = floors[floors["size"] > 0]
    rules = [rule for rule in rules if (floors["rule_id"] == rule.id).any()]
    bars = [(rule, year) for rule in rules for year in material.inputs.years]
    ax = pen.axes(ax, 13, 2.2 + 0.32 * max(6, len(bars) + len(rules)))
    title, subtitle = pen("figure.teams"), pen("figure.teams-note")
    if not rules:
        return pen.finish(pen.empty(ax), title, subtitle)
    colours = (VERMILLION, SKY, BLUE, NAVY)
    ticks, labels, position = [], [], 0.0
    for rule in rules:
        own = floors[floors["rule_id"] == rule.id]
        ax.text(0.004, position, pen.name(material.rule_titles[rule.id], rule.id, 90), fontsize=10, fontweight="bold",
                va="center")  # fmt: skip
        for year in sorted(own["year"].unique()):
            position += 1
            part = own[own["year"] == year]
            missed = (part["achieved"] < part["required"]).to_numpy()
            spare = (part["achieved"] - part["required"]).to_numpy()
            classes = np.where(missed, 0, np.clip(spare, 0, 2) + 1)
            counts = np.bincount(classes, minlength=4)
            left = 0.0
            for count, colour, hatch in zip(counts, colours, ("///", "", "", ""), strict=True):
                width = count / len(part)
                ax.barh(position, width, left=left, height=0.78, color=colour, hatch=hatch, edgecolor="white")
                if width > 0.035:
                    ax.text(left + width / 2, position, f"{count:,}", ha="center", va="center", fontsize=9,
                            color=BLACK if colour in (SKY, VERMILLION) else "white",
                            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if hatch else None)  # fmt: skip
                left += width
            kept = pen("figure.kept-of", kept=f"{len(part) - counts[0]:,}", all=f"{len(part):,}")
            ax.text(1.01, position, kept, va="center", fontsize=9, fontweight="bold" if counts[0] else "normal")
            ticks.append(position)
            labels.append(str(year))
        position += 1.2
    ax.set_yticks(ticks, labels)
    ax.set_ylim(position - 0.5, -0.7)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel(pen("figure.of-teams"), fontsize=10)
    codes = ("figure.below", "figure.just", "figure.one-more", "figure.two-more")
    legend = [
        (patch(c, "///" if n == 0 else ""), pen(code)) for n, (c, code) in enumerate(zip(colours, codes, strict=True))
    ]
    return pen.finish(ax, title, subtitle, legend)


def seats_by_prefecture(material: Material, ax: Axes | None = None, *, pen: Pen | None = None) -> Axes:
    """Seats of the named people of every prefecture per 100 of them, over the whole plan, by level of the programmes.

    With fewer than two prefectures the counties are compared, else the units.
    """
    pen = pen or Pen.of(material)
    material = pen.material
    kind, table = _seats_per_hundred(material)
    ax = pen.axes(ax, 12, 2.4 + 0.34 * max(4, len(table)))
    years = material.inputs.years
    title = pen("figure.seats", kind=pen.texts("figure.units") if kind == "unit" else pen.texts(f"unit_kind.{kind}"))
    subtitle = pen("figure.seats-note", first=years[0], last=years[-1])
    if table.empty:
        return pen.finish(pen.empty(ax), title, subtitle)
    levels = [level for level in (*LEVELS, "other") if level in table.columns and table[level].any()]
    colours = dict(zip((*LEVELS, "other"), (PURPLE, BLUE, ORANGE, GREEN, GREY), strict=True))
    hatches = dict(zip((*LEVELS, "other"), ("", "", "...", "///", "xx"), strict=True))
    left = np.zeros(len(table))
    for level in levels:
        values = table[level].to_numpy()
        ax.barh(range(len(table)), values, left=left, height=0.74, color=colours[level], hatch=hatches[level],
                edgecolor="white", linewidth=0.4)  # fmt: skip
        left += values
    mean = float((table["total"] * table["people"]).sum() / table["people"].sum())
    ax.axvline(mean, color=BLACK, linestyle="--", linewidth=1.2)
    names = material.unit_names
    ax.set_yticks(
        range(len(table)),
        [
            pen.plain(pen.texts("figure.people-of", name=pen.name(names.get(g, g), g, 36), people=pen.texts.number(n)))
            for g, n in zip(table.index, table["people"], strict=True)
        ],
    )
    ax.set_ylim(len(table) - 0.4, -0.6)
    furthest = max(float(table["total"].max()), mean, 1.0) * 1.02
    for row, total in enumerate(table["total"]):
        ax.text(furthest * 1.01, row, f"{total:.0f}", va="center", fontsize=10)
    ax.set_xlim(0, furthest)
    ax.set_xlabel(pen("figure.per-hundred"), fontsize=10)
    legend = [(patch(colours[n], hatches[n]), pen.plain(pen.texts.known("level", n))) for n in levels]
    line = Line2D([], [], color=BLACK, linestyle="--", linewidth=1.2)
    return pen.finish(ax, title, subtitle, [*legend, (line, pen("figure.mean", mean=f"{mean:.0f}"))])


def _seats_per_hundred(material: Material) -> tuple[str, pd.DataFrame]:
    """Kind of the groups compared, and for each group: people, seats per 100 of them by level, ``total``; the least first."""
    inputs = material.inputs
    named = inputs.cadres.loc[inputs.cadres["headcount"] == 1, ["cadre_id", "unit_id"]]
    kinds = dict(zip(inputs.units["unit_id"], inputs.units["kind"], strict=True))
    kind = "unit"
    group = named["unit_id"]
    for wanted in ("prefecture", "county"):
        above = {u: next((x for x in line if kinds[x] == wanted), "") for u, line in inputs.lines.items()}
        found = named["unit_id"].map(above)
        if found[found != ""].nunique() > 1:
            kind, group = wanted, found
            break
    named = named.assign(group=group)
    people = named.loc[named["group"] != "", "group"].value_counts().sort_index()
    people = people.sort_values(ascending=False, kind="stable").head(_MOST_GROUPS)
    level_of = dict(records(inputs.programmes, "programme_id", "level"))
    placements = material.plan.placements.merge(named[["cadre_id", "group"]], on="cadre_id")
    level = placements["programme_id"].map(level_of)
    level = level.where(level.isin(LEVELS), "other")
    seats = placements.assign(level=level).pivot_table(
        index="group", columns="level", values="headcount", aggfunc="sum", fill_value=0
    )
    shown = [name for name in (*LEVELS, "other") if name in seats.columns]
    table = seats.reindex(index=people.index, columns=shown, fill_value=0).mul(100).div(people, axis=0)
    table = table.assign(people=people, total=table.sum(axis=1)).rename_axis("group").reset_index()
    table = table.sort_values(["total", "group"], kind="stable").set_index("group")
    return kind, table
