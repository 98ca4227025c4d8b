"""What the counting checks found, said in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from allocator.checks.open_seats import Openings
from allocator.domain.rules import RuleKind
from allocator.language.answer import Spoken
from allocator.language.message import Message
from allocator.language.texts import Texts

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
    title
        Its title, to be said in either language.
    severity
        ``error``: a hard rule cannot be kept by any plan. ``warning``: worth a look, hard rules may all be kept.
    """

    code: str
    rule_id: str
    clause: str
    message: Message
    severity: Severity
    title: str = ""

    @property
    def message_en(self) -> str:
        """What was found, in English."""
        return self.message.said("en")

    @property
    def message_zh(self) -> str:
        """What was found, in Chinese."""
        return self.message.said("zh")


@dataclass(frozen=True, repr=False)
class CheckReport(Spoken):
    """What counting proved, in the words of ``allocator check``.

    Parameters
    ----------
    findings
        In the order of the policy.
    notes
        What reading trimmed, assumed or found unlikely.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    def lines(self, texts: Texts) -> Iterator[str]:
        """Whether the rules may be kept, then errors, then warnings, in the words of a catalogue."""
        said = texts.said
        yield said(Message("talk.check-ok") if self.ok else Message("talk.check-failed"))
        errors = [one for one in self.findings if one.severity == "error"]
        warnings = [one for one in self.findings if one.severity == "warning"]
        for heading, found in (
            (Message("talk.check-errors", count=len(errors)), errors),
            (Message("talk.check-warnings", count=len(warnings)), warnings),
        ):
            if found:
                yield "■ " + said(heading)
            for one in found:
                name = {"title": one.title, "rule": one.rule_id, "clause": one.clause or "—"}
                line = Message("talk.rule", **name, found=one.message) if one.rule_id else one.message
                yield "  " + said(line)
        if self.notes:
            yield "■ " + said(Message("talk.check-notes", count=len(self.notes)))
            yield from ("  " + said(note) for note in self.notes)

    @property
    def ok(self) -> bool:
        """Whether no hard rule was found that cannot be kept."""
        return all(finding.severity != "error" for finding in self.findings)


Check = Callable[[Openings, Any], list[Finding]]


class Checks(dict[type[RuleKind], Check]):
    """Kinds of rules and the argument that counts whether one can be kept."""

    def add(self, kind: type[RuleKind]) -> Callable[[Check], Check]:
        """Register the decorated function as the check of ``kind``."""

        def store(check: Check) -> Check:
            self[kind] = check
            return check

        return store


CHECKS = Checks()
"""Filled by ``personal`` and ``shared``; a kind without an argument of its own is counted by its rows."""


def finding(message: Message, rule: RuleKind | None, severity: Severity) -> Finding:
    """A finding about a rule, or about none."""
    code = message.code.removeprefix("counting.")
    if rule is None:
        return Finding(code, "", "", message, severity)
    return Finding(code, rule.id, rule.clause, message, severity, titled(rule))


def titled(rule: RuleKind) -> Message:
    """The title of a rule, to be said in either language."""
    return Message("word.name", zh=rule.title_zh or rule.title, en=rule.title or rule.title_zh)


def span(years: Sequence[int]) -> str | Message:
    """Years for a message: those that follow each other as first and last.

    Examples
    --------
    >>> span([2019, 2020, 2021]), span([2019, 2021]).said("zh")
    ('2019–2021', '2019、2021')
    """
    if len(years) > 1 and years[-1] - years[0] == len(years) - 1:
        return f"{years[0]}–{years[-1]}"
    return names(years)


def names(values: Sequence[object], most: int = MOST_NAMES) -> Message:
    """Names for a message, the first of them and how many more.

    Examples
    --------
    >>> print(names(["N", "S"]), names(["N", "S"]).said("zh"))
    N, S N、S
    """
    if len(values) <= most:
        return Message("word.listing", names=tuple(values))
    return Message("word.more", names=tuple(values[:most]), count=len(values) - most)


def missed(rule: RuleKind) -> Severity:
    """How bad it is that a rule cannot be kept: an error when it is hard."""
    return "error" if rule.strength == "hard" else "warning"
