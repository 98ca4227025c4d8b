"""Names, figures and verdicts in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from allocator.answers.sensitivity.answer import Answer, Change, decisive, verdict_of
from allocator.answers.sensitivity.question import HELD, POINTS, SEATS, Question, gives_room
from allocator.answers.sensitivity.subjects import SORTS
from allocator.engine.run import Run
from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material

FIELD: Mapping[str, Message] = {
    "amount": Message("shadow.field-amount"),
    "band_least": Message("shadow.field-band_least"),
    "share": Message("shadow.field-share"),
    "tolerance": Message("shadow.field-tolerance"),
    "least": Message("shadow.field-least"),
    "most": Message("shadow.field-most"),
    "window_years": Message("shadow.field-window_years"),
    "every_years": Message("shadow.field-every_years"),
    "after_years": Message("shadow.field-after_years"),
    "from_year": Message("shadow.field-from_year"),
    "to_year": Message("shadow.field-to_year"),
    "hours": Message("shadow.field-hours"),
    "days": Message("shadow.field-days"),
    "credit_hours": Message("shadow.field-credit_hours"),
    "least_days": Message("shadow.field-least_days"),
    "rest_days": Message("shadow.field-rest_days"),
    "same_programme_years": Message("shadow.field-same_programme_years"),
    "classes_per_year": Message("shadow.field-classes_per_year"),
    "long_years": Message("shadow.field-long_years"),
    SEATS: Message("shadow.field-seats"),
    HELD: Message("shadow.field-held"),
}
"""What each number is called; a number that only a new kind has is called as in the policy file."""


def field_name(field: str) -> Message | str:
    """What a number is called in the reader's language, as the policy file has it where nobody named it."""
    return FIELD.get(field, field)


VERDICT: Mapping[str, Message] = {
    "better": Message("shadow.word-better"),
    "worse": Message("shadow.word-worse"),
    "same": Message("shadow.word-same"),
    "open": Message("shadow.word-open"),
    "refused": Message("shadow.word-refused"),
    "unfinished": Message("shadow.word-unfinished"),
}
"""What each verdict is called in a table."""

YEARS = frozenset({"from_year", "to_year"})


class Names:
    """Titles of rules, sessions, programmes and hosts, for one run and language."""

    def __init__(self, run: Run, texts: Texts) -> None:
        self.texts = texts
        self.inputs = inputs = run.inputs
        self._material = Material(inputs, run.plan, run.audit, run.result, texts)
        programmes = inputs.programmes
        self._programmes = {
            str(row.programme_id): texts.name(str(row.name), str(row.name_en))
            for row in programmes[["programme_id", "name", "name_en"]].itertuples(index=False)
        }
        sessions = inputs.sessions
        self._sessions = {
            session: (programme, date)
            for session, programme, date in zip(
                sessions["session_id"],
                sessions["programme_id"],
                sessions["start_date"].dt.strftime("%Y-%m-%d"),
                strict=True,
            )
        }

    def rule(self, rule_id: str) -> str:
        """Clause and title of a rule."""
        rule = self.inputs.policy.rule(rule_id)
        return f"{rule.clause} {self.texts.title(rule)}".strip()

    def session(self, session_id: str) -> tuple[str, str]:
        """Name of the programme and first day of a session."""
        programme, date = self._sessions[session_id]
        return self._programmes[programme], date

    def many(self, question: Question) -> str:
        """Name of a programme or a host."""
        if question.sort == "programme":
            return self._programmes[question.of]
        return self._material.place(question.of)

    def subject(self, question: Question) -> str:
        """The subject of a question on one line."""
        if question.is_of_rule:
            return self.rule(question.of)
        if question.sort == "session":
            return " ".join(self.session(question.of))
        return self.many(question)

    def labelled(self, question: Question) -> str:
        """The subject of a question with its id, as a figure names it."""
        name = self.subject(question)
        brackets = "（{}）" if self.texts.lang == "zh" else " ({})"
        return name if name == question.of else name + brackets.format(question.of)

    def heading(self, question: Question) -> str:
        """A question as a line: what changes from what to what."""
        said = self.texts.said
        common = {"id": question.of}
        before, after = (value_of(question.field, value, self.texts) for value in (question.before, question.after))
        if question.is_of_rule:
            rule, what = self.rule(question.of), field_name(question.field)
            return said(Message("shadow.head-rule", rule=rule, what=what, before=before, after=after, **common))
        if question.sort == "session":
            name, date = self.session(question.of)
            if question.field == HELD:
                return said(Message("shadow.head-session-held", name=name, date=date, **common))
            return said(Message("shadow.head-session", name=name, date=date, before=before, after=after, **common))
        sort, name = SORTS[question.sort], self.labelled(question)
        if question.field == HELD:
            return said(Message("shadow.head-many-held", sort=sort, name=name))
        step = signed_figure(question.step, self.texts)
        return said(Message("shadow.head-many", sort=sort, name=name, step=step))

    def curve(self, question: Question) -> str:
        """The heading of a curve."""
        before = value_of(question.field, question.before, self.texts)
        if question.is_of_rule:
            rule, what = self.rule(question.of), field_name(question.field)
            return self.texts.said(Message("shadow.curve-rule", rule=rule, id=question.of, what=what, before=before))
        if question.sort == "session":
            name, date = self.session(question.of)
            return self.texts.said(Message("shadow.curve-session", id=question.of, name=name, date=date, before=before))
        sort, name = SORTS[question.sort], self.labelled(question)
        return self.texts.said(Message("shadow.curve-many", sort=sort, name=name, before=before))


def value_of(field: str, value: Fraction, texts: Texts) -> str:
    """A number of a rule as it is read: shares in per cent, years without thousands."""
    if field in POINTS:
        return f"{float(value) * 100:.4g} %"
    return str(int(value)) if field in YEARS else texts.number(float(value))


def signed_figure(value: Fraction | float, texts: Texts) -> str:
    """A difference with its sign."""
    return ("+" if value > 0 else "−" if value < 0 else "") + texts.number(abs(float(value)))


CERTAINTY: Mapping[str, Message] = {
    "proven": Message("shadow.sure-proven"),
    "limit": Message("shadow.sure-limit"),
    "tried": Message("shadow.sure-tried"),
}
"""What is said of how certain a value is."""


def change_text(change: Change, texts: Texts, *, why: Message | None = None) -> str:
    """One goal before and after, with the reason why it is not certain, where there is one."""
    words = {
        "goal": texts.known("goal", change.goal),
        "before": texts.marked(change.before, change.before_is, change.sense),
        "after": texts.marked(change.after, change.after_is, change.sense),
        "unit": texts.unit(change.unit),
        "difference": signed_figure(change.difference, texts),
    }
    if why is None:
        return texts.said(Message("shadow.change", **words))
    return texts.said(Message("shadow.change-open", why=texts.said(why), **words))


def joined(parts: Iterable[str], texts: Texts) -> str:
    """Parts of a sentence with the separator of the language."""
    return ("；" if texts.lang == "zh" else "; ").join(parts)


def left_open(change: Change, texts: Texts) -> Message:
    """How much of a goal the gaps leave open."""
    left = change.left_open
    if left is None:
        return Message("shadow.left-unknown")
    return Message("shadow.left-open", left=texts.number(left), unit=texts.unit(change.unit))


def verdict_lines(answer: Answer, texts: Texts) -> list[str]:
    """What came of a question: the goal that decides, those that change with it, or that none does."""
    if answer.verdict == "refused":
        return [texts.said(Message("shadow.not-possible"))]
    if answer.verdict == "unfinished":
        return [texts.said(Message("shadow.unfinished"))]
    moved = [one for one in answer.goals if abs(one.difference) > 1e-6]
    is_less = not gives_room(answer.question)
    if not moved:
        return [_nothing(answer, texts, is_less=is_less)]
    first = answer.first
    assert first is not None
    if answer.verdict == "open" and first not in moved:
        from_here = {"goal": texts.known("goal", first.goal), "why": left_open(first, texts)}
        return [texts.said(Message("shadow.open-from", changes=_listed(moved, texts), **from_here))]
    rest = [one for one in moved if one is not first]
    lines = [_decided(answer, first, texts)]
    sure = [one for one in rest if one.verdict != "open"]
    unsure = [one for one in rest if one.verdict == "open"]
    if sure:
        lines.append(texts.said(Message("shadow.also", changes=_listed(sure, texts))))
    if unsure:
        lines.append(texts.said(Message("shadow.also-open", changes=_listed(unsure, texts))))
    return lines


def difference_lines(goals: Sequence[Change], texts: Texts) -> list[str]:
    """What is proven of a difference between two plans, then each goal that differs, then what the marks mean."""
    moved = [one for one in goals if abs(one.difference) > 1e-6]
    first, verdict = decisive(goals), verdict_of(goals)
    lines = [
        texts.said(
            {
                "better": Message("shadow.beside-better", goal=texts.known("goal", first.goal if first else "")),
                "worse": Message("shadow.beside-worse", goal=texts.known("goal", first.goal if first else "")),
                "same": Message("shadow.beside-same"),
                "open": Message("shadow.beside-open", goal=texts.known("goal", first.goal if first else "")),
            }[verdict]
        )
    ]
    lines += [change_text(one, texts) for one in moved]
    note = texts.mark_note(kind for one in moved for kind in (one.before_is, one.after_is))
    return [*lines, note] if note else lines


def _decided(answer: Answer, change: Change, texts: Texts) -> str:
    """The goal that decides, or the first that does not let anything be told."""
    if answer.verdict == "better":
        return texts.said(Message("shadow.better", changes=change_text(change, texts)))
    if answer.verdict == "worse":
        return texts.said(Message("shadow.worse", changes=change_text(change, texts)))
    is_proven = change.bound_before == change.before
    if is_proven and (change.difference > 0) == (change.sense == "min"):
        return texts.said(Message("shadow.at-most", changes=change_text(change, texts)))
    return texts.said(Message("shadow.open", changes=change_text(change, texts, why=left_open(change, texts))))


def _listed(changes: Sequence[Change], texts: Texts) -> str:
    return joined((change_text(one, texts) for one in changes), texts)


def _nothing(answer: Answer, texts: Texts, *, is_less: bool) -> str:
    """That no goal changes: proven, or within what the first goal that is not proven leaves open."""
    first = answer.first
    if first is None:
        return texts.said(Message("shadow.same-less") if is_less else Message("shadow.same"))
    if first.left_open is None:
        return texts.said(Message("shadow.open-none-unknown"))
    words = {
        "goal": texts.known("goal", first.goal),
        "left": texts.number(first.left_open),
        "unit": texts.unit(first.unit),
    }
    if is_less:
        return texts.said(Message("shadow.open-none-less", **words))
    return texts.said(Message("shadow.open-none", **words))
