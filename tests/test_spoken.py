"""Answers that say themselves in words, in the terminal and in a notebook."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from allocator.reports.texts import Texts
from allocator.spoken import Spoken, texts_in


@dataclass(frozen=True)
class Answer(Spoken):
    goal: str

    def words(self, texts: Texts) -> str:
        return f"{texts.known('goal', self.goal)} <{self.goal}>"


def test_answer_is_said_in_the_language_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    chinese = texts_in("zh")("goal.owed")
    assert str(Answer("owed")) == f"{chinese} <owed>"
    assert Answer("owed").said("en") == "Still owed at the end <owed>"


def test_answer_in_a_notebook_shows_the_words_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")
    assert Answer("owed")._repr_html_() == "<pre>Still owed at the end &lt;owed&gt;</pre>"


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        texts_in("fr")


def test_answer_without_words_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="words"):
        Spoken()  # type: ignore[abstract]
