"""How the figures look and speak: the axes to draw on, colours, and the one gate every text passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.text import Text

from allocator.language.texts import Texts, fit
from allocator.outputs.figures.fonts import Font, find_font
from allocator.outputs.output_data import Material

# Colours that readers who confuse red and green tell apart (Okabe and Ito, 2008, "Color Universal Design").
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
GREY, PALE, NAVY = "#8C8C8C", "#E4E4E4", "#003B5C"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, BLACK, YELLOW)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")  # A year is told by its shape too, for prints without colour.
SCALE = "cividis"  # Rises evenly in lightness for every reader.

DOTS_PER_INCH = 150
_TITLE, _TEXT, _SMALL = 15, 10, 9  # points
_TALLEST = 200.0  # inches; a picture of more than 65,535 dots cannot be drawn
_UNDRAWABLE = "\N{WHITE SQUARE}"


@dataclass
class Pen:
    """Material, font and language of a figure.

    Where the reader's language is Chinese and the font has no Chinese glyphs, the figure is labelled in English.
    ``lacking`` collects the characters of names that the font cannot draw; they are shown as an empty square.
    """

    material: Material
    font: Font
    lacking: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, material: Material, font: str | None = None) -> Pen:
        """A pen with the font of that name, or with the first Chinese one installed.

        Raises
        ------
        OutputError
            If no font of that name is installed.
        """
        found = find_font(font, material.texts.lang)
        if material.texts.lang == "zh" and not found.has_chinese:
            material = replace(material, texts=Texts("en"))
        return cls(material, found)

    @property
    def texts(self) -> Texts:
        """The catalogue in the language of the figure."""
        return self.material.texts

    def __call__(self, code: str, /, **parameters: object) -> str:
        """A text of the catalogue, ready to be drawn."""
        return self.plain(self.texts(code, **parameters))

    def plain(self, text: str) -> str:
        """A text drawn as it stands: no formulas, one line, nothing the font cannot draw."""
        text = " ".join(text.split())
        for character in self.font.lacks(text):
            self.lacking.add(character)
            text = text.replace(character, _UNDRAWABLE)
        return text.replace("$", r"\$")

    def name(self, name: str, key: str, cells: int = 48) -> str:
        """A name of the tables cut to a width; its id where the font can draw none of the name's own script."""
        lacks = set(self.font.lacks(name))
        is_readable = sum(c in lacks for c in name) * 2 <= len(name)
        return self.plain(fit(name, cells).rstrip() if is_readable and name else key)

    # ------------------------------------------------------------------ axes

    def axes(self, ax: Axes | None, width: float, height: float) -> Axes:
        """The axes given, or those of a new figure of that size in inches; the new figure belongs to no window."""
        if ax is not None:
            return ax
        figure = Figure(
            figsize=(width, min(height, _TALLEST)),
            dpi=DOTS_PER_INCH,
            layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12),
        )
        FigureCanvasAgg(figure)
        return figure.subplots()

    def finish(
        self, ax: Axes, title: str, subtitle: str, legend: Sequence[tuple[Any, str]] = (), columns: int = 6
    ) -> Axes:
        """Title, a line that says how to read the figure, the legend above the axes, and the font of every text."""
        rows = -(-len(legend) // columns)
        lift = 8 + 17 * rows
        if legend:
            handles, labels = zip(*legend, strict=True)
            ax.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False,
                      borderaxespad=0.2, borderpad=0.2, handlelength=1.4, columnspacing=1.4, fontsize=_TEXT)  # fmt: skip
        # Left out of the layout: a long line would squeeze narrow axes to nothing. The title above keeps its height free.
        ax.annotate(subtitle, xy=(0, 1), xycoords="axes fraction", xytext=(0, lift), textcoords="offset points",
                    fontsize=_TEXT, color="#404040", annotation_clip=False, in_layout=False)  # fmt: skip
        ax.set_title(title, loc="left", fontsize=_TITLE, fontweight="bold", pad=lift + 18)
        ax.tick_params(labelsize=_SMALL, labelfontfamily=list(self.font.families))
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        for text in ax.findobj(Text):
            text.set_fontfamily(list(self.font.families))
        return ax

    def empty(self, ax: Axes) -> Axes:
        """Say in the middle of the axes that there is nothing to show."""
        ax.text(0.5, 0.5, self("figure.empty"), transform=ax.transAxes, ha="center", va="center", fontsize=_TITLE)
        ax.set_xticks([])
        ax.set_yticks([])
        return ax


def patch(colour: str, hatch: str = "") -> Patch:
    """A box of the legend."""
    return Patch(facecolor=colour, edgecolor="white" if hatch else colour, hatch=hatch)
