"""Every sentence the program says, in Chinese and English, by code: said where it arises, rendered where it is read.

The catalogue is the ``.toml`` files of its folder; ``defect.toml`` holds the texts whose codes begin with ``defect.``, ``outputs.toml``
the small families of workbooks, page and figures. A parameter stands in braces; ``{value!q}`` puts
it between the quotation marks of the language, a tuple becomes a list of names, a message is said in the same language. English
texts are written for many: behind a figure that is 1 their nouns and verbs become those of one (``plurals``).
"""

from __future__ import annotations

import locale
import os
import string
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from importlib import resources
from typing import Any, Literal, cast

from allocator.language.plurals import NOUNS, after_one, before_one, behind_noun, is_one

__all__ = [
    "LANGUAGES",
    "Language",
    "Message",
    "catalogue",
    "family",
    "filled",
    "from_record",
    "language",
    "listing",
    "quoted",
    "render",
    "said",
    "value",
]

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

OUTPUTS = "outputs"
"""The file of the texts of workbooks, page and figures; their codes are whole there."""


class _Catalogue(Mapping[str, Mapping[str, str]]):
    """Code -> language -> text; a file is read when one of its texts is asked for, since a command says few of them."""

    def __getitem__(self, code: str) -> Mapping[str, str]:
        return family(code.partition(".")[0])[code]

    def __iter__(self) -> Iterator[str]:
        files = sorted(file.name for file in resources.files("allocator.language").joinpath("catalogue").iterdir())
        for name in [name.removesuffix(".toml") for name in files if name.endswith(".toml")]:
            yield from _texts(name) if name == OUTPUTS else family(name)

    def __len__(self) -> int:
        return sum(1 for _ in self)


_CATALOGUE = _Catalogue()


def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All texts: code -> language -> text with ``{parameters}``."""
    return _CATALOGUE


@cache
def family(name: str) -> Mapping[str, Mapping[str, str]]:
    """The texts whose codes begin with a name: those of its own file, else what ``outputs.toml`` has of them."""
    if name != OUTPUTS and (own := _texts(name)):
        return {f"{name}.{code}": entry for code, entry in own.items()}
    return {code: entry for code, entry in _texts(OUTPUTS).items() if code.partition(".")[0] == name}


@cache
def _texts(name: str) -> Mapping[str, Mapping[str, str]]:
    """One file as it stands; nothing, when there is no such file."""
    file = resources.files("allocator.language").joinpath("catalogue").joinpath(f"{name}.toml")
    if not name.replace("-", "").isalpha() or not file.is_file():
        return {}
    return tomllib.loads(file.read_text(encoding="utf-8"))


def language(option: str | None = None) -> Language:
    """The language asked for, or that of the user's locale: Chinese for a Chinese one, else English.

    Raises
    ------
    ValueError
        If ``option`` is not one of ``LANGUAGES``.
    """
    if option:
        if option not in LANGUAGES:
            raise ValueError(Message("error.not-a-language", given=option, languages=LANGUAGES))
        return option
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), None)
    chosen = chosen or locale.getlocale()[0] or ""  # Windows sets none of them and says "Chinese (Simplified)_China".
    return "zh" if chosen.lower().startswith(("zh", "chinese")) else "en"


class Message(str):
    """A sentence that knows its code and parameters; it is its English text, and can be said in every language.

    Whatever only passes texts on (exceptions, tables, logs) may treat it as the text it is.

    Parameters
    ----------
    code
        Where the sentence stands in the catalogue.
    parameters
        What its braces hold: texts, numbers, dates, tuples of them, and other messages.

    Examples
    --------
    >>> sentence = Message("defect.bad-flag", text="maybe")
    >>> print(sentence), print(sentence.said("zh"))
    'maybe' is neither true nor false
    “maybe”不是“是/否”
    (None, None)
    """

    code: str
    parameters: Mapping[str, object]

    def __new__(cls, code: str, /, **parameters: object) -> Message:
        message = super().__new__(cls, render(code, "en", parameters))
        message.code, message.parameters = code, parameters
        return message

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.code, dict(self.parameters))

    def said(self, lang: Language) -> str:
        """The sentence in a language."""
        return str.__str__(self) if lang == "en" else render(self.code, lang, self.parameters)

    def as_record(self) -> dict[str, Any]:
        """Code, parameters and both texts, as JSON knows them."""
        parameters = {name: _plain(value) for name, value in self.parameters.items()}
        return {"code": self.code, "parameters": parameters, **{lang: self.said(lang) for lang in LANGUAGES}}


def said(text: object, lang: Language) -> str:
    """A message, or what an exception says, in a language; any other text as it is."""
    if isinstance(text, BaseException) and text.args and isinstance(text.args[0], Message):
        text = text.args[0]
    own = getattr(text, "said", None)
    return str(text) if own is None else str(own(lang))


def from_record(record: Mapping[str, Any]) -> str:
    """The message that ``as_record`` wrote down; its English text when this version does not know the code."""
    if record["code"] not in catalogue():
        return str(record["en"])
    return Message(record["code"], **{name: _read(value) for name, value in record["parameters"].items()})


def listing(values: Iterable[object], most: int = 12) -> Message:
    """The values as a list for a message, cut after ``most``.

    Examples
    --------
    >>> print(listing(["a", "b", "c"], 2)), print(listing(["a", "b", "c"], 2).said("zh"))
    a, b … (3 in all)
    a、b……（共3个）
    (None, None)
    """
    names = tuple(values)
    if len(names) > most:
        return Message("word.listing-cut", names=names[:most], count=len(names))
    return Message("word.listing", names=names)


def quoted(text: object) -> Message:
    """A value between quotation marks."""
    return Message("word.quoted", text=text)


def value(family: str, code: str) -> str:
    """A value of the data by its name in both languages; as the data have it when the catalogue does not know it.

    Examples
    --------
    >>> value("content", "theory").said("zh"), value("content", "外语")
    ('理论', '外语')
    """
    known = f"value.{family}.{code}"
    return Message(known) if known in catalogue() else code


def render(code: str, lang: Language, parameters: Mapping[str, object]) -> str:
    """The text of a code with its parameters filled in (``KeyError`` when there is none)."""
    return filled(catalogue()[code][lang], lang, parameters)


def filled(text: str, lang: Language, parameters: Mapping[str, object]) -> str:
    """A text of a catalogue with its parameters filled in.

    Examples
    --------
    >>> filled("{count} people are sent", "en", {"count": 1}), filled("{count} people are sent", "en", {"count": 2})
    ('1 person is sent', '2 people are sent')
    """
    shown = {name: _shown(value, lang) for name, value in parameters.items()}
    if lang == "en" and any(value == 1 or (isinstance(value, str) and is_one(value)) for value in shown.values()):
        return _of_one(text, shown)
    return _FORMATTERS[lang].vformat(text, (), shown)


def _of_one(text: str, shown: Mapping[str, object]) -> str:
    """An English text in which some figure may be one: what stands around it follows."""
    formatter, parts = _FORMATTERS["en"], list[str]()
    follows: Callable[[str], str] | None = None
    for literal, name, spec, conversion in formatter.parse(text):
        parts.append(follows(literal) if follows else literal)
        if name is None:
            continue
        value = formatter.get_field(name, (), shown)[0]
        part = formatter.format_field(formatter.convert_field(value, conversion), spec or "")
        if follows is not None and literal == " " and part in NOUNS:  # The unit of the figure in front.
            part, follows = NOUNS[part], behind_noun
        elif is_one(part) and not isinstance(value, bool):
            parts[-1] = before_one(parts[-1])
            follows = partial(after_one, is_number=conversion != "q" and not isinstance(value, str))
        else:
            follows = None
        parts.append(part)
    return "".join(parts)


class _Formatter(string.Formatter):
    """Knows ``{value!q}``: in English as Python shows it, in Chinese between Chinese quotation marks."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion != "q":
            return super().convert_field(value, cast(Any, conversion))
        if self.lang == "en" or not isinstance(value, str):
            return repr(value)
        return "“" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in value) + "”"


_FORMATTERS: Mapping[Language, _Formatter] = {lang: _Formatter(lang) for lang in LANGUAGES}


def _shown(value: object, lang: Language) -> object:
    if isinstance(value, Message | BaseException):
        return said(value, lang)
    if isinstance(value, tuple):
        return ("、" if lang == "zh" else ", ").join(str(_shown(one, lang)) for one in value)
    return value.item() if hasattr(value, "item") else value  # A number of NumPy.


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.as_record()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):  # A number of NumPy.
        value = value.item()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _read(value: Any) -> Any:
    if isinstance(value, Mapping):
        return from_record(value)
    return tuple(map(_read, value)) if isinstance(value, list) else value


def _made(code: str, parameters: Mapping[str, object]) -> Message:
    return Message(code, **parameters)
