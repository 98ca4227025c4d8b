"""The yearly problem person by person, written from the definitions in ``allocator/domain/rules.py`` and from nothing else.

One yes/no variable says whether a cadre attends a programme in a plan year (a whole number for an unnamed group). Personal
rules become rows over one person's variables, shared rules rows over many people's, and every goal a sum of variables, all
in whole numbers. Trajectories, cohorts, rows and costs of ``allocator.model`` are not used: equal optima then mean that both
models say the same.

What the dated sessions leave to a year (seats, least sizes, pairs of programmes that do not fit together, people out of
reach) is taken from the instance, since it is the question put to every solver and no part of the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any

import numpy as np
import pandas as pd

from allocator.domain.filters import Filter
from allocator.domain.rules import (
    Apportion,
    Coverage,
    Cumulative,
    Eligibility,
    Fixed,
    Goal,
    Interval,
    MakeUp,
    Priority,
    Quota,
    Representation,
    RuleKind,
    ShareFloor,
    Spacing,
    Waiting,
)
from allocator.domain.tables import Inputs
from allocator.model.instance import Calendar

Seat = tuple[int, int, int]
"""Person (position in ``PersonModel.people``), programme, plan year counted from 0."""


@dataclass
class PersonModel:
    """Variables, rows and goals in whole numbers.

    ``most`` and ``whole`` per variable (all are at least 0 unless in ``fixed``); a row is (least, columns, coefficients) and
    means that the sum is at least ``least``. ``goals`` maps each goal to what one unit of a variable adds to it,
    ``constants`` to what it is whatever anybody does; every goal is minimised, priority as minus its points.
    """

    most: list[int] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)  # variables that stand at their most
    rows: list[tuple[int, list[int], list[int]]] = field(default_factory=list)
    goals: dict[Goal, dict[int, int]] = field(default_factory=dict)
    constants: dict[Goal, int] = field(default_factory=dict)
    seats: dict[Seat, int] = field(default_factory=dict)
    people: list[tuple[int, int]] = field(default_factory=list)  # row of the roster, people behind it

    def variable(self, most: int, *, whole: bool = True) -> int:
        """Add a variable between 0 and ``most``; one that is not whole is so by itself in every best plan."""
        self.most.append(most)
        self.whole.append(whole)
        return len(self.most) - 1

    def at_least(self, least: int, terms: Iterable[tuple[int, int]]) -> None:
        """Add a row: the sum of coefficient times variable is at least ``least``."""
        together: dict[int, int] = defaultdict(int)
        for column, coefficient in terms:
            together[column] += coefficient
        self.rows.append((least, list(together), list(together.values())))

    def at_most(self, most: int, terms: Iterable[tuple[int, int]]) -> None:
        """Add a row: the sum is at most ``most``."""
        self.at_least(-most, [(column, -coefficient) for column, coefficient in terms])

    def charge(self, goal: Goal, column: int | None, amount: int) -> None:
        """Let every unit of a variable (``None``: the plan as such) count to a goal."""
        self.goals.setdefault(goal, {})
        self.constants.setdefault(goal, 0)
        if column is None:
            self.constants[goal] += amount
        else:
            self.goals[goal][column] = self.goals[goal].get(column, 0) + amount

    def weighted(self, weights: Mapping[Goal, float]) -> tuple[dict[int, float], float]:
        """Cost of each variable and the constant under some weights."""
        cost: dict[int, float] = defaultdict(float)
        for goal, terms in self.goals.items():
            for column, amount in terms.items():
                cost[column] += weights[goal] * amount
        return dict(cost), sum(weights[goal] * amount for goal, amount in self.constants.items())

    def values(self, x: np.ndarray) -> dict[Goal, int]:
        """Every goal of a solution in whole numbers.

        Raises
        ------
        ValueError
            If the solution breaks a row, that is, if the solver's tolerances made it up.
        """
        x = np.where(self.whole, np.round(x), np.ceil(x - 1e-5)).astype(np.int64)
        if (x < 0).any() or (x > np.array(self.most)).any() or any(x[k] != self.most[k] for k in self.fixed):
            raise ValueError("a variable is out of its bounds")
        for least, columns, coefficients in self.rows:
            if int(np.dot(x[columns], coefficients)) < least:
                raise ValueError(f"a row is broken: {least} over {len(columns)} variables")
        return {
            goal: self.constants[goal] + sum(int(x[column]) * amount for column, amount in terms.items())
            for goal, terms in self.goals.items()
        }


def admitted(inputs: Inputs) -> np.ndarray:
    """Whom the rules admit to what and when, boolean (I, P, Y): eligibility rules and admitting quotas, inside the unit served."""
    roster, programmes = inputs.roster, inputs.programmes
    open_ = np.zeros((len(roster), len(programmes), len(inputs.years)), dtype=bool)
    for rule in inputs.policy.rules:
        if isinstance(rule, Eligibility) or (isinstance(rule, Quota) and rule.admits):
            years = [y for y, year in enumerate(inputs.years) if not rule.years or year in rule.years]
            people, counting = (
                np.flatnonzero(inputs.audience(rule.audience)),
                np.flatnonzero(inputs.counting(rule.programmes)),
            )
            open_[np.ix_(people, counting, years)] = True
    for p, serves in enumerate(programmes["serves_unit_id"]):
        if serves:
            open_[[serves not in inputs.lines[unit] for unit in roster["unit_id"]], p] = False
    return open_


def build(inputs: Inputs, calendar: Calendar) -> PersonModel:
    """The person-level model of an instance."""
    return _Builder(inputs, calendar).build()


class _Builder:
    def __init__(self, inputs: Inputs, calendar: Calendar) -> None:
        self.inputs, self.calendar = inputs, calendar
        self.years = inputs.years
        self.headcount = inputs.cadres["headcount"].to_numpy()
        self.days = [_exact(d) for d in inputs.programmes["days"]]
        self.hours = [_exact(h) for h in inputs.programmes["hours"]]
        self.contents = [set(text.split(";")) for text in inputs.programmes["content"]]
        self.model = PersonModel()
        self.unattended: dict[frozenset[int], int] = {}
        self.attends: dict[frozenset[int], int] = {}
        self.apart: dict[int, list[tuple[set[int], int]]] = {}
        self._read_history()

    # ------------------------------------------------------------------------------------------------ reading

    def rules(self, kind: type[Any]) -> list[Any]:
        """Rules of a kind that are to be kept."""
        return [r for r in self.inputs.policy.rules if isinstance(r, kind) and r.strength != "report"]

    def judged(self, rule: RuleKind) -> list[int]:
        """Plan years a rule holds in, counted from 0."""
        return [y for y, year in enumerate(self.years) if not rule.years or year in rule.years]

    def audience(self, rule: RuleKind) -> np.ndarray:
        """Who of the roster a rule speaks about."""
        return self.inputs.audience(rule.audience)

    def counting(self, wanted: Filter, least_days: float = 0, content: str | None = None) -> set[int]:
        """Programmes that count."""
        return {
            int(p)
            for p in np.flatnonzero(self.inputs.counting(wanted))
            if self.days[p] >= least_days and (content is None or content in self.contents[p])
        }

    def _read_history(self) -> None:
        table = self.inputs.history
        position = {p: k for k, p in enumerate(self.inputs.programmes["programme_id"])}
        person = {c: k for k, c in enumerate(self.inputs.cadres["cadre_id"])}
        self.past_programme = np.array([position.get(p, -1) for p in table["programme_id"]], dtype=np.int64)
        self.past_person = np.array([person[c] for c in table["cadre_id"]], dtype=np.int64)
        self.past_year = table["year"].to_numpy()
        self.past_days = [_exact(d) for d in table["days"]]
        self.past_hours = [_exact(h) for h in table["hours"]]
        self.past_contents = [set(text.split(";")) for text in table["content"]]
        # An entry of a programme that is not known any more says itself what it was; what it does not say is blank.
        self.past_own = pd.DataFrame(
            {
                name: table[name]
                if name in ("programme_id", "host_group", "content", "days", "hours", "online")
                else pd.Series([_blank(column)] * len(table), dtype=column.dtype)
                for name, column in self.inputs.programmes.items()
            }
        )

    def record(self, wanted: Filter, least_days: float = 0, content: str | None = None) -> dict[int, list[int]]:
        """Entries of the record that count, by person."""
        known = self.past_programme >= 0
        hit = np.zeros(len(known), dtype=bool)
        hit[known] = self.inputs.counting(wanted)[self.past_programme[known]]
        hit[~known] = wanted.mask(self.past_own)[~known] if (~known).any() else False
        found: dict[int, list[int]] = defaultdict(list)
        for h in np.flatnonzero(hit).tolist():
            if self.past_days[h] >= least_days and (content is None or content in self.past_contents[h]):
                found[int(self.past_person[h])].append(h)
        return found

    def past_years(self, wanted: Filter, least_days: float = 0, content: str | None = None) -> dict[int, set[int]]:
        """Calendar years before the plan in which each person attended something that counts."""
        record = self.record(wanted, least_days, content)
        return {i: {int(self.past_year[h]) for h in rows} for i, rows in record.items()}

    # ------------------------------------------------------------------------------------------------ building

    def build(self) -> PersonModel:
        self._seats()
        self._spacing()
        self._capacity()
        for kind, add in (
            (Coverage, self._coverage), (Interval, self._interval), (MakeUp, self._make_up), (Cumulative, self._cumulative),
            (Waiting, self._waiting), (Priority, self._priority), (Quota, self._quota), (ShareFloor, self._share_floor),
            (Representation, self._representation), (Apportion, self._apportion),
        ):  # fmt: skip
            for rule in self.rules(kind):
                add(rule)
        return self.model

    def _seats(self) -> None:
        """A variable for every person, programme and year that no strict rule closes; fixed seats stand."""
        shape = (len(self.headcount), len(self.days), len(self.years))
        open_ = admitted(self.inputs) & (self.calendar.seats > 0)[None, :, :]
        must = np.zeros(shape, dtype=bool)
        person = {c: k for k, c in enumerate(self.inputs.cadres["cadre_id"])}
        programme = {p: k for k, p in enumerate(self.inputs.programmes["programme_id"])}
        offered = open_.copy()
        for cadre, p, year in self.calendar.unreachable:
            open_[person[cadre], programme[p], self.years.index(year)] = False
        for rule in self.rules(Fixed):
            for pair in rule.forbidden:
                if pair.session_id is None:
                    p_part = slice(None) if pair.programme_id is None else programme[pair.programme_id]
                    years = [y for y, year in enumerate(self.years) if pair.year in (None, year)]
                    for y in years:
                        open_[person[pair.cadre_id], p_part, y] = False
        self._close_by_record(open_)
        sessions = self.inputs.sessions.set_index("session_id")
        for rule in self.rules(Fixed):
            for call in rule.call_ups:
                session = sessions.loc[call.session_id]
                if session["year"] in self.years:
                    at = person[call.cadre_id], programme[session["programme_id"]], self.years.index(session["year"])
                    must[at] = open_[at]
            if rule.everyone:
                called = np.ix_(
                    np.flatnonzero(self.audience(rule)), sorted(self.counting(rule.programmes)), self.judged(rule)
                )
                must[called] |= offered[called]
        open_ |= must
        for i, people in enumerate(self.headcount.tolist()):
            # What a group of people has between them is told by its counts only where they have one programme.
            copies = 1 if people == 1 or open_[i].any(axis=1).sum() <= 1 else people
            for _ in range(copies):
                self.model.people.append((i, people // copies))
        self.of_row: dict[int, list[int]] = defaultdict(list)
        for i, (row, people) in enumerate(self.model.people):
            self.of_row[row].append(i)
            for p, y in zip(*np.nonzero(open_[row]), strict=True):
                column = self.model.variable(people)
                self.model.seats[i, int(p), int(y)] = column
                if must[row, p, y]:
                    self.model.fixed.add(column)
        self.menu: list[dict[int, dict[int, int]]] = [defaultdict(dict) for _ in self.model.people]
        for (i, p, y), column in self.model.seats.items():
            self.menu[i][y][p] = column

    def _close_by_record(self, open_: np.ndarray) -> None:
        """Close what comes too soon after a class on record."""
        for rule in self.rules(Spacing):
            counting, audience = self.counting(rule.programmes), self.audience(rule)
            long_ones = {p for p in counting if rule.long_days is not None and self.days[p] >= rule.long_days}
            long_record = {
                h for rows in self.record(rule.programmes, rule.long_days or 0).values() for h in rows if rule.long_days
            }
            for h, (i, p) in enumerate(zip(self.past_person.tolist(), self.past_programme.tolist(), strict=True)):
                if not audience[i] or self.headcount[i] > 1:
                    continue
                for y, year in enumerate(self.years):
                    since = year - int(self.past_year[h])
                    if rule.same_programme_years and since < rule.same_programme_years and p in counting:
                        open_[i, p, y] = False
                    if h in long_record and since < rule.long_years:
                        open_[i, sorted(long_ones), y] = False

    def everyone(self, rule: RuleKind, *, named_only: bool = False) -> list[int]:
        """People of a rule's audience, groups or their copies among them."""
        rows = np.flatnonzero(self.audience(rule)).tolist()
        return [i for row in rows if not named_only or self.headcount[row] == 1 for i in self.of_row[row]]

    def columns(self, i: int, counting: set[int], years: Iterable[int]) -> frozenset[int]:
        """Variables of a person for some programmes and years."""
        return frozenset(c for y in years if y in self.menu[i] for p, c in self.menu[i][y].items() if p in counting)

    def _spacing(self) -> None:
        model, count = self.model, len(self.years)
        pairs = self.calendar.pairs
        for menu in self.menu:
            for y, held in menu.items():
                for p, column in held.items():
                    for q, other in held.items():
                        if p < q and not pairs[p, q, y]:
                            model.at_most(1, [(column, 1), (other, 1)])
        for rule in self.rules(Spacing):
            counting = self.counting(rule.programmes)
            long_ones = {p for p in counting if rule.long_days is not None and self.days[p] >= rule.long_days}
            for i in self.everyone(rule):
                people = model.people[i][1]
                limits = []
                if rule.classes_per_year is not None:
                    limits += [(self.columns(i, counting, [y]), rule.classes_per_year) for y in range(count)]
                    self.apart.setdefault(i, []).append((counting, rule.classes_per_year))
                if rule.same_programme_years is not None:
                    for p in counting & {p for held in self.menu[i].values() for p in held}:
                        limits += [(self.columns(i, {p}, w), 1) for w in _windows(count, rule.same_programme_years)]
                if rule.long_years is not None:
                    limits += [(self.columns(i, long_ones, w), 1) for w in _windows(count, rule.long_years)]
                for columns, most in limits:
                    if len(columns) > most:
                        model.at_most(most * people, [(c, 1) for c in sorted(columns)])

    def _capacity(self) -> None:
        model = self.model
        users: dict[tuple[int, int], list[int]] = defaultdict(list)
        for (_, p, y), column in model.seats.items():
            users[p, y].append(column)
        for (p, y), columns in users.items():
            seats, least = int(self.calendar.seats[p, y]), int(self.calendar.least[p, y])
            use = [(c, 1) for c in columns]
            if least > 1:
                is_open = model.variable(1)
                model.at_least(0, [*use, (is_open, -least)])
                model.at_most(0, [*use, (is_open, -seats)])
            else:
                model.at_most(seats, use)
        person = {c: k for k, c in enumerate(self.inputs.cadres["cadre_id"])}
        programme = {p: k for k, p in enumerate(self.inputs.programmes["programme_id"])}
        for limit in self.calendar.limits:
            y = self.years.index(limit.year)
            people = [i for cadre in limit.cadre_ids for i in self.of_row[person[cadre]]]
            found = [model.seats.get((i, programme[p], y)) for p in limit.programme_ids for i in people]
            model.at_most(limit.most, [(c, 1) for c in found if c is not None])

    # ------------------------------------------------------------------------------------------------ personal rules

    def none_of(self, i: int, columns: frozenset[int]) -> int:
        """The variable that counts people of ``i`` who attend none of some seats."""
        found = self.unattended.get(columns)
        if found is None:
            people = self.model.people[i][1]
            found = self.unattended[columns] = self.model.variable(people, whole=False)
            self.model.at_least(people, [(found, 1), *((c, 1) for c in sorted(columns))])
        return found

    def charge_none_of(self, goal: Goal, i: int, columns: frozenset[int]) -> None:
        """One for everybody of ``i`` who attends none of some seats."""
        if columns:
            self.model.charge(goal, self.none_of(i, columns), 1)
        else:
            self.model.charge(goal, None, self.model.people[i][1])

    def _coverage(self, rule: Coverage) -> None:
        goal, counting, judged = _goal(rule), self.counting(rule.programmes, rule.least_days), self.judged(rule)
        span = rule.window_years
        for start in range(0, len(self.years) - span + 1, span):
            if set(range(start, start + span)) <= set(judged):
                for i in self.everyone(rule):
                    self.charge_none_of(goal, i, self.columns(i, counting, range(start, start + span)))

    def _windows_without(self, i: int, y: int, span: int, past: Mapping[int, set[int]]) -> bool:
        """Whether the record leaves the window of ``span`` years that ends in plan year ``y`` empty."""
        window = range(self.years[y] - span + 1, self.years[y] + 1)
        return not any(year in window for year in past.get(self.model.people[i][0], ()))

    def _interval(self, rule: Interval) -> None:
        goal, span = _goal(rule), rule.every_years
        for content in rule.contents or (None,):
            counting = self.counting(rule.programmes, rule.least_days, content)
            past = self.past_years(rule.programmes, rule.least_days, content)
            for i in self.everyone(rule, named_only=True):
                for y in self.judged(rule):
                    if self._windows_without(i, y, span, past):
                        years = range(max(0, y - span + 1), y + 1)
                        self.charge_none_of(goal, i, self.columns(i, counting, years))

    def _make_up(self, rule: MakeUp) -> None:
        goal, span, model = _goal(rule), rule.after_years, self.model
        sides = [
            (self.counting(rule.programmes, 0, content), self.past_years(rule.programmes, 0, content))
            for content in rule.contents
        ]
        for i in self.everyone(rule, named_only=True):
            for y in self.judged(rule):
                years = range(max(0, y - span + 1), y + 1)
                lacking = {
                    self.columns(i, counting, years)
                    for counting, past in sides
                    if self._windows_without(i, y, span, past)
                }
                if len(lacking) <= 1 or frozenset() in lacking:
                    if lacking:
                        self.charge_none_of(goal, i, min(lacking, key=len))
                    continue
                overdue = model.variable(1, whole=False)
                for columns in lacking:
                    model.at_least(1, [(overdue, 1), *((c, 1) for c in sorted(columns))])
                model.charge(goal, overdue, 1)

    def _cumulative(self, rule: Cumulative) -> None:
        first = self.years[0] if rule.from_year is None else rule.from_year
        last = self.years[-1] if rule.to_year is None else rule.to_year
        counting, record = self.counting(rule.programmes), self.record(rule.programmes)
        for i in self.everyone(rule, named_only=True):
            rows = record.get(self.model.people[i][0], [])
            if rule.per_year:
                for y in self.judged(rule):
                    self._owed(rule, i, counting, [y], [], rule.credit_hours)
            else:
                inside = [y for y, year in enumerate(self.years) if first <= year <= last]
                rows = [h for h in rows if first <= self.past_year[h] <= last]
                self._owed(rule, i, counting, inside, rows, rule.credit_hours * len(inside))

    def _owed(
        self, rule: Cumulative, i: int, counting: set[int], years: list[int], rows: list[int], credit: int
    ) -> None:
        """The smaller of the limbs' shortfalls in hours, rounded up."""
        model, goal = self.model, _goal(rule)
        seats = [(p, c) for y in years for p, c in self.menu[i].get(y, {}).items() if p in counting]
        limbs = []  # hours missing when nothing more is attended, and what each seat takes off
        if rule.days is not None:
            own = self.inputs.policy.parameters.hours_per_day
            per_day = Fraction(rule.hours, rule.days) if rule.hours is not None else _exact(own)
            missing = (rule.days - sum((self.past_days[h] for h in rows), Fraction())) * per_day
            limbs.append((missing, [(c, self.days[p] * per_day) for p, c in seats]))
        if rule.hours is not None:
            missing = rule.hours - sum((self.past_hours[h] for h in rows), Fraction()) - credit
            limbs.append((missing, [(c, self.hours[p]) for p, c in seats]))
        model.charge(goal, None, 0)
        least = ceil(min(missing for missing, _ in limbs))
        if least <= 0:
            return
        if not seats:
            model.charge(goal, None, least)
            return
        owed = model.variable(least)
        model.charge(goal, owed, 1)
        # Either limb is enough: a yes/no variable says which of two is taken.
        second = model.variable(1) if len(limbs) == 2 else None
        for position, (missing, taken_off) in enumerate(limbs):
            unit = lcm(missing.denominator, *(h.denominator for _, h in taken_off))
            whole, slack = int(missing * unit), ceil(missing) * unit
            terms = [(owed, unit), *((c, int(h * unit)) for c, h in taken_off)]
            if second is None:
                model.at_least(whole, terms)
            elif position == 0:
                model.at_least(whole, [*terms, (second, slack)])
            else:
                model.at_least(whole - slack, [*terms, (second, -slack)])

    def _waiting(self, rule: Waiting) -> None:
        """Who attended last ``w`` years ago attended in none of the spans of 1 … ``w`` years that end now."""
        goal, counting = _goal(rule), self.counting(rule.programmes, rule.least_days)
        past = self.past_years(rule.programmes, rule.least_days)
        for i in self.everyone(rule, named_only=True):
            for y in self.judged(rule):
                for span in range(1, rule.cap_years + 1):
                    if self._windows_without(i, y, span, past):
                        years = range(max(0, y - span + 1), y + 1)
                        self.charge_none_of(goal, i, self.columns(i, counting, years))

    def _priority(self, rule: Priority) -> None:
        counting = self.counting(rule.programmes)
        for i in self.everyone(rule):
            for y in self.judged(rule):
                weight = rule.weight_by_year.get(self.years[y], rule.weight)
                for column in self.columns(i, counting, [y]) if weight else ():
                    self.model.charge("priority", column, -weight)

    # ------------------------------------------------------------------------------------------------ shared rules

    def distinct(self, i: int, counting: set[int], y: int) -> list[int]:
        """Variables whose sum is the number of people of ``i`` who attend at least once."""
        held = {p: c for p, c in self.menu[i].get(y, {}).items() if p in counting}
        if len(held) <= 1:
            return list(held.values())
        pairs = self.calendar.pairs
        is_one = any(set(held) <= spaced and most == 1 for spaced, most in self.apart.get(i, ()))
        if is_one or not any(pairs[p, q, y] for p in held for q in held if p < q):
            return list(held.values())
        columns = frozenset(held.values())
        found = self.attends.get(columns)
        if found is None:
            found = self.attends[columns] = self.model.variable(1)
            self.model.at_least(0, [(found, -1), *((c, 1) for c in sorted(columns))])
            for c in columns:
                self.model.at_least(0, [(found, 1), (c, -1)])
        return [found]

    def sent(self, people: Iterable[int], counting: set[int], y: int) -> list[tuple[int, int]]:
        """Distinct people sent, as terms of a row."""
        return [(c, 1) for i in people for c in self.distinct(i, counting, y)]

    def _quota(self, rule: Quota) -> None:
        model, amount = self.model, rule.amount
        counting, people = self.counting(rule.programmes), self.everyone(rule)
        band = max(rule.band_least, ceil(rule.band_share * amount)) if rule.modality == "about" else 0
        for y in self.judged(rule):
            sent = self.sent(people, counting, y)
            able = sum(model.most[c] for c, _ in sent)
            deviations: list[tuple[Goal, int, int]] = []
            if rule.modality != "at-most" and amount > 0:
                short = model.variable(amount, whole=False)
                model.at_least(amount, [*sent, (short, 1)])
                deviations.append(("quota-shortfall", short, amount))
            if rule.modality != "at-least":
                over = model.variable(max(0, able - amount), whole=False)
                model.at_least(-amount, [*((c, -k) for c, k in sent), (over, 1)])
                deviations.append(("quota-excess", over, able - amount))
            for goal, column, most in deviations:
                model.charge(goal, column, 1)
                if rule.strength == "hard" and most > band:
                    beyond = model.variable(most - band, whole=False)
                    model.at_least(-band, [(beyond, 1), (column, -1)])
                    model.charge("violation", beyond, 1)

    def groups(self, rule: RuleKind, column: str) -> dict[str, list[int]]:
        """People of the audience by a column of the roster; an empty value is no group."""
        names = self.inputs.roster[column].astype(str).to_numpy()
        found: dict[str, list[int]] = defaultdict(list)
        for i in self.everyone(rule):
            if names[self.model.people[i][0]]:
                found[names[self.model.people[i][0]]].append(i)
        return found

    def size(self, people: Iterable[int]) -> int:
        """Heads behind some people."""
        return sum(self.model.people[i][1] for i in people)

    def _share_floor(self, rule: ShareFloor) -> None:
        counting, goal = self.counting(rule.programmes, rule.least_days), _goal(rule)
        for people in self.groups(rule, rule.group_by).values():
            need = ceil(rule.share * self.size(people))
            for y in self.judged(rule) if need else ():
                short = self.model.variable(need, whole=False)
                self.model.at_least(need, [*self.sent(people, counting, y), (short, 1)])
                self.model.charge(goal, short, 1)

    def _representation(self, rule: Representation) -> None:
        among = self.inputs.audience(rule.among)
        both = among & self.audience(rule)
        counting = self.counting(rule.programmes)
        whole = [i for row in np.flatnonzero(among).tolist() for i in self.of_row[row]]
        part = [i for row in np.flatnonzero(both).tolist() for i in self.of_row[row]]
        share = rule.share if rule.share is not None else Fraction(self.size(part), max(1, self.size(whole)))
        for y in self.judged(rule):
            everybody = self.sent(whole, counting, y)
            short = self.model.variable(sum(self.model.most[c] for c, _ in everybody))
            terms = [(c, share.denominator) for c, _ in self.sent(part, counting, y)]
            self.model.at_least(0, [*terms, (short, share.denominator), *((c, -share.numerator) for c, _ in everybody)])
            self.model.charge(_goal(rule), short, 1)

    def _apportion(self, rule: Apportion) -> None:
        counting, goal = self.counting(rule.programmes), _goal(rule)
        groups = self.groups(rule, rule.group_by)
        total = sum(self.size(people) for people in groups.values())
        for people in groups.values():
            due = Fraction(rule.amount * self.size(people), total)
            cap = None if rule.most is None else max(rule.most, rule.least)
            least, most = max(rule.least, floor(due) - rule.tolerance), max(rule.least, ceil(due) + rule.tolerance)
            least, most = (least, most) if cap is None else (min(least, cap), min(most, cap))
            for y in self.judged(rule):
                seats = [(c, 1) for i in people for c in self.columns(i, counting, [y])]
                short = self.model.variable(max(0, least), whole=False)
                over = self.model.variable(max(0, sum(self.model.most[c] for c, _ in seats) - most), whole=False)
                self.model.at_least(least, [*seats, (short, 1)])
                self.model.at_least(-most, [*((c, -k) for c, k in seats), (over, 1)])
                self.model.charge(goal, short, 1)
                self.model.charge(goal, over, 1)


def _exact(number: float) -> Fraction:
    return Fraction(round(float(number) * 1000), 1000)


def _blank(column: pd.Series) -> object:
    if pd.api.types.is_bool_dtype(column):
        return False
    return 0 if pd.api.types.is_numeric_dtype(column) else ""


def _windows(years: int, span: int) -> list[range]:
    """Runs of ``span`` plan years, all of them as far as they lie inside the plan, none inside another."""
    if span >= years:
        return [range(years)]
    return [range(start, start + span) for start in range(years - span + 1)]


def _goal(rule: RuleKind) -> Goal:
    return "violation" if rule.strength == "hard" else rule.goal
