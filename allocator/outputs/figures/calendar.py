"""Figures of the calendar: how many people each group of hosts has week by week, and when every class runs."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch

from allocator.outputs.dispatch import LEVELS
from allocator.outputs.figures.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SCALE, Pen, patch
from allocator.outputs.output_data import Material
from allocator.outputs.weekly_load import weekly_load

_EDGE = "#303030"
_DASHED = (0, (2, 1))


def host_load(material: Material, ax: Axes | None = None, *, pen: Pen | None = None) -> Axes:
    """People in class at each group of hosts in every week of the plan, as a share of the group's fullest week."""
    pen = pen or Pen.of(material)
    material = pen.material
    weeks, load = weekly_load(material)
    ax = pen.axes(ax, 15, 2.2 + 0.42 * max(4, len(load)))
    title, subtitle = pen("figure.load"), pen("figure.load-note")
    if load.empty:
        return pen.finish(pen.empty(ax), title, subtitle)
    peaks = load.max(axis=1).to_numpy()
    shares = np.where(load.to_numpy() > 0, load.to_numpy() / np.maximum(peaks, 1)[:, None], np.nan)
    edges = np.arange(len(weeks) + 1)
    mesh = ax.pcolormesh(
        edges, np.arange(len(load) + 1) - 0.5, shares, cmap=SCALE + "_r", vmin=0, vmax=1, rasterized=True
    )
    ax.set_yticks(
        range(len(load)),
        [
            pen.plain(
                pen.texts(
                    "figure.peak",
                    name=pen.name(pen.texts.known("host_group", group), group, 48),
                    people=pen.texts.number(peak),
                    week=weeks[int(row.argmax())].strftime("%Y-%m-%d"),
                )
            )
            for group, peak, row in zip(load.index, peaks, load.to_numpy(), strict=True)
        ],
    )
    ax.set_ylim(len(load) - 0.5, -0.5)
    ax.hlines(np.arange(len(load) - 1) + 0.5, 0, len(weeks), color="white", linewidth=2)
    starts = [n for n, monday in enumerate(weeks) if monday.day <= 7 and monday.month % 3 == 1]
    ax.set_xticks(starts, [weeks[n].strftime("%Y-%m-%d") for n in starts], rotation=40, ha="right")
    for n in range(1, len(weeks)):
        if weeks[n].year != weeks[n - 1].year:
            ax.axvline(n, color="#404040", linewidth=1)
    bar = ax.figure.colorbar(mesh, ax=ax, fraction=0.025, pad=0.01)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    bar.ax.tick_params(labelsize=9, labelfontfamily=list(pen.font.families))
    bar.set_label(pen("figure.of-peak"), fontsize=10, fontfamily=list(pen.font.families))
    return pen.finish(ax, title, subtitle)


def session_gantt(
    material: Material, year: int | None = None, ax: Axes | None = None, *, pen: Pen | None = None
) -> Axes:
    """When the sessions of a year run, a row for each programme; programmes of single units share a row per host group.

    Parameters
    ----------
    year
        A plan year; the first when absent.
    """
    pen = pen or Pen.of(material)
    material = pen.material
    year = material.inputs.years[0] if year is None else year
    bars = gantt_rows(material, year)
    names = list(dict.fromkeys(bars["row"]))
    ax = pen.axes(ax, 14, 2.2 + 0.26 * max(6, len(names)))
    title, subtitle = pen("figure.gantt", year=year), pen("figure.gantt-note")
    if bars.empty:
        return pen.finish(pen.empty(ax), title, subtitle)
    colours = dict(zip((*LEVELS, "other"), (PURPLE, BLUE, ORANGE, GREEN, GREY), strict=True))
    position = {row: n for n, row in enumerate(names)}
    start = _days(bars["start_date"])
    end = _days(bars["end_date"]) + 1
    at = bars["row"].map(position).to_numpy()
    held, shared = bars["is_held"].to_numpy(), bars["is_shared"].to_numpy()
    for level in colours:
        own = (bars["level"] == level).to_numpy()
        # Sessions of many units lie over each other in one row: the darker, the more at once.
        for chosen, colour, alpha, edge in (
            (own & held & ~shared, colours[level], 0.9, _EDGE),
            (own & held & shared, colours[level], 0.35, "none"),
            (own & ~held, "white", 0.9, _EDGE),
        ):
            style: Any = "-" if colour != "white" else _DASHED
            # One collection for all boxes of a sort; hundreds of single bars would take seconds.
            boxes = _boxes(start[chosen], end[chosen], at[chosen])
            ax.add_collection(
                PolyCollection(
                    list(boxes), facecolor=colour, alpha=alpha, edgecolor=edge, linewidth=0.7, linestyle=style
                ),
                autolim=False,
            )
    people = bars[bars["is_held"]].groupby("row")[["filled", "sessions"]].sum()
    first, last = _day(date(year, 1, 1)), _day(date(year, 12, 31)) + 1
    first, last = min(first, float(start.min())), max(last, float(end.max()))
    for row, n in position.items():
        counts = people.loc[row] if row in people.index else {"sessions": 0, "filled": 0}
        text = pen(
            "figure.held", sessions=pen.texts.number(counts["sessions"]), people=pen.texts.number(counts["filled"])
        )
        ax.text(last + 2, n, text, va="center", fontsize=8)
    ax.set_yticks(range(len(names)), [pen.name(*_row_name(material, row), 64) for row in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(first, last)
    months = [_day(date(year, month, 1)) for month in range(1, 13)]
    ax.set_xticks(months, pen("figure.months").split(), ha="left")
    ax.grid(axis="x", color="#C8C8C8", linewidth=0.6)
    ax.set_axisbelow(True)
    shown = [level for level in colours if (bars["level"] == level).any()]
    legend = [(patch(colours[level]), pen.plain(pen.texts.known("level", level))) for level in shown]
    if not bars["is_held"].all():
        legend.append((Patch(facecolor="white", edgecolor=_EDGE, linestyle=_DASHED), pen("figure.not-held")))
    return pen.finish(ax, title, subtitle, legend)


def gantt_rows(material: Material, year: int) -> pd.DataFrame:
    """Every part of every session of a year: row, level, is_shared, start_date, end_date, is_held, filled, sessions.

    ``row`` is a programme, or a host group and level for programmes that serve one unit only; ``filled`` and
    ``sessions`` stand at the first part of a session. Ordered by level, then by the first day of the row.
    """
    inputs = material.inputs
    served = inputs.programmes.set_index("programme_id")["serves_unit_id"]
    own = material.sessions[material.sessions["year"] == year].set_index("session_id")
    is_local = (own["programme_id"].map(served) != "").to_numpy()
    level = own["level"].where(own["level"].isin(LEVELS), "other")
    row = ("p:" + own["programme_id"]).where(~is_local, "g:" + own["host_group"])
    own = own.assign(row=row, level=level, is_shared=is_local, is_held=own["filled"] > 0)
    parts = inputs.segments[["session_id", "start_date", "end_date"]]
    columns = ["row", "level", "is_shared", "is_held", "filled"]
    bars = parts[parts["session_id"].isin(own.index)].sort_values(["session_id", "start_date"], kind="stable")
    bars = bars.join(own[columns], on="session_id").reset_index(drop=True)
    is_first = ~bars["session_id"].duplicated()
    bars = bars.assign(filled=bars["filled"].where(is_first, 0), sessions=is_first.astype("int64"))
    rank = {name: n for n, name in enumerate((*LEVELS, "other"))}
    begins = bars.groupby("row")["start_date"].transform("min")
    levels, names = pd.factorize(bars["level"], sort=True)  # Numbers: to group texts, pandas starts threads of Arrow.
    first = pd.Series(levels, index=bars.index).groupby(bars["row"]).transform("min")
    order = bars.assign(rank=pd.Series(names[first], index=bars.index).map(rank), begins=begins)
    order = order.sort_values(["rank", "begins", "row", "start_date", "session_id"], kind="stable")
    return order.drop(columns=["rank", "begins"]).reset_index(drop=True)


def _boxes(left: np.ndarray, right: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The corners of bars, shape (bars, 4, 2)."""
    low, high = row - 0.35, row + 0.35
    across, down = np.stack([left, left, right, right], axis=1), np.stack([low, high, high, low], axis=1)
    return np.stack([across, down], axis=2)


def _day(day: date) -> float:
    """A day as a place on the axis."""
    return float(day.toordinal())


def _days(dates: pd.Series) -> np.ndarray:
    """Days as places on the axis, as ``_day``."""
    epoch = date(1970, 1, 1).toordinal()
    return np.asarray(dates.to_numpy().astype("datetime64[D]").astype(np.int64) + epoch, dtype=np.float64)


def _row_name(material: Material, row: str) -> tuple[str, str]:
    """Name and id of a row."""
    kind, _, key = row.partition(":")
    if kind == "p":
        return material.programme_names[key], key
    return material.texts("figure.each", name=material.texts.known("host_group", key)), key
