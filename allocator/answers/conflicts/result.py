"""The whole answer: what cannot be kept together, and what would mend it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from allocator.answers.conflicts.feasibility_oracle import Trials
from allocator.answers.conflicts.minimal_conflicts import Conflict, Found, find
from allocator.answers.conflicts.repairs import KINDS, Repair, Repairs, different, kind_word
from allocator.answers.inputs_of import Given, inputs_of
from allocator.domain.errors import UsageError
from allocator.domain.result import OnProgress, silent
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import write_variant
from allocator.language.answer import Spoken
from allocator.language.message import Message

SECONDS = 60.0
"""Time for conflicts, and as much again for repairs, unless the caller says otherwise."""

USUAL = 3
"""Repairs that are offered when none is asked for by name."""

CONFLICT_COLUMNS = (
    "conflict",
    "rule_id",
    "clause",
    "title",
    "title_zh",
    "years",
    "scope",
    "limit",
    "amount",
    "confirmed",
)
"""Columns of ``Conflicts.table``."""

REPAIR_COLUMNS = ("repair", "kinds", "rule_id", "clause", "years", "scope", "limit", "before", "after", "people")
"""Columns of ``Conflicts.gives``."""


@dataclass(frozen=True, repr=False)
class Conflicts(Spoken):
    """What cannot be kept of a scenario, and what would mend it.

    Parameters
    ----------
    inputs, run
        The scenario and its plan of least violation.
    conflicts
        Hard rules that cannot be kept together, see ``Conflict``.
    repairs
        Changes under which every hard rule is kept, each solved again.
    not_found
        Sorts of repairs that were asked for by name and not found.
    alike, unexplained
        Breaches of rules whose conflict is among those found; breaches of which nothing could be proven in the time.
    is_asked
        Whether repairs were looked for.
    questions, seconds
        Plans made to answer, and the time it took.
    """

    views = "allocator.answers.conflicts"

    inputs: Inputs
    run: Run
    conflicts: tuple[Conflict, ...]
    repairs: tuple[Repair, ...]
    not_found: tuple[str, ...]
    alike: int
    unexplained: int
    is_asked: bool
    questions: int
    seconds: float

    @property
    def is_kept(self) -> bool:
        """Whether the plan keeps every hard rule."""
        return self.run.audit.is_clean

    @property
    def is_proven(self) -> bool:
        """Whether it is proven that the hard rules cannot all be kept."""
        return bool(self.conflicts)

    @property
    def table(self) -> pd.DataFrame:
        """Every member of every conflict, columns as ``CONFLICT_COLUMNS``; ``amount`` is what a quota asks for (people)."""
        rows = []
        for number, one in enumerate(self.conflicts, start=1):
            for part in (*one.parts, *one.strict):
                rule = self.inputs.policy.rule(part.rule.id)
                rows.append(
                    (number, rule.id, rule.clause, rule.title, rule.title_zh, _years(part.years), part.scope,
                     part.side or (part.limb if part in one.strict else ""), getattr(part.rule, "amount", None),
                     part not in one.unconfirmed)
                )  # fmt: skip
        return pd.DataFrame(rows, columns=list(CONFLICT_COLUMNS)).astype(dict.fromkeys(CONFLICT_COLUMNS[1:8], "str"))

    @property
    def gives(self) -> pd.DataFrame:
        """Everything that gives in every repair, columns as ``REPAIR_COLUMNS``; ``scope`` is a session where seats are added."""
        rows = [
            (number, ";".join(one.kinds), give.rule.id if give.rule else "", give.rule.clause if give.rule else "",
             _years(give.years), give.scope, give.side or give.limb, _plain(give.before), _plain(give.after), give.people)
            for number, one in enumerate(self.repairs, start=1)
            for give in one.gives
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(REPAIR_COLUMNS)).astype(dict.fromkeys(REPAIR_COLUMNS[1:9], "str"))

    def write_repair(self, number: int, file: Path | str, *, force: bool = False) -> Inputs:
        """Write a repair, counted from 1, as a scenario that extends the one it mends; see ``allocator.write_variant``.

        Raises
        ------
        OutputError
            If the file cannot be written, or is there and ``force`` is not given.
        """
        repair, scenario = self.repairs[number - 1], self.inputs.scenario
        kinds = tuple(kind_word(kind) for kind in repair.kinds)
        english = Message("conflict.title", title=scenario.title or scenario.id, kinds=kinds).said("en")
        chinese = Message("conflict.title", title=scenario.title_zh or scenario.id, kinds=kinds).said("zh")
        name = f"{scenario.id}-{repair.kinds[0]}"
        return write_variant(
            self.inputs, repair.changes, file, id=name, title=english, title_zh=chinese, force=force
        )  # fmt: skip


def _years(years: Sequence[int]) -> str:
    return ";".join(map(str, years))


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def conflict(scenario: Given, *, seconds: float | None = SECONDS) -> Conflicts:
    """Which hard rules of a scenario cannot be kept together.

    Parameters
    ----------
    scenario
        A run, whose plan is judged; or a scenario file or inputs already read, of which a plan is made first.
    seconds
        Time for the search behind the plan; none for no limit.
    """
    return _asked(scenario, (), (), (), seconds)


def repairs(
    scenario: Given,
    *,
    kinds: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    give: Sequence[str] = (),
    seconds: float | None = SECONDS,
) -> Conflicts:
    """Changes of a scenario under which every hard rule is kept, each solved again.

    Parameters
    ----------
    scenario, seconds
        As for ``conflict``; the repairs have as much time again.
    kinds
        Sorts of repairs (``allocator.answers.conflicts.repairs.KINDS``); absent: up to three different ones.
    keep
        Rules that must not give, or one of them.
    give
        The only rules that may give, or the one; empty: all that are not to be kept.

    Raises
    ------
    UsageError
        If there is no such sort of repair, or no such rule.
    """
    return _asked(scenario, kinds, keep, give, seconds)


def _asked(
    scenario: Given, kinds: Sequence[str] | None, keep: Sequence[str], give: Sequence[str], seconds: float | None
) -> Conflicts:
    run = scenario if isinstance(scenario, Run) else None
    return answer(inputs_of(scenario), run, seconds=seconds, kinds=kinds, keep=keep, give=give)


def answer(
    inputs: Inputs,
    run: Run | None = None,
    *,
    seconds: float | None = SECONDS,
    kinds: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    give: Sequence[str] = (),
    stop: Callable[[], bool] = lambda: False,
    on_progress: OnProgress = silent,
) -> Conflicts:
    """Conflicts, and the repairs asked for; see ``conflict`` and ``repairs``.

    Raises
    ------
    UsageError
        If there is no such sort of repair, or no such rule.
    ModelError
        If no plan is given and a rule cannot be expressed.
    """
    since = time.monotonic()
    kinds, keep, give = None if kinds is None else several(kinds), several(keep), several(give)
    refuse_unknown(inputs, kinds or (), (*keep, *give))
    if run is None:
        run = Planner().plan(inputs, Clock(inputs.scenario.limits.seconds, on_progress=on_progress))
    found = Search(run).answer(seconds=seconds, kinds=kinds, keep=keep, give=give, stop=stop)
    return replace(found, inputs=inputs, seconds=time.monotonic() - since)


class Search:
    """Looks for what breaks the rules of one plan, one question after the other: what was found is not looked for again.

    Parameters
    ----------
    run
        The plan of least violation.
    planner
        Stands on that plan; made when absent.
    """

    def __init__(self, run: Run, planner: Planner | None = None) -> None:
        self.run, self.planner = run, planner or Planner.of(run)
        self._trials: Trials | None = None
        self._found: Found | None = None

    def answer(
        self,
        *,
        seconds: float | None = SECONDS,
        kinds: Sequence[str] | None = None,
        keep: Sequence[str] = (),
        give: Sequence[str] = (),
        stop: Callable[[], bool] = lambda: False,
    ) -> Conflicts:
        """Conflicts, and the repairs asked for; see ``conflict`` and ``repairs``.

        Raises
        ------
        UsageError
            If there is no such sort of repair, or no such rule.
        """
        since, inputs, run = time.monotonic(), self.run.inputs, self.run
        kinds, keep, give = None if kinds is None else several(kinds), several(keep), several(give)
        refuse_unknown(inputs, kinds or (), (*keep, *give))
        if run.audit.is_clean:
            return Conflicts(inputs, run, (), (), (), 0, 0, kinds != (), 0, time.monotonic() - since)
        if self._trials is None:
            self._trials = Trials(inputs)
        trials, before = self._trials, self._trials.asked
        trials.stop, trials.ends = stop, _ends(seconds)
        if self._found is None or self._found.is_open:  # With more time more may be known.
            self._found = find(trials, run)
        found, trials.ends = self._found, _ends(seconds)
        made, missing = _repaired(trials, run, found, kinds, keep, give, self.planner)
        return Conflicts(
            inputs, run, tuple(found.conflicts), tuple(made), missing, found.alike, found.unexplained, kinds != (),
            trials.asked - before, time.monotonic() - since,
        )  # fmt: skip


def several(names: Sequence[str]) -> Sequence[str]:
    """Names, also where one alone was written."""
    return (names,) if isinstance(names, str) else names


def _ends(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def refuse_unknown(inputs: Inputs, kinds: Sequence[str], rules: Sequence[str]) -> None:
    """Refuse what is asked of sorts of repairs and rules that there are not.

    Raises
    ------
    UsageError
        With the names there are.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(Message("conflict.unknown-kind", kind=kind, kinds=KINDS))
    for rule in rules:
        if rule not in {one.id for one in inputs.policy.rules}:
            raise UsageError(Message("conflict.unknown-rule", rule=rule))


def _repaired(
    trials: Trials,
    run: Run,
    found: Found,
    kinds: Sequence[str] | None,
    keep: Sequence[str],
    give: Sequence[str],
    planner: Planner,
) -> tuple[list[Repair], tuple[str, ...]]:
    if kinds == ():
        return [], ()
    works = Repairs(trials, run, found.conflicts, lambda rule: rule not in keep and (not give or rule in give), planner)
    if kinds is not None:
        got = {kind: works.of(kind) for kind in dict.fromkeys(kinds)}
        return different(got.values(), len(got)), tuple(kind for kind, one in got.items() if one is None)
    tried = (works.of(kind) for kind in KINDS)
    made = _equals_named(different(tried, USUAL))
    if len(made) < USUAL:
        given = {rule for one in made for rule in one.clauses}
        others = {part.rule.id for one in found.conflicts for part in one.parts} - given
        more = (works.instead(rule) for rule in sorted(others) if works.may_give(rule))
        made = different([*made, *more], USUAL)
    return made, ()


def _equals_named(made: list[Repair]) -> list[Repair]:
    """Where another clause can give just as well, the first repair has both names, and the other is told as the other clause."""
    if len(made) < 2 or made[0].kinds[0] != "fewest-people" or made[1].kinds[0] != "fewest-clauses":
        return made
    first, second = made[:2]
    if len(first.clauses) != len(second.clauses) or first.people != second.people:
        return made
    both = replace(first, kinds=(*first.kinds, "fewest-clauses"))
    return [both, replace(second, kinds=("instead", *second.kinds[1:])), *made[2:]]
