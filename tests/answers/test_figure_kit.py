"""Figures of several plans: their font, their language, and words that stand as they are."""

from __future__ import annotations

import pytest

from allocator.answers.figure_kit import blank, legible, lettered
from allocator.language.texts import Texts
from allocator.outputs.figures import Font, png

LATIN = Font(("DejaVu Sans",), has_chinese=False)


@pytest.mark.parametrize(("has_chinese", "lang"), [(True, "zh"), (False, "en")])
def test_figure_is_chinese_where_the_font_is(has_chinese: bool, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    font = Font(("DejaVu Sans",), has_chinese)
    monkeypatch.setattr("allocator.answers.figure_kit.find_font", lambda *_: font)
    texts, found = legible(Texts("zh"))
    assert (texts.lang, found) == (lang, font)


def test_words_of_a_figure_are_no_formulas() -> None:
    made = blank(3, 2)
    first, _ = made.subplots(2)
    first.set_title("$x^$ costs")  # Not a formula that matplotlib could read.
    assert lettered(made, LATIN) is first
    assert png(first).startswith(b"\x89PNG")
