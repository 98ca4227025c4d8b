"""What needs the policy and the tables: filters on columns, empty audiences, named call-ups, seats for everyone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime

import numpy as np
import pandas as pd

from allocator.entities import TABLES, Inputs
from allocator.filters import Filter, Range
from allocator.inputs.cells import DERIVED, Table
from allocator.inputs.documents import KeyPath
from allocator.inputs.findings import Findings, did_you_mean, listing, nearest
from allocator.inputs.policy import PolicySource
from allocator.kinds import Apportion, AwayLimit, Curriculum, Fixed, Report, Representation, RuleKind, ShareFloor

Types = Mapping[str, str]
"""Column name to the type of its values: text, list, date, number or flag."""

WITHOUT_PEOPLE = frozenset({"deadline", "document"})
"""Measures of a report that look at no table."""

NAMED = frozenset({"category", "host_group", "level", "unit_kind", "programme_id"})
"""Columns with few values, where a value that never occurs is worth a note."""


def roster_types(tables: Mapping[str, Table]) -> Types:
    """Types of the roster's columns: those of the cadres and those that come from their units."""
    types = {**_types("cadres", tables), **dict.fromkeys(DERIVED["cadres"], "text")}
    return types | {"unit_tags": "list"}


def programme_types(tables: Mapping[str, Table]) -> Types:
    """Types of the programmes' columns."""
    return _types("programmes", tables)


def _types(name: str, tables: Mapping[str, Table]) -> Types:
    types = {column.name: {"id": "text", "integer": "number"}.get(column.type, column.type) for column in TABLES[name]}
    extra = tables[name].frame.columns if name in tables else ()
    return {**dict.fromkeys(extra, "text"), **types}


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
            if problem := _problem(column, condition, types, "roster" if is_roster else "programmes"):
                message, hint, code = problem
                findings.defect(*source.locate(rule.id, path), message, hint=hint, code=code)
    columns = [("group_by", rule.group_by)] if isinstance(rule, ShareFloor | AwayLimit | Apportion) else []
    if isinstance(rule, Curriculum):
        columns = [("columns", one) for one in rule.columns] + ([("requires", rule.requires)] if rule.requires else [])
    types, table = (programmes, "programmes") if isinstance(rule, Curriculum) else (roster, "roster")
    for field, column in columns:
        if column not in types:
            hint = did_you_mean(column, types, f"its columns are {listing(types, 40)}")
            message = f"there is no column {column!r} in the {table}"
            findings.defect(*source.locate(rule.id, (field,)), message, hint=hint, code="unknown-column")
        elif field == "columns" and types[column] != "number":
            findings.defect(
                *source.locate(rule.id, (field,)), f"column {column!r} holds no numbers, so it has no share of the hours",
                hint="name columns of hours", code="filter-type",
            )  # fmt: skip


def _conditions(wanted: Filter, path: KeyPath) -> Iterator[tuple[KeyPath, str, tuple[object, ...] | Range]]:
    for column, condition in wanted.conditions.items():
        yield (*path, column), column, condition
    if wanted.exclude is not None:
        yield from _conditions(wanted.exclude, (*path, "not"))
    for i, part in enumerate(wanted.any_of):
        yield from _conditions(part, (*path, "any", i))


def _problem(
    column: str, condition: tuple[object, ...] | Range, types: Types, table: str
) -> tuple[str, str, str] | None:
    """Message, hint and code of what is wrong with one condition."""
    if column not in types:
        hint = did_you_mean(column, types, f"its columns are {listing(types, 40)}")
        return f"there is no column {column!r} in the {table} to filter on", hint, "unknown-column"
    kind = types[column]
    if isinstance(condition, Range):
        if kind not in ("number", "date"):
            hint = "list the values wanted; ranges are for numbers and dates"
            return f"column {column!r} holds {_HOLDS[kind]}, a range needs numbers or dates", hint, "filter-type"
        bounds: tuple[object, ...] = tuple(b for b in (condition.min, condition.max) if b is not None)
    else:
        bounds = condition
    for value in bounds:
        if kind == "date" and isinstance(value, datetime):
            return f"{value} is a time, column {column!r} holds days", "write the day only", "filter-type"
        if not _fits(value, kind):
            return f"column {column!r} holds {_HOLDS[kind]}, {value!r} is none", f"write {_WRITE[kind]}", "filter-type"
    return None


_HOLDS = {"text": "text", "list": "text", "number": "numbers", "date": "dates", "flag": "true or false"}
_WRITE = {
    "text": 'texts in quotation marks, such as ["a", "b"]', "list": 'texts in quotation marks, such as ["a", "b"]',
    "number": "numbers without quotation marks", "date": "dates without quotation marks, such as 2019-03-04",
    "flag": "true or false without quotation marks",
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
        slips = _values_never_found(wanted, table)
        if wanted.mask(table).any():
            for column, value, near in slips:
                findings.note(
                    f"rule {rule.id}: {field} names {column} {value!r}, which never occurs"
                    + (f"; {near!r} does" if near else "")
                )
            continue
        what = "nobody on the roster" if is_roster else "no programme"
        hint = f'if the data leave it out on purpose, disable the rule in the scenario: disable = ["{rule.id}"]'
        if slips:
            column, value, near = slips[0]
            slip = f"{column} {value!r} never occurs" + (f", did you mean {near!r}?" if near else "")
            hint = f"{slip}; {hint}"
        findings.defect(
            *source.locate(rule.id, (field,)), f"the filter of {field} holds for {what}",
            hint=hint, code="empty-audience" if is_roster else "empty-programmes",
        )  # fmt: skip


def _values_never_found(wanted: Filter, table: pd.DataFrame) -> list[tuple[str, str, str | None]]:
    slips: list[tuple[str, str, str | None]] = []
    for _, column, condition in _conditions(wanted, ()):
        if column not in NAMED or isinstance(condition, Range):
            continue
        there = set(table[column].unique())
        slips += [(column, str(v), nearest(str(v), there, 75)) for v in condition if v not in there]
    return slips


def check_group(rule: RuleKind, inputs: Inputs, findings: Findings) -> None:
    """A note for a rule by groups when nobody of its audience is in a group, and for one that holds in no plan year."""
    if rule.years and not set(rule.years) & set(inputs.years):
        findings.note(f"rule {rule.id}: none of its years is in the horizon")
    if isinstance(rule, ShareFloor | AwayLimit | Apportion):
        groups = inputs.roster[rule.group_by][inputs.audience(rule.audience)]
        if pd.api.types.is_string_dtype(groups) and (groups == "").all():
            findings.note(f"rule {rule.id}: nobody of its audience has a {rule.group_by}, so it touches no group")


def check_everyone(rule: Fixed, inputs: Inputs, source: PolicySource, findings: Findings) -> None:
    """Every programme that all of an audience attend needs seats for them in every year of the rule."""
    if not rule.everyone:
        return
    where = source.locate(rule.id, ("everyone",))
    if not rule.programmes:
        findings.defect(
            *where, "everyone must attend, but the rule names no programmes",
            hint="add programmes = { programme_id = [\"…\"] }", code="missing-key",
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
                    f"{people} people must all attend {programme.programme_id!r} in {year}, which has {there} seats that year",
                    hint="add sessions or seats, or narrow the audience", code="everyone-above-seats",
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
                            *source.locate(rule.id, (name, i, column)), f"there is no {thing} {value!r}",
                            hint=did_you_mean(value, ids, f"use an id of the table of {thing}s", 75),
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
                years = f"{self.inputs.years[0]} to {self.inputs.years[-1]}"
                self._defect(
                    here, f"session {session_id!r} is in {year}, outside the plan years {years}", "outside-horizon"
                )
            for other in earlier[cadre_id]:
                if other == session_id:
                    self._defect(
                        here, f"cadre {cadre_id!r} is called up twice to session {session_id!r}", "doubled-call-up"
                    )
                elif any(_overlap(a, b) for a in self.spans[other] for b in self.spans[session_id]):
                    message = f"cadre {cadre_id!r} is called up to {other!r} and {session_id!r}, whose dates overlap"
                    self._defect(here, message, "overlapping-call-ups")
            for pair in forbidden[cadre_id]:
                wanted = (pair.programme_id, pair.session_id, pair.year)
                has = (programme_id, session_id, year)
                if all(w is None or w == h for w, h in zip(wanted, has, strict=True)):
                    message = f"cadre {cadre_id!r} is called up to {session_id!r}, which is forbidden by another entry"
                    self._defect(here, message, "forbidden-call-up")
            for period in unavailable[cadre_id]:
                if any(_overlap((period.from_date, period.to_date), span) for span in self.spans[session_id]):
                    message = (
                        f"cadre {cadre_id!r} is called up to {session_id!r}, but is unavailable"
                        f" from {period.from_date} to {period.to_date}"
                    )
                    self._defect(here, message, "unavailable-call-up")
            taken[session_id] += session_id not in earlier[cadre_id]
            if taken[session_id] == int(session["usable_seats"]) + 1:
                message = f"session {session_id!r} has {session['usable_seats']} usable seats, this call-up is one more"
                self._defect(here, message, "call-ups-above-seats")
            earlier[cadre_id].append(session_id)

    def _defect(self, here: tuple[str, int], message: str, code: str) -> None:
        rule_id, i = here
        self.findings.defect(
            *self.source.locate(rule_id, ("call_ups", i)), message, hint="take one of the entries out", code=code
        )


def _overlap(a: tuple[date, date], b: tuple[date, date]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]
