"""An independent judge of schedules for tests: days as sets, placements as lists, nothing of the code under test."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations

import pandas as pd

from allocator.domain.rules import AwayLimit, Fixed, Spacing
from allocator.domain.tables import Inputs

Seat = tuple[str, str, int]  # cadre, session, seats


def session_days(inputs: Inputs) -> dict[str, set[int]]:
    """The days each session takes, as ordinals."""
    days: dict[str, set[int]] = defaultdict(set)
    for part in inputs.segments.itertuples():
        days[part.session_id] |= set(range(part.start_date.toordinal(), part.end_date.toordinal() + 1))
    return days


def faults(inputs: Inputs, seats: list[Seat], *, soft: bool = True, call_ups: bool = True) -> list[str]:
    """Every rule that a list of seats breaks, in words; empty when it is sound."""
    found = []
    sessions = inputs.sessions.set_index("session_id")
    programmes = inputs.programmes.set_index("programme_id")
    roster = inputs.roster.set_index("cadre_id")
    days = session_days(inputs)
    load = Counter()
    for _, s, n in seats:
        load[s] += n
    for s, n in load.items():
        if n > sessions.at[s, "usable_seats"]:
            found.append(f"{s} over its seats")
        if n < sessions.at[s, "min_seats"]:
            found.append(f"{s} under its least size")
    by_cadre: dict[str, list[str]] = defaultdict(list)
    for c, s, _ in seats:
        by_cadre[c].append(s)
    for c, mine in by_cadre.items():
        if roster.at[c, "headcount"] > 1:
            together = Counter(day for x, s, n in seats if x == c for day in days[s] for _ in range(n))
            if together and max(together.values()) > roster.at[c, "headcount"]:
                found.append(f"more people of {c} away than it has")
            continue
        past = inputs.history[inputs.history["cadre_id"] == c]
        for s, t in combinations(mine, 2):
            if days[s] & days[t]:
                found.append(f"{c} in {s} and {t} at once")
        for s in mine:
            for h in past.itertuples():
                if any(h.start_date.toordinal() <= d <= h.end_date.toordinal() for d in days[s]):
                    found.append(f"{c} in {s} during the record")
    for rule in inputs.policy.rules:
        who = set(inputs.cadres["cadre_id"][inputs.audience(rule.audience)])
        which = set(inputs.programmes["programme_id"][inputs.counting(rule.programmes)])
        if isinstance(rule, Spacing) and rule.rest_days:
            found += _rest_faults(inputs, rule, who, which, by_cadre, days, roster)
        if isinstance(rule, AwayLimit) and (rule.strength == "hard" or (soft and rule.strength == "soft")):
            ours = [
                (c, s, n)
                for c, s, n in seats
                if c in who
                and sessions.at[s, "programme_id"] in which
                and (not rule.years or sessions.at[s, "year"] in rule.years)
            ]
            found += _away_faults(rule, who, ours, days, roster)
        if isinstance(rule, Fixed):
            pairs = {(c, s) for c, s, _ in seats}
            if call_ups:
                found += [
                    f"{x.cadre_id} not in {x.session_id}"
                    for x in rule.call_ups
                    if (x.cadre_id, x.session_id) not in pairs
                ]
            for c, s in pairs:
                for x in rule.forbidden:
                    if (
                        x.cadre_id == c
                        and x.session_id in (None, s)
                        and x.programme_id in (None, sessions.at[s, "programme_id"])
                        and x.year in (None, sessions.at[s, "year"])
                    ):
                        found.append(f"{c} in forbidden {s}")
                for x in rule.unavailable:
                    if x.cadre_id == c and days[s] & set(range(x.from_date.toordinal(), x.to_date.toordinal() + 1)):
                        found.append(f"{c} unavailable for {s}")
    assert set(programmes.index) >= set(sessions["programme_id"])
    return found


def _rest_faults(inputs, rule, who, which, by_cadre, days, roster):  # type: ignore[no-untyped-def]
    found = []
    sessions = inputs.sessions.set_index("session_id")
    for c in who & set(by_cadre):
        if roster.at[c, "headcount"] > 1:
            continue
        mine = [
            (days[s], s)
            for s in by_cadre[c]
            if sessions.at[s, "programme_id"] in which and (not rule.years or sessions.at[s, "year"] in rule.years)
        ]
        past = [
            (set(range(h.start_date.toordinal(), h.end_date.toordinal() + 1)), "record")
            for h in inputs.history[inputs.history["cadre_id"] == c].itertuples()
            if h.programme_id in which
        ]
        for (one, s), (other, t) in [*combinations(mine, 2), *((x, y) for x in mine for y in past)]:
            free_days = min(abs(d - e) for d in one for e in other) - 1
            if free_days < rule.rest_days:
                found.append(f"{c} rests {free_days} days between {s} and {t}")
    return found


def _away_faults(rule, who, ours, days, roster):  # type: ignore[no-untyped-def]
    found = []
    size, away = Counter(), defaultdict(Counter)
    posts = defaultdict(lambda: defaultdict(set))
    for c in who:
        size[roster.at[c, rule.group_by]] += int(roster.at[c, "headcount"])
    for c, s, n in ours:
        for period in rule.blocked:
            if days[s] & set(range(period.from_date.toordinal(), period.to_date.toordinal() + 1)):
                found.append(f"{c} in {s} in a blocked period")
        group = roster.at[c, rule.group_by]
        for day in days[s] if group else ():
            away[group][day] += n
            posts[group][day].add(roster.at[c, "post"])
    for group, by_day in away.items():
        if rule.share is not None:
            most = max(1, int(Fraction(rule.share) * size[group]))
            if max(by_day.values()) > most:
                found.append(f"{max(by_day.values())} of {group} away, most {most}")
        for pair in rule.posts_apart:
            if any(set(pair) <= here for here in posts[group].values()):
                found.append(f"{pair} of {group} away together")
    return found


def seats_of(placements: pd.DataFrame) -> list[Seat]:
    """Placements as a list."""
    return list(zip(placements["cadre_id"], placements["session_id"], placements["headcount"].astype(int), strict=True))
