"""Repairs: what to give up so that all hard rules can be kept, worked out for the limits a planner sets and solved again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from math import ceil
from types import MappingProxyType
from typing import Any

from allocator.answers.conflicts.demands import Part, demands, whole
from allocator.answers.conflicts.extra_seats import seats_more
from allocator.answers.conflicts.feasibility_oracle import OutOfTimeError, Trials, planned, with_rules
from allocator.answers.conflicts.minimal_conflicts import Conflict
from allocator.answers.conflicts.relaxations import Give, changes_of, gives_of
from allocator.answers.conflicts.weaker_limits import eased, weaker
from allocator.audit import audit
from allocator.domain.errors import InputError, ModelError
from allocator.domain.result import GoalResult
from allocator.domain.rules import Demand, Goal, RuleKind
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import changed
from allocator.language.message import Message

KINDS = (
    "fewest-people", "fewest-clauses", "more-seats", "drop-call-ups", "ease-limits", "only-quotas", "only-floors",
    "only-people",
)  # fmt: skip
"""Sorts of repairs, in the order in which they are tried."""

ONLY: Mapping[str, Callable[[RuleKind], bool]] = MappingProxyType(
    {
        "only-quotas": lambda rule: rule.summary_block == "quotas",
        "only-floors": lambda rule: rule.asks_each_group(),
        "only-people": lambda rule: rule.asks_each_person(),
    }
)
"""Repairs in which rules of some kinds give and no other."""

SMALL = 300
"""People up to which a repair is worked out on everything; beyond, on those whom the rules in conflict concern."""

ROUNDS = 4
"""How often a repair is worked out again because solving showed a rule that it had not looked at."""

MOST_WAYS = 8
"""Ways to weaken strict limits that are tried on everything."""

MOST_SETS = 8
"""Sets of clauses of one size that are compared."""

GIVING: tuple[Goal, ...] = ("violation", "quota-shortfall", "quota-excess", "owed")
"""What a trial minimises: first what must hold, then what gives."""


def kind_word(kind: str) -> Message:
    """A sort of repair by its name."""
    return {
        "fewest-people": Message("conflict.kind-fewest-people"),
        "fewest-clauses": Message("conflict.kind-fewest-clauses"),
        "more-seats": Message("conflict.kind-more-seats"),
        "only-quotas": Message("conflict.kind-only-quotas"),
        "only-floors": Message("conflict.kind-only-floors"),
        "only-people": Message("conflict.kind-only-people"),
        "drop-call-ups": Message("conflict.kind-drop-call-ups"),
        "ease-limits": Message("conflict.kind-ease-limits"),
        "instead": Message("conflict.kind-instead"),
    }[kind]


@dataclass(frozen=True, repr=False)
class Repair:
    """A change of the scenario under which every hard rule is kept, as a plan showed.

    Parameters
    ----------
    kinds
        The sorts of repairs that come to it (see ``KINDS``).
    gives
        What gives, rule by rule.
    changes
        The change of the scenario, as ``changed`` and ``write_variant`` take it.
    goals
        The goals of the plan that was made for it.
    """

    kinds: tuple[str, ...]
    gives: tuple[Give, ...]
    changes: Mapping[str, Any]
    goals: tuple[GoalResult, ...]

    def __repr__(self) -> str:
        return f"<Repair: {', '.join(self.kinds)}; changes={self.changes}>"

    @property
    def people(self) -> int:
        """How many people, or seats, give in all."""
        return sum(give.people for give in self.gives)

    @property
    def clauses(self) -> tuple[str, ...]:
        """Ids of the rules that give."""
        return tuple(dict.fromkeys(give.rule.id for give in self.gives if give.rule is not None))

    @property
    def signature(self) -> object:
        """Which clauses, limits and sessions give; people alike in that can be chosen in many ways."""
        return frozenset((give.rule.id, give.side, give.limb) if give.rule else give.scope for give in self.gives)


@dataclass
class Repairs:
    """Works out repairs of one scenario.

    Parameters
    ----------
    trials
        Questions about it.
    run
        Its plan of least violation.
    conflicts
        What was found to be in conflict.
    may_give
        Which rules may give, by their id.
    planner
        Stands on the plan.
    """

    trials: Trials
    run: Run
    conflicts: Sequence[Conflict]
    may_give: Callable[[str], bool]
    planner: Planner

    def __post_init__(self) -> None:
        self.inputs: Inputs = self.trials.inputs
        self.last: Run | None = None
        self.is_small = len(self.inputs.cadres) <= SMALL
        self.concerned = {part.rule.id for one in self.conflicts for part in one.parts}
        self.concerned |= {rule.id for rule in self._missed(self.run)}

    def of(self, kind: str) -> Repair | None:
        """The repair of a sort; ``None`` where there is none, or it could not be found in the time."""
        try:
            return self._of(kind)
        except OutOfTimeError:
            return None

    def _of(self, kind: str) -> Repair | None:
        if kind == "more-seats":
            return self._more_seats()
        if kind == "ease-limits":
            return self._eased(kind, ("absence",))
        if kind == "drop-call-ups":
            return self._eased(kind, ("attendance",))
        if kind == "fewest-clauses":
            return self._fewest_clauses()
        allowed = [rule for rule in self._hard() if self.may_give(rule.id)]
        if kind == "fewest-people":
            missed = self._missed(self.run)
            if all(self.may_give(rule.id) for rule in missed) and not self._breaks_strict(self.run):
                return self._as_missed(kind, {rule.id for rule in missed})
            return self._with(kind, {rule.id for rule in allowed})
        return self._with(kind, {rule.id for rule in allowed if ONLY[kind](rule)})

    def _as_missed(self, kind: str, missed: set[str]) -> Repair | None:
        """What the plan misses is given, or less where no proof says that every plan misses as much."""
        gives = gives_of(self.run.audit, self.inputs)
        goal = next((one for one in self.run.result.goals if one.goal == "violation"), None)
        if goal is None or not goal.is_proven:
            fewer = self._least(missed)
            if fewer is not None and sum(give.people for give in fewer) < sum(give.people for give in gives):
                found = self._solved(kind, fewer)
                if found is not None:
                    return found
        return self._solved(kind, gives)

    def instead(self, rule_id: str) -> Repair | None:
        """A repair in which one rule gives and, as far as that is enough, no other."""
        try:
            return self._with("instead", {rule_id})
        except OutOfTimeError:
            return None

    def _hard(self) -> list[RuleKind]:
        return list({part.rule.id: self.inputs.policy.rule(part.rule.id) for part in demands(self.inputs)}.values())

    def _missed(self, run: Run) -> list[RuleKind]:
        """The hard demands that a plan misses."""
        ids = set(run.audit.breaches["rule_id"])
        return [rule for rule in self._hard() if rule.id in ids]

    def _breaks_strict(self, run: Run) -> bool:
        return bool(set(run.audit.breaches["rule_id"]) - {rule.id for rule in self._hard()})

    def _with(self, kind: str, giving: set[str]) -> Repair | None:
        """Let some rules give as little as the others need to be kept."""
        if not giving:
            return None
        for _ in range(ROUNDS):
            gives = self._least(giving)
            if gives is None:
                return None
            found = self._solved(kind, gives)
            if found is not None or self.is_small or not self._widened():
                return found
        return None

    def _least(self, giving: set[str]) -> list[Give] | None:
        """What some rules must give at least while all others looked at are kept; ``None`` where that is not enough."""
        rules = [rule for rule in self._hard() if self.is_small or rule.id in self.concerned]
        must = [part for rule in rules if rule.id not in giving for part in whole(rule, self.inputs)]
        give = [softened(part) for rule in rules if rule.id in giving for part in whole(rule, self.inputs)]
        plan = self._plan(must, give)
        if plan is None:
            return None
        asked = self._judged(plan, [part for rule in rules for part in whole(rule, self.inputs)], rules)
        return gives_of(asked, self.inputs)

    def _plan(self, must: Sequence[Part], give: Sequence[Part]) -> Run | None:
        """A plan that keeps what must be kept and misses the rest by least; ``None`` where none does."""
        self.trials.refuse_when_over()
        cut = self.trials.cut([*must, *give], self.trials.limbs)
        cut = replace(cut, scenario=cut.scenario.model_copy(update={"goals": GIVING}))
        run = planned(cut, self.trials.seconds_left())
        return run if isinstance(run, Run) and run.audit.goals["violation"] < 0.5 else None

    def _judged(self, run: Run, parts: Sequence[Part], rules: Sequence[RuleKind]) -> Any:
        """The audit of a plan against whole rules as the policy states them."""
        background = [
            rule for rule in self.trials.cut(parts, self.trials.limbs).policy.rules if rule.demands == "admission"
        ]
        policy = with_rules(self.inputs.policy, (*background, *rules))
        return audit(run.plan, replace(run.inputs, policy=policy))

    def _solved(self, kind: str, gives: Sequence[Give], changes: Mapping[str, Any] | None = None) -> Repair | None:
        """The repair, when planning the changed scenario shows that every hard rule is kept."""
        stated = changes_of(gives, self.inputs) if changes is None else dict(changes)
        if not stated:
            return None
        run = self._tried(stated)
        if run is None or not run.audit.is_clean:
            return None
        return Repair((kind,), tuple(gives), stated, run.result.goals)

    def _tried(self, changes: Mapping[str, Any]) -> Run | None:
        self.trials.refuse_when_over()
        try:
            inputs = changed(self.inputs, changes)
            left = self.trials.seconds_left()
            self.last = self.planner.trial(inputs, Clock(None if left is None else max(left, 5.0)))
        except (InputError, ModelError):
            return None
        return self.last

    def _widened(self) -> bool:
        """Look at further rules from now on: those that the plan of a repair missed."""
        new = set() if self.last is None else {rule.id for rule in self._missed(self.last)} - self.concerned
        self.concerned |= new
        return bool(new)

    def _fewest_clauses(self) -> Repair | None:
        """As few rules as possible give; of equally few those with the fewest people."""
        sets = [{part.rule.id for part in one.parts} for one in self.conflicts if one.parts]
        for _ in range(ROUNDS):
            chosen = list(islice(_hitting(sets, self.may_give), MOST_SETS))
            if not chosen:
                return None
            offers = [(ids, gives) for ids in chosen if (gives := self._least(set(ids))) is not None]
            for _, gives in sorted(offers, key=lambda one: sum(give.people for give in one[1])):
                found = self._solved("fewest-clauses", gives)
                if found is not None:
                    return found
            new = [{*ids} for ids in chosen]
            more = self._beyond(new)
            if more is None:
                return None
            sets.append(more)
        return None

    def _beyond(self, failed: Sequence[set[str]]) -> set[str] | None:
        """Rules of which one must give too, since those tried were not enough; ``None`` where that teaches nothing."""
        out = set.union(*failed)
        others = {rule.id for rule in self._hard()} - out
        missed = {rule.id for rule in self._missed(self.run)} & others
        return missed or None

    def _more_seats(self) -> Repair | None:
        """Seats added to as few classes as it takes; no rule gives."""
        rules = [rule for rule in self._hard() if self.is_small or rule.id in self.concerned]
        must = [part for rule in rules for part in whole(rule, self.inputs)]
        extra = seats_more(self.trials, self.conflicts, must, max(1, ceil(self.run.audit.goals["violation"])))
        if extra is None:
            return None
        seats = dict(zip(self.inputs.sessions["session_id"], self.inputs.sessions["seats"].tolist(), strict=True))
        gives = [Give(None, (), s, "", seats[s], seats[s] + n, n) for s, n in sorted(extra.items())]
        sizes = sorted(set(extra.values()))
        added = [{"sessions": sorted(s for s, n in extra.items() if n == size), "seats_more": size} for size in sizes]
        return self._solved("more-seats", gives, {"session_changes": added})

    def _eased(self, kind: str, asking: tuple[Demand, ...]) -> Repair | None:
        """Strict limits that demand some things give, and no amount: the first of a few ways that is enough for everything."""
        for gives in islice(self._ways(list(self.conflicts), list(self.trials.limbs), [], asking), MOST_WAYS):
            changes: dict[str, Any] = {}
            for give in gives:
                changes |= eased(give, changes, self.inputs)
            found = self._solved(kind, gives, changes)
            if found is not None:
                return found
        return None

    def _ways(
        self, conflicts: list[Conflict], limits: list[Part], gives: list[Give], asking: tuple[Demand, ...]
    ) -> Iterator[list[Give]]:
        """Weaker limits under which every conflict found is resolved, each by itself."""
        if not conflicts:
            yield gives
            return
        first, rest = conflicts[0], conflicts[1:]
        if (
            self.trials.ask(first.parts, _its_own(first, limits)).can is True
        ):  # What gave before is enough for this one too.
            yield from self._ways(rest, limits, gives, asking)
            return
        for limb in first.strict:
            if limb.rule.demands not in asking or not self.may_give(limb.rule.id):
                continue
            others = [one for one in limits if (one.rule.id, one.limb.split("=")[0]) != (limb.rule.id, limb.limb)]
            earlier = [one for one in gives if (one.rule, one.limb) != (limb.rule, limb.limb)]
            for give, weak in weaker(limb):
                held = others if weak is None else [*others, weak]
                if self.trials.ask(first.parts, _its_own(first, held)).can is True:
                    yield from self._ways(rest, held, [*earlier, give], asking)


def _its_own(conflict: Conflict, limits: Sequence[Part]) -> list[Part]:
    """Of some limits those that take part in a conflict, in the form they have now; all where that is not known."""
    if not conflict.is_strict_known:
        return list(limits)
    own = {(limb.rule.id, limb.limb) for limb in conflict.strict}
    return [limb for limb in limits if (limb.rule.id, limb.limb.split("=")[0]) in own]


def softened(part: Part) -> Part:
    """A demand that may be missed: by how much is minimised behind what must be kept."""
    goal = "owed" if part.rule.owed_in == "hours" else "quota-shortfall"
    return replace(part, rule=part.rule.model_copy(update={"strength": "soft", "goal": goal}))


def _hitting(sets: Sequence[set[str]], may_give: Callable[[str], bool]) -> Iterator[tuple[str, ...]]:
    """The smallest sets of rules that take one out of every conflict."""
    open_ = [sorted(filter(may_give, one)) for one in sets]
    if not open_ or not all(open_):
        return
    rules = sorted(set().union(*open_))
    for size in range(1, len(rules) + 1):
        found = [ids for ids in combinations(rules, size) if all(set(ids) & set(one) for one in open_)]
        if found:
            yield from found
            return


def different(found: Iterable[Repair | None], most: int) -> list[Repair]:
    """Repairs that are not of the same clauses: of equal ones the first, which then has the names of all."""
    kept: dict[object, Repair] = {}
    for one in found:
        if one is None:
            continue
        other = kept.get(one.signature)
        if other is None:
            kept[one.signature] = one
        elif one.kinds[0] not in other.kinds:
            kept[one.signature] = replace(other, kinds=(*other.kinds, *one.kinds))
        if len(kept) == most:
            break
    return list(kept.values())
