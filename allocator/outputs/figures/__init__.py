"""Figures of a run: one function each, which takes the run's material and axes to draw on, and returns the axes.

Without axes a figure of its own is made; nothing of pyplot's global state is used or changed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from allocator.domain.rules import Cumulative
from allocator.outputs.figures.calendar import host_load, session_gantt
from allocator.outputs.figures.fonts import Font, find_font
from allocator.outputs.figures.palette import DOTS_PER_INCH, Pen
from allocator.outputs.figures.people import hours, waiting_years
from allocator.outputs.figures.shares import quota_attainment, seats_by_prefecture, team_coverage
from allocator.outputs.output_data import Material

__all__ = [
    "Font", "Pen", "draw", "figures_of", "find_font", "host_load", "hours", "png", "quota_attainment",
    "seats_by_prefecture", "session_gantt", "team_coverage", "waiting_years",
]  # fmt: skip

Drawing = Callable[..., Axes]


def figures_of(material: Material) -> dict[str, Drawing]:
    """The figures of a run by name of their file; each takes the material, and ``ax`` and ``pen`` by name."""
    rules = [rule.id for rule in material.inputs.policy.rules if isinstance(rule, Cumulative)]
    return {
        "quota": quota_attainment,
        "teams": team_coverage,
        **{f"hours-{rule_id}": partial(hours, rule_id=rule_id) for rule_id in rules},
        "waiting": waiting_years,
        "hosts": host_load,
        "prefectures": seats_by_prefecture,
        **{f"sessions-{year}": partial(session_gantt, year=year) for year in material.inputs.years},
    }


def draw(pen: Pen) -> Iterator[tuple[str, bytes]]:
    """Every figure of the pen's material as a PNG file: name and content."""
    for name, drawing in figures_of(pen.material).items():
        yield f"{name}.png", png(drawing(pen.material, pen=pen))


def notes(material: Material, pen: Pen) -> tuple[str, ...]:
    """What the reader must be told: labels in English for want of a font, characters that could not be drawn."""
    told = []
    if pen.texts.lang != material.texts.lang:
        told.append(material.texts("figure.no-font", font=pen.font.families[0]))
    if pen.lacking:
        told.append(
            material.texts("figure.lacking", font=pen.font.families[0], characters=" ".join(sorted(pen.lacking)))
        )
    return tuple(told)


def png(ax: Axes) -> bytes:
    """The figure of the axes as a PNG file; the same figure gives the same bytes."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    content = io.BytesIO()
    # The name of the program that drew it would differ between versions of matplotlib.
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return content.getvalue()
