"""Affected people: those who are planned again after a change, while the others keep their years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from allocator.domain.rules import Fixed, RuleKind
from allocator.engine.columns.aggregation import disaggregated
from allocator.engine.columns.pricing import CostsByType, Prices, Pricing
from allocator.engine.parameters import AFFECTED_PEOPLE
from allocator.engine.reoptimise.residual_capacity import still_open
from allocator.model.cohorts import Cohorts
from allocator.model.instance import Instance


def alike(cohorts: Cohorts) -> np.ndarray:
    """Number of each cohort's set of equals: one person type and the same programmes, in any team. Shape (C,)."""
    key = pd.DataFrame(np.column_stack([cohorts.cohort_type, cohorts.cohort_slots]))
    return np.asarray(key.groupby(list(key.columns), sort=False).ngroup())


def with_groups(cohorts: Cohorts, chosen: np.ndarray) -> np.ndarray:
    """Some cohorts (boolean (C,)) and the others of their small groups, such as teams."""
    found = chosen.copy()
    for f, family in enumerate(cohorts.families):
        if len(family.names) > AFFECTED_PEOPLE.groups_above:
            group = cohorts.cohort_groups[:, f]
            is_small = np.bincount(group[group >= 0], minlength=len(family.names)) <= AFFECTED_PEOPLE.small_group
            own = group[chosen & (group >= 0)]
            found |= np.isin(group, own[is_small[own]])
    return found


def affected_by_dates(cohorts: Cohorts, touched: list[int], programmes: list[str]) -> np.ndarray:
    """People to plan again because of the dates, boolean (I,), whole cohorts.

    These are the people touched and the others of their small groups, those to whom one of the programmes is open, and all unnamed groups.
    """
    instance, cohort_of = cohorts.instance, cohorts.cohort_of
    own = np.unique(cohort_of[touched])
    near = np.asarray(np.isin(cohorts.cohort_slots, [instance.programme_index[p] for p in programmes]).any(axis=1))
    if near.sum() > AFFECTED_PEOPLE.most_by_programme:
        near &= np.isin(alike(cohorts), alike(cohorts)[own])
    chosen = np.zeros_like(near)
    chosen[own] = True
    near |= with_groups(cohorts, chosen)
    near[cohort_of[~instance.is_named]] = True
    return np.asarray(near[cohort_of])


def affected_by_changes(
    before: Cohorts,
    after: Cohorts,
    prices: Prices,
    cost: CostsByType,
    attendances: pd.DataFrame,
    moved: np.ndarray | None,
    *,
    widely: bool = False,
) -> np.ndarray:
    """People to plan again because seats or rules changed, boolean (I,), whole cohorts; nobody if nothing changed.

    Whoever a changed rule names, or attends what is no longer open, plans again. So do those to whom a changed row, programme or rule is open and
    for whom attending it or not makes the least difference at the known prices: as long as the change is small, the new plan moves only such
    people. Unnamed groups always come along, since nobody knows who of them attends what.

    Parameters
    ----------
    attendances
        The plan so far: ``cadre_id``, ``programme_id``, ``year``.
    moved
        People whom the new relaxation moves, if that is known (boolean (I,)). They plan again, and nobody merely because a row or class changed.
    widely
        Choose as many as if nothing was known, ten times as many for single people, and also the small groups of everybody who holds a
        seat in question.
    """
    ready = _Readiest(after, prices, cost)
    many = AFFECTED_PEOPLE.most_by_row if moved is None or widely else 0  # Where the relaxation says who, nobody else.
    seats, now = before.instance.calendar.seats, after.instance.calendar.seats
    for p in np.flatnonzero((seats != now).any(axis=1)).tolist():
        ready.seat(p, seats[p] != now[p], many)
    losers, lost = _by_lost_seats(after, attendances, now < seats, ready)
    _by_rows(before, after, ready, many)
    named = _by_personal_rules(before.instance, after.instance, ready, many)
    chosen, cohort_of, years = ready.chosen, after.cohort_of, after.instance.years
    people = np.zeros(len(cohort_of), dtype=bool)
    people[named] = True
    near = np.zeros_like(chosen)
    near[cohort_of[people]] = True
    most = AFFECTED_PEOPLE.most_by_person * (AFFECTED_PEOPLE.widely if widely else 1)
    for p, y in _seats_of(after.instance, people, attendances):
        in_year, only = np.arange(now.shape[1]) == y, np.arange(len(now)) == p
        ready.seat(p, in_year, most)
        holders = np.zeros_like(chosen)
        held = (attendances["programme_id"] == after.instance.programme_ids[p]) & (attendances["year"] == years[y])
        holders[cohort_of[after.instance.people(attendances.loc[held, "cadre_id"])]] = True
        ready.add(holders, only, in_year, most)
        if widely:
            near |= holders
    chosen |= with_groups(after, near)
    closed = np.zeros_like(chosen)
    closed[cohort_of[~still_open(after, attendances)]] = True
    chosen |= closed
    ready.beside(losers, lost, AFFECTED_PEOPLE.most_beside)
    ready.beside(
        closed, np.ones_like(lost), min(AFFECTED_PEOPLE.most_by_row, AFFECTED_PEOPLE.most_beside * int(closed.sum()))
    )
    if moved is not None:
        chosen[cohort_of[moved]] = True
    if chosen.any():
        chosen[cohort_of[~after.instance.is_named]] = True
    return np.asarray(chosen[cohort_of])


def _by_lost_seats(
    after: Cohorts, attendances: pd.DataFrame, fewer: np.ndarray, ready: _Readiest
) -> tuple[np.ndarray, np.ndarray]:
    """Choose those who attend what now has too few seats, and those for whom attending it makes little difference.

    Parameters
    ----------
    fewer
        Programmes and years that have fewer seats now, boolean (P, Y).

    Returns
    -------
    tuple
        Chosen cohorts to whom such a programme is open, boolean (C,), and the years of the lost seats, boolean (Y,).
    """
    instance = after.instance
    programme = attendances["programme_id"].map(instance.programme_index).to_numpy(np.int64)
    year = attendances["year"].to_numpy(np.int64) - instance.years[0]
    used = np.zeros(fewer.shape, dtype=np.int64)
    np.add.at(used, (programme, year), attendances["headcount"].to_numpy(np.int64))
    lost = fewer & (used > instance.calendar.seats)
    holders = instance.people(attendances.loc[lost[programme, year], "cadre_id"])
    ready.chosen[after.cohort_of[holders]] = True
    programmes = np.flatnonzero(lost.any(axis=1))
    for p in programmes.tolist():
        ready.seat(p, lost[p], AFFECTED_PEOPLE.most_by_row)
    return ready.chosen & np.isin(after.cohort_slots, programmes).any(axis=1), np.asarray(lost.any(axis=0))


def _by_rows(before: Cohorts, after: Cohorts, ready: _Readiest, most: int) -> None:
    """Choose those closest to a row of a shared rule whose limits changed, or that came or fell away."""
    known = {family.rule.id: family for family in before.families if family.rule is not None}
    for f, family in enumerate(after.families):
        if family.rule is None:
            continue
        old = known.get(family.rule.id)
        if old is not None and old.names == family.names:
            moved = np.not_equal(family.floor, old.floor) | np.not_equal(family.ceiling, old.ceiling)
        else:
            moved = np.isfinite(family.floor) | np.isfinite(family.ceiling)
        if moved.any():
            rows, years = np.nonzero(moved)
            own = np.isin(after.cohort_groups[:, f], rows)
            ready.add(own, family.programmes, np.isin(np.arange(moved.shape[1]), years), most)


def _by_personal_rules(before: Instance, after: Instance, ready: _Readiest, most: int) -> list[int]:
    """Choose those closest to what a changed personal rule counts; returns the people whom fixed rules newly name, or no longer name."""
    old, new = ({rule.id: rule for rule in one.inputs.policy.rules} for one in (before, after))
    named: list[int] = []
    for rule_id in sorted(old.keys() | new.keys()):
        rules = [rule for rule in (old.get(rule_id), new.get(rule_id)) if rule is not None]
        if len(rules) == 2 and (rules[0] == rules[1] or rules[0].sort not in ("personal", "shared")):
            continue
        fixed = [rule for rule in rules if isinstance(rule, Fixed)]
        if fixed:
            named += _named_otherwise(fixed, after)
        elif len(rules) == 2 and rules[0].sort == "shared" and _counts_alike(*rules):
            continue  # Its rows have been looked at.
        else:
            for rule in rules:
                people = after.audience(rule.audience)
                own = np.array([bool(people[members].any()) for members in ready.cohorts.members])
                ready.add(own, after.counting(rule.programmes), np.ones(len(after.years), dtype=bool), most)
    return sorted(set(named))


def _counts_alike(rule: RuleKind, other: RuleKind) -> bool:
    """Whether two versions of a shared rule count the same attendances of the same people."""
    admits = getattr(rule, "admits", None) == getattr(other, "admits", None)
    return admits and rule.audience == other.audience and rule.programmes == other.programmes


def _named_otherwise(rules: Sequence[Fixed], instance: Instance) -> list[int]:
    """People of whom two versions of a fixed rule say different things; of one version, all of whom it says anything."""
    said = [{*rule.call_ups, *rule.forbidden, *rule.unavailable} for rule in rules]
    sent = [set(np.flatnonzero(instance.audience(rule.audience) & rule.everyone).tolist()) for rule in rules]
    changed = said[0] ^ said[1] if len(rules) == 2 else said[0]
    is_same_class = len(rules) == 2 and (rules[0].programmes, rules[0].years) == (rules[1].programmes, rules[1].years)
    named = sent[0] ^ sent[1] if is_same_class else set().union(*sent)
    ids = {getattr(one, "cadre_id", "") for one in changed}
    return sorted(named | {instance.person_index[one] for one in ids if one in instance.person_index})


def _seats_of(after: Instance, people: np.ndarray, attendances: pd.DataFrame) -> list[tuple[int, int]]:
    """Programmes and years (from 0) that some people attend, and those that fixed rules call them up to."""
    person = after.people(attendances["cadre_id"])
    own = attendances[people[person]]
    pairs = set(zip(own["programme_id"], own["year"].tolist(), strict=True))
    sessions = after.inputs.sessions
    seat = dict(
        zip(sessions["session_id"], zip(sessions["programme_id"], sessions["year"].tolist(), strict=True), strict=True)
    )
    for rule in after.rules(Fixed):
        for call in rule.call_ups:
            if call.session_id in seat and people[after.person_index[call.cadre_id]]:
                pairs.add(seat[call.session_id])
    first = after.years[0]
    return sorted((after.programme_index[p], y - first) for p, y in pairs if y in after.years)


class _Readiest:
    """Cohorts for whom attending some programmes in some years, or not, makes the least difference in price."""

    def __init__(self, cohorts: Cohorts, prices: Prices, cost: CostsByType) -> None:
        self.cohorts, self.prices, self.cost = cohorts, prices, cost
        self.chosen = np.zeros(len(cohorts.cohort_type), dtype=bool)

    def seat(self, programme: int, years: np.ndarray, most: int) -> None:
        """Choose the readiest for one programme."""
        own = (self.cohorts.cohort_slots == programme).any(axis=1)
        self.add(own, np.arange(len(self.cohorts.instance.days)) == programme, years, most)

    def add(self, own: np.ndarray, programmes: np.ndarray, years: np.ndarray, most: int) -> None:
        """Choose the readiest of some cohorts (boolean (C,))."""
        which = np.flatnonzero(own)
        if len(which) <= most or not most:
            self.chosen |= own & (most > 0)
            return
        cohorts = self.cohorts
        pricing = Pricing(disaggregated(cohorts, which))
        wanted = np.uint32((1 << np.flatnonzero(years)).sum())
        hits = [(table.attends(programmes) & wanted) > 0 for table in cohorts.tables]
        difference = np.full(len(which), np.inf)
        for alike_, reduced in pricing.reduced_costs(self.prices, self.cost):
            person_type = int(pricing.subproblems.type[alike_[0]])
            difference[alike_] = _difference(reduced, cohorts.take(person_type, hits[cohorts.type_table[person_type]]))
        self._choose(which, difference, most)

    def beside(self, losers: np.ndarray, years: np.ndarray, most: int) -> None:
        """Choose the readiest for each programme open to those who lost a place (boolean (C,)) and may need another in these years."""
        cohorts, wanted = self.cohorts, np.uint32((1 << np.flatnonzero(years)).sum())
        offered = np.setdiff1d(cohorts.cohort_slots[losers], [-1])
        which = np.flatnonzero(np.isin(cohorts.cohort_slots, offered).any(axis=1) & ~self.chosen)
        pricing = Pricing(disaggregated(cohorts, which))
        every = np.arange(len(cohorts.instance.days))
        attends = [[(table.attends(every == p) & wanted) > 0 for p in offered] for table in cohorts.tables]
        difference = np.full((len(offered), len(which)), np.inf)
        for alike_, reduced in pricing.reduced_costs(self.prices, self.cost):
            person_type = int(pricing.subproblems.type[alike_[0]])
            for k, hit in enumerate(attends[cohorts.type_table[person_type]]):
                difference[k, alike_] = _difference(reduced, cohorts.take(person_type, hit))
        for own in difference:
            self._choose(which, own, max(1, most // len(offered)))

    def _choose(self, which: np.ndarray, difference: np.ndarray, most: int) -> None:
        """Choose those with the least difference, ``most`` at most."""
        order = np.argsort(difference, kind="stable")[:most]
        self.chosen[which[order[np.isfinite(difference[order])]]] = True


def _difference(reduced: np.ndarray, hit: np.ndarray) -> float:
    """Price difference of the cheapest trajectories with and without something; infinite if all have it, or none."""
    return abs(float(reduced[hit].min()) - float(reduced[~hit].min())) if hit.any() and not hit.all() else np.inf
