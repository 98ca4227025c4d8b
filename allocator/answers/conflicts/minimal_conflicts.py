"""From the breaches of a plan of least violation to small sets of rules that no plan keeps together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from allocator.answers.conflicts.demands import (
    Part,
    by_scope,
    by_year,
    demands,
    is_limit,
    narrowed,
    of_scope,
    people_of,
    scope_column,
    whole,
    without,
)
from allocator.answers.conflicts.feasibility_oracle import OutOfTimeError, Trials
from allocator.answers.conflicts.quickxplain import failing_start, smallest
from allocator.answers.conflicts.tally import Tally, tally
from allocator.audit.finding import ALL
from allocator.checks import Finding, count
from allocator.domain.filters import LIST_COLUMNS
from allocator.domain.rules import Fixed, Quota, RuleKind
from allocator.domain.tables import Inputs
from allocator.engine.run import Run

FEW_PROGRAMMES = 6
"""Programmes up to which every subset of strict limits is quick to plan with; beyond, each is only left out alone."""

MOST_CALLED = 8
"""Conflicts of call-ups that are looked for."""

MOST_ALIKE = 4
"""Conflicts of the same rules that are looked for from breaches of one rule; further breaches of it are counted."""


@dataclass(frozen=True, repr=False)
class Conflict:
    """Hard rules that cannot be kept together.

    Parameters
    ----------
    parts
        The demands of the rules, as narrow as they could be told apart.
    strict
        Limits of strict rules that take part: without any one of them the demands can be kept.
    lacking
        By how much every plan misses the demands (people; hours of a cumulative rule); 0 where it is not known.
    unconfirmed
        Those of both for which no plan was found that keeps all the others.
    is_strict_known
        Whether the demands fail with these strict limits alone; else they fail with all strict rules together.
    arguments
        What counting says of these demands alone.
    tally
        What they ask for in numbers; ``None`` where that is not counted in attendances.
    """

    parts: tuple[Part, ...]
    strict: tuple[Part, ...]
    lacking: float
    unconfirmed: tuple[Part, ...] = ()
    is_strict_known: bool = True
    arguments: tuple[Finding, ...] = ()
    tally: Tally | None = None

    def __repr__(self) -> str:
        return f"<Conflict: {', '.join(self.rule_ids)}; lacking={self.lacking:g}>"

    @property
    def is_minimal(self) -> bool:
        """Whether every member was shown to be needed."""
        return not self.unconfirmed

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Ids of the rules, each once, those of demands first."""
        return tuple(dict.fromkeys(part.rule.id for part in (*self.parts, *self.strict)))


@dataclass
class Found:
    """What a search found.

    Parameters
    ----------
    conflicts
        In the order found.
    alike
        Further breaches of rules whose conflicts were found already.
    unexplained
        Breaches without a conflict: nothing could be proven of them in the time.
    questions, seconds
        Plans made to answer, and the time taken.
    """

    conflicts: list[Conflict] = field(default_factory=list)
    alike: int = 0
    unexplained: int = 0
    questions: int = 0
    seconds: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether something could not be found out."""
        return self.unexplained > 0 or any(one.unconfirmed for one in self.conflicts)


def find(trials: Trials, run: Run) -> Found:
    """Conflicts behind the breaches of a plan; the time of ``trials`` may end the search."""
    since, found = time.monotonic(), Found()
    seeds = list(_seeds(run))
    try:
        if any(seed is None for seed in seeds):
            found.conflicts += _called(trials)
    except OutOfTimeError:
        found.unexplained += 1
    rest = [seed for seed in seeds if seed is not None]
    times: Counter[tuple[str, str]] = Counter()
    for seed in rest:
        if any(_covers(part, seed) for conflict in found.conflicts for part in conflict.parts):
            continue
        if times[seed.rule.id, seed.side] >= MOST_ALIKE:
            found.alike += 1
            continue
        try:
            conflict = _around(trials, seed, rest, [part for one in found.conflicts for part in one.parts])
        except OutOfTimeError:
            conflict = None
        if conflict is None:
            found.unexplained += 1
            continue
        found.conflicts.append(conflict)
        same = [one for one in found.conflicts if one.rule_ids == conflict.rule_ids]
        times[seed.rule.id, seed.side] = len(same)
    try:
        for number, one in enumerate(found.conflicts):
            if not one.is_strict_known:
                found.conflicts[number] = _with_strict(trials, one)
    except OutOfTimeError:
        pass  # The conflicts stand as they are: with all strict rules together.
    found.questions, found.seconds = trials.asked, time.monotonic() - since
    return found


def _covers(part: Part, seed: Part) -> bool:
    return (
        part.rule.id == seed.rule.id
        and part.side == seed.side
        and set(seed.years) <= set(part.years)
        and part.scope in ("", seed.scope)
    )


def _seeds(run: Run) -> Iterator[Part | None]:
    """The demands that the plan misses, one of each rule first, the largest of them; ``None`` for a strict rule broken."""
    inputs = run.inputs
    rules = {rule.id: rule for rule in inputs.policy.rules}
    breaches = run.audit.breaches
    seeds: list[tuple[float, Part]] = []
    for row in breaches.to_dict("records"):
        rule = rules.get(str(row["rule_id"]))
        if rule is None or is_limit(rule):
            yield None
            continue
        seed = _seed(rule, row, inputs)
        if seed is not None:
            seeds.append((float(row["shortfall"]), seed))
    seeds.sort(key=lambda one: -one[0])
    first: dict[tuple[str, str], Part] = {}
    for _, seed in seeds:
        first.setdefault((seed.rule.id, seed.side), seed)
    yield from first.values()
    yield from (seed for _, seed in seeds if first[seed.rule.id, seed.side] is not seed)


def _seed(rule: RuleKind, row: Mapping[Any, Any], inputs: Inputs) -> Part | None:
    """The demand that a row of breaches speaks of."""
    year = None if pd.isna(row["year"]) else int(row["year"])
    scope = str(row["scope"])
    if scope == ALL and scope_column(rule):
        return None  # Rows of the groups and people follow.
    parts = [part for one in whole(rule, inputs) for part in by_year(one, inputs) if year is None or year in part.years]
    if isinstance(rule, Quota):
        side = "least" if row["achieved"] < row["required"] else "most"
        parts = [part for part in parts if part.side == side]
    if not parts:
        return None
    if scope != ALL and rule.asks_each_group():
        return of_scope(parts[0], rule.grouped_by, scope) or parts[0]
    if scope != ALL and rule.asks_each_person():
        return of_scope(parts[0], "cadre_id", scope.split(" ")[0]) or parts[0]
    return parts[0]


def _called(trials: Trials) -> list[Conflict]:
    """Call-ups that break strict rules by themselves: of each conflict one call-up is left out when the next is looked for."""
    found: list[Conflict] = []
    limits = list(trials.limbs)
    while len(found) < MOST_CALLED and trials.ask([], limits).can is False:
        strict = smallest(lambda some: trials.ask([], some).can is False, limits)
        lacking = trials.ask([], strict).lacking
        found.append(Conflict((), tuple(strict), lacking, _unconfirmed(trials, [], strict, strict)))
        named = [limb for limb in strict if isinstance(limb.rule, Fixed)]
        if not named:
            break
        limits = [limb for limb in limits if limb != named[-1]]
    return found


def _around(trials: Trials, seed: Part, missed: Sequence[Part], likely: Sequence[Part]) -> Conflict | None:
    """The conflict in which a missed demand stands; ``None`` where none could be proven."""

    def fails(parts: Sequence[Part]) -> bool:
        return trials.ask(parts).can is False

    coarse = _by_closeness(trials, seed, missed, likely)
    start = failing_start(fails, [seed], coarse)
    if start is None:
        return None
    parts = start
    steps = (lambda part: [part], partial(by_year, inputs=trials.inputs), partial(by_scope, inputs=trials.inputs))
    try:
        for step in steps:  # From rules to years to groups and people; what takes part is taken apart, nothing else.
            finer = [small for part in parts for small in step(part)]
            parts = smallest(fails, finer) if fails(finer) else parts
    except OutOfTimeError:
        return Conflict(tuple(parts), (), 0.0, tuple(parts), is_strict_known=False)
    return _told(trials, parts)


def _told(trials: Trials, parts: Sequence[Part]) -> Conflict:
    """The conflict of some demands with all strict rules: whether each demand is needed, and what counting says."""
    held = trials.limbs
    arguments = tuple(one for one in count(trials.cut(parts, held)).findings if one.severity == "error")
    try:
        unconfirmed = _unconfirmed(trials, parts, held, ())
    except OutOfTimeError:
        unconfirmed = tuple(parts)
    return Conflict(
        tuple(parts), (), trials.least(parts, held), unconfirmed, is_strict_known=False, arguments=arguments,
        tally=tally(trials, parts),
    )  # fmt: skip


def _with_strict(trials: Trials, conflict: Conflict) -> Conflict:
    """The same conflict with the strict limits it needs."""
    parts, limbs = conflict.parts, _near(trials, conflict.parts)
    if trials.programmes_in(parts) > FEW_PROGRAMMES:
        alone = [limb for limb in limbs if trials.ask(parts, [one for one in limbs if one != limb]).can is True]
        return replace(conflict, strict=tuple(alone))
    if trials.ask(parts, []).can is False:
        strict: list[Part] = []
    else:
        strict = smallest(lambda some: trials.ask(parts, some).can is False, limbs)
    if trials.ask(parts, strict).can is not False:
        return conflict
    unconfirmed = _unconfirmed(trials, parts, strict, strict)
    return replace(conflict, strict=tuple(strict), unconfirmed=unconfirmed, is_strict_known=True)


def _near(trials: Trials, parts: Sequence[Part]) -> list[Part]:
    """The strict limits, those that speak about people of the demands first."""
    people = np.logical_or.reduce([people_of(part, trials.inputs) for part in parts])
    return sorted(trials.limbs, key=lambda limb: not (people_of(limb, trials.inputs) & people).any())


def _unconfirmed(
    trials: Trials, parts: Sequence[Part], strict: Sequence[Part], judged: Sequence[Part]
) -> tuple[Part, ...]:
    """Parts, and judged strict limits, without which no plan was found for the others."""
    rest = [one for one in parts if trials.ask([other for other in parts if other != one], strict).can is not True]
    limits = [one for one in judged if trials.ask(parts, [other for other in strict if other != one]).can is not True]
    return (*rest, *limits)


def _by_closeness(trials: Trials, seed: Part, missed: Sequence[Part], likely: Sequence[Part]) -> list[Part]:
    """Other demands, year by year, those first that contend for the same classes or people in the same year.

    The plan keeps all but those missed, so a conflict with the seed is looked for among the demands kept; the missed come last.
    """
    inputs = trials.inputs
    people = people_of(seed, inputs)
    programmes = trials.programmes_of(seed, people)
    familiar = {(part.rule.id, part.side) for part in likely}
    ranked = []
    others = [one for one in missed if one != seed]
    years = [part for rule in demands(inputs) for part in by_year(rule, inputs)]
    beside = [part for one in years if (part := _beside(one, missed)) is not None]
    kept = [part for one in beside for part in _rings(trials, one, people, programmes)]
    for number, part in enumerate([*kept, *others]):
        own = people_of(part, inputs)
        shares_people = bool((own & people).any())
        shares_classes = bool((trials.programmes_of(part, own) & programmes).any())
        apart = min(abs(y - z) for y in part.years for z in seed.years)
        distance = 1 if shares_classes and apart == 0 else 2 if shares_people and apart == 0 else 3
        distance = 0 if part.limb == "own" and seed.scope else distance if shares_classes or shares_people else 4
        is_new = (part.rule.id, part.side) not in familiar
        is_many = bool(scope_column(part.rule))
        ranked.append(((number >= len(kept), distance, is_new, apart, is_many, number), part))
    return [part for _, part in sorted(ranked, key=lambda one: one[0])]


def _rings(trials: Trials, part: Part, people: np.ndarray, programmes: np.ndarray) -> list[Part]:
    """A demand on many groups or persons in up to three: of the people in question, of those who could take their seats, of others."""
    rule = part.rule
    column = scope_column(rule)
    if not column:
        return [part]
    inputs, own = trials.inputs, people_of(part, trials.inputs)
    if column in LIST_COLUMNS or not pd.api.types.is_string_dtype(inputs.roster[column]):
        return [part]
    rings, used = [], ("",)
    for limb, whom in (("own", people), ("near", trials.able(programmes))):
        names = tuple(sorted(set(inputs.roster[column][own & whom]) - set(used)))
        audience = narrowed(rule.audience, column, names) if names else None
        if audience is not None:
            rings.append(replace(part, rule=rule.model_copy(update={"audience": audience}), limb=limb))
            used = (*used, *names)
    if set(inputs.roster[column][own]) - set(used):
        rest = without(rule.audience, column, used) if len(used) > 1 else rule.audience
        rings.append(replace(part, rule=rule.model_copy(update={"audience": rest}), limb="far" if rings else part.limb))
    return rings


def _beside(part: Part, missed: Sequence[Part]) -> Part | None:
    """What a demand asks of others than the groups and people for whom it is missed; ``None`` where it is missed for all."""
    own = [one for one in missed if one.rule.id == part.rule.id and one.side == part.side and one.years == part.years]
    if not own:
        return part
    column = part.rule.grouped_by if part.rule.asks_each_group() else "cadre_id"
    names = tuple(one.scope for one in own)
    if not all(names):
        return None
    rule = part.rule.model_copy(update={"audience": without(part.rule.audience, column, names)})
    return replace(part, rule=rule)
