"""What all commands share, written once: how they speak, what becomes of a fault, and the code they leave with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter
from typing import Any, get_type_hints

import typer

from allocator.cli.help_language import spoken
from allocator.cli.options import Code, Debug, Json, Lang, NoProgress, Quiet, Voice, faults_explained

VOICE: dict[str, Any] = {"lang": Lang, "json": Json, "quiet": Quiet, "no_progress": NoProgress, "debug": Debug}
"""The options that choose how a command speaks, by the fields of :class:`Voice`, as its help page lists them."""

Handler = Callable[..., Code | None]


def command(*, json: bool = True, progress: bool = False) -> Callable[[Handler], Callable[..., None]]:
    """Make a command of a function whose first parameter is the :class:`Voice` it speaks with.

    The options that choose the voice stand last on its help page. A parameter whose type is a record of options stands for the
    options in its fields. What goes wrong is explained in the reader's language, and the code that the function returns is the
    exit code; none is success.

    Parameters
    ----------
    json
        Whether the command has ``--json``.
    progress
        Whether it shows how far it is, and so has ``--no-progress``.
    """
    left_out = {name for name, wanted in (("json", json), ("no_progress", progress)) if not wanted}
    shared = [
        _option(name, kind, None if name == "lang" else False) for name, kind in VOICE.items() if name not in left_out
    ]

    def made(function: Handler) -> Callable[..., None]:
        _, *own = inspect.signature(function, eval_str=True).parameters.values()
        records: dict[str, Any] = {one.name: one.annotation for one in own if is_dataclass(one.annotation)}

        @wraps(function)
        def called(**given: Any) -> None:
            how = {name: given.pop(name, False) for name in VOICE}
            voice = Voice(**how | {"lang": spoken(how["lang"] or None)})
            with faults_explained(voice):
                for name, record in records.items():
                    given[name] = record(**{one.name: given.pop(one.name) for one in fields(record)})
                code = function(voice, **given)
            if code:
                raise typer.Exit(code)

        options = [option for one in own for option in _options_of(one)] + shared
        vars(called)["__signature__"] = inspect.Signature(options)
        called.__annotations__ = {one.name: one.annotation for one in options}
        return called

    return made


def _options_of(parameter: Parameter) -> Iterator[Parameter]:
    """The options that a parameter of a command stands for: itself, or the fields of its record."""
    if not is_dataclass(parameter.annotation):
        yield _option(parameter.name, parameter.annotation, parameter.default)
        return
    kinds = get_type_hints(parameter.annotation, include_extras=True)
    for one in fields(parameter.annotation):
        yield _option(one.name, kinds[one.name], one.default)


def _option(name: str, kind: Any, default: object) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
