"""Sessions closed in advance: which sessions are closed to whom whatever anybody else does, and the rule that closes each.

Reasons are blocked periods, forbidden pairs, unavailable periods, classes that everybody attends, and the record: no overlap with a class
attended before the plan, and the rest after it.
"""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from functools import cached_property

import numpy as np

from allocator.domain.rules import AwayLimit, Fixed, Spacing
from allocator.domain.tables import Inputs
from allocator.engine.calendar.timetable import Timetable, as_days
from allocator.model.instance import History, distinct_rows

NO_OVERLAP = "no-overlap"
SESSIONS_SEATS = "sessions-seats"
SESSIONS_LEAST = "sessions-least"
BUILT_IN = (NO_OVERLAP, SESSIONS_LEAST, SESSIONS_SEATS)
"""Rules that no policy has to state: one class at a time, the least size of a session, the seats of a session."""


class Exclusions:
    """Sessions closed in advance.

    Parameters
    ----------
    inputs
        The checked inputs.
    timetable
        Their sessions as days.
    hard_only
        Leave out away-limits that are only wished for (``strength`` soft).

    Attributes
    ----------
    profile
        Equal for people with the same blocked sessions, shape (I,).
    """

    def __init__(self, inputs: Inputs, timetable: Timetable, *, hard_only: bool = False) -> None:
        self.inputs = inputs
        self.timetable = timetable
        self.rules = dated_rules(inputs, hard_only=hard_only)
        self.position = inputs.cadre_position
        self.is_named = inputs.cadres["headcount"].to_numpy(np.int64) == 1
        self._blocking = [
            (rule.id, inputs.audience(rule.audience), np.flatnonzero(timetable.blocked(rule)).tolist())
            for rule in self.rules
            if isinstance(rule, AwayLimit) and rule.blocked
        ] + self._during_classes_for_everyone()
        blocked = np.zeros((len(self.is_named), len(self._blocking)), dtype=bool)
        for r, (_, audience, _) in enumerate(self._blocking):
            blocked[:, r] = audience
        self.profile = distinct_rows(blocked)[1]

    def on(self, inputs: Inputs) -> Exclusions | None:
        """The same for other inputs; ``None`` if people, programmes, sessions, the record or rules about dates differ."""
        known = self.inputs
        tables = ("cadres", "units", "programmes", "sessions", "segments", "history")
        if (
            known.years != inputs.years
            or known.policy.parameters != inputs.policy.parameters
            or dated_rules(known) != dated_rules(inputs)
            or not all(getattr(known, name).equals(getattr(inputs, name)) for name in tables)
        ):
            return None
        other = copy(self)
        other.inputs = inputs  # The timetable reads nothing of them that could differ.
        return other

    def everyone(self) -> dict[int, str]:
        """Sessions closed to all because they have fewer seats than their least size, each with the rule."""
        table = self.timetable
        closed = np.flatnonzero((table.seats < table.least) | (table.seats < 1)).tolist()
        return {s: SESSIONS_SEATS if table.seats[s] < 1 else SESSIONS_LEAST for s in closed}

    def blocked_for(self, i: int) -> dict[int, str]:
        """Sessions in a blocked period, or during a class for everyone, of a rule that speaks about person ``i``; each with the rule."""
        return {s: rule_id for rule_id, audience, sessions in reversed(self._blocking) if audience[i] for s in sessions}

    def _during_classes_for_everyone(self) -> list[tuple[str, np.ndarray, list[int]]]:
        """Sessions that meet every session of a class which a whole audience attends, with that audience.

        Only classes with a seat for everyone count. People to whom one of the class's sessions is closed are left out: they may be unable to attend it,
        and are then free for another.
        """
        inputs, table = self.inputs, self.timetable
        found = []
        for rule in self.rules:
            if not isinstance(rule, Fixed) or not rule.everyone:
                continue
            audience = inputs.audience(rule.audience) & self.is_named
            heads = int(inputs.cadres["headcount"].to_numpy()[inputs.audience(rule.audience)].sum())
            for p in np.flatnonzero(inputs.counting(rule.programmes)).tolist():
                for year in rule.years or inputs.years:
                    in_year = (table.year == year) & (table.seats >= table.least)
                    ours = np.flatnonzero(in_year & (table.programme == p))
                    if not len(ours) or table.seats[ours].sum() < heads:
                        continue
                    meets = table.overlap[np.ix_(table.kind[ours], table.kind)].all(axis=0)
                    others = np.flatnonzero(in_year & (table.programme != p) & meets)
                    closed = set(ours.tolist())
                    free = [i for i, sessions in self.own.items() if closed & sessions.keys()]
                    bound = audience.copy()
                    bound[free] = False
                    if len(others):
                        found.append((rule.id, bound, others.tolist()))
        return found

    @cached_property
    def own(self) -> dict[int, dict[int, str]]:
        """Person → session closed for a reason of the person's own → the rule; people without any are left out."""
        closed: dict[int, dict[int, str]] = defaultdict(dict)
        for i, s in self._near_the_record(None):
            closed[i][s] = NO_OVERLAP
        for rule in self.rules:
            if isinstance(rule, Spacing):
                for i, s in self._near_the_record(rule):
                    closed[i].setdefault(s, rule.id)
            elif isinstance(rule, Fixed):
                for i, s in self._fixed(rule):
                    closed[i][s] = rule.id
        return dict(closed)

    def _fixed(self, rule: Fixed) -> list[tuple[int, int]]:
        """Pairs of person and session that a fixed rule forbids."""
        table, pairs = self.timetable, []
        programmes = self.inputs.programmes["programme_id"].to_numpy()[table.programme]
        ids = np.array(table.ids)
        for pair in rule.forbidden:
            hit = np.ones(len(ids), dtype=bool)
            if pair.programme_id is not None:
                hit &= programmes == pair.programme_id
            if pair.session_id is not None:
                hit &= ids == pair.session_id
            if pair.year is not None:
                hit &= table.year == pair.year
            pairs += [(self.position[pair.cadre_id], int(s)) for s in np.flatnonzero(hit)]
        for period in rule.unavailable:
            a, b = as_days([period.from_date, period.to_date])
            pairs += [(self.position[period.cadre_id], int(s)) for s in np.flatnonzero(table.touching(int(a), int(b)))]
        return pairs

    @cached_property
    def _record(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, History]:
        """Person, first day and last day of each entry of the record, and the record."""
        history = self.inputs.history
        programmes = {p: k for k, p in enumerate(self.inputs.programmes["programme_id"])}
        record = History.of(self.inputs, programmes)
        return record.person, as_days(history["start_date"]), as_days(history["end_date"]), record

    def _near_the_record(self, rule: Spacing | None) -> list[tuple[int, int]]:
        """Pairs of person and session that overlap the record, or leave less than the rule's rest to it."""
        table = self.timetable
        if not table.ids or not len(self.inputs.history):
            return []
        person, start, end, record = self._record
        rest = 0 if rule is None else rule.rest_days or 0
        if rule is not None and rest == 0:
            return []
        near = (end + rest >= table.start.min()) & (start <= table.end.max() + rest) & self.is_named[person]
        ours = np.ones(len(table.ids), dtype=bool)
        if rule is not None:
            near &= self.inputs.audience(rule.audience)[person] & record.counting(rule.programmes)
            ours = table.of(rule) & table.in_years(rule)
        pairs: list[tuple[int, int]] = []
        found: dict[tuple[int, int], list[int]] = {}
        for h in np.flatnonzero(near).tolist():
            span = (int(start[h]), int(end[h]))
            if span not in found:
                hit = table.touching(span[0] - rest, span[1] + rest) & ours
                found[span] = np.flatnonzero(hit).tolist()
            pairs += [(int(person[h]), s) for s in found[span]]
        return pairs


def dated_rules(inputs: Inputs, *, hard_only: bool = False) -> list[AwayLimit | Spacing | Fixed]:
    """The rules of the policy that speak about dates, in its order; away-limits that are only reported are left out."""
    return [
        rule
        for rule in inputs.policy.rules
        if isinstance(rule, Spacing | Fixed)
        or (isinstance(rule, AwayLimit) and (rule.strength == "hard" or (rule.strength == "soft" and not hard_only)))
    ]
