"""The frames that Typer puts around our texts (help pages, mistakes of a call), in the reader's language.

Typer translates few of its sentences, and only before its modules are first imported. So each sentence is looked up by its English
wording in ``allocator/language/catalogue/frame.toml``; what stands nowhere there is shown as it came. Our own help texts are written
where the option is, the English sentence followed by the Chinese one; the reader is shown the one of his or her language.
"""

from __future__ import annotations

import copy
import inspect
import os
import re
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from allocator.language.message import LANGUAGES, Language, catalogue, family, language, render

Handler = TypeVar("Handler", bound=Callable[..., Any])

_SPOKEN: ContextVar[Language | None] = ContextVar("spoken", default=None)
_WORN: ContextVar[ExitStack | None] = ContextVar("worn", default=None)

_CHINESE = re.compile(
    r"[\u4e00-\u9fff\u201c\u300a\uff08]"
)  # Chinese characters, and marks that open a Chinese sentence.
_EXAMPLE = "Example: "  # Before the call that a help page ends with.

PANELS = {
    "ARGUMENTS_PANEL_TITLE": "frame.arguments",
    "OPTIONS_PANEL_TITLE": "frame.options",
    "COMMANDS_PANEL_TITLE": "frame.commands",
    "ERRORS_PANEL_TITLE": "frame.error",
    "ABORTED_TEXT": "frame.aborted",
    "REQUIRED_LONG_STRING": "frame.required",
}
TEMPLATES = {"DEFAULT_STRING": "frame.default", "ENVVAR_STRING": "frame.variable"}
"""Words of Typer that are the same everywhere, by the name it gives them; those of the second table hold one ``{}``."""


def spoken(option: str | None = None) -> Language:
    """The language of the command being run; elsewhere that of the option, else that of the system."""
    return _SPOKEN.get() or language(option)


def language_of_line(arguments: Sequence[str]) -> Language:
    """The language a command line asks for: ``--lang`` anywhere on it, else ALLOCATOR_LANG, else the system's.

    Examples
    --------
    >>> language_of_line(["plan", "a.toml", "--lang=zh"]), language_of_line(["--lang", "en", "plan", "--lang", "zh"])
    ('zh', 'zh')
    """
    line = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    asked = [after for before, after in pairwise(line) if before == "--lang"]
    asked += [word.partition("=")[2] for word in line if word.startswith("--lang=")]
    for wanted in (*reversed(asked), os.environ.get("ALLOCATOR_LANG")):
        if wanted in LANGUAGES:
            return language(wanted)
    return language()


def translated(text: str, lang: Language) -> str:
    """A sentence of Typer in the language; what no entry of the catalogue fits stays as it is.

    Examples
    --------
    >>> translated("Invalid value for '--year': Input should be greater than or equal to 1", "zh")
    "'--year' 的值不对：不能小于 1"
    """
    if lang == "en":
        return text
    for code, pattern in _patterns():
        if found := pattern.fullmatch(text):
            parts = {name: translated(" ".join(part.split()), lang) for name, part in found.groupdict().items()}
            return render(code, lang, parts)
    return text


def half(text: str, lang: Language) -> str:
    """The half of a help text that is in the language: of each line what stands before, or after, the first Chinese sign.

    Examples
    --------
    >>> half("Print the result only. 只输出结果。", "zh"), half("Print the result only. 只输出结果。", "en")
    ('只输出结果。', 'Print the result only.')
    """
    paragraphs = []
    for paragraph in text.split("\n\n"):
        halves = [_divided(line) for line in paragraph.splitlines()]
        paragraphs.append("".join(h[1] for h in halves) if lang == "zh" else " ".join(h[0] for h in halves if h[0]))
    return "\n\n".join(filter(None, paragraphs)) or text


def _divided(line: str) -> tuple[str, str]:
    first = _CHINESE.search(line)
    at = first.start() if first else len(line)
    return line[:at].strip(), line[at:].strip()


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Code and English wording of every sentence, parameters as groups."""
    return tuple((code, re.compile(_as_pattern(text["en"]), re.DOTALL)) for code, text in family("frame").items())


def _as_pattern(text: str) -> str:
    pieces = string.Formatter().parse(text)
    return "".join(re.escape(fixed) + (f"(?P<{name}>.+?)" if name else "") for fixed, name, _, _ in pieces)


@contextmanager
def speaking(lang: Language) -> Iterator[None]:
    """Everything the command line says until the end of the block is in this language."""
    token = _SPOKEN.set(lang)
    with ExitStack() as worn:
        wearing = _WORN.set(worn)
        try:
            yield
        finally:
            _WORN.reset(wearing)
            _SPOKEN.reset(token)


def dress() -> None:
    """Have Typer say its own words in the language spoken, until ``speaking`` ends: before a help page or a mistake is shown.

    A command that works needs neither, and what draws them takes as long to load as all of Typer.
    """
    from allocator.cli.help_pages import dressed

    lang = spoken()
    words = {name: catalogue()[code][lang] for name, code in {**PANELS, "RICH_HELP": "frame.try-help"}.items()}
    words |= {name: re.sub(r"{\w+}", "{}", catalogue()[code][lang]) for name, code in TEMPLATES.items()}
    worn = _WORN.get()
    if worn is not None:
        worn.enter_context(dressed(words))


class UsageSaid(typer.BadParameter):
    """A mistake of a call whose sentence is complete and in the reader's language."""

    def format_message(self) -> str:
        """The sentence, with nothing put before it."""
        return self.message


@contextmanager
def mistakes_said() -> Iterator[None]:
    """Raise each mistake of a call again in the reader's language."""
    try:
        yield
    except typer.TyperException as error:
        dress()
        text = error.format_message()
        said = translated(text, spoken())
        if said == text:
            raise
        raise UsageSaid(said, ctx=getattr(error, "ctx", None)) from error
    except (typer.Abort, EOFError):
        dress()
        raise


def _for_reader(command: Any, ctx: Any, lang: Language) -> Any:
    """A copy of a command whose help, options, arguments and commands are in the language, to be shown only."""
    shown = copy.copy(command)
    shown.help, example = _help(command.help or "", lang), (command.epilog or "").partition(_EXAMPLE)[2]
    shown.epilog = render("frame.example", lang, {"line": example}) if example else command.epilog
    shown.params = [_option_for_reader(one, ctx, lang) for one in command.get_params(ctx)]
    shown.add_help_option = False  # It is among them already.
    if isinstance(command, TyperGroup):
        shown.commands = {name: copy.copy(one) for name, one in command.commands.items()}
        for one in shown.commands.values():
            one.help = _help(one.help or "", lang)
    return shown


def _help(text: str, lang: Language) -> str:
    """A help text of ours in one language, a text of Typer's translated."""
    return half(text, lang) if _CHINESE.search(text) else translated(text, lang)


def _option_for_reader(option: Any, ctx: Any, lang: Language) -> Any:
    shown = copy.copy(option)
    shown.help = _help(option.help or "", lang)
    if isinstance(option.show_default, str):
        shown.show_default = translated(option.show_default, lang)
    shown_type = "" if getattr(option, "is_flag", False) else translated(option.display_type_rich(ctx) or "", lang)
    vars(shown)["display_type_rich"] = lambda **_: shown_type  # A switch takes no value, so it shows none.
    return shown


class Command(TyperCommand):
    """A command whose help page is in the reader's language, and which is loaded when it is called or told about."""

    find: Callable[[], Callable[..., Any]]

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        del self.help, self.params, self.callback

    def __getattr__(self, name: str) -> Any:
        """Help, and options, arguments and the function, when they are first asked for."""
        if name == "help":
            self.help = inspect.getdoc(self.find())
        elif name in ("params", "callback"):  # To read the options of all commands takes longer than to list them.
            info = CommandInfo(callback=self.find())
            made = get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=self.rich_markup_mode)
            self.params, self.callback = made.params, made.callback
        else:
            raise AttributeError(name)
        return getattr(self, name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help page."""
        dress()
        TyperCommand.format_help(_for_reader(self, ctx, spoken()), ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """The line that says how the command is called."""
        return translated(super().get_usage(ctx), spoken())

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the name of the command in that line."""
        return [translated(piece, spoken()) for piece in super().collect_usage_pieces(ctx)]


class Program(TyperGroup):
    """The program with all its commands: finds the language of the line, and speaks it from the first word."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **settings: Any) -> Any:
        """Run a command line."""
        line = sys.argv[1:] if args is None else list(args)
        with speaking(language_of_line(line)):
            return super().main(args, *more, **settings)

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Read the options in front of the command."""
        with mistakes_said():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Read the command's own options and run it."""
        with mistakes_said():
            return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help page."""
        dress()
        TyperGroup.format_help(_for_reader(self, ctx, spoken()), ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """The line that says how the program is called."""
        return translated(super().get_usage(ctx), spoken())

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the name of the program in that line."""
        return [translated(piece, spoken()) for piece in super().collect_usage_pieces(ctx)]


class App(typer.Typer):
    """A program whose frames are in the reader's language; used as :class:`typer.Typer` is."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=Program, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Handler], Handler]:
        """Add a command."""

        def added(handler: Handler) -> Handler:
            self.later(name or handler.__name__.replace("_", "-"), lambda: handler, **settings)
            return handler

        return added

    def later(self, name: str, find: Callable[[], Callable[..., Any]], **settings: Any) -> None:
        """Add a command whose function ``find`` loads: who checks a scenario need not load what draws a curve."""

        class Found(Command):
            pass

        Found.find = staticmethod(find)
        super().command(name, cls=Found, **settings)(_nothing)


def _nothing() -> None:
    """Stands for a command until it is loaded."""
