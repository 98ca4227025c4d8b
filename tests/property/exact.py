"""The dated problem as one integer program, written from ``docs/model.md`` and ``docs/formats.md``: a whole number for each person and session.

Nothing of ``allocator/model``, ``allocator/engine``, ``allocator/audit`` or ``allocator/checks`` is used. Dates, seats and rules are read from
plain rows (``Case``), what a rule misses is written out as it reads, and CP-SAT proves the least of each goal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from ortools.sat.python import cp_model

from tests.property.brute import holds_for

Seats = dict[tuple[str, str], int]
"""Seats by cadre and session."""


@dataclass
class Case:
    """One problem as plain rows; of a programme and year there may be several sessions."""

    years: tuple[int, ...]
    people: list[dict[str, Any]] = field(default_factory=list)
    programmes: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    rules: list[Any] = field(default_factory=list)


class Exact:
    """The integer program of a case; ``least`` proves goals in their order, ``count`` gives the goals of one plan."""

    def __init__(self, case: Case, fixed: Seats | None = None) -> None:
        self.case, self.model = case, cp_model.CpModel()
        self.goals: dict[str, list[Any]] = {}
        self.x = {
            (c["cadre_id"], s): self.model.new_int_var(0, c["headcount"], "")
            for c in case.people
            for s in case.sessions
        }
        for key, variable in self.x.items():
            if fixed is not None:
                self.model.add(variable == fixed.get(key, 0))
        self._structure()
        for rule in case.rules:
            if rule.strength != "report" and hasattr(self, "_" + rule.kind.replace("-", "_")):
                getattr(self, "_" + rule.kind.replace("-", "_"))(rule)

    # ---------------------------------------------------------------- what the rows say

    def held(self, rule: Any) -> list[int]:
        return [y for y in self.case.years if not rule.years or y in rule.years]

    def audience(self, rule: Any) -> list[dict[str, Any]]:
        return [c for c in self.case.people if holds_for(rule.audience, c)]

    def sessions(self, rule: Any, years: Any = None, least: float = 0, content: str | None = None) -> list[str]:
        """Sessions of the programmes of a rule in some years."""
        found = []
        for s, row in self.case.sessions.items():
            p = self.case.programmes[row["programme_id"]]
            fits = holds_for(rule.programmes, p) and p["days"] >= least
            if (
                fits
                and (content is None or content in p["content"].split(";"))
                and (years is None or row["year"] in years)
            ):
                found.append(s)
        return found

    def record(
        self, rule: Any, c: dict[str, Any], least: float = 0, content: str | None = None
    ) -> list[dict[str, Any]]:
        return [
            h
            for h in self.case.history
            if h["cadre_id"] == c["cadre_id"] and holds_for(rule.programmes, self.case.programmes[h["programme_id"]])
            and h["days"] >= least and (content is None or content in h["content"].split(";"))
        ]  # fmt: skip

    def used(self, c: dict[str, Any], sessions: list[str]) -> Any:
        """Seats of a row of the roster in some sessions; the number 0 when there is none of these."""
        return sum(self.x[c["cadre_id"], s] for s in sessions)

    def add(self, rule: Any, amount: Any) -> None:
        self.goals.setdefault("violation" if rule.strength == "hard" else rule.goal, []).append(amount)

    def above(self, amount: Any, most: int = 10_000) -> Any:
        """What of an amount lies above 0."""
        part = self.model.new_int_var(0, most, "")
        self.model.add_max_equality(part, [amount, 0])
        return part

    def smaller(self, amount: Any, most: int) -> Any:
        part = self.model.new_int_var(0, most, "")
        self.model.add_min_equality(part, [amount, most])
        return part

    def none_of(self, amount: Any) -> Any:
        """1 when nothing of an amount is there."""
        if isinstance(amount, int):
            return int(amount == 0)
        none = self.model.new_bool_var("")
        self.model.add(amount == 0).only_enforce_if(none)
        self.model.add(amount >= 1).only_enforce_if(~none)
        return none

    # ---------------------------------------------------------------- what every plan keeps

    def _structure(self) -> None:
        case = self.case
        admitting = [r for r in case.rules if r.kind == "eligibility" or (r.kind == "quota" and r.admits)]
        days = sorted({d for row in case.sessions.values() for d in (row["start_date"], row["end_date"])})
        for s, row in case.sessions.items():
            everybody = sum(self.x[c["cadre_id"], s] for c in case.people)
            is_open = self.model.new_bool_var("")
            self.model.add(everybody <= row["seats"] * is_open)
            self.model.add(everybody >= row["min_seats"]).only_enforce_if(is_open)
        for c in case.people:
            for s, row in case.sessions.items():
                p = case.programmes[row["programme_id"]]
                if not any(
                    holds_for(r.audience, c) and holds_for(r.programmes, p) and row["year"] in self.held(r)
                    for r in admitting
                ):
                    self.model.add(self.x[c["cadre_id"], s] == 0)
                if c["headcount"] == 1 and any(h["cadre_id"] == c["cadre_id"] and touch(h, row) for h in case.history):
                    self.model.add(self.x[c["cadre_id"], s] == 0)
            for day in days:  # Nobody is in two places on one day; of a group never more are away than it has people.
                there = [s for s, row in case.sessions.items() if row["start_date"] <= day <= row["end_date"]]
                self.model.add(self.used(c, there) <= c["headcount"])
            for p in case.programmes:  # An attendance is one cadre in one programme and year.
                for y in case.years:
                    ours = [s for s, row in case.sessions.items() if (row["programme_id"], row["year"]) == (p, y)]
                    self.model.add(self.used(c, ours) <= c["headcount"])

    def _spacing(self, rule: Any) -> None:
        for c in self.audience(rule):
            past = self.record(rule, c) if c["headcount"] == 1 else []
            ours = self.sessions(rule)
            row = self.case.sessions
            if rule.rest_days is not None and c["headcount"] == 1:
                for n, s in enumerate(ours):
                    for t in ours[:n]:
                        later = max(row[s], row[t], key=lambda one: one["start_date"])
                        if touch(row[s], row[t], rule.rest_days) and later["year"] in self.held(rule):
                            self.model.add(self.x[c["cadre_id"], s] + self.x[c["cadre_id"], t] <= 1)
                    if row[s]["year"] in self.held(rule) and any(touch(h, row[s], rule.rest_days) for h in past):
                        self.model.add(self.x[c["cadre_id"], s] == 0)
            sorts = [
                (rule.same_programme_years, [s for s in ours if row[s]["programme_id"] == p], p)
                for p in self.case.programmes
            ]
            if rule.long_days is not None:
                sorts.append((rule.long_years, self.sessions(rule, least=rule.long_days), None))
            for span, alike, p in sorts:
                if span is None:
                    continue
                before = [
                    h["start_date"].year
                    for h in past
                    if (h["days"] >= rule.long_days if p is None else h["programme_id"] == p)
                ]
                for y in self.held(rule):
                    window = [s for s in alike if y - span < row[s]["year"] <= y]
                    now = [s for s in alike if row[s]["year"] == y]
                    if c["headcount"] > 1:
                        self.model.add(self.used(c, window) <= c["headcount"]) if window else None
                    else:  # Of two classes the later must lie in a year of the rule.
                        for s, t in ((s, t) for s in now for t in window if s != t):
                            self.model.add(self.x[c["cadre_id"], s] + self.x[c["cadre_id"], t] <= 1)
                    if any(abs(y - h) < span for h in before):
                        self.model.add(self.used(c, now) == 0)
            if rule.classes_per_year is not None:
                for y in self.held(rule):
                    done = sum(h["start_date"].year == y for h in past)
                    left = max(0, rule.classes_per_year - done)
                    self.model.add(self.used(c, self.sessions(rule, [y])) <= left * c["headcount"])

    # ---------------------------------------------------------------- what rules miss

    def _quota(self, rule: Any) -> None:
        band = max(rule.band_least, math.ceil(rule.band_share * rule.amount)) if rule.modality == "about" else 0
        for y in self.held(rule):
            sent = self.people_sent(self.audience(rule), self.sessions(rule, [y]))
            short = self.above(rule.amount - sent) if rule.modality != "at-most" else 0
            over = self.above(sent - rule.amount) if rule.modality != "at-least" else 0
            self.goals.setdefault("quota-shortfall", []).append(short)
            self.goals.setdefault("quota-excess", []).append(over)
            if rule.strength == "hard":
                self.goals.setdefault("violation", []).append(self.above(short - band) + self.above(over - band))

    def people_sent(self, people: list[dict[str, Any]], sessions: list[str]) -> Any:
        """Distinct people: of each row as many as have seats, up to its headcount."""
        return sum(self.smaller(self.used(c, sessions), c["headcount"]) for c in people) if sessions else 0

    def _share_floor(self, rule: Any) -> None:
        people = [c for c in self.audience(rule) if c[rule.group_by]]
        for group in sorted({c[rule.group_by] for c in people}):
            members = [c for c in people if c[rule.group_by] == group]
            need = math.ceil(rule.share * sum(c["headcount"] for c in members))
            for y in self.held(rule):
                self.add(rule, self.above(need - self.people_sent(members, self.sessions(rule, [y], rule.least_days))))

    def _coverage(self, rule: Any) -> None:
        years, span = self.case.years, rule.window_years
        for k in range(0, len(years) - span + 1, span):
            window = years[k : k + span]
            if set(window) <= set(self.held(rule)):
                for c in self.audience(rule):
                    self.add(
                        rule, self.above(c["headcount"] - self.used(c, self.sessions(rule, window, rule.least_days)))
                    )

    def misses(self, rule: Any, c: dict[str, Any], y: int, span: int, content: str | None, least: float = 0) -> Any:
        window = range(y - span + 1, y + 1)
        if any(h["start_date"].year in window for h in self.record(rule, c, least, content)):
            return 0
        return self.none_of(self.used(c, self.sessions(rule, window, least, content)) + 0 * self.model.new_constant(0))

    def named(self, rule: Any) -> list[dict[str, Any]]:
        return [c for c in self.audience(rule) if c["headcount"] == 1]

    def _interval(self, rule: Any) -> None:
        for c in self.named(rule):
            for y in self.held(rule):
                for content in rule.contents or (None,):
                    self.add(rule, self.misses(rule, c, y, rule.every_years, content, rule.least_days))

    def _make_up(self, rule: Any) -> None:
        for c in self.named(rule):
            for y in self.held(rule):
                any_missing = self.model.new_bool_var("")
                self.model.add_max_equality(
                    any_missing, [self.misses(rule, c, y, rule.after_years, one) for one in rule.contents]
                )
                self.add(rule, any_missing)

    def _cumulative(self, rule: Any) -> None:
        first = self.case.years[0] if rule.from_year is None else rule.from_year
        last = self.case.years[-1] if rule.to_year is None else rule.to_year
        windows = [(y, y) for y in self.held(rule) if first <= y <= last] if rule.per_year else [(first, last)]
        for c in self.named(rule):
            for begin, end in windows:
                limbs = [
                    self.limb(rule, c, range(begin, end + 1), name)
                    for name in ("days", "hours")
                    if getattr(rule, name) is not None
                ]
                owed = self.model.new_int_var(0, 10_000, "")
                self.model.add_min_equality(owed, limbs)
                self.add(rule, owed)

    def limb(self, rule: Any, c: dict[str, Any], window: range, name: str) -> Any:
        """Hours missing of one limb, rounded up."""
        rate = Fraction(1)
        if name == "days":
            rate = Fraction(rule.hours, rule.days) if rule.hours is not None else Fraction("7.5")
        done = sum(Fraction(h[name]) for h in self.record(rule, c) if h["start_date"].year in window)
        if name == "hours":
            done += rule.credit_hours * sum(y in window for y in self.case.years)
        missing = (getattr(rule, name) - done) * rate
        of = {
            s: Fraction(self.case.programmes[self.case.sessions[s]["programme_id"]][name]) * rate
            for s in self.sessions(rule, window)
        }
        scale = math.lcm(missing.denominator, *(one.denominator for one in of.values()))
        left = int(missing * scale) - sum(int(amount * scale) * self.x[c["cadre_id"], s] for s, amount in of.items())
        owed = self.model.new_int_var(0, 10_000, "")
        part = self.above(left, 10_000 * scale)
        self.model.add(owed * scale >= part)
        self.model.add(owed * scale <= part + scale - 1)
        return owed

    def _priority(self, rule: Any) -> None:
        for y in self.held(rule):
            weight = rule.weight_by_year.get(y, rule.weight)
            seats = sum(self.used(c, self.sessions(rule, [y])) for c in self.audience(rule))
            self.goals.setdefault("priority", []).append(-weight * seats)

    def _away_limit(self, rule: Any) -> None:
        people = [c for c in self.audience(rule) if c[rule.group_by]]
        days = sorted({row["start_date"] for row in self.case.sessions.values()})
        for group in sorted({c[rule.group_by] for c in people}) if rule.share is not None else ():
            members = [c for c in people if c[rule.group_by] == group]
            most = max(1, math.floor(rule.share * sum(c["headcount"] for c in members)))
            for day in days:  # A limit that holds on first days holds on all.
                there = [s for s in self.sessions(rule, self.held(rule)) if on(self.case.sessions[s], day)]
                self.model.add(sum(self.used(c, there) for c in members) <= most) if there else None

    # ---------------------------------------------------------------- answers

    def values(self, solver: cp_model.CpSolver) -> dict[str, int]:
        return {goal: int(solver.value(sum(parts))) for goal, parts in self.goals.items()}

    def count(self) -> dict[str, int] | None:
        """The goals of the one plan that was fixed; ``None`` when it breaks what every plan keeps."""
        solver = solver_of()
        return self.values(solver) if solver.solve(self.model) == cp_model.OPTIMAL else None

    def least(self, goal: str, given: dict[str, int]) -> int | None:
        """The proven least of a goal among plans no worse than given values of other goals; ``None``: there is no plan."""
        for other, value in given.items():
            self.model.add(sum(self.goals[other]) <= value)
        self.model.minimize(sum(self.goals[goal]))
        solver = solver_of()
        status = solver.solve(self.model)
        assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        return int(solver.value(sum(self.goals[goal]))) if status == cp_model.OPTIMAL else None


def solver_of() -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    return solver


def touch(one: dict[str, Any], other: dict[str, Any], rest: int = 0) -> bool:
    """Whether two classes share a day or leave fewer than so many free days between them."""
    first, then = sorted([one, other], key=lambda row: row["start_date"])
    return bool((then["start_date"] - first["end_date"]).days <= rest)


def on(session: dict[str, Any], day: date) -> bool:
    return bool(session["start_date"] <= day <= session["end_date"])
