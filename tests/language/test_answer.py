"""Answers that say themselves in words, at the prompt, in the terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import pytest

import allocator
from allocator.language.answer import Spoken, texts_in
from allocator.language.texts import Texts


@dataclass(frozen=True, repr=False)
class Answer(Spoken):
    goal: str

    def lines(self, texts: Texts) -> Iterator[str]:
        yield f"{texts.known('goal', self.goal)} <{self.goal}>"
        yield "  " + self.goal


def kinds_of_answers(base: type[Spoken] = Spoken) -> Iterator[type[Spoken]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of_answers(kind)


def test_answer_is_said_in_the_language_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    chinese = texts_in("zh")("goal.owed")
    assert str(Answer("owed")) == repr(Answer("owed")) == f"{chinese} <owed>\n  owed"
    assert Answer("owed").said("en") == "Still owed at the end <owed>\n  owed"
    assert chinese in Answer("owed")._repr_html_() and chinese in Answer("owed")._repr_markdown_()


def test_answer_in_a_notebook_shows_the_words_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")
    assert ">Still owed at the end &lt;owed&gt;</div>" in Answer("owed")._repr_html_()
    assert Answer("owed")._repr_markdown_().split("\n")[1:] == [r"**Still owed at the end \<owed\>**", "", "- owed"]


def test_every_answer_of_the_package_shows_words_and_not_its_fields() -> None:
    known = {allocator.Comparison, allocator.Conflicts, allocator.Ledger, allocator.Shadow, allocator.Sweep}
    kinds = {kind for kind in kinds_of_answers() if kind.__module__.startswith("allocator.")}
    assert known <= kinds
    for kind in kinds:
        assert kind.__repr__ is Spoken.__repr__, f"{kind.__name__} is declared without repr=False"
        assert kind.__str__ is Spoken.__str__


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        texts_in("fr")


def test_every_answer_has_a_room_that_renders_it() -> None:
    for kind in kinds_of_answers():
        if kind.__module__.startswith("allocator.") and "lines" not in kind.__dict__ and not kind.__subclasses__():
            assert callable(import_module(f"{kind.views}.{kind.text}").lines), kind
