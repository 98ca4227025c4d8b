"""The font of the figures: a family with Chinese glyphs, looked up among those installed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from matplotlib import font_manager

from allocator.domain.errors import OutputError
from allocator.language.texts import Language, Texts

CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Source Han Sans",
    "Microsoft YaHei", "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti SC", "Heiti TC", "STHeiti",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "DengXian", "Sarasa Gothic SC", "Arial Unicode MS",
    "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Serif CJK SC", "Source Han Serif SC", "STSong", "SimSun", "FangSong",
    "AR PL UMing CN", "AR PL UKai CN",
)  # fmt: skip
"""Families that have the characters of simplified Chinese, the plainest first: of the systems people use."""

ALWAYS = "DejaVu Sans"  # Comes with matplotlib, so it is there on every machine.
_SAMPLE = "培训名额"


@dataclass(frozen=True)
class Font:
    """The families a text is drawn with, in the order in which they are asked for a glyph."""

    families: tuple[str, ...]
    has_chinese: bool

    def lacks(self, text: str) -> list[str]:
        """The characters of a text that none of the families can draw."""
        return [c for c in dict.fromkeys(text) if not any(ord(c) in _characters(family) for family in self.families)]


def installed() -> frozenset[str]:
    """Names of all families matplotlib knows of."""
    return frozenset(font_manager.get_font_names())


def find_font(name: str | None = None, lang: Language = "en") -> Font:
    """The font to draw with: ``name`` when given, else the first of ``CHINESE`` that is installed, else ``ALWAYS``.

    A font installed after matplotlib made its list is found too.

    Raises
    ------
    OutputError
        If no font called ``name`` is installed.
    """
    wanted = CHINESE if name is None else (name,)
    found = _first(wanted)
    if found is None:
        _look_again()
        found = _first(wanted)
    if found is None and name is not None:
        near = get_close_matches(name, installed(), n=3, cutoff=0.5) or sorted(installed() & set(CHINESE))
        hint = ", ".join(near) or ALWAYS
        raise OutputError(Texts(lang)("figure.no-such-font", font=name, near=hint))
    if found is None:
        return Font((ALWAYS,), has_chinese=False)
    return Font((found, ALWAYS), has_chinese=all(ord(c) in _characters(found) for c in _SAMPLE))


def _first(wanted: Iterable[str]) -> str | None:
    known = {family.casefold(): family for family in installed()}
    return next((known[name.casefold()] for name in wanted if name.casefold() in known), None)


def _look_again() -> None:
    """Add the fonts that lie on the machine but not in matplotlib's stored list."""
    listed = {str(entry.fname) for entry in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path in listed:
            continue
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError):
            continue  # A damaged font file, or one of a kind matplotlib cannot read, is no font for us.


@cache
def _characters(family: str) -> frozenset[int]:
    """Code points a family has glyphs for."""
    path = font_manager.findfont(font_manager.FontProperties(family=family), fallback_to_default=False)
    return frozenset(font_manager.get_font(path).get_charmap())
