"""What tables, columns, rules and keys mean, in the words of the catalogue."""

from __future__ import annotations

from allocator.language.message import LANGUAGES, Language, catalogue, render


def meaning(family: str, *names: str, lang: Language) -> str:
    """The meaning of a name: that within its table or kind where there is one, else the general one.

    Examples
    --------
    >>> meaning("column", "cadres", "headcount", lang="en")[:16]
    'number of people'
    >>> meaning("column", "history", "programme_id", lang="zh")[:5]
    '项目的编号'
    """
    own = ".".join(("meaning", family, *names))
    return render(own if own in catalogue() else ".".join(("meaning", family, *names[-1:])), lang, {})


def both(family: str, *names: str) -> str:
    """The meaning in Chinese and English, for a reader whose language is not known.

    Examples
    --------
    >>> both("column", "rank")
    '职级 / rank'
    """
    return " / ".join(meaning(family, *names, lang=lang) for lang in LANGUAGES)
