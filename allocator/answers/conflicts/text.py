"""Conflicts and repairs in words; the same on the terminal, in the run folder and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from allocator.answers.conflicts.demands import Part
from allocator.answers.conflicts.minimal_conflicts import Conflict
from allocator.answers.conflicts.relaxations import Give, amount_for
from allocator.answers.conflicts.repairs import Repair, kind_word
from allocator.answers.conflicts.result import Conflicts
from allocator.checks.finding import names, span, titled
from allocator.domain.names import Called
from allocator.domain.rules import (
    Apportion,
    Coverage,
    Cumulative,
    Fixed,
    Interval,
    MakeUp,
    Quota,
    Representation,
    ShareFloor,
)
from allocator.language.message import Message, value
from allocator.language.texts import Texts

MOST = 5
"""Members of a conflict, people of a member and lines of a repair that are told; the record and the scenario written have all."""

MOST_GROUPS, MOST_ALIKE = 3, 2
"""Conflicts that are told, and those of the same rules behind each."""


def lines(found: Conflicts, texts: Texts) -> Iterator[str]:
    """What is in conflict, and what would mend it."""
    yield from _conflicts(found, texts)
    yield from _repairs(found, texts)


def _conflicts(found: Conflicts, texts: Texts) -> Iterator[str]:
    said = texts.said
    if found.is_kept:
        yield said(Message("conflict.kept"))
        return
    groups = _alike(found.conflicts)
    if not groups:
        yield said(Message("conflict.unnamed") if found.run.cannot_keep_rules else Message("conflict.not-proven"))
        return
    yield said(Message("conflict.heading", count=len(groups)))
    words = Words(found, texts)
    for number, (first, *others) in enumerate(groups[:MOST_GROUPS], start=1):
        yield from words.conflict(number, first)
        for other in others[:MOST_ALIKE]:
            demands = [words.demand(parts) for parts in _merged(other.parts or other.strict)]
            yield said(Message("conflict.alike", demand=names(demands, MOST)))
    if len(groups) > MOST_GROUPS:
        yield said(Message("conflict.groups-more", count=len(groups) - MOST_GROUPS))
    hidden = sum(max(0, len(group) - 1 - MOST_ALIKE) for group in groups[:MOST_GROUPS])
    if found.alike + hidden:
        yield said(Message("conflict.alike-more", count=found.alike + hidden))
    if found.unexplained:
        yield said(Message("conflict.unexplained", count=found.unexplained))


def _repairs(found: Conflicts, texts: Texts) -> Iterator[str]:
    said, words = texts.said, Words(found, texts)
    if found.repairs:
        is_needed = found.is_proven or found.run.cannot_keep_rules
        yield said(Message("conflict.repairs-heading") if is_needed else Message("conflict.repairs-heading-open"))
    for number, repair in enumerate(found.repairs, start=1):
        yield from words.repair(number, repair)
    for kind in found.not_found:
        yield said(Message("conflict.no-repair", kind=kind_word(kind), why=Message("conflict.why-limits")))
    if found.is_asked and not found.repairs and not found.is_kept:
        yield said(Message("conflict.none"))


def record(found: Conflicts) -> dict[str, Any]:
    """The same for another program: members of conflicts, what gives, and the change of the scenario of each repair."""
    repairs = [
        {
            "kinds": repair.kinds,
            "people": repair.people,
            "clauses": repair.clauses,
            "changes": repair.changes,
            "goals": {one.goal: one.value for one in repair.goals},
        }
        for repair in found.repairs
    ]
    return {
        "kept": found.is_kept,
        "proven": found.is_proven or found.run.cannot_keep_rules,
        "conflicts": [_lines(found.table[found.table["conflict"] == n], one) for n, one in _numbered(found)],
        "alike": found.alike,
        "unexplained": found.unexplained,
        "repairs": repairs,
        "not_found": found.not_found,
        "questions": found.questions,
        "seconds": round(found.seconds, 2),
    }


def _numbered(found: Conflicts) -> Iterator[tuple[int, Conflict]]:
    return enumerate(found.conflicts, start=1)


def _lines(members: pd.DataFrame, one: Conflict) -> dict[str, Any]:
    rows = members.drop(columns="conflict").astype(object).where(members.notna(), None).to_dict("records")
    told = [{"rule_id": a.rule_id, "message_en": a.message_en, "message_zh": a.message_zh} for a in one.arguments]
    figures = None if one.tally is None else asdict(one.tally)
    return {"members": rows, "lacking": one.lacking, "minimal": one.is_minimal, "counting": told, "tally": figures}


def _alike(conflicts: Iterable[Conflict]) -> list[list[Conflict]]:
    """Conflicts of the same rules together."""
    groups: dict[tuple[str, ...], list[Conflict]] = {}
    for one in conflicts:
        groups.setdefault(tuple(sorted({part.rule.id for part in one.parts} or one.rule_ids)), []).append(one)
    return list(groups.values())


def _merged(parts: Iterable[Part]) -> list[list[Part]]:
    """Parts that one sentence can speak of: of one rule and side, the same groups or people in several years, or the reverse."""
    by_scope: dict[tuple[object, ...], list[Part]] = {}
    for part in parts:
        by_scope.setdefault((part.rule.id, part.side, part.scope, part.limb if not _is_ring(part) else ""), []).append(
            part
        )
    merged: dict[tuple[object, ...], list[Part]] = {}
    for (rule_id, side, scope, limb), own in by_scope.items():
        years = tuple(sorted({year for part in own for year in part.years}))
        merged.setdefault((rule_id, side, limb, years, bool(scope)), []).extend(own)
    return list(merged.values())


def _is_ring(part: Part) -> bool:
    return part.limb in ("own", "near", "far")


class Words:
    """Phrases on the rules of one policy."""

    def __init__(self, found: Conflicts, texts: Texts) -> None:
        self.found, self.texts = found, texts
        self.called = Called(found.inputs)
        cadres = found.inputs.cadres
        self.names = dict(zip(cadres["cadre_id"], cadres["name"], strict=True))
        self.headcount = found.inputs.cadres["headcount"].to_numpy()

    def rule(self, rule: Any) -> str:
        """A rule with its clause, title and id."""
        own = self.found.inputs.policy.rule(rule.id)
        return Message("conflict.rule", clause=own.clause or "—", title=titled(own), id=own.id)

    def people(self, ids: Sequence[str]) -> Message:
        """People by name, with their ids."""
        return names([self.person(cadre_id) for cadre_id in ids], MOST)

    def person(self, cadre_id: str) -> Message:
        """Somebody by name, with the id."""
        name = self.names.get(cadre_id, cadre_id)
        return Message("word.called", zh=name, en=name, id=cadre_id)

    def conflict(self, number: int, one: Conflict) -> Iterator[str]:
        """One conflict: what counting says, its first members, and how far it is proven."""
        said = self.texts.said
        lacking = round(one.lacking)
        if lacking:
            hours = any(part.rule.owed_in == "hours" for part in one.parts)
            amount = (
                Message("conflict.places", count=lacking)
                if not one.parts
                else Message("conflict.people", count=lacking)
            )
            amount = Message("conflict.hours", count=lacking) if hours else amount
            yield said(Message("conflict.group", number=number, lacking=amount))
        else:
            yield said(Message("conflict.group-unmeasured", number=number))
        yield from map(said, self._counted(one))
        members = list(self._members(one))
        yield from map(said, members[:MOST])
        if len(members) > MOST:
            yield said(Message("conflict.members-more", count=len(members) - MOST))
        if not one.is_strict_known:
            yield said(Message("conflict.strict-all"))
        else:
            yield said(Message("conflict.strict-told") if one.strict else Message("conflict.strict-none"))
        if one.is_minimal:
            if len(one.parts) + len(one.strict) > 1:
                yield said(Message("conflict.all-needed"))
        else:
            ids = dict.fromkeys(part.rule.id for part in one.unconfirmed)
            yield said(Message("conflict.unconfirmed", rules=names(list(ids), MOST)))

    def _counted(self, one: Conflict) -> Iterator[Message]:
        """What counting proves of the conflict, else what it asks for in numbers."""
        for finding in one.arguments[:2]:
            yield Message("conflict.counting", message=finding.message)
        if not one.arguments and one.tally is not None:
            yield Message("conflict.tally", **asdict(one.tally))

    def _members(self, one: Conflict) -> Iterator[Message]:
        for parts in _merged(one.parts):
            yield Message("conflict.member", rule=self.rule(parts[0].rule), demand=self.demand(parts))
        for limb in one.strict:
            yield Message("conflict.limit", rule=self.rule(limb.rule), demand=self.limit(limb))

    def demand(self, parts: Sequence[Part]) -> Message:
        """What a rule asks for, over the years, groups or people of some parts alike."""
        rule = parts[0].rule
        if parts[0].limb and not _is_ring(parts[0]):
            return self.limit(parts[0])
        years = span(sorted({year for part in parts for year in part.years}))
        scopes = list(dict.fromkeys(part.scope for part in parts if part.scope))
        match rule:
            case Quota():
                code = "least" if parts[0].side == "least" else "most"
                told: dict[str, object] = {"years": years, "count": rule.amount}
                return (
                    Message("conflict.demand-least", **told)
                    if code == "least"
                    else Message("conflict.demand-most", **told)
                )
            case ShareFloor():
                if not scopes:
                    return Message("conflict.demand-floors", years=years, share=str(rule.share))
                groups = names([self.called.group(rule.group_by, scope) for scope in scopes], MOST)
                return Message("conflict.demand-floor", years=years, groups=groups, share=self._floor(rule, scopes))
            case Representation():
                return Message("conflict.demand-share", years=years)
            case Apportion():
                return Message("conflict.demand-proportion", years=years)
        if not rule.asks_each_person():
            groups = names([self.called.group(rule.grouped_by, scope) for scope in scopes], MOST)
            return (
                Message("conflict.demand-groups", years=years, groups=groups)
                if scopes
                else Message("conflict.demand-rule", years=years)
            )
        people = self.people(scopes) if scopes else Message("conflict.everybody")
        return self._of_people(rule, people, sorted({year for part in parts for year in part.years}))

    def _floor(self, rule: ShareFloor, scopes: Sequence[str]) -> str | Message:
        """The people that a group must send; the share where groups differ in size."""
        groups = self.found.inputs.roster[rule.group_by].astype(str).to_numpy()
        audience = self.found.inputs.audience(self.found.inputs.policy.rule(rule.id).audience)
        needs = {
            -(-rule.share.numerator * int(self.headcount[audience & (groups == s)].sum()) // rule.share.denominator)
            for s in scopes
        }
        return Message("conflict.people", count=needs.pop()) if len(needs) == 1 else str(rule.share)

    def _of_people(self, rule: Any, people: Message, held: Sequence[int]) -> Message:
        years = span(held)
        contents = tuple(value("content", one) for one in getattr(rule, "contents", ())) or Message(
            "conflict.any-class"
        )
        match rule:
            case Coverage():
                return Message("conflict.demand-coverage", people=people, years=years)
            case Interval():
                told: dict[str, object] = {"people": people, "contents": contents}
                if len(held) == 1:
                    window = span(range(held[0] - rule.every_years + 1, held[0] + 1))
                    return Message("conflict.demand-window", **told, years=window)
                return Message("conflict.demand-interval", **told, years=years, span=rule.every_years)
            case MakeUp():
                told = {"people": people, "years": years, "contents": contents}
                return Message("conflict.demand-make-up", **told, span=rule.after_years)
        if not isinstance(rule, Cumulative):
            return Message("conflict.demand-people", people=people, years=years)
        if rule.days is None or rule.hours is None:
            if rule.days is None:
                return Message("conflict.demand-hours", people=people, hours=rule.hours)
            return Message("conflict.demand-days", people=people, days=rule.days)
        return Message("conflict.demand-days-or-hours", people=people, days=rule.days, hours=rule.hours)

    def limit(self, limb: Part) -> Message:
        """A limit on calendars."""
        return self.limit_of(limb.rule, limb.limb)

    def limit_of(self, rule: Any, limb: str) -> Message:
        """One limit of a strict rule."""
        field = limb.split(".")[0]
        return self._fixed(rule, field) if isinstance(rule, Fixed) else limit_words(rule, field)

    def _fixed(self, rule: Fixed, field: str) -> Message:
        if field == "everyone":
            return Message("conflict.limit-everyone")
        (entry,) = getattr(rule, field)
        cadre = self.person(entry.cadre_id)
        if field == "call_ups":
            return Message("conflict.limit-call-up", cadre=cadre, session=entry.session_id)
        if field == "unavailable":
            days = {"first": str(entry.from_date), "last": str(entry.to_date)}
            return Message("conflict.limit-unavailable", cadre=cadre, **days)
        what = tuple(str(one) for one in (entry.programme_id, entry.session_id, entry.year) if one is not None)
        return Message("conflict.limit-forbidden", cadre=cadre, what=what)

    def repair(self, number: int, repair: Repair) -> Iterator[str]:
        """A repair: its sort, what gives, and the goals of the plan made for it."""
        said = self.texts.said
        kinds = tuple(kind_word(kind) for kind in repair.kinds)
        yield said(Message("conflict.repair", number=number, kinds=kinds, what=self._size(repair)))
        lines = list(self._gives(repair))
        yield from map(said, lines[:MOST])
        if len(lines) > MOST:
            yield said(Message("conflict.give-rest", count=len(lines) - MOST))
        goals = tuple(
            Message(
                "conflict.goal",
                goal=self.texts.known("goal", one.goal),
                value=self.texts.number(one.value),
                unit=self.texts.unit(one.unit),
            )
            for one in repair.goals
            if one.value is not None
        )
        yield said(Message("conflict.goals", goals=goals))

    def _size(self, repair: Repair) -> Message:
        if not repair.clauses:
            return Message("conflict.repair-seats", classes=len(repair.gives), people=repair.people)
        if all(give.limb for give in repair.gives):
            return Message("conflict.repair-limits", clauses=len(repair.clauses))
        return Message("conflict.repair-rules", clauses=len(repair.clauses), people=repair.people)

    def _gives(self, repair: Repair) -> Iterator[Message]:
        """A line for everything that gives: years, groups and people that give alike stand together."""
        alike: dict[tuple[object, ...], list[Give]] = {}
        for give in repair.gives:
            key: tuple[object, ...] = ("", give.before, give.after)
            if give.rule is not None:
                key = (give.rule.id, give.side, give.scope, give.limb, give.before, give.after)
            if give.rule is not None and give.rule.asks_each_person():
                key = (give.rule.id, give.years)
            elif give.rule is not None and give.rule.asks_each_group():
                key = (give.rule.id, give.years, give.before, give.after)
            alike.setdefault(key, []).append(give)
        for own in alike.values():
            if own[0].rule is None:
                told: dict[str, object] = {"before": own[0].before, "after": own[0].after}
                yield Message("conflict.give-seats", sessions=names([give.scope for give in own], MOST), **told)
                continue
            yield Message("conflict.give", rule=self.rule(own[0].rule), change=self._change(own))

    def _change(self, own: Sequence[Give]) -> Message:
        give = own[0]
        if give.limb:
            before = self.limit_of(give.rule, give.limb)
            if give.after is None:
                return Message("conflict.give-dropped", before=before)
            assert give.rule is not None
            after = give.rule.model_copy(update={give.limb: give.after})
            return Message("conflict.give-limit", before=before, after=self.limit_of(after, give.limb))
        years = span(sorted({year for one in own for year in one.years}))
        assert give.rule is not None
        if give.rule.asks_each_person():
            people = {"count": sum(one.people for one in own), "people": self.people([one.scope for one in own])}
            soft = give.rule.owed_in == "hours"
            return (
                Message("conflict.give-owed", **people)
                if soft
                else Message("conflict.give-people", years=years, **people)
            )
        told: dict[str, object] = {"years": years, "before": give.before, "after": give.after}
        if isinstance(give.rule, Quota):
            return self._amount(give, told | {"count": give.people})
        if give.rule.asks_each_group():
            groups = names([self.called.group(give.rule.grouped_by, one.scope) for one in own], MOST)
            return Message("conflict.give-floor", **told, group=groups)
        return Message("conflict.give-soft")

    def _amount(self, give: Give, told: dict[str, object]) -> Message:
        """A quota with another amount; one of “about” says what it is about."""
        rule = give.rule
        assert isinstance(rule, Quota) and give.side
        if rule.modality == "about":
            told |= {"amount": rule.amount, "new": amount_for(rule, give.side, int(give.after))}
            return (
                Message("conflict.give-about", **told)
                if give.side == "least"
                else Message("conflict.give-about-most", **told)
            )
        return Message("conflict.give-least", **told) if give.side == "least" else Message("conflict.give-most", **told)


def limit_words(rule: Any, field: str) -> Message:
    """One limit of spacing or of an away-limit."""
    match field:
        case "strength":
            return Message("conflict.limit-rule")
        case "rest_days":
            return Message("conflict.limit-rest", count=rule.rest_days)
        case "same_programme_years":
            return Message("conflict.limit-repeat", count=rule.same_programme_years)
        case "classes_per_year":
            return Message("conflict.limit-classes", count=rule.classes_per_year)
        case "long_years":
            return Message("conflict.limit-long", count=rule.long_years, days=rule.long_days)
        case "share":
            return Message("conflict.limit-away", share=str(rule.share))
        case "posts_apart":
            return Message("conflict.limit-posts", one=rule.posts_apart[0][0], other=rule.posts_apart[0][1])
    return Message("conflict.limit-blocked", first=str(rule.blocked[0].from_date), last=str(rule.blocked[0].to_date))
