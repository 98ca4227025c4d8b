"""What the counting checks found, said in Chinese and English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from allocator.kinds import RuleKind

Severity = Literal["error", "warning"]

MOST_NAMES = 10
"""Names that a message lists; of more it gives the number."""


@dataclass(frozen=True)
class Finding:
    """One thing that counting proved.

    Parameters
    ----------
    code
        Stable name of the argument.
    rule_id, clause
        The rule concerned; empty when it is no rule's.
    severity
        ``error``: a hard rule cannot be kept by any plan. ``warning``: worth a look, hard rules may all be kept.
    """

    code: str
    rule_id: str
    clause: str
    message_en: str
    message_zh: str
    severity: Severity


@dataclass(frozen=True)
class CheckReport:
    """All findings, in the order of the policy."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no hard rule was found that cannot be kept."""
        return all(finding.severity != "error" for finding in self.findings)


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All texts: code -> language -> text with ``{parameters}``."""
    return tomllib.loads(resources.files("allocator.counting").joinpath("texts.toml").read_text(encoding="utf-8"))


def finding(code: str, rule: RuleKind | None, severity: Severity, /, **parameters: object) -> Finding:
    """A finding with its texts filled in; tuples become lists of at most ``MOST_NAMES`` names, ``years`` a span."""
    texts = {
        lang: catalogue()[code][lang].format(**{name: _shown(name, value, lang) for name, value in parameters.items()})
        for lang in ("en", "zh")
    }
    return Finding(code, rule.id if rule else "", rule.clause if rule else "", texts["en"], texts["zh"], severity)


def _shown(name: str, value: object, lang: str) -> object:
    if not isinstance(value, tuple):
        return value
    if name == "years" and len(value) > 1 and value[-1] - value[0] == len(value) - 1:
        return f"{value[0]}–{value[-1]}"
    return listed(value, lang)


def listed(names: Sequence[object], lang: str) -> str:
    """Names in a row, the first ten and how many more.

    Examples
    --------
    >>> listed(["N", "S"], "en"), listed(["N", "S"], "zh")
    ('N, S', 'N、S')
    """
    text = catalogue()["separator"][lang].join(str(name) for name in names[:MOST_NAMES])
    rest = len(names) - MOST_NAMES
    return text + catalogue()["more"][lang].format(count=rest) if rest > 0 else text


def missed(rule: RuleKind) -> Severity:
    """How bad it is that a rule cannot be kept: an error when it is hard."""
    return "error" if rule.strength == "hard" else "warning"
