"""Quota allocation optimizer: who attends which training and when.

>>> import allocator
>>> run = allocator.plan("scenarios/tiny.toml")  # doctest: +SKIP
>>> run  # The summary, as the command line says it.  # doctest: +SKIP
>>> run.dispatch  # Who attends what, and when.  # doctest: +SKIP
>>> run.audit.rules  # What every rule asks for, and what it gets.  # doctest: +SKIP
>>> run.figures.quota()  # doctest: +SKIP

Why him, why not her, what if, what would one more seat buy:

>>> ask = allocator.Questions(run)  # doctest: +SKIP
>>> ask.why("N4")  # doctest: +SKIP
>>> ask.what_if({"quota.theory-quota": 5})  # doctest: +SKIP

Every table is a data frame; ``docs/api.md`` lists the functions, the columns and their units. ``speak("zh")`` chooses Chinese, ``speak("en")``
English for all that is shown or written.
"""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType


def _homes() -> dict[str, str]:
    """Where each public name comes from: the imports of ``__init__.pyi``, which type checkers read in the place of this file."""
    lines = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
    return {name.name: str(line.module) for line in lines if isinstance(line, ast.ImportFrom) for name in line.names}


_HOMES = _homes()

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """A public name when it is first asked for: whoever wants one thing does not wait for all."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The function ``audit`` has the name of a room.

    As ``allocator.audit`` the function is meant; ``from allocator.audit import …`` and ``import_module("allocator.audit")`` reach the folder,
    ``import allocator.audit.read_plan as reading`` does not.
    """

    def __setattr__(self, name: str, value: object) -> None:
        """Keep what is set, except a folder that Python puts in the place of a function after loading it."""
        if not (isinstance(value, ModuleType) and name in _HOMES):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
