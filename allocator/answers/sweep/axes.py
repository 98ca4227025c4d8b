"""What a sweep varies: dotted keys of the scenario with the values they take, and the grid of points that follows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from allocator.domain.errors import UsageError
from allocator.inputs.scenario.layers import plain, whole_key
from allocator.language.message import Message

_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:/\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER})(?::({_NUMBER}))?")
_WIDE = str.maketrans({"，": ",", "：": ":", "＝": "=", "／": "/", "．": "."})
"""Full-width signs as Chinese keyboards type them."""

Values = str | Iterable[object] | int | float | Fraction
"""Values of a key: a text as on the command line, the values themselves, or a single number."""


@dataclass(frozen=True)
class Axis:
    """One key that is varied.

    Parameters
    ----------
    name
        As the user wrote it, such as ``quota.theory-quota``.
    key
        The dotted key of the scenario, such as ``overrides.theory-quota.amount``.
    values
        What it is set to, in the order given.
    """

    name: str
    key: str
    values: tuple[object, ...]

    @property
    def rule_id(self) -> str | None:
        """The rule whose field is varied; ``None`` for any other key."""
        parts = self.key.split(".")
        return parts[1] if parts[0] == "overrides" and len(parts) > 2 else None


def parse(text: str, most: int) -> Axis:
    """The axis of ``KEY=VALUES`` as on the command line.

    Values are separated by commas; ``a:b:step`` is a range that reaches ``b`` where a step ends there. A value is read as TOML where it is
    TOML, else it is a text.

    Examples
    --------
    >>> parse("quota.theory-quota=150:300:50", 100)
    Axis(name='quota.theory-quota', key='overrides.theory-quota.amount', values=(150, 200, 250, 300))
    >>> parse("overrides.team-fifth.share=1/5,1/4", 100).values
    ('1/5', '1/4')

    Raises
    ------
    UsageError
        If it is no key with values, or there are none or too many.
    """
    name, sign, values = text.translate(_WIDE).partition("=")
    if not sign or not name.strip():
        raise UsageError(Message("sweep.not-an-axis", given=text))
    return axis(name.strip(), values, most)


def axis(name: str, values: Values, most: int) -> Axis:
    """The axis of a key and its values, a doubled value once.

    Raises
    ------
    UsageError
        If there are no values or more than ``most``, or one that no scenario can hold.
    """
    found: list[object] = []
    given = values if isinstance(values, Iterable) else (values,)
    for value in _expanded(name, given, most) if isinstance(given, str) else map(plain, given):
        if value not in found:
            found.append(value)
        if len(found) > most:
            raise UsageError(Message("sweep.long-axis", key=name, most=most))
    if not found:
        raise UsageError(Message("sweep.no-values", key=name))
    return Axis(name, whole_key(name), tuple(found))


def axes_of(vary: Mapping[str, Values] | Sequence[str] | str, most: int) -> tuple[Axis, ...]:
    """The axes of a sweep, as a mapping of keys to values or as texts of the command line.

    Raises
    ------
    UsageError
        If an axis cannot be understood, or two vary the same key.
    """
    if isinstance(vary, str):
        vary = [vary]
    if isinstance(vary, Mapping):
        found = [axis(key, values, most) for key, values in vary.items()]
    else:
        found = [parse(text, most) for text in vary]
    keys = [one.key for one in found]
    for key in keys:
        if keys.count(key) > 1:
            raise UsageError(Message("sweep.doubled-axis", key=key))
    return tuple(found)


def grid(axes: Sequence[Axis], scenarios: int, most: int) -> Iterator[tuple[int, dict[str, object]]]:
    """Every scenario with every combination of values; the last axis turns first.

    Raises
    ------
    UsageError
        If there are more than ``most``; nothing is put together before that is known.
    """
    count = scenarios * prod(len(one.values) for one in axes)
    if count > most:
        raise UsageError(Message("sweep.too-many", count=count, most=most))
    keys = [one.key for one in axes]
    combinations = list(product(*(one.values for one in axes)))
    return ((n, dict(zip(keys, values, strict=True))) for n in range(scenarios) for values in combinations)


def _expanded(name: str, text: str, most: int) -> Iterator[object]:
    for part in _split(text.translate(_WIDE)):
        found = _RANGE.fullmatch(part)
        if found:
            yield from _range(name, part, found, most)
        elif part:
            yield _literal(part)


def _split(text: str) -> list[str]:
    """Parts between commas, not counting commas inside brackets, braces and quotation marks."""
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if sign == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _range(name: str, text: str, found: re.Match[str], most: int) -> Iterator[object]:
    first, last = Fraction(found[1]), Fraction(found[2])
    step = Fraction(found[3] or "1")
    if step == 0 or (last - first) / step < 0:
        raise UsageError(Message("sweep.empty-range", key=name, text=text))
    count = int((last - first) / step) + 1
    if count > most:
        raise UsageError(Message("sweep.too-many", count=count, most=most))
    for i in range(count):
        yield _as_written(first + i * step, text)


def _as_written(number: Fraction, text: str) -> object:
    """A number of a range in the form its ends have: a whole number, an exact share, or a decimal."""
    if "/" in text:
        return str(number)
    return int(number) if "." not in text else float(number)


def _literal(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # A word or a share such as 1/5, which TOML would want between quotation marks.
