"""Figures that set several plans side by side: one font for all their words, in English where no font has Chinese characters."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from allocator.language.texts import Texts
from allocator.outputs.figures import Font, find_font
from allocator.outputs.figures.palette import DOTS_PER_INCH


def legible(texts: Texts) -> tuple[Texts, Font]:
    """The catalogue in a language that can be drawn, and the font for it."""
    font = find_font(None, texts.lang)
    return (Texts("en") if texts.lang == "zh" and not font.has_chinese else texts), font


def blank(width: float, height: float) -> Figure:
    """A new figure of that size in inches, which belongs to no window."""
    made = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    FigureCanvasAgg(made)
    return made


def lettered(made: Figure, font: Font) -> Axes:
    """The first axes of a finished figure, after all its words got the font; names of rules, files and folders are no formulas."""
    for words in made.findobj(Text):
        words.set_fontfamily(list(font.families))
        words.set_parse_math(False)
    return made.axes[0]
