"""What a change means, what it does to the numbers of people, and why it buys nothing where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from allocator.answers.sensitivity.answer import Change
from allocator.answers.sensitivity.question import HELD, SEATS, Question
from allocator.answers.sensitivity.seat_takers import Opening, opening
from allocator.audit.measures.quota import allowed
from allocator.domain.rules import Quota, ShareFloor
from allocator.engine.run import Run
from allocator.language.message import Message

MOST_NAMED = 4
"""Rules and sessions named in one fact at most."""


def facts(
    question: Question, run: Run, other: Run, goals: Sequence[Change], taken: Mapping[str, int]
) -> tuple[Message, ...]:
    """What to know of a change: its meaning, its effect, and the reasons when nothing is better or worse."""
    is_nothing = all(abs(one.difference) <= 1e-6 for one in goals)
    if question.field == SEATS:
        return tuple(_of_seats(question, run, other, taken, is_nothing=is_nothing))
    if question.field == HELD:
        return tuple(_of_held(question, run, taken))
    return tuple(_of_rule(question, run, other, is_nothing=is_nothing))


def _of_seats(
    question: Question, run: Run, other: Run, taken: Mapping[str, int], *, is_nothing: bool
) -> Iterator[Message]:
    sessions = list(question.sessions)
    before = sum(taken.get(one, 0) for one in sessions)
    after = int(other.plan.placements.loc[other.plan.placements["session_id"].isin(sessions), "headcount"].sum())
    if len(sessions) > 1:
        yield Message(
            "shadow.seats-in-all", count=len(sessions), before=int(question.before), after=int(question.after)
        )
    if before != after:
        yield Message("shadow.attend", before=before, after=after)
    if not is_nothing or question.step < 0:
        if before == after and question.step > 0 and not is_nothing:
            yield Message("shadow.attend-same", count=before)
        return
    table = run.inputs.sessions.set_index("session_id").loc[sessions, "usable_seats"]
    free = {one: int(seats) - taken.get(one, 0) for one, seats in zip(sessions, table, strict=True)}
    empty = sum(max(0, left) for left in free.values())
    tight = [one for one in sessions if free[one] <= 0]
    if empty:
        yield Message("shadow.why-free", free=empty, seats=int(table.sum()))
    if len(tight) == 1 and not empty:
        yield from _why_full(run, opening(run, tight[0]))
    elif tight:
        yield Message("shadow.why-full-unused", count=len(tight))


def _why_full(run: Run, found: Opening) -> Iterator[Message]:
    """Why nobody gains by a seat more in a full session."""
    if not found.others:
        yield Message("shadow.why-nobody", year=found.year)
        return
    if found.barred:
        rules = tuple(
            Message("shadow.by-rule", rule=_named(run, rule), count=count)
            for rule, count in list(found.barred.items())[:MOST_NAMED]
        )
        yield Message("shadow.why-barred", others=found.others, year=found.year, count=found.barred_people, rules=rules)
    left = found.others - found.barred_people
    if not left:
        return
    if found.full_quotas:
        quotas = tuple(_named(run, rule) for rule in found.full_quotas[:MOST_NAMED])
        yield Message("shadow.why-quota", quotas=quotas, year=found.year)
    if not found.owing:
        yield Message("shadow.why-not-owing", count=left)
    else:
        yield Message("shadow.why-no-gain", count=left, owing=found.owing)


def _of_held(question: Question, run: Run, taken: Mapping[str, int]) -> Iterator[Message]:
    gone = question.sessions[0]
    people = taken.get(gone, 0)
    if question.sort != "session":
        sessions = run.inputs.sessions
        date = f"{sessions.loc[sessions['session_id'] == gone, 'start_date'].iloc[0]:%Y-%m-%d}"
        yield Message("shadow.not-held", session=gone, date=date, people=people)
    elif people:
        yield Message("shadow.people-there", people=people)
    if not people:
        yield Message("shadow.empty-session")


def _of_rule(question: Question, run: Run, other: Run, *, is_nothing: bool) -> Iterator[Message]:
    rule, changed = run.inputs.policy.rule(question.of), other.inputs.policy.rule(question.of)
    if isinstance(rule, Quota) and isinstance(changed, Quota):
        yield from _of_quota(rule, changed, run, other, is_nothing=is_nothing)
        return
    verdicts = run.audit[rule.id].finding, other.audit[rule.id].finding
    if isinstance(rule, ShareFloor):
        required = [int(one.required or 0) for one in verdicts]
        yield Message("shadow.floors-in-all", before=required[0], after=required[1])
        if is_nothing and required[1] > required[0]:
            judged = other.audit[rule.id].finding.scopes
            reached = sum((row.achieved or 0) >= (row.required or 0) for row in judged)
            yield Message("shadow.why-floors", reached=reached, count=len(judged))
        elif is_nothing and required[1] == required[0]:
            yield Message("shadow.why-rounding")
        return
    if question.field == "to_year" and question.after > run.inputs.years[-1] <= question.before:
        yield Message("shadow.why-plan-ends", year=run.inputs.years[-1])
    if question.field == "window_years" and question.after > len(run.inputs.years):
        yield Message("shadow.why-not-judged", years=len(run.inputs.years), window=int(question.after))
        return
    missing = tuple(one.shortfall for one in verdicts)
    if missing[0] != missing[1]:
        # Counted under the rule before and under the rule as changed.
        yield Message(
            "shadow.missing", before=_whole(missing[0]), after=_whole(missing[1]), unit=_unit(verdicts[0].unit)
        )
    elif is_nothing and not missing[0]:
        yield Message("shadow.why-kept", people=verdicts[0].people)
    elif is_nothing:
        yield Message("shadow.why-missing", missing=_whole(missing[0]), unit=_unit(verdicts[0].unit))


def _of_quota(rule: Quota, changed: Quota, run: Run, other: Run, *, is_nothing: bool) -> Iterator[Message]:
    """The band of ``about`` moves with its number; the people sent by year tell the rest."""
    if rule.modality == "about":
        (least, most), (lower, higher) = allowed(rule), allowed(changed)
        yield Message("shadow.about", least=least, most=most, lower=lower, higher=higher)
    sent = _sent(run, rule), _sent(other, changed)
    if sent[0] == sent[1]:
        yield Message("shadow.sent-same", sent=sent[0])
    else:
        yield Message("shadow.sent", before=sent[0], after=sent[1])
    if not is_nothing or not sent[0]:
        return
    if rule.modality == "at-least" and min(sent[0]) >= changed.amount:
        yield Message("shadow.why-at-least", least=min(sent[0]))
    if rule.modality == "at-most" and max(sent[0]) <= changed.amount:
        yield Message("shadow.why-at-most", most=max(sent[0]))


def _sent(run: Run, rule: Quota) -> tuple[int, ...]:
    return tuple(int(row.achieved or 0) for row in run.audit[rule.id].finding.rows)


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 2)


def _unit(unit: str) -> Message | str:
    return Message("shadow.of-hours") if unit == "hours" else Message("shadow.of-cases")


def _named(run: Run, rule_id: str) -> Message:
    """A rule by clause and title in both languages; a check built into the program by its title."""
    verdict = run.audit[rule_id]
    title = Message("word.name", zh=verdict.title_zh or verdict.title, en=verdict.title or verdict.title_zh)
    return Message("shadow.clause", clause=verdict.clause, title=title) if verdict.clause else title
