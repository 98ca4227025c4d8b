"""What needs the policy and the tables: filters on columns, empty audiences, named call-ups, seats for everyone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime

import numpy as np
import pandas as pd

from allocator.domain.filters import Filter, Range
from allocator.domain.names import heading
from allocator.domain.rules import (
    Apportion,
    AwayLimit,
    Coverage,
    Cumulative,
    Curriculum,
    Fixed,
    Report,
    Representation,
    RuleKind,
    ShareFloor,
)
from allocator.domain.tables import TABLES, Inputs, Policy
from allocator.inputs.defects import Findings, did_you_mean, nearest
from allocator.inputs.own_columns import OwnTypes
from allocator.inputs.references import THINGS
from allocator.inputs.scenario.policy import PolicySource
from allocator.inputs.scenario.toml_document import Document, KeyPath
from allocator.inputs.tables.cells import DERIVED, Table
from allocator.language.message import Message, listing

Types = Mapping[str, str]
"""Column name to the type of its values: text, list, date, number or flag."""

WITHOUT_PEOPLE = frozenset({"deadline", "document"})
"""Measures of a report that look at no table."""

NAMED = frozenset({"category", "host_group", "level", "unit_kind", "programme_id"})
"""Columns with few values, where a value that never occurs is worth a note."""


def roster_types(tables: Mapping[str, Table], own: OwnTypes) -> Types:
    """Types of the roster's columns: those of the cadres and those that come from their units."""
    types = {**_types("cadres", tables, own), **dict.fromkeys(DERIVED["cadres"], "text")}
    return types | {"unit_tags": "list"}


def programme_types(tables: Mapping[str, Table], own: OwnTypes) -> Types:
    """Types of the programmes' columns."""
    return _types("programmes", tables, own)


def _types(name: str, tables: Mapping[str, Table], own: OwnTypes) -> Types:
    types = {column.name: {"id": "text", "integer": "number"}.get(column.type, column.type) for column in TABLES[name]}
    extra = tables[name].frame.columns if name in tables else ()
    return {**dict.fromkeys(extra, "text"), **own.get(name, {}), **types}


def filters_of(rule: RuleKind) -> Iterator[tuple[str, Filter, bool]]:
    """Each filter of a rule: its field, the filter, and whether it looks at the roster (else at the programmes)."""
    yield "audience", rule.audience, True
    yield "programmes", rule.programmes, False
    if isinstance(rule, Representation):
        yield "among", rule.among, True


def check_columns(rule: RuleKind, roster: Types, programmes: Types, source: PolicySource, findings: Findings) -> None:
    """Every column a rule names must be there, and hold values of the type the rule compares it with."""
    for field, wanted, is_roster in filters_of(rule):
        for path, column, condition in _conditions(wanted, (field,)):
            types = roster if is_roster else programmes
            if problem := _problem(column, condition, types, _table(is_roster=is_roster)):
                message, hint, code = problem
                findings.defect(*source.locate(rule.id, path), message, hint=hint, code=code)
    columns = [("group_by", rule.grouped_by)] if rule.grouped_by else []
    if isinstance(rule, Curriculum):
        columns = [("columns", one) for one in rule.columns] + ([("requires", rule.requires)] if rule.requires else [])
    is_roster = not isinstance(rule, Curriculum)
    types = roster if is_roster else programmes
    for field, column in columns:
        if column not in types:
            hint = did_you_mean(column, types, Message("hint.its-columns", columns=listing(map(heading, types), 40)))
            message = Message("defect.unknown-column", column=column, table=_table(is_roster=is_roster))
            findings.defect(*source.locate(rule.id, (field,)), message, hint=hint, code="unknown-column")
        elif field == "columns" and types[column] != "number":
            findings.defect(
                *source.locate(rule.id, (field,)), Message("defect.no-hours-column", column=heading(column)),
                hint=Message("hint.hours-columns"), code="filter-type",
            )  # fmt: skip
        elif field == "requires" and types[column] not in ("flag", "number"):
            findings.defect(
                *source.locate(rule.id, (field,)),
                Message("defect.requires-column", column=heading(column), holds=_HOLDS[types[column]]),
                hint=Message("hint.requires-column"), code="filter-type",
            )  # fmt: skip
        elif field == "group_by" and types[column] in ("number", "date"):
            findings.defect(
                *source.locate(rule.id, (field,)),
                Message("defect.group-column", column=heading(column), holds=_HOLDS[types[column]]),
                hint=Message("hint.group-column"), code="filter-type",
            )  # fmt: skip


def check_goal(rule: RuleKind, source: PolicySource, findings: Findings) -> None:
    """A goal that says something else than what counts: only hard rules count as violated, and hard ones nowhere else."""
    if "goal" not in rule.model_fields_set:
        return
    if rule.own_goal is not None:
        if rule.goal != rule.own_goal:
            findings.note(Message("note.goal-fixed", rule=rule.id, goal=rule.goal, fixed=rule.own_goal))
    elif rule.strength == "soft" and rule.goal == "violation" and not rule.is_strict:
        findings.defect(
            *source.locate(rule.id, ("goal",)), Message("defect.soft-violation", rule=rule.id),
            hint=Message("hint.soft-violation"), code="soft-violation",
        )  # fmt: skip
    elif rule.strength == "hard" and rule.goal != "violation":
        findings.note(Message("note.goal-of-hard", rule=rule.id, goal=rule.goal))


def check_filter(wanted: Filter, path: KeyPath, types: Types, document: Document, findings: Findings) -> None:
    """The same for a filter on the programmes that stands in a scenario, at a path of its document."""
    for where, column, condition in _conditions(wanted, path):
        if problem := _problem(column, condition, types, _table(is_roster=False)):
            message, hint, code = problem
            place = document.file, document.line(*where), ".".join(map(str, where))
            findings.defect(*place, message, hint=hint, code=code)


def _table(*, is_roster: bool) -> Message:
    return Message("word.roster") if is_roster else Message("word.programmes")


def _conditions(wanted: Filter, path: KeyPath) -> Iterator[tuple[KeyPath, str, tuple[object, ...] | Range]]:
    for column, condition in wanted.conditions.items():
        yield (*path, column), column, condition
    if wanted.exclude is not None:
        yield from _conditions(wanted.exclude, (*path, "not"))
    for i, part in enumerate(wanted.any_of):
        yield from _conditions(part, (*path, "any", i))


def _problem(
    column: str, condition: tuple[object, ...] | Range, types: Types, table: Message
) -> tuple[Message, Message, str] | None:
    """Message, hint and code of what is wrong with one condition."""
    if column not in types:
        hint = did_you_mean(column, types, Message("hint.its-columns", columns=listing(map(heading, types), 40)))
        return Message("defect.unknown-filter-column", column=column, table=table), hint, "unknown-column"
    kind = types[column]
    if isinstance(condition, Range):
        if kind not in ("number", "date"):
            message = Message("defect.range-needs-numbers", column=heading(column), holds=_HOLDS[kind])
            return message, Message("hint.list-values"), "filter-type"
        bounds: tuple[object, ...] = tuple(b for b in (condition.min, condition.max) if b is not None)
    else:
        bounds = condition
    for value in bounds:
        if kind == "date" and isinstance(value, datetime):
            message = Message("defect.time-not-day", value=str(value), column=heading(column))
            return message, Message("hint.day-only"), "filter-type"
        if not _fits(value, kind):
            message = Message("defect.filter-type", column=heading(column), holds=_HOLDS[kind], value=value)
            return message, Message("hint.write-this", what=_WRITE[kind]), "filter-type"
    return None


_HOLDS = {
    "text": Message("word.holds-text"), "list": Message("word.holds-text"), "number": Message("word.holds-number"),
    "date": Message("word.holds-date"), "flag": Message("word.holds-flag"),
}  # fmt: skip
_WRITE = {
    "text": Message("word.write-text"), "list": Message("word.write-text"), "number": Message("word.write-number"),
    "date": Message("word.write-date"), "flag": Message("word.write-flag"),
}  # fmt: skip


def _fits(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "flag"
    if isinstance(value, int | float):
        return kind == "number"
    if isinstance(value, date):
        return kind == "date"
    return kind in ("text", "list")


def check_audiences(rule: RuleKind, inputs: Inputs, source: PolicySource, findings: Findings, *, roster: bool, programmes: bool) -> None:  # fmt: skip
    """A rule needs people and programmes to speak about; a single value that never occurs is a note.

    Parameters
    ----------
    roster, programmes
        Whether units and cadres, and the programmes, were read without defects; otherwise nothing can be said.
    """
    if isinstance(rule, Report) and rule.measure in WITHOUT_PEOPLE:
        return
    for field, wanted, is_roster in filters_of(rule):
        if not wanted or not (roster if is_roster else programmes):
            continue
        table = inputs.roster if is_roster else inputs.programmes
        slips = _values_never_found(wanted, table, inputs.roster if is_roster else inputs.history)
        if (inputs.audience(wanted) if is_roster else inputs.counting(wanted)).any():
            for column, value, near in slips:
                told: dict[str, object] = {"rule": rule.id, "field": field, "column": heading(column), "value": value}
                note = Message("note.never-occurs-near", **told, near=near) if near else None
                findings.note(note or Message("note.never-occurs", **told))
            continue
        what = Message("word.nobody") if is_roster else Message("word.no-programme")
        hint = Message("hint.disable-rule", rule=rule.id)
        if slips:
            column, value, near = slips[0]
            slip: dict[str, object] = {"column": heading(column), "value": value, "otherwise": hint}
            hint = (
                Message("hint.never-occurs-near", **slip, near=near) if near else Message("hint.never-occurs", **slip)
            )
        findings.defect(
            *source.locate(rule.id, (field,)), Message("defect.empty-filter", field=field, what=what),
            hint=hint, code="empty-audience" if is_roster else "empty-programmes",
        )  # fmt: skip


def check_windows(rule: RuleKind, inputs: Inputs, findings: Findings) -> None:
    """A note for a rule whose years do not meet the plan: nothing is judged, or before its time is over."""
    first, last = inputs.years[0], inputs.years[-1]
    if isinstance(rule, Coverage):
        span = rule.window_years
        begins = range(first, last - span + 2, span)
        if not any(not rule.years or set(range(b, b + span)) <= set(rule.years) for b in begins):
            findings.note(Message("note.no-whole-span", rule=rule.id, span=span, first=first, last=last))
    if isinstance(rule, Cumulative):
        begin = first if rule.from_year is None else rule.from_year
        end = last if rule.to_year is None else rule.to_year
        if begin > last or end < first:
            findings.note(Message("note.window-outside", rule=rule.id, begin=begin, end=end, first=first, last=last))
        elif ends_later(rule, inputs.years):
            findings.note(Message("note.window-ends-later", rule=rule.id, end=end, last=last))


def judged_in_time(policy: Policy, years: tuple[int, ...]) -> Policy:
    """The policy for a plan of these years: what is owed in a window that ends later still counts to its goal, and breaks no rule yet."""
    rules = tuple(
        rule.model_copy(update={"strength": "soft"}) if rule.strength == "hard" and ends_later(rule, years) else rule
        for rule in policy.rules
    )
    return policy if rules == policy.rules else policy.model_copy(update={"rules": rules})


def ends_later(rule: RuleKind, years: tuple[int, ...]) -> bool:
    """Whether the one window of a rule begins by the last plan year and ends after it."""
    if not isinstance(rule, Cumulative) or rule.per_year or rule.to_year is None:
        return False
    begin = years[0] if rule.from_year is None else rule.from_year
    return begin <= years[-1] < rule.to_year


def _values_never_found(wanted: Filter, table: pd.DataFrame, record: pd.DataFrame) -> list[tuple[str, str, str | None]]:
    """Column, value and what is near to it; a value that the record alone has is no slip."""
    slips: list[tuple[str, str, str | None]] = []
    for _, column, condition in _conditions(wanted, ()):
        if column not in NAMED or isinstance(condition, Range):
            continue
        there = set(table[column].unique()) | (set(record[column].unique()) if column in record else set())
        slips += [(column, str(v), nearest(str(v), there, 75)) for v in condition if v not in there]
    return slips


def check_group(rule: RuleKind, inputs: Inputs, findings: Findings) -> None:
    """A note for a rule by groups when nobody of its audience is in a group, and for one that holds in no plan year."""
    if rule.years and not set(rule.years) & set(inputs.years):
        findings.note(Message("note.no-year", rule=rule.id))
    if isinstance(rule, ShareFloor | AwayLimit | Apportion):
        groups = inputs.roster[rule.group_by][inputs.audience(rule.audience)]
        if pd.api.types.is_string_dtype(groups) and (groups == "").all():
            findings.note(Message("note.no-group", rule=rule.id, column=heading(rule.group_by)))


def check_everyone(rule: Fixed, inputs: Inputs, source: PolicySource, findings: Findings) -> None:
    """Every programme that all of an audience attend needs seats for them in every year of the rule."""
    if not rule.everyone:
        return
    where = source.locate(rule.id, ("everyone",))
    if not rule.programmes:
        findings.defect(
            *where, Message("defect.everyone-without-programmes"), hint=Message("hint.add-programmes"),
            code="missing-key",
        )  # fmt: skip
        return
    audience = inputs.audience(rule.audience)
    seats = inputs.sessions.groupby(["programme_id", "year"])["usable_seats"].sum()
    for programme in inputs.programmes[inputs.counting(rule.programmes)].itertuples():
        served = audience
        if programme.serves_unit_id:
            below = {unit for unit, line in inputs.lines.items() if programme.serves_unit_id in line}
            served = audience & np.asarray(inputs.cadres["unit_id"].isin(below))
        people = int(inputs.cadres["headcount"][served].sum())
        for year in inputs.years:
            there = int(seats.get((programme.programme_id, year), 0))
            if (not rule.years or year in rule.years) and people > there:
                findings.defect(
                    *where,
                    Message(
                        "defect.everyone-above-seats", people=people, programme=programme.programme_id, year=year, seats=there
                    ), hint=Message("hint.add-seats"), code="everyone-above-seats",
                )  # fmt: skip


def check_named(rules: list[Fixed], inputs: Inputs, source: PolicySource, findings: Findings) -> None:
    """Call-ups, forbidden pairs and unavailable periods must name what there is and not contradict each other."""
    known = {
        "cadre_id": set(inputs.cadres["cadre_id"]),
        "session_id": set(inputs.sessions["session_id"]),
        "programme_id": set(inputs.programmes["programme_id"]),
    }
    call_ups: list[tuple[str, int, str, str]] = []  # rule id, position, cadre, session
    for rule in rules:
        for name in ("call_ups", "forbidden", "unavailable"):
            for i, entry in enumerate(getattr(rule, name)):
                wrong = False
                for column, ids in known.items():
                    value = getattr(entry, column, None)
                    if value is not None and value not in ids:
                        wrong = True
                        thing = column.removesuffix("_id")
                        findings.defect(
                            *source.locate(rule.id, (name, i, column)),
                            Message("defect.unknown-named", thing=THINGS[thing], value=value),
                            hint=did_you_mean(value, ids, Message("hint.use-an-id", thing=THINGS[thing]), 75),
                            code=f"unknown-{thing}",
                        )  # fmt: skip
                if name == "call_ups" and not wrong:
                    call_ups.append((rule.id, i, entry.cadre_id, entry.session_id))
    _Calendar(rules, inputs, source, findings).check(call_ups)


class _Calendar:
    """The named call-ups against sessions, against each other and against what is forbidden."""

    def __init__(self, rules: list[Fixed], inputs: Inputs, source: PolicySource, findings: Findings) -> None:
        self.rules, self.inputs, self.source, self.findings = rules, inputs, source, findings
        self.sessions = inputs.sessions.set_index("session_id").to_dict("index")
        named = inputs.segments["session_id"].isin({c.session_id for rule in rules for c in rule.call_ups})
        self.spans: dict[str, list[tuple[date, date]]] = defaultdict(list)
        parts = inputs.segments[named]
        days = zip(parts["start_date"].dt.date, parts["end_date"].dt.date, strict=True)
        for session_id, span in zip(parts["session_id"], days, strict=True):
            self.spans[str(session_id)].append(span)

    def check(self, call_ups: list[tuple[str, int, str, str]]) -> None:
        """All checks, in the order of the call-ups."""
        forbidden = defaultdict(list)
        unavailable = defaultdict(list)
        for rule in self.rules:
            for pair in rule.forbidden:
                forbidden[pair.cadre_id].append(pair)
            for period in rule.unavailable:
                unavailable[period.cadre_id].append(period)
        earlier: dict[str, list[str]] = defaultdict(list)
        taken: Counter[str] = Counter()
        for rule_id, i, cadre_id, session_id in call_ups:
            session = self.sessions[session_id]
            year, programme_id = int(session["year"]), str(session["programme_id"])
            here = (rule_id, i)
            if year not in self.inputs.years:
                first, last = self.inputs.years[0], self.inputs.years[-1]
                message = Message("defect.outside-horizon", session=session_id, year=year, first=first, last=last)
                self._defect(here, message, "outside-horizon")
            for other in earlier[cadre_id]:
                if other == session_id:
                    message = Message("defect.doubled-call-up", cadre=cadre_id, session=session_id)
                    self._defect(here, message, "doubled-call-up")
                elif any(_overlap(a, b) for a in self.spans[other] for b in self.spans[session_id]):
                    message = Message("defect.overlapping-call-ups", cadre=cadre_id, one=other, other=session_id)
                    self._defect(here, message, "overlapping-call-ups")
            for pair in forbidden[cadre_id]:
                wanted = (pair.programme_id, pair.session_id, pair.year)
                has = (programme_id, session_id, year)
                if all(w is None or w == h for w, h in zip(wanted, has, strict=True)):
                    message = Message("defect.forbidden-call-up", cadre=cadre_id, session=session_id)
                    self._defect(here, message, "forbidden-call-up")
            for period in unavailable[cadre_id]:
                if any(_overlap((period.from_date, period.to_date), span) for span in self.spans[session_id]):
                    span = (period.from_date, period.to_date)
                    message = Message(
                        "defect.unavailable-call-up",
                        cadre=cadre_id,
                        session=session_id,
                        start=str(span[0]),
                        end=str(span[1]),
                    )
                    self._defect(here, message, "unavailable-call-up")
            taken[session_id] += session_id not in earlier[cadre_id]
            if taken[session_id] == int(session["usable_seats"]) + 1:
                seats = int(session["usable_seats"])
                message = Message("defect.call-ups-above-seats", session=session_id, seats=seats)
                self._defect(here, message, "call-ups-above-seats")
            earlier[cadre_id].append(session_id)

    def _defect(self, here: tuple[str, int], message: Message, code: str) -> None:
        rule_id, i = here
        self.findings.defect(
            *self.source.locate(rule_id, ("call_ups", i)), message, hint=Message("hint.take-one-out"), code=code
        )


def _overlap(a: tuple[date, date], b: tuple[date, date]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]
