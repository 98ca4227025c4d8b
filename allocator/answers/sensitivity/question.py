"""What can be asked: which number of which rule, session, programme or host changes, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from allocator.domain.rules import Cumulative, Number, Quota, Representation, RuleKind, record_of
from allocator.domain.tables import Inputs

HELD = "held"
"""The field of a question that asks what happens without a session."""

SEATS = "seats"
"""The field of a question about the seats of sessions."""

FAMILIES: Mapping[str, Callable[[type[RuleKind]], bool]] = MappingProxyType(
    {
        "quotas": lambda kind: kind.summary_block == "quotas",
        "floors": lambda kind: kind.sort == "shared" and kind.asks_attendance() and kind.summary_block != "quotas",
        "windows": lambda kind: kind.asks_each_person(),
        "limits": lambda kind: kind.demands == "absence",
    }
)
"""Sorts of rules by the name that ``of`` takes for all of them; ``sessions`` and ``hosts`` are the others."""

POINTS = frozenset({"share"})
"""Fields counted in percentage points."""


@dataclass(frozen=True)
class Question:
    """One change of one number.

    Parameters
    ----------
    of
        Id of the rule, session, programme or host.
    sort
        Kind of the rule, or ``session``, ``programme``, ``host``.
    field
        Field of the rule; ``seats``, or ``held`` for one session fewer.
    step
        How much more, in people, seats, years, days, hours, classes or percentage points; below 0: less.
    before, after
        The number itself; a share is a fraction. Of a programme or host the seats of all its sessions.
    sessions
        Sessions whose seats change, or the one that is not held.
    changes
        The change of the scenario, as ``allocator.inputs.changed`` takes it.
    """

    of: str
    sort: str
    field: str
    step: Fraction
    before: Fraction
    after: Fraction
    sessions: tuple[str, ...]
    changes: Mapping[str, object]

    @property
    def is_of_rule(self) -> bool:
        """Whether a rule is asked about."""
        return self.field not in (SEATS, HELD)


@dataclass(frozen=True)
class Subject:
    """What is asked about: an id, what it is the id of, and the field where one was named."""

    of: str
    sort: str
    field: str = ""


def fields(kind: type[RuleKind]) -> tuple[str, ...]:
    """The numbers of a kind of rule that can be one more or one less, the one usually meant first."""
    return tuple(number.field for number in kind.numbers)


def fields_of(inputs: Inputs, rule: RuleKind) -> tuple[str, ...]:
    """The numbers that are usually meant when a rule is asked about: those it states, windows before amounts."""
    names = fields(type(rule))
    if isinstance(rule, Cumulative):
        amounts = tuple(name for name in ("hours", "days") if getattr(rule, name) is not None)
        if rule.per_year:
            return amounts[:1]
        # A window that ends with the plan gains nothing by ending later.
        return (
            ("from_year", "to_year") if rule.to_year is not None and rule.to_year < inputs.years[-1] else ("from_year",)
        )
    if rule.kind == "spacing":
        return tuple(name for name in names if getattr(rule, name) is not None)
    return names[:1] if names and (rule.kind != "away-limit" or getattr(rule, names[0]) is not None) else ()


def rule_question(inputs: Inputs, rule: RuleKind, field: str, step: Fraction) -> Question:
    """The question what a rule does with so much more of a field."""
    before = present(inputs, rule, field)
    if field in POINTS:
        after = before + step / 100
        value: object = f"{after.numerator}/{after.denominator}" if after.denominator > 1 else int(after)
    else:
        # A window that begins earlier is the longer one.
        after = before - step if field == "from_year" else before + step
        value = int(after) if after.denominator == 1 else float(after)
    changes = {f"overrides.{rule.id}.{field}": value}
    return Question(rule.id, rule.kind, field, step, before, after, (), changes)


def present(inputs: Inputs, rule: RuleKind, field: str) -> Fraction:
    """The number of a rule as it holds now, where it is not written down too."""
    value = getattr(rule, field)
    if value is not None:
        return value if isinstance(value, Fraction) else Fraction(str(value))
    if field == "from_year":
        return Fraction(inputs.years[0])
    if field == "to_year":
        return Fraction(inputs.years[-1])
    if isinstance(rule, Representation):  # The audience's share of the roster.
        headcount = inputs.cadres["headcount"].to_numpy()
        among = inputs.audience(rule.among)
        inside = int(headcount[among & inputs.audience(rule.audience)].sum())
        return Fraction(inside, max(1, int(headcount[among].sum())))
    return Fraction(0)


def seats_question(inputs: Inputs, subject: Subject, step: Fraction) -> Question:
    """The question what so many seats more in every session of the subject do."""
    sessions = sessions_of(inputs, subject)
    table = inputs.sessions.set_index("session_id")
    before = int(table.loc[list(sessions), "seats"].sum())
    changes = {"session_changes": [{**_chosen(inputs, subject), "seats_more": int(step)}]}
    after = before + int(step) * len(sessions)
    return Question(subject.of, subject.sort, SEATS, step, Fraction(before), Fraction(after), sessions, changes)


def held_question(inputs: Inputs, subject: Subject, taken: Mapping[str, int]) -> Question:
    """The question what happens without a session: the one asked about, else the one that fewest people attend.

    Among equals it is the last of the year that comes last.
    """
    sessions = sessions_of(inputs, subject)
    start = dict(zip(inputs.sessions["session_id"], inputs.sessions["start_date"], strict=True))
    gone = min(sessions, key=lambda one: (taken.get(one, 0), -start[one].value, one))
    count = Fraction(len(sessions))
    changes = {"session_changes": [{"sessions": [gone], "cancel": True}]}
    return Question(subject.of, subject.sort, HELD, Fraction(-1), count, count - 1, (gone,), changes)


def sessions_of(inputs: Inputs, subject: Subject) -> tuple[str, ...]:
    """The sessions of a session, a programme or a host (its id or its group), in order of their ids."""
    if subject.sort == "session":
        return (subject.of,)
    programmes = inputs.programmes
    column = _column(inputs, subject)
    own = programmes["programme_id"][np.asarray(programmes[column] == subject.of)]
    return tuple(inputs.sessions["session_id"][inputs.sessions["programme_id"].isin(set(own))])


def _column(inputs: Inputs, subject: Subject) -> str:
    if subject.sort == "programme":
        return "programme_id"
    return "host_id" if (inputs.programmes["host_id"] == subject.of).any() else "host_group"


def _chosen(inputs: Inputs, subject: Subject) -> dict[str, object]:
    """How a scenario names the sessions of a subject."""
    if subject.sort == "session":
        return {"sessions": [subject.of]}
    return {"programmes": {_column(inputs, subject): subject.of}}


def questions(
    inputs: Inputs, subject: Subject, steps: tuple[Fraction, ...], taken: Mapping[str, int], *, with_held: bool
) -> Iterator[Question]:
    """All questions about one subject: each of its numbers by each step, and one session fewer when asked for."""
    if subject.sort in ("session", "programme", "host"):
        yield from (seats_question(inputs, subject, step) for step in steps)
        if with_held:
            yield held_question(inputs, subject, taken)
        return
    rule = inputs.policy.rule(subject.of)
    for field in (subject.field,) if subject.field else fields_of(inputs, rule):
        yield from (rule_question(inputs, rule, field, step) for step in steps)


def gives_room(question: Question) -> bool:
    """Whether a change gives room, so that nothing gained means that it buys nothing; else that it costs nothing."""
    is_more = question.step > 0
    number = _number(question)  # More seats, sessions and seats of a quota are asked for what they buy.
    return is_more != (number is not None and number.more == "asks")


def _number(question: Question) -> Number | None:
    """The number of a rule that is asked about, with what more of it means."""
    return next((one for one in record_of(question.sort).numbers if one.field == question.field), None)


def is_stricter(inputs: Inputs, question: Question) -> bool:
    """Whether every plan allowed afterwards was allowed before and no better in any goal: then nothing can get better."""
    field, is_more = question.field, question.step > 0
    if field == HELD:
        return True
    if field == SEATS:  # The least size of a class follows its seats down, which allows a smaller class.
        table = inputs.sessions.set_index("session_id").loc[list(question.sessions)]
        return not is_more and bool((table["min_seats"] <= table["usable_seats"] + int(question.step)).all())
    if field == "amount" and isinstance(rule := inputs.policy.rule(question.of), Quota):
        return (rule.modality == "at-least" and is_more) or (rule.modality == "at-most" and not is_more)
    number = _number(question)
    return number is not None and number.is_ordered and not gives_room(question)


def stricter_step(inputs: Inputs, question: Question, step: Fraction) -> bool:
    """Whether so much more of the number that is asked about makes things stricter, wherever it starts."""
    # The least size of a class follows its seats, so of seats only the steps from the present are known to be stricter.
    return question.field not in (SEATS, HELD) and is_stricter(inputs, replace(question, step=step))
