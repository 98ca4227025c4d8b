"""What the command line says about its own work, in the reader's language."""

from __future__ import annotations

from allocator.language.message import Language, catalogue, render, said


class Talk:
    """The texts of the command line in one language.

    Examples
    --------
    >>> Talk("en")("refused", reason="the disk is full")
    'Not done: the disk is full'
    """

    def __init__(self, lang: Language) -> None:
        self.lang: Language = lang

    def __call__(self, code: str, /, **parameters: object) -> str:
        """The text of that code (``KeyError`` when there is none); messages among the parameters in this language."""
        return render(f"talk.{code}", self.lang, parameters)

    def known(self, code: str, otherwise: str) -> str:
        """The text of that code, or ``otherwise`` when there is none."""
        return self(code) if f"talk.{code}" in catalogue() else otherwise

    def said(self, text: object) -> str:
        """A message, or what an exception says, in this language; any other text as it is."""
        return said(text, self.lang)
